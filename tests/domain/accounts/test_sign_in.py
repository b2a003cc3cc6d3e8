"""The platform's own log-in: slower after failures, never locked for good by strangers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.accounts.passwords import hash_password
from domain.accounts.tables import AccountRow
from tests.domain.accounts.test_accounts import VALUES, create
from tests.support.ambient import FakeClock

PASSWORD = "tea garden 2077 山"
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)


@pytest.fixture
async def account(domain: Domain) -> str:
    """The id of an account whose password is PASSWORD."""
    hashed = await hash_password(domain.parts.vault.keyring, PASSWORD)
    return (await create(domain, password=hashed)).id


async def sign_in(domain: Domain, password: str, kind: str = "phone") -> tuple[str, timedelta]:
    signed = await domain.accounts.sign_in("xiaohe", kind, VALUES[kind], password)
    return signed.outcome, signed.wait


@pytest.mark.parametrize("kind", ["phone", "login_name", "email"])
async def test_the_right_password_signs_in_by_every_name(domain: Domain, account: str, kind: str) -> None:
    assert (await domain.accounts.sign_in("xiaohe", kind, VALUES[kind], PASSWORD)).account_id == account


@pytest.mark.usefixtures("account")
async def test_another_password_platform_or_name_does_not(domain: Domain) -> None:
    assert (await sign_in(domain, PASSWORD + "x"))[0] == "wrong"
    assert (await domain.accounts.sign_in("rencai", "phone", VALUES["phone"], PASSWORD)).outcome == "wrong"
    assert (await domain.accounts.sign_in("xiaohe", "phone", "+8613900000000", PASSWORD)).outcome == "wrong"


@pytest.mark.usefixtures("account")
async def test_from_the_fifth_failure_on_the_wait_doubles_up_to_an_hour(domain: Domain, clock: FakeClock) -> None:
    """C11"""
    waits = []
    for failure in range(1, 15):
        assert await sign_in(domain, "wrong") == ("wrong", timedelta(0))
        outcome, wait = await sign_in(domain, PASSWORD) if failure >= 5 else ("", timedelta(0))
        assert outcome == ("wait" if failure >= 5 else "")
        waits.append(wait)
        clock.forward(seconds=wait.total_seconds())
    assert waits[4:7] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert waits[-1] == LONGEST


async def test_strangers_never_lock_the_owner_out_for_good(domain: Domain, clock: FakeClock, account: str) -> None:
    """C11: a thousand failures later an hour of quiet is enough."""
    async with domain.transaction() as session:
        row = await domain.parts.accounts.row(session, account)
        row.failures = 1000
    await sign_in(domain, "wrong")
    clock.forward(minutes=59)
    assert (await sign_in(domain, PASSWORD))[0] == "wait"
    clock.forward(minutes=1)
    assert (await sign_in(domain, PASSWORD))[0] == "ok"


@pytest.mark.usefixtures("account")
async def test_tries_during_the_wait_do_not_lengthen_it(domain: Domain, clock: FakeClock) -> None:
    for _ in range(5):
        await sign_in(domain, "wrong")
    for _ in range(20):
        clock.forward(seconds=1)
        assert (await sign_in(domain, "wrong"))[0] == "wait"
    clock.forward(seconds=10)
    assert (await sign_in(domain, PASSWORD))[0] == "ok"


@pytest.mark.usefixtures("account")
async def test_the_right_password_forgives_the_failures(domain: Domain) -> None:
    for _ in range(4):
        await sign_in(domain, "wrong")
    assert (await sign_in(domain, PASSWORD))[0] == "ok"
    for _ in range(4):
        await sign_in(domain, "wrong")
    assert (await sign_in(domain, PASSWORD))[0] == "ok"


@pytest.mark.usefixtures("account")
async def test_of_many_guesses_at_once_only_the_free_ones_are_counted_as_tried(domain: Domain) -> None:
    """A guesser who sends fifty at once is told to wait like one who sends them in a row."""
    outcomes = await asyncio.gather(*(sign_in(domain, f"guess {n}") for n in range(20)))
    assert [outcome for outcome, _ in outcomes].count("wrong") == 5
    assert (await sign_in(domain, PASSWORD))[0] == "wait"


async def test_a_frozen_account_is_told_of_to_whoever_has_its_password_alone(domain: Domain, account: str) -> None:
    await domain.accounts.freeze(account, by="staff")
    assert (await sign_in(domain, "wrong"))[0] == "wrong"
    assert (await sign_in(domain, PASSWORD))[0] == "frozen"


async def test_a_sign_in_that_was_meanwhile_overtaken_by_a_new_password_fails(
    domain: Domain, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash was compared before the password was changed; the answer comes after."""
    newer = await hash_password(domain.parts.vault.keyring, "quite another 水 2078")
    locked = domain.parts.accounts.row

    async def overtaken(session: AsyncSession, account_id: str) -> AccountRow:
        row = await locked(session, account_id)
        row.password_hash = newer
        return row

    monkeypatch.setattr(domain.parts.accounts, "row", overtaken)
    assert (await sign_in(domain, PASSWORD))[0] == "wrong"
