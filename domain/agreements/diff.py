"""What changed between two versions of an agreement, and whether it changes what it says."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from .model import Clause, ParsedAgreement
from .printed import plain

SIMILAR = 0.45
SIMILAR_IN_PLACE = 0.2
"""Least share of common letter pairs for the same clause reworded: anywhere, and under the same uid."""
CONTAINED = 0.8
"""Share of a clause's letter pairs that must be found in another one to be a part split off from it."""

_SPELLINGS = str.maketrans("帐陆", "账录")
_VARIANTS = (("其它", "其他"), ("帐户", "账户"), ("登陆", "登录"))
# A sign between digits is part of the number (3.5, 3-5); every other one only helps reading.
_SIGNS = re.compile(r"(?<!\d)[^\w%‰]|[^\w%‰](?!\d)|(?<=\d),(?=\d{3})|_")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Move(_Record):
    """A clause that stands elsewhere among its fellows, uid before and after."""

    before: str = Field(serialization_alias="from")
    after: str = Field(serialization_alias="to")


class Change(_Record):
    """A clause with another number or other words.

    `substantive` is False when only numbers of clauses, punctuation, spelling variants or the width
    of characters differ, also where one clause was merely split into two or two joined in one:
    then several changes share the `from` or the `to`.
    """

    before: str = Field(serialization_alias="from")
    after: str = Field(serialization_alias="to")
    substantive: bool


class Diff(_Record):
    """The changes between two versions, by uid. Dump with `by_alias=True` for the public form."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    moved: tuple[Move, ...] = ()
    changed: tuple[Change, ...] = ()

    @property
    def substantive(self) -> bool:
        """Whether anything changed in what the agreement says."""
        return bool(self.added or self.removed or any(change.substantive for change in self.changed))


@dataclass(slots=True)
class _Side:
    """One version: its clauses with words, and which of them are not accounted for yet."""

    clauses: list[Clause]
    forms: list[str] = field(default_factory=list)
    pairs: list[frozenset[str]] = field(default_factory=list)
    free: set[int] = field(default_factory=set)


def diff(before: ParsedAgreement, after: ParsedAgreement) -> Diff:
    """What changed from `before` to `after`.

    Clauses are paired by what they say, else by uid and likeness; a clause's own words are compared,
    so a change in a list item is not also a change of the clause above it.
    """
    old, new = _side(before), _side(after)
    same = _pair_equal(old, new)
    parts = _split_exactly(old, new) + [(b, a) for a, b in _split_exactly(new, old)]
    alike = _pair_alike(old, new)
    torn = _torn_off(old, new, alike)
    moved = _moved(same + alike, old, new)
    changes = [
        (a, b, False) for a, b in same if (a, b) not in moved and _looks_different(old.clauses[a], new.clauses[b])
    ]
    changes += [(a, b, False) for a, b in parts]
    changes += [(a, b, True) for a, b in alike + torn]
    return Diff(
        added=tuple(new.clauses[index].uid for index in sorted(new.free)),
        removed=tuple(old.clauses[index].uid for index in sorted(old.free)),
        moved=tuple(Move(before=old.clauses[a].uid, after=new.clauses[b].uid) for a, b in sorted(moved)),
        changed=tuple(
            Change(before=old.clauses[a].uid, after=new.clauses[b].uid, substantive=deep)
            for a, b, deep in sorted(changes)
        ),
    )


def _side(parsed: ParsedAgreement) -> _Side:
    side = _Side([clause for clause in parsed.walk() if clause.text or clause.heading])
    side.forms = [_form(clause) for clause in side.clauses]
    side.pairs = [_letter_pairs(form) for form in side.forms]
    side.free = set(range(len(side.clauses)))
    return side


def _form(clause: Clause) -> str:
    """What the clause says, without what is only typography or spelling."""
    words = plain(f"{clause.heading or ''}{clause.text}")
    for variant, usual in _VARIANTS:
        words = words.replace(variant, usual)
    return _SIGNS.sub("", words).translate(_SPELLINGS)


def _letter_pairs(form: str) -> frozenset[str]:
    return frozenset(form[at : at + 2] for at in range(max(len(form) - 1, 1)))


def _looks_different(one: Clause, other: Clause) -> bool:
    return (one.uid, one.heading, one.text) != (other.uid, other.heading, other.text)


def _take(side: _Side, other: _Side, pairs: list[tuple[int, int]]) -> None:
    side.free.difference_update(index for index, _ in pairs)
    other.free.difference_update(index for _, index in pairs)


def _pair_equal(old: _Side, new: _Side) -> list[tuple[int, int]]:
    """Clauses that say the same: under the same uid first, then in printed order."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, form in enumerate(new.forms):
        places[form].append(index)
    by_uid = {clause.uid: index for index, clause in enumerate(new.clauses)}
    pairs = []
    for index, form in enumerate(old.forms):
        twin = by_uid.get(old.clauses[index].uid)
        if twin is not None and new.forms[twin] == form:
            pairs.append((index, twin))
            places[form].remove(twin)
    _take(old, new, pairs)
    rest = []
    for index in sorted(old.free):
        if places[old.forms[index]]:
            rest.append((index, places[old.forms[index]].pop(0)))
    _take(old, new, rest)
    return sorted(pairs + rest)


def _split_exactly(whole: _Side, parts: _Side) -> list[tuple[int, int]]:
    """Clauses of `whole` that are, word for word, two or more neighbours of `parts`."""
    found = []
    for index in sorted(whole.free):
        for start in sorted(parts.free):
            run, text = [], ""
            at = start
            while at in parts.free and len(text) < len(whole.forms[index]):
                run.append(at)
                text += parts.forms[at]
                at += 1
            if text == whole.forms[index] and len(run) > 1:
                pairs = [(index, part) for part in run]
                found += pairs
                _take(whole, parts, pairs)
                break
    return found


def _pair_alike(old: _Side, new: _Side) -> list[tuple[int, int]]:
    """Clauses reworded: the most alike first."""
    scored = []
    for a in old.free:
        for b in new.free:
            common = len(old.pairs[a] & new.pairs[b])
            likeness = common / len(old.pairs[a] | new.pairs[b])
            in_place = old.clauses[a].uid == new.clauses[b].uid
            if likeness >= SIMILAR or (in_place and likeness >= SIMILAR_IN_PLACE):
                scored.append((likeness + 0.1 * in_place, -abs(a - b), a, b))
    pairs: list[tuple[int, int]] = []
    for _, _, a, b in sorted(scored, reverse=True):
        if a in old.free and b in new.free:
            pairs.append((a, b))
            _take(old, new, [(a, b)])
    return sorted(pairs)


def _torn_off(old: _Side, new: _Side, alike: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leftovers that are a part of a reworded clause: it was split, or took the leftover in."""
    found = []
    for b in sorted(new.free):
        source = next((a for a, _ in alike if _part_of(new, b, old, a)), None)
        if source is not None:
            found.append((source, b))
            new.free.discard(b)
    for a in sorted(old.free):
        target = next((b for _, b in alike if _part_of(old, a, new, b)), None)
        if target is not None:
            found.append((a, target))
            old.free.discard(a)
    return found


def _part_of(side: _Side, part: int, other: _Side, whole: int) -> bool:
    pairs = side.pairs[part]
    return len(pairs) >= 6 and len(pairs & other.pairs[whole]) >= CONTAINED * len(pairs)


def _moved(pairs: list[tuple[int, int]], old: _Side, new: _Side) -> set[tuple[int, int]]:
    """The pairs outside the heaviest run that keeps its order; an unchanged uid weighs a little more."""
    ordered = sorted(pairs)
    best: list[float] = []
    previous: list[int | None] = []
    for position, (a, b) in enumerate(ordered):
        weight = 1.01 if old.clauses[a].uid == new.clauses[b].uid else 1.0
        before = max((at for at in range(position) if ordered[at][1] < b), key=lambda at: best[at], default=None)
        best.append(weight + (best[before] if before is not None else 0.0))
        previous.append(before)
    kept: set[tuple[int, int]] = set()
    step = max(range(len(ordered)), key=lambda at: best[at], default=None)
    while step is not None:
        kept.add(ordered[step])
        step = previous[step]
    return set(ordered) - kept
