"""What is thrown away, and when: nothing that has done its work is kept for ever.

The ledger is never touched. What its entries only commit to, and receipts, are sealed with the evidence's own key,
which outlives a closed account by the time the policy names.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow, UploadRow
from domain.flows.tables import FlowRow, PageRow
from domain.guardians.tables import GuardianshipRow
from domain.messaging.tables import CommandRow, InboxRow, ShortMessageRow
from domain.parts import Parts
from domain.vault.tables import DataKeyRow
from domain.verification.tables import ChallengeRow

# Longer than any budget looks back (a day) and any messenger delivers an update again (a day).
_HANDLED = timedelta(days=3)


async def purge(session: AsyncSession, parts: Parts) -> None:
    """Delete handled updates and their commands, old challenges, dead links, finished SMS, files of ended flows, names
    left behind by a change of phone, and the key of evidence whose account has long been closed.
    """
    before = parts.clock.now() - _HANDLED
    handled = select(InboxRow.id).where(InboxRow.state != "new", InboxRow.handled_at < before)
    await session.execute(delete(CommandRow).where(CommandRow.turn.in_(handled)))
    await session.execute(delete(InboxRow).where(InboxRow.state != "new", InboxRow.handled_at < before))
    await session.execute(delete(ChallengeRow).where(ChallengeRow.sent_at < before))
    await session.execute(delete(PageRow).where(PageRow.expires_at < before))
    await session.execute(delete(ShortMessageRow).where(ShortMessageRow.finished_at < before))
    ended = parts.clock.now() - parts.policy.evidence_after
    kept = select(DataKeyRow.id).where(DataKeyRow.destroyed_at.is_(None))
    closed = select(AccountRow.evidence_key_id).where(AccountRow.ended_at < ended, AccountRow.evidence_key_id.in_(kept))
    wards = (
        select(GuardianshipRow.key_id)
        .join(AccountRow, AccountRow.id == GuardianshipRow.ward_account_id)
        .where(AccountRow.ended_at < ended, GuardianshipRow.key_id.in_(kept))
    )
    for keys in (closed, wards):
        for key_id in (await session.scalars(keys.limit(500))).all():
            await parts.vault.destroy(session, key_id)
    left = select(FlowRow.id).where(FlowRow.outcome.is_not(None), FlowRow.outcome != "registered")
    await session.execute(delete(UploadRow).where(UploadRow.flow_id.in_(left)))
    late = select(AccountRow).where(AccountRow.undo_until < parts.clock.now()).limit(500)
    for account in (await session.scalars(late)).all():
        await parts.accounts.forget_old_phone(session, account)
