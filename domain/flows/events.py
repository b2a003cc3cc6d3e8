"""What can happen to a flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Wish = Literal[
    "go_back",
    "repeat",
    "why",
    "correct",
    "stop",
    "refuse",
    "accept",
    "affirm",
    "deny",
    "resend",
    "read_every",
    "fill_page",
    "explain",
]


@dataclass(frozen=True)
class Started:
    """The first event. `served` is the ledger entry that says which text was put before the person."""

    served: str


@dataclass(frozen=True)
class Pressed:
    """A live button of this flow. `label` is what stood on it."""

    choice: str
    label: str


@dataclass(frozen=True)
class Answered:
    """Text that was read as the value of the field the flow waits for."""

    field: str
    value: str
    display: str


@dataclass(frozen=True)
class NotAccepted:
    """Text meant as the value of the field, refused by its rules. `code` names the rule."""

    field: str
    code: str
    hint: str | None = None


@dataclass(frozen=True)
class Wished:
    """A wish that works in every flow; `detail` is the field that `correct` or `why` is about."""

    wish: Wish
    detail: str | None = None


@dataclass(frozen=True)
class CodeSent:
    challenge_id: str
    phone_display: str
    lifetime: timedelta
    resend_after: timedelta

    @property
    def words(self) -> dict[str, object]:
        """The variables of what is said: phone, minutes it works, seconds until the next."""
        minutes, seconds = self.lifetime // timedelta(minutes=1), int(self.resend_after.total_seconds())
        return {"phone": self.phone_display, "minutes": minutes, "seconds": seconds}


@dataclass(frozen=True)
class CodeNotSent:
    reason: str
    wait: timedelta

    @property
    def words(self) -> dict[str, object]:
        """How long to wait, in each unit, rounded up."""
        seconds = max(1, int(self.wait.total_seconds()))
        return {"seconds": seconds, "minutes": -(-seconds // 60), "hours": -(-seconds // 3600)}


@dataclass(frozen=True)
class CodeProven:
    challenge_id: str


@dataclass(frozen=True)
class CodeWrong:
    tries_left: int


@dataclass(frozen=True)
class Free:
    """Nobody of this platform holds the identifier."""

    field: str


@dataclass(frozen=True)
class Taken:
    field: str


@dataclass(frozen=True)
class PageOpened:
    path: str
    fields: tuple[str, ...]
    minutes: int
    expires_at: datetime


@dataclass(frozen=True)
class PageFilled:
    """Checked values of the one-time page; the password is only its hash, a file its id."""

    values: dict[str, str] = field(default_factory=dict)
    displays: dict[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    minor: bool = False


@dataclass(frozen=True)
class Registered:
    account_id: str
    receipt_path: str
    display: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnEvent:
    """Base of an event that only one kind of flow knows; it stands with that flow."""


Event = (
    Started | Pressed | Answered | NotAccepted | Wished | CodeSent | CodeNotSent | CodeProven | CodeWrong | Free | Taken
    | PageOpened | PageFilled | Registered | OwnEvent
)  # fmt: skip
