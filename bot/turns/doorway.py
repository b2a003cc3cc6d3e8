"""The way in for every channel: commit the update, wake the worker, and if asked wait for its replies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.turns.hub import Hub, news
from bot.turns.worker import Worker
from domain import Domain
from domain.messaging.tables import ConversationRow

_WAIT_SECONDS = 25.0
_POLL_SECONDS = 1.0


class Doorway:
    def __init__(self, domain: Domain, worker: Worker, hub: Hub) -> None:
        self._domain = domain
        self._worker = worker
        self._hub = hub

    async def receive(self, conversation_id: str, update_id: str, payload: Mapping[str, Any]) -> int:
        """Commit an update and have it handled. The same update again is the same number."""
        async with self._domain.transaction() as session:
            conversation = await session.get_one(ConversationRow, conversation_id)
            received = await self._domain.parts.inbox.receive(session, conversation, update_id, payload)
        self._worker.wake(conversation_id)
        return received.inbox_id

    async def replies(self, conversation_id: str, inbox_id: int) -> list[dict[str, Any]]:
        """Wait until the update was handled, then what was said to it.

        Raises:
            TimeoutError: it is still being handled; the replies will arrive by the stream.
        """
        async with asyncio.timeout(_WAIT_SECONDS), self._hub.listening(conversation_id) as event:
            while True:
                async with self._domain.database.reading() as session:
                    if await self._domain.parts.inbox.is_done(session, inbox_id):
                        return await self._said(session, conversation_id, inbox_id)
                await news(event, _POLL_SECONDS)

    async def _said(self, session: AsyncSession, conversation_id: str, inbox_id: int) -> list[dict[str, Any]]:
        conversation = await session.get_one(ConversationRow, conversation_id)
        return await self._domain.parts.outbox.of_turn(session, conversation, inbox_id)
