"""Tells an account's person what happened to it: in every conversation it belongs to, and by SMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.evidence import Entry, EntryType
from domain.messaging.notices import tell_systems
from domain.messaging.short_messages import queue_notice
from domain.parts import Parts

Buttons = Sequence[tuple[str, str, str]]


def not_me(account_id: str) -> tuple[str, str, str]:
    """The button of somebody who did not do this: it freezes the account."""
    return f"c.not_me:{account_id}", "not_me", "danger"


async def record(
    session: AsyncSession, parts: Parts, row: AccountRow, type: EntryType, body: Mapping[str, Any]
) -> Entry:
    """An entry of the ledger about an account; it names no personal data."""
    return await parts.ledger.append(session, row.platform_id, type, row.evidence_subject, {"account": row.id, **body})


async def announce(
    session: AsyncSession,
    parts: Parts,
    row: AccountRow,
    entry: Entry,
    *,
    event: str,
    data: Mapping[str, Any],
    message: str,
    words: Mapping[str, str] | None = None,
    buttons: Buttons = (),
    here: str | None = None,
    sms_to: Sequence[str] = (),
    sms_key: str | None = None,
) -> None:
    """Tell the platform's systems, every conversation of the person but the one that is spoken in, and the phones.

    Args:
        here: the conversation that hears of it anyway.
        sms_to: E.164 numbers.
        sms_key: what the SMS is sealed with, where the account's own key is about to be destroyed.
    """
    await tell_systems(session, parts, event, row.platform_id, row.id, {**data, "entry": entry.id})
    platform = parts.platforms.get(row.platform_id).profile.name
    told = {"platform": platform, "account": row.id, **(words or {})}
    for conversation_id in await parts.accounts.addresses(session, row.id):
        if conversation_id != here:
            await parts.inbox.tell(session, conversation_id, key=entry.id, message=message, words=told, buttons=buttons)
    for phone in dict.fromkeys(sms_to):
        template = message.removeprefix("news.")
        await queue_notice(
            session, parts, template=template, platform_id=row.platform_id, key_id=sms_key or row.key_id, phone=phone
        )
