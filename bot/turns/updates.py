"""Opens an inbound update inside a transaction, its text made harmless."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.identifiers.masking import neutralise
from domain.identifiers.problems import Refused
from domain.messaging.tables import HELD, ConversationRow, InboxRow
from domain.messaging.turn import Turn

MAX_TEXT = 1000


async def open_update(domain: Domain, session: AsyncSession, inbox_id: int) -> tuple[Turn, dict[str, Any]] | None:
    """The turn of an update that is still open, and its payload; None when it was handled already."""
    row = await session.get(InboxRow, inbox_id, with_for_update=True)
    if row is None or row.state != "new":
        return None
    conversation = await session.get(ConversationRow, row.conversation_id, with_for_update=HELD)
    assert conversation is not None
    conversation.seen_at = domain.parts.clock.now()
    payload = await domain.parts.inbox.open(session, conversation, row)
    if "text" in payload:
        payload = _fit(payload)
    return Turn(session, conversation, row.id, row.update_id), payload


def _fit(payload: dict[str, Any]) -> dict[str, Any]:
    """Neutralise the text; what cannot be read becomes a misfit the person hears about."""
    text = neutralise(payload["text"], MAX_TEXT)
    if isinstance(text, Refused):
        return {"misfit": "too_long" if text.code == "text_too_long" else "attachment"}
    return {**payload, "text": text} if text.strip() else {"misfit": "attachment"}
