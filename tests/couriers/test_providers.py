"""The adapters against the providers' wire format: what leaves, and what each answer is taken for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.couriers.choice import couriers
from bot.couriers.port import (
    Accepted,
    Courier,
    Limited,
    OutgoingText,
    Refused,
    Rejected,
    Report,
    Unknown,
    Unreachable,
)
from bot.engine_process import free_port
from bot.settings import Sms
from tests.couriers.messages import PHONE, SIGN, sms_settings
from tests.couriers.provider import ProviderServer
from tests.fakes.sms_aliyun import AliyunServer
from tests.fakes.sms_tencent import TencentServer
from tests.support.ambient import FakeClock

TEXT = OutgoingText("t_ticket", PHONE, "code", {"code": "012345", "minutes": "5"}, "words with 012345")


@pytest.fixture(params=["aliyun", "tencent"])
def pair(request: pytest.FixtureRequest, both: list[Courier]) -> tuple[Courier, ProviderServer]:
    """A courier and the server it talks to."""
    courier = next(each for each in both if each.name == request.param)
    return courier, request.getfixturevalue(request.param)


async def test_aliyun_gets_code_and_minutes_as_strings_under_our_signature(
    both: list[Courier], aliyun: AliyunServer
) -> None:
    outcome = await both[0].send(TEXT)
    (taken,) = aliyun.taken
    assert outcome == Accepted(taken.reference)
    assert (taken.phone, taken.template, taken.sign_name) == ("13800138000", "SMS_1", SIGN)
    assert taken.variables == {"code": "012345", "minutes": "5"}
    assert taken.ticket == "t_ticket"
    assert aliyun.complaints == []


async def test_tencent_gets_code_and_minutes_in_their_order(both: list[Courier], tencent: TencentServer) -> None:
    outcome = await both[1].send(TEXT)
    (taken,) = tencent.taken
    assert outcome == Accepted(taken.reference)
    assert (taken.phone, taken.template, taken.sign_name) == (PHONE, "1110", SIGN)
    assert taken.variables == ["012345", "5"]
    assert taken.ticket == "t_ticket"
    assert tencent.complaints == []


async def test_a_notice_goes_out_without_variables(pair: tuple[Courier, ProviderServer]) -> None:
    courier, server = pair
    assert isinstance(await courier.send(OutgoingText("t", PHONE, "password_changed", {}, "words")), Accepted)
    assert not server.taken[0].variables


async def test_a_template_without_a_number_at_the_provider_is_not_tried(pair: tuple[Courier, ProviderServer]) -> None:
    courier, server = pair
    assert await courier.send(OutgoingText("t", PHONE, "unheard_of", {}, "words")) == Rejected("no_template")
    assert server.calls == 0


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("触发分钟级流控Permits:1", timedelta(minutes=1)),
        ("触发小时级流控Permits:5", timedelta(hours=1)),
        ("触发天级流控Permits:10", timedelta(days=1)),
        ("", None),
    ],
)
async def test_the_frequency_limit_of_aliyun_is_a_wait(
    both: list[Courier], aliyun: AliyunServer, message: str, wait: timedelta | None
) -> None:
    """B08."""
    aliyun.answers("isv.BUSINESS_LIMIT_CONTROL", message)
    assert await both[0].send(TEXT) == Limited("isv.BUSINESS_LIMIT_CONTROL", wait)


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", timedelta(seconds=30)),
        ("LimitExceeded.PhoneNumberOneHourLimit", timedelta(hours=1)),
        ("LimitExceeded.PhoneNumberDailyLimit", timedelta(days=1)),
        ("LimitExceeded.PhoneNumberSameContentDailyLimit", timedelta(days=1)),
        ("LimitExceeded.DeliveryFrequencyLimit", None),
    ],
)
async def test_the_frequency_limits_of_tencent_are_a_wait(
    both: list[Courier], tencent: TencentServer, code: str, wait: timedelta | None
) -> None:
    """B08."""
    tencent.answers(code)
    assert await both[1].send(TEXT) == Limited(code, wait)


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("aliyun", "isv.AMOUNT_NOT_ENOUGH"),
        ("aliyun", "isv.OUT_OF_SERVICE"),
        ("aliyun", "isv.DENY_IP_RANGE"),
        ("aliyun", "isv.SMS_SIGNATURE_ILLEGAL"),
        ("aliyun", "isv.SMS_TEMPLATE_ILLEGAL"),
        ("aliyun", "isv.DAY_LIMIT_CONTROL"),
        ("aliyun", "isp.RAM_PERMISSION_DENY"),
        ("aliyun", "isv.NEVER_SEEN_BEFORE"),
        ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage"),
        ("tencent", "FailedOperation.SignatureIncorrectOrUnapproved"),
        ("tencent", "FailedOperation.TemplateIncorrectOrUnapproved"),
        ("tencent", "UnauthorizedOperation.ServiceSuspendDueToArrears"),
        ("tencent", "UnauthorizedOperation.RequestIpNotInWhitelist"),
        ("tencent", "LimitExceeded.AppMainlandChinaDailyLimit"),
        ("tencent", "AuthFailure.SignatureFailure"),
    ],
)
async def test_what_only_the_operator_can_mend_is_rejected(
    both: list[Courier], request: pytest.FixtureRequest, provider: str, code: str
) -> None:
    """B09."""
    request.getfixturevalue(provider).answers(code)
    courier = next(each for each in both if each.name == provider)
    assert await courier.send(TEXT) == Rejected(code)


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("tencent", "FailedOperation.PhoneNumberInBlacklist"),
        ("tencent", "InvalidParameterValue.IncorrectPhoneNumber"),
    ],
)
async def test_a_number_nobody_will_send_to_is_refused(
    both: list[Courier], request: pytest.FixtureRequest, provider: str, code: str
) -> None:
    request.getfixturevalue(provider).answers(code)
    courier = next(each for each in both if each.name == provider)
    assert await courier.send(TEXT) == Refused(code)


@pytest.mark.parametrize(("provider", "code"), [("aliyun", "isp.SYSTEM_ERROR"), ("tencent", "RequestLimitExceeded")])
async def test_a_provider_that_says_come_again_did_not_take_it(
    both: list[Courier], request: pytest.FixtureRequest, provider: str, code: str
) -> None:
    request.getfixturevalue(provider).answers(code)
    courier = next(each for each in both if each.name == provider)
    assert await courier.send(TEXT) == Unreachable(code)


async def test_an_answer_that_does_not_come_leaves_it_open_whether_it_was_taken(
    pair: tuple[Courier, ProviderServer],
) -> None:
    """B10."""
    courier, server = pair
    server.hangs()
    assert isinstance(await courier.send(TEXT), Unknown)
    assert len(server.taken) == 1


async def test_a_connection_that_breaks_leaves_it_open_whether_it_was_taken(
    pair: tuple[Courier, ProviderServer],
) -> None:
    """B10."""
    courier, server = pair
    server.drops()
    assert isinstance(await courier.send(TEXT), Unknown)
    assert len(server.taken) == 1


@pytest.mark.parametrize("status", [502, 504])
async def test_a_page_of_a_gateway_leaves_it_open_whether_it_was_taken(
    pair: tuple[Courier, ProviderServer], status: int
) -> None:
    """B10."""
    courier, server = pair
    server.breaks(status)
    assert isinstance(await courier.send(TEXT), Unknown)


@pytest.mark.parametrize("where", ["http://127.0.0.1:{port}", "https://nowhere.invalid"])
async def test_nobody_there_is_surely_not_taken(clock: FakeClock, where: str) -> None:
    url = where.format(port=free_port())
    for courier in couriers(sms_settings(url, url), clock):
        assert isinstance(await courier.send(TEXT), Unreachable), courier.name
        await courier.close()


async def test_a_wrong_secret_sends_nothing_and_wants_the_operator(
    clock: FakeClock, settings: Sms, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    wrong = settings.model_copy(deep=True)
    wrong.aliyun.access_key_secret = wrong.tencent.secret_key = type(wrong.aliyun.access_key_secret)("not the secret")  # type: ignore[misc,arg-type]
    first, second = couriers(wrong, clock)
    assert await first.send(TEXT) == Rejected("SignatureDoesNotMatch")
    assert await second.send(TEXT) == Rejected("AuthFailure.SignatureFailure")
    assert aliyun.taken == tencent.taken == []
    await second.close()


async def test_aliyun_tells_what_became_of_an_sms_by_our_ticket(
    both: list[Courier], aliyun: AliyunServer, clock: FakeClock
) -> None:
    await both[0].send(TEXT)
    assert [report.delivered for report in await both[0].find(PHONE, clock.now())] == [None]
    aliyun.delivered["t_ticket"] = True
    assert await both[0].find(PHONE, clock.now()) == [Report("t_ticket", None, True, "DELIVERED")]
    assert await both[0].find("+8613900139000", clock.now()) == []


async def test_tencent_tells_what_became_of_an_sms_with_its_own_number(
    both: list[Courier], tencent: TencentServer, clock: FakeClock
) -> None:
    await both[1].send(TEXT)
    assert await both[1].find(PHONE, clock.now()) == []
    tencent.delivered["t_ticket"] = False
    assert await both[1].find(PHONE, clock.now()) == [Report("t_ticket", tencent.taken[0].reference, False, "FAIL")]


async def test_neither_phone_nor_code_stands_in_what_a_message_shows_of_itself() -> None:
    assert "012345" not in repr(TEXT)
    assert "138" not in repr(TEXT)
