from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric

from domain.identifiers.checksums import id_check_digit
from domain.identifiers.id_numbers import IdNumber, find_id_numbers, parse_id_number
from domain.identifiers.problems import Problem, Refused
from tests.domain.identifiers.strategies import TODAY, births, id_numbers, typed

REAL = "11010519491231002X"


def with_check(body: str) -> str:
    return body + id_check_digit(body)


@pytest.mark.parametrize(
    "text",
    [
        REAL,
        REAL.lower(),
        "11010519491231002Ｘ",
        "110105 19491231 002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "身份证号是110105-19491231-002X。",
    ],
)
def test_spaces_width_and_case_do_not_matter(text: str) -> None:
    assert parse_id_number(text, TODAY) == IdNumber(REAL)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ("11010519491231002", "resident_id"),
        ("81000019900307003", "hmt_residence_permit"),
        ("82000019900307003", "hmt_residence_permit"),
        ("83000019900307003", "hmt_residence_permit"),
        ("93115619900307003", "permanent_residence"),
    ],
)
def test_residence_permits_are_documents_of_their_own(body: str, document: str) -> None:
    outcome = parse_id_number(with_check(body), TODAY)
    assert isinstance(outcome, IdNumber)
    assert outcome.document == document


def test_birth_date_and_sex_are_read_from_the_number() -> None:
    id_number = IdNumber(REAL)
    assert id_number.birth == date(1949, 12, 31)
    assert id_number.sex == "female"
    assert IdNumber(with_check("11010519491231003")).sex == "male"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("110105194912310021", Problem.ID_CHECK_DIGIT),
        ("11010519491231002\u0425", Problem.ID_FOREIGN_X),
        ("11010519491231002×", Problem.ID_FOREIGN_X),
        ("110105491231002", Problem.ID_FIFTEEN_DIGITS),
        (with_check("11010519491331002"), Problem.ID_BIRTH_DATE),
        (with_check("11010519490230002"), Problem.ID_BIRTH_DATE),
        (with_check("11010520490228002"), Problem.ID_BIRTH_IN_FUTURE),
        (with_check("11010518990228002"), Problem.ID_TOO_OLD),
        ("1101051949123100X", Problem.ID_LENGTH),
        ("11O10519491231002X", Problem.ID_LETTERS),
        ("13800138000", Problem.ID_IS_PHONE),
        ("91350100M000100Y43", Problem.ID_IS_CREDIT_CODE),
        ("没有带", Problem.ID_MISSING),
        (REAL + " " + with_check("44030519900307003"), Problem.TWO_VALUES),
    ],
)
def test_a_wrong_number_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_id_number(text, TODAY)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


def test_the_reason_never_carries_the_right_check_digit() -> None:
    outcome = parse_id_number("110105194912310021", TODAY)
    assert outcome == Refused(Problem.ID_CHECK_DIGIT, "")


@given(typed(id_numbers))
def test_every_right_number_is_accepted_however_it_is_typed(case: tuple[str, str]) -> None:
    number, text = case
    assert parse_id_number(text, TODAY) == IdNumber(number)


@given(id_numbers, st.integers(0, 17), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(number: str, at: int, shift: int) -> None:
    assume(number[at] != "X")
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 :]
    assert isinstance(parse_id_number(wrong, TODAY), Refused)


@given(id_numbers, st.integers(0, 16))
def test_any_swap_of_neighbours_is_noticed(number: str, at: int) -> None:
    assume(number[at] != number[at + 1])
    assert isinstance(parse_id_number(number[:at] + number[at + 1] + number[at] + number[at + 2 :], TODAY), Refused)


@given(births, st.integers(0, 999))
def test_whatever_the_oracle_accepts_we_accept(birth: date, order: int) -> None:
    number = with_check(f"110105{birth:%Y%m%d}{order:03d}")
    assert ric.is_valid(number) <= isinstance(parse_id_number(number, TODAY), IdNumber)


@given(id_numbers)
def test_the_check_digit_agrees_with_the_oracle(number: str) -> None:
    assert ric.calc_check_digit(number) == number[17]


@given(id_numbers)
def test_age_is_never_negative_and_the_display_hides_the_birth_date(number: str) -> None:
    id_number = IdNumber(number)
    assert id_number.age(TODAY) >= 0
    assert f"{id_number.birth:%Y%m%d}" not in id_number.display


def test_a_number_in_a_sentence_is_found_where_it_stands() -> None:
    text = f"我的身份证{REAL}请查"
    (found,) = find_id_numbers(text)
    assert text[found.start : found.end] == REAL


@given(st.text(max_size=200))
def test_any_text_gives_a_number_or_a_reason(text: str) -> None:
    assert isinstance(parse_id_number(text, TODAY), (IdNumber, Refused))
