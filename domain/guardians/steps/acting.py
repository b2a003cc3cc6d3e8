"""The guardian's side: willing, the phone proven, both identities on the one-time page, staff where they must look."""

from __future__ import annotations

from domain.flows.effects import Effect, End, OpenPage, SendCode, VoidCode
from domain.flows.events import Answered, CodeProven, Event, PageFilled, PageOpened, Pressed, Wished
from domain.flows.say import Button, LinkView, Say
from domain.guardians.effects import AskStaff, Bind, Bound, CheckNamed, Looked, Named, NotBound, NotNamed
from domain.guardians.state import Guarding
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, HUMAN, STOP, OneQuestion, Outcome
from domain.registration.steps.details import CodeByPhone

PAGE_FIELDS = ("guardian_name", "guardian_id_number", "relation", "ward_name", "ward_id_number")
_MENU = Button("c.menu", "menu", style="quiet")
_PAGE_BUTTONS = (Button("page", "page_again"), HUMAN, STOP)


def set_guarding(state: State, **changes: object) -> State:
    assert state.guarding is not None
    return state.but(guarding=state.guarding.but(**changes))


def _guarding(state: State) -> Guarding:
    assert state.guarding is not None
    return state.guarding


class Willing(OneQuestion):
    """What this is about, and whether the person is the guardian. Opening an invitation alone gives nothing away."""

    name = "willing"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return _guarding(state).willing

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        words = {"platform": journey.profile.name, "explain": journey.profile.capacity.explain}
        buttons = (
            Button("willing", "guardian_willing", style="primary"),
            Button("not_willing", "guardian_not_me"),
            HUMAN,
        )
        message = "guarding.beside" if _guarding(state).beside else "guarding.invited"
        return (Say(message, words, buttons, prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed("willing", _):
                return set_guarding(state, willing=True), ()
            case Pressed("not_willing", _):
                said = Say("guarding.not_me", {}, (HUMAN, _MENU))
                return state, (said, End("stopped", forget=True))
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


class GuardianPhone(CodeByPhone):
    """The guardian's own phone, the one the ward named; then the invitation is theirs alone."""

    name = "guardian_phone"
    purpose = "guardian"
    ask = "guarding.phone"

    def done(self, state: State, journey: Journey) -> bool:
        return _guarding(state).bound

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Answered("phone", value, display):
                void = (VoidCode(state.challenge),) if state.challenge else ()
                shown = {**state.displays, "phone": display}
                return state.but(displays=shown, challenge=None), (*void, CheckNamed(value))
            case Named(phone):
                return state.but(values={**state.values, "phone": phone}), (SendCode(phone, self.purpose),)
            case NotNamed():
                say = Say("guarding.other_phone", {}, (HUMAN, STOP), expects="phone", prompt=True)
                return state.without("phone"), (say,)
            case CodeProven(challenge_id) if challenge_id == state.challenge:
                return state.but(phone_proven=True), (Bind(),)
            case Bound():
                return set_guarding(state, bound=True), ()
            case NotBound():
                return state, (Say("guarding.over", {}, (HUMAN, _MENU)), End("stopped", forget=True))
        return super().take(state, event, journey)


class Identities(OneQuestion):
    """Who both are, and how they are related: on the one-time page, where it is checked."""

    name = "identities"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return _guarding(state).stage != "who"

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        if state.page_open:
            return (Say("guarding.page_waiting", {}, _PAGE_BUTTONS, prompt=True),)
        return (OpenPage(PAGE_FIELDS),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed("page", _) | Wished("fill_page"):
                return state, (OpenPage(PAGE_FIELDS),)
            case PageOpened():
                view = LinkView(event.path, event.fields, event.minutes, event.expires_at)
                return state.but(page_open=True), (Say("guarding.page", {}, _PAGE_BUTTONS, view, prompt=True),)
            case NotBound():
                return state, (Say("guarding.over", {}, (HUMAN, _MENU)), End("stopped", forget=True))
            case PageFilled(values):
                reasons = tuple(reason for reason in values["reviews"].split(",") if reason)
                known = set_guarding(state, band=values["band"], stage="look" if reasons else "known")
                known = known.but(page_open=False)
                return known, ((AskStaff(reasons),) if reasons else (Say("guarding.identified"),))
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


class Looking(OneQuestion):
    """Staff look at what a rule cannot decide; the guardian waits and is told."""

    name = "looking"

    def applies(self, state: State, journey: Journey) -> bool:
        return _guarding(state).stage == "look"

    def done(self, state: State, journey: Journey) -> bool:
        return False

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        return (Say("guarding.look", {}, (HUMAN, STOP), prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Looked(granted=True):
                return set_guarding(state, stage="known"), (Say("guarding.looked"),)
            case Looked():
                return state, (Say("guarding.look_refused", {}, (HUMAN, _MENU)), End("guardian_refused", forget=True))
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


__all__ = ["BACK", "PAGE_FIELDS", "GuardianPhone", "Identities", "Looking", "Willing"]
