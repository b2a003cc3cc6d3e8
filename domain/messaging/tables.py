"""Conversations, what came in, and what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base

# A turn holds its conversation so: nobody else handles it, yet others may leave news in its inbox meanwhile, whose rows
# only refer to it. Two people who act on one account at once would otherwise wait for each other's conversation.
HELD = {"key_share": True}


class ConversationRow(Base):
    """One person in one channel. `key_id` seals everything said in it."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(128))
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(String(32))
    platform_id: Mapped[str | None] = mapped_column(String(32))
    flow_id: Mapped[str | None] = mapped_column(String(32))
    awaiting: Mapped[str | None] = mapped_column(String(64))
    last_seq: Mapped[int] = mapped_column(default=0)
    misunderstood: Mapped[int] = mapped_column(default=0)
    engine_session: Mapped[int] = mapped_column(default=1)
    engine_turns: Mapped[int] = mapped_column(default=0)
    reachable: Mapped[bool] = mapped_column(default=True)
    leased_by: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class InboxRow(Base):
    """An update, committed before it is acknowledged; `sealed` is wiped once it was handled."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "update_id"),
        Index("ix_inbox_open", "state", "conversation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(16))
    update_id: Mapped[str] = mapped_column(String(96))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="new")
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class MessageRow(Base):
    """A line of a conversation. For a bot's line this is also its outbox row."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_messages_delivery", "delivery", "conversation_id", "seq"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int]
    turn: Mapped[int | None] = mapped_column(index=True)
    sender: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    choices: Mapped[list[Any]]
    chosen: Mapped[int | None]
    flow_id: Mapped[str | None] = mapped_column(String(32))
    step: Mapped[str | None] = mapped_column(String(64))
    agreement_id: Mapped[str | None] = mapped_column(String(32))
    replaces: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    delivery: Mapped[str] = mapped_column(String(12))
    delivery_ref: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]


class CommandRow(Base):
    """A command of a turn that was carried out: the same one again does nothing."""

    __tablename__ = "commands"

    turn: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(48))


class ShortMessageRow(Base):
    """An SMS on its way. Phone and variables are sealed and wiped once it was sent or is too old.

    `ticket` is our own unguessable name for it, which a provider echoes in its delivery report; `calls` is what was
    tried, oldest first; `conversation_id` is who is told when it could not be sent.
    """

    __tablename__ = "short_messages"
    __table_args__ = (Index("ix_short_messages_open", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    template: Mapped[str] = mapped_column(String(32))
    platform_id: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="new")
    attempts: Mapped[int] = mapped_column(default=0)
    not_after: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None] = mapped_column(index=True)
    ticket: Mapped[str | None] = mapped_column(String(32), unique=True)
    provider: Mapped[str | None] = mapped_column(String(16))
    provider_ref: Mapped[str | None] = mapped_column(String(64), index=True)
    calls: Mapped[list[Any] | None]
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class NoticeRow(Base):
    """Something the platform's people should read: a message a person left, a refused demand."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    platform_id: Mapped[str | None] = mapped_column(String(32), index=True)
    conversation_id: Mapped[str] = mapped_column(String(32))
    topic: Mapped[str] = mapped_column(String(48))
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class EventRow(Base):
    """What other systems of the platform learn, in the order it happened."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    type: Mapped[str] = mapped_column(String(32))
    platform_id: Mapped[str] = mapped_column(String(32), index=True)
    account_id: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
