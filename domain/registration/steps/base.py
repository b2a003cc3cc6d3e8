"""What a step of the registration is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from domain.flows.effects import Effect
from domain.flows.events import Event
from domain.flows.say import Button
from domain.registration.state import Journey, State

Outcome = tuple[State, tuple[Effect, ...]]

BACK = Button("back", "back", style="quiet")
FILL_PAGE = Button("page", "fill_page")
HUMAN = Button("c.human", "human", style="quiet")
STOP = Button("stop", "stop", style="quiet")


class Step(Protocol):
    name: str

    def applies(self, state: State, journey: Journey) -> bool:
        """Whether this registration has the step at all."""
        ...

    def done(self, state: State, journey: Journey) -> bool: ...

    def key(self, state: State, journey: Journey) -> str:
        """Names the standing question: a button of another key is stale."""
        ...

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        """Ask the standing question."""
        ...

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        """What the event does here; None when it means nothing to this step."""
        ...

    def undo(self, state: State, journey: Journey) -> State:
        """The state in which this step's last question is open again."""
        ...

    def units(self, state: State, journey: Journey) -> tuple[int, int]:
        """How many parts of the step are done, and how many there are: for 第 3/7 项."""
        ...


class OneQuestion(ABC):
    """A step with a single question."""

    name: str

    def key(self, state: State, journey: Journey) -> str:
        return self.name

    def units(self, state: State, journey: Journey) -> tuple[int, int]:
        return int(self.done(state, journey)), 1

    @abstractmethod
    def done(self, state: State, journey: Journey) -> bool: ...
