"""A database of its own: the benchmark fills an empty one and empties it again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from domain.storage.database import async_url
from domain.storage.migrate import downgrade


class NotEmpty(Exception):
    """The database holds tables already: a benchmark does not write beside anybody's data."""


async def require_empty(url: str) -> None:
    """Raises NotEmpty."""
    tables = await _with(url, lambda connection: inspect(connection).get_table_names())
    if tables:
        raise NotEmpty(f"the database has {len(tables)} tables; give the benchmark an empty one of its own")


async def clear(url: str) -> None:
    """Take the migrations back and drop what is left of the database, which was empty when the benchmark began."""
    await downgrade(url)

    def drop(connection: Connection) -> None:
        found = MetaData()
        found.reflect(connection)
        found.drop_all(connection)

    await _with(url, drop)


async def _with(url: str, work: Any) -> Any:
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
