"""What an errand asks for, and what comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.flows.effects import Own
from domain.flows.events import OwnEvent
from domain.requests import Kind
from domain.verification import Purpose


@dataclass(frozen=True)
class SendToAccount(Own):
    """A code to the registered phone of the account named so, if there is one that may get it. Answer: CodeSent."""

    named: tuple[str, str]
    purpose: Purpose


@dataclass(frozen=True)
class ProveAccount(Own):
    named: tuple[str, str]
    challenge_id: str
    code: str
    purpose: Purpose


@dataclass(frozen=True)
class AccountProven(OwnEvent):
    """The registered phone was proven; the world has its holder from now on."""

    account_id: str


@dataclass(frozen=True)
class Freeze(Own):
    """Stop every use of the account at once."""

    reason: str


@dataclass(frozen=True)
class FreezeKnown(Own):
    """The same where the phone is gone: a conversation that has proven the account before may still stop it.

    Answer: Frozen or NotKnown.
    """


@dataclass(frozen=True)
class NotKnown(OwnEvent):
    """This conversation speaks for the account no more."""


@dataclass(frozen=True)
class Frozen(OwnEvent):
    """`undone`: a change of phone was taken back as well."""

    undone: bool


@dataclass(frozen=True)
class BeginNotice(Own):
    """Tell every address that a new password was asked for; a day later it may be set."""


@dataclass(frozen=True)
class TrustHere(Own):
    """The second proof was given: this conversation may speak for the account from now on. Answer: Trusted."""


@dataclass(frozen=True)
class Trusted(OwnEvent):
    pass


@dataclass(frozen=True)
class SetPassword(Own):
    """`hashed` as `hash_password` gives it."""

    hashed: str = dataclasses.field(repr=False)


@dataclass(frozen=True)
class PasswordSet(OwnEvent):
    pass


@dataclass(frozen=True)
class ChangeValue(Own):
    field: str
    value: str = dataclasses.field(repr=False)
    display: str


@dataclass(frozen=True)
class Changed(OwnEvent):
    field: str
    display: str


@dataclass(frozen=True)
class ChangeTaken(OwnEvent):
    field: str


@dataclass(frozen=True)
class CloseAccount(Own):
    """Erase now (the platform closes at once)."""


@dataclass(frozen=True)
class Closed(OwnEvent):
    pass


@dataclass(frozen=True)
class FileRequest(Own):
    kind: Kind
    words: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    urgent: bool = False
    working_days: int | None = None


@dataclass(frozen=True)
class Filed(OwnEvent):
    request_id: str
    due: date | None


@dataclass(frozen=True)
class OpenData(Own):
    """A one-time page with everything that is stored about the account's person."""


@dataclass(frozen=True)
class DataOpened(OwnEvent):
    path: str
    minutes: int
    expires_at: datetime
