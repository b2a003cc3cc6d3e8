"""SMS codes: six digits, a few tries, and budgets that asking again does not reset.

The numbers A01-A14 and B01-B03 are those of the abuse cases these tests stand for.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import Domain
from domain.verification import Limits, Proven, Refused, Sent, Verification, Wrong
from domain.verification.tables import ChallengeRow
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain

PHONE, OTHER_PHONE = "+8613800138000", "+8613900139000"
FLOW = "f_1"


class Texting:
    """The service as a flow uses it, each call in a transaction of its own."""

    def __init__(self, domain: Domain, clock: FakeClock) -> None:
        self.domain, self.clock = domain, clock
        self.service: Verification = domain.parts.verification

    async def send(self, phone: str = PHONE, subject: str = FLOW) -> Sent | Refused:
        async with self.domain.transaction() as session:
            return await self.service.send(session, purpose="register", phone=phone, subject=subject)

    async def sent(self, phone: str = PHONE, subject: str = FLOW) -> Sent:
        outcome = await self.send(phone, subject)
        assert isinstance(outcome, Sent), outcome
        return outcome

    async def check(
        self, sent: Sent, code: str | None = None, *, subject: str = FLOW, purpose: str = "register"
    ) -> Proven | Wrong:
        async with self.domain.transaction() as session:
            return await self.service.check(
                session,
                challenge_id=sent.challenge_id,
                purpose=purpose,
                subject=subject,
                code=code or sent.code,  # type: ignore[arg-type]
            )

    async def row(self, sent: Sent) -> ChallengeRow:
        async with self.domain.database.reading() as session:
            return await session.get_one(ChallengeRow, sent.challenge_id)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.fixture
def texting(domain: Domain, clock: FakeClock) -> Texting:
    return Texting(domain, clock)


async def test_the_right_code_proves_the_phone(texting: Texting) -> None:
    sent = await texting.sent()
    assert await texting.check(sent) == Proven(sent.challenge_id)


async def test_a_code_is_six_digits_and_keeps_its_leading_zeros(
    texting: Texting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A13"""
    monkeypatch.setattr(texting.domain.parts.chance, "below", lambda bound: 123 if bound == 1_000_000 else 0)
    sent = await texting.sent()
    assert sent.code == "000123"
    assert await texting.check(sent, "123") == Wrong(4)
    assert await texting.check(sent, "000123") == Proven(sent.challenge_id)


async def test_after_five_wrong_tries_even_the_right_code_is_refused(texting: Texting) -> None:
    """A01"""
    sent = await texting.sent()
    answers = [await texting.check(sent, other_than(sent.code)) for _ in range(5)]
    assert answers == [Wrong(4), Wrong(3), Wrong(2), Wrong(1), Wrong(0)]
    assert await texting.check(sent) == Wrong(0)


async def test_of_fifty_wrong_codes_at_once_at_most_five_are_compared(texting: Texting) -> None:
    """A02: guesses sent in parallel must not each read "no tries yet"."""
    sent = await texting.sent()
    start = asyncio.Barrier(51)

    async def guess(code: str) -> Proven | Wrong:
        await start.wait()
        return await texting.check(sent, code)

    wrong = other_than(sent.code)
    answers = await asyncio.gather(*(guess(wrong) for _ in range(50)), guess(sent.code))
    row = await texting.row(sent)
    assert row.tries <= 5
    assert sum(isinstance(answer, Wrong) and answer.tries_left > 0 for answer in answers) <= 4
    if row.closed == "spent":
        assert not any(isinstance(answer, Proven) for answer in answers)


async def test_of_eight_right_codes_at_once_exactly_one_succeeds(texting: Texting) -> None:
    """A03"""
    sent = await texting.sent()
    start = asyncio.Barrier(8)

    async def answer() -> Proven | Wrong:
        await start.wait()
        return await texting.check(sent)

    answers = await asyncio.gather(*(answer() for _ in range(8)))
    assert sum(isinstance(answer, Proven) for answer in answers) == 1


async def test_a_code_works_once(texting: Texting) -> None:
    """A07"""
    sent = await texting.sent()
    await texting.check(sent)
    assert await texting.check(sent) == Wrong(0)


async def test_asking_again_does_not_reset_the_failures_of_a_day(texting: Texting) -> None:
    """A04"""
    for _ in range(3):
        sent = await texting.sent()
        for _ in range(5):
            await texting.check(sent, other_than(sent.code))
        texting.clock.forward(hours=1)
    refused = await texting.send()
    assert isinstance(refused, Refused)
    assert refused.reason == "too_many"


async def test_other_flows_of_the_same_phone_share_the_failures_of_a_day(texting: Texting) -> None:
    for number in range(3):
        sent = await texting.sent(subject=f"f_{number}")
        for _ in range(5):
            await texting.check(sent, other_than(sent.code), subject=f"f_{number}")
        texting.clock.forward(hours=1)
    assert isinstance(await texting.send(subject="f_9"), Refused)


async def test_a_code_sent_before_the_failures_ran_out_does_not_work_afterwards(texting: Texting) -> None:
    rows = [await texting.sent(subject="f_a")]
    texting.clock.forward(minutes=2)
    rows.append(await texting.sent(subject="f_b"))
    texting.clock.forward(minutes=2)
    rows.append(await texting.sent(subject="f_c"))
    limits = Limits(failures_a_day=4)
    strict = Verification(texting.domain.parts.vault, texting.clock, texting.domain.parts.chance, limits)
    texting.service = strict
    for _ in range(4):
        await texting.check(rows[1], other_than(rows[1].code), subject="f_b")
    assert await texting.check(rows[2], subject="f_c") == Wrong(0)


async def test_the_tries_left_never_promise_more_than_the_day_allows(texting: Texting) -> None:
    texting.service = Verification(
        texting.domain.parts.vault, texting.clock, texting.domain.parts.chance, Limits(failures_a_day=7)
    )
    first = await texting.sent()
    for _ in range(5):
        await texting.check(first, other_than(first.code))
    texting.clock.forward(minutes=2)
    second = await texting.sent()
    assert await texting.check(second, other_than(second.code)) == Wrong(1)
    assert await texting.check(second, other_than(second.code)) == Wrong(0)
    assert await texting.check(second) == Wrong(0)


async def test_the_failures_of_a_day_are_forgotten_after_a_day(texting: Texting) -> None:
    for _ in range(3):
        sent = await texting.sent()
        for _ in range(5):
            await texting.check(sent, other_than(sent.code))
        texting.clock.forward(hours=1)
    texting.clock.forward(hours=24)
    sent = await texting.sent()
    assert isinstance(await texting.check(sent), Proven)


async def test_only_the_newest_code_is_alive(texting: Texting) -> None:
    """A05"""
    old = await texting.sent()
    texting.clock.forward(seconds=61)
    new = await texting.sent()
    assert await texting.check(old) == Wrong(0)
    assert isinstance(await texting.check(new), Proven)


async def test_a_refused_resend_leaves_the_code_alive(texting: Texting) -> None:
    sent = await texting.sent()
    texting.clock.forward(seconds=5)
    assert isinstance(await texting.send(), Refused)
    assert isinstance(await texting.check(sent), Proven)


@pytest.mark.parametrize(
    ("age", "works"), [(0, True), (299, True), (299.999, True), (300, False), (301, False), (86_400, False)]
)
async def test_a_code_works_until_just_before_it_expires(texting: Texting, age: float, works: bool) -> None:
    """A06"""
    sent = await texting.sent()
    texting.clock.forward(seconds=age)
    assert isinstance(await texting.check(sent), Proven) is works


async def test_a_code_of_another_purpose_is_invalid_and_costs_nothing_there(texting: Texting) -> None:
    """A08"""
    sent = await texting.sent()
    assert await texting.check(sent, purpose="reset_password") == Wrong(0)
    assert (await texting.row(sent)).tries == 0
    assert isinstance(await texting.check(sent), Proven)


async def test_a_code_typed_in_another_flow_is_invalid_and_costs_nothing_here(texting: Texting) -> None:
    """A09, A11: whoever reads the SMS elsewhere cannot use it, nor burn it."""
    sent = await texting.sent()
    assert await texting.check(sent, subject="f_2") == Wrong(0)
    assert (await texting.row(sent)).tries == 0
    assert isinstance(await texting.check(sent), Proven)


async def test_a_code_does_not_fit_the_challenge_of_another_phone(texting: Texting) -> None:
    sent, other = await texting.sent(), await texting.sent(OTHER_PHONE)
    if sent.code != other.code:
        assert isinstance(await texting.check(other, sent.code), Wrong)
    async with texting.domain.transaction() as session:
        row, moved = (
            await session.get_one(ChallengeRow, sent.challenge_id),
            await session.get_one(ChallengeRow, other.challenge_id),
        )
        moved.digest = row.digest
    assert isinstance(await texting.check(other, sent.code), Wrong)


async def test_a_voided_code_is_dead(texting: Texting) -> None:
    """A10"""
    sent = await texting.sent()
    async with texting.domain.transaction() as session:
        await texting.service.void(session, sent.challenge_id)
    assert await texting.check(sent) == Wrong(0)


async def test_an_unknown_challenge_is_simply_wrong(texting: Texting) -> None:
    await texting.sent()
    unknown = Sent("v_unknown", "123456", timedelta(), timedelta())
    assert await texting.check(unknown) == Wrong(0)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "abcdef", "' OR 1=1", "🙂" * 100, "\0" * 6])
async def test_any_text_is_compared_without_a_fall(texting: Texting, code: str) -> None:
    sent = await texting.sent()
    assert isinstance(await texting.check(sent, code or " "), Wrong)


async def test_the_code_stands_nowhere_in_the_challenge(texting: Texting) -> None:
    sent = await texting.sent()
    row = await texting.row(sent)
    stored = b"|".join(
        v if isinstance(v, bytes) else str(v).encode() for v in (row.digest, row.phone_index, row.id, row.subject)
    )
    assert sent.code.encode() not in stored
    assert b"13800138000" not in stored


# --- how often -----------------------------------------------------------------------------------


async def test_the_wait_between_codes_grows(texting: Texting) -> None:
    """B01, B02"""
    texting.service = Verification(
        texting.domain.parts.vault, texting.clock, texting.domain.parts.chance, Limits(a_hour=99, a_day=99)
    )
    for wait in (60, 120, 300, 600, 1800, 1800):
        sent = await texting.sent()
        assert sent.resend_after == timedelta(seconds=wait)
        texting.clock.forward(seconds=wait - 1)
        assert await texting.send() == Refused("too_soon", timedelta(seconds=1))
        texting.clock.forward(seconds=1)


async def test_the_wait_is_kept_by_the_phone_whoever_asks(texting: Texting) -> None:
    await texting.sent()
    assert isinstance(await texting.send(subject="f_2"), Refused)
    assert isinstance(await texting.send(OTHER_PHONE, subject="f_2"), Sent)


async def test_no_more_than_five_codes_an_hour_and_ten_a_day(texting: Texting) -> None:
    texting.service = Verification(
        texting.domain.parts.vault, texting.clock, texting.domain.parts.chance, Limits(resend_after=(60,))
    )
    for number in range(10):
        if number == 5:
            refused = await texting.send()
            assert isinstance(refused, Refused) and refused.reason == "too_many"
            texting.clock.forward(hours=1)
        await texting.sent()
        texting.clock.forward(minutes=1)
    texting.clock.forward(hours=2)
    refused = await texting.send()
    assert isinstance(refused, Refused) and refused.reason == "too_many"
    texting.clock.forward(hours=21, minutes=55)
    assert isinstance(await texting.send(), Sent)


async def test_two_requests_at_once_send_one_code(texting: Texting) -> None:
    outcomes = await asyncio.gather(*(texting.send(subject=f"f_{n}") for n in range(6)))
    assert sum(isinstance(outcome, Sent) for outcome in outcomes) == 1


async def test_one_flow_tries_at_most_three_phones_a_day(texting: Texting) -> None:
    """B03"""
    phones = [f"+861380013800{n}" for n in range(4)]
    for phone in phones[:3]:
        await texting.sent(phone)
    refused = await texting.send(phones[3])
    assert isinstance(refused, Refused) and refused.reason == "too_many_phones"
    texting.clock.forward(minutes=2)
    assert isinstance(await texting.send(phones[0]), Sent)
    texting.clock.forward(hours=24)
    assert isinstance(await texting.send(phones[3]), Sent)


async def test_a_refusal_stores_nothing(texting: Texting) -> None:
    await texting.sent()
    await texting.send()
    async with texting.domain.database.reading() as session:
        assert len(list(await session.scalars(select(ChallengeRow.id)))) == 1


async def test_a_clock_that_jumps_back_brings_no_code_back_to_life(texting: Texting) -> None:
    """H07"""
    sent = await texting.sent()
    await texting.check(sent)
    texting.clock.forward(hours=-1)
    assert await texting.check(sent) == Wrong(0)


async def test_codes_survive_a_restart_and_a_newer_code_key(place: Place) -> None:
    """H10"""
    from tests.domain.vault.test_vault import _rotated

    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        sent = await Texting(before, clock).sent()
    async with open_domain(place, clock=clock, keys=_rotated("codes"), seed="after") as after:
        assert isinstance(await Texting(after, clock).check(sent), Proven)


async def test_a_newer_index_key_does_not_reset_what_a_phone_has_used_up(place: Place) -> None:
    from tests.domain.vault.test_vault import _rotated

    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        await Texting(before, clock).sent()
    async with open_domain(place, clock=clock, keys=_rotated("index"), seed="after") as after:
        assert isinstance(await Texting(after, clock).send(subject="f_2"), Refused)
