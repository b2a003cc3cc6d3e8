import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.identifiers.case_numbers import display_case_number, find_case_numbers, new_case_number, parse_case_number
from domain.identifiers.checksums import CREDIT_ALPHABET
from domain.identifiers.masking import mask
from domain.identifiers.problems import Problem, Refused

numbers = st.integers(0, 2**32).map(lambda seed: new_case_number(random.Random(seed).randrange))


@given(numbers, st.sampled_from([str, str.lower, display_case_number]))
def test_a_new_number_is_read_back_however_it_is_typed(number: str, how: object) -> None:
    assert parse_case_number(f"我的编号是{how(number)}。") == number  # type: ignore[operator]


@given(numbers, st.integers(2, 10), st.sampled_from(CREDIT_ALPHABET))
def test_any_single_wrong_character_is_noticed(number: str, at: int, char: str) -> None:
    assume(char != number[at])
    assert parse_case_number(number[:at] + char + number[at + 1 :]) == Refused(Problem.CASE_NUMBER_CHECK)


@given(numbers, st.integers(2, 9))
def test_any_swap_of_neighbours_is_noticed(number: str, at: int) -> None:
    assume(number[at] != number[at + 1])
    assert isinstance(parse_case_number(number[:at] + number[at + 1] + number[at] + number[at + 2 :]), Refused)


@given(numbers)
def test_a_right_number_is_found_and_never_masked(number: str) -> None:
    text = f"查一下{number}到哪了"
    (span,) = find_case_numbers(text)
    assert text[span.start : span.end] == number
    assert mask(text).text == text


def test_letters_misread_for_digits_are_forgiven() -> None:
    number = next(
        n for n in (new_case_number(random.Random(seed).randrange) for seed in range(999)) if "0" in n and "1" in n
    )
    assert parse_case_number(number.replace("0", "O").replace("1", "l")) in (number, Refused(Problem.CASE_NUMBER_CHECK))
    assert parse_case_number(number.replace("0", "o").replace("1", "I")) == number


@pytest.mark.parametrize("text", ["", "没有编号", "TS123", "13800138000"])
def test_what_is_no_case_number_is_refused(text: str) -> None:
    assert parse_case_number(text) == Refused(Problem.CASE_NUMBER_FORMAT)
