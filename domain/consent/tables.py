from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class DecisionRow(Base):
    """The latest decision of one person about one item; the ledger holds every one of them."""

    __tablename__ = "decisions"

    flow_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    item: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    platform_id: Mapped[str] = mapped_column(String(32))
    decision: Mapped[str] = mapped_column(String(12))
    agreement_id: Mapped[str] = mapped_column(String(32))
    entry_id: Mapped[str] = mapped_column(String(36))
    given_by: Mapped[str] = mapped_column(String(8), default="self", server_default="self")
    decided_at: Mapped[datetime]


class ReceiptRow(Base):
    """What a person keeps: canonical JSON, sealed under the key of the evidence."""

    __tablename__ = "receipts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), index=True)
    platform_id: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
