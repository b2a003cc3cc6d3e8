"""What the operator hears is acted upon: each figure of an alarm is exact, and it ends when its cause does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import Domain
from domain.verification import Alarm, Sent
from tests.domain.verification.texting import Texting, phone_number
from tests.support.ambient import FakeClock


@pytest.fixture
def texting(sqlite_domain: Domain, clock: FakeClock) -> Texting:
    return Texting(sqlite_domain, clock)


async def _send(texting: Texting, number: int, *, typed: bool = False) -> None:
    """A code to a phone of its own prefix, for a person of their own."""
    sent = await texting.sent(phone_number(number), f"f_{number}", person=f"c_{number}")
    if typed:
        await texting.check(sent, subject=f"f_{number}", person=f"c_{number}")


async def _named(texting: Texting, name: str, phone: str | None = None) -> None:
    assert isinstance(await texting.send_to_account(("login_name", name), phone, person=f"c_{name}"), Sent)


async def test_an_hour_that_is_used_up_is_told_with_its_last_send_until_it_is_over(texting: Texting) -> None:
    texting.limited(all_an_hour=3)
    for number in range(2):
        await _send(texting, number)
        texting.clock.forward(minutes=1)
    assert await texting.alarms() == []
    await _send(texting, 2)
    last = texting.clock.now()
    assert await texting.alarms() == [Alarm("hourly", {"sends": "3"}, last)]
    texting.clock.forward(minutes=57, seconds=59)
    assert await texting.alarms() == [Alarm("hourly", {"sends": "3"}, last)]
    texting.clock.forward(seconds=1)
    assert await texting.alarms() == []


async def test_of_a_used_up_hour_what_lies_in_the_future_is_not_the_last_send(texting: Texting) -> None:
    texting.limited(all_an_hour=2)
    await _send(texting, 0)
    first = texting.clock.now()
    texting.clock.forward(minutes=5)
    await _send(texting, 1)
    ahead = texting.clock.now()
    texting.clock.forward(minutes=-2)
    now = texting.clock.now()
    assert await texting.alarms() == [
        Alarm("hourly", {"sends": "2"}, first),
        Alarm("clock", {"challenges": "1", "latest": ahead.isoformat()}, now),
    ]


async def test_a_clock_that_stepped_back_is_told_with_what_lies_ahead_and_until_when(texting: Texting) -> None:
    await _send(texting, 0)
    texting.clock.forward(minutes=1)
    await _send(texting, 1)
    texting.clock.forward(minutes=1)
    await _send(texting, 2)
    latest = texting.clock.now()
    assert await texting.alarms() == []
    texting.clock.forward(seconds=-90)
    now = texting.clock.now()
    assert await texting.alarms() == [Alarm("clock", {"challenges": "2", "latest": latest.isoformat()}, now)]
    texting.clock.set(latest)
    assert await texting.alarms() == []


async def test_a_prefix_is_told_by_the_beginning_of_its_index_until_its_window_is_over(texting: Texting) -> None:
    texting.limited(prefix_sends=3)
    for number in range(3):
        await texting.sent(f"+861380013800{number}", person=f"c_{number}")
        texting.clock.forward(seconds=10)
    newest = texting.clock.now() - timedelta(seconds=10)
    index = texting.domain.parts.vault.blind("phone_prefix", "+861380013").hex()[:12]
    told = [Alarm("prefix", {"sends": "3", "index": index}, newest)]
    assert await texting.alarms() == told
    texting.clock.forward(seconds=569)
    assert await texting.alarms() == told
    texting.clock.forward(seconds=1)
    assert await texting.alarms() == []


async def test_two_prefixes_are_two_alarms_and_a_prefix_behind_names_is_one(texting: Texting) -> None:
    texting.limited(prefix_sends=2)
    for number in range(2):
        await texting.sent(f"+861380013800{number}", person=f"c_{number}")
        await _named(texting, f"wf_{number}", f"+861390013900{number}")
    blind = texting.domain.parts.vault.blind
    told = {blind("phone_prefix", prefix).hex()[:12] for prefix in ("+861380013", "+861390013")}
    assert {alarm.detail["index"] for alarm in await texting.alarms()} == told


async def test_names_without_a_phone_have_no_prefix_to_be_told(texting: Texting) -> None:
    texting.limited(prefix_sends=2)
    for number in range(4):
        await _named(texting, f"nobody_{number}")
    assert await texting.alarms() == []


@pytest.mark.parametrize(
    ("typed", "percent", "since"),
    [
        ([True, True, False], "66", 2),
        ([False, True, True, False], "66", 2),
        ([True, True, True, False], "66", 3),
        ([True, True, True, False, False], "33", 3),
        ([True, False, False, False], "0", 2),
        ([True, True, True, False, False, False], "0", 3),
        ([False, False, False], "0", 2),
    ],
)
async def test_a_bad_conversion_is_told_with_its_newest_share_and_the_moment_it_fell(
    texting: Texting, typed: list[bool], percent: str, since: int
) -> None:
    """Two of three are 66.7 percent, just below 67."""
    texting.limited(conversion_sends=3, conversion_percent=0)
    over = []
    for number, each in enumerate(typed):
        await _send(texting, number, typed=each)
        over.append(texting.clock.now() + timedelta(minutes=5))
        texting.clock.forward(minutes=1)
    texting.clock.forward(minutes=6)
    texting.limited(conversion_sends=3, conversion_percent=67)
    assert await texting.alarms() == [Alarm("conversion", {"percent": percent, "sends": "3"}, over[since])]


@pytest.mark.parametrize("typed", [[True, True, True], [False, True, True, True], [True, False], []])
async def test_a_good_conversion_or_too_few_codes_are_not_told(texting: Texting, typed: list[bool]) -> None:
    texting.limited(conversion_sends=3, conversion_percent=67)
    for number, each in enumerate(typed):
        await _send(texting, number, typed=each)
    texting.clock.forward(minutes=6)
    assert await texting.alarms() == []


async def test_codes_of_yesterday_say_nothing_about_conversion(texting: Texting) -> None:
    texting.limited(conversion_sends=3)
    for number in range(3):
        await _send(texting, number)
    texting.clock.forward(days=1, seconds=-1)
    assert [alarm.kind for alarm in await texting.alarms()] == ["conversion"]
    texting.clock.forward(seconds=1)
    assert await texting.alarms() == []


async def test_a_code_that_is_over_this_moment_counts_and_one_that_is_not_does_not(texting: Texting) -> None:
    texting.limited(conversion_sends=3)
    for number in range(3):
        await _send(texting, number)
    texting.clock.forward(seconds=299)
    assert await texting.alarms() == []
    texting.clock.forward(seconds=1)
    assert [alarm.kind for alarm in await texting.alarms()] == ["conversion"]
