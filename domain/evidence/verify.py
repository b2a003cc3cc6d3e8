"""Reads a chain from its start and names the first row that is not what was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.evidence.anchors import Anchored, anchored
from domain.evidence.heads import SignedHead
from domain.evidence.ledger import GENESIS, canonical, chain_hash
from domain.evidence.stamps import Authority
from domain.evidence.tables import AnchorRow, LedgerHeadRow, LedgerRow
from domain.vault.keyring import signature_is_good


@dataclass(frozen=True)
class BadRow:
    platform: str
    seq: int
    reason: str


@dataclass(frozen=True)
class Verdict:
    """`first_bad` is None exactly when every chain is whole, reaches its signed head and is what was stamped.

    `anchored` says how the time stamps stand; None when a chain is bad already, or was made before there were any.
    """

    entries: int
    first_bad: BadRow | None
    anchored: Anchored | None = field(default=None, compare=False)

    @property
    def ok(self) -> bool:
        return self.first_bad is None


async def verify(
    session: AsyncSession,
    public_keys: Mapping[str, str],
    heads: Mapping[str, SignedHead],
    authorities: Sequence[Authority] = (),
) -> Verdict:
    """Check every platform's chain: numbering, canonical form, links, hashes, signatures, its end, and its stamps.

    Args:
        public_keys: key id -> raw Ed25519 public key in base64.
        heads: the heads kept outside the database (platform id -> head).
        authorities: whose time stamps are trusted; those of others are checked against the root kept with them.
    """
    entries = 0
    ends = {row.platform_id: row for row in (await session.execute(select(LedgerHeadRow))).scalars()}
    for platform in sorted({*ends, *heads}):
        query = select(LedgerRow).where(LedgerRow.platform_id == platform).order_by(LedgerRow.seq)
        rows = [row async for row in (await session.stream_scalars(query.execution_options(yield_per=500)))]
        entries += len(rows)
        bad = _first_bad(platform, rows, public_keys) or _bad_end(
            platform, rows, ends.get(platform), heads, public_keys
        )
        if bad is not None:
            return Verdict(entries, bad)
    if not await session.run_sync(lambda sync: inspect(sync.connection()).has_table(AnchorRow.__tablename__)):
        return Verdict(entries, None)
    stamps = await anchored(session, authorities)
    return Verdict(entries, BadRow(*stamps.fault) if stamps.fault else None, stamps)


def _first_bad(platform: str, rows: Iterable[LedgerRow], public_keys: Mapping[str, str]) -> BadRow | None:
    prev_hash = GENESIS
    for expected, row in enumerate(rows, start=1):
        reason = _row_fault(row, platform, expected, prev_hash, public_keys)
        if reason:
            return BadRow(platform, expected, reason)
        prev_hash = row.hash
    return None


def _row_fault(
    row: LedgerRow, platform: str, expected: int, prev_hash: str, public_keys: Mapping[str, str]
) -> str | None:
    if row.seq != expected:
        return "missing"
    try:
        content = json.loads(row.entry)
        is_canonical = canonical(content) == row.entry.encode()
    except (ValueError, TypeError, RecursionError):
        return "changed"
    if not is_canonical or chain_hash(prev_hash, row.entry.encode()) != row.hash or row.prev_hash != prev_hash:
        return "changed"
    told = (content.get("platform"), content.get("seq"), content.get("id"), content.get("type"), content.get("subject"))
    if told != (platform, row.seq, row.entry_id, row.type, row.subject):
        return "changed"
    if not _signed(public_keys, row.signed_with, row.hash, row.signature):
        return "not signed by this service"
    return None


def _signed(public_keys: Mapping[str, str], key_id: str, hash: str, signature: bytes) -> bool:
    public_key = public_keys.get(key_id)
    try:
        return public_key is not None and signature_is_good(public_key, bytes.fromhex(hash), signature)
    except ValueError:
        return False


def _bad_end(
    platform: str,
    rows: list[LedgerRow],
    end: LedgerHeadRow | None,
    heads: Mapping[str, SignedHead],
    public_keys: Mapping[str, str],
) -> BadRow | None:
    last_seq, last_hash = (rows[-1].seq, rows[-1].hash) if rows else (0, GENESIS)
    kept = heads.get(platform)
    if kept is not None:
        if not _signed(public_keys, kept.signed_with, kept.hash, kept.signature):
            return BadRow(platform, kept.seq, "the kept head is not signed by this service")
        if kept.seq > last_seq:
            return BadRow(platform, last_seq + 1, "cut off")
        if rows[kept.seq - 1].hash != kept.hash:
            return BadRow(platform, kept.seq, "changed")
    if (end.seq, end.hash) != (last_seq, last_hash) if end is not None else bool(rows):
        return BadRow(platform, last_seq + 1, "cut off")
    return None
