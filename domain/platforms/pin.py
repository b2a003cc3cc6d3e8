"""Write down for which texts the cards of a platform were reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from domain.agreements import ParsedAgreement, clause_hash
from domain.platforms.loader import CARDS, BrokenPlatform, Problem, load_cards
from domain.platforms.yaml_file import YamlFile

_NEVER_FOLD = 1 << 16


def pin(folder: Path, parsed_texts: Sequence[ParsedAgreement]) -> None:
    """Write into cards.yml, for every clause of every card, the hash it has in each of the texts.

    Only hashes are written; words, comments, order and quoting of the file stay. What was pinned
    before is replaced, because a pin speaks of the words the card has now. Raises BrokenPlatform when
    cards.yml cannot be read or names a clause that none of the texts has (the file is then left
    as it was).
    """
    path = folder / CARDS
    pins: list[CommentedMap] = []
    problems: list[Problem] = []
    for index, card in enumerate(load_cards(folder)):
        pins.append(CommentedMap())
        for place, uid in enumerate(card.clauses):
            hashes = dict.fromkeys(clause_hash(clause) for text in parsed_texts if (clause := text.find(uid)))
            if not hashes:
                line = YamlFile(path).line((index, "clauses", place))
                problems.append(Problem(path, line, f"clause {uid} is in none of the texts"))
            pins[-1][uid] = _in_one_line(list(hashes))
    if problems:
        raise BrokenPlatform(problems)
    _write(path, pins)


def _write(path: Path, pins: Sequence[CommentedMap]) -> None:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _NEVER_FOLD
    cards = yaml.load(path.read_text("utf-8"))
    for card, reviewed in zip(cards, pins, strict=True):
        # Beside `clauses`, not at the end: there ruamel would move a following blank line or comment.
        card.pop("reviewed_for", None)
        card.insert(list(card).index("clauses") + 1, "reviewed_for", reviewed)
    new = path.with_suffix(".yml.new")
    with new.open("w", encoding="utf-8") as file:
        yaml.dump(cards, file)
    new.replace(path)


def _in_one_line(hashes: list[str]) -> CommentedSeq:
    sequence = CommentedSeq(hashes)
    sequence.fa.set_flow_style()
    return sequence
