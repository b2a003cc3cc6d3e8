"""Data keys, one a person (or conversation, or body of evidence), wrapped with a key of the keyring."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class DataKeyRow(Base):
    __tablename__ = "data_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    wrapped_with: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]
