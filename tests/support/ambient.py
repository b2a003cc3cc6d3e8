"""Time and chance as tests want them: still until moved, and the same in every run."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

# 2026-03-02 10:00 in Shanghai, a Monday.
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def forward(self, **span: float) -> None:
        """Let time pass: the arguments of `timedelta`."""
        self._now += timedelta(**span)

    def set(self, moment: datetime) -> None:
        self._now = moment


class SeededChance:
    """Repeatable bytes and numbers. Two domains on one database need two seeds, or their ids meet."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def token(self, nbytes: int) -> bytes:
        return self._random.randbytes(nbytes)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)
