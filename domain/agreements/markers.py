"""Where a clause number may stand. Finding them all is cheap; `scheme` decides which are meant.

Each candidate says what it would cost to leave it as text (`skip`) and what it costs to take it at
all (`doubt`). The figures are on the scale of scheme.py, where a broken sequence costs two to five.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .numerals import CHINESE, STEMS, read_chinese, read_roman
from .printed import Folded, Line, fold, full_lines

SURE, PLAIN, FAINT = 6.0, 3.2, 0.5
"""Cost of leaving as text: an article or automatic number, an ordinary number, a mere resemblance."""

_CN = f"[{CHINESE}]{{1,7}}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_UNITS = ("编", "篇", "部分", "章", "节", "条", "款", "项")

_ARTICLE = re.compile(rf"第\s?({_CN}|\d{{1,3}})\s?({'|'.join(_UNITS)})(?:之({_CN}|\d{{1,2}}))?")
_LATIN_ARTICLE = re.compile(r"(Part|Chapter|Article|Section|Clause)\s+(\d{1,3}|[IVX]{1,6})\b", re.IGNORECASE)
_ANNEX = re.compile(rf"(附件|附录|附表)\s?({_CN}|\d{{1,2}}|[A-Z])?(?=[\s:：.、]|$)")
_DECIMAL = re.compile(r"\d{1,2}(?:\s?\.\s?\d{1,2}){1,5}(?![\d%‰])")
_NUMBER = rf"{_CN}|\d{{1,3}}|[A-Za-z]|[ivx]{{2,5}}|[IVX]{{2,5}}|[{STEMS}]"
_BRACKETED = re.compile(rf"([(\[{{〔〖])\s?({_NUMBER})\s?([)\]}}〕〗])")
_CLOSED = re.compile(rf"({_NUMBER})\s?([、.)])(?!\d)")
_SPACED = re.compile(rf"({_CN}|\d{{1,2}})(?=\s|$)")
_FUSED = re.compile(r"(\d{1,2})(?=[\u4e00-\u9fff])")
_ROUND = re.compile(f"[{_CIRCLED}]")

_TAIL = re.compile(r"\s?[、.:：]?\s*")
_ENDS = "。.;:!?”\"')】》…"
# What follows a number that counts something, or a clause that is only spoken of.
_AMOUNT = re.compile(
    r"\s?(?:元|万|亿|%|％|折|倍(?!率)|年版|[个]?(?:工作日|自然日|月内|日内|年内)|个月|天|小时|分钟|周岁|"
    r"[年月日](?:[\d〇一二三四五六七八九十]|前|后|内|起|止|以|至|$|[,，。]))"
)
_REFERENCE = re.compile(
    r"(?:第|的|所(?!有)|之|中(?!止|断)|至|到|和|与|及|或|以|项下|规定|约定|[,。;)》」”]|\([\d一二三四五六七八九十]+\)项|、\s?第)"
)
_RUN_ON_LINE, _RUN_ON_PAGES = 3, 8
"""Numbers behind closed sentences that make a line, or a whole text, run its clauses together."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A possible clause number.

    `line`, `start`, `end` place the printed number, `after` where the clause's words begin.
    `style` is the shape shared by a list's numbers, `value` what is counted (several for 3.1.2).
    """

    line: int
    start: int
    end: int
    after: int
    number: str
    style: str
    value: tuple[int, ...]
    skip: float
    doubt: float = 0.0
    introduced: bool = False
    inline: bool = False
    indent: int = 0


@dataclass(frozen=True, slots=True)
class _Shape:
    """A candidate in the folded view: [0:end) is the number, [0:after) with what closes it."""

    end: int
    after: int
    style: str
    value: tuple[int, ...]
    skip: float
    doubt: float = 0.0


def scan(lines: tuple[Line, ...]) -> list[tuple[Marker, ...]]:
    """All candidates in printed order; readings of the same characters stand together."""
    starts: list[tuple[Marker, ...]] = []
    inside: list[tuple[list[tuple[Marker, ...]], int]] = []
    before = ""
    full = full_lines(lines)
    for index, line in enumerate(lines):
        folded = fold(line.text)
        starts.append(_at_line_start(index, line, folded, before, torn=index > 0 and full[index - 1]))
        inside.append(_inside(index, folded, starts[-1][0].after if starts[-1] else 0))
        before = folded.text
    weighty = sum(count for _, count in inside)
    run_on = weighty >= _RUN_ON_PAGES and weighty > sum(bool(start) for start in starts)
    found: list[tuple[Marker, ...]] = []
    for start, (within, count) in zip(starts, inside, strict=True):
        found += [start] if start else []
        found += within if run_on or count >= _RUN_ON_LINE else []
    return found


def starts_with_number(line: Line, weight: float) -> bool:
    """Whether the line begins with a number that weighs at least this much."""
    return any(shape.skip >= weight for shape in _shapes(fold(line.text).text))


def _at_line_start(index: int, line: Line, folded: Folded, before: str, *, torn: bool) -> tuple[Marker, ...]:
    text = folded.text
    wrapped = runs_on(before) and (torn or before.endswith((",", "、"))) and not line.label and not line.level
    out = []
    for shape in _shapes(text):
        skip, doubt = shape.skip, shape.doubt
        if line.label or line.level:
            skip, doubt = SURE, 0.0
        elif wrapped:
            skip, doubt = min(skip, FAINT), doubt + 1.0
        out.append(
            Marker(
                line=index,
                start=0,
                end=folded.to_printed(shape.end),
                after=folded.to_printed(shape.after),
                number=line.text[: folded.to_printed(shape.end)].strip(),
                style=shape.style,
                value=shape.value,
                skip=skip,
                doubt=doubt,
                introduced=before.endswith(":"),
                indent=line.indent,
            )
        )
    return tuple(out)


def runs_on(before: str) -> bool:
    """Whether the line before breaks off inside a sentence, as a hard-wrapped line does."""
    if before.endswith((",", "、")):
        return True
    return len(before) >= 18 and before[-1] not in _ENDS and any(mark in before for mark in ",。;、")


def _shapes(text: str) -> Iterator[_Shape]:
    """Every reading of the number that the text begins with."""
    if found := _ARTICLE.match(text):
        yield from _article(text, found)
    elif found := _LATIN_ARTICLE.match(text):
        value = int(found[2]) if found[2].isdigit() else read_roman(found[2])
        if value:
            yield _shape(text, found.end(), found[1].lower(), (value,), SURE)
    elif found := _ANNEX.match(text):
        yield _shape(text, found.end(), "附件", (_value(found[2]) or 1,), PLAIN)
    elif found := _DECIMAL.match(text):
        value_of = tuple(int(part) for part in re.split(r"\s?\.\s?", found[0]))
        doubt = 2.0 if _AMOUNT.match(text, found.end()) else 0.0
        yield _shape(text, found.end(), f"1.{len(value_of)}", value_of, FAINT if doubt else PLAIN, doubt)
    elif found := _BRACKETED.match(text):
        yield from _lettered(text, found[2], found.end(), found.end(), f"{found[1]}%s{found[3]}")
    elif found := _CLOSED.match(text):
        closed_by_paren = found[2] == ")"
        end = found.end() if closed_by_paren else found.end(1)
        yield from _lettered(text, found[1], end, found.end(), f"%s{found[2]}")
    elif found := _ROUND.match(text):
        yield _shape(text, found.end(), "①", (_CIRCLED.index(found[0]) + 1,), PLAIN)
    elif found := _SPACED.match(text):
        yield from _spaced(text, found)
    elif (found := _FUSED.match(text)) and _heading_like(text) and not _AMOUNT.match(text, found.end()):
        yield _shape(text, found.end(), "%1", (int(found[1]),), FAINT / 2, 0.4)


def _heading_like(text: str) -> bool:
    return len(text) <= 20 and not any(mark in text for mark in "。;,:")


def _article(text: str, found: re.Match[str]) -> Iterator[_Shape]:
    value = _value(found[1])
    if not value:
        return
    values = (value,) if found[3] is None else (value, _value(found[3]) or 0)
    spoken_of = bool(_REFERENCE.match(text, found.end()))
    yield _shape(
        text, found.end(), f"第{found[2]}", values, FAINT if spoken_of else SURE, doubt=2.5 if spoken_of else 0.0
    )


def _spaced(text: str, found: re.Match[str]) -> Iterator[_Shape]:
    value = _value(found[1])
    if not value:
        return
    chinese = not found[1].isdigit()
    lone = found.end() == len(text)
    doubt = 2.0 if _AMOUNT.match(text, found.end()) else 0.3 if lone else 0.0
    skip = FAINT if doubt else 1.6
    yield _shape(text, found.end(), "%一" if chinese else "%1", (value,), skip, doubt)


def _lettered(text: str, number: str, end: int, after: int, template: str) -> Iterator[_Shape]:
    """A number in brackets or closed by 、 . ) – an i may be a letter or a Roman numeral."""
    readings: list[tuple[str, int]] = []
    if number.isdigit():
        readings.append(("1", int(number)))
    elif number in STEMS:
        readings.append(("甲", STEMS.index(number) + 1))
    elif number[0] in CHINESE:
        if value := read_chinese(number):
            readings.append(("一", value))
    else:
        case = "a" if number.islower() else "A"
        if len(number) == 1:
            readings.append((case, ord(number.lower()) - ord("a") + 1))
        if value := read_roman(number):
            readings.append(("i" if case == "a" else "I", value))
    # "A.B" and "e.g." are words, not numbers.
    word = template == "%s." and number.isascii() and number.isalpha() and text[after : after + 1].isalpha()
    word = word and text[after : after + 1].isascii()
    counted = number.isdigit() and _AMOUNT.match(text, after) is not None and template != "%s、"
    for kind, value in readings:
        if value:
            skip = FAINT if word or counted or value > 60 else PLAIN
            yield _shape(
                text, end, template.replace("%s", kind), (value,), skip, 2.0 if word or counted else 0.0, after
            )


def _shape(
    text: str, end: int, style: str, value: tuple[int, ...], skip: float, doubt: float = 0.0, after: int | None = None
) -> _Shape:
    tail = _TAIL.match(text, end if after is None else after)
    return _Shape(end, tail.end() if tail else end, style, value, skip, doubt)


def _value(numeral: str | None) -> int | None:
    if not numeral:
        return None
    if numeral.isdigit():
        return int(numeral)
    return read_chinese(numeral) or (ord(numeral) - ord("A") + 1 if len(numeral) == 1 and numeral.isascii() else None)


_WINDOW = 40
"""Characters looked at around a number inside a line."""
_INLINE = re.compile(
    rf"第(?:{_CN}|\d{{1,3}})(?:章|条)(?=\s)|(?<=[。;!?])第(?:{_CN}|\d{{1,3}})(?:章|条)|(?<![\d.\-])\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}(?![\d.%])"
    rf"|(?<=[。;:!?\s])(?:{_CN}、|\({_CN}\)|\(?[a-z1-9]\)|\d{{1,2}}、|[A-Z]、)"
)


def _inside(index: int, folded: Folded, start: int) -> tuple[list[tuple[Marker, ...]], int]:
    """Candidates within a line, and how many articles, chapters or decimals close behind a sentence.

    Only where clauses run together are they meant; otherwise numbers inside a line are its own words.
    """
    text = folded.text
    out: list[tuple[Marker, ...]] = []
    weighty = 0
    for found in _INLINE.finditer(text, start):
        ahead = text[max(found.start() - _WINDOW, 0) : found.start()].rstrip()
        closed = bool(ahead) and ahead[-1] in _ENDS
        big = found[0][0] == "第" or "." in found[0]
        weighty += closed and big
        for shape in _shapes(text[found.start() : found.start() + _WINDOW]):
            if shape.end == len(found[0].rstrip("、")):
                at, end = folded.to_printed(found.start()), folded.to_printed(found.start() + shape.end)
                after = folded.to_printed(found.start() + shape.after)
                out.append(
                    (
                        Marker(
                            line=index, start=at, end=end, after=after, number=found[0].rstrip("、"),
                            style=shape.style, value=shape.value, skip=2.6 if closed else 0.2,
                            doubt=shape.doubt, introduced=ahead.endswith(":"), inline=True,
                        ),
                    )
                )  # fmt: skip
                break
    return out, weighty
