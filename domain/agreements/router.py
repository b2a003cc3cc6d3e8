"""From a question to topics: a naive Bayes classifier over letters and letter pairs, trained on lexicon.yml."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

from opencc import OpenCC
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from .printed import plain

_SMOOTHING = 0.3
_WORD_BASE, _WORD_STEP = 3.0, 0.4
_EMPTY = frozenset("我你您他的了会给要能可以是有在被不也就都吗呢谁算到这那还平台网站")
_WORDS = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Data):
    """What people ask about, and which clauses speak of it: see lexicon.yml."""

    words: str
    asks: str
    core: tuple[str, ...]
    about: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class Expectation(_Data):
    """A kind of value a question wants, and how a clause that holds one looks."""

    kind: str
    asks: str
    holds: str
    unless: str | None = None


class Lexicon(_Data):
    topics: dict[str, Topic]
    expects: tuple[Expectation, ...]
    things: tuple[tuple[str, ...], ...]
    formal: dict[str, str]
    outside: str
    noise: str


def _load(name: str) -> Any:
    return YAML(typ="safe").load(files(__package__).joinpath(name).read_text("utf-8"))


@cache
def lexicon() -> Lexicon:
    """lexicon.yml, validated."""
    return Lexicon.model_validate(_load("lexicon.yml"))


@cache
def _simplifier() -> Any:
    return OpenCC("t2s")


def question_form(question: str) -> str:
    """The question in simplified characters, folded, without white space."""
    return plain(str(_simplifier().convert(question)))


def grams(text: str) -> list[str]:
    """Letters and letter pairs of the Chinese runs, Latin words and digits whole."""
    out: list[str] = []
    for run in _WORDS.findall(text):
        if run.isascii():
            out.append(run)
        else:
            out.extend(run)
            out.extend(run[at : at + 2] for at in range(len(run) - 1))
    return out


class Router:
    """Tells which topics a question is about."""

    def __init__(self, data: Lexicon) -> None:
        self._noise = re.compile(data.noise)
        counts = {name: Counter(self._features(topic.asks.split(";"))) for name, topic in data.topics.items()}
        everything: Counter[str] = sum(counts.values(), Counter())
        size = len(everything)
        total = sum(everything.values())
        self._base = {gram: math.log(count / total) for gram, count in everything.items()}
        self._words = {name: re.compile(topic.words) for name, topic in data.topics.items()}
        self._lift: dict[str, dict[str, float]] = {}
        self._unseen: dict[str, float] = {}
        for name, count in counts.items():
            length = sum(count.values()) + _SMOOTHING * size
            self._unseen[name] = math.log(_SMOOTHING / length)
            self._lift[name] = {gram: math.log((seen + _SMOOTHING) / length) for gram, seen in count.items()}

    def _features(self, questions: list[str]) -> list[str]:
        return [gram for question in questions for gram in self._telling(plain(question))]

    def _telling(self, question: str) -> list[str]:
        """The question's letters and pairs but for those that stand in any question."""
        return [gram for gram in grams(self.strip(question)) if any(char not in _EMPTY for char in gram)]

    def strip(self, question: str) -> str:
        """The question without polite and interrogative words, unless nothing else is left."""
        return self._noise.sub(" ", question).strip() or question

    def topics(self, question: str) -> list[tuple[str, float]]:
        """Topics with their probabilities, the likeliest first; empty when no word is known."""
        known = [gram for gram in self._telling(question) if gram in self._base]
        scores = {name: self._evidence(name, known) for name in self._lift}
        for name, words in self._words.items():
            found = words.search(question)
            if found:
                # A longer match is a more telling one.
                scores[name] += _WORD_BASE + _WORD_STEP * min(len(found[0]), 8)
        if not known and not any(scores.values()):
            return []
        top = max(scores.values())
        weights = {name: math.exp(score - top) for name, score in scores.items()}
        whole = sum(weights.values())
        return sorted(((name, weight / whole) for name, weight in weights.items()), key=lambda pair: -pair[1])

    def _evidence(self, name: str, known: list[str]) -> float:
        """How much likelier the question's letters are in this topic than in any, per root of their number."""
        if not known:
            return 0.0
        lift, unseen = self._lift[name], self._unseen[name]
        return sum(lift.get(gram, unseen) - self._base[gram] for gram in known) / math.sqrt(len(known))

    def familiarity(self, question: str) -> float:
        """Share of the question's letter pairs (0 to 1) that people use in questions about agreements."""
        pairs = [gram for gram in grams(self.strip(question)) if len(gram) > 1]
        return sum(gram in self._base for gram in pairs) / len(pairs) if pairs else 0.0


@cache
def router() -> Router:
    """The router trained on lexicon.yml."""
    return Router(lexicon())
