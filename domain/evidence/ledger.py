"""What was shown, explained, asked, answered and decided: appended, chained, signed, never changed.

Each row holds the canonical JSON of one entry (RFC 8785), the hash of the row before it, its own
hash and an Ed25519 signature over that hash. The newest signed head is also kept outside the
database (`heads.py`), so that a chain cut off at its end is noticed too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import rfc8785
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, uuid7
from domain.evidence.tables import LedgerDetailRow, LedgerHeadRow, LedgerRow
from domain.vault import Vault

SCHEMA_VERSION = 1
GENESIS = "0" * 64

EntryType = Literal[
    "served", "clause_shown", "clause_opened", "explained", "question", "answer", "abstained",
    "acknowledged", "decided", "formed", "registered", "declined", "invalidated", "withdrawn",
    "receipt_issued", "version_published", "phone_proven", "password_changed", "reset_asked", "frozen", "unfrozen",
    "suspended", "changed", "cancelled", "data_shown", "request_filed", "request_decided", "reminded",
    "declared", "guardian_invited", "guardian_bound", "guardian_identified", "guardian_ended",
]  # fmt: skip

# A decision without proof of what had been served before it proves nothing (civil code commentary, art. 10).
# The database refuses them as well (migration 0005).
_NEEDS_SERVED = {"clause_shown", "clause_opened", "explained", "acknowledged", "decided", "formed", "declined"}


@dataclass(frozen=True)
class Entry:
    """A row as it was written."""

    id: str
    platform_id: str
    seq: int
    type: str
    hash: str


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 (JSON Canonicalization Scheme)."""
    return rfc8785.dumps(dict(value))


def chain_hash(prev_hash: str, entry: bytes) -> str:
    """SHA-256 over the previous hash (raw) and the canonical entry."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + entry).hexdigest()


def commitment(salt: bytes, text: str) -> str:
    """What the chain holds instead of personal words: salted SHA-256; the salt is erasable."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


class Ledger:
    """Appends entries inside the caller's transaction."""

    def __init__(self, vault: Vault, clock: Clock, chance: Chance, *, software: str) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._software = software

    async def append(
        self,
        session: AsyncSession,
        platform_id: str,
        type: EntryType,
        subject: str,
        body: Mapping[str, Any],
        *,
        private: Mapping[str, str] | None = None,
        key_id: str | None = None,
    ) -> Entry:
        """Write one entry at the end of the platform's chain.

        Args:
            subject: pseudonymous reference of the person the entry is about.
            body: the fields of the entry; no personal data.
            private: name -> words of the person; stored sealed under `key_id`, the entry holds
                a salted commitment to each.

        Raises:
            ValueError: an entry that must rest on an earlier one of the same person does not: what was shown or
                decided on a served text of the same version, a withdrawal on the decision it takes back.
        """
        await _rests_on_earlier(session, platform_id, type, subject, body)
        now = self._clock.now()
        entry_id = uuid7(now, self._chance)
        commitments: dict[str, str] = {}
        details: dict[str, dict[str, str]] = {}
        for name, text in (private or {}).items():
            salt = self._chance.token(16)
            commitments[name] = commitment(salt, text)
            details[name] = {"salt": salt.hex(), "text": text}
        head = await self._lock_head(session, platform_id)
        entry = canonical(
            {
                "schema": SCHEMA_VERSION,
                "id": entry_id,
                "platform": platform_id,
                "seq": head.seq + 1,
                "type": type,
                "at": now.isoformat(timespec="milliseconds"),
                "time_source": "system",
                "subject": subject,
                "software": self._software,
                "commitments": commitments,
                **body,
            }
        )
        head_hash = chain_hash(head.hash, entry)
        signature = self._vault.keyring.sign(bytes.fromhex(head_hash))
        session.add(
            LedgerRow(
                platform_id=platform_id,
                seq=head.seq + 1,
                entry_id=entry_id,
                type=type,
                subject=subject,
                entry=entry.decode(),
                prev_hash=head.hash,
                hash=head_hash,
                signed_with=signature.key_id,
                signature=signature.value,
            )
        )
        head.seq, head.hash = head.seq + 1, head_hash
        await session.flush()
        if details:
            if key_id is None:
                raise ValueError("private words need the key of the evidence they belong to")
            sealed = await self._vault.seal_json(session, key_id, f"ledger_details|{entry_id}", details)
            session.add(LedgerDetailRow(entry_id=entry_id, key_id=key_id, sealed=sealed, made_at=now))
            await session.flush()
        return Entry(entry_id, platform_id, head.seq, type, head_hash)

    async def subject_of(self, session: AsyncSession, entry_id: str) -> str | None:
        """Whom an entry is about; None when there is no such entry."""
        subject: str | None = await session.scalar(select(LedgerRow.subject).where(LedgerRow.entry_id == entry_id))
        return subject

    async def _lock_head(self, session: AsyncSession, platform_id: str) -> LedgerHeadRow:
        insert = sqlite.insert if session.bind.dialect.name == "sqlite" else postgresql.insert  # type: ignore[union-attr]
        await session.execute(
            insert(LedgerHeadRow)
            .values(platform_id=platform_id, seq=0, hash=GENESIS)
            .on_conflict_do_nothing(index_elements=["platform_id"])
        )
        return (
            await session.execute(
                select(LedgerHeadRow)
                .where(LedgerHeadRow.platform_id == platform_id)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).scalar_one()


async def _rests_on_earlier(
    session: AsyncSession, platform_id: str, type: str, subject: str, body: Mapping[str, Any]
) -> None:
    if type in _NEEDS_SERVED:
        name, needed, told = "served", "served", "the served entry it rests on"
    elif type == "withdrawn":
        name, needed, told = "withdraws", "decided", "the decision it takes back"
    else:
        return
    if not body.get(name):
        raise ValueError(f"{type} does not name {told}")
    earlier = await session.scalar(
        select(LedgerRow).where(
            LedgerRow.entry_id == body[name],
            LedgerRow.platform_id == platform_id,
            LedgerRow.subject == subject,
            LedgerRow.type == needed,
        )
    )
    if earlier is None:
        raise ValueError(f"{type} names {told}, but there is none such of this person")
    if needed == "served" and _agreement(json.loads(earlier.entry)) != _agreement(body):
        raise ValueError(f"{type} rests on another version than was served")


def _agreement(entry: Mapping[str, Any]) -> object:
    return (entry.get("agreement") or {}).get("id")
