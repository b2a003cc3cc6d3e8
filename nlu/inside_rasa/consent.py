"""What may never be taken for a consent or a yes, whatever the model believes.

A statistical model reads 我没同意 and 我妈同意 as consent now and then, and surely; no threshold mends that. So consent
wording has to be a whole message of known words, and a yes must not hold a negation, a question or a condition.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Dict, List

import yaml

WORDS = Path(__file__).with_name("consent.yml")
ACCEPT = "accept_agreement"
AFFIRM = "affirm"

# Marks that say nothing; a question mark is not one of them.
_SILENT = re.compile(r"[\s~\-\"'“”‘’()《》<>\[\]【】^_*]|[\u2600-\u27bf\U0001f300-\U0001faff]")
_LATIN = re.compile(r"(?<![«a-z_])[a-z']+(?![»a-z_])")
_CLAUSE = re.compile(r"[,.。!;:、…]+")


@lru_cache(maxsize=1)
def _words() -> Dict[str, List[str]]:
    words: Dict[str, List[str]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words


@lru_cache(maxsize=None)
def _any(*lists: str) -> "re.Pattern[str]":
    words = {word for name in lists for word in _words()[name]}
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


def is_plain_acceptance(text: str) -> bool:
    """Whether a normalised text is consent wording without negation, condition, question, delay or another person.

    The clause with the consent wording has to be made of known words from end to end; the clauses beside it must not
    hold a reservation.
    """
    clauses = [clause for clause in _CLAUSE.split(_SILENT.sub("", text)) if clause]
    accepting = [clause for clause in clauses if _any("cores").search(clause)]
    beside = [clause for clause in clauses if not _any("cores").search(clause) and not _is_made_of(clause, "fillers")]
    # "Strike clause three, then I sign": what follows from something else is a condition.
    known = ("cores", "fillers") if beside else ("cores", "fillers", "following")
    return (
        bool(accepting)
        and all(_is_made_of(clause, *known) for clause in accepting)
        and not any(_any("reserving").search(_any("harmless").sub("", clause)) for clause in beside)
    )


def _is_made_of(text: str, *lists: str) -> bool:
    """Whether `text` can be cut into words of these lists; linear in its length, unlike a nested pattern."""
    words = {word for name in lists for word in _words()[name]}
    longest = max(map(len, words))
    reachable = {0}
    for start in range(len(text)):
        if start in reachable:
            reachable.update(end for end in range(start + 1, start + longest + 1) if text[start:end] in words)
    return len(text) in reachable


def is_plain_yes(text: str) -> bool:
    """Whether a normalised text holds nothing that negates, asks or conditions a yes, and no unknown foreign word."""
    foreign = all(word in _words()["latin"] for word in _LATIN.findall(text))
    return foreign and not _any("negating").search(_any("harmless").sub("", text))


def guarded(text: str, probabilities: Dict[str, float]) -> Dict[str, float]:
    """`probabilities` within what `text` may mean.

    What it may not mean is set to nought and the rest scaled up to one. Where a text is plain consent wording, a yes
    beside it (行，那就签了) is part of that wording.

    Args:
        text: the whole message, normalised; never a part of it.
        probabilities: of every intent; they add up to one.
    """
    allowed = dict(probabilities)
    if ACCEPT in allowed and is_plain_acceptance(text):
        allowed[ACCEPT] += allowed.pop(AFFIRM, 0.0)
        allowed[AFFIRM] = 0.0
    else:
        allowed[ACCEPT] = 0.0
    if not is_plain_yes(text):
        allowed[AFFIRM] = 0.0
    total = sum(allowed.values())
    return {intent: probability / total for intent, probability in allowed.items()} if total > 0 else allowed
