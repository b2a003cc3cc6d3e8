"""The mapped tables are exactly what the migrations make."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from domain.storage.database import async_url
from domain.storage.migrate import config
from domain.storage.schema import metadata
from tests.support.databases import Place


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_make_what_the_code_maps(place: Place) -> None:
    engine = create_async_engine(async_url(place.url))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


async def test_a_table_the_migrations_do_not_know_would_be_noticed(place: Place) -> None:
    from sqlalchemy import Column, Integer, Table

    extra = Table("nobody_made_this", metadata, Column("id", Integer, primary_key=True))
    engine = create_async_engine(async_url(place.url))
    try:
        async with engine.connect() as connection:
            assert [difference[0] for difference in await connection.run_sync(_differences)] == ["add_table"]
    finally:
        metadata.remove(extra)
        await engine.dispose()


def test_the_migrations_have_one_head() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1


def test_every_name_fits_into_postgresql() -> None:
    """A longer one would be cut off there, and the next migration would not find it."""
    names = [table.name for table in metadata.tables.values()]
    names += [str(c.name) for table in metadata.tables.values() for c in table.constraints if c.name]
    names += [str(index.name) for table in metadata.tables.values() for index in table.indexes]
    assert [name for name in names if len(name) > 63] == []
