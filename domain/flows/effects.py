"""What a flow asks for. Effects are carried out in order, inside the transaction of the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from domain.consent.deck import ReadClause
from domain.evidence import EntryType
from domain.flows.say import Decision, Say
from domain.verification import Purpose


@dataclass(frozen=True)
class Shown:
    """Say something and record that it was shown, with the hash of the very words."""

    say: Say
    type: EntryType
    clauses: tuple[ReadClause, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """An entry of the ledger that is no message."""

    type: EntryType
    clauses: tuple[ReadClause, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decide:
    """A yes or no about one item, by the button with this label."""

    item: str
    decision: Decision
    label: str
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class SendCode:
    phone: str
    purpose: Purpose


@dataclass(frozen=True)
class CheckCode:
    challenge_id: str
    code: str
    purpose: Purpose


@dataclass(frozen=True)
class VoidCode:
    challenge_id: str


@dataclass(frozen=True)
class CheckFree:
    field: str
    value: str


@dataclass(frozen=True)
class OpenPage:
    fields: tuple[str, ...]


@dataclass(frozen=True)
class TellOperator:
    topic: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateAccount:
    """Everything is there: register, form the agreement where that is when it forms, issue the receipt."""


@dataclass(frozen=True)
class End:
    """The flow is over. `forget` destroys what was typed in it."""

    outcome: Literal["registered", "declined", "stopped", "guardian_needed", "restarted", "done", "guardian_refused"]
    forget: bool


@dataclass(frozen=True)
class Own:
    """Base of an effect that only one kind of flow knows; it stands with that flow."""


Effect = (
    Say | Shown | Record | Decide | SendCode | CheckCode | VoidCode | CheckFree | OpenPage | TellOperator
    | CreateAccount | End | Own
)  # fmt: skip
