"""The ledger: one append-only chain a platform, the sealed details its rows commit to, and its time stamps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint
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


class AnchorRow(Base):
    """A stretch of a chain that one authority stamps (RFC 3161): waiting until a good answer came, then never changed.

    `statement` is the canonical JSON whose SHA-256 is stamped; `nonce` is hexadecimal; `certificates` are, as PEM, the
    root the token was checked against and what stood between; `stamped_at` is the authority's time, never ours.
    """

    __tablename__ = "anchors"
    __table_args__ = (Index("ix_anchors_due", "state", "not_before"),)

    platform_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    to_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    authority: Mapped[str] = mapped_column(String(64), primary_key=True)
    from_seq: Mapped[int] = mapped_column(BigInteger)
    statement: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    nonce: Mapped[str | None] = mapped_column(String(16))
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificates: Mapped[str | None] = mapped_column(Text)
    stamped_at: Mapped[datetime | None]
    tries: Mapped[int]
    trouble: Mapped[str | None] = mapped_column(String(200))
    not_before: Mapped[datetime]
    planned_at: Mapped[datetime]
