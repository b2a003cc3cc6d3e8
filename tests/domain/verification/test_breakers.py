"""The breakers of the whole service, and what the operator hears of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.verification import Refused, Sent
from tests.domain.verification.texting import Texting, phone_number


async def _send(texting: Texting, number: int) -> Sent | Refused:
    """From another person and to another prefix each time."""
    return await texting.send(phone_number(number), f"f_{number}", person=f"c_{number}")


async def _talk(texting: Texting, first: int, sends: int, proven: int) -> None:
    """So many codes, of which so many are typed in; afterwards all of them are over."""
    for number in range(first, first + sends):
        sent = await _send(texting, number)
        assert isinstance(sent, Sent), sent
        if number < first + proven:
            await texting.check(sent, subject=f"f_{number}", person=f"c_{number}")
    texting.clock.forward(minutes=6)


@pytest.mark.parametrize(("proven", "open"), [(9, True), (10, False)])
async def test_the_service_pauses_when_fewer_than_a_fifth_of_the_codes_are_typed_in(
    texting: Texting, proven: int, open: bool
) -> None:
    await _talk(texting, 0, 50, proven)
    first = await _send(texting, 100)
    second = await _send(texting, 101)
    assert isinstance(first, Sent)  # half open
    assert (second == Refused("service_paused", timedelta(seconds=60))) is open


async def test_forty_nine_codes_tell_nothing(texting: Texting) -> None:
    await _talk(texting, 0, 49, 0)
    assert all([isinstance(await _send(texting, 100 + n), Sent) for n in range(3)])
    assert await texting.alarms() == []


async def test_codes_that_can_still_be_typed_in_do_not_count(texting: Texting) -> None:
    for number in range(60):
        assert isinstance(await _send(texting, number), Sent)


async def test_half_open_lets_one_through_a_minute_and_closes_when_people_answer_again(texting: Texting) -> None:
    texting.limited(conversion_sends=10)
    await _talk(texting, 0, 10, 0)
    for number in range(100, 102):
        sent = await _send(texting, number)
        assert isinstance(sent, Sent)
        await texting.check(sent, subject=f"f_{number}", person=f"c_{number}")
        texting.clock.forward(seconds=59)
        assert await _send(texting, 200) == Refused("service_paused", timedelta(seconds=1))
        texting.clock.forward(seconds=1)
    assert [alarm.kind for alarm in await texting.alarms()] == ["conversion"]
    texting.clock.forward(minutes=5)
    assert await texting.alarms() == []
    assert all([isinstance(await _send(texting, 300 + n), Sent) for n in range(3)])


async def test_codes_that_were_never_sent_say_nothing_about_conversion(texting: Texting) -> None:
    """Otherwise anybody could pause the service by naming accounts that are not there."""
    texting.limited(conversion_sends=10)
    for number in range(20):
        named = ("login_name", f"nobody_{number}")
        assert isinstance(await texting.send_to_account(named, None, person=f"c_{number}"), Sent)
    texting.clock.forward(minutes=6)
    assert await texting.alarms() == []
    assert all([isinstance(await _send(texting, n), Sent) for n in range(3)])


async def test_the_operator_hears_what_is_open_and_since_when_but_no_number(texting: Texting) -> None:
    texting.limited(conversion_sends=10, prefix_sends=3)
    start = texting.clock.now()
    await _talk(texting, 0, 10, 1)
    texting.clock.forward(hours=1)
    for number in range(3):
        sent = await texting.send(f"+861380013800{number}", person=f"c_p{number}")
        assert isinstance(sent, Sent)
        await texting.check(sent, person=f"c_p{number}")
        texting.clock.forward(minutes=1)
    alarms = {alarm.kind: alarm for alarm in await texting.alarms()}
    assert set(alarms) == {"conversion", "prefix"}
    assert alarms["conversion"].since == start + timedelta(minutes=5)
    assert alarms["conversion"].detail == {"percent": "10", "sends": "10"}
    assert alarms["prefix"].since == texting.clock.now() - timedelta(minutes=1)
    assert alarms["prefix"].detail["sends"] == "3"
    assert not any(digits in repr(alarms) for digits in ("1380013", "138001", "139000"))


async def test_a_prefix_that_rests_for_its_window_is_open_to_codes_again(texting: Texting) -> None:
    texting.limited(prefix_sends=3)
    for number in range(3):
        await texting.sent(f"+861380013800{number}", person=f"c_{number}")
    refused = await texting.send("+8613800138009", person="c_9")
    assert refused == Refused("service_paused", timedelta(seconds=600))
    texting.clock.forward(seconds=600)
    assert isinstance(await texting.send("+8613800138009", person="c_9"), Sent)
    assert await texting.alarms() == []


async def test_the_prefix_behind_a_login_name_is_protected_without_a_word(texting: Texting) -> None:
    texting.limited(prefix_sends=3)
    for number in range(3):
        await texting.sent(f"+861380013800{number}", person=f"c_{number}")
    behind = await texting.send_to_account(("login_name", "wf_1"), "+8613800138009", person="c_9")
    nobody = await texting.send_to_account(("login_name", "wf_2"), None, person="c_10")
    assert isinstance(behind, Sent) and isinstance(nobody, Sent)
    assert (behind.code, behind.resend_after) == (nobody.code, nobody.resend_after) == (None, timedelta(seconds=60))


async def test_the_whole_service_has_an_hour_that_can_be_used_up(texting: Texting) -> None:
    texting.limited(all_an_hour=3)
    for number in range(3):
        await _send(texting, number)
        texting.clock.forward(minutes=1)
    assert await _send(texting, 9) == Refused("too_many", timedelta(minutes=57))
    assert [alarm.kind for alarm in await texting.alarms()] == ["hourly"]
    texting.clock.forward(minutes=57)
    assert isinstance(await _send(texting, 9), Sent)
