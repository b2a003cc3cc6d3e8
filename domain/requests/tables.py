from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class RequestRow(Base):
    """A request to the platform. `sealed` holds what the person wrote, `answer` what staff replied."""

    __tablename__ = "requests"
    __table_args__ = (Index("ix_requests_open", "state", "platform_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    platform_id: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    conversation_id: Mapped[str] = mapped_column(String(32), index=True)
    urgent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="open")
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    due: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
