"""The registration: which question stands, and what follows from what happens. Pure.

`apply(state, event, journey)` gives the next state and what is to be done. An event that means
nothing where the person is brings the standing question back, so no message is a dead end.
"""

from __future__ import annotations

from domain.flows.effects import (
    CheckCode,
    CheckFree,
    CreateAccount,
    Effect,
    End,
    OpenPage,
    Record,
    SendCode,
    Shown,
    VoidCode,
)
from domain.flows.events import Event, Free, PageFilled, Pressed, Registered, Started, Taken, Wished
from domain.flows.say import Button, ReceiptView, Say
from domain.guardians.effects import (
    Accompany,
    Bind,
    CheckNamed,
    Consented,
    Counted,
    GuardianSaid,
    Invite,
    OfAge,
    OfAgeDone,
    PhoneOfGuardian,
)
from domain.guardians.steps.acting import GuardianPhone, Identities, Looking, Willing
from domain.guardians.steps.asking import Age, Assent, WithGuardian
from domain.registration.state import Journey, State
from domain.registration.steps.base import HUMAN, Outcome, Step
from domain.registration.steps.consents import Consents
from domain.registration.steps.decision import Deciding, refuse_question
from domain.registration.steps.details import Fields, Page, Phone, forget_phone, taken_phone
from domain.registration.steps.opening import Crossing, Who, found_minor
from domain.registration.steps.reading import Reading

_READING: tuple[Step, ...] = (Reading(), Consents(), Deciding())
_WITH_GUARDIAN = WithGuardian()
STEPS: tuple[Step, ...] = (
    Crossing(), Who(), Age(), _WITH_GUARDIAN, *_READING, Assent(), Phone(), Fields(), Page()
)  # fmt: skip
_GUARDIAN: tuple[Step, ...] = (Crossing(), Willing(), GuardianPhone(), Identities(), Looking(), *_READING)
_OF_AGE: tuple[Step, ...] = _READING
_AFTER_DECISION = {"phone", "fields", "page"}
# What these effects find out comes back as an event; until then the flow waits.
_AWAITED = (
    SendCode, CheckCode, CheckFree, OpenPage, CreateAccount, Invite, Accompany, CheckNamed, Bind, Consented, OfAge
)  # fmt: skip


def steps(state: State) -> tuple[Step, ...]:
    """The way of a registrant, of a guardian, or of somebody who has come of age."""
    if state.guarding is not None:
        return _GUARDIAN
    return _OF_AGE if state.of_age else STEPS


def apply(state: State, event: Event, journey: Journey) -> Outcome:
    """What `event` does to the registration."""
    state, effects = _handle(state, event, journey)
    settled = any(
        isinstance(e, (*_AWAITED, End)) or (isinstance(e, Say) and e.prompt) or isinstance(e, Shown) for e in effects
    )
    if settled or _is_note(event):
        return state, effects
    step = current(state, journey)
    if step is None:
        last: Effect = Consented() if state.guarding else OfAge() if state.of_age else CreateAccount()
        return state, (*effects, last)
    return state, (*effects, *step.prompt(state, journey))


def _is_note(event: Event) -> bool:
    """Word from a page that a clause was unfolded there: recorded, and never answered."""
    return isinstance(event, Pressed) and event.choice.startswith("opened:")


def current(state: State, journey: Journey) -> Step | None:
    """The step whose question stands, or None when everything was given."""
    return next((s for s in steps(state) if s.applies(state, journey) and not s.done(state, journey)), None)


def step_key(state: State, journey: Journey) -> str:
    """Names the standing question, and the one laid over it: `reading:3`, `reading:3?refuse`."""
    step = current(state, journey)
    key = step.key(state, journey) if step else "registering"
    return f"{key}?{state.asking}" if state.asking else key


def awaited_field(state: State, journey: Journey) -> str | None:
    """The field an answer in text would fill, if the standing question asks for one."""
    key = step_key(state, journey).partition("?")[0]
    if key in {"phone", "guardian:phone"}:
        return "phone"
    if key.startswith("code:"):
        return "sms_code"
    name = key.removeprefix("field:") if key.startswith("field:") else None
    spec = journey.spec(state, name) if name else None
    return name if spec is not None and not spec.options else None


def position(state: State, journey: Journey) -> tuple[int, int]:
    """How far the person is: the part they are at, and how many there are."""
    parts = [step.units(state, journey) for step in steps(state) if step.applies(state, journey)]
    done, total = sum(d for d, _ in parts), sum(t for _, t in parts)
    return min(done + 1, total), total


def _handle(state: State, event: Event, journey: Journey) -> Outcome:
    match event:
        case Started(served):
            return state.but(served=served), ()
        case GuardianSaid():
            # Whatever question stands just then: the ward may have moved to another channel meanwhile.
            return _WITH_GUARDIAN.said(state, event, journey) if state.ward is not None else (state, ())
        case Wished():
            return _wish(state, event, journey)
        case Free(_):
            return state, ()
        case PhoneOfGuardian():
            return forget_phone(state), (Say("phone.guardians", {}, (HUMAN,), expects="phone", prompt=True),)
        case Taken("phone"):
            return forget_phone(state), (taken_phone(state),)
        case Taken(field):
            return state.without(field), (Say("field.taken", {"field": field}),)
        case PageFilled(values, displays, skipped, minor):
            if minor and state.guarding is None:
                return state, (
                    Record("invalidated", (), {"reason": "minor"}),
                    found_minor(journey),
                    End("guardian_needed", forget=True),
                )
            if state.guarding is not None:
                return _step_takes(state, event, journey)
            given = state.but(
                values={**state.values, **values},
                displays={**state.displays, **displays},
                skipped=(*state.skipped, *skipped),
                asking=None,
                page_open=False,
            )
            return given, (Say("page.received"),)
        case Counted(outcome):
            menu = Button("c.menu", "menu", style="quiet")
            words = {"platform": journey.profile.name}
            buttons = (Button("c.wards", "my_wards"), menu) if outcome == "given" else (HUMAN, menu)
            return state, (Say(f"guarding.done.{outcome}", words, buttons), End("done", forget=True))
        case OfAgeDone(path):
            words = {"platform": journey.profile.name, "path": path}
            buttons = (Button("c.consents", "my_consents"), Button("c.menu", "menu", style="quiet"))
            return state, (Say("of_age.done", words, buttons), End("done", forget=True))
        case Registered(_, path, display):
            rows = (
                ("receipt_account", display["account"]),
                ("receipt_agreement", display["agreement"]),
                ("receipt_consents", display["consents"]),
                ("receipt_refused", display["refused"]),
            )
            buttons = (Button("c.consents", "my_consents"), Button("c.menu", "menu", style="quiet"))
            words = {"platform": journey.profile.name}
            return state, (Say("registered", words, buttons, ReceiptView(rows, path)), End("registered", forget=True))
        case Pressed(choice, label):
            overlay = _over(state, choice, label, journey)
            if overlay is not None:
                return overlay
            state = state if _is_note(event) else state.but(asking=None)
    return _step_takes(state, event, journey)


def _step_takes(state: State, event: Event, journey: Journey) -> Outcome:
    step = current(state, journey)
    outcome = step.take(state, event, journey) if step else None
    return outcome if outcome is not None else (state, ())


def _over(state: State, choice: str, label: str, journey: Journey) -> Outcome | None:
    """Buttons of questions laid over a step, and those that work everywhere."""
    match choice:
        case "really_refuse":
            said = Say(
                "guarding.refused" if state.guarding else "of_age.refused" if state.of_age else "refuse.done",
                {"platform": journey.profile.name},
                (*_begin_again(state), HUMAN, Button("c.menu", "menu", style="quiet")),
            )
            return state, (Record("declined", (), {"button": label}), said, End("declined", forget=True))
        case "really_stop":
            said = Say(
                "guarding.stopped" if state.guarding else "stop.done",
                {"platform": journey.profile.name},
                (*_begin_again(state), HUMAN, Button("c.menu", "menu", style="quiet")),
            )
            return state, (said, End("stopped", forget=True))
        case "look_again":
            return state.but(asking=None), ()
        case "park":
            parked = Say(
                "park.done",
                {"title": journey.title},
                (
                    Button("c.resume", "resume", style="primary"),
                    Button("c.elsewhere", "elsewhere"),
                    Button("c.menu", "menu", style="quiet"),
                ),
                prompt=True,
            )
            return state.but(asking=None), (parked,)
        case "stop":
            return _wish(state, Wished("stop"), journey)
        case "back":
            return None if state.every is not None else _wish(state.but(asking=None), Wished("go_back"), journey)
        case "why":
            return _wish(state, Wished("why"), journey)
    if choice.startswith("correct:"):
        return _correct(state.but(asking=None), choice.removeprefix("correct:"), journey)
    return None


def _wish(state: State, wished: Wished, journey: Journey) -> Outcome:
    step = current(state, journey)
    match wished.wish:
        case "accept" | "refuse" if step is not None and step.name == "consents":
            return state, (Say("accept.consents"),)
        case "go_back":
            return (step.take(state, wished, journey) if step else None) or _back(state, journey)
        case "stop":
            return state.but(asking="stop"), (_stop_question(state, journey),)
        case "refuse":
            if state.decided:
                return state, (
                    Say(
                        "refuse.after_decision", {"leave": journey.profile.leave, "withdraw": journey.profile.withdraw}
                    ),
                )
            return state.but(asking="refuse"), (refuse_question(journey, guarding=state.guarding is not None),)
        case "why":
            return state, (_why(state, step, journey, wished.detail),)
        case "correct":
            return _correct(state, wished.detail, journey)
        case "accept":
            at_decision = step is not None and step.name == "decision"
            message = "accept.press" if at_decision else "accept.not_yet" if not state.decided else "accept.already"
            return state, (Say(message, {"label": journey.profile.consent.label}),)
        case "affirm" | "deny":
            reading = step is not None and step.name == "reading" and wished.wish == "affirm"
            return state, (Say("press_understood" if reading else "press_a_button"),)
    outcome = step.take(state, wished, journey) if step else None
    if outcome is None and wished.wish == "resend":
        return state, (Say("resend.not_now"),)
    return outcome if outcome is not None else (state, ())


def _back(state: State, journey: Journey) -> Outcome:
    way = [step for step in steps(state) if step.applies(state, journey)]
    here = current(state, journey)
    at = way.index(here) if here in way else len(way) - 1
    for step in reversed(way[: at + 1]):
        if state.decided and step.name not in _AFTER_DECISION:
            return state, (Say("back.decided"),)
        undone = step.undo(state, journey)
        if undone != state:
            voided = (VoidCode(state.challenge),) if state.challenge and not undone.challenge else ()
            return undone, voided
    return state, (Say("back.start"),)


def _correct(state: State, field: str | None, journey: Journey) -> Outcome:
    own = state.guarding is None and state.of_age is None and (state.ward is None or state.ward.stage == "ask")
    if field == "subject" and not state.decided and state.subject is not None and own:
        fresh = state.but(subject=None, ward=None, leaf=0, unfolded=(), every=None, decisions={}, reviewing=False)
        return fresh, (Record("invalidated", (), {"reason": "subject"}),) if state.decisions else ()
    if field == "phone" and "phone" in state.values:
        voided = (VoidCode(state.challenge),) if state.challenge else ()
        return forget_phone(state), voided
    if field is not None and field in state.values and field != "phone":
        return state.without(field), ()
    if not state.displays:
        return state, (Say("correct.nothing"),)
    buttons = tuple(Button(f"correct:{name}", f"field_{name}") for name in state.displays)
    return state.but(asking="correct"), (
        Say("correct.which", {}, (*buttons, Button("look_again", "look_again", style="quiet")), prompt=True),
    )


def _why(state: State, step: Step | None, journey: Journey, asked: str | None) -> Say:
    """Why a datum is asked for: the one the person names if this platform wants it, else the one that is due."""
    if state.guarding is not None:
        return Say("why.guardian")
    if asked is not None and journey.spec(state, asked) is not None:
        name: str | None = asked
    else:
        name = awaited_field(state, journey) or (
            step.key(state, journey).removeprefix("field:") if step and step.name == "fields" else None
        )
    spec = journey.spec(state, "phone" if name == "sms_code" else name) if name else None
    if spec is not None:
        message = "why.code" if name == "sms_code" else "why.field"
        return Say(message, {"why": spec.why, "field": spec.field})
    if step is not None and step.name == "page":
        return Say("why.page", {"whys": "\n".join(f"· {spec.why}" for spec in journey.missing_fields(state))})
    return Say(f"why.{step.name if step else 'page'}")


def _begin_again(state: State) -> tuple[Button, ...]:
    """Whoever registered may begin anew; a guardian is asked by the ward, and an account stands."""
    return () if state.guarding or state.of_age else (Button("c.start", "start_over"),)


def _stop_question(state: State, journey: Journey) -> Say:
    buttons = (
        Button("look_again", "go_on", style="primary"),
        Button("park", "park"),
        Button("really_stop", "really_stop", style="danger"),
    )
    message = "guarding.stop_ask" if state.guarding else "of_age.stop_ask" if state.of_age else "stop.ask"
    return Say(message, {"platform": journey.profile.name}, buttons, prompt=True)
