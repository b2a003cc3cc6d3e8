"""Answers to questions about an agreement: always a clause's own words, or the admission that it is silent."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from .model import PREAMBLE_UID, Clause, ParsedAgreement
from .printed import plain
from .router import Expectation, Lexicon, Topic, grams, lexicon, question_form, router
from .units import Unit, passages

MOST_ANSWERS = 3
_K1, _B = 1.2, 0.6
_TOPIC_WEIGHT = 0.62
_FORMAL_WEIGHT = 0.7
_HOLDS_BONUS = 0.12
_CONFIDENT = 0.5
_LEAST_SCORE = 0.16
_LEAST_FAMILIAR = 0.34
_QUOTE_LIMIT = 160
_OFFERED = 0.3
"""Share of the best clause's score from which on another one is offered in words."""
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?”」』）)]*")
_PART = re.compile(r"[^；;]+[；;]?")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quote(_Data):
    """Words of one clause, exactly as printed in its own text; `score` (0 to 1) ranks them."""

    uid: str
    quote: str
    score: float


class Answer(_Data):
    """The clauses that answer, best first, at most three; when `abstained`, the nearest ones."""

    abstained: bool
    answers: tuple[Quote, ...]
    say: str


class Phrases(_Data):
    """say.yml."""

    answer: str
    more: str
    others_join: str
    abstain: str
    nearest: str
    offer: str
    preamble: str
    titled: str
    repeated: str
    below: str
    nth: tuple[str, ...]


@cache
def _phrases() -> Phrases:
    return Phrases.model_validate(YAML(typ="safe").load(files(__package__).joinpath("say.yml").read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A unit ready for search: its letter counts and its sentences in comparison form."""

    unit: Unit
    counts: Counter[str]
    length: int
    form: str
    sentences: tuple[str, ...]


class Searcher:
    """Finds the clauses of one agreement that answer a question."""

    def __init__(self, parsed: ParsedAgreement) -> None:
        self._parsed = parsed
        self._units = [_indexed(unit) for unit in passages(parsed)]
        spread: Counter[str] = Counter()
        for one in self._units:
            spread.update(one.counts.keys())
        number = len(self._units)
        self._rarity = {gram: math.log(1 + (number - seen + 0.5) / (seen + 0.5)) for gram, seen in spread.items()}
        self._usual = sum(one.length for one in self._units) / max(number, 1)
        self._whole = "".join(one.form for one in self._units)
        self._about: dict[str, list[float]] = {}

    def ask(self, question: str) -> Answer:
        """The best clauses for a question, each with a verbatim quote, or an abstention.

        It abstains when the agreement names no such thing, has no clause on the topic, or its
        clauses lack the kind of value (an amount, a time, a number to call) that was asked for.
        """
        asked = question_form(question)
        data = lexicon()
        topics = router().topics(asked)[:4]
        if not asked or not self._units:
            return self._answer(True, [])
        words = self._words(asked)
        by_topic = self._by_topic(topics)
        scores = [word + _TOPIC_WEIGHT * (topic - word) for word, topic in zip(words, by_topic, strict=True)]
        wanted = _wanted(asked, data)
        if wanted is not None:
            held = [re.search(wanted.holds, one.form) is not None for one in self._units]
            scores = [score + _HOLDS_BONUS * (has and score > 0.15) for score, has in zip(scores, held, strict=True)]
        ranked = sorted(range(len(scores)), key=lambda index: -scores[index])[:MOST_ANSWERS]
        silent = (
            re.search(data.outside, asked) is not None
            or self._unheard_of(asked, data)
            or (wanted is not None and not self._holds(wanted, ranked, scores))
            or self._no_topic(asked, topics, scores[ranked[0]])
        )
        pattern = re.compile(wanted.holds) if wanted is not None else None
        focus = [data.topics[name] for name, chance in topics[:2] if chance > 0.15]
        quotes = [self._quote(self._units[index], asked, focus, pattern, scores[index]) for index in ranked]
        return self._answer(silent, [quote for quote in quotes if quote is not None])

    def _words(self, asked: str) -> list[float]:
        """BM25 over letters and letter pairs, the best clause 1."""
        terms = self._terms(asked)
        out = []
        for one in self._units:
            score = 0.0
            for gram, times in terms.items():
                seen = one.counts.get(gram, 0)
                if seen:
                    norm = _K1 * (1 - _B + _B * one.length / self._usual)
                    score += times * self._rarity[gram] * seen * (_K1 + 1) / (seen + norm)
            out.append(score)
        best = max(out, default=0.0)
        own = set(grams(router().strip(asked)))
        possible = sum(self._rarity.get(gram, math.log(2 + len(self._units))) for gram in own) or 1.0
        # A question whose words are mostly foreign to the agreement gets no full mark for its best clause.
        ceiling = min(1.0, 1.6 * best / (possible * (_K1 + 1) / 2)) if best else 0.0
        return [ceiling * score / best if best else 0.0 for score in out]

    @staticmethod
    def _terms(asked: str) -> dict[str, float]:
        """The question's letters and pairs, and with less weight those of the formal words for it."""
        terms = dict.fromkeys(grams(router().strip(asked)), 1.0)
        for colloquial, formal in lexicon().formal.items():
            if re.search(colloquial, asked):
                for gram in grams(formal):
                    if len(gram) > 1:
                        terms[gram] = max(terms.get(gram, 0.0), _FORMAL_WEIGHT)
        return terms

    def _by_topic(self, topics: list[tuple[str, float]]) -> list[float]:
        out = [0.0] * len(self._units)
        for name, chance in topics:
            for other, weight in ((name, 1.0), *((also, 0.5) for also in lexicon().topics[name].also)):
                for index, about in enumerate(self._affinity(other)):
                    out[index] += weight * chance * about
        return out

    def _affinity(self, name: str) -> list[float]:
        """How much each unit is about a topic: 0 to 1, the best unit 1 when one says it outright."""
        if name not in self._about:
            topic = lexicon().topics[name]
            core = [re.compile(pattern) for pattern in topic.core]
            about = [re.compile(pattern) for pattern in topic.about]
            never = [re.compile(pattern) for pattern in topic.never]
            raw = []
            for one in self._units:
                lines = [line for line in one.sentences if not any(rule.search(line) for rule in never)]
                strong = [sum(1 for line in lines if rule.search(line)) for rule in core]
                weak = sum(1 for rule in about if any(rule.search(line) for line in lines))
                heading = plain("".join((*one.unit.headings, one.unit.clause.heading or "")))
                raw.append(
                    sum(1.0 + 0.15 * min(hits - 1, 3) for hits in strong if hits)
                    + 0.3 * weak
                    + (0.4 if any(rule.search(heading) for rule in core + about) else 0.0) * bool(any(strong) or weak)
                )
            most = max(raw, default=0.0)
            self._about[name] = [value / max(most, 1.0) for value in raw]
        return self._about[name]

    def _unheard_of(self, asked: str, data: Lexicon) -> bool:
        """Whether the question names a thing that the agreement never names."""
        for group in data.things:
            if any(word in asked for word in group) and not any(word in self._whole for word in group):
                return True
        return False

    def _holds(self, wanted: Expectation, ranked: list[int], scores: list[float]) -> bool:
        near = [index for index in ranked if scores[index] >= 0.6 * scores[ranked[0]]]
        return any(re.search(wanted.holds, self._units[index].form) for index in near)

    def _no_topic(self, asked: str, topics: list[tuple[str, float]], best: float) -> bool:
        if best < _LEAST_SCORE:
            return True
        if not topics:
            return True
        name, chance = topics[0]
        if chance >= _CONFIDENT and max(self._affinity(name)) < 0.9:
            return True
        return router().familiarity(asked) < _LEAST_FAMILIAR and best < 2 * _LEAST_SCORE

    def _quote(
        self, one: _Indexed, asked: str, focus: list[Topic], wanted: re.Pattern[str] | None, score: float
    ) -> Quote | None:
        """The unit's most telling sentence, and the clause in whose own text it stands."""
        clauses = list(one.unit.clause.walk()) if one.unit.whole else [one.unit.clause]
        terms = set(self._terms(asked))
        patterns = [(re.compile(rule), 1.0) for topic in focus for rule in topic.core]
        patterns += [(re.compile(rule), 0.4) for topic in focus for rule in topic.about]
        best: tuple[float, Clause, str] | None = None
        for position, clause in enumerate(clauses):
            for said in _sentences(clause.text):
                form = plain(said)
                overlap = sum(self._rarity.get(gram, 0.0) for gram in terms & set(grams(form)))
                value = 0.2 * overlap + sum(weight for rule, weight in patterns if rule.search(form))
                value += 1.5 * bool(wanted is not None and wanted.search(form)) + (0.5 if position == 0 else 0.0)
                if best is None or value > best[0]:
                    best = (value, clause, said)
        if best is None:
            return None
        return Quote(uid=best[1].uid, quote=_shortened(best[2]), score=round(min(score, 1.0), 3))

    def _answer(self, abstained: bool, quotes: list[Quote]) -> Answer:
        phrases = _phrases()
        if abstained:
            parts = [phrases.abstain]
            if quotes:
                parts.append(phrases.nearest.format(where=self._where(quotes[0].uid), quote=quotes[0].quote))
            parts.append(phrases.offer)
        else:
            parts = [phrases.answer.format(where=self._where(quotes[0].uid), quote=quotes[0].quote)]
            near = [quote for quote in quotes[1:] if quote.score >= _OFFERED * quotes[0].score]
            others = list(dict.fromkeys(self._where(quote.uid) for quote in near))
            if others:
                parts.append(phrases.more.format(others=phrases.others_join.join(others)))
        return Answer(abstained=abstained, answers=tuple(quotes), say="\n".join(parts))

    def _where(self, uid: str) -> str:
        """How a person names the clause: its chapter with the heading, then the numbers below."""
        phrases = _phrases()
        if uid == PREAMBLE_UID:
            return phrases.preamble
        steps = uid.split("/")
        top = self._parsed.find(steps[0])
        shown = [self._spoken(step) for step in steps]
        first = phrases.titled.format(number=shown[0], heading=top.heading) if top and top.heading else shown[0]
        # 3.1 is not said again before 3.1.1.
        rest = enumerate(shown[1:], start=2)
        below = [step for after, step in rest if not "".join(shown[after : after + 1]).startswith(f"{step}.")]
        return phrases.below.format(top=first, rest=" ".join(below)) if below else first

    @staticmethod
    def _spoken(step: str) -> str:
        number, _, nth = step.partition("#")
        if not nth:
            return number
        names = _phrases().nth
        ordinal = names[int(nth) - 1] if int(nth) <= len(names) else nth
        return _phrases().repeated.format(nth=ordinal, number=number)


def _indexed(unit: Unit) -> _Indexed:
    counts = Counter(grams(plain(unit.text)))
    for heading in unit.headings:
        counts.update(grams(plain(heading)))
    lines = [sentence for part in unit.text.split("\n") for sentence in re.findall(r"[^。;!?]+", plain(part))]
    return _Indexed(unit, counts, sum(counts.values()), plain(unit.text), tuple(lines))


def _wanted(asked: str, data: Lexicon) -> Expectation | None:
    """The kind of value the question asks for, if any."""
    for one in data.expects:
        if re.search(one.asks, asked) and not (one.unless and re.search(one.unless, asked)):
            return one
    return None


def _sentences(text: str) -> list[str]:
    """The text's sentences; one too long to quote comes apart at its semicolons."""
    out: list[str] = []
    for found in _SENTENCE.findall(text):
        out += [found] if len(found) <= _QUOTE_LIMIT else _PART.findall(found)
    return [stripped for sentence in out if (stripped := sentence.strip())]


def _shortened(sentence: str) -> str:
    """At most a few lines, cut behind a comma so that the words stay a part of the clause."""
    if len(sentence) <= _QUOTE_LIMIT:
        return sentence
    cut = max(sentence.rfind(sign, 0, _QUOTE_LIMIT) for sign in "，,、）)")
    return sentence[: cut if cut > _QUOTE_LIMIT // 3 else _QUOTE_LIMIT]
