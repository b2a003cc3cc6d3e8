"""The cards a person reads: the gravest one by one, the others gathered by theme."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.agreements.model import PREAMBLE_UID, Clause, ParsedAgreement, clause_hash
from domain.platforms.model import Card, Subject

THEMES = ("您的信息", "账号与责任", "平台可以做什么", "钱和争议", "变更与退出")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)+")


@dataclass(frozen=True)
class ReadClause:
    """A clause as it stands in one version: number as a person would say it, words, hash."""

    uid: str
    number: str
    heading: str | None
    text: str
    sha256: str


@dataclass(frozen=True)
class DeckCard:
    """A card beside the very clauses it explains. A draft shows the clauses and no explanation."""

    card: Card
    clauses: tuple[ReadClause, ...]
    draft: bool

    @property
    def number(self) -> str:
        return "、".join(clause.number for clause in self.clauses)

    @property
    def quote(self) -> str:
        return "\n\n".join(f"{clause.number} {clause.text}".strip() for clause in self.clauses)


@dataclass(frozen=True)
class Leaf:
    """What is shown and acknowledged at once: one grave card, or a theme with its cards."""

    cards: tuple[DeckCard, ...]
    theme: str | None

    @property
    def key(self) -> str:
        return self.theme or self.cards[0].card.id


@dataclass(frozen=True)
class Deck:
    leaves: tuple[Leaf, ...]
    every: tuple[ReadClause, ...]

    def card(self, card_id: str) -> DeckCard | None:
        return next((c for leaf in self.leaves for c in leaf.cards if c.card.id == card_id), None)

    def explaining(self, uid: str) -> DeckCard | None:
        """The card that explains this clause, or the nearest clause above it.

        Never one about a part of it: what a part means is not what the whole means.
        """
        cards = {k.uid: c for leaf in reversed(self.leaves) for c in reversed(leaf.cards) for k in c.clauses}
        above = [known for known in cards if uid == known or uid.startswith(f"{known}/")]
        return cards[max(above, key=len)] if above else None


def spoken_number(clause: Clause) -> str:
    """How a clause is called: 3.1.4 alone is unique, 三(四) and 第四条 8 need what stands above them."""
    return _spoken(clause.path)


def spoken_uid(uid: str) -> str:
    """The same for a clause that is only named."""
    return _spoken(tuple(uid.split("/")))


def _spoken(path: tuple[str, ...]) -> str:
    if path == (PREAMBLE_UID,):
        return "前言"
    leaf = path[-1]
    if _DECIMAL.fullmatch(leaf):
        return leaf
    parts: list[str] = []
    for part in path:
        if _DECIMAL.fullmatch(part):
            parts = []
        name, _, repeat = part.partition("#")
        parts.append(f"{name}（第{repeat}个）" if repeat else name)
    spoken = ""
    for part in parts:
        joint = (
            " " if (spoken and spoken[-1] in "条个") or (spoken and spoken[-1].isdigit() and part[0].isdigit()) else ""
        )
        spoken += joint + part
    return spoken


def read_clause(clause: Clause) -> ReadClause:
    text = clause.text if not clause.children else _whole(clause)
    return ReadClause(clause.uid, spoken_number(clause), clause.heading, text, clause_hash(clause))


def read_alone(clause: Clause) -> ReadClause:
    """A clause without the clauses below it, where it has words of its own: enough to answer a question."""
    whole = read_clause(clause)
    return replace(whole, text=clause.text) if clause.text else whole


def _whole(clause: Clause) -> str:
    lines = [clause.text] if clause.text else []
    for child in clause.children:
        own = " ".join(part for part in (child.number, child.heading) if part)
        lines.append(f"{own} {_whole(child)}".strip())
    return "\n".join(lines)


def build_deck(cards: Iterable[Card], agreement: ParsedAgreement, subject: Subject | None) -> Deck:
    """The deck of one version for one kind of subject, in the order of the agreement.

    A card whose clauses are not in this version is left out; one that was not reviewed for the
    words of this version is a draft.
    """
    order = {clause.uid: at for at, clause in enumerate(agreement.walk())}
    resolved: list[DeckCard] = []
    for card in cards:
        if subject is not None and subject not in card.subjects:
            continue
        found = [agreement.find(uid) for uid in card.clauses]
        clauses = tuple(read_clause(clause) for clause in found if clause is not None)
        if not clauses:
            continue
        draft = any(clause.sha256 not in card.reviewed_for.get(clause.uid, ()) for clause in clauses)
        resolved.append(DeckCard(card, clauses, draft or len(clauses) != len(card.clauses)))
    resolved.sort(key=lambda deck_card: order[deck_card.clauses[0].uid])
    leaves = [Leaf((card,), None) for card in resolved if card.card.tier == 1]
    for theme in THEMES:
        gathered = tuple(card for card in resolved if card.card.tier == 2 and card.card.theme == theme)
        if gathered:
            leaves.append(Leaf(gathered, theme))
    opening = agreement.find(PREAMBLE_UID)
    every = tuple(read_clause(clause) for clause in (*((opening,) if opening else ()), *agreement.clauses))
    return Deck(tuple(leaves), every)
