"""Puts SMS on their way, in the transaction of what they are about."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.tables import FlowRow
from domain.messaging.tables import ShortMessageRow
from domain.parts import Parts
from domain.verification import Purpose, Sent

# A notice is worth sending for a day: later the person has long found out, or has other worries.
_NOTICE_LIFETIME = timedelta(days=1)


async def queue_code(
    session: AsyncSession,
    parts: Parts,
    flow: FlowRow,
    sent: Sent,
    phone: str | None,
    purpose: Purpose,
    *,
    conversation_id: str | None,
) -> None:
    """Hand a code to the courier.

    A code that must not go out (nobody has the account that was named) leaves the same row behind, withheld: whoever
    counts statements or rows learns nothing.

    Args:
        phone: E.164; None only beside a withheld code.
        conversation_id: who is told when the SMS could not be sent; None where that would betray an account.
    """
    now = parts.clock.now()
    withheld = sent.code is None or phone is None
    message = ShortMessageRow(
        template="code" if purpose == "register" else "code_account",
        platform_id=flow.platform_id,
        key_id=flow.key_id,
        not_after=now + sent.lifetime,
        created_at=now,
        conversation_id=conversation_id,
        state="withheld" if withheld else "new",
        finished_at=now if withheld else None,
    )
    session.add(message)
    await session.flush()
    minutes = str(int(sent.lifetime.total_seconds() // 60))
    words = {"phone": phone or "", "code": sent.code or "", "minutes": minutes}
    sealed = await parts.vault.seal_json(session, flow.key_id, f"short_messages|{message.id}", words)
    # Written in either case, so that both take the same statements; a withheld row keeps nothing that opens.
    message.sealed = sealed if not withheld else parts.chance.token(len(sealed))
    await session.flush()


async def queue_notice(
    session: AsyncSession, parts: Parts, *, template: str, platform_id: str, key_id: str, phone: str
) -> None:
    """Tell a phone by SMS what happened to its account. The text has no variables."""
    now = parts.clock.now()
    message = ShortMessageRow(
        template=template, platform_id=platform_id, key_id=key_id, not_after=now + _NOTICE_LIFETIME, created_at=now
    )
    session.add(message)
    await session.flush()
    context = f"short_messages|{message.id}"
    message.sealed = await parts.vault.seal_json(session, key_id, context, {"phone": phone})
    await session.flush()
