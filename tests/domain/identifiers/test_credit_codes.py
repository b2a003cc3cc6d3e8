import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc

from domain.identifiers.checksums import CREDIT_ALPHABET, credit_check_character, id_check_digit
from domain.identifiers.credit_codes import CreditCode, find_credit_codes, parse_credit_code
from domain.identifiers.problems import Problem, Refused
from tests.domain.identifiers.strategies import credit_codes, id_numbers, typed

REAL = "91350100M000100Y43"  # the example of GB 32100-2015


@pytest.mark.parametrize(
    "text",
    [
        REAL,
        REAL.lower(),
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "9135 0100 M000 100Y 43",
        f"信用代码：{REAL}。",
        "九一三五零一零零M000100Y43",
    ],
)
def test_width_case_and_spaces_do_not_matter(text: str) -> None:
    assert parse_credit_code(text) == CreditCode(REAL)


@pytest.mark.parametrize("head", ["N2", "N3", "Y1", "A1"])
def test_the_letters_of_the_amendment_head_a_code(head: str) -> None:
    body = head + "440300MA5EQXX01"
    assert isinstance(parse_credit_code(body + credit_check_character(body)), CreditCode)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("91350100M000100Y44", Problem.CREDIT_CHECK_CHARACTER),
        ("91350100M0O0100Y43", Problem.CREDIT_LETTERS),
        ("9135O100M000I00Y43", Problem.CREDIT_LETTERS),
        ("S1350100M000100Y43", Problem.CREDIT_LETTERS),
        ("350100123456789", Problem.CREDIT_FIFTEEN_DIGITS),
        ("B1350100M000100Y43", Problem.CREDIT_HEAD),
        ("91350100M000100Y4", Problem.CREDIT_LENGTH),
        ("11010519491231002X", Problem.CREDIT_IS_ID_NUMBER),
        ("没有", Problem.CREDIT_MISSING),
    ],
)
def test_a_wrong_code_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_credit_code(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@given(id_numbers)
def test_an_id_number_is_never_taken_for_a_credit_code(number: str) -> None:
    assert parse_credit_code(number) == Refused(Problem.CREDIT_IS_ID_NUMBER)


@given(typed(credit_codes))
def test_every_right_code_is_accepted_however_it_is_typed(case: tuple[str, str]) -> None:
    code, text = case
    assume(code[17] != id_check_digit(code[:17]) if code[:17].isdigit() else True)
    assert parse_credit_code(text) == CreditCode(code)


@given(credit_codes)
def test_on_the_codes_the_oracle_knows_it_agrees(code: str) -> None:
    if code[:8].isdigit():
        assert uscc.is_valid(code)


@given(credit_codes, st.integers(8, 17), st.sampled_from(CREDIT_ALPHABET))
def test_any_single_wrong_character_is_noticed(code: str, at: int, char: str) -> None:
    assume(char != code[at])
    assert isinstance(parse_credit_code(code[:at] + char + code[at + 1 :]), Refused)


def test_a_code_in_a_sentence_is_found_and_shown_masked() -> None:
    text = f"我们的代码是{REAL}谢谢"
    (found,) = find_credit_codes(text)
    assert text[found.start : found.end] == REAL
    assert found.credit_code.display == "9135**********0Y43"
