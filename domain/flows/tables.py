from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class FlowRow(Base):
    """A flow a person is in. Its state is sealed with a key of its own: ending it can forget it."""

    __tablename__ = "flows"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    platform_id: Mapped[str] = mapped_column(String(32))
    agreement_id: Mapped[str | None] = mapped_column(String(32))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    evidence_key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    step: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(24))
    resume_digest: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    resume_until: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PageRow(Base):
    """A one-time page: only the digest of its token is kept.

    A form belongs to its open flow; a page that shows an account's data has `account_id` and outlives the flow.
    """

    __tablename__ = "pages"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    flow_id: Mapped[str] = mapped_column(ForeignKey("flows.id"), index=True)
    fields: Mapped[str] = mapped_column(String(400))
    account_id: Mapped[str | None] = mapped_column(String(32))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
