"""Separate consents on one panel: nothing ticked, each its own yes or no (PIPL 14, 23, 29)."""

from __future__ import annotations

from domain.flows.effects import Decide, Effect, TellOperator
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, ConsentsView, Say
from domain.platforms.model import SeparateConsent
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, HUMAN, OneQuestion, Outcome


class Consents(OneQuestion):
    name = "consents"

    def applies(self, state: State, journey: Journey) -> bool:
        return bool(journey.consents(state))

    def done(self, state: State, journey: Journey) -> bool:
        return not state.reviewing and _settled(state, journey)

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        return (self._panel(state, journey, replaces=False),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        if not isinstance(event, Pressed):
            return None
        if event.choice == "continue" and _settled(state, journey):
            return state.but(reviewing=False), ()
        verb, _, item = event.choice.partition(":")
        consent = next((c for c in journey.consents(state) if c.item == item), None)
        if verb not in {"yes", "no"} or consent is None:
            return None
        decision = "given" if verb == "yes" else "refused"
        decided = state.but(decisions={**state.decisions, item: decision}, asking=None)
        # The same answer once more (a double press) is no new decision.
        is_new = state.decisions.get(item) != decision
        effects: list[Effect] = [Decide(item, decision, event.label, consent.clauses)] if is_new else []  # type: ignore[arg-type]
        if is_new and decision == "refused" and consent.demanded:
            effects.append(
                TellOperator("refused_demand", {"item": consent.title, "clauses": "、".join(consent.clauses)})
            )
        if decision == "refused" and consent.indispensable:
            decided = decided.but(asking=f"need:{item}")
            effects.append(need(consent))
        else:
            # Behind the last decision the panel still shows it; then the next question follows.
            effects.append(self._panel(decided, journey, replaces=True, stands=not self.done(decided, journey)))
        return decided, tuple(effects)

    def undo(self, state: State, journey: Journey) -> State:
        return state.but(reviewing=True) if self.done(state, journey) else state

    def _panel(self, state: State, journey: Journey, *, replaces: bool, stands: bool = True) -> Say:
        items = tuple((consent, state.decisions.get(consent.item)) for consent in journey.consents(state))
        view = ConsentsView(items, journey.missing_documents())
        go_on = (Button("continue", "continue", style="primary"),) if _settled(state, journey) else ()
        buttons = (*go_on, BACK) if stands else ()
        return Say("consents.panel", {"count": len(items)}, buttons, view, prompt=stands, replaces=replaces)


def _settled(state: State, journey: Journey) -> bool:
    """Every item decided, and nothing indispensable refused."""
    return all(
        consent.item in state.decisions and not (consent.indispensable and state.decisions[consent.item] == "refused")
        for consent in journey.consents(state)
    )


def need(consent: SeparateConsent) -> Say:
    """A no to something indispensable: why it is, and the other ways. It ends nothing."""
    buttons = (Button(f"yes:{consent.item}", "agree_after_all"), HUMAN, Button("stop", "stop", style="quiet"))
    return Say("consents.needed", {"title": consent.title, "if_refused": consent.if_refused}, buttons, prompt=True)
