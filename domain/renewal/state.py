"""Where a renewal stands, and what it can see of the world around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from domain.flows.say import Decision
from domain.platforms.model import Profile, SeparateConsent
from domain.renewal.changes import ClauseChange


class State(BaseModel):
    """Everything the flow remembers.

    `before` is the text the person agreed to last. `decisions` are the separate consents answered on the way, and
    `entries` the ledger's entries of them; they count once the whole is accepted. `asking`: refuse, or need:<item>.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_id: str
    before: str
    served: str = ""
    leaf: int = 0
    decisions: dict[str, Decision] = Field(default_factory=dict)
    entries: dict[str, str] = Field(default_factory=dict)
    reviewing: bool = False
    asking: str | None = None

    def but(self, **changes: object) -> State:
        return self.model_copy(update=changes)


@dataclass(frozen=True)
class Journey:
    """The world of one renewal.

    Args:
        leaves: the substantive changes, as they are shown at once.
        cosmetic: how many clauses have only another number, spelling or place.
        consents: the separate consents to be asked for: new ones, and those whose clauses changed.
        since: the day (YYYY-MM-DD, in China) from which the new text counts; empty: it counts already.
        path: the page with all changes.
    """

    profile: Profile
    label: str
    leaves: tuple[tuple[ClauseChange, ...], ...]
    cosmetic: int
    consents: tuple[SeparateConsent, ...]
    since: str
    path: str

    @property
    def title(self) -> str:
        return self.profile.agreement_title.strip("《》")

    @property
    def words(self) -> Mapping[str, object]:
        """What every sentence about the new version may mention."""
        return {
            "platform": self.profile.name,
            "title": self.title,
            "version": self.label,
            "since": self.since,
            "leave": self.profile.leave,
            "path": self.path,
        }
