"""B01-B06: making the service send more SMS than it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain import Domain
from domain.identifiers.phones import parse_phone
from domain.identifiers.problems import Refused as Unreadable
from domain.verification import Purpose, Refused, Sent
from tests.domain.verification.texting import OTHER_PHONE, Texting, phone_number
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain


@pytest.fixture
async def other_process(domain: Domain, place: Place, clock: FakeClock) -> AsyncIterator[Texting]:
    """A second process of the product on the same database, with connections of its own."""
    async with open_domain(place, clock=clock, seed="other process") as other:
        yield Texting(other, clock)


def sent_among(outcomes: list[Sent | Refused]) -> int:
    return sum(isinstance(outcome, Sent) for outcome in outcomes)


@pytest.mark.parametrize("age", [0, 1, 59, 59.999])
async def test_asking_twice_within_a_minute_sends_once_and_says_how_long_to_wait(texting: Texting, age: float) -> None:
    """B01"""
    await texting.sent()
    texting.clock.forward(seconds=age)
    assert await texting.send() == Refused("too_soon", timedelta(seconds=60) - timedelta(seconds=age))


async def test_asking_twenty_times_at_once_sends_once(texting: Texting, other_process: Texting) -> None:
    """B01: from many people, in two processes."""
    outcomes = await asyncio.gather(
        *((texting if n % 2 else other_process).send(subject=f"f_{n}", person=f"c_{n}") for n in range(20))
    )
    assert sent_among(outcomes) == 1


async def test_whoever_else_asks_the_phone_keeps_its_wait(texting: Texting) -> None:
    """B01"""
    await texting.sent()
    assert isinstance(await texting.send(subject="f_2", person="c_2"), Refused)
    assert isinstance(await texting.send(OTHER_PHONE, subject="f_2", person="c_2"), Sent)


async def test_asking_again_and_again_takes_longer_and_longer(texting: Texting) -> None:
    """B02"""
    texting.limited(a_hour=99, a_day=99)
    for wait in (60, 120, 300, 600, 1800, 1800):
        sent = await texting.sent()
        assert sent.resend_after == timedelta(seconds=wait)
        texting.clock.forward(seconds=wait - 1)
        assert await texting.send() == Refused("too_soon", timedelta(seconds=1))
        texting.clock.forward(seconds=1)


async def test_one_phone_gets_five_codes_an_hour_and_ten_a_day_for_whatever_purpose(texting: Texting) -> None:
    """B02"""
    texting.limited(resend_after=(60,))
    purposes: tuple[Purpose, ...] = ("register", "reset_password", "complaint", "change", "guardian")
    for number in range(10):
        if number == 5:
            assert await texting.send(person="c_9") == Refused("too_many", timedelta(minutes=55))
            texting.clock.forward(minutes=55)
        await texting.sent(purpose=purposes[number % 5], person=f"c_{number}")
        texting.clock.forward(minutes=1)
    texting.clock.forward(hours=2)
    refused = await texting.send(person="c_10")
    assert isinstance(refused, Refused) and refused.reason == "too_many"
    texting.clock.forward(seconds=refused.wait.total_seconds())
    assert isinstance(await texting.send(person="c_10"), Sent)


async def test_one_person_who_cycles_through_twenty_phones_stops_at_three(texting: Texting) -> None:
    """B03"""
    outcomes = [await texting.send(phone_number(n), f"f_{n}") for n in range(20)]
    assert sent_among(outcomes) == 3
    assert outcomes[-1] == Refused("too_many_phones", timedelta(days=1))
    texting.clock.forward(minutes=2)
    assert isinstance(await texting.send(phone_number(0)), Sent)
    texting.clock.forward(hours=24)
    assert isinstance(await texting.send(phone_number(9)), Sent)


async def test_one_person_who_tries_twenty_phones_at_once_stops_at_three(
    texting: Texting, other_process: Texting
) -> None:
    """B03"""
    outcomes = await asyncio.gather(
        *((texting if n % 2 else other_process).send(phone_number(n), f"f_{n}") for n in range(20))
    )
    assert sent_among(outcomes) == 3


async def test_one_person_gets_ten_codes_a_day_over_all_their_phones(texting: Texting) -> None:
    """B03"""
    outcomes = []
    for round in range(4):
        for number in range(3):
            outcomes.append(await texting.send(phone_number(number)))
        texting.clock.forward(minutes=30 * (round + 1))
    assert sent_among(outcomes) == 10
    assert isinstance(outcomes[-1], Refused) and outcomes[-1].reason == "too_many"


async def test_numbers_counted_through_in_order_from_many_chats_open_the_breaker_of_their_prefix(
    texting: Texting,
) -> None:
    """B04"""
    outcomes = [await texting.send(f"+86138000000{n:02d}", f"f_{n}", person=f"c_{n}") for n in range(1, 51)]
    assert sent_among(outcomes) == 30
    assert outcomes[-1] == Refused("service_paused", timedelta(minutes=10))
    assert [alarm.kind for alarm in await texting.alarms()] == ["prefix"]
    assert isinstance(await texting.send(OTHER_PHONE, person="c_99"), Sent)


async def test_counting_them_through_all_at_once_brings_no_more(texting: Texting, other_process: Texting) -> None:
    """B04"""
    outcomes = await asyncio.gather(
        *(
            (texting if n % 2 else other_process).send(f"+86138000000{n:02d}", f"f_{n}", person=f"c_{n}")
            for n in range(50)
        )
    )
    assert sent_among(outcomes) == 30


async def test_codes_pumped_to_phones_where_nobody_reads_them_pause_the_service(
    texting: Texting, other_process: Texting
) -> None:
    """B05: then one goes through a minute, also when two processes are asked at once, and the operator hears of it."""
    for number in range(50):
        sent = await texting.sent(phone_number(number), f"f_{number}", person=f"c_{number}")
        if number < 9:
            await texting.check(sent, subject=f"f_{number}", person=f"c_{number}")
    texting.clock.forward(minutes=6)
    for minute in range(2):
        outcomes = await asyncio.gather(
            *(
                (texting if n % 2 else other_process).send(
                    phone_number(100 * (minute + 1) + n), f"f_x{n}", person=f"c_{minute}_{n}"
                )
                for n in range(10)
            )
        )
        assert sent_among(outcomes) == 1
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, Refused)} == {"service_paused"}
        texting.clock.forward(minutes=1)
    assert [alarm.kind for alarm in await texting.alarms()] == ["conversion"]


@pytest.mark.parametrize(
    "typed",
    ["+1 202 555 0123", "+2348031234567", "+852 5123 4567", "0044 7911 123456", "+85366123456", "+886912345678"],
)
def test_a_number_abroad_is_refused_before_a_code_is_made(typed: str) -> None:
    """B06"""
    assert isinstance(parse_phone(typed), Unreadable)
