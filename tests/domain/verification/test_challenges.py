"""SMS codes: six digits, a few tries, and budgets that asking again does not reset.

What attackers try is in tests/abuse.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from domain.verification import Limits, Proven, Refused, Sent, Wrong
from domain.verification.tables import ChallengeRow
from tests.domain.verification.texting import OTHER_PHONE, Texting, other_than, phone_number
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain


async def test_the_right_code_proves_the_phone(texting: Texting) -> None:
    sent = await texting.sent()
    assert await texting.check(sent) == Proven(sent.challenge_id)


async def test_a_wrong_code_leaves_the_right_one_working(texting: Texting) -> None:
    sent = await texting.sent()
    assert await texting.fail(sent, 4) == [Wrong(4), Wrong(3), Wrong(2), Wrong(1)]
    assert isinstance(await texting.check(sent), Proven)


async def test_other_flows_of_the_same_phone_share_the_failures_of_a_day(texting: Texting) -> None:
    for number in range(3):
        sent = await texting.sent(subject=f"f_{number}")
        await texting.fail(sent, 5, subject=f"f_{number}")
        texting.clock.forward(hours=1)
    assert isinstance(await texting.send(subject="f_9"), Refused)


async def test_another_purpose_has_failures_of_its_own(texting: Texting) -> None:
    for _ in range(3):
        await texting.fail(await texting.sent(), 5)
        texting.clock.forward(hours=1)
    assert isinstance(await texting.send(), Refused)
    sent = await texting.sent(purpose="complaint")
    assert isinstance(await texting.check(sent, purpose="complaint"), Proven)


async def test_a_code_sent_before_the_failures_ran_out_does_not_work_afterwards(texting: Texting) -> None:
    texting.limited(failures_a_day=4)
    sent = []
    for subject in ("f_a", "f_b"):
        sent.append(await texting.sent(subject=subject))
        texting.clock.forward(minutes=2)
    await texting.fail(sent[1], 4, subject="f_b")
    assert await texting.check(sent[0], subject="f_a") == Wrong(0)


async def test_the_tries_left_never_promise_more_than_the_day_allows(texting: Texting) -> None:
    texting.limited(failures_a_day=7)
    await texting.fail(await texting.sent(), 5)
    texting.clock.forward(minutes=2)
    second = await texting.sent()
    assert await texting.fail(second, 2) == [Wrong(1), Wrong(0)]
    assert await texting.check(second) == Wrong(0)


async def test_the_failures_of_a_day_are_forgotten_after_a_day(texting: Texting) -> None:
    for _ in range(3):
        await texting.fail(await texting.sent(), 5)
        texting.clock.forward(hours=1)
    texting.clock.forward(hours=24)
    assert isinstance(await texting.check(await texting.sent()), Proven)


async def test_a_refused_resend_leaves_the_code_alive(texting: Texting) -> None:
    sent = await texting.sent()
    texting.clock.forward(seconds=5)
    assert isinstance(await texting.send(), Refused)
    assert isinstance(await texting.check(sent), Proven)


async def test_the_codes_of_two_flows_live_side_by_side(texting: Texting) -> None:
    """Otherwise a stranger who asks for a code could put out the one I just got."""
    first = await texting.sent(subject="f_1")
    texting.clock.forward(seconds=61)
    second = await texting.sent(subject="f_2", person="c_2")
    assert isinstance(await texting.check(first, subject="f_1"), Proven)
    assert isinstance(await texting.check(second, subject="f_2", person="c_2"), Proven)


async def test_a_flow_can_prove_the_old_and_the_new_phone_side_by_side(texting: Texting) -> None:
    old = await texting.sent(purpose="change")
    new = await texting.sent(OTHER_PHONE, purpose="new_phone")
    assert isinstance(await texting.check(old, purpose="change"), Proven)
    assert isinstance(await texting.check(new, purpose="new_phone"), Proven)


async def test_the_code_stands_nowhere_in_the_challenge_nor_in_what_is_printed(texting: Texting) -> None:
    sent = await texting.sent()
    row = await texting.row(sent)
    stored = b"|".join(
        value if isinstance(value, bytes) else str(value).encode()
        for value in (getattr(row, column.key) for column in ChallengeRow.__table__.columns)
    )
    assert sent.code is not None
    assert sent.code.encode() not in stored
    assert b"8613800138000"[2:9] not in stored
    assert sent.code not in repr(sent)


async def test_a_refusal_stores_nothing(texting: Texting) -> None:
    await texting.sent()
    await texting.send()
    async with texting.domain.database.reading() as session:
        assert len(list(await session.scalars(select(ChallengeRow.id)))) == 1


@pytest.mark.parametrize("minutes", [1, 61, 23 * 60])
async def test_who_waits_as_long_as_told_gets_the_next_code(texting: Texting, minutes: int) -> None:
    texting.limited(resend_after=(60,), sends_a_day=99)
    for number in range(5):
        await texting.sent(subject=f"f_{number}")
        texting.clock.forward(minutes=minutes)
    for _ in range(12):
        outcome = await texting.send()
        if isinstance(outcome, Refused):
            texting.clock.forward(seconds=outcome.wait.total_seconds() - 0.001)
            assert isinstance(await texting.send(), Refused)
            texting.clock.forward(seconds=0.001)
            outcome = await texting.send()
        assert isinstance(outcome, Sent)


async def test_the_same_person_in_several_flows_has_one_budget(texting: Texting) -> None:
    for number in range(3):
        await texting.sent(phone_number(number), subject=f"f_{number}")
    refused = await texting.send(phone_number(3), subject="f_3")
    assert isinstance(refused, Refused) and refused.reason == "too_many_phones"
    assert isinstance(await texting.send(phone_number(3), subject="f_4", person="c_2"), Sent)


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_lifetime": 601},
        {"code_lifetime": 0},
        {"tries": 0},
        {"failures_a_day": 101},
        {"resend_after": ()},
        {"resend_after": (30,)},
        {"resend_after": (120, 60)},
        {"a_hour": 0},
        {"conversion_percent": 101},
    ],
)
def test_a_setting_that_would_open_the_door_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)


# --- keys ----------------------------------------------------------------------------------------


async def test_codes_survive_a_restart_and_a_newer_code_key(place: Place) -> None:
    """H10"""
    from tests.domain.vault.test_vault import _rotated

    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        sent = await Texting(before, clock).sent()
    async with open_domain(place, clock=clock, keys=_rotated("codes", "index"), seed="after") as after:
        texting = Texting(after, clock)
        assert await texting.check(sent, other_than(sent.code)) == Wrong(4)
        assert isinstance(await texting.check(sent), Proven)


async def test_a_newer_index_key_does_not_reset_what_a_phone_or_a_prefix_has_used_up(place: Place) -> None:
    from tests.domain.vault.test_vault import _rotated

    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        for number in range(2):
            await Texting(before, clock).sent(f"+861380013800{number}", person=f"c_{number}")
    async with open_domain(place, clock=clock, keys=_rotated("index"), seed="after") as after:
        texting = Texting(after, clock)
        texting.limited(prefix_sends=2)
        too_soon = await texting.send(subject="f_2", person="c_9")
        assert isinstance(too_soon, Refused) and too_soon.reason == "too_soon"
        paused = await texting.send("+8613800138009", person="c_9")
        assert isinstance(paused, Refused) and paused.reason == "service_paused"


async def test_how_long_the_next_code_takes_is_told_with_this_one(texting: Texting) -> None:
    sent = await texting.sent()
    assert (sent.lifetime, sent.resend_after) == (timedelta(minutes=5), timedelta(minutes=1))
