"""The words of `words.yml`."""

from __future__ import annotations

import functools
from pathlib import Path

from ruamel.yaml import YAML


@functools.cache
def _words() -> dict[str, dict[str, list[str]]]:
    words: dict[str, dict[str, list[str]]] = YAML(typ="safe").load(Path(__file__).with_name("words.yml"))
    return words


def named_field(text: str) -> str | None:
    """The field a sentence speaks of: 改一下手机号 -> phone."""
    found = [
        (len(word), field) for field, words in _words()["fields"].items() for word in words if word in text.casefold()
    ]
    return max(found)[1] if found else None
