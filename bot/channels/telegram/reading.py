"""What an update of Telegram means: pure, it asks nobody and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import CallbackQuery, ChatMemberUpdated, Contact, InaccessibleMessage, Message, Update

from domain.identifiers.codes import find_sms_codes
from domain.identifiers.masking import looks_like_password

# core.telegram.org/bots/api#inlinekeyboardbutton: callback_data takes 1 to 64 bytes.
_MAX_DATA = 64
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w{1,64})?(?:\s+(.*))?", re.DOTALL)
_RESUME = re.compile(r"[0-9A-Z]{8}")

# What a person can send that is neither a text nor a button. Anything else is Telegram's own doing
# (a pinned message, a changed timer) and means nothing.
_ATTACHMENTS = frozenset(
    {
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.CHECKLIST,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LIVE_PHOTO,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.PHOTO,
        ContentType.POLL,
        ContentType.RICH_MESSAGE,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    }
)

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """Something for the conversation of a private chat.

    Args:
        payload: what goes into the inbox.
        message_id: the message it was said in, or whose button was pressed.
        secret: whether that message should not stay in the chat.
        callback_id: the press that waits for an answer.
        album: pictures sent together share it, and are one message to a person.
    """

    chat_id: int
    payload: Payload = field(repr=False)
    message_id: int | None = None
    secret: bool = False
    callback_id: str | None = None
    album: str | None = None


@dataclass(frozen=True)
class Addressed:
    """Somebody spoke where others read along: they are pointed to the private chat."""

    chat_id: int
    thread_id: int | None
    exposed_by: int | None = None
    """Who let everybody there see an SMS code."""


@dataclass(frozen=True)
class ForeignPress:
    """A press that does not come from the private chat its button would belong to."""

    callback_id: str


@dataclass(frozen=True)
class Membership:
    """The person blocked the bot, or let it in again."""

    chat_id: int
    reachable: bool


Meaning = Said | Addressed | ForeignPress | Membership


class Reader:
    """Args:
    sentences: what a slash command is short for.
    platforms: the ids a link into this chat may name.
    """

    def __init__(self, sentences: Mapping[str, str], platforms: frozenset[str]) -> None:
        self._sentences = sentences
        self._platforms = platforms

    def read(self, update: Update) -> Meaning | None:
        """What the update means; None for what means nothing here, edited messages among it.

        The first wording of a message counts: an edit would change what was answered already.
        """
        if update.callback_query is not None:
            return self._press(update.callback_query)
        if update.my_chat_member is not None:
            return _membership(update.my_chat_member)
        message = update.message or update.channel_post
        return self._message(message) if message is not None else None

    def _message(self, message: Message) -> Meaning | None:
        sender = message.from_user
        if message.chat.type != ChatType.PRIVATE:
            spoken = message.content_type in _ATTACHMENTS | {ContentType.TEXT, ContentType.CONTACT}
            thread = message.message_thread_id if message.is_topic_message else None
            text = message.text or message.caption or ""
            exposed = sender.id if sender is not None and _encodable(text) and find_sms_codes(text) else None
            return Addressed(message.chat.id, thread, exposed) if spoken else None
        if sender is None or sender.is_bot or sender.id != message.chat.id or message.sender_chat is not None:
            return None
        payload = self._payload(message, sender.id)
        if payload is None:
            return None
        secret = looks_like_password(message.text or message.caption or "")
        return Said(message.chat.id, payload, message.message_id, secret, album=message.media_group_id)

    def _payload(self, message: Message, sender_id: int) -> Payload | None:
        foreign = message.forward_origin is not None or message.via_bot is not None
        if message.contact is not None:
            return _own_number(message.contact, sender_id, foreign)
        if message.text is not None:
            return {"misfit": "forwarded"} if foreign else self._text(message.text)
        return {"misfit": "attachment"} if message.content_type in _ATTACHMENTS else None

    def _text(self, text: str) -> Payload:
        if not _encodable(text):
            return {"misfit": "attachment"}
        command = _COMMAND.fullmatch(text.strip())
        if command is None:
            return {"text": text}
        name, argument = command[1].casefold(), command[2] or ""
        if name == "start":
            return self._opened(argument.strip())
        sentence = self._sentences.get(name)
        return {"text": text if sentence is None else sentence}

    def _opened(self, argument: str) -> Payload:
        """/start, with what its link carried: a platform, or a code to continue with. Others are neutral."""
        kind, _, value = argument.partition("_")
        if kind == "p" and value in self._platforms:
            return {"open": True, "platform": value}
        code = value.replace("-", "").upper()
        if kind == "r" and _RESUME.fullmatch(code):
            return {"open": True, "resume": code}
        return {"open": True}

    def _press(self, press: CallbackQuery) -> Meaning:
        message, data = press.message, press.data
        own = isinstance(message, Message | InaccessibleMessage) and message.chat.type == ChatType.PRIVATE
        if message is None or not own or message.chat.id != press.from_user.id or press.from_user.is_bot:
            return ForeignPress(press.id)
        if not data or not _encodable(data) or len(data.encode()) > _MAX_DATA:
            return ForeignPress(press.id)
        return Said(message.chat.id, {"button": data}, message.message_id, callback_id=press.id)


def _own_number(contact: Contact, sender_id: int, foreign: bool) -> Payload:
    """Telegram itself fills in `user_id`: only a person's own card carries their own id.

    Numbers of accounts are international ones, at times without the plus sign: without it a
    Canadian 13105551234 would pass for a mobile phone of the mainland.
    """
    if foreign or contact.user_id != sender_id:
        return {"misfit": "contact_foreign"}
    return {"text": f"+{contact.phone_number.lstrip('+')}"}


def _membership(change: ChatMemberUpdated) -> Membership | None:
    if change.chat.type != ChatType.PRIVATE:
        return None
    return Membership(change.chat.id, change.new_chat_member.status != ChatMemberStatus.KICKED)


def _encodable(text: str) -> bool:
    """Whether it is text at all: JSON can smuggle in half a surrogate pair, which nothing can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
