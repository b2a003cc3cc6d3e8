from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class AccountRow(Base):
    """A registered person or organisation. `sealed` holds its data under its own key."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(32), index=True)
    subject: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    key_id: Mapped[str] = mapped_column(String(32))
    evidence_key_id: Mapped[str] = mapped_column(String(32))
    evidence_subject: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    password_hash: Mapped[str] = mapped_column(String(256))
    agreement_id: Mapped[str] = mapped_column(ForeignKey("agreements.id"))
    flow_id: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime]
    sessions_valid_from: Mapped[datetime]
    phone_proven_at: Mapped[datetime]
    phone_changed_at: Mapped[datetime | None]
    # The phone before the last change, sealed, and until when its owner can take the change back.
    old_phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    undo_until: Mapped[datetime | None]
    reset_waits_from: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AccountAddressRow(Base):
    """A conversation that belongs to an account's person: told of what happens to it.

    `trusted` means that the person proved the account there, and nothing has happened since that asks for a new proof.
    """

    __tablename__ = "account_addresses"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True, index=True)
    trusted: Mapped[bool] = mapped_column(default=True)
    bound_at: Mapped[datetime]


class AccountIdentifierRow(Base):
    """What an account is found by; the unique blind index decides who was first."""

    __tablename__ = "account_identifiers"
    __table_args__ = (UniqueConstraint("platform_id", "kind", "blind"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(32))
    blind: Mapped[bytes] = mapped_column(LargeBinary)


class UploadRow(Base):
    """A file of a registration: sealed bytes, checked by content, named by us."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    flow_id: Mapped[str] = mapped_column(ForeignKey("flows.id"), index=True)
    field: Mapped[str] = mapped_column(String(24))
    key_id: Mapped[str] = mapped_column(String(32))
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
