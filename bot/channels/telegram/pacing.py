"""How fast Telegram may be written to: about one message a second in a chat, thirty a second in all."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """Args:
    a_second: what may be kept up.
    burst: how many may go at once after a pause.
    """

    a_second: float
    burst: int


# core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
CHAT = Rate(1.0, 20)
OVERALL = Rate(30.0, 30)
_CHATS = 10_000


class Bucket:
    """A token bucket that may be overdrawn: whoever overdraws it waits that much longer."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._level = float(rate.burst)
        self._at = now

    def take(self, now: float) -> float:
        """Take one token; the seconds to wait until it is really there."""
        self._level = min(float(self._rate.burst), self._level + (now - self._at) * self._rate.a_second)
        self._at = now
        self._level -= 1
        return max(0.0, -self._level / self._rate.a_second)


class Pace:
    """Args:
    now: seconds on a clock that only goes forward.
    sleep: waits so many seconds of that clock.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chat: Rate | None = None,
        overall: Rate | None = None,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._rate = chat or CHAT
        self._overall = Bucket(overall or OVERALL, now())
        self._chats: OrderedDict[int, Bucket] = OrderedDict()

    async def turn(self, chat_id: int) -> None:
        """Wait until this chat may be written to once more."""
        now = self._now()
        bucket = self._chats.setdefault(chat_id, Bucket(self._rate, now))
        self._chats.move_to_end(chat_id)
        while len(self._chats) > _CHATS:
            self._chats.popitem(last=False)
        wait = max(bucket.take(now), self._overall.take(now))
        if wait > 0:
            await self._sleep(wait)
