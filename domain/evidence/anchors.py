"""Stretches of a chain that outsiders stamped: what existed when, on their word and not on ours.

Once a day the rows of a chain since the last time are put into a statement: their numbers, the hash of the last of them
(which through the chain fixes every earlier row) and the Merkle root of their hashes (by which one row can be shown to
have been there without showing anybody else's). Each authority stamps the SHA-256 of that statement. An authority that
does not answer, or answers badly, is asked again; our own clock never takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock
from domain.evidence.ledger import canonical
from domain.evidence.merkle import Tree
from domain.evidence.stamps import Authority, BadStamp, request_for, stamp_in
from domain.evidence.tables import AnchorRow, LedgerHeadRow, LedgerRow
from domain.storage.locks import hold

WAITING, STAMPED = "waiting", "stamped"
_SCHEMA = "mingshi-anchor-1"
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=6)


class NoAnswer(Exception):
    """An authority could not be asked; the text says why, in our own words."""


class Transport(Protocol):
    async def ask(self, authority: str, request: bytes) -> bytes:
        """The DER an authority answers a DER request with. Raises NoAnswer."""
        ...


@dataclass(frozen=True)
class Claim:
    """An anchor this process asks for now, and no other one meanwhile. `request` is what to send."""

    platform_id: str
    to_seq: int
    authority: str
    nonce: int
    imprint: bytes

    @property
    def request(self) -> bytes:
        return request_for(self.imprint, self.nonce)


@dataclass(frozen=True)
class Waiting:
    """An anchor nobody has stamped yet. `trouble` is what went wrong the last time, None before the first."""

    platform: str
    from_seq: int
    to_seq: int
    authority: str
    tries: int
    trouble: str | None


@dataclass(frozen=True)
class Anchored:
    """How the stamps stand.

    Args:
        stamped: authority -> how many good stamps it gave.
        newest: authority -> its newest time.
        fault: (platform, the first row of the first stretch whose stamp does not hold, the reason).
    """

    stamped: Mapping[str, int] = field(default_factory=dict)
    newest: Mapping[str, datetime] = field(default_factory=dict)
    waiting: Sequence[Waiting] = ()
    fault: tuple[str, int, str] | None = None


def statement_of(platform_id: str, first: int, hashes: Sequence[str]) -> str:
    """What is stamped for the rows `first`, `first + 1`, … with these hashes (hexadecimal)."""
    tree = Tree([bytes.fromhex(each) for each in hashes])
    told = {
        "schema": _SCHEMA,
        "platform": platform_id,
        "from": first,
        "to": first + len(hashes) - 1,
        "head": hashes[-1],
        "root": tree.root.hex(),
    }
    return canonical(told).decode()


class Anchors:
    """Plans, claims and keeps stamps; whoever holds the transport asks in between, outside of any transaction.

    Args:
        authorities: every one of them stamps every statement; with none nothing is planned.
        every: how long after one statement the next is made.
    """

    def __init__(
        self, clock: Clock, chance: Chance, authorities: Sequence[Authority], every: timedelta = timedelta(days=1)
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._authorities = {authority.name: authority for authority in authorities}
        self._every = every

    async def plan(self, session: AsyncSession) -> int:
        """Make the statements that are due. Returns how many."""
        if not self._authorities:
            return 0
        await hold(session, "anchors", "plan")
        made = 0
        for head in (await session.scalars(select(LedgerHeadRow).order_by(LedgerHeadRow.platform_id))).all():
            last_seq, last_at = (
                await session.execute(
                    select(func.max(AnchorRow.to_seq), func.max(AnchorRow.planned_at)).where(
                        AnchorRow.platform_id == head.platform_id
                    )
                )
            ).one()
            due = last_at is None or self._clock.now() - last_at >= self._every
            if due and head.seq > (last_seq or 0):
                await self._state(session, head.platform_id, (last_seq or 0) + 1, head.seq)
                made += 1
        return made

    async def _state(self, session: AsyncSession, platform_id: str, first: int, last: int) -> None:
        hashes = await session.scalars(
            select(LedgerRow.hash)
            .where(LedgerRow.platform_id == platform_id, LedgerRow.seq.between(first, last))
            .order_by(LedgerRow.seq)
        )
        statement, now = statement_of(platform_id, first, hashes.all()), self._clock.now()
        for name in self._authorities:
            session.add(
                AnchorRow(
                    platform_id=platform_id, from_seq=first, to_seq=last, authority=name, statement=statement,
                    state=WAITING, tries=0, not_before=now, planned_at=now,
                )
            )  # fmt: skip
        await session.flush()

    async def claim(self, session: AsyncSession, limit: int = 20) -> list[Claim]:
        """Take what is to be asked now; it is due again after a while that doubles, should this process die."""
        now = self._clock.now()
        rows = await session.scalars(
            select(AnchorRow)
            .where(AnchorRow.state == WAITING, AnchorRow.not_before <= now, AnchorRow.authority.in_(self._authorities))
            .order_by(AnchorRow.not_before, AnchorRow.platform_id, AnchorRow.to_seq, AnchorRow.authority)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claims = []
        for row in rows.all():
            row.tries += 1
            row.not_before = now + min(_FIRST_WAIT * 2 ** min(row.tries - 1, 16), _LONGEST_WAIT)
            # Positive, and new for every try: an answer to an earlier one is no answer to this one.
            nonce = int.from_bytes(self._chance.token(8)) >> 1
            row.nonce = f"{nonce:016x}"
            imprint = hashlib.sha256(row.statement.encode()).digest()
            claims.append(Claim(row.platform_id, row.to_seq, row.authority, nonce, imprint))
        await session.flush()
        return claims

    async def keep(self, session: AsyncSession, claim: Claim, response: bytes) -> datetime:
        """Keep an answer that holds. Returns the authority's time. Raises BadStamp; then nothing is kept."""
        authority = self._authorities[claim.authority]
        stamp = stamp_in(response, claim.imprint, claim.nonce, authority, self._clock.now())
        row = await self._row(session, claim)
        if row is not None:
            row.state, row.trouble, row.nonce = STAMPED, None, f"{claim.nonce:016x}"
            row.token, row.certificates, row.stamped_at = response, stamp.certificates, stamp.at
            await session.flush()
        return stamp.at

    async def failed(self, session: AsyncSession, claim: Claim, reason: str) -> None:
        """Note why there is no stamp yet; it goes on waiting."""
        row = await self._row(session, claim)
        if row is not None:
            row.trouble = reason[:200]
            await session.flush()

    async def _row(self, session: AsyncSession, claim: Claim) -> AnchorRow | None:
        row = await session.get(AnchorRow, (claim.platform_id, claim.to_seq, claim.authority), with_for_update=True)
        return row if row is not None and row.state == WAITING else None

    async def waiting(self, session: AsyncSession) -> list[Waiting]:
        """What nobody has stamped yet, oldest first."""
        return await waiting(session)


async def waiting(session: AsyncSession) -> list[Waiting]:
    """What nobody has stamped yet, oldest first."""
    rows = await session.scalars(
        select(AnchorRow)
        .where(AnchorRow.state == WAITING)
        .order_by(AnchorRow.planned_at, AnchorRow.platform_id, AnchorRow.to_seq, AnchorRow.authority)
    )
    return [Waiting(r.platform_id, r.from_seq, r.to_seq, r.authority, r.tries, r.trouble) for r in rows]


async def anchored(session: AsyncSession, authorities: Sequence[Authority] = ()) -> Anchored:
    """Check every stamp again, against the rows as they are now.

    Args:
        authorities: whose roots are trusted; a stamp of an authority that is not among them is checked against the root
            that was kept with it.
    """
    trusted = {authority.name: authority for authority in authorities}
    stamped: dict[str, int] = {}
    newest: dict[str, datetime] = {}
    rows = await session.scalars(select(AnchorRow).order_by(AnchorRow.platform_id, AnchorRow.to_seq))
    fault: tuple[str, int, str] | None = None
    for row in rows.all():
        reason = await _fault(session, row, trusted)
        if reason is not None:
            fault = fault or (row.platform_id, row.from_seq, reason)
        elif row.state == STAMPED and row.stamped_at is not None:
            stamped[row.authority] = stamped.get(row.authority, 0) + 1
            newest[row.authority] = max(newest.get(row.authority, row.stamped_at), row.stamped_at)
    return Anchored(stamped, newest, await waiting(session), fault)


async def _fault(session: AsyncSession, row: AnchorRow, trusted: Mapping[str, Authority]) -> str | None:
    hashes = await session.scalars(
        select(LedgerRow.hash)
        .where(LedgerRow.platform_id == row.platform_id, LedgerRow.seq.between(row.from_seq, row.to_seq))
        .order_by(LedgerRow.seq)
    )
    found = hashes.all()
    try:
        whole = len(found) == row.to_seq - row.from_seq + 1
        fits = whole and bool(found) and statement_of(row.platform_id, row.from_seq, found) == row.statement
    except ValueError:
        fits = False
    if not fits:
        return "not what was stamped"
    if row.state != STAMPED:
        return None
    kept = Authority(row.authority, (row.certificates or "").encode())
    try:
        stamp = stamp_in(
            row.token or b"",
            hashlib.sha256(row.statement.encode()).digest(),
            int(row.nonce or "", 16),
            trusted.get(row.authority, kept),
        )
    except (BadStamp, ValueError):
        return "the time stamp does not hold"
    return None if stamp.at == row.stamped_at else "the time stamp does not hold"
