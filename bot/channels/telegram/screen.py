"""A message of the conversation as Telegram shows it: marked text and rows of buttons."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.channels.telegram.markup import Block, Piece, Span, block, link_text, split
from bot.channels.telegram.words import Words

# A row holds about as many half-width columns on a narrow phone.
_ROW_COLUMNS = 30
_ROW_BUTTONS = 4

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """A button: pressed (`data`) or leading somewhere (`url`)."""

    label: str
    data: str | None = None
    url: str | None = None


Row = tuple[Key, ...]


@dataclass(frozen=True)
class Screen:
    """Args:
    protected: whether the message must not be forwarded or saved.
    footed: whether it shows what was chosen.
    """

    pieces: tuple[Piece, ...]
    rows: tuple[Row, ...]
    protected: bool
    footed: bool = False

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        return _markup(self.rows)

    @property
    def pressed_only(self) -> InlineKeyboardMarkup | None:
        """The keyboard without what leads elsewhere, for when Telegram does not accept an address."""
        return _markup([row for row in (tuple(key for key in row if key.url is None) for row in self.rows) if row])


class Artist:
    """Draws messages. Everything a person reads goes through `markup`, which escapes it."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def draw(self, message: Message, *, settled: bool = False) -> Screen:
        """The message to be shown.

        Args:
            message: as `Outbox.public` gives it.
            settled: its question was answered: what was chosen stands below it, the buttons are gone.
        """
        card, chosen = message["card"], message.get("chosen") if settled else None
        blocks = [block(message["text"])]
        card_rows: list[Row] = []
        if card is not None:
            drawn, card_rows = self._card(card, chosen)
            blocks += drawn
        if settled:
            blocks += self._footer(message, chosen)
        rows = [] if settled else [*card_rows, *_packed(_keys(message["buttons"]))]
        urls = [key.url for row in rows for key in row if key.url]
        protected = message["expects"] == "sms_code" or bool(card and card["kind"] == "link" and urls)
        return Screen(tuple(split(blocks)), tuple(rows), protected, chosen is not None)

    def _footer(self, message: Message, chosen: str | None) -> list[Block]:
        card = message["card"] or {"kind": None}
        if card["kind"] == "consents" and any(chosen in (i["yes"]["token"], i["no"]["token"]) for i in card["items"]):
            return []
        label = next((button["label"] for button in _buttons(message) if button["token"] == chosen), "")
        return [block(Span(self._words.say("chosen", label=label), "i"))] if label else []

    def _card(self, card: Mapping[str, Any], chosen: str | None) -> tuple[list[Block], list[Row]]:
        match card["kind"]:
            case "platforms":
                return self._platforms(card)
            case "clause":
                return list(self._clause(card)), []
            case "theme":
                return self._theme(card)
            case "every":
                blocks = [block(Span(card["title"], "b")), block(card["quote"], frame="quote")]
                return [*blocks, self._address(card["read_url"])], []
            case "changes":
                return list(self._changes(card)), []
            case "answer":
                return list(self._answer(card)), []
            case "consents":
                return self._consents(card, chosen)
            case "summary":
                return [*self._table(card), *(block(line) for line in card["lines"])], []
            case "link":
                blocks = [block(Span(card["title"], "b"), f"\n{card['body']}")]
                return self._led(blocks, [(card["label"], card["url"])])
            case "receipt":
                links = [(card["label"], card["url"]), (card["json_label"], card["json_url"])]
                return self._led(self._table(card), links)
        return [], []

    def _platforms(self, card: Mapping[str, Any]) -> tuple[list[Block], list[Row]]:
        items = card["items"]
        blocks = [block(Span(item["name"], "b"), f"\n{item['line']}") for item in items]
        return blocks, [(Key(item["choose"]["label"], item["choose"]["token"]),) for item in items]

    def _clause(self, card: Mapping[str, Any]) -> Iterator[Block]:
        heading = self._words.say("heading", title=card["title"], number=card["number"])
        yield block(heading, "\n", Span(card["line"], "b"))
        if card["note"]:
            yield block(Span(card["note"], "i"))
        if "explain" in card["unfolded"]:
            yield _explanation(card)
        if "quote" in card["unfolded"]:
            yield _quotation(card)
            yield self._address(card["read_url"])

    def _theme(self, card: Mapping[str, Any]) -> tuple[list[Block], list[Row]]:
        blocks: list[Block] = []
        keys: list[Key] = []
        for item in card["items"]:
            note = (Span(f"\n{item['note']}", "i"),) if item["note"] else ()
            blocks.append(block(Span(item["number"], "b"), f"\n{item['line']}", *note))
            if item["unfolded"]:
                explained = [_explanation(item)] if item["sections"] else []
                blocks += [*explained, _quotation(item), self._address(item["read_url"])]
            else:
                keys.append(Key(item["unfold"]["label"], item["unfold"]["token"]))
        return blocks, _packed(keys)

    def _changes(self, card: Mapping[str, Any]) -> Iterator[Block]:
        """Old words and new ones below each other, what differs in bold."""
        for item in card["items"]:
            yield block(Span(item["number"], "b"), f"  {item['tag']}")
            for side in (item["before"], item["after"]):
                if side is not None:
                    yield block(Span(side["label"], "i"), "\n", *_marked(side), frame="quote")
            if item["note"]:
                yield block(Span(item["note"], "i"))
            if item["sections"]:
                yield _explanation(item)
        yield self._address(card["read_url"], card["read_label"])

    def _answer(self, card: Mapping[str, Any]) -> Iterator[Block]:
        for quote in card["quotes"]:
            yield block(Span(quote["number"], "b"), f"\n{quote['quote']}", frame="folded")
            yield self._address(quote["read_url"])
        if card["note"]:
            yield block(Span(card["note"], "i"))

    def _consents(self, card: Mapping[str, Any], chosen: str | None) -> tuple[list[Block], list[Row]]:
        blocks: list[Block] = []
        rows: list[Row] = []
        for number, item in enumerate(card["items"], 1):
            decision = {item["yes"]["token"]: "given", item["no"]["token"]: "refused"}.get(
                chosen or "", item["decision"]
            )
            title = self._words.say("required", number=number, title=item["title"], tag=item["tag"])
            mark = f"\n{self._words.say(decision)}" if decision else ""
            blocks.append(block(Span(title, "b"), f"\n{item['body']}", Span(mark, "b")))
            rows.append(
                tuple(
                    Key(
                        self._words.say(
                            "decided" if decision == kind else "numbered", number=number, label=item[side]["label"]
                        ),
                        item[side]["token"],
                    )
                    for side, kind in (("yes", "given"), ("no", "refused"))
                )
            )
        blocks += [block(Span(missing["title"], "b"), f"\n{missing['line']}") for missing in card["missing"]]
        return blocks, rows

    def _table(self, card: Mapping[str, Any]) -> list[Block]:
        rows = "\n".join(self._words.say("row", label=row["label"], value=row["value"]) for row in card["rows"])
        return [block(Span(card["title"], "b"), f"\n{rows}")]

    def _led(self, blocks: list[Block], links: Sequence[tuple[str, str]]) -> tuple[list[Block], list[Row]]:
        """What leads to pages: as buttons, or as text where Telegram would refuse the address."""
        rows: list[Row] = []
        for label, url in links:
            if url.startswith("https://"):
                rows.append((Key(label, url=url),))
            else:
                blocks = [*blocks, block(self._words.say("open", label=label, url=link_text(url)))]
        return blocks, rows

    def _address(self, url: str, label: str | None = None) -> Block:
        """Where a clause stands in the full text, or what the label names."""
        if url.startswith("https://"):
            return block(Span(label or self._words.say("read"), url=url))
        if label is not None:
            return block(self._words.say("open", label=label, url=link_text(url)))
        return block(self._words.say("read_at", url=link_text(url)))


# Marks beyond this many would be dropped by Telegram anywhere in the message.
_MOST_MARKS = 12


def _marked(side: Mapping[str, Any]) -> Iterator[Span | str]:
    """A text with the stretches that differ in bold, unless they are too many, or all of it."""
    text, marks = side["text"], side["marks"]
    if len(marks) > _MOST_MARKS or marks == [[0, len(text)]]:
        yield text
        return
    at = 0
    for start, end in marks:
        yield from (part for part in (text[at:start], Span(text[start:end], "b")) if part)
        at = end
    yield text[at:]


def _explanation(card: Mapping[str, Any]) -> Block:
    spans: list[Span | str] = []
    for section in card["sections"]:
        spans += [Span(f"{chr(10) if spans else ''}{section['heading']}", "b"), f"\n{section['body']}"]
    return block(*spans, frame="folded")


def _quotation(card: Mapping[str, Any]) -> Block:
    return block(Span(card["quote_label"], "b"), f"\n{card['quote']}", frame="folded")


def _buttons(message: Message) -> Iterator[Mapping[str, Any]]:
    """Every button of a message, those of its card too."""
    yield from message["buttons"]
    stack: list[Any] = [message["card"]]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            if "token" in value:
                yield value
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _keys(buttons: Iterable[Mapping[str, Any]]) -> list[Key]:
    return [Key(button["label"], button["token"]) for button in buttons]


def _packed(keys: Iterable[Key]) -> list[Row]:
    """Keys in rows, as many beside each other as can be read on a phone."""
    rows: list[Row] = []
    for key in keys:
        row = (*rows[-1], key) if rows else (key,)
        if rows and len(row) <= _ROW_BUTTONS and len(row) * max(_columns(k.label) + 2 for k in row) <= _ROW_COLUMNS:
            rows[-1] = row
        else:
            rows.append((key,))
    return rows


def _columns(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in label)


def _markup(rows: Iterable[Row]) -> InlineKeyboardMarkup | None:
    keyboard = [
        [InlineKeyboardButton(text=key.label, callback_data=key.data, url=key.url) for key in row] for row in rows
    ]
    return InlineKeyboardMarkup(inline_keyboard=keyboard) if keyboard else None
