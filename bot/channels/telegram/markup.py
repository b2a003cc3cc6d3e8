"""Text with marks as Telegram's HTML, cut into messages no longer than Telegram takes.

All text becomes HTML in one place, `Span.html`, so nothing a person or a platform wrote is ever
read as a tag. Cutting works on the marked text, not on the HTML, so a tag or an entity is never cut.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

# Length of a message after its entities were parsed, in UTF-16 code units (core.telegram.org/bots/api#sendmessage).
LIMIT = 4096
# Telegram keeps this many entities of a message and drops the others.
MAX_ENTITIES = 100

_FRAMES = {
    "plain": ("", ""),
    "quote": ("<blockquote>", "</blockquote>"),
    "folded": ("<blockquote expandable>", "</blockquote>"),
}
_MARKS = {"": ("", ""), "b": ("<b>", "</b>"), "i": ("<i>", "</i>")}
# Where a long paragraph is best cut, best first.
_CUTS = ("\n\n", "\n", "。", "；", "，", " ")

# A clause is named behind the # by its number, in Chinese: those letters are encoded, the signs of a URL stay.
_URL_SAFE = ":/?#[]@!$&*+,;=%~"

Frame = Literal["plain", "quote", "folded"]
Mark = Literal["", "b", "i"]


def link_text(url: str) -> str:
    """An address as text that a client recognises as a link to its very end."""
    return quote(url, safe=_URL_SAFE)


def units(text: str) -> int:
    """Length in UTF-16 code units, the way Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


@dataclass(frozen=True)
class Span:
    """A stretch of text, marked, or leading to an address (`url`)."""

    text: str
    mark: Mark = ""
    url: str | None = None

    @property
    def html(self) -> str:
        opening, closing = _MARKS[self.mark]
        text = html.escape(self.text, quote=False)
        if self.url is not None:
            text = f'<a href="{html.escape(link_text(self.url))}">{text}</a>'
        return f"{opening}{text}{closing}"


@dataclass(frozen=True)
class Block:
    """A paragraph. Telegram folds a `folded` one to three lines until it is tapped."""

    spans: tuple[Span, ...]
    frame: Frame = "plain"

    @property
    def plain(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def html(self) -> str:
        opening, closing = _FRAMES[self.frame]
        return f"{opening}{''.join(span.html for span in self.spans)}{closing}"

    @property
    def entities(self) -> int:
        marks = sum((span.mark != "") + (span.url is not None) for span in self.spans)
        return marks + (self.frame != "plain")


@dataclass(frozen=True)
class Piece:
    """One Telegram message's worth of text."""

    blocks: tuple[Block, ...]

    @property
    def plain(self) -> str:
        return self._joined([block.plain for block in self.blocks])

    @property
    def html(self) -> str:
        return self._joined([block.html for block in self.blocks])

    def fits(self) -> bool:
        return units(self.plain) <= LIMIT and sum(block.entities for block in self.blocks) <= MAX_ENTITIES

    def _joined(self, texts: Sequence[str]) -> str:
        """A blank line between paragraphs; a quotation stands off by itself."""
        joined = ""
        for at, text in enumerate(texts):
            if at:
                framed = self.blocks[at].frame != "plain" or self.blocks[at - 1].frame != "plain"
                joined += "\n" if framed else "\n\n"
            joined += text
        return joined


def block(*spans: Span | str, frame: Frame = "plain") -> Block:
    """A paragraph of spans; a bare string is unmarked text."""
    return Block(tuple(Span(span) if isinstance(span, str) else span for span in spans), frame)


def split(blocks: Sequence[Block]) -> list[Piece]:
    """The paragraphs as messages that Telegram takes; paragraphs stay whole where they can."""
    pieces: list[Piece] = []
    held: tuple[Block, ...] = ()
    for whole in blocks:
        for part in _parts(whole):
            if not part.plain.strip():
                continue
            if held and not Piece((*held, part)).fits():
                pieces.append(Piece(held))
                held = ()
            held = (*held, part)
    return [*pieces, Piece(held)] if held else pieces


def _parts(whole: Block) -> Iterator[Block]:
    """The paragraph, cut where it is too long for one message."""
    held: list[Span] = []
    room = LIMIT
    for span in whole.spans:
        text = span.text
        while units(text) > room:
            head, text = _cut(text, room)
            yield Block((*held, replace(span, text=head)), whole.frame)
            held, room = [], LIMIT
        held.append(replace(span, text=text))
        room -= units(text)
    yield Block(tuple(held), whole.frame)


def _cut(text: str, room: int) -> tuple[str, str]:
    """The longest good beginning of `text` that takes at most `room` units, and the rest."""
    end = _prefix(text, room)
    for mark in _CUTS:
        at = text.rfind(mark, end // 2, end)
        if at >= 0:
            end = at + len(mark)
            break
    return text[:end], text[end:]


def _prefix(text: str, room: int) -> int:
    taken = 0
    for at, char in enumerate(text):
        taken += 2 if char > "\uffff" else 1
        if taken > room:
            return at
    return len(text)
