"""The newest signed head of each chain, kept in a file outside the database."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.evidence.tables import LedgerHeadRow, LedgerRow
from domain.vault.keyring import signature_is_good


@dataclass(frozen=True)
class SignedHead:
    platform_id: str
    seq: int
    hash: str
    signed_with: str
    signature: bytes


class HeadFile:
    """`heads.jsonl`: a line for each head that was seen, appended and synced; never rewritten."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, int] | None = None

    def last(self) -> dict[str, SignedHead]:
        """The furthest head of each platform. A torn last line (power cut) is passed over."""
        heads: dict[str, SignedHead] = {}
        if not self.path.exists():
            return heads
        for line in self.path.read_text().splitlines():
            try:
                raw = json.loads(line)
                head = SignedHead(
                    raw["platform"], raw["seq"], raw["hash"], raw["key"], base64.b64decode(raw["signature"])
                )
            except (ValueError, KeyError, TypeError):
                continue
            if head.platform_id not in heads or heads[head.platform_id].seq < head.seq:
                heads[head.platform_id] = head
        return heads

    async def keep(self, session: AsyncSession, public_keys: Mapping[str, str]) -> None:
        """Append every head that has moved since the last line. Called after commits and at the start.

        A head that this service did not sign is not kept: the check of the chain will name its row.
        """
        if self._known is None:
            self._known = {platform: head.seq for platform, head in self.last().items()}
        known = self._known
        rows = await session.execute(
            select(LedgerRow).join(
                LedgerHeadRow,
                (LedgerHeadRow.platform_id == LedgerRow.platform_id) & (LedgerHeadRow.seq == LedgerRow.seq),
            )
        )
        moved = [
            row
            for row in rows.scalars()
            if known.get(row.platform_id, 0) < row.seq
            and signature_is_good(public_keys.get(row.signed_with, ""), bytes.fromhex(row.hash), row.signature)
        ]
        if not moved:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torn = _ends_torn(self.path)
        with self.path.open("a") as file:
            file.write("\n" if torn else "")
            for row in moved:
                line = {
                    "platform": row.platform_id,
                    "seq": row.seq,
                    "hash": row.hash,
                    "key": row.signed_with,
                    "signature": base64.b64encode(row.signature).decode(),
                }
                file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        known.update({row.platform_id: row.seq for row in moved})


def _ends_torn(path: Path) -> bool:
    """Whether the last line lacks its end: a new one must not be glued to it."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
