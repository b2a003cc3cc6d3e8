"""SMS as the domain leaves them for the courier, and reading what became of them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.settings import Sms
from domain import Domain
from domain.messaging.tables import ConversationRow, InboxRow, ShortMessageRow
from tests.fakes import sms_aliyun, sms_tencent

PHONE = "+8613800138000"
SIGN = "明示科技"
RECEIPT_SECRET = "r3ceiptS3cretOfTheTests0123456789"
_codes = itertools.count(100_000)


def sms_settings(aliyun: str, tencent: str, **changes: Any) -> Sms:
    templates = {"code": "SMS_1", "password_changed": "SMS_2"}
    return Sms.model_validate(
        {
            "provider": "aliyun",
            "fallback": "tencent",
            "timeout": 0.5,
            "aliyun": {
                "access_key_id": sms_aliyun.KEY_ID,
                "access_key_secret": sms_aliyun.KEY_SECRET,
                "sign_name": SIGN,
                "templates": templates,
                "endpoint": aliyun,
                "receipt_secret": RECEIPT_SECRET,
            },
            "tencent": {
                "secret_id": sms_tencent.SECRET_ID,
                "secret_key": sms_tencent.SECRET_KEY,
                "app_id": sms_tencent.APP_ID,
                "sign_name": SIGN,
                "templates": {"code": "1110", "password_changed": "1111"},
                "endpoint": tencent,
                "receipt_secret": RECEIPT_SECRET[::-1],
            },
            **changes,
        }
    )


async def queued(
    domain: Domain,
    *,
    phone: str = PHONE,
    template: str = "code",
    lifetime: timedelta = timedelta(minutes=5),
    conversation_id: str | None = None,
    count: int = 1,
    **words: str,
) -> list[int]:
    """Leave messages in the outbox; their ids."""
    parts = domain.parts
    async with domain.transaction() as session:
        key_id = await parts.vault.new_key(session, "tests")
        now = parts.clock.now()
        rows = [
            ShortMessageRow(
                template=template,
                platform_id="xiaohe",
                key_id=key_id,
                not_after=now + lifetime,
                created_at=now,
                conversation_id=conversation_id,
            )
            for _ in range(count)
        ]
        session.add_all(rows)
        await session.flush()
        for row in rows:
            own = {"code": f"{next(_codes):06d}", "minutes": "5"} if template == "code" else {}
            context = f"short_messages|{row.id}"
            row.sealed = await parts.vault.seal_json(session, key_id, context, {"phone": phone, **own, **words})
        return [row.id for row in rows]


async def row_of(domain: Domain, message_id: int) -> ShortMessageRow:
    async with domain.database.reading() as session:
        return await session.get_one(ShortMessageRow, message_id)


async def states(domain: Domain) -> list[str]:
    """The state of every message, in the order they were left."""
    async with domain.database.reading() as session:
        return list(await session.scalars(select(ShortMessageRow.state).order_by(ShortMessageRow.id)))


async def outcomes(domain: Domain, message_id: int) -> list[tuple[str, str]]:
    """Which provider was asked, and how it went."""
    return [(call["provider"], call["outcome"]) for call in (await row_of(domain, message_id)).calls or ()]


async def told(domain: Domain, conversation_id: str) -> list[str]:
    """What a conversation is to be told, by the ids of the words."""
    parts = domain.parts
    async with domain.database.reading() as session:
        conversation = await session.get_one(ConversationRow, conversation_id)
        rows = await session.scalars(
            select(InboxRow).where(InboxRow.conversation_id == conversation_id, InboxRow.update_id.startswith("tell:"))
        )
        return [(await parts.inbox.open(session, conversation, row))["tell"] for row in rows]
