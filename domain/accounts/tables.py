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
