"""The calls that put a message on the screen: new, in place of another, or settled."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import (
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.channels.telegram.markup import Piece
from bot.channels.telegram.pacing import Pace
from bot.channels.telegram.screen import Screen
from bot.channels.telegram.words import Words

log = structlog.get_logger()

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

# A preview is fetched by Telegram's servers: a one-time page would be opened by a machine.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = "message is not modified"


class Sender:
    """Calls Telegram at the pace it allows. Every method raises aiogram's errors unless it says otherwise."""

    def __init__(self, bot: Bot, pace: Pace, words: Words) -> None:
        self._bot = bot
        self._pace = pace
        self._words = words

    async def put(
        self,
        chat_id: int,
        piece: Piece,
        *,
        markup: Markup | None,
        plainer: Markup | None,
        protected: bool,
        over: int | None,
    ) -> int:
        """Show a piece of a message; returns its Telegram id.

        Args:
            plainer: the keyboard for a second try in case Telegram finds fault with the first one.
            over: the message it takes the place of; it stands below everything when that is gone.
        """
        try:
            return await self._put(chat_id, piece.html, "HTML", markup, protected, over)
        except TelegramBadRequest as error:
            if _is_gone(error):
                raise
            log.error("message refused, sending it plain", exc=error)
            return await self._put(chat_id, piece.plain, None, plainer, protected, over)

    async def _put(
        self, chat_id: int, text: str, mode: str | None, markup: Markup | None, protected: bool, over: int | None
    ) -> int:
        if over is not None and await self._edited(chat_id, text, mode, markup, over):
            return over
        await self._pace.turn(chat_id)
        sent = await self._bot.send_message(
            chat_id,
            text,
            parse_mode=mode,
            link_preview_options=_NO_PREVIEW,
            protect_content=protected or None,
            reply_markup=markup,
        )
        return sent.message_id

    async def _edited(self, chat_id: int, text: str, mode: str | None, markup: Markup | None, message_id: int) -> bool:
        """Whether the message shows the text now; not when it is gone or too old to be changed."""
        if markup is not None and not isinstance(markup, InlineKeyboardMarkup):
            # Telegram changes only messages with buttons of their own, or with none.
            return False
        await self._pace.turn(chat_id)
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=mode,
                link_preview_options=_NO_PREVIEW,
                reply_markup=markup,
            )
        except TelegramBadRequest as error:
            reason = error.message.casefold()
            if _UNCHANGED in reason:
                return True
            if (
                "message to edit not found" in reason
                or "message can't be edited" in reason
                or "message_id_invalid" in reason
            ):
                return False
            raise
        return True

    async def settle(self, chat_id: int, screen: Screen, ids: Sequence[int]) -> None:
        """Take the buttons off a message, and show what was chosen if it says so."""
        if screen.footed and len(screen.pieces) == len(ids):
            await self._edited(chat_id, screen.pieces[-1].html, "HTML", None, ids[-1])
            return
        await self._pace.turn(chat_id)
        # It may be gone, or have no buttons: then there is nothing to take off.
        with contextlib.suppress(TelegramBadRequest):
            await self._bot.edit_message_reply_markup(chat_id=chat_id, message_id=ids[-1])

    async def remove(self, chat_id: int, message_id: int) -> None:
        """Take a message off the screen; one that is gone is as good."""
        with contextlib.suppress(TelegramBadRequest):
            await self._bot.delete_message(chat_id, message_id)

    async def offer_phone(self, chat_id: int) -> bool:
        """Put up the key that shares the person's own number. Typing it works without: False when it failed."""
        key = KeyboardButton(text=self._words.say("share.button"), request_contact=True)
        keyboard = ReplyKeyboardMarkup(keyboard=[[key]], resize_keyboard=True, one_time_keyboard=True)
        return await self._aside(chat_id, "share.offer", keyboard)

    async def withdraw_phone(self, chat_id: int) -> bool:
        """Take that key away with a word of its own. False when it failed."""
        return await self._aside(chat_id, "share.over", ReplyKeyboardRemove())

    async def _aside(self, chat_id: int, words: str, markup: Markup) -> bool:
        await self._pace.turn(chat_id)
        try:
            await self._bot.send_message(chat_id, self._words.say(words), parse_mode=None, reply_markup=markup)
        except AiogramError as error:
            log.warning("keyboard not shown", exc=error)
            return False
        return True


def _is_gone(error: TelegramBadRequest) -> bool:
    """Whether there is nobody to write to."""
    return "chat not found" in error.message.casefold()


def is_gone(error: AiogramError) -> bool:
    return isinstance(error, TelegramBadRequest) and _is_gone(error)
