"""Styles of a .docx: what a paragraph inherits along w:basedOn (ECMA-376 part 1, 17.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ..model import MarkKind
from .numbering import Numbering, W

_OFF = frozenset({"0", "false", "off", "none"})
_HEADING = re.compile(r"(?:heading|标题)\s*(\d)", re.IGNORECASE)
_MAX_CHAIN = 30


def value(properties: etree._Element | None, name: str) -> str | None:
    """The w:val of a property, or None when it is not set."""
    found = properties.find(f"{W}{name}") if properties is not None else None
    return found.get(f"{W}val") if found is not None else None


def flag(properties: etree._Element | None, name: str) -> bool | None:
    """An on/off property: set without a value means on; None when it is not set."""
    found = properties.find(f"{W}{name}") if properties is not None else None
    return None if found is None else found.get(f"{W}val", "1").lower() not in _OFF


class Styles:
    """Looks properties up along the chain of styles."""

    def __init__(self, part: etree._Element | None) -> None:
        found = part.iterfind(f"{W}style") if part is not None else iter(())
        self._styles = {one.get(f"{W}styleId", ""): one for one in found}
        self.default = next(
            (
                key
                for key, one in self._styles.items()
                if one.get(f"{W}type") == "paragraph" and one.get(f"{W}default") in {"1", "true"}
            ),
            "",
        )

    def heading_level(self, properties: etree._Element | None, style: str) -> int:
        """1 to 9 for a heading (1 also for the document title), 0 for a paragraph of text."""
        outline = value(properties, "outlineLvl")
        for one in self._chain(style):
            name = value(one, "name") or ""
            if found := _HEADING.search(name):
                return int(found[1])
            if name.lower() == "title" or name == "标题":
                return 1
            outline = outline or value(one.find(f"{W}pPr"), "outlineLvl")
        return int(outline) + 1 if outline is not None and outline.isdigit() and int(outline) < 9 else 0

    def list_of(self, properties: etree._Element | None, style: str, numbering: Numbering) -> tuple[str | None, int]:
        """The list (w:numId) and level of a paragraph, its own or its style's."""
        number_id = depth = None
        own = properties.find(f"{W}numPr") if properties is not None else None
        if own is not None:
            number_id, depth = value(own, "numId"), value(own, "ilvl")
        for one in self._chain(style):
            if number_id is not None:
                break
            inherited = one.find(f"{W}pPr/{W}numPr")
            if inherited is None:
                continue
            number_id = value(inherited, "numId")
            tied = numbering.level_of_style(number_id or "", one.get(f"{W}styleId", ""))
            depth = depth or value(inherited, "ilvl") or (str(tied) if tied is not None else None)
        return number_id, int(depth) if depth and depth.isdigit() else 0

    def marks(self, style: str) -> frozenset[MarkKind]:
        """The marks that a style gives to all its text; a heading's own bold is no mark."""
        if self.heading_level(None, style):
            return frozenset()
        return self._apply_chain(style, frozenset())

    def run_marks(self, properties: etree._Element | None, base: frozenset[MarkKind]) -> frozenset[MarkKind]:
        """The marks of a run: its character style's, then its own."""
        character = value(properties, "rStyle")
        return _apply(properties, self._apply_chain(character, base) if character else base)

    def _apply_chain(self, style: str, base: frozenset[MarkKind]) -> frozenset[MarkKind]:
        for one in reversed(list(self._chain(style))):
            base = _apply(one.find(f"{W}rPr"), base)
        return base

    def _chain(self, style: str) -> Iterator[etree._Element]:
        """The style and those it is based on, nearest first."""
        for _ in range(_MAX_CHAIN):
            one = self._styles.get(style)
            if one is None:
                return
            yield one
            style = value(one, "basedOn") or ""


def _apply(properties: etree._Element | None, base: frozenset[MarkKind]) -> frozenset[MarkKind]:
    kinds = set(base)
    bold = flag(properties, "b")
    if bold is not None:
        (kinds.add if bold else kinds.discard)("bold")
    underline = value(properties, "u")
    if underline is not None:
        (kinds.discard if underline.lower() in _OFF else kinds.add)("underline")
    return frozenset(kinds)
