"""What a renewal asks for, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from domain.flows.effects import Own
from domain.flows.events import OwnEvent


@dataclass(frozen=True)
class PutOff(Own):
    """The person decides another time: the flow stays, and is the standing one no more."""


@dataclass(frozen=True)
class Accept(Own):
    """The platform's consent button was pressed. Answer: Accepted."""

    label: str


@dataclass(frozen=True)
class Refuse(Own):
    label: str


@dataclass(frozen=True)
class Accepted(OwnEvent):
    receipt_path: str
    display: dict[str, str]
