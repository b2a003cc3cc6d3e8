"""Checking a password for the platform's own log-in: slower after failures, never locked for good by strangers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import update

from domain.accounts.passwords import hash_password, password_matches
from domain.accounts.tables import AccountRow
from domain.parts import Parts

# From the fifth failure: 30 s, doubling up to an hour (NIST SP 800-63B-4 3.2.2; the shape Keycloak ships).
_FREE = 4
_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(hours=1)
# An id no account has.
_NOBODY = "a_nobody"


@dataclass(frozen=True)
class SignedIn:
    """`outcome`: ok; wrong (also for an unknown account); wait (too many failures); frozen (the password was right).

    Args:
        wait: how long until the next try counts.
    """

    outcome: Literal["ok", "wrong", "wait", "frozen"]
    account_id: str | None = None
    wait: timedelta = timedelta(0)


def waits(row: AccountRow, now: datetime) -> timedelta | None:
    """How long nobody may try; None when somebody may."""
    return row.locked_until - now if row.locked_until is not None and now < row.locked_until else None


def note_failure(row: AccountRow, now: datetime) -> None:
    row.failures += 1
    beyond = row.failures - _FREE
    if beyond > 0:
        row.locked_until = now + min(_FIRST * 2 ** min(beyond - 1, 10), _LONGEST)


async def sign_in(parts: Parts, platform_id: str, kind: str, canonical: str, password: str) -> SignedIn:
    """Whether this is the password of the account that is named so. Unknown accounts cost the same work.

    The hash is compared outside any transaction: it takes long and holds nobody up. A failure is written for an unknown
    account too, to no row.
    """
    async with parts.database.reading() as session:
        row = await parts.accounts.named(session, platform_id, kind, canonical)
        stored = row.password_hash if row is not None else None
    if row is None or stored is None:
        await hash_password(parts.vault.keyring, password)
        async with parts.database.transaction() as session:
            await session.get(AccountRow, _NOBODY, with_for_update=True)
            nobody = update(AccountRow).where(AccountRow.id == _NOBODY)
            await session.execute(nobody.values(failures=0).execution_options(synchronize_session=False))
        return SignedIn("wrong")
    right = await password_matches(parts.vault.keyring, stored, password)
    async with parts.database.transaction() as session:
        account = await parts.accounts.row(session, row.id)
        now = parts.clock.now()
        wait = waits(account, now)
        if wait is not None:
            return SignedIn("wait", wait=wait)
        if not right or account.password_hash != stored or account.status == "closed":
            note_failure(account, now)
            return SignedIn("wrong")
        account.failures, account.locked_until = 0, None
        if account.status != "active":
            return SignedIn("frozen", account.id)
        account.seen_at, account.reminded_at = now, None
        return SignedIn("ok", account.id)
