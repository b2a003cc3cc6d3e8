"""Word to the platform's people (notices) and to its other systems (events)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import new_id
from domain.errors import KeyDestroyed
from domain.messaging.tables import ConversationRow, EventRow, NoticeRow
from domain.parts import Parts
from domain.storage.locks import hold


@dataclass(frozen=True)
class Notice:
    id: str
    platform_id: str | None
    conversation_id: str
    topic: str
    text: str
    created_at: datetime


@dataclass(frozen=True)
class DomainEvent:
    """`cursor` goes up with time; ask for what came after the last one you have handled."""

    cursor: int
    type: str
    platform_id: str
    account_id: str | None
    data: Mapping[str, Any]
    at: datetime


async def leave_notice(
    session: AsyncSession, parts: Parts, conversation: ConversationRow, topic: str, text: str
) -> None:
    notice_id = new_id("n", parts.chance)
    session.add(
        NoticeRow(
            id=notice_id,
            platform_id=conversation.platform_id,
            conversation_id=conversation.id,
            topic=topic,
            key_id=conversation.key_id,
            sealed=await parts.vault.seal(session, conversation.key_id, f"notices|{notice_id}", text.encode()),
            created_at=parts.clock.now(),
        )
    )
    await session.flush()


async def notices(session: AsyncSession, parts: Parts, platform_id: str | None = None) -> list[Notice]:
    """What people left for the platform, the newest last; erased ones are passed over."""
    query = select(NoticeRow).order_by(NoticeRow.created_at)
    if platform_id is not None:
        query = query.where(NoticeRow.platform_id == platform_id)
    found: list[Notice] = []
    for row in await session.scalars(query):
        try:
            text = await parts.vault.unseal(session, row.key_id, f"notices|{row.id}", row.sealed)
        except KeyDestroyed:
            continue
        found.append(Notice(row.id, row.platform_id, row.conversation_id, row.topic, text.decode(), row.created_at))
    return found


async def tell_systems(
    session: AsyncSession, parts: Parts, type: str, platform_id: str, account_id: str | None, data: Mapping[str, Any]
) -> None:
    # Numbers are given when a row is written and seen when it is committed: without the lock a reader's
    # cursor could pass a number that becomes visible later.
    await hold(session, "events")
    session.add(
        EventRow(type=type, platform_id=platform_id, account_id=account_id, data=dict(data), at=parts.clock.now())
    )
    await session.flush()


async def events_since(session: AsyncSession, cursor: int, limit: int = 500) -> list[DomainEvent]:
    rows = await session.scalars(select(EventRow).where(EventRow.id > cursor).order_by(EventRow.id).limit(limit))
    return [DomainEvent(row.id, row.type, row.platform_id, row.account_id, row.data, row.at) for row in rows]
