"""What a courier is: takes one SMS and says what became of it, in terms that tell what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

# The only variables a provider ever gets. Both are digits: nothing a person typed can reach an SMS, where a name
# with a link in it would be an advertisement under our signature.
VARIABLES = ("code", "minutes")
_DIGITS = re.compile(r"[0-9]{1,8}")


@dataclass(frozen=True)
class OutgoingText:
    """One SMS.

    Args:
        ticket: our own name for it; a provider that echoes it lets a lost answer be found again.
        phone: E.164.
        template: id of the words in sms.yml; a provider has its own number for it.
        variables: of VARIABLES those the template has, in that order.
        text: the words in full, for a courier that sends no templates. Holds the code: not in the repr.
    """

    ticket: str
    phone: str = field(repr=False)
    template: str
    variables: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True)
class Accepted:
    """The provider took it; its delivery report names it by `reference`."""

    reference: str


@dataclass(frozen=True)
class Limited:
    """The provider's own frequency limit for this number. Another try, here or elsewhere, would only annoy a person.

    Args:
        wait: how long the limit lasts at most; None when the provider does not say.
    """

    code: str
    wait: timedelta | None = None


@dataclass(frozen=True)
class Rejected:
    """This provider will not send until somebody mends it: money, contract, address, signature, template."""

    code: str


@dataclass(frozen=True)
class Refused:
    """This number will not get it from anybody: it is on a blacklist, or no number."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """It may have been taken: the answer did not come, or says nothing. Never sent again blindly."""

    code: str


@dataclass(frozen=True)
class Unreachable:
    """It was surely not taken: nobody listened, or the provider says to come again."""

    code: str


Outcome = Accepted | Limited | Rejected | Refused | Unknown | Unreachable


@dataclass(frozen=True)
class Report:
    """What a provider knows of an SMS it took.

    Args:
        ticket: ours, where it echoes it.
        reference: the provider's own.
        delivered: None while it waits for the operator.
        code: the operator's word for it.
    """

    ticket: str | None
    reference: str | None
    delivered: bool | None
    code: str = ""


class CannotAsk(Exception):
    """The provider could not be asked now. The text is a code, never a phone."""


class Courier(Protocol):
    name: str

    async def send(self, text: OutgoingText) -> Outcome:
        """Hand one SMS to the provider, once. Raises only on a defect of ours."""
        ...

    async def find(self, phone: str, since: datetime) -> list[Report]:
        """What the provider took for this phone (E.164) since a moment, newest or oldest first. Raises CannotAsk."""
        ...

    async def close(self) -> None: ...


class NotForSms(ValueError):
    """A variable is not what it has to be. The text names it and does not quote it."""


def variables_of(words: Mapping[str, str]) -> dict[str, str]:
    """What of these words may go to a provider. Raises NotForSms when one is not digits."""
    chosen = {name: str(words[name]) for name in VARIABLES if name in words}
    for name, value in chosen.items():
        if not _DIGITS.fullmatch(value):
            raise NotForSms(name)
    return chosen


def plain_code(code: object) -> str:
    """A provider's code as it may stand in a log and a row: its letters and digits, not more than 64."""
    return re.sub(r"[^A-Za-z0-9._:-]", "", str(code))[:64] or "none"


def plain_reference(reference: object) -> str:
    """A provider's own name of a message as it fits the row; empty when it is none."""
    text = str(reference or "")
    return text if len(text) <= 64 and text.isprintable() else ""
