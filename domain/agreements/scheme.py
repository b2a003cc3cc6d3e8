"""Which of the possible numbers are clause numbers, and how they nest.

No numbering is taken for granted. All candidates are weighed together: among the ways to take or
leave each and to hang it below an open clause, the cheapest is sought, where every break of a
sequence costs. What stays broken is reported, so that an unknown numbering never nests silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .markers import PLAIN, Marker

_BEAM = 16
_SLACK = 5.0
_RANKS = {
    "第编": 0, "第篇": 0, "part": 0, "第部分": 0, "第章": 1, "chapter": 1, "第节": 2, "第条": 3, "article": 3,
    "section": 3, "clause": 4, "第款": 6, "第项": 7, "附件": 0,
}  # fmt: skip
_STYLE_RANKS = {"一": 4.0, "甲": 4.5, "1": 5.0, "I": 4.2, "A": 7.0, "a": 7.5, "i": 8.5, "①": 8.0}


@dataclass(frozen=True, slots=True)
class Taken:
    """A candidate taken as a clause number; `depth` counts from 0, `flaw` says what does not fit."""

    marker: Marker
    depth: int
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """The last decision of a partial reading, linked to those before it."""

    before: _Step | None
    taken: Taken | None
    left: Marker | None


@dataclass(frozen=True, slots=True)
class _Reading:
    cost: float
    stack: tuple[Marker, ...]
    pairs: frozenset[tuple[str, str]]
    last: dict[str, int]
    step: _Step | None


@dataclass(frozen=True, slots=True)
class Scheme:
    """The clause numbers in printed order, and the numbers that were left as text although they look real."""

    taken: tuple[Taken, ...]
    left: tuple[Marker, ...]


def infer(candidates: Sequence[tuple[Marker, ...]]) -> Scheme:
    """The reading of all candidates with the fewest breaks.

    Takes what `markers.scan` gives: for each place the possible readings of its number.
    """
    readings = [_Reading(0.0, (), frozenset(), {}, None)]
    for choices in candidates:
        options = [option for reading in readings for option in _options(reading, choices)]
        options.sort(key=lambda option: option.cost)
        grown: dict[tuple[tuple[str, tuple[int, ...]], ...], _Reading] = {}
        for option in options:
            if option.cost > options[0].cost + _SLACK or len(grown) >= _BEAM:
                break
            new = option.follow()
            grown.setdefault(tuple((marker.style, marker.value) for marker in new.stack), new)
        readings = list(grown.values())
    taken: list[Taken] = []
    left: list[Marker] = []
    step = readings[0].step
    while step is not None:
        if step.taken:
            taken.append(step.taken)
        if step.left and step.left.skip >= PLAIN:
            left.append(step.left)
        step = step.before
    return Scheme(tuple(reversed(taken)), tuple(reversed(left)))


@dataclass(frozen=True, slots=True)
class _Option:
    """One way to go on from a reading: take the marker at a depth, or leave it (depth None)."""

    cost: float
    reading: _Reading
    marker: Marker
    depth: int | None = None
    flaw: str | None = None

    def follow(self) -> _Reading:
        reading, marker = self.reading, self.marker
        if self.depth is None:
            step = _Step(reading.step, None, marker)
            return _Reading(self.cost, reading.stack, reading.pairs, reading.last, step)
        above = reading.stack[: self.depth]
        pair = (above[-1].style if above else "", marker.style)
        return _Reading(
            self.cost,
            (*above, marker),
            reading.pairs if pair in reading.pairs else reading.pairs | {pair},
            {**reading.last, marker.style: marker.value[-1]},
            _Step(reading.step, Taken(marker, self.depth, self.flaw), None),
        )


def _options(reading: _Reading, choices: tuple[Marker, ...]) -> Iterator[_Option]:
    yield _Option(reading.cost + max(marker.skip for marker in choices), reading, choices[0])
    for marker in choices:
        base = reading.cost + marker.doubt
        for depth, cost, flaw in _places(reading, marker):
            pair = (reading.stack[depth - 1].style if depth else "", marker.style)
            if pair not in reading.pairs:
                cost += _novelty(*pair)
            yield _Option(base + cost, reading, marker, depth, flaw)


def _places(reading: _Reading, marker: Marker) -> Iterator[tuple[int, float, str | None]]:
    """Each depth at which the marker could hang, with the cost and what would be wrong there."""
    stack = reading.stack
    styles = [open_marker.style for open_marker in stack]
    for depth in range(len(stack) - 1, -1, -1):
        if styles[depth] == marker.style:
            cost, flaw = _next(stack[depth], marker)
            cost += 0.6 if abs(stack[depth].indent - marker.indent) > 1 else 0.0
            # Where a list stands in a list of the same numbering, both may go on: the outer rather does.
            yield depth, cost + 0.1 * styles[:depth].count(marker.style), flaw
        elif _alike(styles[depth], marker.style) and marker.style not in styles:
            cost, flaw = _next(stack[depth], marker)
            yield depth, cost + 0.4, flaw
    yield len(stack), *_first(reading, marker)
    for depth in range(len(stack)):
        # A second list of another shape below a clause that has one: rare, but annexes do it.
        if styles[depth] != marker.style and marker.style not in styles[:depth]:
            cost, flaw = _first(_Reading(0.0, stack[:depth], reading.pairs, reading.last, None), marker)
            yield depth, cost + (0.0 if marker.style == "附件" and depth == 0 else 1.4), flaw


def _next(before: Marker, marker: Marker) -> tuple[float, str | None]:
    """The marker as the next sibling of `before`."""
    was, now = before.value, marker.value
    if was[:-1] != now[:-1]:
        if len(was) == len(now) and now[-1] == 1 and now[:-1] == (*was[:-2], was[-2] + 1):
            return 1.0, None
        if len(was) != len(now) and was[0] + (len(now) == 1) == now[0]:
            return 0.0, None  # 第三条 and 第三条之一
        return 4.0, f"{marker.number} follows {before.number}"
    step = now[-1] - was[-1]
    if step == 1:
        return 0.0, None
    if step == 0:
        return 2.2, f"{marker.number} stands twice"
    if step > 1:
        missing = "one number is" if step == 2 else f"{step - 1} numbers are"
        return min(2.0 + 0.25 * (step - 2), 5.0), f"{before.number} is followed by {marker.number}: {missing} missing"
    if now[-1] == 1:
        return 3.0, f"the numbering starts again at {marker.number} after {before.number}"
    return 3.5, f"{marker.number} follows {before.number}"


def _first(reading: _Reading, marker: Marker) -> tuple[float, str | None]:
    """The marker as the first item of a new list below the last open clause."""
    stack, value = reading.stack, marker.value
    cost, flaw = 0.0, None
    same = [above for above in stack if above.style == marker.style]
    if same and value[-1] == 1 and marker.indent > max(above.indent for above in same) + 1:
        cost = 0.4
    elif same:
        # 1. within 1. without an indent: only a colon before it speaks for that.
        cost = 1.8 if marker.introduced and value[-1] == 1 else 4.2
        flaw = f"{marker.number} begins a list inside a list of the same numbering"
    rank = _RANKS.get(marker.style)
    if rank is not None and any(_RANKS.get(above.style, 9) >= rank for above in stack):
        return cost + 5.0, f"{marker.number} stands below {stack[-1].number}"
    if len(value) > 1 and marker.style.startswith("1."):
        above = stack[-1] if stack else None
        if above is None:
            cost += 0.5 * (len(value) - 1)
        elif not _prefixes(above.value, value):
            cost, flaw = cost + 2.5, flaw or f"{marker.number} stands below {above.number}"
    if value[-1] != 1:
        carried = reading.last.get(marker.style)
        if marker.style == "第条" and carried is not None and value[-1] == carried + 1:
            return cost, flaw  # articles count on through the chapters
        if carried is not None and value[-1] == carried + 1 and len(value) == 1:
            return cost + 0.8, flaw
        cost, flaw = cost + min(2.2 + 0.25 * (value[-1] - 2), 5.0), flaw or f"a list begins with {marker.number}"
    return cost, flaw


def _prefixes(above: tuple[int, ...], value: tuple[int, ...]) -> bool:
    return value[:-1] == above or (len(above) == 1 and len(value) == 2 and value[0] == above[0])


@lru_cache(maxsize=4096)
def _alike(one: str, other: str) -> bool:
    """The same numerals with another sign behind them (1. and 1、), as careless lists mix them."""
    return _numeral(one) == _numeral(other) != "" and ("(" in one) == ("(" in other) and ")" not in one + other


def _numeral(style: str) -> str:
    if style.startswith(("第", "1.", "附件")) and style != "1.":
        return ""
    return next((kind for kind in _STYLE_RANKS if kind in style), "")


@lru_cache(maxsize=4096)
def _novelty(above: str, style: str) -> float:
    """What a pair of shapes costs when it is met for the first time; against the usual order, more."""
    if not above or above == style:
        return 0.2
    return 0.4 if _rank(style) > _rank(above) else 0.9


def _rank(style: str) -> float:
    if style in _RANKS:
        return float(_RANKS[style])
    bracket = 0.6 if "(" in style else 0.3 if ")" in style else 0.0
    if style.startswith("1.") and style != "1.":
        return 5.0 + 0.1 * int(style[2:])
    return _STYLE_RANKS.get(_numeral(style), 6.0) + bracket
