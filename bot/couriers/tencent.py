"""Tencent Cloud 短信 (SMS 2021-01-11), with the provider's own SDK and its asynchronous client.

What its codes mean: https://cloud.tencent.com/document/product/382/59177
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx
from tencentcloud.common.credential import Credential  # type: ignore[import-untyped]
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException  # type: ignore[import-untyped]
from tencentcloud.common.profile.client_profile import ClientProfile  # type: ignore[import-untyped]
from tencentcloud.common.profile.http_profile import HttpProfile  # type: ignore[import-untyped]
from tencentcloud.sms.v20210111 import models  # type: ignore[import-untyped]
from tencentcloud.sms.v20210111.sms_client_async import SmsClient  # type: ignore[import-untyped]

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
from domain.ambient import Clock

_LIMITED = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": timedelta(seconds=30),
    "LimitExceeded.PhoneNumberOneHourLimit": timedelta(hours=1),
    "LimitExceeded.PhoneNumberDailyLimit": timedelta(days=1),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": timedelta(days=1),
    "LimitExceeded.DeliveryFrequencyLimit": None,
}
_REFUSED = frozenset(
    {
        "FailedOperation.PhoneNumberInBlacklist",
        "FailedOperation.PhoneNumberParseFail",
        "InvalidParameterValue.IncorrectPhoneNumber",
    }
)
_COME_AGAIN = ("RequestLimitExceeded",)
# The provider lost track of the message itself.
_UNKNOWN = frozenset(
    {
        "InternalError",
        "InternalError.Timeout",
        "InternalError.SendAndRecvFail",
        "InternalError.ParseBackendResponseFail",
        "InternalError.OtherError",
        "InternalError.UnknownError",
        "ServerNetworkError",
    }
)
_DELIVERED = {"SUCCESS": True, "FAIL": False}
_FOUND_AT_MOST = 100

# At level debug the SDK writes whole requests, which hold the code.
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)


class TencentCourier:
    """Args:
    app_id: SmsSdkAppId.
    templates: Tencent's template number by our template id.
    timeout: seconds the connection and each read may take.
    """

    name = "tencent"

    def __init__(
        self,
        *,
        secret_id: str,
        secret_key: str,
        app_id: str,
        sign_name: str,
        templates: Mapping[str, str],
        region: str,
        endpoint: Endpoint,
        timeout: float,
        clock: Clock,
    ) -> None:
        self._app_id = app_id
        self._sign_name = sign_name
        self._templates = templates
        self._clock = clock
        http = HttpProfile(protocol=endpoint.scheme, endpoint=endpoint.host, reqTimeout=timeout)
        # Without a retryer the SDK calls once. Whether to call again is decided by who knows what was sent.
        self._client = SmsClient(Credential(secret_id, secret_key), region, ClientProfile(httpProfile=http))

    async def send(self, text: OutgoingText) -> Outcome:
        template = self._templates.get(text.template)
        if template is None:
            return Rejected("no_template")
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [text.phone]
        request.SmsSdkAppId = self._app_id
        request.SignName = self._sign_name
        request.TemplateId = template
        request.TemplateParamSet = list(text.variables.values())
        request.SessionContext = text.ticket
        try:
            statuses = (await self._client.SendSms(request)).SendStatusSet or []
        except Exception as error:
            return _failed(error)
        if len(statuses) != 1 or not statuses[0].Code:
            return Unknown("no_code")
        status = statuses[0]
        return Accepted(plain_reference(status.SerialNo)) if status.Code == "Ok" else _answered(plain_code(status.Code))

    async def find(self, phone: str, since: datetime) -> list[Report]:
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.SmsSdkAppId = self._app_id
        request.PhoneNumber = phone
        request.BeginTime = int(since.timestamp())
        request.EndTime = int(self._clock.now().timestamp())
        request.Offset, request.Limit = 0, _FOUND_AT_MOST
        try:
            found = (await self._client.PullSmsSendStatusByPhoneNumber(request)).PullSmsSendStatusSet or []
        except TencentCloudSDKException as error:
            raise CannotAsk(plain_code(error.get_code())) from None
        except Exception as error:
            raise CannotAsk(type(error).__name__) from None
        return [
            Report(
                each.SessionContext or None,
                plain_reference(each.SerialNo) or None,
                _DELIVERED.get(each.ReportStatus),
                plain_code(each.ReportStatus or ""),
            )
            for each in found
        ]

    async def close(self) -> None:
        await self._client.close()


def _answered(code: str) -> Outcome:
    if code in _LIMITED:
        return Limited(code, _LIMITED[code])
    if code in _REFUSED:
        return Refused(code)
    if code in _UNKNOWN:
        return Unknown(code)
    if code.startswith(_COME_AGAIN):
        return Unreachable(code)
    # Whatever else it answers, it did not take it, and a person has to look.
    return Rejected(code)


def _failed(error: Exception) -> Outcome:
    if isinstance(error, TencentCloudSDKException):
        return _answered(plain_code(error.get_code()))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return Unreachable(type(error).__name__)
    return Unknown(type(error).__name__)
