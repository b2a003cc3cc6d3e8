"""What keeps many people at once quick: writers in a queue, and no row read twice in a transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.messaging.tables import EventRow

MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def _add(session: AsyncSession, kind: str) -> None:
    session.add(EventRow(type=kind, platform_id="xiaohe", account_id=None, data={}, at=MOMENT))


async def test_writers_on_sqlite_write_in_the_order_they_came(sqlite_domain: Domain) -> None:
    """SQLite by itself lets the luckiest one through, and somebody may wait for seconds."""
    names = [f"writer {number:02}" for number in range(12)]

    async def write(name: str) -> None:
        async with sqlite_domain.transaction() as session:
            _add(session, name)

    async with sqlite_domain.transaction():
        waiting = []
        for name in names:
            waiting.append(asyncio.create_task(write(name)))
            await asyncio.sleep(0.01)
    await asyncio.gather(*waiting)
    async with sqlite_domain.database.reading() as session:
        assert list(await session.scalars(select(EventRow.type).order_by(EventRow.id))) == names


async def test_a_writer_that_is_given_up_lets_the_next_one_write(sqlite_domain: Domain) -> None:
    async def write() -> None:
        async with sqlite_domain.transaction() as session:
            _add(session, "never")

    async with sqlite_domain.transaction():
        given_up = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    async with sqlite_domain.transaction() as session:
        _add(session, "next")
    async with sqlite_domain.database.reading() as session:
        assert list(await session.scalars(select(EventRow.type))) == ["next"]


async def test_a_row_that_nobody_holds_is_not_read_again_in_its_transaction(domain: Domain) -> None:
    async with domain.transaction() as session:
        _add(session, "one")
    statements: list[str] = []
    event.listen(
        domain.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: statements.append(statement),
    )
    async with domain.transaction() as session:
        for _ in range(5):
            assert (await session.get_one(EventRow, 1)).type == "one"
    assert sum("FROM events" in statement for statement in statements) == 1
