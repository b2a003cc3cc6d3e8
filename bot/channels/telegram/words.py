"""The channel's own words, beside the sentences every channel shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from bot.wording.catalogue import Catalogue


@dataclass(frozen=True)
class Words:
    """Args:
    own: what only this channel says.
    shared: the sentences of every channel, by message id.
    commands: the menu of commands: name and what it does.
    sentences: the sentence a command is short for.
    """

    own: Catalogue
    shared: Catalogue
    commands: Mapping[str, str]
    sentences: Mapping[str, str]

    @classmethod
    def read(cls) -> Words:
        raw = YAML(typ="safe").load(Path(__file__).with_name("words.yml"))
        commands, sentences = raw.pop("commands"), raw.pop("sentences")
        return cls(Catalogue(raw), Catalogue.read("messages.yml"), commands, sentences)

    def say(self, id: str, **words: object) -> str:
        return self.own.text(id, words)
