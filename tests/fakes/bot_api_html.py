"""Telegram's HTML as the Bot API reads it: a few tags, well nested, or the message is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,8}));")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-z-]+(?:=(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'<>]+))?)*)\s*>")


class BadMarkup(ValueError):
    """The text is no HTML that Telegram takes."""


@dataclass(frozen=True)
class Entity:
    """A marked stretch; `offset` and `length` in UTF-16 code units."""

    type: str
    offset: int
    length: int


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The visible text and its entities. Raises BadMarkup as Telegram would refuse."""
    text, entities, open_tags, at = "", [], list[tuple[str, str, int]](), 0
    while at < len(source):
        char = source[at]
        if char == "&":
            named = _ENTITY.match(source, at)
            found = _decoded(named) if named else None
            text += found if found is not None else "&"
            at = named.end() if named and found is not None else at + 1
        elif char == "<":
            tag = _TAG.match(source, at)
            if tag is None or tag[2].lower() not in _TAGS:
                raise BadMarkup(f"Unsupported start tag at byte offset {len(source[:at].encode())}")
            name = tag[2].lower()
            if tag[1]:
                if not open_tags or open_tags[-1][0] != name:
                    raise BadMarkup(f"Unmatched end tag at byte offset {len(source[:at].encode())}")
                _, kind, start = open_tags.pop()
                if utf16(text) > start:
                    entities.append(Entity(kind, start, utf16(text) - start))
            else:
                kind = "expandable_blockquote" if name == "blockquote" and "expandable" in tag[3] else _TAGS[name]
                if "blockquote" in kind and any("blockquote" in other for _, other, _ in open_tags):
                    raise BadMarkup("BLOCKQUOTE can't be nested")
                open_tags.append((name, kind, utf16(text)))
            at = tag.end()
        else:
            text += char
            at += 1
    if open_tags:
        raise BadMarkup(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return text, entities


def _decoded(entity: re.Match[str]) -> str | None:
    number, hexadecimal, name = entity.groups()
    if name:
        return _NAMED.get(name)
    code = int(number) if number else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else None
