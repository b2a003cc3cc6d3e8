"""What only registrations with a guardian ask for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.flows.effects import Own
from domain.flows.events import OwnEvent
from domain.guardians.rules import Band

# --- on the ward's side


@dataclass(frozen=True)
class Invite(Own):
    """Ask the guardian with this phone (E.164); an invitation that was out before ends."""

    phone: str
    band: Band


@dataclass(frozen=True)
class Accompany(Own):
    """The guardian sits beside the ward and takes over on this device."""

    band: Band


@dataclass(frozen=True)
class Declare(Own):
    """Record what the person declares of itself."""

    band: Band


@dataclass(frozen=True)
class Invited(OwnEvent):
    guardianship: str
    code: str
    until: str


@dataclass(frozen=True)
class NotInvited(OwnEvent):
    """This guardian said no within the last two days and is not asked again so soon."""


@dataclass(frozen=True)
class GuardianSaid(OwnEvent):
    """What became of the guardian's decision, told in the ward's own conversation."""

    outcome: Literal["given", "refused", "silent", "look", "look_refused", "left"]
    band: Band | None = None


@dataclass(frozen=True)
class PhoneOfGuardian(OwnEvent):
    """The phone the ward proved is its guardian's."""


# --- on the guardian's side


@dataclass(frozen=True)
class CheckNamed(Own):
    """Whether this phone (E.164) is the one the ward named; only then a code is sent to it."""

    phone: str


@dataclass(frozen=True)
class Named(OwnEvent):
    """The phone may be used."""

    phone: str


@dataclass(frozen=True)
class NotNamed(OwnEvent):
    """The ward named another phone."""


@dataclass(frozen=True)
class Bind(Own):
    """The phone is proven: from now on nobody else can use this invitation."""


@dataclass(frozen=True)
class Bound(OwnEvent):
    pass


@dataclass(frozen=True)
class NotBound(OwnEvent):
    """Somebody else holds it, or it is over."""


@dataclass(frozen=True)
class AskStaff(Own):
    """Staff have to look at it first."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Looked(OwnEvent):
    """Staff have looked at it."""

    granted: bool


@dataclass(frozen=True)
class Consented(Own):
    """Everything was decided: the guardian consents."""


@dataclass(frozen=True)
class Counted(OwnEvent):
    """What the guardian's consent came to: it counts, two guardians disagree, or the ward has gone."""

    outcome: Literal["given", "held", "gone"]


@dataclass(frozen=True)
class OfAge(Own):
    """The person who was a ward has decided anew for itself."""


@dataclass(frozen=True)
class OfAgeDone(OwnEvent):
    receipt_path: str
