"""Delivery reports: only the provider's own count, each once, in whatever order they come (B15)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.couriers.port import Courier
from bot.couriers.receipts import Receipts
from bot.couriers.worker import CourierWorker
from bot.http import Problems
from bot.settings import AliyunSms, Sms
from bot.turns.hub import Hub
from domain import Domain
from tests.couriers.conftest import Workers
from tests.couriers.messages import PHONE, RECEIPT_SECRET, outcomes, queued, row_of, states
from tests.fakes.sms_aliyun import AliyunServer
from tests.fakes.sms_tencent import TencentServer
from tests.support.ambient import FakeClock

ALIYUN = f"/sms/receipts/aliyun/{RECEIPT_SECRET}"
TENCENT = f"/sms/receipts/tencent/{RECEIPT_SECRET[::-1]}"


@asynccontextmanager
async def _listening(domain: Domain, settings: Sms, proxies: tuple[str, ...] = ()) -> AsyncIterator[Any]:
    application = web.Application(middlewares=[Problems().middleware])
    application.add_routes(Receipts(domain, settings, proxies).routes())
    async with TestClient(TestServer(application)) as client:
        yield client


@pytest.fixture
async def client(domain: Domain, settings: Sms) -> AsyncIterator[Any]:
    async with _listening(domain, settings) as client:
        yield client


def _of_aliyun(
    *, biz_id: object = None, out_id: object = None, success: object = True, **more: object
) -> dict[str, Any]:
    return {
        "phone_number": PHONE[3:],
        "send_time": "2026-03-02 10:00:00",
        "report_time": "2026-03-02 10:00:04",
        "success": success,
        "err_code": "DELIVERED" if success else "MOBILE_NOT_ON_SERVICE",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": biz_id,
        "out_id": out_id,
        **more,
    }


def _of_tencent(sid: object, status: object = "SUCCESS") -> dict[str, Any]:
    return {
        "user_receive_time": "2026-03-02 10:00:04",
        "nationcode": "86",
        "mobile": PHONE[3:],
        "report_status": status,
        "errmsg": "DELIVRD",
        "description": "用户短信送达成功",
        "sid": sid,
    }


async def _sent(domain: Domain, worker: Workers, count: int = 1) -> list[int]:
    messages = await queued(domain, count=count)
    while await worker().once():
        pass
    assert await states(domain) == ["sent"] * count
    return messages


async def test_aliyun_reports_that_it_arrived(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    await _sent(domain, worker, 2)
    first, second = aliyun.taken
    batch = [
        _of_aliyun(biz_id=first.reference, out_id=first.ticket),
        _of_aliyun(biz_id=second.reference, success=False),
    ]
    async with client.post(ALIYUN, json=batch) as response:
        assert response.status == 200
        assert (await response.json())["code"] == 0
    assert sorted(await states(domain)) == ["delivered", "undelivered"]


async def test_tencent_reports_that_it_arrived(
    domain: Domain, worker: Workers, aliyun: AliyunServer, tencent: TencentServer, client: Any
) -> None:
    aliyun.answers("isv.OUT_OF_SERVICE")
    await _sent(domain, worker)
    async with client.post(TENCENT, json=[_of_tencent(tencent.taken[0].reference)]) as response:
        assert response.status == 200
        assert await response.json() == {"result": 0, "errmsg": "OK"}
    assert await states(domain) == ["delivered"]


async def test_the_secret_may_stand_in_the_query(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    await _sent(domain, worker)
    report = _of_aliyun(biz_id=aliyun.taken[0].reference)
    async with client.post(f"/sms/receipts/aliyun?secret={RECEIPT_SECRET}", json=[report]) as response:
        assert response.status == 200
    assert await states(domain) == ["delivered"]


@pytest.mark.parametrize(
    "address",
    [
        "/sms/receipts/aliyun",
        "/sms/receipts/aliyun?secret=",
        "/sms/receipts/aliyun/wrong",
        f"/sms/receipts/aliyun/{RECEIPT_SECRET[:-1]}",
        f"/sms/receipts/aliyun/{RECEIPT_SECRET}x",
        f"/sms/receipts/aliyun/{RECEIPT_SECRET.lower()}",
        f"/sms/receipts/aliyun/{RECEIPT_SECRET[::-1]}",
        "/sms/receipts/aliyun/%E7%A7%98%E5%AF%86",
        "/sms/receipts/aliyun/%ED%A0%80",
        f"/sms/receipts/console/{RECEIPT_SECRET}",
        "/sms/receipts/console?secret=",
        "/sms/receipts/nobody",
    ],
)
async def test_a_forged_report_is_turned_away_and_changes_nothing(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any, address: str
) -> None:
    await _sent(domain, worker)
    forged = _of_aliyun(biz_id=aliyun.taken[0].reference, out_id=aliyun.taken[0].ticket, success=False)
    async with client.post(address, json=[forged]) as response:
        assert response.status == 401
        assert RECEIPT_SECRET not in await response.text()
    assert await states(domain) == ["sent"]


async def test_one_provider_cannot_speak_for_the_other(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    await _sent(domain, worker)
    async with client.post(TENCENT, json=[_of_tencent(aliyun.taken[0].reference)]) as response:
        assert response.status == 200
    assert await states(domain) == ["sent"]


async def test_without_a_secret_there_is_no_such_address(domain: Domain, settings: Sms) -> None:
    plain = settings.model_copy(deep=True)
    plain.aliyun.receipt_secret = plain.tencent.receipt_secret = None
    async with _listening(domain, plain) as client:
        for address in ("/sms/receipts/aliyun", "/sms/receipts/aliyun?secret=", ALIYUN):
            async with client.post(address, json=[]) as response:
                assert response.status == 404
    plain.aliyun.receipt_secret = settings.aliyun.receipt_secret
    async with _listening(domain, plain) as client:
        for address in ("/sms/receipts/tencent", "/sms/receipts/tencent?secret=", TENCENT):
            async with client.post(address, json=[]) as response:
                assert response.status == 401


async def test_reports_come_only_from_the_addresses_that_were_named(
    domain: Domain, worker: Workers, settings: Sms, aliyun: AliyunServer
) -> None:
    await _sent(domain, worker)
    report = [_of_aliyun(biz_id=aliyun.taken[0].reference)]
    narrow = settings.model_copy(deep=True)
    narrow.aliyun.receipt_addresses = ("203.0.113.0/24",)
    async with _listening(domain, narrow) as client:
        for headers in ({}, {"X-Forwarded-For": "203.0.113.9"}):
            async with client.post(ALIYUN, json=report, headers=headers) as response:
                assert response.status == 401
    assert await states(domain) == ["sent"]
    async with _listening(domain, narrow, proxies=("127.0.0.1",)) as client:
        async with client.post(ALIYUN, json=report, headers={"X-Forwarded-For": "198.51.100.1"}) as response:
            assert response.status == 401
        async with client.post(ALIYUN, json=report, headers={"X-Forwarded-For": "203.0.113.9"}) as response:
            assert response.status == 200
    assert await states(domain) == ["delivered"]


async def test_reports_about_messages_nobody_knows_are_taken_and_forgotten(
    domain: Domain, worker: Workers, client: Any
) -> None:
    await _sent(domain, worker)
    strange = [
        _of_aliyun(biz_id="900619500000000000^0", out_id="t_nobody"),
        _of_aliyun(),
        _of_aliyun(biz_id="", out_id=""),
    ]
    async with client.post(ALIYUN, json=strange) as response:
        assert response.status == 200
    assert await states(domain) == ["sent"]


@pytest.mark.parametrize("order", [(True, False), (True, True), (False, True), (True, False, True, False)])
async def test_the_same_report_again_and_in_any_order_leaves_what_arrived_arrived(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any, order: tuple[bool, ...]
) -> None:
    (message,) = await _sent(domain, worker)
    for success in order:
        async with client.post(
            ALIYUN, json=[_of_aliyun(biz_id=aliyun.taken[0].reference, success=success)]
        ) as response:
            assert response.status == 200
    assert await states(domain) == ["delivered"]
    arrived = [call for call in (await row_of(domain, message)).calls or () if call["code"] == "DELIVERED"]
    assert len(arrived) == 1


async def test_the_same_batch_twice_at_once_counts_once(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    messages = await _sent(domain, worker, 8)
    batch = [_of_aliyun(biz_id=taken.reference) for taken in aliyun.taken]

    async def post(items: list[dict[str, Any]]) -> int:
        async with client.post(ALIYUN, json=items) as response:
            return int(response.status)

    assert set(await asyncio.gather(post(batch), post(batch[::-1]), post(batch))) == {200}
    assert await states(domain) == ["delivered"] * 8
    for message in messages:
        assert await outcomes(domain, message) == [("aliyun", "accepted"), ("aliyun", "reported")]


async def test_a_report_tells_what_became_of_an_sms_whose_answer_got_lost(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    """B10."""
    aliyun.drops()
    (message,) = await queued(domain)
    await worker().once()
    assert await states(domain) == ["unknown"]
    taken = aliyun.taken[0]
    async with client.post(ALIYUN, json=[_of_aliyun(biz_id=taken.reference, out_id=taken.ticket)]) as response:
        assert response.status == 200
    row = await row_of(domain, message)
    assert (row.state, row.provider_ref, row.sealed) == ("delivered", taken.reference, None)


async def test_a_report_that_is_faster_than_the_answer_is_not_overwritten(
    domain: Domain, both: list[Courier], aliyun: AliyunServer, client: Any
) -> None:
    class Overtaken:
        name = "aliyun"

        async def send(self, text):  # type: ignore[no-untyped-def]
            outcome = await both[0].send(text)
            async with client.post(ALIYUN, json=[_of_aliyun(biz_id=outcome.reference, out_id=text.ticket)]) as response:
                assert response.status == 200
            return outcome

        find = both[0].find
        close = both[0].close

    (message,) = await queued(domain)
    await CourierWorker(domain, [Overtaken()], Hub()).once()
    row = await row_of(domain, message)
    assert (row.state, row.provider_ref, row.sealed) == ("delivered", aliyun.taken[0].reference, None)


async def test_a_report_spares_the_second_sms_after_a_worker_died(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    """B13."""

    def dies(place: str) -> None:
        if place == "sms sent":
            raise asyncio.CancelledError

    await queued(domain)
    await worker(crash=dies).once()
    async with client.post(ALIYUN, json=[_of_aliyun(out_id=aliyun.taken[0].ticket)]) as response:
        assert response.status == 200
    clock.forward(seconds=61)
    await worker().once()
    assert len(aliyun.taken) == 1
    assert await states(domain) == ["delivered"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"{}", 400),
        (b'"text"', 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"[" + b"1," * 3_000 + b"1]", 413),
        (b"[" + b" " * 300_000 + b"]", 413),
        (b'[null, 1, "x", [], {"success": "yes", "biz_id": "a"}, {"success": true, "biz_id": {"a": 1}}]', 200),
        (b'[{"success": true, "out_id": "' + b"a" * 5_000 + b'"}]', 200),
        (b'[{"success": true, "out_id": "a\\u0000b", "biz_id": "\\ud800"}]', 200),
    ],
)
async def test_a_body_that_is_no_report_harms_nothing(
    domain: Domain, worker: Workers, client: Any, body: bytes, status: int
) -> None:
    await _sent(domain, worker)
    async with client.post(ALIYUN, data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == status
    assert await states(domain) == ["sent"]


async def test_a_body_without_an_end_is_cut_off(domain: Domain, client: Any) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    async with client.post(ALIYUN, data=endless()) as response:
        assert response.status == 413


async def test_reports_leave_no_phone_and_no_secret_in_the_log(
    domain: Domain, worker: Workers, aliyun: AliyunServer, client: Any
) -> None:
    await _sent(domain, worker)
    with structlog.testing.capture_logs() as logs:
        for address in (ALIYUN, ALIYUN + "x"):
            async with client.post(address, json=[_of_aliyun(biz_id=aliyun.taken[0].reference)]) as response:
                await response.read()
    assert logs
    assert PHONE[3:] not in str(logs)
    assert RECEIPT_SECRET not in str(logs)


def test_a_secret_that_can_be_guessed_is_not_taken() -> None:
    for weak in ("", "short", "a" * 23, "with spaces and more than that", "秘密" * 20):
        with pytest.raises(ValueError, match="random letters and digits"):
            AliyunSms.model_validate({"receipt_secret": weak})
