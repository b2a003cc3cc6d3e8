"""Word lists: the data files of this package, and what counts as an ordinary word."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import jieba
from ruamel.yaml import YAML


@lru_cache(maxsize=32)
def load(name: str) -> Any:
    """The parsed data file `data/<name>.yml`."""
    return YAML(typ="safe", pure=True).load(files(__package__).joinpath("data", f"{name}.yml").read_text("utf-8"))


@lru_cache(maxsize=1)
def ordinary_words() -> dict[str, str]:
    """Words of two to four characters from jieba's dictionary with their part of speech."""
    words = {}
    with jieba.get_dict_file() as lines:
        for line in lines:
            word, _, tag = line.decode("utf-8").strip().split(" ")
            if 2 <= len(word) <= 4:
                words[word] = tag
    return words
