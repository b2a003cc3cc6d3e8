"""Automatic numbers of a .docx: word/numbering.xml evaluated (ECMA-376 part 1, 17.9).

The file stores only which list a paragraph is in; the printed number has to be counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from .list_numbers import known, label

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: how its number is written and when it starts again."""

    start: int = 1
    kind: str = "decimal"
    template: str = ""
    suffix: str = "tab"
    restart: int | None = None
    plain_digits: bool = False
    style: str | None = None


@dataclass(slots=True)
class _List:
    """A w:num: its levels, the counters it shares with lists of the same definition, its restarts."""

    abstract: str
    levels: dict[int, Level]
    restarts: dict[int, int]
    begun: set[int] = field(default_factory=set)


class Numbering:
    """Counts through a document's lists in printed order."""

    def __init__(self, part: etree._Element | None) -> None:
        self.unknown: set[str] = set()
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if part is not None:
            self._load(part)

    def level_of_style(self, number_id: str, style: str) -> int | None:
        """The level that a list ties to a paragraph style, or None."""
        found = self._lists.get(number_id)
        return next((at for at, level in found.levels.items() if level.style == style), None) if found else None

    def next(self, number_id: str, depth: int) -> tuple[str, str] | None:
        """The next number of the list at `depth` (0-8) and what stands behind it.

        None for a bullet, a level without a number, or an unknown list.
        """
        found = self._lists.get(number_id)
        if found is None or depth not in found.levels:
            return None
        counters = self._counters.setdefault(found.abstract, {})
        level = found.levels[depth]
        if depth in found.restarts and depth not in found.begun:
            counters[depth] = found.restarts[depth]
        elif depth in counters:
            counters[depth] += 1
        else:
            counters[depth] = level.start
        found.begun.add(depth)
        for above in range(depth):
            if above not in counters and above in found.levels:
                counters[above] = found.restarts.get(above, found.levels[above].start)
        self._end_deeper(found, counters, depth)
        if level.kind in {"bullet", "none"} and "%" not in level.template.replace(f"%{depth + 1}", ""):
            return None
        text = self._write(found, counters, level)
        return (text, "" if level.suffix == "nothing" else " ") if text else None

    def is_bullet(self, number_id: str, depth: int) -> bool:
        found = self._lists.get(number_id)
        return found is not None and depth in found.levels and found.levels[depth].kind == "bullet"

    @staticmethod
    def _end_deeper(found: _List, counters: dict[int, int], depth: int) -> None:
        """Deeper levels begin again, unless w:lvlRestart says never (0) or only after a higher level."""
        for deeper in range(depth + 1, LEVELS):
            restart = found.levels[deeper].restart if deeper in found.levels else None
            if restart is None or 0 < depth + 1 <= restart:
                counters.pop(deeper, None)

    def _write(self, found: _List, counters: dict[int, int], level: Level) -> str:
        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            kind = found.levels[at].kind if at in found.levels else "decimal"
            if level.plain_digits and kind not in {"none", "decimalZero"}:
                kind = "decimal"
            if not known(kind):
                self.unknown.add(kind)
            return label(kind, counters.get(at, 1))

        return re.sub(r"%([1-9])", number, level.template).strip()

    def _load(self, part: etree._Element) -> None:
        definitions = {one.get(f"{W}abstractNumId", ""): one for one in part.iterfind(f"{W}abstractNum")}
        by_style = {
            link.get(f"{W}val", ""): key
            for key, one in definitions.items()
            if (link := one.find(f"{W}styleLink")) is not None
        }
        for num in part.iterfind(f"{W}num"):
            reference = num.find(f"{W}abstractNumId")
            key = reference.get(f"{W}val", "") if reference is not None else ""
            definition = definitions.get(key)
            if definition is None:
                continue
            link = definition.find(f"{W}numStyleLink")
            if link is not None and by_style.get(link.get(f"{W}val", "")) in definitions:
                key = by_style[link.get(f"{W}val", "")]
                definition = definitions[key]
            levels = {_depth(one): _level(one, Level()) for one in definition.iterfind(f"{W}lvl")}
            restarts: dict[int, int] = {}
            for override in num.iterfind(f"{W}lvlOverride"):
                depth = _depth(override)
                own = override.find(f"{W}lvl")
                if own is not None:
                    levels[depth] = _level(own, levels.get(depth, Level()))
                start = _value(override, "startOverride")
                if start is not None:
                    restarts[depth] = _integer(start, 1)
                    levels[depth] = replace(levels.get(depth, Level()), start=restarts[depth])
            self._lists[num.get(f"{W}numId", "")] = _List(key, levels, restarts)


def _level(element: etree._Element, base: Level) -> Level:
    restart = _value(element, "lvlRestart")
    legal = element.find(f"{W}isLgl")
    return Level(
        start=_integer(_value(element, "start"), base.start),
        kind=_kind(element) or base.kind,
        template=_value(element, "lvlText") or base.template,
        suffix=_value(element, "suff") or base.suffix,
        restart=_integer(restart, 0) if restart is not None else base.restart,
        plain_digits=legal is not None and legal.get(f"{W}val") not in {"0", "false"},
        style=_value(element, "pStyle") or base.style,
    )


def _kind(element: etree._Element) -> str | None:
    found = next(element.iter(f"{W}numFmt"), None)
    return found.get(f"{W}val") if found is not None else None


def _value(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{W}{name}")
    return found.get(f"{W}val") if found is not None else None


def _depth(element: etree._Element) -> int:
    return _integer(element.get(f"{W}ilvl"), 0)


def _integer(text: str | None, default: int) -> int:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,6}", text) else default
