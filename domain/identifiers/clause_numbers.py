"""How people point at a clause (第三条, 3.2.1, 三(四), 6.1那条), matched to the uids of an agreement."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.identifiers.numerals import NUMERAL, numeral_value
from domain.identifiers.spans import Span
from domain.identifiers.text import Reading, read

_N = rf"(?:[0-9]{{1,3}}|{NUMERAL}{{1,5}})"
_DOTTED = r"[0-9]{1,2}(?:\.[0-9]{1,2}){1,3}"
_UNIT = "[条條款项項章节節点]"
_ORDINAL = rf"第\s?(?:{_DOTTED}|{_N})\s?{_UNIT}"
_PAREN = rf"[（(]\s?{_N}\s?[）)]"
_TAIL = rf"(?:的?\s?(?:{_ORDINAL}|{_PAREN}{_UNIT}?|第\s?{_PAREN}\s?{_UNIT}?|/[0-9]{{1,2}}))"
_REFERENCE = re.compile(
    rf"(?:{_ORDINAL}{_TAIL}*"
    rf"|(?<![0-9A-Za-z.]){_DOTTED}(?![0-9]|\.[0-9]|[元块万%千百度版倍星分米斤级折亿天年小个kKgG号日])(?:{_PAREN})*(?:这?那?条款?|條)?"
    rf"|(?<![{NUMERAL[1:-1]}]){_N}{_PAREN}(?:{_PAREN})*"
    rf"|(?<![0-9.年月]){_N}[条條](?=款|$|[^\w]|里|是|的|说|什么|怎么|不|我|呢|吗|啥|写))",
)
_THAT_CLAUSE = re.compile(r"(?:这|那)?[条條]款?$")
_PIECE = re.compile(rf"{_DOTTED}|{_N}|[A-Z](?![A-Za-z])")
_ONLY = re.compile(r"\s*[0-9]{1,2}\s*")


def find_clause_numbers(typed: str | Reading) -> list[Span]:
    """References with their unit words; the value is the path of numbers, e.g. "12/3" or "3.2.1"."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    found = []
    for match in _REFERENCE.finditer(reading.text):
        raw = match[0]
        if not raw.startswith("第"):
            raw = raw.removesuffix("款") if raw.endswith("条款") else raw
            raw = re.sub("(?:这|那)[条條]?$", "", raw)
        path = clause_path(raw)
        if path and not _is_version_or_time(reading.text, match):
            found.append(Span("/".join(path), *reading.span(match.start(), match.start() + len(raw))))
    return found


def clause_path(reference: str) -> tuple[str, ...]:
    """The numbers a reference or a uid is made of, outermost first: 第十二条第三款 -> ("12", "3").

    Works on uid paths too: "五/(一)/1" -> ("5", "1", "1"); "#2" of a repeated sibling is dropped.
    """
    path = []
    for step in re.split("[/／]", reference):
        for match in _PIECE.finditer(read(step.split("#")[0]).text.upper()):
            piece = match[0]
            value = piece if "." in piece or "A" <= piece <= "Z" else numeral_value(piece)
            if value is not None:
                path.append(str(value))
    return tuple(path)


def match_clauses(reference: str, uids: Iterable[str]) -> list[str]:
    """The uids a reference can mean, best first.

    3.2.1 means the clause numbered so, or item 1 of 3.2, or 3/2/1; 第三条 means a third clause,
    the outermost first; 三(四) means the fourth part of the third. An agreement with two 第四条
    yields both.
    """
    wanted = clause_path(reference)
    if not wanted:
        return []
    loose = tuple(number for part in wanted for number in part.split("."))
    literal = read(reference).text.replace(" ", "")
    ranked = []
    for position, uid in enumerate(uids):
        path = clause_path(uid)
        if not path:
            continue
        if path == wanted:
            rank = 0
        elif _short(path) == loose:
            rank = 1
        elif path[-len(wanted) :] == wanted:
            rank = 2
        elif _short(path)[-len(loose) :] == loose and len(loose) > 1:
            rank = 3
        else:
            continue
        printed = read(uid.split("/")[-1].split("#")[0]).text
        likeness = sum(char in literal for char in printed)  # 第3条 is nearer to 第三条 than to 三
        ranked.append((rank, -likeness, len(path), position, uid))
    return [uid for *_, uid in sorted(ranked)]


def match_clause(text: str, uids: Iterable[str]) -> str | None:
    """The clause a text points at: the best match of its first reference that matches any; else None."""
    known = list(uids)
    for span in find_clause_numbers(text):
        if matches := match_clauses(text[span.start : span.end], known):
            return matches[0]
    return None


def _short(path: tuple[str, ...]) -> tuple[str, ...]:
    """("3", "3.1", "3.1.1") -> ("3", "1", "1"): a dotted number repeats what stands above it."""
    short: tuple[str, ...] = ()
    for part in path:
        numbers = tuple(part.split("."))
        short = numbers if numbers[: len(short)] == short and len(numbers) > len(short) else short + numbers
    return short


def _is_version_or_time(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 3) : match.start()]
    return bool(re.search(r"[vV版¥￥$]$", before)) or (match[0].isdigit() and bool(_ONLY.fullmatch(match[0])))
