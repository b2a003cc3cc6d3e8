"""One thing a person did, and what was said to it, inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messaging.tables import ConversationRow, MessageRow


@dataclass(frozen=True)
class Press:
    """A button that was pressed: what it said, on which message, and since when it could be seen."""

    choice: str
    label: str
    message_id: str
    shown_at: datetime


@dataclass
class Turn:
    """Args:
    inbox_id: the inbound update; None for what the product says of its own accord.
    update_id: the channel's own number of it, for the ledger.
    """

    session: AsyncSession
    conversation: ConversationRow
    inbox_id: int | None = None
    update_id: str | None = None
    press: Press | None = None
    replies: list[MessageRow] = field(default_factory=list)
