"""The ledger: one append-only chain a platform, and the sealed details its rows commit to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class LedgerRow(Base):
    """`entry` is the canonical JSON (RFC 8785) that was hashed, byte for byte."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("entry_id"),)

    platform_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(String(36))
    type: Mapped[str] = mapped_column(String(32), index=True)
    subject: Mapped[str] = mapped_column(String(32), index=True)
    entry: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signed_with: Mapped[str] = mapped_column(String(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerHeadRow(Base):
    """The last row of a chain: locked while the next one is written."""

    __tablename__ = "ledger_heads"

    platform_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class LedgerDetailRow(Base):
    """What an entry only commits to (questions as asked, contact data): erasable, the chain stays whole."""

    __tablename__ = "ledger_details"
    __table_args__ = (ForeignKeyConstraint(["entry_id"], ["ledger.entry_id"]),)

    entry_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
