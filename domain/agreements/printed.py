"""Printed text with its marks, and the folded view in which numbers are looked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from .model import Mark, MarkKind

# NFKC turns ① into 1, which would make ①② the same numbering as 1 2.
_CIRCLED = frozenset("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


@dataclass(frozen=True, slots=True)
class Printed:
    """A piece of text as printed; mark offsets count its characters."""

    text: str
    marks: tuple[Mark, ...] = ()

    def cut(self, start: int, end: int | None = None) -> Printed:
        """The part from `start` to `end` without white space around it, marks cut to fit."""
        end = len(self.text) if end is None else end
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        marks = tuple(
            Mark(start=max(mark.start, start) - start, end=min(mark.end, end) - start, kind=mark.kind)
            for mark in self.marks
            if max(mark.start, start) < min(mark.end, end)
        )
        return Printed(self.text[start:end], marks)


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line or paragraph, as a reader found it.

    `level` is a heading's level (1 the outermost) or 0; `label` counts the characters of an
    automatic number at the start; `apart` is True when white space sets the line off from the one
    before; `indent` is how far in it stands (columns, or twice the depth of an automatic list);
    `remark_by` names the author when the line is a comment of the file, not of the text.
    """

    printed: Printed
    level: int = 0
    label: int = 0
    bullet: bool = False
    apart: bool = True
    indent: int = 0
    remark_by: str | None = None

    @property
    def text(self) -> str:
        return self.printed.text

    @property
    def width(self) -> int:
        """Columns the line takes: 2 for a 汉字, 1 for a Latin letter."""
        return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in self.printed.text)


WIDEST = 130
"""Widest line of a page (columns); a longer one is a whole paragraph."""
FULL = 0.9
"""Share of the widest line from which on a line is full."""


def full_lines(lines: tuple[Line, ...]) -> list[bool]:
    """Which lines fill the page's width; none where lines are not broken by a width."""
    widths = [line.width for line in lines]
    widest = max(widths, default=0)
    full = [width >= FULL * widest for width in widths]
    if widest > WIDEST or sum(full) < max(3, len(lines) // 6):
        return [False] * len(lines)
    return full


@dataclass(frozen=True, slots=True)
class Pages:
    """What a reader hands on: the lines, a name for the document, and what it could not read."""

    lines: tuple[Line, ...]
    name: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """The NFKC view of a text; `origin[i]` is the printed offset of its i-th character."""

    text: str
    origin: tuple[int, ...] = field(repr=False)

    def to_printed(self, offset: int) -> int:
        return self.origin[offset]


def fold(text: str) -> Folded:
    """Full width, compatibility forms and radicals look alike; circled digits stay circled."""
    if text.isascii():
        return Folded(text, tuple(range(len(text) + 1)))
    out: list[str] = []
    origin: list[int] = []
    for offset, char in enumerate(text):
        plain = char if char in _CIRCLED else unicodedata.normalize("NFKC", char)
        out.append(plain)
        origin.extend([offset] * len(plain))
    origin.append(len(text))
    return Folded("".join(out), tuple(origin))


def plain(text: str) -> str:
    """The form in which two texts are compared: NFKC, small letters, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def wants_space(before: str, after: str) -> bool:
    """Whether a line break between these two characters stands for a space (Latin words only)."""
    if not before.isascii() or not after.isascii() or (before == "." and after.isdigit()):
        return False
    return (before.isalnum() or before in ",.;:!?)") and (after.isalnum() or after == "(")


def join(parts: Iterable[Printed]) -> Printed:
    """The parts in one line: nothing between 汉字, a space between Latin words, marks carried."""
    said: list[str] = []
    length, last = 0, ""
    marks: list[Mark] = []
    for part in parts:
        if not part.text:
            continue
        glue = " " if last and wants_space(last, part.text[0]) else ""
        base = length + len(glue)
        said += (glue, part.text)
        length, last = base + len(part.text), part.text[-1]
        for mark in part.marks:
            moved = Mark(start=mark.start + base, end=mark.end + base, kind=mark.kind)
            before = next((index for index in range(len(marks) - 1, -1, -1) if marks[index].kind == mark.kind), None)
            if before is not None and marks[before].end + len(glue) >= moved.start:
                marks[before] = Mark(start=marks[before].start, end=moved.end, kind=mark.kind)
            else:
                marks.append(moved)
    return Printed("".join(said), tuple(marks))


class Writer:
    """Collects one line's text with its marks; invisible characters are left out."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []

    def write(self, text: str, kinds: Iterable[MarkKind] = ()) -> None:
        text = "".join(" " if char.isspace() else char for char in text if char not in _INVISIBLE)
        if not text:
            return
        start, self._length = self._length, self._length + len(text)
        self._text.append(text)
        for kind in kinds:
            last = next((mark for mark in self._marks if mark.kind == kind and mark.end == start), None)
            if last is not None:
                self._marks.remove(last)
            self._marks.append(Mark(start=last.start if last else start, end=self._length, kind=kind))

    def take(self) -> Printed:
        """The line so far, trimmed; the writer starts anew."""
        line = Printed("".join(self._text), tuple(sorted(self._marks, key=lambda mark: (mark.start, mark.kind))))
        self._text, self._length, self._marks = [], 0, []
        return line.cut(0)
