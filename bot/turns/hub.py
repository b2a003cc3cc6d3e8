"""Wakes whoever waits for news: a request for the end of its turn, an open page for new lines."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Hub:
    """Signals by topic inside one process. A signal says that something changed, never what."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def signal(self, topic: str) -> None:
        for event in self._waiting.get(topic, ()):
            event.set()

    @asynccontextmanager
    async def listening(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the topic is signalled while the context is open."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]


async def news(event: asyncio.Event, seconds: float) -> None:
    """Wait for a signal, at most so long (another process may have been the one who spoke)."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    event.clear()
