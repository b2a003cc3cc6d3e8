"""Waiting after failures: longer each time, and not for ever longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

_SHORTEST, _LONGEST = 0.5, 30.0


def backoff(attempt: int) -> float:
    """Seconds to wait after the failure number `attempt`, counted from 1."""
    return min(_LONGEST, _SHORTEST * 2.0 ** min(attempt - 1, 10))


class Patience:
    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._failures = 0

    def relax(self) -> None:
        """It worked: the next wait is a short one again."""
        self._failures = 0

    async def after_failure(self, *, serious: bool = False) -> None:
        """Wait a while; the longest while after what will not mend by itself."""
        self._failures += 1
        await self._sleep(_LONGEST if serious else backoff(self._failures))

    async def until_done(self, call: Callable[[], Awaitable[object]], complaint: str) -> None:
        """Try a call to Telegram until it succeeds."""
        while True:
            try:
                await call()
            except Exception as error:
                log.warning(complaint, exc=error)
                await self.after_failure()
            else:
                self.relax()
                return
