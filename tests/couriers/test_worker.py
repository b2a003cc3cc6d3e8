"""What becomes of an SMS when things go wrong between the outbox and the provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from bot.couriers.choice import couriers
from bot.couriers.port import Accepted, Courier, Outcome, OutgoingText
from bot.couriers.worker import REJECTIONS, CourierWorker
from bot.engine_process import free_port
from bot.turns.hub import Hub
from domain import Domain
from domain.messaging.tables import ShortMessageRow
from tests.couriers.conftest import Workers
from tests.couriers.messages import PHONE, outcomes, queued, row_of, sms_settings, states, told
from tests.fakes.sms_aliyun import AliyunServer
from tests.fakes.sms_tencent import TencentServer
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person

LATER = {"seconds": 61}


def _dies_at(place: str) -> Callable[[str], None]:
    """The process ends at this place: nothing behind it is carried out, and nothing catches it."""

    def crash(here: str) -> None:
        if here == place:
            raise asyncio.CancelledError(here)

    return crash


async def _later(domain: Domain, clock: FakeClock, worker: CourierWorker, rounds: int = 12) -> None:
    """Let a quarter of an hour go by with the worker at work."""
    for _ in range(rounds):
        clock.forward(seconds=75)
        await worker.once()


async def test_a_code_goes_to_the_first_provider_once_and_is_wiped(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    (message,) = await queued(domain, code="012345")
    await worker().once()
    await _later(domain, clock, worker())
    assert [taken.variables for taken in aliyun.taken] == [{"code": "012345", "minutes": "5"}]
    assert tencent.taken == []
    row = await row_of(domain, message)
    assert (row.state, row.provider, row.provider_ref) == ("sent", "aliyun", aliyun.taken[0].reference)
    assert (row.attempts, row.sealed) == (1, None)
    assert await outcomes(domain, message) == [("aliyun", "accepted")]


async def test_the_providers_own_limit_is_not_tried_again_and_not_elsewhere(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    """B08."""
    person = await Person.arrives(domain, "xiaohe")
    aliyun.answers("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5")
    (message,) = await queued(domain, conversation_id=person.conversation_id)
    await worker().once()
    await _later(domain, clock, worker())
    assert (aliyun.calls, tencent.calls) == (1, 0)
    assert await states(domain) == ["limited"]
    assert await told(domain, person.conversation_id) == ["code.not_delivered.limited"]
    assert (await row_of(domain, message)).sealed is None


@pytest.mark.parametrize(
    "code", ["isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.DENY_IP_RANGE", "isv.SMS_SIGN_ILLEGAL"]
)
async def test_a_provider_that_refuses_to_work_pages_the_operator_and_the_other_sends(
    domain: Domain, worker: Workers, aliyun: AliyunServer, tencent: TencentServer, code: str
) -> None:
    """B09."""
    before = REJECTIONS.labels("aliyun")._value.get()
    aliyun.answers(code)
    (message,) = await queued(domain)
    with structlog.testing.capture_logs() as logs:
        await worker().once()
    assert (aliyun.calls, len(tencent.taken)) == (1, 1)
    assert await states(domain) == ["sent"]
    assert (await row_of(domain, message)).provider == "tencent"
    assert [(entry["provider"], entry["code"]) for entry in logs if entry["log_level"] == "error"] == [("aliyun", code)]
    assert REJECTIONS.labels("aliyun")._value.get() == before + 1


async def test_when_both_refuse_to_work_the_person_is_told_once_and_nobody_is_asked_again(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    """B09."""
    person = await Person.arrives(domain, "xiaohe")
    aliyun.answers("isv.OUT_OF_SERVICE", times=9)
    tencent.answers("FailedOperation.InsufficientBalanceInSmsPackage", times=9)
    await queued(domain, conversation_id=person.conversation_id)
    await worker().once()
    await _later(domain, clock, worker())
    assert (aliyun.calls, tencent.calls) == (1, 1)
    assert await states(domain) == ["failed"]
    assert await told(domain, person.conversation_id) == ["code.not_delivered.failed"]


async def test_a_message_that_belongs_to_no_conversation_tells_nobody_what_became_of_it(
    domain: Domain, worker: Workers, aliyun: AliyunServer
) -> None:
    """Whether an SMS went out would say whether there is an account."""
    person = await Person.arrives(domain, "xiaohe")
    aliyun.answers("isv.BUSINESS_LIMIT_CONTROL")
    aliyun.answers("isv.MOBILE_NUMBER_ILLEGAL")
    await queued(domain, count=2)
    await worker(at_once=1).once()
    await worker(at_once=1).once()
    assert sorted(await states(domain)) == ["failed", "limited"]
    assert await told(domain, person.conversation_id) == []


async def test_a_conversation_that_is_gone_does_not_keep_its_message_open(
    domain: Domain, worker: Workers, aliyun: AliyunServer
) -> None:
    aliyun.answers("isv.BUSINESS_LIMIT_CONTROL")
    await queued(domain, conversation_id="c_gone")
    await worker().once()
    assert await states(domain) == ["limited"]


async def test_a_withheld_message_never_reaches_a_provider(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    await queued(domain)
    async with domain.transaction() as session:
        await session.execute(update(ShortMessageRow).values(state="withheld"))
    await worker().once()
    await _later(domain, clock, worker())
    assert (aliyun.calls, tencent.calls) == (0, 0)
    assert await states(domain) == ["withheld"]


@pytest.mark.parametrize("fault", ["hangs", "drops"])
async def test_an_sms_whose_answer_got_lost_is_never_sent_again(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer, fault: str
) -> None:
    """B10."""
    getattr(aliyun, fault)()
    (message,) = await queued(domain)
    await worker().once()
    assert await states(domain) == ["unknown"]
    await _later(domain, clock, worker())
    assert (len(aliyun.taken), aliyun.calls, tencent.calls) == (1, 1, 0)
    # The provider knows it: asking told that it was taken.
    assert await states(domain) == ["sent"]
    assert ("aliyun", "unknown") in await outcomes(domain, message)


async def test_asking_the_provider_tells_that_a_lost_sms_arrived(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """B10."""
    aliyun.hangs()
    await queued(domain)
    await worker().once()
    aliyun.delivered[aliyun.taken[0].ticket] = True
    clock.forward(**LATER)
    await worker().once()
    assert await states(domain) == ["delivered"]


async def test_while_the_outcome_is_open_the_code_is_wiped_and_in_the_end_the_phone_too(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """B10."""
    aliyun.breaks(502)
    (message,) = await queued(domain)
    await worker().once()
    row = await row_of(domain, message)
    async with domain.database.reading() as session:
        kept = await domain.parts.vault.unseal_json(session, row.key_id, f"short_messages|{message}", row.sealed or b"")
    assert kept == {"phone": PHONE}
    await _later(domain, clock, worker())
    row = await row_of(domain, message)
    assert (row.state, row.sealed, aliyun.taken) == ("unknown", None, [])


@pytest.mark.parametrize("others", [0, 1])
async def test_a_provider_that_does_not_echo_our_name_is_believed_only_about_a_message_nobody_else_has(
    domain: Domain, clock: FakeClock, others: int
) -> None:
    """B10."""
    server = TencentServer(echoes=False)
    async with server.running():
        settings = sms_settings("http://127.0.0.1:1", server.url, provider="tencent", fallback=None)
        (courier,) = couriers(settings, clock)
        worker = CourierWorker(domain, [courier], Hub(), timeout=0.5)
        await queued(domain)
        await worker.once()
        server.hangs()
        await queued(domain, count=1 + others)
        server.hangs()
        await worker.once()
        for taken in server.taken:
            server.delivered[taken.ticket] = True
        clock.forward(**LATER)
        await worker.once()
        lost = "unknown" if others else "delivered"
        assert await states(domain) == ["sent", *[lost] * (1 + others)]
        await courier.close()


async def test_a_code_older_than_its_lifetime_is_never_sent(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """B11."""
    (message,) = await queued(domain, lifetime=timedelta(minutes=5))
    clock.forward(minutes=5)
    assert await worker().once() == 0
    row = await row_of(domain, message)
    assert (row.state, row.sealed, aliyun.calls) == ("expired", None, 0)


async def test_a_code_that_grows_old_while_the_first_provider_is_tried_does_not_go_to_the_second(
    domain: Domain, clock: FakeClock, both: list[Courier], tencent: TencentServer, aliyun: AliyunServer
) -> None:
    """B11."""

    class Slow:
        name = "aliyun"

        async def send(self, text):  # type: ignore[no-untyped-def]
            clock.forward(minutes=6)
            aliyun.answers("isv.OUT_OF_SERVICE")
            return await both[0].send(text)

        find = both[0].find
        close = both[0].close

    await queued(domain)
    await CourierWorker(domain, [Slow(), both[1]], Hub()).once()
    assert await states(domain) == ["expired"]
    assert tencent.calls == 0


async def test_many_workers_at_once_send_each_message_once(
    place: Place, clock: FakeClock, both: list[Courier], aliyun: AliyunServer
) -> None:
    """B12."""
    async with (
        open_domain(place, clock=clock, seed="first") as first,
        open_domain(place, clock=clock, seed="second") as second,
        open_domain(place, clock=clock, seed="third") as third,
    ):
        await queued(first, count=40)
        workers = [
            CourierWorker(domain, both, Hub(), at_once=4, a_second=1000)
            for domain in (first, second, third)
            for _ in range(2)
        ]

        async def until_empty(worker: CourierWorker) -> None:
            while await worker.once():
                pass

        await asyncio.gather(*(until_empty(worker) for worker in workers))
        assert await states(first) == ["sent"] * 40
        assert len(aliyun.taken) == 40
        assert len({taken.ticket for taken in aliyun.taken}) == 40


async def test_a_worker_that_dies_before_it_sends_leaves_the_message_to_another(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """H01: the commit is done, the SMS is not out, and everything starts again."""
    await queued(domain)
    await worker(crash=_dies_at("sms claimed")).once()
    assert aliyun.calls == 0
    await worker().once()
    assert aliyun.calls == 0, "the other may still be at it"
    clock.forward(**LATER)
    await worker().once()
    assert await states(domain) == ["sent"]
    assert len(aliyun.taken) == 1


async def test_a_worker_that_dies_after_it_sent_costs_one_more_sms_with_the_same_code(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """B13, H02."""
    (message,) = await queued(domain, code="012345")
    await worker(crash=_dies_at("sms sent")).once()
    clock.forward(**LATER)
    await worker().once()
    await _later(domain, clock, worker())
    assert [taken.variables["code"] for taken in aliyun.taken] == ["012345", "012345"]  # type: ignore[call-overload]
    assert len({taken.ticket for taken in aliyun.taken}) == 1
    assert await states(domain) == ["sent"]
    assert await outcomes(domain, message) == [("", "lost"), ("aliyun", "accepted")]


async def test_a_message_that_kills_every_worker_is_not_sent_a_third_time(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """B13."""
    await queued(domain)
    for _ in range(3):
        await worker(crash=_dies_at("sms sent")).once()
        clock.forward(**LATER)
    assert await states(domain) == ["unknown"]
    await _later(domain, clock, worker())
    assert len(aliyun.taken) == 2
    assert await states(domain) == ["sent"], "the provider, asked, knows it"


class _Sleeping:
    """A courier whose call hangs until it is woken."""

    name = "aliyun"

    def __init__(self, real: Courier) -> None:
        self.woken = asyncio.Event()
        self._real = real
        self.find, self.close = real.find, real.close

    async def send(self, text: OutgoingText) -> Outcome:
        await self.woken.wait()
        return await self._real.send(text)


async def _asleep(domain: Domain, courier: Courier, message: int) -> asyncio.Task[int]:
    """A worker that has claimed the message and hangs."""
    worker = asyncio.create_task(CourierWorker(domain, [courier], Hub()).once())
    while (await row_of(domain, message)).attempts == 0:
        await asyncio.sleep(0.01)
    return worker


async def test_a_worker_that_was_thought_dead_does_not_end_what_another_has_in_hand(
    domain: Domain, clock: FakeClock, both: list[Courier], aliyun: AliyunServer, tencent: TencentServer
) -> None:
    """B13."""
    (message,) = await queued(domain)
    first, second = _Sleeping(both[0]), _Sleeping(both[0])
    one = await _asleep(domain, first, message)
    clock.forward(**LATER)
    other = asyncio.create_task(CourierWorker(domain, [second], Hub()).once())
    while (await row_of(domain, message)).attempts == 1:
        await asyncio.sleep(0.01)
    aliyun.answers("isv.MOBILE_NUMBER_ILLEGAL")
    first.woken.set()
    await one
    assert await states(domain) == ["new"]
    second.woken.set()
    await other
    assert await states(domain) == ["sent"]


async def test_a_worker_that_was_thought_dead_and_did_send_spares_another_sms(
    domain: Domain, clock: FakeClock, both: list[Courier], aliyun: AliyunServer
) -> None:
    """B13."""
    (message,) = await queued(domain)
    sleeping = _Sleeping(both[0])
    asleep = await _asleep(domain, sleeping, message)
    clock.forward(**LATER)
    nobody = couriers(sms_settings(f"http://127.0.0.1:{free_port()}", "http://127.0.0.1:1", fallback=None), clock)
    await CourierWorker(domain, nobody, Hub()).once()
    assert await states(domain) == ["new"]
    sleeping.woken.set()
    await asleep
    clock.forward(seconds=30)
    await CourierWorker(domain, both, Hub()).once()
    assert await states(domain) == ["sent"]
    assert len(aliyun.taken) == 1


@pytest.mark.parametrize("hostile", ["http://evil.example", "王芳点这里", "12345 6"])
async def test_words_of_a_person_never_become_a_variable(
    domain: Domain, worker: Workers, aliyun: AliyunServer, tencent: TencentServer, hostile: str
) -> None:
    """B14."""
    await queued(domain, name=hostile, code="012345")
    await worker().once()
    assert aliyun.taken[0].variables == {"code": "012345", "minutes": "5"}
    await queued(domain, code=hostile)
    await queued(domain, minutes=hostile)
    await worker().once()
    assert len(aliyun.taken) == 1
    assert tencent.taken == []
    assert await states(domain) == ["sent", "failed", "failed"]


async def test_a_restart_with_ten_thousand_old_messages_sends_none_of_them_and_the_new_ones_slowly(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """H11."""
    await queued(domain, count=10_000)
    clock.forward(minutes=6)
    await queued(domain, count=70)
    sent = []
    for _ in range(4):
        for _ in range(6):
            await worker(a_second=20).once()
        sent.append(len(aliyun.taken))
        clock.forward(seconds=1)
    assert sent == [20, 40, 60, 70]
    assert (await states(domain)).count("expired") == 10_000


async def test_two_workers_together_keep_the_rate_of_the_service(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer
) -> None:
    """H11."""
    await queued(domain, count=60)
    for _ in range(2):
        await asyncio.gather(*(worker(a_second=10, at_once=16).once() for _ in range(4)))
        clock.forward(seconds=1)
    assert len(aliyun.taken) == 20


async def test_no_more_messages_are_in_hand_than_allowed(domain: Domain, worker: Workers) -> None:
    class Counting:
        name = "aliyun"
        now = most = 0

        async def send(self, text):  # type: ignore[no-untyped-def]
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02)
            self.now -= 1
            return Accepted(text.ticket)

        async def find(self, phone, since):  # type: ignore[no-untyped-def]
            return []

        async def close(self) -> None: ...

    counting = Counting()
    await queued(domain, count=12)
    running = asyncio.create_task(worker([counting], at_once=3).run())
    while (await states(domain)).count("sent") < 12:
        await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert counting.most == 3


async def test_a_provider_that_is_not_there_is_passed_over(
    domain: Domain, clock: FakeClock, tencent: TencentServer
) -> None:
    made = couriers(sms_settings(f"http://127.0.0.1:{free_port()}", tencent.url), clock)
    (message,) = await queued(domain)
    await CourierWorker(domain, made, Hub()).once()
    assert await outcomes(domain, message) == [("aliyun", "unreachable"), ("tencent", "accepted")]
    await made[1].close()


async def test_when_nobody_is_there_it_is_tried_again_until_the_code_is_too_old(
    domain: Domain, clock: FakeClock
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    made = couriers(sms_settings(url, url, fallback=None), clock)
    worker = CourierWorker(domain, made, Hub())
    (message,) = await queued(domain)
    tries = []
    for _ in range(310):
        if await worker.once():
            tries.append((clock.now() - (await row_of(domain, message)).created_at).total_seconds())
        clock.forward(seconds=1)
    assert tries == [0, 2, 6, 14, 30, 62, 126, 254]
    assert await states(domain) == ["expired"]


async def test_it_is_sent_as_soon_as_the_provider_is_back(domain: Domain, clock: FakeClock) -> None:
    server = AliyunServer()
    worker = CourierWorker(
        domain, couriers(sms_settings(server.url, "http://127.0.0.1:1", fallback=None), clock), Hub()
    )
    await queued(domain)
    await worker.once()
    assert await states(domain) == ["new"]
    async with server.running():
        clock.forward(seconds=3)
        await worker.once()
    assert await states(domain) == ["sent"]
    assert len(server.taken) == 1


async def test_a_provider_that_rejected_a_message_is_not_asked_again_when_the_other_was_not_there(
    domain: Domain, clock: FakeClock, aliyun: AliyunServer
) -> None:
    """B09."""
    aliyun.answers("isv.OUT_OF_SERVICE", times=9)
    made = couriers(sms_settings(aliyun.url, f"http://127.0.0.1:{free_port()}"), clock)
    worker = CourierWorker(domain, made, Hub())
    await queued(domain)
    for _ in range(4):
        await worker.once()
        clock.forward(seconds=20)
    assert aliyun.calls == 1
    assert await states(domain) == ["new"]
    await made[1].close()


async def test_neither_phone_nor_code_is_logged_whatever_goes_wrong(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, tencent: TencentServer
) -> None:
    aliyun.answers("isv.BUSINESS_LIMIT_CONTROL")
    aliyun.answers("isv.OUT_OF_SERVICE")
    tencent.answers("FailedOperation.PhoneNumberInBlacklist")
    aliyun.hangs()
    await queued(domain, count=5, code="987654")
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            await worker(at_once=1).once()
        await _later(domain, clock, worker())
    assert logs
    assert "987654" not in str(logs)
    assert "13800138000" not in str(logs)


async def test_what_is_in_hand_is_finished_when_the_worker_is_stopped(
    domain: Domain, worker: Workers, both: list[Courier], aliyun: AliyunServer
) -> None:
    (message,) = await queued(domain)
    begun = asyncio.Event()

    class Slow:
        name = "aliyun"

        async def send(self, text):  # type: ignore[no-untyped-def]
            begun.set()
            await asyncio.sleep(0.2)
            return await both[0].send(text)

        find = both[0].find
        close = both[0].close

    running = asyncio.create_task(worker([Slow()]).run())
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await states(domain) == ["sent"]
    assert await outcomes(domain, message) == [("aliyun", "accepted")]


async def test_a_database_that_is_away_after_the_sms_went_out_costs_no_second_one(
    domain: Domain, clock: FakeClock, worker: Workers, aliyun: AliyunServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H02."""
    run, refusals = domain.database.run, iter([OperationalError("UPDATE", None, Exception("away"))])

    async def sometimes(work):  # type: ignore[no-untyped-def]
        for refusal in refusals:
            raise refusal
        return await run(work)

    monkeypatch.setattr(domain.database, "run", sometimes)
    await queued(domain)
    await worker().once()
    await _later(domain, clock, worker())
    assert len(aliyun.taken) == 1
    assert await states(domain) == ["sent"]
