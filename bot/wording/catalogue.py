"""The wording: sentences and labels by id, read once from YAML and filled in safely."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_HERE = Path(__file__).parent


class MissingWords(KeyError):
    """No words have this id."""


class _Filler(string.Formatter):
    """Fills {name} with text and nothing else: no attributes, no indices, no format codes."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        if not field_name.isidentifier():
            raise MissingWords(f"not a plain variable: {field_name!r}")
        return str(kwargs[field_name]), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec:
            raise MissingWords(f"format codes are not allowed: {format_spec!r}")
        return str(value)


_filler = _Filler()


class Catalogue:
    """Args:
    words: a tree of mappings with texts as leaves; an id is the path joined by ".".
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._texts: dict[str, str] = {}
        self._flatten(words, "")

    @classmethod
    @functools.cache
    def read(cls, name: str) -> Catalogue:
        return cls(YAML(typ="safe").load(_HERE / name))

    def _flatten(self, words: Mapping[str, Any], prefix: str) -> None:
        for key, value in words.items():
            if isinstance(value, Mapping):
                self._flatten(value, f"{prefix}{key}.")
            else:
                self._texts[f"{prefix}{key}"] = str(value)

    def __contains__(self, id: str) -> bool:
        return id in self._texts

    def ids(self) -> frozenset[str]:
        return frozenset(self._texts)

    def text(self, id: str, words: Mapping[str, Any] | None = None) -> str:
        """The words of `id` with its variables filled in. Raises MissingWords."""
        if id not in self._texts:
            raise MissingWords(id)
        try:
            return _filler.vformat(self._texts[id], (), words or {})
        except KeyError as error:
            raise MissingWords(f"{id} needs {error}") from error
