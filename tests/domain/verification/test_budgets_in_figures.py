"""The edges of the budgets: the last thing that is allowed, the first that is not, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import Domain
from domain.verification import Limits, Proven, Refused, Sent, Wrong
from domain.verification.budgets import Past, gap, longest, over_person, over_recipient
from tests.domain.verification.texting import OTHER_PHONE, PHONE, Texting, phone_number
from tests.support.ambient import START, FakeClock

LIMITS = Limits()
NAME, OTHER = b"name", b"other"


@pytest.fixture
def texting(sqlite_domain: Domain, clock: FakeClock) -> Texting:
    return Texting(sqlite_domain, clock)


def ago(*, named: bytes = NAME, tries: int = 0, purpose: str = "register", **span: float) -> Past:
    return Past(named, None, "c_1", purpose, START - timedelta(**span), tries)


# --- pure rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sends", "seconds"), [(0, 0), (1, 60), (2, 120), (3, 300), (4, 600), (5, 1800), (99, 1800)])
def test_the_wait_climbs_with_the_codes_of_a_day_and_stays_at_its_last_step(sends: int, seconds: int) -> None:
    assert gap(LIMITS, sends) == timedelta(seconds=seconds)


def test_whoever_was_sent_nothing_waits_for_nothing() -> None:
    assert over_recipient(LIMITS, [], "register", START) is None


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (59, 1), (60, None), (61, None)])
def test_a_second_code_waits_a_minute_from_the_first(seconds: int, wait: int | None) -> None:
    refused = over_recipient(LIMITS, [ago(seconds=seconds)], "register", START)
    assert refused == (None if wait is None else Refused("too_soon", timedelta(seconds=wait)))


def test_the_wait_runs_from_the_newest_code_in_whatever_order_they_come() -> None:
    past = [ago(seconds=10), ago(hours=5), ago(minutes=3)]
    assert over_recipient(LIMITS, past, "register", START) == Refused("too_soon", timedelta(seconds=290))


@pytest.mark.parametrize(("minutes", "wait"), [(59, 1), (60, None)])
def test_a_sixth_code_waits_until_the_first_of_five_is_an_hour_old(minutes: int, wait: int | None) -> None:
    past = [ago(minutes=minutes), *(ago(minutes=m) for m in (50, 45, 40, 35))]
    refused = over_recipient(LIMITS, past, "register", START)
    assert refused == (None if wait is None else Refused("too_many", timedelta(minutes=wait)))


@pytest.mark.parametrize(("hours", "wait"), [(23, 1), (24, None)])
def test_an_eleventh_code_waits_until_the_first_of_ten_is_a_day_old(hours: int, wait: int | None) -> None:
    past = [ago(hours=hours), *(ago(hours=h) for h in range(2, 11))]
    refused = over_recipient(LIMITS, past, "register", START)
    assert refused == (None if wait is None else Refused("too_many", timedelta(hours=wait)))


@pytest.mark.parametrize(
    ("tries", "purpose", "refused"),
    [
        ((5, 5, 5), "register", True),
        ((5, 5, 4), "register", False),
        ((15, 0, 0), "register", True),
        ((5, 5, 5), "cancel", False),
    ],
)
def test_fifteen_failures_in_a_day_for_one_purpose_are_the_most(
    tries: tuple[int, ...], purpose: str, refused: bool
) -> None:
    past = [ago(hours=hours, tries=t) for hours, t in zip((3, 5, 7), tries, strict=True)]
    found = over_recipient(LIMITS, past, purpose, START)
    assert (found is not None) is refused
    assert not refused or (found is not None and found.reason == "too_many")


def test_failures_wait_until_the_oldest_that_fills_the_budget_is_a_day_old() -> None:
    past = [ago(hours=20, tries=5), ago(hours=5, tries=5), ago(hours=2, tries=5)]
    assert over_recipient(LIMITS, past, "register", START) == Refused("too_many", timedelta(hours=4))


def test_who_waits_as_told_is_not_refused_again() -> None:
    past = [ago(seconds=30), *(ago(hours=h) for h in range(1, 10))]
    refused = over_recipient(LIMITS, past, "register", START)
    assert refused == Refused("too_many", timedelta(hours=15))
    assert over_recipient(LIMITS, past, "register", START + refused.wait) is None


def test_a_third_other_phone_is_the_last_of_a_day() -> None:
    past = [ago(named=bytes([n]), hours=n) for n in (1, 2, 3)]
    assert over_person(LIMITS, past[:2], [NAME], START) is None
    assert over_person(LIMITS, past, [NAME], START) == Refused("too_many_phones", timedelta(hours=21))
    assert over_person(LIMITS, past, [OTHER, bytes([2])], START) is None


def test_a_phone_counts_from_when_it_was_last_named() -> None:
    past = [ago(named=b"1", hours=1), ago(named=b"1", hours=20), ago(named=b"2", hours=5), ago(named=b"3", hours=6)]
    assert over_person(LIMITS, past, [NAME], START) == Refused("too_many_phones", timedelta(hours=18))


def test_ten_codes_are_the_most_for_one_person_even_to_one_phone() -> None:
    past = [ago(hours=h) for h in range(1, 11)]
    assert over_person(LIMITS, past[:9], [NAME], START) is None
    assert over_person(LIMITS, past, [NAME], START) == Refused("too_many", timedelta(hours=14))
    others = [ago(named=bytes([h % 3]), hours=h) for h in range(1, 11)]
    assert over_person(LIMITS, others, [NAME], START) == Refused("too_many_phones", timedelta(hours=21))


def test_the_longest_wait_is_told_and_one_that_is_over_is_none() -> None:
    short, long = Refused("too_soon", timedelta(seconds=1)), Refused("too_many", timedelta(seconds=2))
    assert longest(short, long) is longest(long, None, short) is long
    assert longest(Refused("too_soon", timedelta(0)), Refused("too_many", -timedelta(seconds=1)), None) is None
    assert longest() is None


# --- the service ----------------------------------------------------------------------------------------------


async def test_a_code_is_void_by_itself_and_only_while_nothing_became_of_it(texting: Texting) -> None:
    first, second = await texting.sent(), await texting.sent(OTHER_PHONE, "f_2", person="c_2")
    await texting.void(first)
    assert (await texting.row(first)).closed == "void"
    assert await texting.check(first) == Wrong(0)
    assert (await texting.row(second)).closed is None
    assert await texting.check(second, subject="f_2", person="c_2") == Proven(second.challenge_id)
    await texting.void(second)
    assert (await texting.row(second)).closed == "proven"


async def test_each_way_a_code_ends_has_its_name(texting: Texting) -> None:
    spent = await texting.sent(phone_number(1), "f_1")
    assert await texting.fail(spent, 5, subject="f_1") == [Wrong(left) for left in (4, 3, 2, 1, 0)]
    assert ((await texting.row(spent)).closed, (await texting.row(spent)).tries) == ("spent", 5)
    old = await texting.sent(phone_number(2), "f_2", person="c_2")
    texting.clock.forward(seconds=61)
    new = await texting.sent(phone_number(2), "f_2", person="c_2")
    assert (await texting.row(old)).closed == "superseded"
    texting.clock.forward(seconds=300)
    assert await texting.check(new, subject="f_2", person="c_2") == Wrong(0)
    assert (await texting.row(new)).closed == "expired"


async def test_with_one_failure_a_day_a_first_right_code_counts(texting: Texting) -> None:
    texting.limited(failures_a_day=1)
    sent = await texting.sent()
    assert await texting.check(sent) == Proven(sent.challenge_id)


async def test_what_was_asked_for_and_never_went_out_is_no_failure_of_the_phone(texting: Texting) -> None:
    texting.limited(failures_a_day=2)
    for n in (1, 2):
        assert isinstance(await texting.send_to_account(("login_name", "wf"), None, f"f_{n}", person=f"c_{n}"), Sent)
        texting.clock.forward(minutes=3)
    sent = await texting.send_to_account(("login_name", "wf"), PHONE)
    assert isinstance(sent, Sent)
    assert await texting.check(sent, purpose="reset_password") == Proven(sent.challenge_id)


@pytest.mark.parametrize(("short", "outcome"), [(1, False), (0, True)])
async def test_a_failure_is_forgotten_when_it_is_a_day_old(texting: Texting, short: int, outcome: bool) -> None:
    texting.limited(failures_a_day=1)
    assert await texting.fail(await texting.sent(), 1) == [Wrong(0)]
    texting.clock.forward(days=1, seconds=-short)
    again = await texting.send()
    assert isinstance(again, Sent) is outcome
    if isinstance(again, Sent):
        assert await texting.check(again) == Proven(again.challenge_id)


async def test_a_wrong_code_says_how_many_are_left_of_the_challenge_and_of_the_day(texting: Texting) -> None:
    texting.limited(failures_a_day=7)
    assert await texting.fail(await texting.sent(), 4) == [Wrong(left) for left in (4, 3, 2, 1)]
    texting.clock.forward(seconds=61)
    assert await texting.fail(await texting.sent(), 3) == [Wrong(2), Wrong(1), Wrong(0)]


async def test_failures_for_another_purpose_take_nothing_away(texting: Texting) -> None:
    texting.limited(failures_a_day=3)
    await texting.fail(await texting.sent(), 2)
    texting.clock.forward(seconds=61)
    other = await texting.sent(purpose="new_phone")
    assert await texting.fail(other, 1, purpose="new_phone") == [Wrong(2)]


async def test_a_code_says_how_long_it_works_and_when_the_next_may_be_asked_for(texting: Texting) -> None:
    first = await texting.sent()
    assert (first.lifetime, first.resend_after) == (timedelta(seconds=300), timedelta(seconds=60))
    texting.clock.forward(seconds=60)
    second = await texting.sent()
    assert second.resend_after == timedelta(seconds=120)
    row = await texting.row(second)
    assert (row.sent_at, row.expires_at, row.tries) == (texting.clock.now(), texting.clock.now() + second.lifetime, 0)
    assert (row.purpose, row.subject, row.conversation_id, row.channel) == ("register", "f_1", "c_1", "web")


# --- what a row keeps, and a clock that steps ------------------------------------------------------------------


@pytest.mark.parametrize("phone", [None, PHONE])
async def test_a_code_that_does_not_go_out_leaves_no_trace_of_a_phone(texting: Texting, phone: str | None) -> None:
    if phone is not None:  # this phone had its share: its code is withheld without a word
        await texting.sent(phone, "f_9", person="c_9", purpose="reset_password")
    sent = await texting.send_to_account(("login_name", "wf"), phone)
    assert isinstance(sent, Sent) and sent.code is None and sent.challenge_id.startswith("v_")
    row = await texting.row(sent)
    assert (row.phone_index, row.phone_prefix, row.named_prefix, row.closed) == (None, None, None, None)
    assert len(row.digest) == 32


async def test_a_newer_code_ends_the_older_ones_of_its_name_its_phone_and_its_purpose_alone(texting: Texting) -> None:
    withheld = await texting.send_to_account(("login_name", "nobody"), None)
    other_purpose = await texting.sent(PHONE, person="c_2", purpose="new_phone")
    assert isinstance(withheld, Sent)
    texting.clock.forward(seconds=61)
    assert isinstance(await texting.send_to_account(("login_name", "nobody"), None), Sent)
    assert (await texting.row(withheld)).closed == "superseded"
    await texting.sent(PHONE, person="c_2", purpose="register")
    assert await texting.check(other_purpose, person="c_2", purpose="new_phone") == Proven(other_purpose.challenge_id)


async def test_a_row_keeps_the_latest_moment_that_was_ever_known(texting: Texting) -> None:
    first = await texting.sent(phone_number(1), person="c_1")
    assert (await texting.row(first)).high_water == START
    texting.clock.forward(minutes=10)
    latest = texting.clock.now()
    assert await texting.alarms() == []  # looking is knowing
    texting.clock.forward(minutes=-5)
    second = await texting.sent(phone_number(2), person="c_2")
    assert (await texting.row(second)).high_water == latest
    texting.limited()  # another process: it knows what the rows know
    texting.clock.forward(minutes=-2)
    third = await texting.sent(phone_number(3), person="c_3")
    assert (await texting.row(third)).high_water == latest
    texting.limited()
    texting.clock.forward(minutes=30)
    fourth = await texting.sent(phone_number(4), person="c_4")
    assert (await texting.row(fourth)).high_water == texting.clock.now()


async def test_a_moment_that_was_only_looked_at_is_over_as_well(texting: Texting) -> None:
    sent = await texting.sent()
    texting.clock.forward(minutes=6)
    await texting.alarms()
    texting.clock.forward(minutes=-5)
    assert await texting.check(sent) == Wrong(0)
    assert (await texting.row(sent)).closed == "expired"


async def test_the_service_pauses_for_the_latest_codes_whatever_came_before(texting: Texting) -> None:
    texting.limited(conversion_sends=3, conversion_percent=67)
    for number in range(6):
        sent = await texting.sent(phone_number(number), f"f_{number}", person=f"c_{number}")
        if number < 3:
            await texting.check(sent, subject=f"f_{number}", person=f"c_{number}")
        texting.clock.forward(minutes=1)
    texting.clock.forward(minutes=6)
    assert isinstance(await texting.send(phone_number(7), person="c_7"), Sent)
    assert await texting.send(phone_number(8), person="c_8") == Refused("service_paused", timedelta(seconds=60))


# --- the provider's own limit ------------------------------------------------------------------------------------


async def test_a_phone_its_provider_refuses_waits_as_long_here(texting: Texting) -> None:
    """B08: counted here too, and said to whoever named the phone itself."""
    await texting.sent()
    await texting.bar(PHONE, hours=1)
    texting.clock.forward(minutes=20)
    assert await texting.send() == Refused("too_many", timedelta(minutes=40))
    other = await texting.send(phone_number(5), "f_5", person="c_5")
    assert isinstance(other, Sent)
    texting.clock.forward(minutes=40)
    assert isinstance(await texting.send(), Sent)


async def test_the_providers_limit_says_nothing_about_whose_phone_it_is(texting: Texting) -> None:
    """B08 and C01: who names an account gets the same answer, and no SMS goes out."""
    await texting.sent()
    await texting.bar(PHONE, hours=1)
    texting.clock.forward(minutes=20)
    known = await texting.send_to_account(("login_name", "wf"), PHONE)
    nobody = await texting.send_to_account(("login_name", "nobody"), None)
    assert isinstance(known, Sent) and isinstance(nobody, Sent)
    assert (known.code, known.lifetime, known.resend_after) == (None, nobody.lifetime, nobody.resend_after)


async def test_no_provider_bars_a_phone_for_more_than_a_day(texting: Texting) -> None:
    await texting.sent()
    await texting.bar(PHONE, hours=24 * 30)
    texting.clock.forward(hours=24)
    assert isinstance(await texting.send(), Sent)
