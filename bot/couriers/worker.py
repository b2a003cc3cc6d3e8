"""Takes SMS from the outbox to the courier: each at most once knowingly, none older than its code."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import or_, select, update

from bot.metrics import SHORT_MESSAGES
from bot.turns.hub import Hub, news
from bot.turns.worker import OUTBOX
from bot.wording.catalogue import Catalogue
from domain import Domain, KeyDestroyed
from domain.messaging.tables import ShortMessageRow
from domain.platforms import UnknownPlatform

log = structlog.get_logger()

_LEASE = timedelta(seconds=60)
_IDLE_SECONDS = 1.0


class Courier(Protocol):
    name: str

    async def send(self, phone: str, text: str) -> str:
        """Hand a text to the provider; returns its reference. Raises when it was surely not taken."""
        ...


class CourierWorker:
    def __init__(self, domain: Domain, courier: Courier, hub: Hub) -> None:
        self._domain = domain
        self._courier = courier
        self._hub = hub
        self._words = Catalogue.read("sms.yml")

    async def run(self) -> None:
        async with self._hub.listening(OUTBOX) as event:
            while True:
                try:
                    while await self._one():
                        pass
                except Exception as error:
                    log.error("sms queue not served", exc=error)
                await news(event, _IDLE_SECONDS)

    async def _one(self) -> bool:
        """Send the oldest open message. False when there is none."""
        claimed = await self._claim()
        if claimed is None:
            return False
        message_id, phone, text = claimed
        if phone is None or text is None:
            return True
        try:
            async with asyncio.timeout(20):
                reference = await self._courier.send(phone, text)
        except TimeoutError:
            # It may have been sent: sending again blindly could bother a person twice.
            await self._finish(message_id, "unknown", None)
        except Exception as error:
            log.error("sms not sent", message=message_id, exc=error)
            await self._finish(message_id, "failed", None)
        else:
            await self._finish(message_id, "sent", reference)
        return True

    async def _claim(self) -> tuple[int, str | None, str | None] | None:
        parts = self._domain.parts
        async with self._domain.transaction() as session:
            now = parts.clock.now()
            row = await session.scalar(
                select(ShortMessageRow)
                .where(
                    ShortMessageRow.state == "new",
                    or_(ShortMessageRow.leased_until.is_(None), ShortMessageRow.leased_until < now),
                )
                .order_by(ShortMessageRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            if now >= row.not_after or row.sealed is None:
                row.state, row.sealed, row.finished_at = "expired", None, now
                return row.id, None, None
            try:
                words = await parts.vault.unseal_json(session, row.key_id, f"short_messages|{row.id}", row.sealed)
                platform = parts.platforms.get(row.platform_id).profile.name
            except (KeyDestroyed, UnknownPlatform):
                row.state, row.sealed, row.finished_at = "expired", None, now
                return row.id, None, None
            row.attempts += 1
            row.leased_until = now + _LEASE
            text = self._words.text(row.template, {**words, "platform": platform})
            return row.id, words["phone"], text

    async def _finish(self, message_id: int, state: str, reference: str | None) -> None:
        SHORT_MESSAGES.labels(state).inc()
        async with self._domain.transaction() as session:
            await session.execute(
                update(ShortMessageRow)
                .where(ShortMessageRow.id == message_id)
                .values(
                    state=state,
                    sealed=None,
                    provider=self._courier.name,
                    provider_ref=reference,
                    finished_at=self._domain.parts.clock.now(),
                )
            )
