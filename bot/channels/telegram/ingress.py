"""Takes updates in: each is committed to the inbox before Telegram is told that it arrived."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Update
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bot.channels.telegram.reading import Addressed, ForeignPress, Meaning, Membership, Reader, Said
from bot.channels.telegram.words import Words
from bot.limits import RateLimit
from bot.turns.doorway import Doorway
from bot.turns.hub import Hub
from bot.turns.worker import OUTBOX
from domain import Domain
from domain.messaging.tables import ConversationRow

log = structlog.get_logger()

CHANNEL = "telegram"
_CLOSING_SECONDS = 2.0
_DELETE_ATTEMPTS = 4


class Ingress:
    """Args:
    messages_a_minute: how much one person may send; beyond it they are asked to slow down.
    """

    def __init__(
        self, domain: Domain, doorway: Doorway, hub: Hub, bot: Bot, words: Words, *, messages_a_minute: int
    ) -> None:
        clock = domain.parts.clock
        self._domain = domain
        self._doorway = doorway
        self._hub = hub
        self._bot = bot
        self._words = words
        self._reader = Reader(words.sentences, frozenset(platform.profile.id for platform in domain.platforms))
        self._pace = RateLimit(clock, messages_a_minute)
        self._warnings = RateLimit(clock, 1)
        self._pointers = RateLimit(clock, 1)
        self._albums = RateLimit(clock, 1)
        self._aside: set[asyncio.Task[None]] = set()
        self.username: str | None = None

    async def take(self, raw: Mapping[str, Any]) -> None:
        """Take one update in. When this returns it is safe to forget it.

        Raises whatever the database raises: then the update was not stored and must come again.
        """
        meaning = self._read(raw)
        match meaning:
            case Said():
                await self._said(meaning, f"{self._bot.id}:{raw['update_id']}")
            case Membership(chat_id, reachable):
                await self._reachable(chat_id, reachable)
            case Addressed():
                if meaning.exposed_by is not None:
                    await self._exposed(meaning.exposed_by, f"{self._bot.id}:{raw['update_id']}")
                if not self._pointers.admit(str(meaning.chat_id)):
                    self._meanwhile(self._point(meaning))
            case ForeignPress(callback_id):
                self._meanwhile(self._answer(callback_id, self._words.shared.text("button.foreign")))

    async def close(self) -> None:
        """Let what is under way end."""
        if self._aside:
            _, late = await asyncio.wait(self._aside, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()

    def _read(self, raw: Mapping[str, Any]) -> Meaning | None:
        """What cannot be read will not become readable by coming again: it is passed over."""
        try:
            return self._reader.read(Update.model_validate(raw, context={"bot": self._bot}))
        except Exception as error:
            log.warning("update not understood", update=raw.get("update_id"), exc=error)
            return None

    async def _said(self, said: Said, update_id: str) -> None:
        if said.secret and said.message_id is not None:
            self._meanwhile(self._delete(said.chat_id, said.message_id))
        # Counted only once the database has answered: an update that comes again because it was
        # away must not count twice and be dropped for haste.
        conversation_id = await self._conversation(said.chat_id)
        payload = self._admitted(said)
        if payload is not None:
            await self._doorway.receive(conversation_id, update_id, payload)
        if said.callback_id is not None:
            toast = None if payload == said.payload else self._words.shared.text("misfit.too_fast")
            self._meanwhile(self._answer(said.callback_id, toast))

    async def _exposed(self, sender_id: int, update_id: str) -> None:
        """A code was posted where others read along: whoever talks to us privately hears of it, and it ends."""
        async with self._domain.database.reading() as session:
            known = await session.scalar(
                select(ConversationRow.id).where(
                    ConversationRow.channel == CHANNEL, ConversationRow.address == str(sender_id)
                )
            )
        if known is not None:
            await self._doorway.receive(known, update_id, {"exposed": True})

    def _admitted(self, said: Said) -> Mapping[str, Any] | None:
        """What of it is let in: an album once, and a flood is answered with one request to slow down."""
        chat = str(said.chat_id)
        if said.album is not None and self._albums.admit(f"{chat}:{said.album}"):
            return None
        if not self._pace.admit(chat):
            return said.payload
        if said.callback_id is not None or self._warnings.admit(chat):
            return None
        return {"misfit": "too_fast"}

    async def _conversation(self, chat_id: int) -> str:
        """The conversation of the chat; whoever writes can be reached again."""
        try:
            return await self._open(chat_id)
        except IntegrityError:
            # Two first updates of a chat at the same moment: the other one made the conversation.
            return await self._open(chat_id)

    async def _open(self, chat_id: int) -> str:
        async with self._domain.transaction() as session:
            conversation, _ = await self._domain.conversations.open(session, channel=CHANNEL, address=str(chat_id))
            conversation.reachable = True
            return conversation.id

    async def _reachable(self, chat_id: int, reachable: bool) -> None:
        async with self._domain.transaction() as session:
            await session.execute(
                update(ConversationRow)
                .where(ConversationRow.channel == CHANNEL, ConversationRow.address == str(chat_id))
                .values(reachable=reachable)
            )
        if reachable:
            self._hub.signal(OUTBOX)

    def _meanwhile(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the intake, which must not wait for Telegram."""
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _answer(self, callback_id: str, text: str | None) -> None:
        """Ends the waiting sign on the button; a late answer is refused by Telegram and of no use."""
        with contextlib.suppress(AiogramError):
            await self._bot.answer_callback_query(callback_id, text=text[:200] if text else None, show_alert=bool(text))

    async def _point(self, addressed: Addressed) -> None:
        keyboard = None
        if self.username:
            url = f"https://t.me/{self.username}?start=hello"
            keyboard = InlineKeyboardMarkup(
                inline_keyboard=[[InlineKeyboardButton(text=self._words.say("private.button"), url=url)]]
            )
        with contextlib.suppress(AiogramError):
            await self._bot.send_message(
                addressed.chat_id,
                self._words.shared.text("misfit.group"),
                parse_mode=None,
                message_thread_id=addressed.thread_id,
                reply_markup=keyboard,
            )

    async def _delete(self, chat_id: int, message_id: int) -> None:
        """A password must not stay in the chat: tried until it is gone, or surely cannot be."""
        for attempt in range(1, _DELETE_ATTEMPTS + 1):
            try:
                await self._bot.delete_message(chat_id, message_id)
                return
            except (TelegramBadRequest, TelegramForbiddenError) as error:
                log.warning("message not deleted", exc=error)
                return
            except AiogramError as error:
                wait = float(getattr(error, "retry_after", 2 ** (attempt - 1)))
                if attempt == _DELETE_ATTEMPTS:
                    log.warning("message not deleted", exc=error)
            await asyncio.sleep(wait)
