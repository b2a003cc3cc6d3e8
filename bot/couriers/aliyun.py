"""Aliyun 短信服务 (Dysmsapi 2017-05-25), with the provider's own SDK.

What its codes mean: https://help.aliyun.com/zh/sms/developer-reference/api-error-codes
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from alibabacloud_dysmsapi20170525 import models  # type: ignore[import-untyped]
from alibabacloud_dysmsapi20170525.client import Client  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.utils_models import Config  # type: ignore[import-untyped]
from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

from bot.couriers.endpoints import Endpoint
from bot.couriers.port import (
    Accepted,
    CannotAsk,
    Limited,
    Outcome,
    OutgoingText,
    Refused,
    Rejected,
    Report,
    Unknown,
    Unreachable,
    plain_code,
    plain_reference,
)
from domain.ambient import SHANGHAI
from domain.identifiers.phones import Phone

_LIMITED = frozenset({"isv.BUSINESS_LIMIT_CONTROL"})
_REFUSED = frozenset({"isv.MOBILE_NUMBER_ILLEGAL"})
# The provider says of these: call again. They come before a message is taken.
_COME_AGAIN = ("isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "Throttling", "ServiceUnavailable")
# The code is the same for all three windows; only the message tells which one is full.
_WINDOWS = {"分钟": timedelta(minutes=1), "小时": timedelta(hours=1), "天": timedelta(days=1)}
# SendStatus of QuerySendDetails: 1 waits for the operator's report, 2 failed, 3 arrived.
_DELIVERED: Mapping[int, bool | None] = {1: None, 2: False, 3: True}
_PAGE = 50

# The SDK's core sets its own logger to everything; requests hold the code.
logging.getLogger("darabonba-core").setLevel(logging.WARNING)


class AliyunCourier:
    """Args:
    templates: Aliyun's template code (SMS_…) by our template id.
    timeout: seconds the connection and each read may take.
    """

    name = "aliyun"

    def __init__(
        self,
        *,
        access_key_id: str,
        access_key_secret: str,
        sign_name: str,
        templates: Mapping[str, str],
        endpoint: Endpoint,
        timeout: float,
    ) -> None:
        self._sign_name = sign_name
        self._templates = templates
        self._client = Client(
            Config(
                access_key_id=access_key_id,
                access_key_secret=access_key_secret,
                endpoint=endpoint.host,
                protocol=endpoint.scheme,
            )
        )
        millis = int(timeout * 1000)
        # No retry options: the SDK calls once. Whether to call again is decided by who knows what was sent.
        self._runtime = RuntimeOptions(connect_timeout=millis, read_timeout=millis)

    async def send(self, text: OutgoingText) -> Outcome:
        template = self._templates.get(text.template)
        if template is None:
            return Rejected("no_template")
        request = models.SendSmsRequest(
            phone_numbers=Phone(text.phone).national,
            sign_name=self._sign_name,
            template_code=template,
            # Every value has to be a string (isv.INVALID_JSON_PARAM otherwise).
            template_param=json.dumps(dict(text.variables)) if text.variables else None,
            out_id=text.ticket,
        )
        try:
            answer = (await self._client.send_sms_with_options_async(request, self._runtime)).body
        except Exception as error:
            return _failed(error)
        if answer is None or answer.code is None:
            return Unknown("no_code")
        if answer.code == "OK":
            return Accepted(plain_reference(answer.biz_id))
        return _answered(plain_code(answer.code), str(answer.message or ""))

    async def find(self, phone: str, since: datetime) -> list[Report]:
        request = models.QuerySendDetailsRequest(
            phone_number=Phone(phone).national,
            send_date=since.astimezone(SHANGHAI).strftime("%Y%m%d"),
            page_size=_PAGE,
            current_page=1,
        )
        try:
            answer = (await self._client.query_send_details_with_options_async(request, self._runtime)).body
        except Exception as error:
            raise CannotAsk(type(_cause(error)).__name__) from None
        if answer is None or answer.code != "OK":
            raise CannotAsk(plain_code(answer.code if answer else "none"))
        found = (answer.sms_send_detail_dtos.sms_send_detail_dto if answer.sms_send_detail_dtos else None) or []
        return [
            Report(each.out_id or None, None, _DELIVERED.get(each.send_status), plain_code(each.err_code or ""))
            for each in found
        ]

    async def close(self) -> None:
        """The SDK opens a connection for each call."""


def _answered(code: str, message: str) -> Outcome:
    if code in _LIMITED:
        return Limited(code, next((span for word, span in _WINDOWS.items() if word in message), None))
    if code in _REFUSED:
        return Refused(code)
    if code.startswith(_COME_AGAIN):
        return Unreachable(code)
    # Whatever else it answers, it did not take it, and a person has to look.
    return Rejected(code)


def _failed(error: Exception) -> Outcome:
    status, code = getattr(error, "status_code", None), plain_code(getattr(error, "code", None) or "None")
    if isinstance(status, int):
        # An error without a code comes from something before the service: whether it let the message pass is open.
        return _answered(code, "") if code != "None" else Unknown(f"http_{status}")
    cause = _cause(error)
    not_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientProxyConnectionError)
    if isinstance(cause, not_connected):
        return Unreachable(type(cause).__name__)
    return Unknown(type(cause).__name__)


def _cause(error: BaseException) -> BaseException:
    """What really happened: the SDK wraps it twice, and keeps it as the context of its own error."""
    inner: Any = getattr(error, "inner_exception", None)
    while isinstance(inner, BaseException):
        error, inner = inner, getattr(inner, "inner_exception", None)
    if isinstance(error, aiohttp.ClientError) or not isinstance(error.__context__, OSError | aiohttp.ClientError):
        return error
    return error.__context__
