"""The decision: one button with the platform's one label. Nothing else is a consent."""

from __future__ import annotations

from domain.consent.items import CONTRACT
from domain.flows.effects import Decide, Effect, Record
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, Say, SummaryView
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, OneQuestion, Outcome


class Deciding(OneQuestion):
    name = "decision"

    def applies(self, state: State, journey: Journey) -> bool:
        return True

    def done(self, state: State, journey: Journey) -> bool:
        return state.decided

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        profile = journey.profile
        deck = journey.deck(state)
        rows: list[tuple[str, str | tuple[str, dict[str, object]]]] = [
            ("summary_agreement", f"《{journey.title}》"),
            ("summary_subject", ("value_" + str(state.subject), {})),
            ("summary_read", ("value_read", {"count": sum(len(leaf.cards) for leaf in deck.leaves)})),
        ]
        rows += [
            ("@" + consent.title, ("value_" + state.decisions[consent.item], {})) for consent in journey.consents(state)
        ]
        buttons = (
            Button("agree", text=profile.consent.label, style="primary"),
            Button("disagree", "disagree"),
            BACK,
        )
        message = f"decision.ask_{profile.consent.formed}"
        view = SummaryView("summary_title", tuple(rows))
        return (Say(message, {"label": profile.consent.label, "title": journey.title}, buttons, view, prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        consent = journey.profile.consent
        match event:
            case Pressed("agree", label):
                effects: list[Effect] = [Decide(CONTRACT, "given", label, consent.clauses)]
                if consent.formed == "decision":
                    effects.append(Record("formed", (), {"by": "decision", "clauses_relied_on": list(consent.clauses)}))
                return state.but(decided=True), tuple(effects)
            case Pressed("disagree", _):
                asked = state.but(asking="refuse")
                return asked, (refuse_question(journey),)
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


def refuse_question(journey: Journey) -> Say:
    """Asked once before anything ends."""
    buttons = (
        Button("look_again", "look_again", style="primary"),
        Button("really_refuse", "really_refuse", style="danger"),
        Button("c.human", "ask_someone"),
    )
    return Say("refuse.ask", {"refused": journey.profile.consent.refused}, buttons, prompt=True)
