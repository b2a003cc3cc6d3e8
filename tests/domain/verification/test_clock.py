"""H07: a clock that steps back brings no code back to life and hands out no budget twice."""

from __future__ import annotations

import pytest

from domain.verification import Proven, Refused, Sent, Wrong
from tests.domain.verification.texting import OTHER_PHONE, PHONE, Texting
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain


async def test_a_used_code_stays_used(texting: Texting) -> None:
    sent = await texting.sent()
    await texting.check(sent)
    texting.clock.forward(hours=-1)
    assert await texting.check(sent) == Wrong(0)


@pytest.mark.parametrize("back", [30, 62 * 60 - 30, 62 * 60, 2 * 3600])
async def test_an_expired_code_stays_expired(texting: Texting, back: int) -> None:
    sent = await texting.sent()
    texting.clock.forward(minutes=62)
    await texting.sent(OTHER_PHONE, subject="f_2")
    texting.clock.forward(seconds=-back)
    assert await texting.check(sent) == Wrong(0)
    texting.clock.forward(seconds=back)
    assert await texting.check(sent) == Wrong(0)


async def test_an_expired_code_stays_expired_after_a_restart(place: Place) -> None:
    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        texting = Texting(before, clock)
        sent = await texting.sent()
        clock.forward(minutes=62)
        await texting.sent(OTHER_PHONE, subject="f_2")
    clock.forward(minutes=-60)
    async with open_domain(place, clock=clock, seed="after") as after:
        assert await Texting(after, clock).check(sent) == Wrong(0)


async def test_a_code_that_was_found_expired_once_is_dead_for_good(place: Place) -> None:
    clock = FakeClock()
    async with open_domain(place, clock=clock) as before:
        sent = await Texting(before, clock).sent()
        clock.forward(minutes=5)
        assert await Texting(before, clock).check(sent) == Wrong(0)
    clock.forward(minutes=-4)
    async with open_domain(place, clock=clock, seed="after") as after:
        assert await Texting(after, clock).check(sent) == Wrong(0)


async def test_a_code_of_the_future_does_not_live_until_the_clock_has_caught_up(texting: Texting) -> None:
    sent = await texting.sent()
    texting.clock.forward(hours=-1)
    assert await texting.check(sent) == Wrong(0)
    assert (await texting.row(sent)).tries == 0


async def test_codes_of_other_phones_go_on_working_after_the_step(texting: Texting) -> None:
    await texting.sent()
    texting.clock.forward(hours=-1)
    sent = await texting.sent(OTHER_PHONE, subject="f_2")
    texting.clock.forward(minutes=4)
    assert isinstance(await texting.check(sent, subject="f_2"), Proven)


async def test_a_step_back_does_not_shorten_the_wait(texting: Texting) -> None:
    await texting.sent()
    texting.clock.forward(hours=-1)
    refused = await texting.send()
    assert isinstance(refused, Refused) and refused.reason == "too_soon"
    texting.clock.forward(hours=1, minutes=1)
    assert isinstance(await texting.send(), Sent)


async def test_a_step_back_resets_neither_the_day_of_the_person_nor_the_failures(texting: Texting) -> None:
    phones = [PHONE, OTHER_PHONE, "+8613700137000"]
    for phone in phones:
        await texting.fail(await texting.sent(phone), 5)
    texting.clock.forward(days=-2)
    refused = await texting.send("+8613600136000")
    assert isinstance(refused, Refused) and refused.reason == "too_many_phones"
    assert isinstance(await texting.send(PHONE, person="c_2"), Refused)


async def test_the_operator_hears_that_the_clock_was_wrong(texting: Texting) -> None:
    await texting.sent()
    assert await texting.alarms() == []
    texting.clock.forward(hours=-1)
    (alarm,) = await texting.alarms()
    assert alarm.kind == "clock"
    assert alarm.detail["challenges"] == "1"
