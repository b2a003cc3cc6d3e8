"""What changed between the text a person agreed to and a newer one, as it is read. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from domain.agreements import Clause, Diff, ParsedAgreement, clause_hash, diff
from domain.consent.deck import Deck, DeckCard, ReadClause, spoken_number
from domain.platforms.model import SeparateConsent

Kind = Literal["added", "removed", "reworded", "cosmetic"]
Span = tuple[int, int]

# Numbers, Latin words and single signs: what a reader takes in as one.
_TOKENS = re.compile(r"[0-9]+(?:[.,][0-9]+)*%?|[A-Za-z]+|\s+|.", re.DOTALL)
_SENTENCES = re.compile(r"[^。；！？\n]*[。；！？\n]?")
# Beyond so many pairs of tokens whole sentences are compared: a comparison grows with the square.
_MOST_PAIRS = 4_000_000
# An unchanged stretch this short between two changed ones only tears words apart.
_CRUMB = 1

# At most so many changes get a card each; the others are gathered, so that nobody taps without end.
ALONE = 6
_GATHERED = 4
_GATHERED_CARDS = 8


@dataclass(frozen=True)
class ClauseChange:
    """One clause that is new, gone or worded anew.

    `before_marks` and `after_marks` are the stretches that differ, as offsets into the two texts. `card` is the
    explanation reviewed for the new words, if there is one.
    """

    kind: Kind
    before: ReadClause | None
    after: ReadClause | None
    before_marks: tuple[Span, ...] = ()
    after_marks: tuple[Span, ...] = ()
    card: DeckCard | None = None
    grave: bool = False

    @property
    def number(self) -> str:
        clause = self.after or self.before
        assert clause is not None
        return clause.number


@dataclass(frozen=True)
class Changes:
    """Every change from one version to another, the substantive ones first, each kind in printed order."""

    substantive: tuple[ClauseChange, ...]
    cosmetic: tuple[ClauseChange, ...]
    touched_before: frozenset[str]
    touched_after: frozenset[str]

    def leaves(self) -> tuple[tuple[ClauseChange, ...], ...]:
        """What is shown at once: the gravest changes alone, the others a few together."""
        few = len(self.substantive) <= ALONE
        alone = [change for change in self.substantive if few or change.grave][:ALONE]
        rest = [change for change in self.substantive if change not in alone]
        size = max(_GATHERED, -(-len(rest) // _GATHERED_CARDS))
        gathered = [tuple(rest[at : at + size]) for at in range(0, len(rest), size)]
        return (*((change,) for change in alone), *gathered)

    def touches(self, consent: SeparateConsent) -> bool:
        """Whether a clause this separate consent rests on says something else now."""
        return any(
            _is_below(touched, uid)
            for uid in consent.clauses
            for touched in (*self.touched_before, *self.touched_after)
        )


def same_words(before: ParsedAgreement, after: ParsedAgreement) -> bool:
    """Whether both say the same in the same order, however they were cut into clauses (a newer parser)."""
    return _words(before) == _words(after)


def asks_again(before: ParsedAgreement, after: ParsedAgreement) -> bool:
    """Whether somebody who agreed to `before` has to be asked about `after`: only where it says something else."""
    return not same_words(before, after) and diff(before, after).substantive


def changes(before: ParsedAgreement, after: ParsedAgreement, deck: Deck) -> Changes:
    """The changes as they are read. `deck` is the new version's."""
    found = Diff() if same_words(before, after) else diff(before, after)
    added = [_added(after, uid, deck) for uid in found.added]
    removed = [_removed(before, uid) for uid in found.removed]
    reworded = [_reworded(before, c.before, after, c.after, deck) for c in found.changed if c.substantive]
    cosmetic = [(c.before, c.after) for c in found.changed if not c.substantive]
    cosmetic += [(m.before, m.after) for m in found.moved]
    order = {clause.uid: at for at, clause in enumerate(after.walk())}

    def place(change: ClauseChange) -> tuple[bool, int]:
        # What went stands behind what is there to be read.
        return change.after is None, order[change.after.uid] if change.after else 0

    return Changes(
        substantive=tuple(sorted([*added, *reworded, *removed], key=place)),
        cosmetic=tuple(
            ClauseChange("cosmetic", _read(before, old), _read(after, new)) for old, new in dict.fromkeys(cosmetic)
        ),
        touched_before=frozenset([*found.removed, *(c.before for c in found.changed if c.substantive)]),
        touched_after=frozenset([*found.added, *(c.after for c in found.changed if c.substantive)]),
    )


def marks(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The stretches in which two texts differ."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    if len(old) * len(new) > _MOST_PAIRS:
        old, new = _SENTENCES.findall(before), _SENTENCES.findall(after)
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = [(a, b) for tag, a, b, _, _ in blocks if tag in {"replace", "delete"}]
    come = [(a, b) for tag, _, _, a, b in blocks if tag in {"replace", "insert"}]
    return _offsets(old, gone), _offsets(new, come)


def _offsets(tokens: Sequence[str], runs: Iterable[Span]) -> tuple[Span, ...]:
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    found: list[Span] = []
    for first, last in runs:
        start, end = starts[first], starts[last]
        if found and start - found[-1][1] <= _CRUMB:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def _words(agreement: ParsedAgreement) -> str:
    words = agreement.title + "".join(f"{c.number}{c.heading or ''}{c.text}" for c in agreement.walk())
    return "".join(unicodedata.normalize("NFKC", words).split())


def _is_below(uid: str, above: str) -> bool:
    return uid == above or uid.startswith(f"{above}/") or above.startswith(f"{uid}/")


def _clause(agreement: ParsedAgreement, uid: str) -> Clause:
    clause = agreement.find(uid)
    assert clause is not None
    return clause


def _read(agreement: ParsedAgreement, uid: str) -> ReadClause:
    """A clause with its own words alone: what stands below it is a change of its own."""
    clause = _clause(agreement, uid)
    text = "\n".join(part for part in (clause.heading, clause.text) if part)
    return ReadClause(clause.uid, spoken_number(clause), clause.heading, text, clause_hash(clause))


def _explained(deck: Deck, uid: str) -> tuple[DeckCard | None, bool]:
    """The reviewed card for a clause, and whether it is one of the gravest."""
    card = deck.explaining(uid)
    if card is None:
        return None, False
    return (None if card.draft else card), card.card.tier == 1


def _added(after: ParsedAgreement, uid: str, deck: Deck) -> ClauseChange:
    clause, (card, grave) = _read(after, uid), _explained(deck, uid)
    return ClauseChange("added", None, clause, (), ((0, len(clause.text)),), card, grave)


def _removed(before: ParsedAgreement, uid: str) -> ClauseChange:
    clause = _read(before, uid)
    return ClauseChange("removed", clause, None, ((0, len(clause.text)),))


def _reworded(before: ParsedAgreement, old: str, after: ParsedAgreement, new: str, deck: Deck) -> ClauseChange:
    was, now = _read(before, old), _read(after, new)
    (gone, come), (card, grave) = marks(was.text, now.text), _explained(deck, new)
    return ClauseChange("reworded", was, now, gone, come, card, grave)
