from pathlib import Path

import pytest

from domain.agreements import clause_hash, parse
from domain.platforms import BrokenPlatform, load_platform, pin

from .conftest import AGREEMENT, CARDS


def test_each_clause_of_a_card_gets_the_hash_of_each_text(sixth: Path) -> None:
    sample = load_platform(sixth).sample
    official = parse(AGREEMENT.replace("交过的钱不退", "所交费用概不退还").encode(), "official.md")
    pin(sixth, [sample, official])
    no_refund, account = load_platform(sixth).cards
    hashes = [clause_hash(clause) for text in (sample, official) if (clause := text.find("2/2.1"))]
    assert list(no_refund.reviewed_for) == ["2/2.1"]
    assert list(no_refund.reviewed_for["2/2.1"]) == hashes and len(set(hashes)) == 2
    assert len(account.reviewed_for["1/1.2"]) == 1, "the same words in both texts are one hash"


def test_only_hashes_are_added_to_the_file(sixth: Path) -> None:
    pin(sixth, [load_platform(sixth).sample])
    pinned = (sixth / "cards.yml").read_text("utf-8").splitlines(keepends=True)
    rest = [line for line in pinned if "reviewed_for" not in line and not line.startswith("    ")]
    assert "".join(rest) == CARDS
    assert len(pinned) == len(rest) + 4


def test_pinning_again_changes_nothing(sixth: Path) -> None:
    sample = load_platform(sixth).sample
    pin(sixth, [sample])
    once = (sixth / "cards.yml").read_bytes()
    pin(sixth, [sample])
    assert (sixth / "cards.yml").read_bytes() == once


def test_a_pin_replaces_what_was_pinned_before(sixth: Path) -> None:
    sample = load_platform(sixth).sample
    pin(sixth, [parse(AGREEMENT.replace("钱", "费").encode(), "old.md"), sample])
    pin(sixth, [sample])
    assert {len(hashes) for card in load_platform(sixth).cards for hashes in card.reviewed_for.values()} == {1}


def test_a_card_whose_clause_no_text_has_is_named_and_nothing_is_written(sixth: Path) -> None:
    cards = sixth / "cards.yml"
    cards.write_text(CARDS.replace("1/1.2", "1/1.7"), "utf-8")
    before = cards.read_bytes()
    with pytest.raises(BrokenPlatform) as broken:
        pin(sixth, [parse(AGREEMENT.encode(), "agreement.md")])
    (problem,) = broken.value.problems
    assert problem.file == cards and problem.reason == "clause 1/1.7 is in none of the texts"
    assert problem.line == 1 + CARDS[: CARDS.index("1/1.2")].count("\n")
    assert cards.read_bytes() == before
    assert sorted(path.name for path in sixth.iterdir()) == ["agreement.md", "cards.yml", "privacy.md", "profile.yml"]


def test_a_broken_cards_file_is_refused(sixth: Path) -> None:
    sample = load_platform(sixth).sample
    (sixth / "cards.yml").write_text("- id: [", "utf-8")
    with pytest.raises(BrokenPlatform):
        pin(sixth, [sample])
