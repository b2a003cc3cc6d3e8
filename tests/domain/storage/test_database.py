"""Transactions, reading beside writers, and races that are run again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.messaging.tables import EventRow
from domain.storage.database import async_url
from tests.support.databases import Place

MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def _event(kind: str, at: datetime = MOMENT) -> EventRow:
    return EventRow(type=kind, platform_id="xiaohe", account_id=None, data={"名": [1, None, "二"]}, at=at)


async def _kinds(domain: Domain) -> list[str]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(EventRow.type).order_by(EventRow.id)))


async def test_a_transaction_is_all_or_nothing(domain: Domain) -> None:
    with pytest.raises(RuntimeError):
        async with domain.transaction() as session:
            session.add(_event("first"))
            await session.flush()
            raise RuntimeError
    assert await _kinds(domain) == []
    async with domain.transaction() as session:
        session.add_all([_event("first"), _event("second")])
    assert await _kinds(domain) == ["first", "second"]


async def test_a_moment_keeps_its_instant_and_comes_back_in_utc(domain: Domain) -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=8)))
    async with domain.transaction() as session:
        session.add(_event("x", elsewhere))
    async with domain.database.reading() as session:
        row = (await session.scalars(select(EventRow))).one()
    assert row.at == MOMENT
    assert row.at.utcoffset() == timedelta(0)
    assert row.data == {"名": [1, None, "二"]}


async def test_a_moment_without_a_time_zone_is_refused(domain: Domain) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with domain.transaction() as session:
            session.add(_event("x", datetime(2026, 3, 2)))
    assert await _kinds(domain) == []


async def test_a_reader_sees_one_moment_while_others_write(domain: Domain) -> None:
    async with domain.database.reading() as session:
        before = list(await session.scalars(select(EventRow.type)))
        async with domain.transaction() as writer:
            writer.add(_event("meanwhile"))
        assert list(await session.scalars(select(EventRow.type))) == before
    assert await _kinds(domain) == ["meanwhile"]


async def test_writers_at_once_all_get_their_turn(domain: Domain) -> None:
    """Each reads before it writes: without a lock taken at the start this loses on SQLite."""

    async def work(session: AsyncSession) -> None:
        count = len(list(await session.scalars(select(EventRow.id))))
        await asyncio.sleep(0)
        session.add(_event(f"after {count}"))

    await asyncio.gather(*(domain.database.run(work) for _ in range(12)))
    assert len(await _kinds(domain)) == 12


async def test_work_that_lost_a_race_is_run_again(domain: Domain, place: Place) -> None:
    if place.is_sqlite:
        pytest.skip("writers on SQLite stand in a queue, they cannot deadlock")
    async with domain.transaction() as session:
        session.add_all([_event("one"), _event("two")])
    async with domain.database.reading() as session:
        first, second = list(await session.scalars(select(EventRow.id).order_by(EventRow.id)))
    met, tries = asyncio.Barrier(2), {first: 0, second: 0}

    async def cross(mine: int, other: int) -> None:
        async def work(session: AsyncSession) -> None:
            tries[mine] += 1
            await session.execute(text("UPDATE events SET type = 'x' WHERE id = :id"), {"id": mine})
            if tries[mine] == 1:
                await met.wait()
            await session.execute(text("UPDATE events SET type = 'x' WHERE id = :id"), {"id": other})

        await domain.database.run(work)

    await asyncio.gather(cross(first, second), cross(second, first))
    assert sorted(tries.values()) == [1, 2]


async def test_a_defect_is_not_run_again(domain: Domain) -> None:
    tries = 0

    async def work(_session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await domain.database.run(work)
    assert tries == 1


async def test_a_row_that_points_nowhere_is_refused(domain: Domain) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError):
        async with domain.transaction() as session:
            await session.execute(
                text("INSERT INTO ledger_details (entry_id, key_id, sealed, made_at) VALUES ('nowhere', 'k', :s, :t)"),
                {"s": b"", "t": MOMENT},
            )


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///var/mingshi.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@host/db", "postgresql+asyncpg"),
        ("postgres://u:p@host/db", "postgresql+asyncpg"),
        ("postgresql+asyncpg://u:p@host/db", "postgresql+asyncpg"),
    ],
)
def test_a_plain_url_gets_its_asynchronous_driver_and_keeps_its_password(given: str, driver: str) -> None:
    url = async_url(given)
    assert url.startswith(driver + "://")
    assert ("p@host" in url) == ("p@host" in given)


@pytest.mark.parametrize("url", ["mysql://u@h/d", "oracle://h/d"])
def test_another_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite or postgresql"):
        async_url(url)
