"""Decisions as they stand, and the receipts people keep."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.consent.tables import DecisionRow, ReceiptRow
from domain.errors import NotFound
from domain.evidence.ledger import canonical
from domain.vault import Vault

Standing = Literal["given", "refused", "withdrawn"]
By = Literal["self", "guardian"]
# Decisions are written past the session's objects: what it holds of them from before is old.
_AS_WRITTEN = {"populate_existing": True}


@dataclass(frozen=True)
class Decided:
    item: str
    decision: Standing
    agreement_id: str
    entry_id: str
    decided_at: datetime
    given_by: By = "self"


class Consents:
    def __init__(self, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance

    async def decide(
        self,
        session: AsyncSession,
        *,
        flow_id: str,
        platform_id: str,
        item: str,
        decision: Standing,
        agreement_id: str,
        entry_id: str,
        given_by: By = "self",
    ) -> None:
        """The newest decision about one item; earlier ones stay in the ledger."""
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        values = {
            "platform_id": platform_id,
            "decision": decision,
            "agreement_id": agreement_id,
            "entry_id": entry_id,
            "given_by": given_by,
            "decided_at": self._clock.now(),
        }
        await session.execute(
            insert(DecisionRow)
            .values(flow_id=flow_id, item=item, **values)
            .on_conflict_do_update(index_elements=["flow_id", "item"], set_=values)
        )

    async def discard(self, session: AsyncSession, flow_id: str) -> None:
        """What was decided in this flow never counted; the ledger keeps what happened."""
        await session.execute(delete(DecisionRow).where(DecisionRow.flow_id == flow_id))

    async def of_flow(self, session: AsyncSession, flow_id: str) -> list[Decided]:
        rows = await session.scalars(
            select(DecisionRow).where(DecisionRow.flow_id == flow_id).order_by(DecisionRow.decided_at),
            execution_options=_AS_WRITTEN,
        )
        return [_decided(row) for row in rows]

    async def of(self, session: AsyncSession, account_id: str) -> list[Decided]:
        """What this account's person has agreed to and refused, as it stands."""
        rows = await session.scalars(
            select(DecisionRow).where(DecisionRow.account_id == account_id).order_by(DecisionRow.decided_at),
            execution_options=_AS_WRITTEN,
        )
        return [_decided(row) for row in rows]

    async def belong_to(self, session: AsyncSession, flow_id: str, account_id: str) -> None:
        for row in await session.scalars(select(DecisionRow).where(DecisionRow.flow_id == flow_id)):
            row.account_id = account_id
        await session.flush()

    async def issue_receipt(
        self, session: AsyncSession, *, account_id: str, platform_id: str, key_id: str, content: Mapping[str, Any]
    ) -> tuple[str, str]:
        """Sign and keep a receipt. Returns (receipt id, SHA-256 of its canonical content).

        The id is unguessable and opens the receipt's page; the receipt holds no personal data.
        """
        receipt_id = new_id("r", self._chance)
        document = {**content, "receipt_id": receipt_id}
        body = canonical(document)
        signature = self._vault.keyring.sign(body)
        whole = {
            "receipt": document,
            "signature": {"algorithm": "Ed25519", "key": signature.key_id, "value": signature.value.hex()},
        }
        sha256 = hashlib.sha256(body).hexdigest()
        session.add(
            ReceiptRow(
                id=receipt_id,
                account_id=account_id,
                platform_id=platform_id,
                key_id=key_id,
                sealed=await self._vault.seal_json(session, key_id, f"receipts|{receipt_id}", whole),
                sha256=sha256,
                created_at=self._clock.now(),
            )
        )
        await session.flush()
        return receipt_id, sha256

    async def receipt(self, session: AsyncSession, receipt_id: str) -> dict[str, Any]:
        """The signed receipt: {"receipt": …, "signature": …}."""
        row = await session.get(ReceiptRow, receipt_id)
        if row is None:
            raise NotFound(receipt_id)
        document: dict[str, Any] = await self._vault.unseal_json(session, row.key_id, f"receipts|{row.id}", row.sealed)
        return document


def _decided(row: DecisionRow) -> Decided:
    return Decided(row.item, row.decision, row.agreement_id, row.entry_id, row.decided_at, row.given_by)  # type: ignore[arg-type]
