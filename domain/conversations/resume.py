"""Taking a flow up again: later, or in another channel with a short code one can read out."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.codes import bare, new_code
from domain.flows.tables import FlowRow
from domain.messaging.tables import ConversationRow
from domain.parts import Parts


async def make_code(session: AsyncSession, parts: Parts, flow: FlowRow) -> str:
    """A code for another channel; the one before stops working. 39 random bits, short-lived, single use."""
    code = new_code(parts.chance)
    flow.resume_digest = _digest(parts, bare(code))
    flow.resume_until = parts.clock.now() + parts.policy.resume_lifetime
    await session.flush()
    return code


async def take_up(session: AsyncSession, parts: Parts, conversation: ConversationRow, code: str) -> FlowRow | None:
    """Move the flow of this code into this conversation; None when the code is no good."""
    flow = await session.scalar(
        select(FlowRow)
        .where(FlowRow.resume_digest == _digest(parts, bare(code)), FlowRow.outcome.is_(None))
        .with_for_update()
    )
    if flow is None or flow.resume_until is None or parts.clock.now() >= flow.resume_until:
        return None
    left = await session.get(ConversationRow, flow.conversation_id)
    if left is not None and left.flow_id == flow.id:
        left.flow_id = None
    await parts.outbox.blot_out(session, flow.conversation_id, flow.id)
    flow.resume_digest = flow.resume_until = None
    flow.conversation_id = conversation.id
    conversation.flow_id, conversation.platform_id = flow.id, flow.platform_id
    await session.flush()
    return flow


def _digest(parts: Parts, code: str) -> bytes:
    return parts.vault.keyring.digest("pages", b"resume", code.encode())[1]
