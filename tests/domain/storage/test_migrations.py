"""The schema comes up on an empty database, goes down, and comes up again; twice at once is one."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.storage.database import async_url
from domain.storage.migrate import downgrade, upgrade
from domain.storage.schema import metadata
from tests.support.databases import Place, open_domain


async def _tables(place: Place) -> set[str]:
    engine = create_async_engine(async_url(place.url))
    try:
        async with engine.connect() as connection:
            return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    finally:
        await engine.dispose()


async def _leftovers(place: Place) -> list[str]:
    """Triggers and functions of ours that a downgrade forgot."""
    engine = create_async_engine(async_url(place.url))
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if place.is_sqlite
        else "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname = 'public'"
    )
    try:
        async with engine.connect() as connection:
            return list((await connection.execute(text(query))).scalars())
    finally:
        await engine.dispose()


async def test_up_and_down_and_up_again(empty_place: Place) -> None:
    for _ in range(2):
        await upgrade(empty_place.url)
        assert await _tables(empty_place) == {*metadata.tables, "alembic_version"}
        await downgrade(empty_place.url)
        assert await _tables(empty_place) == {"alembic_version"}
        assert await _leftovers(empty_place) == []
    await upgrade(empty_place.url)
    async with open_domain(empty_place) as domain:
        assert (await domain.evidence.verify()).ok


async def test_upgrading_an_up_to_date_database_changes_nothing(empty_place: Place) -> None:
    await upgrade(empty_place.url)
    await upgrade(empty_place.url)
    assert await _tables(empty_place) == {*metadata.tables, "alembic_version"}


async def test_processes_that_start_at_once_on_an_empty_database_all_come_up(empty_place: Place) -> None:
    async def start(seed: str) -> int:
        async with open_domain(empty_place, seed=seed) as domain:
            return len(await domain.agreements.list())

    found = await asyncio.gather(*(start(f"process {n}") for n in range(3)))
    assert set(found) == {5}


async def test_a_migration_that_fails_half_way_leaves_nothing_behind(
    empty_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    real, made = op.create_table, 0

    def failing(*args: object, **kwargs: object) -> object:
        nonlocal made
        made += 1
        if made == 4:
            raise RuntimeError("power cut")
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", failing)
    with pytest.raises(RuntimeError, match="power cut"):
        await upgrade(empty_place.url)
    monkeypatch.undo()
    assert await _tables(empty_place) <= {"alembic_version"}
    await upgrade(empty_place.url)
    assert await _tables(empty_place) == {*metadata.tables, "alembic_version"}


async def test_the_folder_of_a_sqlite_file_is_made(tmp_path) -> None:  # type: ignore[no-untyped-def]
    place = Place(f"sqlite:///{tmp_path / 'not' / 'yet' / 'm.db'}", tmp_path / "heads")
    await upgrade(place.url)
    assert place.file.exists()
