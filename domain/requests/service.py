"""Requests: filed by a person, decided by the platform's people, told to the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.errors import Conflict, KeyDestroyed, NotFound
from domain.requests.tables import RequestRow
from domain.vault import Vault

Kind = Literal["cancel", "transfer", "dissolution", "stolen", "guardian"]
State = Literal["open", "granted", "refused", "withdrawn"]


@dataclass(frozen=True)
class Request:
    """`words` are what the person wrote, by question; empty after erasure. `due`: the last day for an answer."""

    id: str
    kind: Kind
    platform_id: str
    account_id: str | None
    conversation_id: str
    urgent: bool
    state: State
    created_at: datetime
    due: date | None
    decided_at: datetime | None
    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: str = field(default="", repr=False)


class Requests:
    def __init__(self, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance

    async def file(
        self,
        session: AsyncSession,
        *,
        kind: Kind,
        platform_id: str,
        account_id: str | None,
        conversation_id: str,
        key_id: str,
        words: Mapping[str, str],
        urgent: bool = False,
        due: date | None = None,
    ) -> Request:
        """Keep a request. An open one of the same kind for the same account is the one that counts.

        Args:
            key_id: what the words are sealed with: the account's key, or the conversation's where no account is proven.
        """
        if account_id is not None:
            standing = await session.scalar(
                select(RequestRow)
                .where(RequestRow.account_id == account_id, RequestRow.kind == kind, RequestRow.state == "open")
                .with_for_update()
            )
            if standing is not None:
                return await self._read(session, standing)
        request_id = new_id("q", self._chance)
        row = RequestRow(
            id=request_id,
            kind=kind,
            platform_id=platform_id,
            account_id=account_id,
            conversation_id=conversation_id,
            urgent=urgent,
            key_id=key_id,
            sealed=await self._vault.seal_json(session, key_id, f"requests|{request_id}", dict(words)),
            due=due,
            created_at=self._clock.now(),
        )
        session.add(row)
        await session.flush()
        return await self._read(session, row)

    async def get(self, session: AsyncSession, request_id: str) -> Request:
        row = await session.get(RequestRow, request_id)
        if row is None:
            raise NotFound(request_id)
        return await self._read(session, row)

    async def all(
        self, session: AsyncSession, *, platform_id: str | None = None, state: State | None = "open"
    ) -> list[Request]:
        """Urgent ones first, then the oldest."""
        query = select(RequestRow).order_by(RequestRow.urgent.desc(), RequestRow.created_at)
        if platform_id is not None:
            query = query.where(RequestRow.platform_id == platform_id)
        if state is not None:
            query = query.where(RequestRow.state == state)
        return [await self._read(session, row) for row in await session.scalars(query)]

    async def of_person(self, session: AsyncSession, conversation_id: str, account_ids: Sequence[str]) -> list[Request]:
        """What was asked in this conversation, or for these accounts; the newest first."""
        query = (
            select(RequestRow)
            .where(or_(RequestRow.conversation_id == conversation_id, RequestRow.account_id.in_(account_ids)))
            .order_by(RequestRow.created_at.desc())
            .limit(20)
        )
        return [await self._read(session, row) for row in await session.scalars(query)]

    async def decide(
        self, session: AsyncSession, request_id: str, state: Literal["granted", "refused", "withdrawn"], answer: str
    ) -> Request:
        """Close a request. Raises NotFound, Conflict when it was closed before."""
        row = await session.get(RequestRow, request_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound(request_id)
        if row.state != "open":
            raise Conflict(f"{request_id} is {row.state} already")
        row.state, row.decided_at = state, self._clock.now()
        if answer:
            row.answer = await self._vault.seal(session, row.key_id, f"requests.answer|{row.id}", answer.encode())
        await session.flush()
        return await self._read(session, row)

    async def _read(self, session: AsyncSession, row: RequestRow) -> Request:
        words: dict[str, str] = {}
        answer = ""
        try:
            words = await self._vault.unseal_json(session, row.key_id, f"requests|{row.id}", row.sealed)
            if row.answer is not None:
                answer = (
                    await self._vault.unseal(session, row.key_id, f"requests.answer|{row.id}", row.answer)
                ).decode()
        except KeyDestroyed:
            pass
        return Request(
            row.id,
            row.kind,  # type: ignore[arg-type]
            row.platform_id,
            row.account_id,
            row.conversation_id,
            row.urgent,
            row.state,  # type: ignore[arg-type]
            row.created_at,
            row.due,
            row.decided_at,
            words,
            answer,
        )
