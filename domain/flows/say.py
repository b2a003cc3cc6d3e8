"""What a flow says, without a word of it: message ids, variables, buttons and what a card shows.

The agent's wording turns these into Chinese; a channel turns that into what its screen can show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from domain.consent.deck import DeckCard, ReadClause
from domain.platforms.model import Document, SeparateConsent
from domain.renewal.changes import ClauseChange

Style = Literal["primary", "default", "quiet", "danger"]
Decision = Literal["given", "refused"]


@dataclass(frozen=True)
class Button:
    """A choice a person can take. `label` is a label id, `text` literal words from platform data."""

    choice: str
    label: str | None = None
    text: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    style: Style = "default"


@dataclass(frozen=True)
class Progress:
    at: int
    of: int


@dataclass(frozen=True)
class PlatformsView:
    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ClauseView:
    card: DeckCard
    progress: Progress
    unfolded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ThemeView:
    theme: str
    cards: tuple[DeckCard, ...]
    progress: Progress
    unfolded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EveryClauseView:
    clause: ReadClause
    progress: Progress


@dataclass(frozen=True)
class ChangesView:
    """What a new version says otherwise: old and new words beside each other. `path` leads to all changes."""

    changes: tuple[ClauseChange, ...]
    progress: Progress
    path: str


@dataclass(frozen=True)
class AnswerView:
    quotes: tuple[ReadClause, ...]
    disputable: bool = False


@dataclass(frozen=True)
class ConsentsView:
    items: tuple[tuple[SeparateConsent, Decision | None], ...]
    missing: tuple[Document, ...]


@dataclass(frozen=True)
class SummaryView:
    title: str
    rows: tuple[tuple[str, str | tuple[str, Mapping[str, Any]]], ...]


@dataclass(frozen=True)
class LinkView:
    """`any_one`: one of the fields is enough."""

    path: str
    fields: tuple[str, ...]
    minutes: int
    expires_at: datetime
    any_one: bool = False


@dataclass(frozen=True)
class ReceiptView:
    """`title` is the label id of what stands on top; `path` is that of the receipt's page."""

    rows: tuple[tuple[str, str | tuple[str, Mapping[str, Any]]], ...]
    path: str
    title: str = "receipt"


View = (
    PlatformsView
    | ClauseView
    | ThemeView
    | EveryClauseView
    | ChangesView
    | AnswerView
    | ConsentsView
    | SummaryView
    | LinkView
    | ReceiptView
)


@dataclass(frozen=True)
class Say:
    """One message to the person.

    Args:
        message: id of the words.
        expects: the field an answer is awaited for, so that a client shows the right keyboard.
        prompt: whether this is the flow's standing question (its buttons are the live ones).
        replaces: take the place of the flow's last prompt instead of standing below it.
    """

    message: str
    vars: Mapping[str, Any] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    view: View | None = None
    expects: str | None = None
    prompt: bool = False
    replaces: bool = False


@dataclass(frozen=True)
class Rendered:
    """A message in words, still the same for every channel.

    `card` holds its buttons as {"$button": index} with indices into `buttons` after those of the
    message itself; `own` tells how many buttons are the message's own.
    """

    text: str
    buttons: tuple[tuple[str, str, Style], ...]
    own: int
    card: Mapping[str, Any] | None

    def labels(self) -> list[str]:
        return [label for label, _choice, _style in self.buttons]


Render = Callable[[Say, "RenderContext"], Rendered]


@dataclass(frozen=True)
class RenderContext:
    """What words may mention beside the message's own variables."""

    platform_id: str | None
    platform_name: str
    operator: str | None
    sample: bool
    channel: str
