"""Brings what was said to Telegram: in order in each chat, each message until it surely arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from aiogram.types import ReplyKeyboardRemove
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.channels.telegram.ingress import CHANNEL
from bot.channels.telegram.patience import backoff
from bot.channels.telegram.screen import Artist, Message, Screen
from bot.channels.telegram.sending import Sender, is_gone
from bot.turns.hub import Hub, news
from bot.turns.worker import OUTBOX
from domain import Domain, KeyDestroyed
from domain.flows.tables import FlowRow
from domain.messaging.tables import ConversationRow, MessageRow

log = structlog.get_logger()

_POLL_SECONDS = 1.0
# Longer than a few calls to Telegram take; after it a message of a process that died is sent by another.
_LEASE = timedelta(seconds=60)
_CLOSING_SECONDS = 5.0
# Messages in hand at the same time: few enough that each is sent well before its lease ends.
_AT_ONCE = 30
# Marks the message below which the key that shares one's own number stands.
_KEY = "k"
_REF_LENGTH = 60
# How many of the newest messages are looked at for buttons that are over.
_LOOK_BACK = 20


@dataclass(frozen=True)
class _Job:
    """One message on its way.

    Args:
        sent: Telegram ids of the pieces that arrived before an interruption.
        over: Telegram ids of the message whose place it takes.
        key_row: the row below which the sharing key still stands.
        last: whether nothing else waits behind it.
    """

    id: str
    chat_id: int
    attempt: int
    message: Message
    sent: tuple[int, ...]
    over: tuple[int, ...]
    key_row: str | None
    last: bool


class Delivery:
    def __init__(self, domain: Domain, hub: Hub, artist: Artist, sender: Sender) -> None:
        self._domain = domain
        self._clock = domain.parts.clock
        self._hub = hub
        self._artist = artist
        self._sender = sender
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._closing = False

    async def run(self) -> None:
        """Deliver until cancelled; the message in hand is still finished then."""
        try:
            if self._domain.database.is_sqlite:
                await self._forget_leases()
            async with self._hub.listening(OUTBOX) as event:
                while True:
                    try:
                        for conversation_id in await self._waiting():
                            self._wake(conversation_id)
                    except Exception as error:
                        log.error("outbox not read", exc=error)
                    await news(event, _POLL_SECONDS)
        finally:
            self._closing = True
            if self._busy:
                await asyncio.wait(self._busy.values(), timeout=_CLOSING_SECONDS)

    def _wake(self, conversation_id: str) -> None:
        if conversation_id not in self._busy:
            task = asyncio.create_task(self._see_to(conversation_id), name=f"delivery to {conversation_id}")
            self._busy[conversation_id] = task

    async def _waiting(self) -> list[str]:
        """Conversations whose oldest undelivered message may be tried now."""
        heads = (
            select(MessageRow.conversation_id.label("conversation"), func.min(MessageRow.seq).label("seq"))
            .where(MessageRow.delivery == "new")
            .group_by(MessageRow.conversation_id)
            .subquery()
        )
        query = (
            select(MessageRow.conversation_id)
            .join(heads, (heads.c.conversation == MessageRow.conversation_id) & (heads.c.seq == MessageRow.seq))
            .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
            .where(
                ConversationRow.channel == CHANNEL,
                ConversationRow.reachable,
                or_(MessageRow.not_before.is_(None), MessageRow.not_before <= self._clock.now()),
            )
        )
        async with self._domain.database.reading() as session:
            return list(await session.scalars(query))

    async def _see_to(self, conversation_id: str) -> None:
        try:
            # What was answered is settled when nothing waits; then once more, for what came meanwhile.
            while not self._closing and (await self._next(conversation_id) or await self._settle(conversation_id)):
                pass
        except Exception as error:
            log.error("delivery failed", conversation=conversation_id, exc=error)
        finally:
            self._busy.pop(conversation_id, None)

    async def _next(self, conversation_id: str) -> bool:
        """Deliver the oldest message of a conversation. False when there is none to be tried now."""
        async with self._slots:
            async with self._domain.transaction() as session:
                claimed = await self._claim(session, conversation_id)
            if not isinstance(claimed, _Job):
                return claimed
            return await self._try(conversation_id, claimed)

    async def _try(self, conversation_id: str, claimed: _Job) -> bool:
        """Deliver a message. False when it has to wait, and what stands behind it with it."""
        try:
            screen = self._artist.draw(claimed.message)
        except Exception as error:
            log.error("message cannot be drawn", message=claimed.id, exc=error)
            await self._mark(claimed.id, delivery="failed")
            return True
        try:
            await self._deliver(claimed, screen)
        except TelegramRetryAfter as error:
            await self._later(claimed, float(error.retry_after))
        except TelegramForbiddenError as error:
            await self._unreachable(conversation_id, claimed, error)
        except AiogramError as error:
            if is_gone(error):
                await self._unreachable(conversation_id, claimed, error)
            elif isinstance(error, TelegramBadRequest):
                log.error("message refused", message=claimed.id, exc=error)
                await self._mark(claimed.id, delivery="failed")
                return True
            else:
                log.warning("message not sent yet", message=claimed.id, attempt=claimed.attempt, exc=error)
                await self._later(claimed, backoff(claimed.attempt))
        else:
            return True
        return False

    async def _claim(self, session: AsyncSession, conversation_id: str) -> _Job | bool:
        """Take the oldest message in hand. Otherwise whether the next one may be looked at."""
        waiting = (MessageRow.conversation_id == conversation_id) & (MessageRow.delivery == "new")
        heads = list(await session.scalars(select(MessageRow.id).where(waiting).order_by(MessageRow.seq).limit(2)))
        if not heads:
            return False
        # Only ever the head: skipping a locked one must not let the message behind it go first.
        row = await session.scalar(
            select(MessageRow)
            .where(MessageRow.id == heads[0], MessageRow.delivery == "new")
            .with_for_update(skip_locked=True)
        )
        now = self._clock.now()
        conversation = await session.get_one(ConversationRow, conversation_id)
        if row is None or not conversation.reachable or (row.not_before is not None and row.not_before > now):
            return False
        message = await self._message(session, conversation, row)
        if message is None:
            row.delivery = "dropped"
            return True
        row.attempts += 1
        row.not_before = now + _LEASE
        over = await session.get(MessageRow, row.replaces) if row.replaces else None
        key_row = await session.scalar(
            select(MessageRow.id)
            .where(MessageRow.conversation_id == conversation_id, MessageRow.delivery_ref.like(f"%{_KEY}"))
            .limit(1)
        )
        return _Job(
            id=row.id,
            chat_id=int(conversation.address),
            attempt=row.attempts,
            message=message,
            sent=_ids(row.delivery_ref),
            over=_ids(over.delivery_ref) if over is not None else (),
            key_row=key_row,
            last=len(heads) == 1,
        )

    async def _deliver(self, job: _Job, screen: Screen) -> None:
        """Show the message, piece by piece; each that arrived is noted at once, so that none is sent twice."""
        wants_phone = job.message["expects"] == "phone"
        key_goes = job.key_row is not None and not wants_phone and job.last and not job.sent
        if key_goes and screen.keyboard is not None and await self._sender.withdraw_phone(job.chat_id):
            await self._key_gone(job.key_row)
            key_goes = False
        sent = list(job.sent)
        for at, piece in enumerate(screen.pieces[len(sent) :], len(sent)):
            ends = at == len(screen.pieces) - 1
            bare = ReplyKeyboardRemove() if key_goes and screen.keyboard is None else None
            sent.append(
                await self._sender.put(
                    job.chat_id,
                    piece,
                    markup=screen.keyboard or bare if ends else None,
                    plainer=screen.pressed_only or bare if ends else None,
                    protected=screen.protected,
                    over=job.over[at] if at < len(job.over) else None,
                )
            )
            await self._mark(job.id, delivery="sent" if ends else "new", delivery_ref=_ref(sent))
        if not screen.pieces:
            await self._mark(job.id, delivery="sent")
        for left_over in job.over[len(sent) :]:
            await self._sender.remove(job.chat_id, left_over)
        if key_goes and screen.keyboard is None:
            await self._key_gone(job.key_row)
        if wants_phone and job.key_row is None and job.last and await self._sender.offer_phone(job.chat_id):
            await self._mark(job.id, delivery_ref=_ref(sent, key=True))

    async def _settle(self, conversation_id: str) -> bool:
        """Take the buttons off messages that are over, and say there what was chosen. Whether there were any."""
        async with self._domain.database.reading() as session:
            conversation = await session.get_one(ConversationRow, conversation_id)
            over = await self._over(session, conversation_id)
            messages = [await self._message(session, conversation, row) for row in over]
        for row, message in zip(over, messages, strict=True):
            ids = _ids(row.delivery_ref)
            try:
                if ids and message is not None:
                    screen = self._artist.draw(message, settled=True)
                    await self._sender.settle(int(conversation.address), screen, ids)
            except TelegramRetryAfter:
                return False
            except AiogramError as error:
                log.warning("message not settled", message=row.id, exc=error)
            await self._mark(row.id, delivery="settled")
        return bool(over)

    async def _message(self, session: AsyncSession, conversation: ConversationRow, row: MessageRow) -> Message | None:
        """The message in clear; None when it was erased."""
        try:
            return await self._domain.parts.outbox.public(session, conversation, row)
        except KeyDestroyed:
            return None

    async def _over(self, session: AsyncSession, conversation_id: str) -> list[MessageRow]:
        """Shown messages whose buttons are of no use any more: one was pressed, another question stands,
        or the same one was asked again below.

        Not those whose place a later message took: what stands there has buttons of its own.
        """
        later = aliased(MessageRow)
        replaced = select(later.replaces).where(later.conversation_id == conversation_id, later.replaces.is_not(None))
        shown = await session.execute(
            select(MessageRow, FlowRow.step, FlowRow.outcome)
            .outerjoin(FlowRow, FlowRow.id == MessageRow.flow_id)
            .where(
                MessageRow.conversation_id == conversation_id,
                MessageRow.delivery == "sent",
                MessageRow.id.not_in(replaced),
            )
            .order_by(MessageRow.seq.desc())
            .limit(_LOOK_BACK)
        )
        over: list[MessageRow] = []
        asked: set[str | None] = set()
        for row, step, outcome in shown:
            # Buttons of the conversation itself (c.…) work at any time.
            asks = row.flow_id is not None and any(not choice.startswith("c.") for choice in row.choices)
            gone = outcome is not None or _question(row.step) != _question(step) or row.flow_id in asked
            if row.chosen is not None or (asks and gone):
                over.append(row)
            if asks:
                asked.add(row.flow_id)
        return over[::-1]

    async def _later(self, job: _Job, seconds: float) -> None:
        """Try again after a while; what stands behind it waits too, so the order is kept."""
        await self._mark(job.id, not_before=self._clock.now() + timedelta(seconds=seconds))

    async def _unreachable(self, conversation_id: str, job: _Job, error: AiogramError) -> None:
        """The person blocked the bot or left: nothing is tried until they are heard of again."""
        log.info("person not reachable", conversation=conversation_id, exc=error)
        async with self._domain.transaction() as session:
            await session.execute(
                update(ConversationRow).where(ConversationRow.id == conversation_id).values(reachable=False)
            )
            await session.execute(update(MessageRow).where(MessageRow.id == job.id).values(not_before=None))

    async def _key_gone(self, row_id: str | None) -> None:
        async with self._domain.transaction() as session:
            row = await session.get(MessageRow, row_id) if row_id else None
            if row is not None:
                row.delivery_ref = _ref(_ids(row.delivery_ref))

    async def _mark(self, row_id: str, **values: Any) -> None:
        async with self._domain.transaction() as session:
            await session.execute(update(MessageRow).where(MessageRow.id == row_id).values(**values))

    async def _forget_leases(self) -> None:
        """The only process of its database has just started: nobody holds a message."""
        async with self._domain.transaction() as session:
            await session.execute(update(MessageRow).where(MessageRow.delivery == "new").values(not_before=None))


def _question(step: str | None) -> str:
    """The question a step names, without the one laid over it."""
    return (step or "").partition("?")[0]


def _ref(ids: Sequence[int], *, key: bool = False) -> str:
    """Telegram ids as they are kept; the newest ones when there are very many."""
    kept = [str(id) for id in ids]
    while kept and len(",".join(kept)) > _REF_LENGTH:
        kept.pop(0)
    return ",".join(kept) + (_KEY if key else "")


def _ids(ref: str | None) -> tuple[int, ...]:
    return tuple(int(id) for id in (ref or "").rstrip(_KEY).split(",") if id)
