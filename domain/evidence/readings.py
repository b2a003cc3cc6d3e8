"""What one person was shown, had explained and acknowledged: read back from the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.evidence.tables import LedgerRow

_FIELD_OF = {
    "clause_shown": "shown_at",
    "clause_opened": "opened_at",
    "explained": "explained_at",
    "acknowledged": "acknowledged_at",
}


@dataclass
class Reading:
    """ISO moments of the first time each thing happened to a clause; None when it did not."""

    shown_at: str | None = None
    opened_at: str | None = None
    explained_at: str | None = None
    acknowledged_at: str | None = None


async def readings(session: AsyncSession, subject: str, served: str) -> dict[str, Reading]:
    """Clause uid -> what happened to it, of the reading that began with the `served` entry."""
    rows = await session.scalars(
        select(LedgerRow.entry)
        .where(LedgerRow.subject == subject, LedgerRow.type.in_(_FIELD_OF))
        .order_by(LedgerRow.seq)
    )
    found: dict[str, Reading] = {}
    for entry in map(json.loads, rows):
        if entry.get("served") != served:
            continue
        for clause in entry["clauses"]:
            reading = found.setdefault(clause["uid"], Reading())
            field = _FIELD_OF[entry["type"]]
            if getattr(reading, field) is None:
                setattr(reading, field, entry["at"])
    return found
