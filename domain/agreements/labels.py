"""Which clauses matter to a person, by the words they are made of. The words are data: labels.yml."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from .model import ParsedAgreement
from .printed import plain
from .units import Unit, units

Tier = Literal[1, 2, 3]
Label = Literal[
    "LIABCAP", "MONEY", "DATASHARE", "RIGHTS", "DISPUTE", "EXIT", "SUSPEND", "CHANGE", "CONTENT", "DISCLAIM",
    "USERLIAB", "ASSENT", "DATAUSE", "NOTICE",
]  # fmt: skip

_SENTENCE = re.compile(r"[^。;!?\n]+")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyClause(_Data):
    """A clause that touches a person's interests.

    `tier` 1 asks for a card of its own, 2 for a line on a themed card, 3 for the full text only;
    `cues` are the printed words that gave it away.
    """

    uid: str
    labels: tuple[Label, ...]
    tier: Tier
    cues: tuple[str, ...]


class Cue(_Data):
    """One rule of labels.yml: see there."""

    match: str
    unless: str | None = None
    require: str | None = None
    tier: Tier = 2


class Kind(_Data):
    """One label with its name, the provisions it rests on, and its cues."""

    name: str
    basis: str
    cues: tuple[Cue, ...]


class Rules(_Data):
    most_cards: Annotated[int, Field(gt=0)]
    us: str
    you: str
    favourable: str
    exceptions: str
    promised: frozenset[Label]
    labels: dict[Label, Kind]


@cache
def rules() -> Rules:
    """The rules of labels.yml, validated."""
    return Rules.model_validate(YAML(typ="safe").load(files(__package__).joinpath("labels.yml").read_text("utf-8")))


def key(parsed: ParsedAgreement) -> list[KeyClause]:
    """The clauses that matter, in printed order, with their labels, tier and cues.

    Judged are the agreement's units (see `units`); a clause without any cue is not listed. At most
    `most_cards` of labels.yml keep tier 1, by the order of the labels there; the rest fall to 2.
    """
    data, matchers = rules(), _Matchers(_operator_names(parsed))
    found = [clause for unit in units(parsed) if (clause := matchers.judge(unit)) is not None]
    order = list(data.labels)
    cards = sorted(
        (clause for clause in found if clause.tier == 1),
        key=lambda clause: min(order.index(label) for label in matchers.first_class[clause.uid]),
    )
    demoted = {clause.uid for clause in cards[data.most_cards :]}
    return [clause.model_copy(update={"tier": 2}) if clause.uid in demoted else clause for clause in found]


def sentences(text: str) -> list[str]:
    """The sentences of a text in the form cues are written for: see labels.yml."""
    return [sentence for part in text.split("\n") for sentence in _SENTENCE.findall(plain(part))]


class _Matchers:
    """The cues compiled for one agreement and its operator's names."""

    def __init__(self, names: frozenset[str]) -> None:
        data = rules()
        operator = "|".join(re.escape(name) for name in sorted(names)) or "本平台"
        us = data.us.replace("{operator}", operator)

        def compiled(pattern: str | None) -> re.Pattern[str] | None:
            return None if pattern is None else re.compile(_filled(pattern, us, data.you))

        self._favourable = re.compile(data.favourable.replace("{us}", us))
        self._exceptions = re.compile(data.exceptions)
        self._promised = data.promised
        self._cues = [
            (label, cue.tier, re.compile(_filled(cue.match, us, data.you)), compiled(cue.unless), compiled(cue.require))
            for label, kind in data.labels.items()
            for cue in kind.cues
        ]
        self.first_class: dict[str, set[Label]] = {}

    def judge(self, unit: Unit) -> KeyClause | None:
        """The unit as a key clause, or None."""
        labels: dict[Label, Tier] = {}
        cues: list[str] = []
        whole = plain(unit.text)
        for sentence in sentences(unit.text):
            promise = self._favourable.search(sentence) is not None and not self._exceptions.search(whole)
            for label, tier, match, unless, require in self._cues:
                if promise and label in self._promised:
                    continue
                fired = match.search(sentence)
                if fired is None or (unless is not None and unless.search(sentence)):
                    continue
                if require is not None and not require.search(whole):
                    continue
                labels[label] = min(labels.get(label, 3), tier)
                if fired[0] not in cues:
                    cues.append(fired[0])
        if not labels:
            return None
        tier = min(labels.values())
        self.first_class[unit.uid] = {label for label, own in labels.items() if own == 1}
        order = list(rules().labels)
        return KeyClause(uid=unit.uid, labels=tuple(sorted(labels, key=order.index)), tier=tier, cues=tuple(cues))


def _filled(pattern: str, us: str, you: str) -> str:
    return pattern.replace("{us}", us).replace("{you}", you)


_SHORT_NAME = re.compile(r"(?:简称|称为?|即)[“\"]([^”\"]{2,12})[”\"]")
_TITLE_NAME = re.compile(r"^[《「]?(.{2,12}?)(?:平台|网站|网)?(?:用户|服务|注册|使用|会员)")


def _operator_names(parsed: ParsedAgreement) -> frozenset[str]:
    """What the agreement calls its operator: the names in its title and its definitions."""
    names = {found[1] for found in [_TITLE_NAME.match(parsed.title)] if found}
    text = "".join(unit.text for unit in units(parsed)[:4])
    names.update(name for name in _SHORT_NAME.findall(text) if not re.search("协议|用户|您|规则|监护", name))
    return frozenset(plain(name) for name in names)
