"""Names that one transaction at a time may hold."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def hold(session: AsyncSession, *names: str | bytes) -> None:
    """Until this transaction ends nobody else holds the same name; SQLite writers exclude each other anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    joined = b"|".join(name if isinstance(name, bytes) else name.encode() for name in names)
    number = int.from_bytes(hashlib.sha256(joined).digest()[:8], signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))
