"""Where an errand stands, and what it can see of the world around it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from domain.platforms.model import Profile, Subject
from domain.selfservice.rules import Hurdle
from domain.verification import Purpose

Errand = Literal["reset_password", "report_stolen", "change", "cancel", "access", "transfer", "dissolution"]
ERRANDS: tuple[Errand, ...] = get_args(Errand)


class State(BaseModel):
    """Everything the flow remembers; sealed, and destroyed when it ends.

    `named` is what the person called the account: (kind of identifier, canonical form).
    `account_id` is set when this conversation had proven the account before; nothing else may show that it exists.
    `proven_at` is when the phone was proven: what ends an account's sessions afterwards ends this errand too.
    `strong`: the proof is strong enough for whatever the errand shows and does.
    `asking` is a question laid over the step: stop.
    `words` are the answers to the errand's own questions, by question.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    errand: Errand
    named: tuple[str, str] | None = None
    account_id: str | None = None
    challenge: str | None = None
    proven: bool = False
    proven_at: datetime | None = None
    strong: bool = False
    lost_phone: bool = False
    frozen: bool = False
    asking: str | None = None
    page_open: bool = False
    field: str | None = None
    value: str | None = None
    display: str = ""
    new_challenge: str | None = None
    words: dict[str, str] = Field(default_factory=dict)
    confirmed: bool = False

    def but(self, **changes: object) -> State:
        return self.model_copy(update=changes)

    def answered(self, question: str, words: str) -> State:
        return self.but(words={**self.words, question: words})

    @property
    def purpose(self) -> Purpose:
        return self.errand


@dataclass(frozen=True)
class Holder:
    """The account whose phone was proven, as the flow may show it to its owner.

    Args:
        shown: what is registered, by field, as a chat may show it.
        hurdle: what stands between the proven phone and a new password.
    """

    account_id: str
    subject: Subject
    phone: str
    shown: dict[str, str]
    hurdle: Hurdle = "none"


@dataclass(frozen=True)
class World:
    """The world of one errand.

    `known_phone` is how a chat may show the phone of the account this conversation has proven before.
    `chat_allowed` is whether personal data may be typed here: not in a channel abroad without the person's consent.
    """

    profile: Profile
    chat_allowed: bool
    today: date
    holder: Holder | None = None
    known_phone: str = ""
