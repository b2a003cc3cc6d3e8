"""Reading an agreement: title, opening, clauses, and reviewers' remarks kept apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .errors import UnreadableAgreement
from .layout import REMARK, paragraphs
from .markers import runs_on, scan
from .model import Annotation, ParsedAgreement
from .printed import Line, fold, join, plain
from .readers import read
from .scheme import Scheme, infer
from .tree import Grown, grow

_AUTHOR = re.compile(r"[\w·. \-]{1,24}$")
_TITLE_END = re.compile(
    r"(?:协议书?|条款|政策|规则|合同|声明|须知|章程|办法|承诺书|同意书|授权书|细则|公约|约定|指引|agreement|terms)"
    r"[》」】]?(?:\s*[(（].{1,20}[)）])?$",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"(?:目\s*[录次]|contents)$", re.IGNORECASE)
_LEADER = re.compile(r"(?:[.·…\s]{3,}|\s)\d{1,3}$")
_SHORT_NAME = re.compile(r"(?:以下|下)?简?称(?:为)?[“\"「]([^”\"」]{2,12})[”\"」]")
_TITLE_LIMIT = 60
MAX_NUMBERS = 10_000
"""About fifty times the clauses of the longest user agreement in use."""


def parse(data: bytes, name: str) -> ParsedAgreement:
    """The agreement in a file's bytes; `name` tells its kind by the suffix.

    Raises UnreadableAgreement. What does not fit the numbering is told in `warnings`, and the
    words concerned stay in the clause where they are printed.
    """
    pages = read(data, name)
    lines, remarks = _take_out_remarks(paragraphs(pages.lines))
    contents = _contents_end(lines)
    if remarks and not any(line.apart for line in pages.lines[1:]):
        doubt = "remarks stand in a text without paragraphs: check where they end"
        pages = replace(pages, warnings=(*pages.warnings, doubt))
    body = lines[contents[1] :] if contents else lines
    candidates = scan(body)
    if len(candidates) > MAX_NUMBERS:
        raise UnreadableAgreement("too_large", f"{len(candidates)} clause numbers; at most {MAX_NUMBERS} are read")
    scheme = infer(candidates)
    names = frozenset(
        found for line in body[:40] for found in _SHORT_NAME.findall(line.text) if not found.startswith("本协议")
    )
    grown = grow(body, scheme.taken, names)
    opening = (*lines[: contents[1]], *grown.opening) if contents else grown.opening
    title, preamble = _opening(opening, pages.name)
    offset = contents[1] if contents else 0
    annotations = tuple(
        Annotation(text=text, author=author, near=grown.line_uids.get(at - 1 - offset, "preamble"))
        for at, author, text in remarks
    )
    return ParsedAgreement(
        title=title,
        preamble=preamble,
        clauses=grown.clauses,
        annotations=annotations,
        warnings=(*pages.warnings, *_warnings(scheme, grown)),
    )


def parse_file(path: Path | str) -> ParsedAgreement:
    """`parse` for a file on disk. Raises UnreadableAgreement, or OSError when it cannot be opened."""
    path = Path(path)
    return parse(path.read_bytes(), path.name)


def _take_out_remarks(lines: Sequence[Line]) -> tuple[tuple[Line, ...], list[tuple[int, str | None, str]]]:
    """Reviewers' remarks out of the text.

    Returns the other lines, and for each remark the index of the line it stood before, its author
    and its words. A remark is a line that begins 【…批注】, with the lines that follow it closely;
    a short line right above it is the author.
    """
    kept: list[Line] = []
    remarks: list[tuple[int, str | None, str]] = []
    inside = False
    for line in lines:
        if line.remark_by is not None:
            remarks.append((len(kept), line.remark_by or None, line.text))
            continue
        if REMARK.match(line.text):
            author = None
            if kept and not kept[-1].level and _AUTHOR.match(kept[-1].text) and (not line.apart or kept[-1].apart):
                author = kept.pop().text
            remarks.append((len(kept), author, line.text))
            inside = True
        elif inside and not line.apart:
            at, author, text = remarks[-1]
            remarks[-1] = (at, author, text + line.text)
        else:
            inside = False
            kept.append(line)
    return tuple(kept), remarks


def _contents_end(lines: Sequence[Line]) -> tuple[int, int] | None:
    """First and last+1 line of a table of contents before the text, or None.

    A table of contents is a run of short lines, the first of which comes again further down, alike
    but for the page number.
    """
    start = next((at for at, line in enumerate(lines[:30]) if _CONTENTS.match(fold(line.text).text)), None)
    first = start + 1 if start is not None else next((at for at, found in _numbered(lines[:30])), None)
    if first is None or first >= len(lines):
        return None
    entry = _entry(lines[first])
    again = next((at for at in range(first + 1, min(len(lines), first + 200)) if _entry(lines[at]) == entry), None)
    if again is None or again - first < 2:
        return None
    if any(len(line.text) > _TITLE_LIMIT for line in lines[first:again]):
        return None
    return (first if start is None else start), again


def _numbered(lines: Sequence[Line]) -> list[tuple[int, Line]]:
    return [(choices[0].line, lines[choices[0].line]) for choices in scan(tuple(lines)) if choices[0].start == 0]


def _entry(line: Line) -> str:
    return plain(_LEADER.sub("", fold(line.text).text))


def _opening(lines: Sequence[Line], fallback: str) -> tuple[str, tuple[str, ...]]:
    """Title and opening paragraphs from what stands before the first clause."""
    at = next((index for index, line in enumerate(lines) if line.level == 1 and len(line.text) <= _TITLE_LIMIT), None)
    if at is None:
        head = [index for index, line in enumerate(lines[:12]) if len(line.text) <= _TITLE_LIMIT]
        at = next((index for index in head if _TITLE_END.search(lines[index].text)), None)
        if at is None:
            at = next((index for index in head if fold(lines[index].text).text[-1] not in "。;:!?,"), None)
    title = lines[at].text if at is not None else fallback
    paragraphs: list[list[Line]] = []
    for index, line in enumerate(lines):
        if index == at:
            continue
        broken = paragraphs and paragraphs[-1] and _broken_off(paragraphs[-1][-1], line) and index - 1 != at
        if broken:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return title, tuple(join(line.printed for line in group).text for group in paragraphs)


def _broken_off(before: Line, line: Line) -> bool:
    """Whether the line before breaks off inside a sentence, so that this one goes on with it."""
    return not line.level and not before.level and not line.bullet and runs_on(fold(before.text).text)


def _warnings(scheme: Scheme, grown: Grown) -> list[str]:
    out = []
    for one, uid in zip(scheme.taken, grown.uids, strict=True):
        if one.flaw:
            out.append(f"{uid}: {one.flaw}")
    for marker in scheme.left:
        where = grown.line_uids.get(marker.line, "preamble")
        out.append(f"{where}: {marker.number} at the start of a line does not fit the numbering; kept as text")
    for text, uid in grown.loose_headings:
        out.append(f"{uid}: the heading {text} has no number; kept as text")
    if not grown.clauses:
        out.append("no numbered clauses found; the whole text is the opening")
    return out
