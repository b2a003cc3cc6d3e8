"""What is stored: opened for use-cases, or read as it is. Neither needs a running app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.refusals import CannotDo
from bot.settings import Settings
from domain import Domain, NotFound
from domain.agreements import ParsedAgreement
from domain.agreements.versions import Agreements
from domain.ambient import SystemChance, SystemClock
from domain.platforms import load_platforms
from domain.storage.database import Database, async_url


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None when the database is a server's. Raises CannotDo for a URL that is none."""
    try:
        async_url(settings.database)
        url = make_url(settings.database)
    except (ValueError, SQLAlchemyError) as error:
        raise CannotDo(f"MINGSHI_DATABASE_URL: {error}") from None
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Domain]:
    """The domain on the database of the settings; made, with its keys, when there is none yet. Raises CannotDo."""
    from bot.app import open_domain  # brings in all of the app: only when it is needed

    database_file(settings)
    async with open_domain(settings) as domain:
        yield domain


@asynccontextmanager
async def stored(settings: Settings) -> AsyncIterator[Database | None]:
    """The database as it is, or None while there is none or nothing was ever put into it."""
    file = database_file(settings)
    if file is not None and not file.exists():
        yield None
        return
    database = Database(settings.database)
    try:
        async with database.engine.connect() as connection:
            filled = await connection.run_sync(
                lambda sync: {"agreements", "ledger"} <= set(inspect(sync).get_table_names())
            )
        yield database if filled else None
    finally:
        await database.close()


async def text_in_force(settings: Settings, platform_id: str) -> ParsedAgreement:
    """The platform's text that counts now, or its sample while the database holds none.

    Raises UnknownPlatform, BrokenPlatform.
    """
    platform = load_platforms(settings.platforms).get(platform_id)
    async with stored(settings) as database:
        if database is not None:
            agreements = Agreements(SystemClock(), SystemChance())
            async with database.reading() as session:
                try:
                    version = await agreements.in_force(session, platform_id)
                    return await agreements.tree(session, version.id)
                except NotFound:
                    pass
    return platform.sample
