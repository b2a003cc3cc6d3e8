"""Time and chance, handed in: nothing in the domain asks the machine for either by itself."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Chance(Protocol):
    def token(self, nbytes: int) -> bytes:
        """Unpredictable bytes."""
        ...

    def below(self, bound: int) -> int:
        """An unpredictable whole number in [0, bound)."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemChance:
    def token(self, nbytes: int) -> bytes:
        return secrets.token_bytes(nbytes)

    def below(self, bound: int) -> int:
        return secrets.randbelow(bound)


_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, chance: Chance) -> str:
    """An id nobody can guess: `prefix_` and 100 random bits in letters that are hard to confuse."""
    number = int.from_bytes(chance.token(13)) >> 4
    digits = []
    for _ in range(20):
        number, digit = divmod(number, 32)
        digits.append(_CROCKFORD[digit])
    return f"{prefix}_{''.join(digits)}"


def uuid7(now: datetime, chance: Chance) -> str:
    """A time-ordered UUID (RFC 9562, version 7) for records that are read in the order they were made."""
    millis = int(now.timestamp() * 1000)
    rand = int.from_bytes(chance.token(10))
    value = (millis << 80) | (0x7 << 76) | (((rand >> 62) & 0xFFF) << 64) | (0b10 << 62) | (rand & ((1 << 62) - 1))
    return str(uuid.UUID(int=value))
