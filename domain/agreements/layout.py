"""Paragraphs regained from files that only know lines: plain text without blank lines, and PDF."""

from __future__ import annotations

import re
from dataclasses import replace

from .markers import PLAIN, starts_with_number
from .printed import FULL, WIDEST, Line, fold, full_lines, join

_APART_SHARE = 0.1
"""With fewer lines set off by white space than this, white space tells nothing about paragraphs."""
_TORN_NUMBER = re.compile(r"(?:第\d*|\d|\d\.)$")
REMARK = re.compile(r"[【\[][^【】\[\]]{0,12}(?:批注|评注|审阅意见|修改意见)[^【】\[\]]{0,6}[】\]]")
"""How a reviewer's remark begins that was printed into the text."""

_SENTENCE_ENDS = "。;:!?"


def paragraphs(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines, with those put together again that a page's width broke apart."""
    if sum(line.apart for line in lines[1:]) > _APART_SHARE * len(lines):
        return lines
    widths = [line.width for line in lines]
    widest = max(widths, default=0)
    wrapped = any(full_lines(lines))
    full = [widest <= WIDEST and width >= FULL * widest for width in widths]
    groups: list[list[Line]] = []
    for index, line in enumerate(lines):
        brimful = index > 0 and widths[index - 1] > widest - 4
        if groups and full[index - 1] and _goes_on(groups[-1], line, wrapped, brimful):
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(replace(group[0], printed=join(line.printed for line in group), apart=True) for group in groups)


def _goes_on(group: list[Line], line: Line, wrapped: bool, brimful: bool) -> bool:
    """Whether a full line and the next are one paragraph.

    A remark goes on over its full stops, but only behind a line with no room left for another 汉字:
    a term taken for a remark would be worse than a remark cut short.
    """
    before = group[-1]
    if line.level or before.level or line.bullet:
        return False
    end = fold(before.text).text
    if _TORN_NUMBER.search(end) and line.text[:1].isdigit():
        return wrapped
    if starts_with_number(line, PLAIN):
        return False
    if REMARK.match(group[0].text):
        return brimful
    return wrapped and end[-1] not in _SENTENCE_ENDS
