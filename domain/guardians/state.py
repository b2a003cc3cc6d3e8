"""What a registration remembers about guardians: on the ward's side, and on the guardian's."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.guardians.rules import Band


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ward(_Part):
    """The registrant needs a guardian.

    Args:
        minor: a minor, or an adult without full capacity.
        band: what the person said of itself; the guardian's page finds out more.
        stage: ask (how shall the guardian be reached), phone (which is theirs), wait (for their decision), look (staff
            look at it first), given.
        code, until: the invitation that is out, as it is read out, and the moment it ends, in words.
        assented: the ward itself said yes.
    """

    minor: bool
    band: Band | None = None
    stage: Literal["ask", "phone", "wait", "look", "given"] = "ask"
    guardianship: str | None = None
    code: str = ""
    until: str = ""
    assented: bool = False

    def but(self, **changes: object) -> Ward:
        return self.model_copy(update=changes)


class Guarding(_Part):
    """Somebody acts as the guardian of the person of another registration.

    Args:
        beside: on the ward's own device, sitting beside them.
        band: of the ward: what was said first, what the documents say once they are there.
        willing: said to be the guardian and ready to begin.
        bound: proved the phone and holds the invitation alone.
        stage: who (identities are missing), look (staff look at it first), known.
    """

    guardianship: str
    band: Band
    beside: bool = False
    willing: bool = False
    bound: bool = False
    stage: Literal["who", "look", "known"] = "who"

    def but(self, **changes: object) -> Guarding:
        return self.model_copy(update=changes)
