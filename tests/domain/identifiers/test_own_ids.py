"""The ids this agent gives out are typed back to it: they are nobody's number and stay readable."""

from __future__ import annotations

import pytest

from domain.ambient import new_id
from domain.identifiers.masking import mask
from tests.support.ambient import SeededChance

CODE = "91350100M000100Y43"


@pytest.mark.parametrize("prefix", ["a", "q", "r"])
def test_an_id_is_never_taken_for_a_number_of_somebodys(prefix: str) -> None:
    chance = SeededChance(f"ids {prefix}")
    for _ in range(300):
        own = new_id(prefix, chance)
        for text in (own, f"账号是{own.upper()}，被盗了", f"编号 {own}。"):
            assert mask(text).text == text
            assert mask(text).found == ()


def test_a_number_beside_an_id_is_hidden_all_the_same() -> None:
    own = new_id("a", SeededChance("ids"))
    masked = mask(f"{own} 13800138000 {CODE}")
    assert masked.text == f"{own} «PHONE_1» «CREDIT_CODE_1»"


@pytest.mark.parametrize(
    "text",
    [f"a_{CODE}", f"a{CODE}00", f"a_{CODE}000", "a_13800138000", "ab_01234567890123456789", "a_110105194912310021"],
)
def test_what_only_resembles_an_id_is_hidden(text: str) -> None:
    assert mask(text).found != ()
