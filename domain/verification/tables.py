"""SMS challenges: who asked, for what, which phone got a code; never the code, never a digit of the phone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class ChallengeRow(Base):
    """One request for a code.

    Args:
        named_index: blind index of what the asker named: a phone, or another identifier of an account.
        named_prefix: blind index of the first seven digits, when a phone was named.
        phone_index: blind index of the phone a code went to; None when nothing was sent.
        phone_prefix: blind index of its first seven digits.
        high_water: the latest moment the service had known by then. `sent_at` steps back with a clock, this never does.
        barred_until: so long the SMS provider's own limit lets nothing through to this phone, as it said itself.
        closed: None while the code may be typed; else proven, superseded, spent, void or expired.
    """

    __tablename__ = "challenges"
    __table_args__ = (
        Index("ix_challenges_named_sent_at", "named_index", "sent_at"),
        Index("ix_challenges_phone_sent_at", "phone_index", "sent_at"),
        Index("ix_challenges_conversation_sent_at", "conversation_id", "sent_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    named_index: Mapped[bytes] = mapped_column(LargeBinary)
    named_prefix: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_prefix: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    digest_key: Mapped[str] = mapped_column(String(32))
    sent_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    high_water: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    closed: Mapped[str | None] = mapped_column(String(16))
    barred_until: Mapped[datetime | None]
