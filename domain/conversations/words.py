"""The words of `words.yml`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from domain.identifiers.clause_numbers import find_clause_numbers
from domain.selfservice.state import Errand


@functools.cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("words.yml"))
    return words


def named_field(text: str) -> str | None:
    """The field a sentence speaks of: 改一下手机号 -> phone."""
    found = [
        (len(word), field) for field, words in _words()["fields"].items() for word in words if word in text.casefold()
    ]
    return max(found)[1] if found else None


def asks(text: str) -> bool:
    """Whether a sentence is a question."""
    return any(word in text for word in _words()["asking"])


def says_understood(text: str) -> bool:
    """Whether a text says that a card was read, in other words than its button."""
    return text.strip(" 。.!！~，,").casefold() in _words()["understood"]


def consents_command(text: str) -> str | None:
    """`show` or `withdraw`, when a text is nothing but the plain command: it works in every state, engine or not."""
    said = text.strip(" 。.!！~～,，").casefold()
    return next((name for name, words in _words()["consents"].items() if said in words), None)


def named_items(text: str) -> list[str]:
    """The separate consents a sentence speaks of: 不同意共享了 -> sharing."""
    return [item for item, words in _words()["items"].items() if any(word in text.casefold() for word in words)]


def is_filler(text: str) -> bool:
    """Whether a text only stands in for an answer (等一下)."""
    return text.strip(" 。.!！~，,") in _words()["fillers"]


def points_here(text: str) -> bool:
    """Whether a question points at the card on the screen and names no clause of its own."""
    return len(text) <= 16 and any(word in text for word in _words()["here"]) and not find_clause_numbers(text)


def wanted_errand(text: str, wish: str) -> Errand | None:
    """The errand a sentence names that no intent stands for: one's data, handing an account over, a company's end.

    A question about it (注销公司后账号怎么办) is a question, not the errand.
    """
    for errand, rule in _words()["errands"].items():
        if wish in rule["beside"] and any(word in text for word in rule["words"]):
            return None if asks(text) and not rule.get("asked", False) else errand
    return None
