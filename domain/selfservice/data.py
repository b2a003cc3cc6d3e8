"""Everything that is stored about the person of an account: to look at, and to take along (PIPL 45)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow, UploadRow
from domain.consent.items import item_title
from domain.consent.tables import ReceiptRow
from domain.flows.pages import PageGone, find_page
from domain.messaging.tables import ConversationRow, MessageRow
from domain.parts import Parts
from domain.requests import Request


@dataclass(frozen=True)
class Stored:
    """A file that is kept: what it is, not its bytes."""

    field: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True)
class Agreed:
    item: str
    title: str
    decision: str
    at: datetime


@dataclass(frozen=True)
class Data:
    """Args:
    values: what was registered, by field; the password is kept only as a hash and is not here.
    lines: how many lines of conversation are kept.
    """

    platform_id: str
    platform: str
    account_id: str
    subject: str
    status: str
    created_at: datetime
    expires_at: datetime
    values: Mapping[str, str]
    uploads: Sequence[Stored]
    decisions: Sequence[Agreed]
    receipts: Sequence[str]
    requests: Sequence[Request]
    channels: Sequence[str]
    lines: int

    def document(self) -> dict[str, Any]:
        """The same as a JSON document."""
        return {
            "schema": "mingshi-data-1",
            "platform": {"id": self.platform_id, "name": self.platform},
            "account": {
                "id": self.account_id,
                "subject": self.subject,
                "status": self.status,
                "registered_at": self.created_at.isoformat(),
            },
            "registered": dict(self.values),
            "password": "hash only",
            "files": [
                {
                    "field": u.field,
                    "type": u.media_type,
                    "bytes": u.size,
                    "sha256": u.sha256,
                    "at": u.created_at.isoformat(),
                }
                for u in self.uploads
            ],
            "consents": [
                {"item": d.item, "title": d.title, "decision": d.decision, "at": d.at.isoformat()}
                for d in self.decisions
            ],
            "receipts": list(self.receipts),
            "requests": [
                {
                    "id": r.id,
                    "kind": r.kind,
                    "state": r.state,
                    "at": r.created_at.isoformat(),
                    "words": dict(r.words),
                    "answer": r.answer,
                }
                for r in self.requests
            ],
            "conversations": {"channels": list(self.channels), "lines": self.lines},
        }


async def stored_about(session: AsyncSession, parts: Parts, token: str) -> Data:
    """What a data page shows. Raises PageGone, also when the account was closed or its sessions ended meanwhile."""
    page = await find_page(session, parts, token)
    row = await session.get(AccountRow, page.account_id) if page.account_id else None
    if row is None or row.status == "closed" or row.sessions_valid_from > page.created_at:
        raise PageGone()
    profile = parts.platforms.get(row.platform_id).profile
    uploads = await session.scalars(select(UploadRow).where(UploadRow.key_id == row.key_id))
    decisions = await parts.consents.of(session, row.id)
    receipts = await session.scalars(
        select(ReceiptRow.id).where(ReceiptRow.account_id == row.id).order_by(ReceiptRow.created_at)
    )
    addresses = await parts.accounts.addresses(session, row.id)
    channels = [(await session.get_one(ConversationRow, address)).channel for address in addresses]
    lines = await session.scalars(select(MessageRow.id).where(MessageRow.conversation_id.in_(addresses)))
    return Data(
        platform_id=profile.id,
        platform=profile.name,
        account_id=row.id,
        subject=row.subject,
        status=row.status,
        created_at=row.created_at,
        expires_at=page.expires_at,
        values={
            name: value
            for name, value in (await parts.accounts.data(session, row.id)).items()
            if name not in {"licence_image", "authority_letter"}
        },
        uploads=[Stored(u.field, u.media_type, u.size, u.sha256, u.created_at) for u in uploads],
        decisions=[Agreed(d.item, item_title(profile, d.item), d.decision, d.decided_at) for d in decisions],
        receipts=list(receipts),
        requests=await parts.requests.of_person(session, "", [row.id]),
        channels=sorted(set(channels)),
        lines=len(lines.all()),
    )
