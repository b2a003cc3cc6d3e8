"""The decision: one button with the platform's one label. Nothing else is a consent."""

from __future__ import annotations

from domain.consent.items import ASSENT, CONTRACT
from domain.flows.effects import Decide, Effect, Record
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, Say, SummaryView
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, OneQuestion, Outcome


class Deciding(OneQuestion):
    name = "decision"

    def applies(self, state: State, journey: Journey) -> bool:
        return journey.reads(state)

    def done(self, state: State, journey: Journey) -> bool:
        return state.decided

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        profile = journey.profile
        deck = journey.deck(state)
        rows: list[tuple[str, str | tuple[str, dict[str, object]]]] = [
            ("summary_agreement", f"《{journey.title}》"),
            ("summary_subject", ("value_ward" if state.guarding else "value_" + str(state.subject), {})),
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
        message = "decision.ask_guardian" if state.guarding else f"decision.ask_{profile.consent.formed}"
        view = SummaryView("summary_title", tuple(rows))
        return (Say(message, {"label": profile.consent.label, "title": journey.title}, buttons, view, prompt=True),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        consent = journey.profile.consent
        match event:
            case Pressed("agree", label):
                # A minor who reads on its own adds its yes to the guardian's, which forms the contract with it.
                item = ASSENT if state.ward is not None and journey.needs(state).guardian else CONTRACT
                effects: list[Effect] = [Decide(item, "given", label, consent.clauses)]
                if consent.formed == "decision" and _is_last(state, journey):
                    effects.append(Record("formed", (), {"by": "decision", "clauses_relied_on": list(consent.clauses)}))
                return state.but(decided=True), tuple(effects)
            case Pressed("disagree", _):
                asked = state.but(asking="refuse")
                return asked, (refuse_question(journey, guarding=state.guarding is not None),)
        return None

    def undo(self, state: State, journey: Journey) -> State:
        return state


def _is_last(state: State, journey: Journey) -> bool:
    """Whether nobody else's yes is wanted after this one: a guardian's consent waits for a ward that is asked too."""
    return state.guarding is None or not journey.needs(state).asked


def refuse_question(journey: Journey, *, guarding: bool = False) -> Say:
    """Asked once before anything ends."""
    buttons = (
        Button("look_again", "look_again", style="primary"),
        Button("really_refuse", "really_refuse", style="danger"),
        Button("c.human", "ask_someone"),
    )
    message = "guarding.refuse_ask" if guarding else "refuse.ask"
    return Say(message, {"refused": journey.profile.consent.refused}, buttons, prompt=True)
