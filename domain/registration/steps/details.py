"""What the platform asks for: the phone proven by SMS, then one thing after another, then the page."""

from __future__ import annotations

from domain.flows.effects import CheckCode, CheckFree, Effect, OpenPage, SendCode, VoidCode
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeProven,
    CodeSent,
    CodeWrong,
    Event,
    NotAccepted,
    PageOpened,
    Pressed,
    Wished,
)
from domain.flows.say import Button, LinkView, Say
from domain.platforms.model import FieldSpec
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, FILL_PAGE, HUMAN, OneQuestion, Outcome
from domain.verification import Purpose

_WHY = Button("why", "why", style="quiet")
_PAGE_BUTTONS = (Button("page", "page_again"), _WHY, BACK)
_UNIQUE = {"login_name", "member_name", "email", "id_number", "credit_code"}


class CodeByPhone(OneQuestion):
    """A phone, and the code that proves it.

    Args:
        purpose: what a code proves the phone for.
        ask: id of the words that ask for the phone.
    """

    name = "phone"
    purpose: Purpose = "register"
    ask = "phone.ask"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return state.phone_proven

    def key(self, state: State, journey: Journey) -> str:
        return f"code:{state.challenge}" if state.challenge else "phone"

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        if state.challenge:
            return (self._ask_code("code.ask", {"phone": state.displays["phone"]}),)
        words = {"platform": journey.profile.name}
        return (Say(self.ask, words, buttons=(_WHY, HUMAN), expects="phone", prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Answered("phone", value, display):
                given = {**state.values, "phone": value}
                void = (VoidCode(state.challenge),) if state.challenge else ()
                moved = state.but(values=given, displays={**state.displays, "phone": display}, challenge=None)
                return moved, (*void, SendCode(value, self.purpose))
            case NotAccepted("phone" | "sms_code" as field, code, hint):
                say = Say(f"refused.{code}", {"hint": hint or ""}, (HUMAN,), expects=field, prompt=True)
                return state, (say,)
            case CodeSent(challenge_id):
                return state.but(challenge=challenge_id), (self._ask_code("code.sent", event.words),)
            case CodeNotSent(reason):
                if state.challenge:
                    return state, (self._ask_code(f"code.not_sent.{reason}", event.words),)
                return state.without("phone"), (
                    Say(f"code.not_sent.{reason}", event.words, (HUMAN,), expects="phone", prompt=True),
                )
            case Answered("sms_code", value, _) if state.challenge:
                return state, (CheckCode(state.challenge, value, self.purpose),)
            case CodeWrong(0):
                return state, (self._ask_code("code.spent", {}),)
            case CodeWrong(left):
                return state, (self._ask_code("code.wrong", {"left": left}),)
            case Pressed("resend", _) | Wished("resend") if "phone" in state.values:
                return state, (SendCode(state.values["phone"], self.purpose),)
            case Pressed("change_phone", _):
                fresh = forget_phone(state)
                return fresh, (*_void(state), *self.prompt(fresh, journey))
        return None

    def undo(self, state: State, journey: Journey) -> State:
        # A proven phone is changed by saying so, not by stepping back over the proof.
        return state if state.phone_proven else forget_phone(state)

    def _ask_code(self, message: str, words: dict[str, object]) -> Say:
        buttons = (
            Button("resend", "resend"),
            Button("change_phone", "change_phone"),
            Button("c.human", "human", style="quiet"),
        )
        return Say(message, words, buttons, expects="sms_code", prompt=True)


class Phone(CodeByPhone):
    """The registrant's phone. Whether it is registered is said only after the proof."""

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        if journey.needs(state).agent and not state.challenge:
            return (Say("phone.ask_for_child", {}, (_WHY, HUMAN), expects="phone", prompt=True),)
        return super().prompt(state, journey)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case CodeProven(challenge_id) if challenge_id == state.challenge:
                return state.but(phone_proven=True), (CheckFree("phone", state.values["phone"]),)
        return super().take(state, event, journey)


def forget_phone(state: State) -> State:
    return state.without("phone").but(challenge=None, phone_proven=False, asking=None)


def taken_phone(state: State) -> Say:
    """Said only to whoever has just proven the phone."""
    buttons = (
        Button("change_phone", "change_phone"),
        Button("c.human", "human"),
        Button("stop", "stop", style="quiet"),
    )
    return Say("phone.taken", {"phone": state.displays.get("phone", "")}, buttons, prompt=True)


def _void(state: State) -> tuple[Effect, ...]:
    return (VoidCode(state.challenge),) if state.challenge else ()


class Fields:
    """What is not secret, asked in chat one by one, each checked at once."""

    name = "fields"

    def applies(self, state: State, journey: Journey) -> bool:
        return bool(journey.chat_fields(state))

    def done(self, state: State, journey: Journey) -> bool:
        return self._open(state, journey) is None

    def key(self, state: State, journey: Journey) -> str:
        spec = self._open(state, journey)
        return f"field:{spec.field if spec else '-'}"

    def units(self, state: State, journey: Journey) -> tuple[int, int]:
        specs = journey.chat_fields(state)
        return sum(s.field in state.values or s.field in state.skipped for s in specs), len(specs)

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        spec = self._open(state, journey)
        assert spec is not None
        return (_question(f"field.{spec.field}", spec, journey),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        spec = self._open(state, journey)
        match event:
            case Pressed("page", _) | Wished("fill_page"):
                return state, (OpenPage(tuple(s.field for s in journey.missing_fields(state))),)
            case PageOpened():
                return state.but(page_open=True), (_link(event),)
        if spec is None:
            return None
        match event:
            case Answered(field, value, display) if field == spec.field:
                given = state.but(values={**state.values, field: value}, displays={**state.displays, field: display})
                return given, ((CheckFree(field, value),) if field in _UNIQUE else ())
            case NotAccepted(field, code, hint) if field == spec.field:
                return state, (_question(f"refused.{code}", spec, journey, {"hint": hint or ""}),)
            case Pressed(choice, label) if choice.startswith("option:"):
                at = int(choice.removeprefix("option:"))
                if at >= len(spec.options):
                    return None
                if spec.refused and at == len(spec.options) - 1:
                    return state, (_question("field.refusing", spec, journey, {"refused": spec.refused}, stop=True),)
                values = {**state.values, spec.field: spec.options[at]}
                return state.but(values=values, displays={**state.displays, spec.field: label}), ()
            case Pressed("skip", _) if spec.optional:
                return state.but(skipped=(*state.skipped, spec.field)), ()
        return None

    def undo(self, state: State, journey: Journey) -> State:
        done = [s.field for s in journey.chat_fields(state) if s.field in state.values or s.field in state.skipped]
        return state.without(done[-1]) if done else state

    def _open(self, state: State, journey: Journey) -> FieldSpec | None:
        return next(
            (s for s in journey.chat_fields(state) if s.field not in state.values and s.field not in state.skipped),
            None,
        )


def _question(
    message: str, spec: FieldSpec, journey: Journey, words: dict[str, object] | None = None, *, stop: bool = False
) -> Say:
    buttons: list[Button] = [
        Button(f"option:{at}", text=option, style="primary") for at, option in enumerate(spec.options)
    ]
    if spec.optional:
        buttons.append(Button("skip", "skip"))
    buttons += [FILL_PAGE, _WHY, BACK]
    if stop:
        buttons += [HUMAN, Button("stop", "stop", style="quiet")]
    return Say(
        message,
        {"platform": journey.profile.name, **(words or {})},
        tuple(buttons),
        expects=None if spec.options else spec.field,
        prompt=True,
    )


def _link(page: PageOpened) -> Say:
    return Say(
        "page.ask", {}, _PAGE_BUTTONS, LinkView(page.path, page.fields, page.minutes, page.expires_at), prompt=True
    )


class Page(OneQuestion):
    """Password, ID number, credit code and files: only ever on the one-time page."""

    name = "page"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return not journey.missing_fields(state)

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        if state.page_open:
            # A new link would kill the page the person may be filling in right now.
            return (Say("page.waiting", {}, _PAGE_BUTTONS, prompt=True),)
        return (self._open(state, journey),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed("page", _) | Wished("fill_page"):
                return state, (self._open(state, journey),)
            case PageOpened():
                return state.but(page_open=True), (_link(event),)
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state

    def _open(self, state: State, journey: Journey) -> OpenPage:
        return OpenPage(tuple(spec.field for spec in journey.missing_fields(state)))
