"""Which of the agent's sentences was said, by its id, whatever its words are just now."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from bot.wording.catalogue import Catalogue

_HOLE = "\0"
_messages = Catalogue.read("messages.yml")


class _Anything(dict[str, str]):
    """A hole for every variable a sentence may have."""

    def __bool__(self) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return _HOLE


def says(messages: Sequence[dict[str, Any]], id: str) -> bool:
    """Whether one of the messages is the sentence with this id, with whatever it was filled in."""
    return any(_pattern(id).fullmatch(message["text"]) for message in messages)


@functools.cache
def _pattern(id: str) -> re.Pattern[str]:
    sentence = _messages.text(id, _Anything())
    return re.compile(".*?".join(re.escape(part) for part in sentence.split(_HOLE)), re.DOTALL)
