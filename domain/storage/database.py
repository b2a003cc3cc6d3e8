"""One database behind a URL: SQLite in WAL mode by default, PostgreSQL when the URL says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

T = TypeVar("T")

# A transaction that lost a race (serialization failure, deadlock, a busy SQLite file) is run again.
_RETRIABLE = {"40001", "40P01"}
_ATTEMPTS = 5


def async_url(url: str) -> str:
    """The URL with its asynchronous driver: sqlite -> aiosqlite, postgresql -> asyncpg."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    if parsed.drivername in drivers:
        parsed = parsed.set(drivername=drivers[parsed.drivername])
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError(f"unsupported database {parsed.get_backend_name()}: use sqlite or postgresql")
    return parsed.render_as_string(hide_password=False)


class _Keeping(Session):
    """Keeps every row until it ends: left to itself it lets go of one that nobody holds, and reads it again."""


@event.listens_for(_Keeping, "loaded_as_persistent")
@event.listens_for(_Keeping, "pending_to_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


class Database:
    """Opens transactions. Every write of the product happens inside `transaction()`.

    Args:
        foreign_keys: whether SQLite checks them; a migration that rebuilds a table cannot have that.
    """

    def __init__(self, url: str, *, foreign_keys: bool = True) -> None:
        self.url = async_url(url)
        self.is_sqlite = make_url(self.url).get_backend_name() == "sqlite"
        self._foreign_keys = "ON" if foreign_keys else "OFF"
        self.engine: AsyncEngine = self._engine()
        # SQLite lets one write at a time and has the others sleep and try again, in no order: they queue here instead.
        self._writer: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._sessions = async_sessionmaker(
            self.engine, sync_session_class=_Keeping, expire_on_commit=False, autoflush=True
        )

    def _engine(self) -> AsyncEngine:
        if not self.is_sqlite:
            pool = {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
            return create_async_engine(self.url, hide_parameters=True, **pool)
        engine = create_async_engine(self.url, connect_args={"timeout": 30}, hide_parameters=True)

        @event.listens_for(engine.sync_engine, "connect")
        def _on_connect(connection: Any, _record: Any) -> None:
            # The driver must not open transactions by itself: _on_begin takes the write lock at once,
            # so that two turns never read the same state and then race to write it.
            connection.isolation_level = None
            cursor = connection.cursor()
            # secure_delete: the bytes of a destroyed key must not stay behind in a free page.
            checked = f"foreign_keys={self._foreign_keys}"
            for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", checked):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _on_begin(connection: Any) -> None:
            options = connection.get_execution_options()
            if not options.get("no_transaction", False):
                connection.exec_driver_sql("BEGIN" if options.get("read_only", False) else "BEGIN IMMEDIATE")

        return engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A read-write transaction: committed at the end, rolled back when anything is raised."""
        async with self._writer, self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, all of it as it stood at its start; it never waits for a writer."""
        options = {"read_only": True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        async with self._sessions() as session:
            await session.connection(execution_options=options)
            yield session

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work` in a transaction, again from the start when it lost a race with another one."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.transaction() as session:
                    return await work(session)
            except DBAPIError as error:
                if attempt == _ATTEMPTS or not _lost_a_race(error):
                    raise
                await asyncio.sleep(0.02 * attempt)
        raise AssertionError("unreachable")

    async def checkpoint(self) -> None:
        """On SQLite: move the write-ahead log into the file and empty it, so that what was erased is gone there too."""
        if self.is_sqlite:
            async with self._writer, self.engine.connect() as connection:
                # Inside a transaction SQLite refuses.
                await connection.execution_options(no_transaction=True)
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        await self.engine.dispose()


def _lost_a_race(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in _RETRIABLE or (isinstance(error, OperationalError) and "locked" in str(error.orig))
