"""A message as plain lines, its buttons numbered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.wording.catalogue import Catalogue

# What could steer a terminal or turn the order of the letters around.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text without control and direction characters; line breaks and tabs stay."""
    return _STEERING.sub("", text.replace("\r\n", "\n"))


def words() -> Catalogue:
    """The client's own sentences."""
    return Catalogue(YAML(typ="safe").load(Path(__file__).parent / "words.yml"))


@dataclass(frozen=True)
class Choice:
    label: str
    token: str


@dataclass
class Shown:
    """A message on its way to the screen: `choices[n - 1]` is what the number n presses."""

    lines: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    @property
    def text(self) -> str:
        return printable("\n".join(self.lines))


def show(message: Mapping[str, Any], own: Catalogue) -> Shown:
    """Lay a message of the HTTP interface out in lines.

    Args:
        message: as the interface gives it; a card of a kind that is not known shows its title and buttons.
        own: the words of words.yml.
    """
    return _Page(message, own).laid_out()


class _Page:
    def __init__(self, message: Mapping[str, Any], own: Catalogue) -> None:
        self._message = message
        self._own = own
        self._shown = Shown()

    def laid_out(self) -> Shown:
        message = self._message
        speaker = self._own.text(f"speakers.{message['from']}")
        self._line(f"{speaker}{message['text']}")
        if message.get("card"):
            self._card(message["card"])
        for button in message["buttons"]:
            self._button(button)
        return self._shown

    def _line(self, *parts: object, indent: int = 0) -> None:
        joined = " ".join(str(part) for part in parts if part)
        if joined:
            self._shown.lines.extend(f"{'  ' * indent}{line}" for line in joined.split("\n"))

    def _button(self, button: Mapping[str, Any] | None, indent: int = 1) -> None:
        """Number a button. One without a label only tells that something was opened: not for the hand."""
        if not button or not button.get("label"):
            return
        self._shown.choices.append(Choice(printable(button["label"]), button["token"]))
        mark = self._own.text("chosen") if button["token"] == self._message.get("chosen") else ""
        self._line(f"[{len(self._shown.choices)}] {button['label']}", mark, indent=indent)

    def _card(self, card: Mapping[str, Any]) -> None:
        progress = card.get("progress")
        if card["kind"] == "progress":
            self._line(card["label"], f"({card['at']}/{card['of']})", indent=1)
            return
        self._line(card.get("title"), f"({progress['at']}/{progress['of']})" if progress else "", indent=1)
        match card["kind"]:
            case "platforms":
                for item in card["items"]:
                    self._button(item["choose"], indent=2)
                    self._line(item["line"], indent=4)
            case "clause":
                self._clause(card)
            case "theme":
                for item in card["items"]:
                    self._theme_item(item)
            case "every":
                self._line(card["quote"], indent=1)
            case "changes":
                for item in card["items"]:
                    self._change(item)
            case "answer":
                for quote in card["quotes"]:
                    self._line(quote["number"], quote["quote"], indent=1)
                self._line(card.get("note"), indent=1)
            case "consents":
                self._consents(card)
            case "summary" | "receipt":
                for row in card["rows"]:
                    self._line(self._own.text("row", row), indent=2)
                for line in card.get("lines", ()):
                    self._line(line, indent=2)
            case "link":
                self._line(card["body"], indent=1)
            case _:
                self._any_buttons(card)
        for label, address in (("label", "url"), ("json_label", "json_url")):
            if card.get(address):
                self._line(self._own.text("row", {"label": card[label], "value": card[address]}), indent=1)
        if card.get("read_url"):
            self._line(self._own.text("read", {"url": card["read_url"]}), indent=1)

    def _clause(self, card: Mapping[str, Any]) -> None:
        self._line(card["number"], card["line"], indent=1)
        self._explained(card)

    def _theme_item(self, item: Mapping[str, Any]) -> None:
        """One line of a theme; its explanation when it was unfolded, otherwise the button that unfolds it."""
        self._line("·", item["number"], item["line"], indent=1)
        if item.get("unfolded") or not item.get("unfold"):
            self._explained(item)
        else:
            self._button(item["unfold"], indent=2)

    def _explained(self, item: Mapping[str, Any]) -> None:
        for section in item["sections"]:
            self._line(self._own.text("section", section), indent=2)
        self._line(self._own.text("section", {"heading": item.get("quote_label", ""), "body": item["quote"]}), indent=2)
        self._line(item.get("note"), indent=2)

    def _change(self, item: Mapping[str, Any]) -> None:
        self._line("·", item["number"], item["tag"], indent=1)
        for side in (item["before"], item["after"]):
            if side is not None:
                self._line(self._own.text("section", {"heading": side["label"], "body": _marked(side)}), indent=2)
        for section in item["sections"]:
            self._line(self._own.text("section", section), indent=2)
        self._line(item.get("note"), indent=2)

    def _consents(self, card: Mapping[str, Any]) -> None:
        for item in card["items"]:
            decision = self._own.text(f"decisions.{item['decision'] or 'open'}")
            self._line(self._own.text("consent", {**item, "decision": decision}), indent=1)
            self._line(item["body"], indent=2)
            self._button(item["yes"], indent=2)
            self._button(item["no"], indent=2)
        for missing in card.get("missing", ()):
            self._line(self._own.text("row", {"label": missing["title"], "value": missing["line"]}), indent=1)

    def _any_buttons(self, value: Any) -> None:
        if isinstance(value, Mapping):
            if "token" in value and "label" in value:
                self._button(value)
            else:
                for inner in value.values():
                    self._any_buttons(inner)
        elif isinstance(value, list):
            for inner in value:
                self._any_buttons(inner)


def _marked(side: Mapping[str, Any]) -> str:
    """A text with the stretches that differ between 【】; all of it differing needs no sign."""
    text, marks = side["text"], side["marks"]
    if marks == [[0, len(text)]]:
        return str(text)
    shown, at = "", 0
    for start, end in marks:
        shown += text[at:start] + (f"【{text[start:end]}】" if end > start else "")
        at = end
    return shown + str(text[at:])
