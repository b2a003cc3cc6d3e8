"""The clauses that matter: the gravest one by one, the others by theme, each opened on demand."""

from __future__ import annotations

from domain.consent.deck import DeckCard, Leaf, ReadClause
from domain.flows.effects import Effect, Record, Shown
from domain.flows.events import Event, Pressed, Wished
from domain.flows.say import Button, ClauseView, EveryClauseView, Progress, Say, ThemeView
from domain.registration.state import Journey, State
from domain.registration.steps.base import BACK, Outcome

_UNFOLDABLE = {"explain": "explained", "quote": "clause_opened"}


class Reading:
    name = "reading"

    def applies(self, state: State, journey: Journey) -> bool:
        return journey.reads(state) and bool(journey.deck(state).leaves)

    def done(self, state: State, journey: Journey) -> bool:
        return state.leaf >= len(journey.deck(state).leaves)

    def key(self, state: State, journey: Journey) -> str:
        return f"reading:{state.leaf}" if state.every is None else f"every:{state.every}"

    def units(self, state: State, journey: Journey) -> tuple[int, int]:
        leaves = len(journey.deck(state).leaves)
        return min(state.leaf, leaves), leaves

    def prompt(self, state: State, journey: Journey) -> tuple[Effect, ...]:
        return (self._card(state, journey, replaces=False),)

    def take(self, state: State, event: Event, journey: Journey) -> Outcome | None:
        if state.every is not None:
            return self._take_every(state, state.every, event, journey)
        leaf = journey.deck(state).leaves[state.leaf]
        match event:
            case Pressed("next", label):
                extra = {"leaf": leaf.key, "button": label}
                return state.but(leaf=state.leaf + 1, unfolded=()), (Record("acknowledged", _clauses(leaf), extra),)
            case Pressed("explain" | "quote" as aspect, _) if leaf.theme is None:
                return self._unfold(state, journey, leaf.cards[0], aspect)
            case Pressed(choice, _) if choice.startswith(("unfold:", "opened:")):
                verb, _, card_id = choice.partition(":")
                card = next((c for c in leaf.cards if c.card.id == card_id), None)
                if card is None:
                    return None
                if verb == "unfold":
                    return self._unfold(state, journey, card, "explain")
                # On a card of its own the page tells that the words were unfolded, on a theme that the card was.
                if leaf.theme is None or card.draft:
                    return state, (Record("clause_opened", card.clauses, {"opened_on_page": True}),)
                return state, (Record("explained", card.clauses, {"aspects": _aspects(card), "opened_on_page": True}),)
            case Wished("explain") if leaf.theme is None:
                return self._unfold(state, journey, leaf.cards[0], "explain")
            case Wished("explain"):
                return state, (Say("reading.which", {"theme": leaf.theme}),)
            case Pressed("every", _) | Wished("read_every"):
                reading = state.but(every=0, unfolded=())
                return reading, self.prompt(reading, journey)
        return None

    def undo(self, state: State, journey: Journey) -> State:
        if state.leaf == 0:
            return state
        leaves = len(journey.deck(state).leaves)
        return state.but(leaf=min(state.leaf, leaves) - 1, unfolded=(), every=None)

    def _unfold(self, state: State, journey: Journey, card: DeckCard, aspect: str) -> Outcome:
        """Show the card again with one more part open, and record what was opened."""
        part = aspect if journey.deck(state).leaves[state.leaf].theme is None else card.card.id
        opened = state.but(unfolded=tuple(dict.fromkeys((*state.unfolded, part))))
        shown = self._card(opened, journey, replaces=True)
        extra = {"aspects": _aspects(card)} if aspect == "explain" else {}
        return opened, (Shown(shown.say, _UNFOLDABLE[aspect], card.clauses, extra),)  # type: ignore[arg-type]

    def _card(self, state: State, journey: Journey, *, replaces: bool) -> Shown:
        deck = journey.deck(state)
        if state.every is not None:
            return _every(deck.every, state.every)
        leaf, progress = deck.leaves[state.leaf], Progress(state.leaf + 1, len(deck.leaves))
        unfolded = frozenset(state.unfolded)
        back = (BACK,) if state.leaf else ()
        every = () if state.leaf else (Button("every", "read_every", style="quiet"),)
        extra = {
            "leaf": leaf.key,
            "tier": leaf.cards[0].card.tier,
            "drafts": [c.card.id for c in leaf.cards if c.draft],
        }
        if leaf.theme is None:
            card = leaf.cards[0]
            buttons = (
                Button("next", "understood", style="primary"),
                *(() if "explain" in unfolded or card.draft else (Button("explain", "explain"),)),
                *(() if "quote" in unfolded else (Button("quote", "quote"),)),
                *(Button(b.choice, "previous_card", style="quiet") for b in back),
                *every,
            )
            say = Say(
                "reading.clause",
                {"at": progress.at, "of": progress.of},
                buttons,
                ClauseView(card, progress, unfolded),
                prompt=True,
                replaces=replaces,
            )
        else:
            buttons = (
                Button("next", "understood", style="primary"),
                *(Button(b.choice, "previous_card", style="quiet") for b in back),
                *every,
            )
            view = ThemeView(leaf.theme, leaf.cards, progress, unfolded)
            say = Say(
                "reading.theme",
                {"at": progress.at, "of": progress.of, "theme": leaf.theme, "count": len(leaf.cards)},
                buttons,
                view,
                prompt=True,
                replaces=replaces,
            )
        return Shown(say, "clause_shown", _clauses(leaf), extra)

    def _take_every(self, state: State, at: int, event: Event, journey: Journey) -> Outcome | None:
        last = len(journey.deck(state).every) - 1
        match event:
            case Pressed("next", _) if at < last:
                moved = state.but(every=at + 1)
            case Pressed("back", _) | Wished("go_back") if at > 0:
                moved = state.but(every=at - 1)
            case Pressed("next" | "leave_every" | "back", _) | Wished("go_back"):
                moved = state.but(every=None)
            case _:
                return None
        return moved, self.prompt(moved, journey)


def _every(clauses: tuple[ReadClause, ...], at: int) -> Shown:
    progress = Progress(at + 1, len(clauses))
    buttons = (
        Button("next", "next_clause", style="primary"),
        Button("leave_every", "leave_every"),
        *((Button("back", "previous_card", style="quiet"),) if at else ()),
    )
    say = Say(
        "reading.every",
        {"at": progress.at, "of": progress.of},
        buttons,
        EveryClauseView(clauses[at], progress),
        prompt=True,
    )
    return Shown(say, "clause_shown", (clauses[at],), {"leaf": "every"})


def _clauses(leaf: Leaf) -> tuple[ReadClause, ...]:
    return tuple(clause for card in leaf.cards for clause in card.clauses)


def _aspects(card: DeckCard) -> list[str]:
    return [] if card.draft else ["concept", "content", "consequence"]
