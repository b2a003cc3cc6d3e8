"""Questions of one errand: a choice, a day, a few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.flows.effects import Effect, OpenPage
from domain.flows.events import Answered, Event, NotAccepted, PageFilled, PageOpened, Pressed, Wished
from domain.flows.say import Button, Say
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import BACK, HUMAN, PAGE, STOP, Outcome
from domain.selfservice.steps.proving import link

# Answers in a person's own words: whatever is typed there is the answer, unless it clearly is a wish.
FREE_TEXT = frozenset({"story", "contact", "to_whom", "reason"})


@dataclass(frozen=True)
class Choice:
    """One of a few, by button. `options` are label ids."""

    question: str
    options: tuple[str, ...]

    def done(self, state: State, world: World) -> bool:
        return self.question in state.words

    def key(self, state: State, world: World) -> str:
        return f"ask:{self.question}"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        buttons = tuple(Button(f"option:{option}", f"{self.question}_{option}") for option in self.options)
        return (Say(f"self.ask.{self.question}", {}, (*buttons, HUMAN, STOP), prompt=True),)

    def awaits(self, state: State, world: World) -> str | None:
        return None

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Pressed(choice, label) if choice.removeprefix("option:") in self.options:
                return state.answered(self.question, label), ()
        return None

    def undo(self, state: State, world: World) -> State:
        return state.but(words={k: v for k, v in state.words.items() if k != self.question})


def _always(_state: State) -> bool:
    return True


@dataclass(frozen=True)
class Words:
    """A few words, or a day (`question` "date"); `optional` ones can be passed over.

    Args:
        when: whether this person is asked at all.
    """

    question: str
    optional: bool = False
    when: Callable[[State], bool] = _always

    def done(self, state: State, world: World) -> bool:
        return self.question in state.words or not self.when(state)

    def key(self, state: State, world: World) -> str:
        return f"ask:{self.question}"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        if not world.chat_allowed:
            return (Say("self.words_on_page", {}, (PAGE, *self._skip(), HUMAN, STOP), prompt=True),)
        return (self._ask(f"self.ask.{self.question}", {}),)

    def awaits(self, state: State, world: World) -> str | None:
        return self.question if world.chat_allowed else None

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Answered(question, value, _) if question == self.question:
                return state.answered(question, value), ()
            case NotAccepted(question, code, hint) if question == self.question:
                return state, (self._ask(f"refused.{code}", {"hint": hint or ""}),)
            case Pressed("skip", _) if self.optional:
                return state.answered(self.question, ""), ()
            case Pressed("page", _) | Wished("fill_page"):
                return state, (OpenPage((self.question,)),)
            case PageOpened():
                return state.but(page_open=True), (link(event, "self.words_page", *self._skip(), STOP),)
            case PageFilled(values) if self.question in values:
                return state.answered(self.question, values[self.question]).but(page_open=False), ()
        return None

    def undo(self, state: State, world: World) -> State:
        return state.but(words={k: v for k, v in state.words.items() if k != self.question})

    def _skip(self) -> tuple[Button, ...]:
        return (Button("skip", "skip"),) if self.optional else ()

    def _ask(self, message: str, words: Mapping[str, object]) -> Say:
        buttons = (*self._skip(), BACK, HUMAN, STOP)
        return Say(message, words, buttons, expects=self.question, prompt=True)
