"""Changing what is registered: one value after another; a new phone is proven before it counts."""

from __future__ import annotations

from collections.abc import Mapping

from domain.flows.effects import CheckCode, Effect, End, OpenPage, SendCode, VoidCode
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeProven,
    CodeSent,
    CodeWrong,
    Event,
    NotAccepted,
    PageFilled,
    PageOpened,
    Pressed,
    Wished,
)
from domain.flows.say import Button, Say
from domain.selfservice.effects import Changed, ChangeTaken, ChangeValue
from domain.selfservice.rules import changeable
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import HUMAN, PAGE, STOP, Outcome
from domain.selfservice.steps.proving import link

_OTHER = Button("other_field", "other_field")


class Changing:
    """Choose, give the new value, prove a new phone; then choose again or be done."""

    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        if state.new_challenge:
            return f"new_code:{state.new_challenge}"
        return f"change:{state.field}" if state.field else "change"

    def awaits(self, state: State, world: World) -> str | None:
        if state.new_challenge:
            return "sms_code"
        asked = state.field in self._fields(world) and not self._options(state, world)
        return state.field if asked and world.chat_allowed else None

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        if state.new_challenge:
            return (self._ask_code("self.change.new_code", {"phone": state.display}),)
        if state.field is None:
            return (self._choose("self.change.choose", {}, world),)
        if state.field not in self._fields(world):
            return (*self._not_here(state.field, world), self._choose("self.change.choose", {}, world))
        options = self._options(state, world)
        if options:
            buttons = tuple(Button(f"option:{at}", text=option) for at, option in enumerate(options))
            return (Say("self.change.pick", {}, (*buttons, _OTHER, STOP), prompt=True),)
        if not world.chat_allowed:
            return (Say("self.words_on_page", {}, (PAGE, _OTHER, STOP), prompt=True),)
        words = {"shown": world.holder.shown.get(state.field, "") if world.holder else ""}
        return (self._ask("self.change.phone" if state.field == "phone" else "self.change.value", words, state),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        field = state.field
        match event:
            case Pressed(choice, _) if choice.startswith("field:"):
                name = choice.removeprefix("field:")
                return (state.but(field=name, value=None), ()) if name in self._fields(world) else None
            case Wished("correct", name):
                return self._wished(state, name, world)
            case Pressed("other_field", _):
                voided = (VoidCode(state.new_challenge),) if state.new_challenge else ()
                return state.but(field=None, value=None, new_challenge=None), voided
            case Pressed("finish", _):
                menu = Button("c.menu", "menu", style="quiet")
                return state, (Say("self.change.finished", {}, (menu,)), End("done", forget=True))
            case Pressed("page", _) | Wished("fill_page") if field:
                return state, (OpenPage((field,)),)
            case PageOpened():
                return state.but(page_open=True), (link(event, "self.words_page", _OTHER, STOP),)
            case PageFilled(values, displays) if field and field in values:
                return self._given(state.but(page_open=False), values[field], displays.get(field, ""))
            case Answered("sms_code", value, _) if state.new_challenge:
                return state, (CheckCode(state.new_challenge, value, "new_phone"),)
            case Answered(name, value, display) if name == field:
                return self._given(state, value, display)
            case NotAccepted("sms_code", code, hint):
                return state, (self._ask_code(f"refused.{code}", {"hint": hint or ""}),)
            case NotAccepted(name, code, hint) if name == field:
                return state, (self._ask(f"refused.{code}", {"hint": hint or ""}, state),)
            case Pressed(choice, _) if choice.startswith("option:") and field:
                options, at = self._options(state, world), choice.removeprefix("option:")
                if not at.isdigit() or int(at) >= len(options):
                    return None
                return self._given(state, options[int(at)], options[int(at)])
        return self._new_phone(state, event, world)

    def undo(self, state: State, world: World) -> State:
        return state.but(field=None, value=None, new_challenge=None)

    def _new_phone(self, state: State, event: Event, world: World) -> Outcome | None:
        """The code to a new phone, and what became of the change."""
        match event:
            case CodeSent(challenge_id):
                return state.but(new_challenge=challenge_id), (self._ask_code("code.sent", event.words),)
            case CodeNotSent(reason) if state.new_challenge:
                return state, (self._ask_code(f"code.not_sent.{reason}", event.words),)
            case CodeNotSent(reason):
                return state.but(value=None), (self._ask(f"code.not_sent.{reason}", event.words, state),)
            case CodeWrong(0):
                return state, (self._ask_code("code.spent", {}),)
            case CodeWrong(left):
                return state, (self._ask_code("code.wrong", {"left": left}),)
            case CodeProven(_) if state.value:
                return state, (ChangeValue("phone", state.value, state.display),)
            case Pressed("resend", _) | Wished("resend") if state.value and state.field == "phone":
                return state, (SendCode(state.value, "new_phone"),)
            case Changed(name, display):
                fresh = state.but(field=None, value=None, new_challenge=None, display="")
                message = "self.change.done_phone" if name == "phone" else "self.change.done"
                return fresh, (self._choose(message, {"shown": display}, world),)
            case ChangeTaken(name):
                fresh = state.but(value=None, new_challenge=None)
                message = "self.change.phone_taken" if name == "phone" else "field.taken"
                return fresh, (self._ask(message, {}, fresh),)
        return None

    def _given(self, state: State, value: str, display: str) -> Outcome:
        given = state.but(value=value, display=display)
        if state.field == "phone":
            return given, (SendCode(value, "new_phone"),)
        return given, (ChangeValue(str(state.field), value, display),)

    def _wished(self, state: State, name: str | None, world: World) -> Outcome:
        if name is not None and name not in self._fields(world):
            return state, self._not_here(name, world)
        return state.but(field=name, value=None, new_challenge=None), ()

    def _not_here(self, name: str, world: World) -> tuple[Say, ...]:
        """Why the owner cannot change this alone."""
        if name in world.profile.account.changes.fixed:
            return (Say("self.change.fixed", {"explain": world.profile.account.changes.explain}),)
        return (Say("self.change.by_people", {}, (HUMAN,)),)

    def _fields(self, world: World) -> tuple[str, ...]:
        holder = world.holder
        return changeable(world.profile, holder.subject, set(holder.shown)) if holder else ()

    def _options(self, state: State, world: World) -> tuple[str, ...]:
        specs = getattr(world.profile.registration, world.holder.subject) if world.holder else ()
        return next((spec.options for spec in specs if spec.field == state.field), ())

    def _choose(self, message: str, words: Mapping[str, object], world: World) -> Say:
        buttons = tuple(Button(f"field:{name}", f"field_{name}") for name in self._fields(world))
        finish = Button("finish", "finish_changes", style="primary")
        return Say(message, words, (*buttons, finish, HUMAN), prompt=True)

    def _ask(self, message: str, words: Mapping[str, object], state: State) -> Say:
        return Say(message, words, (_OTHER, HUMAN, STOP), expects=state.field, prompt=True)

    def _ask_code(self, message: str, words: Mapping[str, object]) -> Say:
        buttons = (Button("resend", "resend"), _OTHER, HUMAN)
        return Say(message, words, buttons, expects="sms_code", prompt=True)
