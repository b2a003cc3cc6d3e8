"""The app in a process that can be made to end at a named place of a turn, and whose clock can be put forward.

The processes are forked from a server that has imported the app already, so a restart takes no
second. Only what a crash needs is changed: the composition root, the settings and the files are
the product's own.
"""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

import bot.app
from bot import logs
from bot.settings import Settings
from domain.accounts import Accounts, deeds
from domain.ambient import SystemClock
from domain.messaging.inbox import Inbox
from domain.registration.page import RegistrationPages
from domain.selfservice.page import SelfServicePages
from tests.e2e.product import Home, platforms, until

CRASHED = 41
# The discard port: nothing listens there.
NOBODY = "http://127.0.0.1:9"
# Places of a turn the worker names itself.
AFTER_COMMIT, AFTER_ENGINE = "after first transaction", "after engine"
# Places the tests add: everything of the turn is written, nothing of it committed …
BEFORE_COMMIT, PAGE_BEFORE_COMMIT = "before the turn is committed", "before the page is committed"
# … and the page was taken, its answer not sent.
PAGE_AFTER_COMMIT = "after the page is committed"

# By the server the processes are forked from, so that none of them has to.
platforms()

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.e2e.fragile"])


class ShiftedClock(SystemClock):
    """Args:
    seconds: shared with the tests, who put the clock forward by it.
    """

    def __init__(self, seconds: Any) -> None:
        self._seconds = seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._seconds.value)


class _Fuse:
    """Ends the process when `place` is reached for the nth time."""

    def __init__(self, place: str | None, nth: int) -> None:
        self._place, self._left = place, nth

    def __call__(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                os._exit(CRASHED)

    def behind(self, owner: type | ModuleType, method: str, place: str) -> None:
        """Be at `place` whenever a method, or a function of a module, has done its work."""
        done: Callable[..., Awaitable[Any]] = getattr(owner, method)

        @functools.wraps(done)
        async def and_then(*args: Any, **kwargs: Any) -> Any:
            result = await done(*args, **kwargs)
            self(place)
            return result

        setattr(owner, method, and_then)


def _live(environment: dict[str, str], log: str, seconds: Any, place: str | None, nth: int) -> None:
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    settings = Settings()
    logs.configure(settings.log_level)
    vars(bot.app)["load_platforms"] = platforms
    fuse = _Fuse(place, nth)
    fuse.behind(Inbox, "finish", BEFORE_COMMIT)
    fuse.behind(Accounts, "create", PAGE_BEFORE_COMMIT)
    fuse.behind(deeds, "set_password", PAGE_BEFORE_COMMIT)
    fuse.behind(RegistrationPages, "send", PAGE_AFTER_COMMIT)
    fuse.behind(SelfServicePages, "send", PAGE_AFTER_COMMIT)

    async def serve() -> None:
        async with bot.app.open_app(settings, clock=ShiftedClock(seconds), crash=fuse) as app:
            runner = web.AppRunner(app.web, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.port).start()
            await asyncio.Event().wait()

    asyncio.run(serve())
    sys.exit(0)


class Fragile(Home):
    """An app without an engine of its own; unless settings name one, nobody answers for it.

    Free text then meets an engine that is down.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, **{"ENGINE__URL": NOBODY, **settings})
        self._seconds = _processes.Value("d", 0.0)
        self._process: Any = None

    def start(self, crash_at: str | None = None, nth: int = 1) -> Fragile:
        """Begin; it will end by itself when `crash_at` is reached for the nth time."""
        arguments = (self.environment, str(self.log), self._seconds, crash_at, nth)
        self._process = _processes.Process(target=_live, args=arguments, daemon=True)
        self._process.start()
        until(self._serves, "the app starts")
        return self

    def _serves(self) -> bool:
        assert self._process.is_alive(), f"the app ended:\n{self.log.read_text()}"
        return self.is_up()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.join(20)

    def has_crashed(self) -> bool:
        """Wait for the crash that was asked for."""
        self._process.join(20)
        return bool(self._process.exitcode == CRASHED)

    def forward(self, **span: float) -> None:
        """Let time pass: the arguments of `timedelta`."""
        self._seconds.value += timedelta(**span).total_seconds()
