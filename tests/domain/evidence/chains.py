"""A short true chain, and the ways to falsify it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain

PLATFORM = "xiaohe"


async def append_questions(domain: Domain, count: int) -> None:
    async with domain.transaction() as session:
        for number in range(count):
            await domain.parts.ledger.append(session, PLATFORM, "question", "f_subject", {"number": number})


async def serve(session: AsyncSession, domain: Domain, subject: str, platform: str = PLATFORM) -> str:
    """Put a text before a person; returns the id of the entry that says so."""
    return (await domain.parts.ledger.append(session, platform, "served", subject, {})).id


async def length(session: AsyncSession) -> int:
    found = await session.execute(text("SELECT count(*) FROM ledger WHERE platform_id = :p"), {"p": PLATFORM})
    return int(found.scalar_one())


async def take_triggers_off(session: AsyncSession) -> None:
    """What only somebody with the database's own password can do; undone with the transaction."""
    if session.get_bind().dialect.name == "sqlite":
        names = await session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('ledger', 'anchors')")
        )
        for name in names.all():
            await session.execute(text(f"DROP TRIGGER {name}"))
        await session.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        for table in ("ledger", "anchors"):
            await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


async def change(session: AsyncSession, seq: int, column: str, value: object) -> None:
    await session.execute(
        text(f"UPDATE ledger SET {column} = :v WHERE platform_id = :p AND seq = :s"),
        {"v": value, "p": PLATFORM, "s": seq},
    )


async def remove(session: AsyncSession, seq: int) -> None:
    await session.execute(text("DELETE FROM ledger WHERE platform_id = :p AND seq = :s"), {"p": PLATFORM, "s": seq})


async def renumber(session: AsyncSession, old: int, new: int) -> None:
    await change(session, old, "seq", new)


async def column(session: AsyncSession, seq: int, name: str) -> object:
    found = await session.execute(
        text(f"SELECT {name} FROM ledger WHERE platform_id = :p AND seq = :s"), {"p": PLATFORM, "s": seq}
    )
    return found.scalar_one()
