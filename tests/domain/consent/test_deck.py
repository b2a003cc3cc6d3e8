"""The cards a person reads: grave ones alone, others by theme, each beside its very clauses."""

from __future__ import annotations

import pytest

from domain.agreements import parse
from domain.consent.deck import THEMES, build_deck
from domain.platforms.model import Subject
from tests.support.databases import platforms

WAYS = [(p.profile.id, subject) for p in platforms() for subject in p.profile.subjects]


@pytest.mark.parametrize(("platform_id", "subject"), WAYS)
def test_every_card_for_this_person_is_shown_once_and_no_other(platform_id: str, subject: Subject) -> None:
    platform = platforms().get(platform_id)
    deck = build_deck(platform.cards, platform.sample, subject)
    shown = [card.card.id for leaf in deck.leaves for card in leaf.cards]
    assert sorted(shown) == sorted(card.id for card in platform.cards if subject in card.subjects)


@pytest.mark.parametrize(("platform_id", "subject"), WAYS)
def test_grave_cards_stand_alone_and_come_first_then_the_themes_in_their_order(
    platform_id: str, subject: Subject
) -> None:
    platform = platforms().get(platform_id)
    leaves = build_deck(platform.cards, platform.sample, subject).leaves
    kinds = [leaf.theme is None for leaf in leaves]
    assert kinds == sorted(kinds, reverse=True)
    for leaf in leaves:
        assert {card.card.tier for card in leaf.cards} == ({1} if leaf.theme is None else {2})
        assert leaf.theme is not None or len(leaf.cards) == 1
    themes = [leaf.theme for leaf in leaves if leaf.theme]
    assert themes == [theme for theme in THEMES if theme in themes]


@pytest.mark.parametrize("platform_id", [p.profile.id for p in platforms()])
def test_reading_everything_shows_every_clause_of_the_text(platform_id: str) -> None:
    platform = platforms().get(platform_id)
    deck = build_deck(platform.cards, platform.sample, None)
    read = "".join(clause.text for clause in deck.every)
    for clause in platform.sample.walk():
        assert clause.text in read


@pytest.mark.parametrize("platform_id", [p.profile.id for p in platforms()])
def test_no_card_of_the_shipped_samples_is_a_draft(platform_id: str) -> None:
    platform = platforms().get(platform_id)
    deck = build_deck(platform.cards, platform.sample, None)
    assert [c.card.id for leaf in deck.leaves for c in leaf.cards if c.draft] == []


def test_a_clause_that_is_gone_takes_its_card_along_and_a_changed_one_makes_it_a_draft() -> None:
    platform = platforms().get("renrenbao")
    deck = build_deck(platform.cards, platform.sample, None)
    card = next(c for leaf in deck.leaves for c in leaf.cards if len(c.clauses) == 1 and len(c.clauses[0].text) > 30)
    words = card.clauses[0].text.split("\n")[0]
    raw = platform.sample_bytes.decode()
    assert raw.count(words) == 1
    changed = build_deck(platform.cards, parse(raw.replace(words, words + "另有补充。").encode(), "a.md"), None)
    found = changed.card(card.card.id)
    assert found is not None and found.draft
    elsewhere = platforms().get("zhiyonggong").sample
    assert build_deck([card.card], elsewhere, None).leaves == () or all(
        c.draft for leaf in build_deck([card.card], elsewhere, None).leaves for c in leaf.cards
    )


def test_white_space_alone_does_not_make_a_draft() -> None:
    platform = platforms().get("renrenbao")
    raw = platform.sample_bytes.decode().replace("\r\n", "\n").replace("\n", "\r\n")
    deck = build_deck(platform.cards, parse(raw.encode(), "a.md"), None)
    assert [c.card.id for leaf in deck.leaves for c in leaf.cards if c.draft] == []
