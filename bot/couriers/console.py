"""The SMS courier of a demonstration: nothing leaves the machine, the newest messages are kept in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.couriers.port import Accepted, Outcome, OutgoingText, Report
from domain.ambient import Clock
from domain.identifiers.phones import Phone

log = structlog.get_logger()


@dataclass(frozen=True)
class SentText:
    phone: str
    text: str
    at: datetime


class ConsoleCourier:
    name = "console"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: deque[SentText] = deque(maxlen=200)

    async def send(self, text: OutgoingText) -> Outcome:
        """Keep the message. Only the masked number is logged, never the code."""
        self._sent.append(SentText(text.phone, text.text, self._clock.now()))
        log.info("sms kept", phone=Phone(text.phone).display)
        return Accepted(text.ticket)

    async def find(self, _phone: str, _since: datetime) -> list[Report]:
        return []

    async def close(self) -> None:
        return None

    def sent_to(self, phone: str) -> list[SentText]:
        """What was sent to a number (its last eleven digits count; all numbers when empty), newest first."""
        wanted = phone[-11:]
        return [sent for sent in reversed(self._sent) if not wanted or sent.phone[-11:] == wanted]
