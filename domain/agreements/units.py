"""The units in which clauses are labelled and quoted: neither a whole chapter nor a single list item."""

from __future__ import annotations

from dataclasses import dataclass

from .model import PREAMBLE_UID, Clause, ParsedAgreement
from .printed import fold

_OWN_WORDS = 24
"""A chapter's own text is a unit from this many characters on; a shorter one only opens its list."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause to be judged as one; `whole` is False when only its own text counts."""

    clause: Clause
    headings: tuple[str, ...]
    whole: bool = True

    @property
    def uid(self) -> str:
        return self.clause.uid

    @property
    def text(self) -> str:
        return self.clause.full_text() if self.whole else self.clause.text


def units(parsed: ParsedAgreement) -> list[Unit]:
    """The agreement's units in printed order, the opening first.

    They lie on the first level at which most clauses have words of their own: the second in most
    agreements, the third where parts stand above chapters.
    """
    found: list[Unit] = []
    opening = parsed.find(PREAMBLE_UID)
    if opening is not None:
        found.append(Unit(opening, ()))
    depth = _main_depth(parsed.clauses)
    for clause in parsed.clauses:
        _collect(clause, 1, depth, (), found)
    return found


def passages(parsed: ParsedAgreement) -> list[Unit]:
    """The units as they are quoted: a unit whose children are clauses in their own right comes apart."""
    return [passage for unit in units(parsed) for passage in _passages(unit)]


def _passages(unit: Unit) -> list[Unit]:
    clause = unit.clause
    if not unit.whole or not clause.children or ":" in fold(clause.text).text:
        return [unit]
    below = (*unit.headings, clause.heading) if clause.heading else unit.headings
    found = [Unit(clause, unit.headings, whole=False)] if clause.text else []
    for child in clause.children:
        found += _passages(Unit(child, below))
    return found


def _collect(clause: Clause, level: int, depth: int, headings: tuple[str, ...], found: list[Unit]) -> None:
    if level >= depth or not clause.children:
        found.append(Unit(clause, headings))
        return
    if len(clause.text) >= _OWN_WORDS:
        found.append(Unit(clause, headings, whole=False))
    below = (*headings, clause.heading) if clause.heading else headings
    for child in clause.children:
        _collect(child, level + 1, depth, below, found)


def _main_depth(clauses: tuple[Clause, ...]) -> int:
    level, here = 1, clauses
    while here:
        if 2 * sum(1 for clause in here if clause.text) > len(here):
            return level
        level, here = level + 1, tuple(child for clause in here for child in clause.children)
    return max(level - 1, 1)
