import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.codes import claims_sms_code, find_sms_codes, parse_sms_code
from domain.identifiers.problems import Problem, Refused
from tests.domain.identifiers.strategies import typed

six = st.integers(0, 999_999).map(lambda number: f"{number:06d}")


@pytest.mark.parametrize(
    "text",
    [
        "１２３４５６",
        "12 34 56",
        "123-456",
        "一二三四五六",
        "幺二三四五六",
        "验证码是123456。",
        "我的码 123456 谢谢".replace("谢谢", "哦"),
        "①②③④⑤⑥",
    ],
)
def test_every_way_of_typing_a_code_is_read(text: str) -> None:
    assert parse_sms_code(text) == "123456"


def test_leading_zeros_are_kept() -> None:
    assert parse_sms_code("000123") == "000123"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("12345", Problem.SMS_CODE_LENGTH),
        ("1234567", Problem.SMS_CODE_LENGTH),
        ("123456 654321", Problem.TWO_VALUES),
        ("123456，654321", Problem.TWO_VALUES),
        ("十二万三千四百五十六", Problem.SMS_CODE_FORMAT),
        ("我要投诉123456", Problem.SMS_CODE_FORMAT),
        ("'; DROP TABLE codes; --", Problem.SMS_CODE_FORMAT),
        ("😀", Problem.SMS_CODE_FORMAT),
        ("1" * 10_000, Problem.SMS_CODE_FORMAT),
        ("²³⁴", Problem.SMS_CODE_LENGTH),
        ("", Problem.SMS_CODE_FORMAT),
    ],
)
def test_anything_else_is_a_format_error_and_costs_no_attempt(text: str, problem: Problem) -> None:
    outcome = parse_sms_code(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@given(typed(six))
def test_script_and_spacing_never_change_the_code(case: tuple[str, str]) -> None:
    code, text = case
    assert parse_sms_code(text.replace(" - ", "-")) == code


@given(st.text(max_size=300))
def test_any_text_gives_six_digits_or_a_reason(text: str) -> None:
    outcome = parse_sms_code(text)
    assert isinstance(outcome, Refused) or (len(outcome) == 6 and outcome.isascii() and outcome.isdigit())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("123456", True), ("12345", True), ("码没到", False), ("再发一次", False), ("123456是什么", False)],
)
def test_only_digits_with_filler_words_claim_the_code_question(text: str, expected: bool) -> None:
    assert claims_sms_code(text) is expected


def test_a_code_is_found_alone_or_near_its_word_but_not_in_other_numbers() -> None:
    assert [span.value for span in find_sms_codes("验证码123456收到了")] == ["123456"]
    assert [span.value for span in find_sms_codes(" 123456。")] == ["123456"]
    assert find_sms_codes("订单一共123456件") == []
