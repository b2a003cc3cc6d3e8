"""What a step of an errand is."""

from __future__ import annotations

from typing import Protocol

from domain.flows.effects import Effect
from domain.flows.events import Event
from domain.flows.say import Button
from domain.selfservice.state import State, World

Outcome = tuple[State, tuple[Effect, ...]]

BACK = Button("back", "back", style="quiet")
HUMAN = Button("c.human", "human", style="quiet")
STOP = Button("stop", "stop", style="quiet")
PAGE = Button("page", "fill_on_page")


class Step(Protocol):
    def done(self, state: State, world: World) -> bool: ...

    def key(self, state: State, world: World) -> str:
        """Names the standing question: a button of another key is stale."""
        ...

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        """Ask the standing question, or do what needs no question."""
        ...

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        """What the event does here; None when it means nothing to this step."""
        ...

    def awaits(self, state: State, world: World) -> str | None:
        """The field an answer in text would fill."""
        ...

    def undo(self, state: State, world: World) -> State:
        """The state in which this step's question is open again."""
        ...


class Silent:
    """Base of a step that awaits no text and cannot be undone."""

    def awaits(self, state: State, world: World) -> str | None:
        return None

    def undo(self, state: State, world: World) -> State:
        return state
