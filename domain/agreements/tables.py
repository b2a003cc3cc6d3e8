from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class AgreementRow(Base):
    """One version of one platform's agreement: the bytes that came in and the tree read from them."""

    __tablename__ = "agreements"
    __table_args__ = (UniqueConstraint("platform_id", "version"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    label: Mapped[str] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(8))
    file_name: Mapped[str] = mapped_column(String(200))
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    text_sha256: Mapped[str] = mapped_column(String(64))
    tree: Mapped[str] = mapped_column(Text, deferred=True)
    effective_at: Mapped[datetime | None]
    imported_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
