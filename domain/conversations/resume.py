"""Taking a flow up again: later, or in another channel with a short code one can read out."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.tables import FlowRow
from domain.messaging.tables import ConversationRow
from domain.parts import Parts

# No letters that are mistaken for another when read out.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_TYPED = re.compile(
    r"^\s*(?:续办码|續辦碼|resume)?\s*[:：]?\s*X?-?([2-9A-HJKMNP-Z]{4})[- ]?([2-9A-HJKMNP-Z]{4})\s*$", re.IGNORECASE
)


def typed_code(text: str) -> str | None:
    """The canonical code when the whole message is one."""
    match = _TYPED.match(text)
    if match is None:
        return None
    return (match[1] + match[2]).upper()


async def make_code(session: AsyncSession, parts: Parts, flow: FlowRow) -> str:
    """A code for another channel; the one before stops working. 39 random bits, short-lived, single use."""
    code = "".join(_ALPHABET[parts.chance.below(len(_ALPHABET))] for _ in range(8))
    flow.resume_digest = _digest(parts, code)
    flow.resume_until = parts.clock.now() + parts.policy.resume_lifetime
    await session.flush()
    return f"{code[:4]}-{code[4:]}"


async def take_up(session: AsyncSession, parts: Parts, conversation: ConversationRow, code: str) -> FlowRow | None:
    """Move the flow of this code into this conversation; None when the code is no good."""
    flow = await session.scalar(
        select(FlowRow)
        .where(FlowRow.resume_digest == _digest(parts, code), FlowRow.outcome.is_(None))
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
