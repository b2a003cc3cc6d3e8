"""What is thrown away, and when: nothing that has done its work is kept for ever.

Evidence is not touched here: the ledger, receipts and decisions have a retention of their own.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import UploadRow
from domain.flows.tables import FlowRow, PageRow
from domain.messaging.tables import CommandRow, InboxRow, ShortMessageRow
from domain.parts import Parts
from domain.verification.tables import ChallengeRow

# Longer than any budget looks back (a day) and any messenger delivers an update again (a day).
_HANDLED = timedelta(days=3)


async def purge(session: AsyncSession, parts: Parts) -> None:
    """Delete handled updates and their commands, old challenges, dead links, finished SMS, and files of ended flows."""
    before = parts.clock.now() - _HANDLED
    handled = select(InboxRow.id).where(InboxRow.state != "new", InboxRow.handled_at < before)
    await session.execute(delete(CommandRow).where(CommandRow.turn.in_(handled)))
    await session.execute(delete(InboxRow).where(InboxRow.state != "new", InboxRow.handled_at < before))
    await session.execute(delete(ChallengeRow).where(ChallengeRow.sent_at < before))
    await session.execute(delete(PageRow).where(PageRow.expires_at < before))
    await session.execute(delete(ShortMessageRow).where(ShortMessageRow.finished_at < before))
    left = select(FlowRow.id).where(FlowRow.outcome.is_not(None), FlowRow.outcome != "registered")
    await session.execute(delete(UploadRow).where(UploadRow.flow_id.in_(left)))
