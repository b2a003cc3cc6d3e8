"""The ward's side: how old, how the guardian is reached, waiting, and the ward's own yes."""

from __future__ import annotations

from domain.consent.items import ASSENT
from domain.flows.effects import Decide, Effect, End, Record
from domain.flows.events import Answered, Event, NotAccepted, Pressed, Wished
from domain.flows.say import Button, Say
from domain.guardians.effects import Accompany, Declare, GuardianSaid, Invite, Invited, NotInvited
from domain.guardians.rules import BANDS, Band
from domain.guardians.state import Ward
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, HUMAN, STOP, OneQuestion, Outcome

_MENU = Button("c.menu", "menu", style="quiet")
_HERE = Button("here", "guardian_here")
_AGAIN = (Button("c.start", "start_over"), HUMAN, _MENU)


def set_ward(state: State, **changes: object) -> State:
    assert state.ward is not None
    return state.but(ward=state.ward.but(**changes))


class Age(OneQuestion):
    """How old a minor is; an adult ward is not asked."""

    name = "age"

    def applies(self, state: State, journey: Journey) -> bool:
        return state.ward is not None and state.ward.minor

    def done(self, state: State, journey: Journey) -> bool:
        return state.ward is not None and state.ward.band is not None

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        buttons = tuple(Button(f"band:{band}", f"band_{band}") for band in BANDS if band != "ward")
        return (Say("age.ask", {}, (*buttons, BACK, STOP), prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed(choice, _) if choice.removeprefix("band:") in BANDS and choice != "band:ward":
                band: Band = choice.removeprefix("band:")  # type: ignore[assignment]
                chosen = set_ward(state, band=band)
                alone = () if journey.needs(chosen).guardian else (Say("age.declared"),)
                return chosen, (Declare(band), *alone)
        return None

    def undo(self, state: State, journey: Journey) -> State:
        open = state.ward is not None and state.ward.stage == "ask" and state.ward.minor
        return set_ward(state, band=None) if open else state


class WithGuardian(OneQuestion):
    """The guardian is asked and decides; until then nothing of the ward is collected."""

    name = "guardian"

    def applies(self, state: State, journey: Journey) -> bool:
        return state.ward is not None and (state.ward.band is None or journey.needs(state).guardian)

    def done(self, state: State, journey: Journey) -> bool:
        return state.ward is not None and state.ward.stage == "given"

    def key(self, state: State, journey: Journey) -> str:
        ward = _ward(state)
        return f"guardian:{ward.stage}" + (f":{ward.code}" if ward.stage == "wait" else "")

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        ward = _ward(state)
        match ward.stage:
            case "phone":
                return (Say("guardian.phone", {}, (_HERE, BACK, STOP), expects="other_phone", prompt=True),)
            case "wait":
                return (self._invitation(state, "guardian.wait"),)
            case "look":
                return (Say("guardian.look", {}, (HUMAN, STOP), prompt=True),)
        if journey.abroad and journey.needs(state).child_rules:
            # A child's yes to sending its data abroad counts for nothing (PIPL 31): on the page, or with the guardian.
            web = Button("c.web", "open_web", style="primary")
            return (Say("guardian.not_abroad", {}, (web, _HERE, HUMAN, BACK, STOP), prompt=True),)
        words = {"platform": journey.profile.name, "explain": journey.profile.capacity.explain}
        buttons = (Button("invite", "guardian_invite", style="primary"), _HERE, HUMAN, BACK, STOP)
        return (Say(f"guardian.ask.{ward.band}", words, buttons, prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        ward = _ward(state)
        assert ward.band is not None
        match event:
            case Pressed("invite" | "other_guardian" | "invite_again", _) if ward.stage in {"ask", "wait"} and not (
                journey.abroad and journey.needs(state).child_rules
            ):
                return set_ward(state, stage="phone"), ()
            case Pressed("here", _) if ward.stage != "look":
                return state, (Accompany(ward.band),)
            case Answered("phone", value, _) if ward.stage == "phone":
                return state, (Invite(value, ward.band),)
            case NotAccepted("phone", code, hint) if ward.stage == "phone":
                say = Say(f"refused.{code}", {"hint": hint or ""}, (_HERE, BACK), expects="other_phone", prompt=True)
                return state, (say,)
            case Invited(guardianship, code, until):
                out = set_ward(state, stage="wait", guardianship=guardianship, code=code, until=until)
                return out, (self._invitation(out, "guardian.invited"),)
            case NotInvited():
                buttons = (Button("other_guardian", "other_guardian"), HUMAN, STOP)
                return set_ward(state, stage="ask"), (Say("guardian.asked_lately", {}, buttons, prompt=True),)
            case Wished("go_back") if ward.stage in {"phone", "wait"}:
                return set_ward(state, stage="ask"), ()
        return None

    def said(self, state: State, said: GuardianSaid, journey: Journey) -> Outcome:
        """What became of the guardian's decision; a ward that has its guardian's yes already hears nothing twice."""
        if _ward(state).stage == "given":
            return state, ()
        words = {"platform": journey.profile.name}
        match said.outcome:
            case "given":
                known = state.ward.but(band=said.band or state.ward.band, stage="given") if state.ward else None
                given = state.but(ward=known)
                if journey.needs(given).agent:
                    # It goes on where the guardian is, who was asked there whether data may cross the border.
                    given = given.but(decided=True, crossing="given")
                return given, (Say("guardian.given", words),)
            case "look":
                return set_ward(state, stage="look"), (Say("guardian.look", {}, (HUMAN, STOP), prompt=True),)
            case "left":
                # Whoever sat beside went away without a decision: the ward is asked again how to go on.
                return set_ward(state, stage="ask"), ()
            case outcome:
                reason = Record("invalidated", (), {"reason": f"guardian_{outcome}"})
                return state, (
                    reason, Say(f"guardian.{outcome}", words, _AGAIN), End("guardian_refused", forget=True)
                )  # fmt: skip

    def undo(self, state: State, journey: Journey) -> State:
        return set_ward(state, stage="ask") if _ward(state).stage in {"phone", "wait"} else state

    def _invitation(self, state: State, message: str) -> Say:
        ward = _ward(state)
        buttons = (
            Button("invite_again", "invite_again"),
            Button("other_guardian", "other_guardian"),
            _HERE,
            HUMAN,
            STOP,
        )
        words = {"code": ward.code, "until": ward.until, "invitation": ward.code}
        return Say(message, words, buttons, prompt=True)


class Assent(OneQuestion):
    """The guardian has consented; from eight on the ward is asked too (民法典 19, 35)."""

    name = "assent"

    def applies(self, state: State, journey: Journey) -> bool:
        needs = journey.needs(state)
        return state.ward is not None and needs.guardian and needs.asked and not needs.own_data

    def done(self, state: State, journey: Journey) -> bool:
        return _ward(state).assented

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        buttons = (
            Button("assent", "assent", style="primary"),
            Button("c.read", "read"),
            Button("no_assent", "no_assent"),
        )
        return (Say("assent.ask", {"platform": journey.profile.name}, buttons, prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        consent = journey.profile.consent
        match event:
            case Pressed("assent", label):
                effects: list[Effect] = [Decide(ASSENT, "given", label, consent.clauses)]
                if consent.formed == "decision":
                    effects.append(Record("formed", (), {"by": "decision", "clauses_relied_on": list(consent.clauses)}))
                return set_ward(state, assented=True).but(decided=True), tuple(effects)
            case Pressed("no_assent", label):
                return state, (
                    Decide(ASSENT, "refused", label, consent.clauses),
                    Record("declined", (), {"button": label}),
                    Say("assent.refused", {"platform": journey.profile.name}, _AGAIN),
                    End("declined", forget=True),
                )
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


def _ward(state: State) -> Ward:
    assert state.ward is not None
    return state.ward
