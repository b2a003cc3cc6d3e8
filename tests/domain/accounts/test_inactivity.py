"""A reminder before an unused account may be taken back: once for each silence, where the platform feeds log-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain import Domain
from domain.accounts.inactivity import months_ago
from domain.platforms import Platforms
from tests.domain.selfservice.owners import PHONE, account_id, events, owner, words
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain, platforms
from tests.support.person import PASSWORD


def fed() -> Platforms:
    """The built-in platforms, and weigongbao tells who logged in."""
    loaded = []
    for platform in platforms():
        rules = platform.profile.account
        if rules.inactivity is not None:
            rules = rules.model_copy(update={"inactivity": rules.inactivity.model_copy(update={"fed": True})})
        loaded.append(replace(platform, profile=platform.profile.model_copy(update={"account": rules})))
    return Platforms(loaded)


@pytest.fixture
async def domain(place: Place, clock: FakeClock) -> AsyncIterator[Domain]:
    async with open_domain(place, clock=clock, platforms=fed()) as domain:
        yield domain


async def test_whoever_has_not_logged_in_for_five_months_of_six_is_reminded_once(
    domain: Domain, clock: FakeClock
) -> None:
    person = await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    await domain.accounts.seen(account, clock.now())
    clock.forward(days=150)  # 2026-07-30: six months before it, and a month on, is 2026-03-01
    assert await domain.accounts.remind_inactive() == 0
    clock.forward(days=4)
    assert await domain.accounts.remind_inactive() == 1
    told = words(await person.is_told())
    assert "快有 6 个月没登录了" in told and account in told
    assert await domain.accounts.remind_inactive() == 0
    assert await person.is_told() == []
    assert await events(domain, "reminded")


@pytest.mark.parametrize("by", ["feed", "sign_in"])
async def test_a_log_in_begins_a_new_silence_that_is_told_of_again(domain: Domain, clock: FakeClock, by: str) -> None:
    person = await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    await domain.accounts.seen(account, clock.now())
    for _ in range(2):
        clock.forward(days=160)
        assert await domain.accounts.remind_inactive() == 1
        assert len(await person.is_told()) == 1
        if by == "feed":
            await domain.accounts.seen(account, clock.now())
        else:
            signed = await domain.accounts.sign_in("weigongbao", "phone", f"+86{PHONE}", PASSWORD)
            assert signed.outcome == "ok"


async def test_an_older_log_in_that_is_fed_late_changes_nothing(domain: Domain, clock: FakeClock) -> None:
    await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    await domain.accounts.seen(account, clock.now())
    await domain.accounts.seen(account, clock.now() - timedelta(days=300))
    clock.forward(days=100)
    assert await domain.accounts.remind_inactive() == 0


async def test_nobody_is_reminded_of_what_nobody_knows(domain: Domain, clock: FakeClock) -> None:
    """An account that was never seen, a frozen one, one of a platform without such a rule."""
    await owner(domain, "weigongbao")
    clock.forward(days=1)
    await owner(domain, "xiaohe")
    other = await account_id(domain, "xiaohe")
    await domain.accounts.seen(other, clock.now())
    clock.forward(days=400)
    assert await domain.accounts.remind_inactive() == 0
    account = await account_id(domain, "weigongbao")
    await domain.accounts.seen(account, clock.now() - timedelta(days=390))
    await domain.accounts.freeze(account, by="staff")
    assert await domain.accounts.remind_inactive() == 0


async def test_a_platform_that_feeds_no_log_ins_gets_no_reminders(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "weigongbao")
    await sqlite_domain.accounts.seen(await account_id(sqlite_domain, "weigongbao"), clock.now())
    clock.forward(days=400)
    assert await sqlite_domain.accounts.remind_inactive() == 0


@pytest.mark.parametrize(
    ("moment", "months", "before"),
    [
        ("2026-08-31", 6, "2026-02-28"),
        ("2028-08-31", 6, "2028-02-29"),
        ("2026-03-15", 6, "2025-09-15"),
        ("2026-01-31", 1, "2025-12-31"),
        ("2026-12-01", 12, "2025-12-01"),
    ],
)
def test_so_many_months_before_is_the_same_day_or_the_last_of_the_month(moment: str, months: int, before: str) -> None:
    assert months_ago(datetime.fromisoformat(moment), months) == datetime.fromisoformat(before)
