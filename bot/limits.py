"""Rate limits inside one process: so many a minute for each key."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from domain.ambient import Clock

_WINDOW = timedelta(minutes=1)
_KEYS = 20_000


class RateLimit:
    """Args:
    a_minute: how many are let through in any minute.
    """

    def __init__(self, clock: Clock, a_minute: int) -> None:
        self._clock = clock
        self._a_minute = a_minute
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def admit(self, key: str) -> int:
        """0 when this one may pass, otherwise the seconds until one may."""
        now = self._clock.now()
        times = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while times and times[0] <= now - _WINDOW:
            times.popleft()
        if len(times) >= self._a_minute:
            return max(1, int((times[0] + _WINDOW - now).total_seconds()) + 1)
        times.append(now)
        while len(self._seen) > _KEYS:
            self._seen.popitem(last=False)
        return 0
