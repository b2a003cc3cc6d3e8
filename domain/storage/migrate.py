"""Brings a database's schema up to date, one process at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from domain.storage.database import Database, async_url

_SCRIPTS = Path(__file__).parent / "migrations"
# Any fixed number: whoever holds it migrates, others wait.
_LOCK = 0x6D696E67


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


async def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that are missing. A folder for a SQLite file is made."""
    target = async_url(url)
    database = make_url(target).database
    if make_url(target).get_backend_name() == "sqlite" and database and database != ":memory:":
        await asyncio.to_thread(Path(database).parent.mkdir, parents=True, exist_ok=True)
    engine = Database(url, foreign_keys=False).engine
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(lambda sync: command.upgrade(config(sync), revision))
    finally:
        await engine.dispose()


async def downgrade(url: str, revision: str = "base") -> None:
    """Take migrations back: for tests of the migrations themselves."""
    engine = Database(url, foreign_keys=False).engine
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))
    finally:
        await engine.dispose()
