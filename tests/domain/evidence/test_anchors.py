"""The newest rows of every chain are stamped once a day; what is stamped is kept, what is not goes on waiting."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from domain import Domain
from domain.evidence import Verdict, verify
from domain.evidence.anchors import Anchored, Anchors, Claim
from domain.evidence.stamps import Authority, BadStamp
from domain.evidence.tables import AnchorRow
from tests.domain.evidence.chains import PLATFORM, append_questions, take_triggers_off
from tests.fakes.authority import Tsa, asked_in
from tests.support.ambient import START, FakeClock, SeededChance
from tests.support.databases import Place

Read = Callable[[], Awaitable[Anchored]]


class Stamping:
    """One domain, and an authority whose answers the test makes itself."""

    def __init__(self, domain: Domain, clock: FakeClock, names: tuple[str, ...] = ("one",)) -> None:
        self.domain, self.clock = domain, clock
        self.tsas = {name: Tsa(name=name) for name in names}
        self.authorities = [Authority(name, tsa.roots) for name, tsa in self.tsas.items()]
        self.anchors = Anchors(clock, SeededChance("nonces"), self.authorities)

    async def plan(self) -> int:
        return await self.domain.database.run(self.anchors.plan)

    async def claim(self) -> list[Claim]:
        return await self.domain.database.run(self.anchors.claim)

    async def answer(self, claim: Claim) -> None:
        imprint, nonce = asked_in(claim.request)
        async with self.domain.transaction() as session:
            await self.anchors.keep(session, claim, self.tsas[claim.authority].answer(imprint, nonce, self.clock.now()))

    async def stamps_all(self) -> int:
        await self.plan()
        claims = await self.claim()
        for claim in claims:
            await self.answer(claim)
        return len(claims)

    async def verdict(self) -> Verdict:
        keys = self.domain.parts.vault.keyring.public_keys()
        async with self.domain.database.reading() as session:
            return await verify(session, keys, self.domain.evidence.heads.last(), self.authorities)


@pytest.fixture
async def stamping(domain: Domain, clock: FakeClock) -> Stamping:
    await append_questions(domain, 4)
    return Stamping(domain, clock)


async def test_every_chain_is_stamped_and_its_stamps_hold(stamping: Stamping) -> None:
    platforms = len(list(stamping.domain.platforms))
    assert await stamping.stamps_all() == platforms
    verdict = await stamping.verdict()
    assert verdict.ok
    assert verdict.anchored is not None
    assert (verdict.anchored.stamped, verdict.anchored.newest) == ({"one": platforms}, {"one": START})
    assert verdict.anchored.waiting == []


async def test_a_day_later_only_what_is_new_is_stamped(stamping: Stamping) -> None:
    await stamping.stamps_all()
    await append_questions(stamping.domain, 2)
    stamping.clock.forward(hours=23)
    assert await stamping.stamps_all() == 0
    stamping.clock.forward(hours=1)
    assert await stamping.stamps_all() == 1
    async with stamping.domain.database.reading() as session:
        rows = await session.scalars(
            select(AnchorRow).where(AnchorRow.platform_id == PLATFORM).order_by(AnchorRow.to_seq)
        )
        assert [(row.from_seq, row.to_seq) for row in rows] == [(1, 5), (6, 7)]
    stamping.clock.forward(days=3)
    assert await stamping.stamps_all() == 0


async def test_without_an_authority_nothing_is_planned(sqlite_domain: Domain, clock: FakeClock) -> None:
    stamping = Stamping(sqlite_domain, clock, ())
    assert (await stamping.plan(), await stamping.claim()) == (0, [])


async def test_two_authorities_stamp_the_same_rows(sqlite_domain: Domain, clock: FakeClock) -> None:
    stamping = Stamping(sqlite_domain, clock, ("one", "two"))
    platforms = len(list(sqlite_domain.platforms))
    assert await stamping.stamps_all() == 2 * platforms
    verdict = await stamping.verdict()
    assert verdict.anchored is not None and verdict.anchored.stamped == {"one": platforms, "two": platforms}


async def test_what_failed_waits_longer_every_time_and_never_gets_our_own_time(stamping: Stamping) -> None:
    await stamping.plan()
    waits = []
    for _ in range(10):
        claim = next(each for each in await stamping.claim() if each.platform_id == PLATFORM)
        async with stamping.domain.transaction() as session:
            await stamping.anchors.failed(session, claim, "it did not answer in time")
        minutes = 0
        while not any(each.platform_id == PLATFORM for each in await _due(stamping)):
            stamping.clock.forward(minutes=5)
            minutes += 5
        waits.append(minutes)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360, 360]
    async with stamping.domain.database.reading() as session:
        row = (await session.scalars(select(AnchorRow).where(AnchorRow.platform_id == PLATFORM))).one()
    assert (row.state, row.stamped_at, row.token, row.tries) == ("waiting", None, None, 10)
    verdict = await stamping.verdict()
    assert verdict.ok and verdict.anchored is not None
    late = next(each for each in verdict.anchored.waiting if each.platform == PLATFORM)
    assert (late.tries, late.trouble) == (10, "it did not answer in time")


async def _due(stamping: Stamping) -> list[Claim]:
    """What would be claimed now; nothing is."""
    found: list[Claim] = []
    with pytest.raises(RuntimeError):
        async with stamping.domain.transaction() as session:
            found = await stamping.anchors.claim(session)
            raise RuntimeError
    return found


async def test_two_processes_do_not_ask_for_one_stamp(stamping: Stamping) -> None:
    await stamping.plan()
    assert len(await stamping.claim()) == len(list(stamping.domain.platforms))
    assert await stamping.claim() == []


async def test_an_answer_to_an_earlier_try_is_no_answer(stamping: Stamping) -> None:
    await stamping.plan()
    first = (await stamping.claim())[0]
    stamping.clock.forward(minutes=5)
    second = next(each for each in await stamping.claim() if each.platform_id == first.platform_id)
    old = stamping.tsas["one"].answer(*asked_in(first.request), START)
    with pytest.raises(BadStamp, match="nonce"):
        async with stamping.domain.transaction() as session:
            await stamping.anchors.keep(session, second, old)
    assert (await stamping.verdict()).ok


@pytest.mark.parametrize(
    "statement",
    ["UPDATE anchors SET token = NULL", "UPDATE anchors SET stamped_at = planned_at", "DELETE FROM anchors"],
)
async def test_the_database_refuses_to_change_a_stamp_and_lets_go_of_none(stamping: Stamping, statement: str) -> None:
    await stamping.stamps_all()
    with pytest.raises(DBAPIError, match="never changed"):
        async with stamping.domain.transaction() as session:
            await session.execute(text(statement))
    assert (await stamping.verdict()).ok


async def test_the_database_refuses_to_empty_the_stamps_and_the_receipts(domain: Domain, place: Place) -> None:
    if place.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    for table in ("anchors", "receipts"):
        with pytest.raises(DBAPIError, match="never changed"):
            async with domain.transaction() as session:
                await session.execute(text(f"TRUNCATE {table}"))


async def _after(stamping: Stamping, *statements: str) -> Verdict:
    async with stamping.domain.transaction() as session:
        await take_triggers_off(session)
        for statement in statements:
            await session.execute(text(statement))
    return await stamping.verdict()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE anchors SET statement = replace(statement, 'head', 'had')", "not what was stamped"),
        ("UPDATE anchors SET token = NULL", "the time stamp does not hold"),
        ("UPDATE anchors SET nonce = '0000000000000001'", "the time stamp does not hold"),
        ("UPDATE anchors SET from_seq = 2, to_seq = 6", "not what was stamped"),
    ],
)
async def test_a_stamp_that_was_changed_by_the_databases_owner_is_noticed(
    stamping: Stamping, statement: str, reason: str
) -> None:
    await stamping.stamps_all()
    verdict = await _after(stamping, f"{statement} WHERE platform_id = '{PLATFORM}'")
    assert verdict.first_bad is not None
    assert (verdict.first_bad.platform, verdict.first_bad.reason) == (PLATFORM, reason)


async def test_another_time_beside_the_stamp_is_noticed(sqlite_domain: Domain, clock: FakeClock) -> None:
    stamping = Stamping(sqlite_domain, clock)
    await stamping.stamps_all()
    verdict = await _after(stamping, "UPDATE anchors SET stamped_at = '2020-01-01 00:00:00.000000'")
    assert verdict.first_bad is not None
    assert verdict.first_bad.reason == "the time stamp does not hold"


async def test_a_history_written_anew_with_the_services_own_keys_does_not_fit_the_stamp(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """Whoever has the database and the key file can sign anything, but cannot go back in an authority's time."""
    stamping = Stamping(sqlite_domain, clock)
    await append_questions(sqlite_domain, 3)
    await stamping.stamps_all()
    sqlite_domain.evidence.heads.path.unlink()
    async with sqlite_domain.transaction() as session:
        await take_triggers_off(session)
        for table in ("ledger", "ledger_heads"):
            await session.execute(text(f"DELETE FROM {table} WHERE platform_id = '{PLATFORM}'"))
    await append_questions(sqlite_domain, 4)
    verdict = await stamping.verdict()
    assert verdict.first_bad is not None
    assert (verdict.first_bad.platform, verdict.first_bad.seq) == (PLATFORM, 1)
    assert verdict.first_bad.reason == "not what was stamped"


async def test_a_stamp_of_an_authority_the_operator_does_not_trust_does_not_hold(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """The root kept beside a stamp counts for nothing where the settings name another."""
    stamping = Stamping(sqlite_domain, clock)
    await stamping.stamps_all()
    keys = sqlite_domain.parts.vault.keyring.public_keys()
    async with sqlite_domain.database.reading() as session:
        assert (await verify(session, keys, {})).ok
        stranger = Authority("one", Tsa().roots)
        verdict = await verify(session, keys, {}, [stranger])
    assert verdict.first_bad is not None
    assert verdict.first_bad.reason == "the time stamp does not hold"


async def test_what_is_stamped_is_the_hash_of_the_statement(stamping: Stamping) -> None:
    await stamping.plan()
    claim = next(each for each in await stamping.claim() if each.platform_id == PLATFORM)
    async with stamping.domain.database.reading() as session:
        row = await session.get_one(AnchorRow, (PLATFORM, claim.to_seq, "one"))
    assert claim.imprint == hashlib.sha256(row.statement.encode()).digest()
    assert timedelta(0) <= row.not_before - stamping.clock.now() <= timedelta(minutes=5)
