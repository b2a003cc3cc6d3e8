"""Deciding about a new version: what changed, the consents that changed with it, yes or no. Pure.

    changes ─→ … ─→ consents (new or changed ones) ─→ decision ─┬─ the platform's label ─→ accepted
       └────────── 以后再说: put off, taken up again ──────────────┴─ 不同意 ─→ asked once ─→ refused, the way out

Nothing but the button consents: not a sentence, not silence, not going on to use the platform (民法典 140, PIPL 14).
"""

from __future__ import annotations

from typing import Literal

from domain.consent.deck import ReadClause
from domain.flows.effects import Decide, Effect, End, Own, Record, Shown
from domain.flows.events import Event, Pressed, Started, Wished
from domain.flows.say import Button, ChangesView, ConsentsView, Progress, ReceiptView, Say, SummaryView
from domain.renewal.changes import ClauseChange
from domain.renewal.effects import Accept, Accepted, PutOff, Refuse
from domain.renewal.state import Journey, State

Outcome = tuple[State, tuple[Effect, ...]]
Step = Literal["changes", "consents", "decision"]

BACK = Button("back", "back", style="quiet")
LATER = Button("later", "decide_later", style="quiet")
HUMAN = Button("c.human", "human", style="quiet")
MENU = Button("c.menu", "menu", style="quiet")


def apply(state: State, event: Event, journey: Journey) -> Outcome:
    """What `event` does. An event that means nothing where the person is brings the standing question back."""
    state, effects = _handle(state, event, journey)
    settled = any(isinstance(e, Own | End | Shown) or (isinstance(e, Say) and e.prompt) for e in effects)
    return state, effects if settled else (*effects, *prompt(state, journey))


def current(state: State, journey: Journey) -> Step:
    if state.leaf < len(journey.leaves):
        return "changes"
    if journey.consents and (state.reviewing or not _settled(state, journey)):
        return "consents"
    return "decision"


def step_key(state: State, journey: Journey) -> str:
    """Names the standing question, and the one laid over it."""
    step = current(state, journey)
    key = f"changes:{state.leaf}" if step == "changes" else step
    return f"{key}?{state.asking}" if state.asking else key


def position(state: State, journey: Journey) -> tuple[int, int]:
    total = len(journey.leaves) + bool(journey.consents) + 1
    step = current(state, journey)
    at = state.leaf + 1 if step == "changes" else total - 1 if step == "consents" else total
    return at, total


def prompt(state: State, journey: Journey) -> tuple[Effect, ...]:
    """Ask the standing question."""
    match current(state, journey):
        case "changes":
            return (_leaf(state, journey),)
        case "consents":
            return (_panel(state, journey, replaces=False),)
        case "decision":
            return (_decision(state, journey),)


def _handle(state: State, event: Event, journey: Journey) -> Outcome:
    match event:
        case Started(served):
            return state.but(served=served), ()
        case Accepted(path, display):
            rows = (
                ("receipt_account", display["account"]),
                ("receipt_agreement", display["agreement"]),
                ("receipt_consents", display["consents"]),
                ("receipt_refused", display["refused"]),
            )
            message = "renewal.accepted_early" if journey.since else "renewal.accepted"
            buttons = (Button("c.consents", "my_consents"), MENU)
            return state, (Say(message, journey.words, buttons, ReceiptView(rows, path)), End("done", forget=True))
        case Pressed(choice, label):
            return _pressed(state, choice, label, journey)
        case Wished(wish):
            return _wished(state, wish, journey)
    return state, ()


def _pressed(state: State, choice: str, label: str, journey: Journey) -> Outcome:
    match choice:
        case "later":
            return state.but(asking=None), (_put_off(journey), PutOff())
        case "look_again":
            return state.but(asking=None), ()
        case "really_refuse":
            buttons = (Button("c.errand:cancel", "wish_cancel_account"), HUMAN, MENU)
            return state, (
                Refuse(label), Say("renewal.refused", journey.words, buttons), End("declined", forget=True)
            )  # fmt: skip
        case "disagree_all":
            return _ask_refusal(state, journey)
    state = state.but(asking=None)
    step = current(state, journey)
    match step, choice:
        case _, "back":
            return _back(state, journey)
        case "changes", "next":
            read = Record("acknowledged", _read(journey.leaves[state.leaf]), {"leaf": state.leaf, "button": label})
            return state.but(leaf=state.leaf + 1), (read,)
        case "consents", "continue" if _settled(state, journey):
            return state.but(reviewing=False), ()
        case "consents", _:
            return _answer(state, choice, label, journey)
        case "decision", "agree":
            return state, (Accept(label),)
        case "decision", "disagree":
            return _ask_refusal(state, journey)
    return state, ()


def _wished(state: State, wish: str, journey: Journey) -> Outcome:
    step = current(state, journey)
    match wish:
        case "go_back":
            return _back(state.but(asking=None), journey)
        case "stop":
            return state.but(asking=None), (_put_off(journey), PutOff())
        case "refuse":
            return _ask_refusal(state, journey)
        case "accept" if step == "consents":
            return state, (Say("accept.consents"),)
        case "accept":
            message = "accept.press" if step == "decision" else "accept.not_yet"
            return state, (Say(message, {"label": journey.profile.consent.label}),)
        case "affirm" | "deny":
            reading = step == "changes" and wish == "affirm"
            return state, (Say("press_understood" if reading else "press_a_button"),)
        case "why":
            return state, (Say("renewal.why", journey.words),)
        case "explain":
            explained = step == "changes" and any(change.card for change in journey.leaves[state.leaf])
            return state, (Say("renewal.explained" if explained else "renewal.not_explained"),)
        case "resend":
            return state, (Say("resend.not_now"),)
        case "correct":
            return state, (Say("correct.nothing"),)
    return state, ()


def _back(state: State, journey: Journey) -> Outcome:
    step = current(state, journey)
    if step == "decision" and journey.consents:
        return state.but(reviewing=True), ()
    if state.leaf == 0:
        return state, (Say("back.start"),)
    return state.but(leaf=state.leaf - 1, reviewing=False), ()


def _put_off(journey: Journey) -> Say:
    message = "renewal.later" if journey.since else "renewal.later_now"
    buttons = (Button("c.renewal", "see_changes", style="primary"), HUMAN, MENU)
    return Say(message, journey.words, buttons)


def _ask_refusal(state: State, journey: Journey) -> Outcome:
    """Asked once before a no is recorded, with what follows from it."""
    buttons = (
        Button("look_again", "look_again", style="primary"),
        Button("really_refuse", "refuse_version", style="danger"),
        LATER,
        Button("c.human", "ask_someone"),
    )
    return state.but(asking="refuse"), (Say("renewal.refuse_ask", journey.words, buttons, prompt=True),)


def _leaf(state: State, journey: Journey) -> Shown:
    leaf = journey.leaves[state.leaf]
    progress = Progress(state.leaf + 1, len(journey.leaves))
    unexplained = any(change.card is None and change.kind != "removed" for change in leaf)
    buttons = (
        Button("next", "understood", style="primary"),
        *((Button("back", "previous_card", style="quiet"),) if state.leaf else ()),
        *((Button("c.human", "ask_someone"),) if unexplained else ()),
        LATER,
    )
    message = "renewal.change_unexplained" if unexplained else "renewal.change"
    words = {**journey.words, "at": progress.at, "of": progress.of, "count": len(leaf)}
    say = Say(message, words, buttons, ChangesView(leaf, progress, journey.path), prompt=True)
    extra = {
        "leaf": state.leaf,
        "changes": [
            {
                "kind": change.kind,
                "from": change.before.uid if change.before else None,
                "to": change.after.uid if change.after else None,
            }
            for change in leaf
        ],
        "explained": [change.card.card.id for change in leaf if change.card],
    }
    return Shown(say, "clause_shown", _read(leaf), extra)


def _read(leaf: tuple[ClauseChange, ...]) -> tuple[ReadClause, ...]:
    """The clauses of the new text on a card; what was struck out is in no text any more."""
    return tuple(change.after for change in leaf if change.after is not None)


def _settled(state: State, journey: Journey) -> bool:
    """Every item answered, and nothing indispensable refused."""
    return all(
        consent.item in state.decisions and not (consent.indispensable and state.decisions[consent.item] == "refused")
        for consent in journey.consents
    )


def _panel(state: State, journey: Journey, *, replaces: bool, stands: bool = True) -> Say:
    items = tuple((consent, state.decisions.get(consent.item)) for consent in journey.consents)
    go_on = (Button("continue", "continue", style="primary"),) if _settled(state, journey) else ()
    buttons = (*go_on, BACK, LATER) if stands else ()
    words = {**journey.words, "count": len(items)}
    return Say("renewal.consents", words, buttons, ConsentsView(items, ()), prompt=stands, replaces=replaces)


def _answer(state: State, choice: str, label: str, journey: Journey) -> Outcome:
    verb, _, item = choice.partition(":")
    consent = next((c for c in journey.consents if c.item == item), None)
    if verb not in {"yes", "no"} or consent is None:
        return state, ()
    decision: Literal["given", "refused"] = "given" if verb == "yes" else "refused"
    decided = state.but(decisions={**state.decisions, item: decision})
    effects: list[Effect] = []
    if state.decisions.get(item) != decision:
        effects.append(Decide(item, decision, label, consent.clauses))
    if decision == "refused" and consent.indispensable:
        buttons = (Button(f"yes:{item}", "agree_after_all"), Button("disagree_all", "disagree"), LATER, HUMAN)
        words = {**journey.words, "consent": consent.title, "if_refused": consent.if_refused}
        return decided.but(asking=f"need:{item}"), (*effects, Say("renewal.needed", words, buttons, prompt=True))
    stands = current(decided, journey) == "consents"
    return decided, (*effects, _panel(decided, journey, replaces=True, stands=stands))


def _decision(state: State, journey: Journey) -> Say:
    rows: list[tuple[str, str | tuple[str, dict[str, object]]]] = [
        ("summary_agreement", f"《{journey.title}》{journey.label}"),
        ("summary_since", journey.since or ("value_in_force", {})),
        ("summary_changes", ("value_changes", {"count": sum(len(leaf) for leaf in journey.leaves)})),
    ]
    rows += [("@" + c.title, ("value_" + state.decisions[c.item], {})) for c in journey.consents]
    buttons = (
        Button("agree", text=journey.profile.consent.label, style="primary"),
        Button("disagree", "disagree"),
        BACK,
        LATER,
    )
    words = {**journey.words, "label": journey.profile.consent.label}
    message = "renewal.ask" if journey.since else "renewal.ask_now"
    return Say(message, words, buttons, SummaryView("summary_version_title", tuple(rows)), prompt=True)
