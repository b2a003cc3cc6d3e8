from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.storage.base import Base


class GuardianshipRow(Base):
    """One guardian asked about one ward's registration, and what became of it.

    `state`: invited (a code is out), bound (somebody took it), review (staff look at it), held (two guardians
    disagree), consented, refused, expired (silence), revoked (the ward asked somebody else), withdrawn, ended.
    `sealed` holds both identities under `key_id`; the indexes find the same people again without naming them.
    """

    __tablename__ = "guardianships"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12), index=True)
    band: Mapped[str] = mapped_column(String(12))
    relation: Mapped[str | None] = mapped_column(String(12))
    ward_flow_id: Mapped[str] = mapped_column(String(32), index=True)
    ward_conversation_id: Mapped[str] = mapped_column(String(32), index=True)
    ward_account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    guardian_flow_id: Mapped[str | None] = mapped_column(String(32), index=True)
    guardian_conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    evidence_key_id: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    guardian_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    ward_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    code_until: Mapped[datetime | None]
    # The ledger entry that says which text was put before the guardian.
    served: Mapped[str | None] = mapped_column(String(36))
    request_id: Mapped[str | None] = mapped_column(String(32), index=True)
    # The month (YYYY-MM) of the ward's next turning point; the very day is sealed.
    turns_in: Mapped[str | None] = mapped_column(String(7), index=True)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
