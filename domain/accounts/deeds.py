"""What happens to an account after registration: each deed with its evidence, and word to everybody concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.news import announce, not_me, record
from domain.accounts.tables import AccountRow
from domain.flows.tables import FlowRow
from domain.identifiers.phones import Phone
from domain.messaging.tables import NoticeRow
from domain.parts import Parts

Channel = Mapping[str, Any]


async def freeze(
    session: AsyncSession, parts: Parts, row: AccountRow, *, reason: str, channel: Channel, here: str | None
) -> bool:
    """Stop every use of an account. Returns whether a change of phone was taken back with it.

    A phone that was changed lately is put back: whoever freezes an account says that the change was not theirs.
    """
    if row.status == "closed":
        return False
    phones = [phone for phone in await parts.accounts.phones(session, row) if phone]
    undone = await parts.accounts.undo_phone(session, row) is not None
    if row.status == "frozen":
        return undone
    # Somebody said no: a notice that was given counts for nothing.
    row.status, row.reset_waits_from = "frozen", None
    await parts.accounts.revoke_sessions(session, row, but=here)
    entry = await record(session, parts, row, "frozen", {"reason": reason, "phone_undone": undone, "channel": channel})
    await announce(
        session, parts, row, entry, event="frozen", data={"reason": reason}, message="news.frozen", here=here,
        sms_to=phones,
    )  # fmt: skip
    return undone


async def unfreeze(session: AsyncSession, parts: Parts, row: AccountRow, *, by: str, reason: str) -> None:
    """The platform's people have looked into it: the account can be used again."""
    row.status = "active"
    entry = await record(session, parts, row, "unfrozen", {"by": by, "reason": reason})
    await announce(session, parts, row, entry, event="unfrozen", data={"by": by}, message="news.unfrozen")


async def set_password(
    session: AsyncSession, parts: Parts, row: AccountRow, *, hashed: str, channel: Channel, here: str
) -> None:
    """A new password: every session ends, every address is told, nobody is logged in (OWASP Forgot Password)."""
    row.password_hash = hashed
    row.failures, row.locked_until, row.reset_waits_from = 0, None, None
    row.phone_proven_at = parts.clock.now()
    await parts.accounts.bind(session, row.id, here)
    await parts.accounts.revoke_sessions(session, row, but=here)
    entry = await record(session, parts, row, "password_changed", {"by": "sms_code", "channel": channel})
    phone, old = await parts.accounts.phones(session, row)
    await announce(
        session, parts, row, entry, event="password_changed",
        data={"sessions_valid_from": row.sessions_valid_from.isoformat()}, message="news.password_changed",
        buttons=(not_me(row.id),), here=here, sms_to=[phone, *([old] if old else [])],
    )  # fmt: skip


async def begin_notice(session: AsyncSession, parts: Parts, row: AccountRow, *, channel: Channel, here: str) -> None:
    """Warn every address a day before a new password that rests on the phone alone. A running notice runs on."""
    now = parts.clock.now()
    begun = row.reset_waits_from
    if begun is not None and now - begun < 7 * parts.policy.reset_notice:
        return
    row.reset_waits_from = now
    entry = await record(session, parts, row, "reset_asked", {"channel": channel})
    phone, old = await parts.accounts.phones(session, row)
    await announce(
        session, parts, row, entry, event="reset_asked", data={}, message="news.reset_asked",
        buttons=(not_me(row.id),), here=here, sms_to=[phone, *([old] if old else [])],
    )  # fmt: skip


async def change(
    session: AsyncSession,
    parts: Parts,
    row: AccountRow,
    field: str,
    value: str,
    *,
    channel: Channel,
    here: str,
) -> None:
    """Change one value. Raises IdentifierTaken. A change of phone can be taken back for a day, as both sides hear."""
    if field == "phone":
        old, _ = await parts.accounts.phones(session, row)
        await parts.accounts.change_phone(session, row, value, parts.policy.undo_phone)
        entry = await record(session, parts, row, "changed", {"field": field, "channel": channel})
        buttons = (not_me(row.id), (f"c.undo_phone:{row.id}", "undo_phone", "default"))
        hours = str(int(parts.policy.undo_phone / timedelta(hours=1)))
        await announce(
            session, parts, row, entry, event="changed", data={"field": field}, message="news.phone_changed",
            words={"phone": Phone(value).display, "hours": hours}, buttons=buttons, here=here, sms_to=[old],
        )  # fmt: skip
        return
    await parts.accounts.change(session, row, field, value)
    entry = await record(session, parts, row, "changed", {"field": field, "channel": channel})
    await announce(
        session, parts, row, entry, event="changed", data={"field": field}, message=f"news.changed.{field}",
        buttons=(not_me(row.id),), here=here,
    )  # fmt: skip


async def undo_phone(
    session: AsyncSession, parts: Parts, row: AccountRow, *, channel: Channel, here: str
) -> str | None:
    """Put the phone before the last change back. Returns how a chat shows it; None when it is too late."""
    old = await parts.accounts.undo_phone(session, row)
    if old is None:
        return None
    await parts.accounts.revoke_sessions(session, row, but=here)
    entry = await record(session, parts, row, "changed", {"field": "phone", "undone": True, "channel": channel})
    await announce(
        session, parts, row, entry, event="changed", data={"field": "phone", "undone": True},
        message="news.phone_undone", words={"phone": Phone(old).display}, here=here, sms_to=[old],
    )  # fmt: skip
    return Phone(old).display


async def close(
    session: AsyncSession, parts: Parts, row: AccountRow, *, channel: Channel, here: str | None, sms_key: str
) -> None:
    """Close and erase. The evidence keeps its own key and goes on to verify; it holds no personal data.

    Args:
        sms_key: seals the last SMS, for the account's key is gone by then (the conversation's).
    """
    phone, _ = await parts.accounts.phones(session, row)
    entry = await record(session, parts, row, "cancelled", {"channel": channel})
    await announce(
        session, parts, row, entry, event="cancelled", data={}, message="news.cancelled", here=here, sms_to=[phone],
        sms_key=sms_key,
    )  # fmt: skip
    for conversation_id in await parts.accounts.addresses(session, row.id):
        await parts.outbox.blot_out_person(session, conversation_id, await _shown_in(session, row, conversation_id))
        await session.execute(
            delete(NoticeRow).where(
                NoticeRow.conversation_id == conversation_id, NoticeRow.platform_id == row.platform_id
            )
        )
    await parts.accounts.erase(session, row)


async def _shown_in(session: AsyncSession, row: AccountRow, conversation_id: str) -> Sequence[str]:
    """The errands of this conversation whose questions may have shown what is registered: all but closing itself."""
    flows = await session.scalars(
        select(FlowRow.id).where(
            FlowRow.conversation_id == conversation_id,
            FlowRow.platform_id == row.platform_id,
            FlowRow.kind == "selfservice",
            FlowRow.step.not_like("cancel/%"),
        )
    )
    return flows.all()


async def suspend(session: AsyncSession, parts: Parts, row: AccountRow, *, channel: Channel, here: str) -> None:
    """A company that is ending stops using its account (人才 3.1.4)."""
    row.status = "suspended"
    entry = await record(session, parts, row, "suspended", {"reason": "dissolution", "channel": channel})
    await announce(
        session,
        parts,
        row,
        entry,
        event="suspended",
        data={"reason": "dissolution"},
        message="news.suspended",
        here=here,
    )
