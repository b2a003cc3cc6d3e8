"""The errands of an account's owner. Pure: `apply(state, event, world)` gives the next state and what is to be done.

name the account ─→ prove its phone ─┬─ reset_password ─→ new password, with a second proof on the same page
                                     ├─ report_stolen ──→ frozen ─→ what happened ─→ urgent case
                                     └─ (second proof) ─┬─ change ──────→ which, new value, (prove the new phone) ↺
                                                        ├─ cancel ──────→ what goes, what stays ─→ closed or asked for
                                                        ├─ access ──────→ a page with everything
                                                        ├─ transfer ────→ ground, to whom, why ─→ application
                                                        └─ dissolution ─→ what, since when ─→ notice
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.flows.effects import CheckCode, Effect, End, OpenPage, Own, SendCode, VoidCode
from domain.flows.events import Event, Pressed, Started, Wished
from domain.flows.say import Button, Say
from domain.selfservice.state import Errand, State, World
from domain.selfservice.steps.base import HUMAN, Outcome, Step
from domain.selfservice.steps.changing import Changing
from domain.selfservice.steps.endings import Application, Data, Freezing, StolenCase
from domain.selfservice.steps.leaving import Leaving
from domain.selfservice.steps.password import NewPassword
from domain.selfservice.steps.proving import Naming, Proving
from domain.selfservice.steps.questions import Choice, Words
from domain.selfservice.steps.second_proof import SecondProof

_WHO: tuple[Step, ...] = (Naming(), Proving())
_SURELY: tuple[Step, ...] = (*_WHO, SecondProof())
STEPS: Mapping[Errand, tuple[Step, ...]] = {
    "reset_password": (*_WHO, NewPassword()),
    "report_stolen": (
        *_WHO,
        Freezing(),
        Words("contact", when=lambda state: state.lost_phone),
        Words("story", optional=True),
        StolenCase(),
    ),
    "change": (*_SURELY, Changing()),
    "cancel": (*_SURELY, Leaving()),
    "access": (*_SURELY, Data()),
    "transfer": (
        *_SURELY,
        Choice("ground", ("law", "court", "platform")),
        Words("to_whom"),
        Words("reason"),
        Application("transfer"),
    ),
    "dissolution": (
        *_SURELY,
        Choice("ending", ("merged", "dissolved", "deregistered", "bankrupt", "revoked")),
        Words("date"),
        Application("dissolution"),
    ),
}
# What these find out comes back as an event; until then the flow waits.
_AWAITED = (SendCode, CheckCode, OpenPage, Own)


def apply(state: State, event: Event, world: World) -> Outcome:
    """What `event` does to the errand."""
    state, effects = _handle(state, event, world)
    settled = any(isinstance(e, (*_AWAITED, End)) or (isinstance(e, Say) and e.prompt) for e in effects)
    if settled:
        return state, effects
    return state, (*effects, *current(state, world).prompt(state, world))


def current(state: State, world: World) -> Step:
    """The step whose question stands. The last step of an errand is never done: it ends the flow."""
    return next(step for step in STEPS[state.errand] if not step.done(state, world))


def step_key(state: State, world: World) -> str:
    key = f"{state.errand}/{current(state, world).key(state, world)}"
    return f"{key}?{state.asking}" if state.asking else key


def awaited_field(state: State, world: World) -> str | None:
    return current(state, world).awaits(state, world) if state.asking is None else None


def position(state: State, world: World) -> tuple[int, int]:
    steps = STEPS[state.errand]
    return min(1 + sum(step.done(state, world) for step in steps), len(steps)), len(steps)


def _handle(state: State, event: Event, world: World) -> Outcome:
    match event:
        case Started():
            return state, ()
        case Pressed("really_stop", _):
            return state, _stopped(state)
        case Pressed("look_again", _):
            return state.but(asking=None), ()
        case Pressed("stop", _) | Wished("stop" | "deny" | "refuse"):
            return state.but(asking="stop"), (_stop_question(),)
        case Pressed("back", _) | Wished("go_back"):
            return _back(state.but(asking=None), world)
        case Wished("why"):
            return state, (Say("self.why"),)
        case Wished("accept" | "affirm"):
            return state, (Say("press_a_button"),)
        case Pressed():
            state = state.but(asking=None)
    outcome = current(state, world).take(state, event, world)
    if outcome is None and isinstance(event, Wished) and event.wish == "resend":
        return state, (Say("resend.not_now"),)
    return outcome if outcome is not None else (state, ())


def _back(state: State, world: World) -> Outcome:
    steps = STEPS[state.errand]
    at = steps.index(current(state, world))
    for step in reversed(steps[: at + 1]):
        undone = step.undo(state, world)
        if undone != state:
            voided: tuple[Effect, ...] = ()
            if state.challenge and undone.challenge is None:
                voided = (VoidCode(state.challenge),)
            return undone, voided
    return state, (Say("self.no_back"),)


def _stop_question() -> Say:
    buttons = (Button("look_again", "go_on", style="primary"), Button("really_stop", "stop", style="danger"))
    return Say("self.stop_ask", {}, buttons, prompt=True)


def _stopped(state: State) -> tuple[Effect, ...]:
    voided = tuple(VoidCode(challenge) for challenge in (state.challenge, state.new_challenge) if challenge)
    message = "self.stopped_frozen" if state.frozen else "self.stopped"
    return *voided, Say(message, {}, (Button("c.menu", "menu", style="quiet"), HUMAN)), End("stopped", forget=True)
