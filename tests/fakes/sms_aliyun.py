"""Aliyun's SMS service on loopback: the RPC style of Dysmsapi 2017-05-25 with signatures of version 3.

What is signed: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.couriers.provider import ProviderServer, Taken

KEY_ID = "LTAItests"
KEY_SECRET = "canary-aliyun-secret"
_AUTHORIZATION = re.compile(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")
_FRESH = timedelta(minutes=15)
_MUST_BE_SIGNED = {
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
}
_STATUS = {None: 1, False: 2, True: 3}


class AliyunServer(ProviderServer):
    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[str] = set()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        wrong = self._wrong(request, body)
        if wrong is not None:
            self.complaints.append(wrong)
            return _answer({"Code": wrong, "Message": "see the code"}, 400)
        action = request.headers["x-acs-action"]
        if action == "SendSms":
            return await self._send(request)
        if action == "QuerySendDetails":
            return self._details(request)
        return _answer({"Code": "InvalidAction.NotFound", "Message": action}, 404)

    def _wrong(self, request: web.Request, body: bytes) -> str | None:
        """Why the service turns this call away before it looks into it."""
        match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if match is None:
            return "IncompleteSignature"
        key_id, signed, signature = match[1], match[2].split(";"), match[3]
        if key_id != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        sha256 = hashlib.sha256(body).hexdigest()
        if not set(signed) >= _MUST_BE_SIGNED or request.headers["x-acs-content-sha256"] != sha256:
            return "IncompleteSignature"
        query = "&".join(
            f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(request.query.items())
        )
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in sorted(signed))
        canonical = "\n".join((request.method, request.path, query, headers, ";".join(sorted(signed)), sha256))
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        if not hmac.compare_digest(
            hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest(), signature
        ):
            return "SignatureDoesNotMatch"
        at = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - at) > _FRESH:
            return "InvalidTimeStamp.Expired"
        nonce = request.headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(nonce)
        return None if request.headers["x-acs-version"] == "2017-05-25" else "InvalidVersion"

    async def _send(self, request: web.Request) -> web.Response:
        self.calls += 1
        fault = self.fault()
        if fault is not None and fault.kind == "code":
            return _answer({"Code": fault.code, "Message": fault.message or fault.code})
        if fault is not None and fault.kind == "status":
            return await self.suffer(fault, request)
        query = request.query
        variables = json.loads(query.get("TemplateParam", "{}"))
        if not all(isinstance(value, str) for value in variables.values()):
            return _answer({"Code": "isv.INVALID_JSON_PARAM", "Message": "values have to be strings"})
        if not re.fullmatch(r"1[0-9]{10}", query["PhoneNumbers"]):
            return _answer({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "not a mobile number"})
        reference = f"9006195{len(self.taken):09d}^0"
        self.taken.append(
            Taken(query["PhoneNumbers"], query["TemplateCode"], query["SignName"], variables, query["OutId"], reference)
        )
        if fault is not None:
            return await self.suffer(fault, request)
        return _answer({"Code": "OK", "Message": "OK", "BizId": reference})

    def _details(self, request: web.Request) -> web.Response:
        query = request.query
        assert re.fullmatch(r"[0-9]{8}", query["SendDate"])
        found: list[dict[str, Any]] = []
        for each in self.taken:
            if each.phone == query["PhoneNumber"]:
                status = _STATUS[self.delivered.get(each.ticket)]
                found.append(
                    {"PhoneNum": each.phone, "OutId": each.ticket, "SendStatus": status, "ErrCode": "DELIVERED"}
                )
        details = {"SmsSendDetailDTO": found[: int(query["PageSize"])]}
        return _answer({"Code": "OK", "Message": "OK", "TotalCount": len(found), "SmsSendDetailDTOs": details})


def _answer(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response({**body, "RequestId": "A90E4451-CED7-49C7-AFC0-1E5FB1F5C0B1"}, status=status)
