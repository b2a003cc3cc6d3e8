"""What the verification service is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Purpose = Literal[
    "register",
    "reset_password",
    "report_stolen",
    "change",
    "new_phone",
    "cancel",
    "access",
    "transfer",
    "dissolution",
    "guardian",
    "complaint",
]


@dataclass(frozen=True)
class Asker:
    """Who asks. A code counts for exactly this asker: moved to another channel, a flow asks for a new one.

    Args:
        subject: the flow.
        conversation_id: one person in one channel; the day's limits of a person are counted by it.
        channel: web, telegram or terminal.
    """

    subject: str
    conversation_id: str
    channel: str


@dataclass(frozen=True)
class Sent:
    """The asker may be told that a code is on its way, if the account is there and may get one.

    Args:
        code: for the courier and nowhere else. None: nothing is to be sent, and nobody may notice.
        lifetime: how long the code works.
        resend_after: how long until this asker may ask for the next.
    """

    challenge_id: str
    code: str | None = field(repr=False)
    lifetime: timedelta
    resend_after: timedelta


@dataclass(frozen=True)
class Refused:
    """No code was sent. `wait` is how long until the next may be; `service_paused` means an open breaker."""

    reason: Literal["too_soon", "too_many", "too_many_phones", "service_paused"]
    wait: timedelta


@dataclass(frozen=True)
class Proven:
    challenge_id: str


@dataclass(frozen=True)
class Wrong:
    """`tries_left` 0 means the code is spent, expired or not this asker's, and a new one is needed."""

    tries_left: int


@dataclass(frozen=True)
class Alarm:
    """Something the operator has to know.

    Args:
        kind: `prefix` and `conversion` are open breakers; `hourly` means that the service used up its hour;
            `clock` that challenges lie in the future, so the clock was wrong.
        detail: figures, and never a phone number or digits of one.
        since: when it began.
    """

    kind: Literal["prefix", "conversion", "hourly", "clock"]
    detail: Mapping[str, str]
    since: datetime
