"""Tencent Cloud's SMS service on loopback: API 3.0, version 2021-01-11, with TC3-HMAC-SHA256.

What is signed: https://cloud.tencent.com/document/api/382/52071
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.couriers.provider import ProviderServer, Taken

SECRET_ID = "AKIDtests"
SECRET_KEY = "canary-tencent-secret"
APP_ID = "1400006666"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/([0-9-]{10})/([a-z]+)/tc3_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)
_FRESH_SECONDS = 300
_WEEK = 7 * 86_400


class TencentServer(ProviderServer):
    """Args:
    echoes: whether our ticket comes back in reports, which Tencent switches on for an account on request.
    """

    def __init__(self, *, echoes: bool = True) -> None:
        super().__init__()
        self.echoes = echoes

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        wrong = _wrong(request, body)
        if wrong is not None:
            self.complaints.append(wrong)
            return _error(wrong)
        asked = json.loads(body)
        if asked.get("SmsSdkAppId") != APP_ID:
            return _error("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
        action = request.headers["X-TC-Action"]
        if action == "SendSms":
            return await self._send(request, asked)
        if action == "PullSmsSendStatusByPhoneNumber":
            return self._statuses(asked)
        return _error("InvalidAction")

    async def _send(self, request: web.Request, asked: dict[str, Any]) -> web.Response:
        self.calls += 1
        fault = self.fault()
        if fault is not None and fault.kind == "code":
            # What concerns the account is an error of the call, what concerns a number stands beside the number.
            by_number = fault.code.startswith(("LimitExceeded.", "FailedOperation.", "InvalidParameterValue."))
            return _sent(asked, fault.code, "") if by_number else _error(fault.code)
        if fault is not None and fault.kind == "status":
            return await self.suffer(fault, request)
        (phone,) = asked["PhoneNumberSet"]
        if not re.fullmatch(r"\+861[0-9]{10}", phone):
            return _sent(asked, "InvalidParameterValue.IncorrectPhoneNumber", "")
        if not all(isinstance(value, str) for value in asked["TemplateParamSet"]):
            return _error("InvalidParameter")
        reference = f"5000:1045710669157053657849499619:{len(self.taken)}"
        self.taken.append(
            Taken(
                phone,
                asked["TemplateId"],
                asked["SignName"],
                asked["TemplateParamSet"],
                asked["SessionContext"],
                reference,
            )
        )
        if fault is not None:
            return await self.suffer(fault, request)
        return _sent(asked, "Ok", reference)

    def _statuses(self, asked: dict[str, Any]) -> web.Response:
        if not 0 <= asked["EndTime"] - asked["BeginTime"] <= _WEEK or asked["Offset"] != 0 or asked["Limit"] > 100:
            return _error("InvalidParameterValue.BeginTimeVerifyFail")
        found = [
            {
                "PhoneNumber": each.phone,
                "SerialNo": each.reference,
                "ReportStatus": "SUCCESS" if self.delivered[each.ticket] else "FAIL",
                "SessionContext": each.ticket if self.echoes else "",
            }
            for each in self.taken
            if each.phone == asked["PhoneNumber"] and each.ticket in self.delivered
        ]
        return _answer({"PullSmsSendStatusSet": found})


def _wrong(request: web.Request, body: bytes) -> str | None:
    """Why the service turns this call away before it looks into it."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        return "AuthFailure.InvalidAuthorization"
    secret_id, date, service, signed, signature = match.groups()
    if secret_id != SECRET_ID:
        return "AuthFailure.SecretIdNotFound"
    if not {"content-type", "host"} <= set(signed.split(";")) or service != "sms":
        return "AuthFailure.InvalidAuthorization"
    headers = "".join(f"{name}:{request.headers[name].strip().lower()}\n" for name in signed.split(";"))
    canonical = "\n".join((request.method, "/", "", headers, signed, hashlib.sha256(body).hexdigest()))
    timestamp = request.headers["X-TC-Timestamp"]
    scope = f"{date}/{service}/tc3_request"
    to_sign = "\n".join(("TC3-HMAC-SHA256", timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"TC3" + SECRET_KEY.encode()
    for part in (date, service, "tc3_request", to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(key.hex(), signature):
        return "AuthFailure.SignatureFailure"
    moment = int(timestamp)
    if abs(time.time() - moment) > _FRESH_SECONDS or datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d") != date:
        return "AuthFailure.SignatureExpire"
    right = request.headers["X-TC-Version"] == "2021-01-11" and request.headers.get("X-TC-Region")
    return None if right else "InvalidParameter"


def _sent(asked: dict[str, Any], code: str, reference: str) -> web.Response:
    (phone,) = asked["PhoneNumberSet"]
    status = {
        "SerialNo": reference,
        "PhoneNumber": phone,
        "Fee": 1 if code == "Ok" else 0,
        "SessionContext": asked["SessionContext"],
        "Code": code,
        "Message": code,
        "IsoCode": "CN",
    }
    return _answer({"SendStatusSet": [status]})


def _error(code: str) -> web.Response:
    return _answer({"Error": {"Code": code, "Message": code}})


def _answer(body: dict[str, Any]) -> web.Response:
    text = json.dumps({"Response": {**body, "RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}})
    # The service names no charset, and its SDK looks for errors only under exactly this type.
    return web.Response(body=text.encode(), headers={"Content-Type": "application/json"})
