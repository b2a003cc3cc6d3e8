"""SMS challenges: what was sent to which phone for what, never the code itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class ChallengeRow(Base):
    __tablename__ = "challenges"
    __table_args__ = (Index("ix_challenges_phone_sent_at", "phone_index", "sent_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    digest_key: Mapped[str] = mapped_column(String(32))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    closed: Mapped[str | None] = mapped_column(String(16))
