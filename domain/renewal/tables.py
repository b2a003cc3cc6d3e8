from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class RenewalRow(Base):
    """One account asked about one version, and what became of it.

    `state`: planned, told, accepted, refused or superseded (by a further version).
    `conversation_id` is where it was told; `tried_at` is when nobody could be reached last.
    """

    __tablename__ = "renewals"
    __table_args__ = (Index("ix_renewals_state", "state", "agreement_id", "account_id"),)

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    agreement_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(32), index=True)
    state: Mapped[str] = mapped_column(String(12))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    planned_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None] = mapped_column(index=True)
    reminded_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]


class RenewalRoundRow(Base):
    """The newest published version of a platform that has subscribers, and how far the planning for it is.

    The accounts are walked through by id, several times (`sweep`): from `sweep_at` on behind `cursor`.
    `asked` is how many had to be asked when it was published.
    """

    __tablename__ = "renewal_rounds"

    platform_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    agreement_id: Mapped[str] = mapped_column(String(32))
    cursor: Mapped[str] = mapped_column(String(32), default="")
    sweep: Mapped[int] = mapped_column(default=0)
    sweep_at: Mapped[datetime | None]
    asked: Mapped[int]
    published_at: Mapped[datetime]
