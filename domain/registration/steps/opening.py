"""The two questions before anything is read: may data cross the border here, and who is it for."""

from __future__ import annotations

from domain.consent.items import CROSS_BORDER
from domain.flows.effects import Decide, Effect
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, Say
from domain.guardians.state import Ward
from domain.registration.state import Journey, State
from domain.registration.steps.base import HUMAN, STOP, OneQuestion, Outcome


class Crossing(OneQuestion):
    """A channel abroad: separate consent before anything is collected (PIPL 39)."""

    name = "crossing"

    def applies(self, state: State, journey: Journey) -> bool:
        return journey.abroad

    def done(self, state: State, journey: Journey) -> bool:
        return state.crossing == "given"

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        if state.crossing == "refused":
            return (
                Say(
                    "crossing.refused",
                    buttons=(Button("cross:yes", "agree"), Button("c.web", "open_web", style="primary"), HUMAN, STOP),
                    prompt=True,
                ),
            )
        return (
            Say(
                "crossing.ask",
                buttons=(Button("cross:yes", "agree"), Button("cross:no", "disagree"), Button("c.web", "open_web")),
                prompt=True,
            ),
        )

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed("cross:yes", label):
                return state.but(crossing="given"), (Decide(CROSS_BORDER, "given", label),)
            case Pressed("cross:no", label) if state.crossing is None:
                refused = state.but(crossing="refused")
                return refused, (Decide(CROSS_BORDER, "refused", label), *self.prompt(refused, journey))
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


class Who(OneQuestion):
    """Who the account is for. Minors and wards go on with a guardian."""

    name = "who"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return state.subject is not None

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        allowed = journey.profile.subjects
        buttons = [Button(f"who:{s}", f"who_{s}", style="primary") for s in ("person", "organisation") if s in allowed]
        if "person" in allowed:
            buttons += [Button("who:minor", "who_minor"), Button("who:ward", "who_ward")]
        else:
            buttons += [Button("who:other", "who_other")]
        return (Say("who.ask", buttons=(*buttons, STOP), prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        match event:
            case Pressed("who:person" | "who:organisation" as choice, _):
                subject = choice.removeprefix("who:")
                if subject not in journey.profile.subjects:
                    return None
                return state.but(subject=subject, leaf=0), ()
            case Pressed("who:minor" | "who:ward" as choice, _) if "person" in journey.profile.subjects:
                minor = choice == "who:minor"
                ward = Ward(minor=minor, band=None if minor else "ward")
                return state.but(subject="person", ward=ward, leaf=0), ()
            case Pressed("who:other", _):
                buttons = (Button("who:organisation", "who_organisation"), HUMAN, STOP)
                return state, (
                    Say("who.companies_only", {"explain": journey.profile.capacity.explain}, buttons, prompt=True),
                )
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state.but(subject=None, ward=None, leaf=0, unfolded=(), decisions={}, reviewing=False)


def found_minor(journey: Journey) -> Say:
    """The document says that a guardian is needed after all; the buttons begin anew or reach a human."""
    buttons = (Button("c.start", "start_over"), Button("c.human", "human"), Button("c.menu", "menu", style="quiet"))
    return Say("guardian.found_minor", {"explain": journey.profile.capacity.explain}, buttons)
