"""Plain text and Markdown. Both are read alike: many a .txt carries ** and bullets."""

from __future__ import annotations

import re

from ..model import MarkKind
from ..printed import Line, Pages, Writer
from .decoding import decode

_BREAKS = re.compile(r"\r\n|[\n\r\f\v\x85\u2028\u2029]")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_BULLET = re.compile(r"(?:[-*+•·●○▪■◆–—]|\uf0b7)[ \t\u3000]+(?=\S)")
_QUOTE = re.compile(r"^(?:>\s?)+")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}$|`{3,}\w*$|\|?(?:\s*:?-{3,}:?\s*\|)+\s*:?-*:?\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_MARKUP = re.compile(r"\*\*|__|</?(?:b|strong|u|ins)>|<br\s*/?>", re.IGNORECASE)


def read_text(data: bytes) -> Pages:
    """The lines of a text or Markdown file.

    **, __, <b> and <u> become marks, also over broken lines; leading # and bullets are markup.
    Raises UnreadableAgreement when the bytes are no text.
    """
    text = _COMMENT.sub("", decode(data))
    lines: list[Line] = []
    on: set[MarkKind] = set()
    apart = True
    for raw in _BREAKS.split(text):
        body = _QUOTE.sub("", raw.strip(), count=1)
        if not body or _RULE.fullmatch(body):
            apart = True
            continue
        if apart:
            on = on if _closes(body, on) else set()
        level = 0
        heading = _HEADING.match(body)
        if heading:
            level, body = len(heading[1]), heading[2]
        bullet = _BULLET.match(body)
        if bullet:
            body = body[bullet.end() :]
        writer = Writer()
        _write(writer, _LINK.sub(r"\1", body), on)
        printed = writer.take()
        if printed.text:
            at = _indent(raw)
            lines.append(Line(printed, level=level, bullet=bool(bullet), apart=apart or bool(heading), indent=at))
            apart = bool(heading)
    return Pages(tuple(lines))


def _indent(raw: str) -> int:
    """Columns of white space before the line's first sign."""
    space = raw[: len(raw) - len(raw.lstrip())]
    return sum({"\t": 4, "\u3000": 2}.get(char, 1) for char in space)


def _closes(body: str, on: set[MarkKind]) -> bool:
    """Emphasis goes on over a blank line only where the next paragraph closes it."""
    return bool(on) and body.count("**") % 2 == 1


def _write(writer: Writer, body: str, on: set[MarkKind]) -> None:
    at = 0
    for found in _MARKUP.finditer(body):
        token = found[0].lower()
        if found.start() and body[found.start() - 1] == "\\":
            continue
        if token == "__" and not on and "__" not in body[found.end() :]:
            continue
        writer.write(_ESCAPE.sub(r"\1", body[at : found.start()]), sorted(on))
        at = found.end()
        if token.startswith("<br"):
            writer.write(" ")
            continue
        kind: MarkKind = "underline" if token.strip("</>") in {"u", "ins"} else "bold"
        if token.startswith("</") or (not token.startswith("<") and kind in on):
            on.discard(kind)
        else:
            on.add(kind)
    writer.write(_ESCAPE.sub(r"\1", body[at:]), sorted(on))
