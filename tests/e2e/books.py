"""What the product has on record, read through the domain on the same home."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from domain import Domain
from domain.accounts.tables import AccountRow
from domain.consent.tables import DecisionRow
from domain.evidence.tables import LedgerRow
from domain.flows.tables import FlowRow
from tests.e2e.client import Person
from tests.e2e.product import Home


@dataclass(frozen=True)
class Books:
    domain: Domain

    async def entries(self, person: Person, *types: str) -> list[dict[str, Any]]:
        """The ledger's entries about what was done in a person's conversation, oldest first."""
        async with self.domain.database.reading() as session:
            rows = await session.scalars(select(LedgerRow).order_by(LedgerRow.platform_id, LedgerRow.seq))
            read = [json.loads(row.entry) for row in rows]
            flows = set(await session.scalars(select(FlowRow.id).where(FlowRow.conversation_id == person.id)))
        mine = [entry for entry in read if entry["subject"] in {person.id, *flows}]
        return [entry for entry in mine if not types or entry["type"] in types]

    async def decided(self, person: Person) -> dict[str, str]:
        """Every decision recorded from a person's conversation, by item."""
        async with self.domain.database.reading() as session:
            rows = await session.scalars(
                select(DecisionRow)
                .join(FlowRow, FlowRow.id == DecisionRow.flow_id)
                .where(FlowRow.conversation_id == person.id)
            )
            return {row.item: row.decision for row in rows}

    async def accounts(self, person: Person) -> list[AccountRow]:
        """Every account that came out of a person's conversation."""
        async with self.domain.database.reading() as session:
            rows = await session.scalars(
                select(AccountRow)
                .join(FlowRow, FlowRow.id == AccountRow.flow_id)
                .where(FlowRow.conversation_id == person.id)
            )
            return list(rows)

    async def events(self, account_id: str) -> list[tuple[str, str | None]]:
        """What the platform's other systems were told about an account: what happened, and to which item."""
        told = await self.domain.events.since(0, limit=100_000)
        return [(event.type, event.data.get("item")) for event in told if event.account_id == account_id]

    async def holders(self, platform: str, phone: str) -> int:
        """How many accounts of a platform were registered with this phone."""
        found = 0
        async with self.domain.database.reading() as session:
            ids = list(await session.scalars(select(AccountRow.id).where(AccountRow.platform_id == platform)))
        for account_id in ids:
            found += (await self.domain.accounts.data(account_id))["phone"].endswith(phone)
        return found

    async def assert_no_consent(self, person: Person) -> None:
        """Nothing was decided, formed or registered in this conversation."""
        assert await self.decided(person) == {}
        assert await self.entries(person, "decided", "formed", "registered") == []
        assert await self.accounts(person) == []


@asynccontextmanager
async def books_of(home: Home) -> AsyncIterator[Books]:
    async with home.domain() as domain:
        yield Books(domain)
