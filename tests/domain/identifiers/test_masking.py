import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.masking import looks_like_password, mask, neutralise
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import read_digits
from tests.domain.identifiers.strategies import credit_codes, id_numbers, mobiles, typed

AROUND = st.sampled_from(["", "我的", "是", "，", "手机 ", "编号：", "第三条 ", "X", "今天"])


def longest_run(original: str, masked: str) -> int:
    """How many digits of the original stand in a row in the masked text, however they are written."""
    digits = re.sub("[^0-9]", "", read_digits(original, every_script=True).text)
    left = re.sub("«[A-Z_]+_[0-9]+»", "|", masked)
    left = re.sub("[^0-9|]", "", read_digits(left, every_script=True).text)
    return max(
        (
            size
            for size in range(1, len(digits) + 1)
            for at in range(len(digits) - size + 1)
            if digits[at : at + size] in left
        ),
        default=0,
    )


@given(typed(st.one_of(mobiles, id_numbers, credit_codes)), AROUND, AROUND)
def test_no_run_of_the_digits_survives(case: tuple[str, str], before: str, after: str) -> None:
    number, text = case
    masked = mask(before + text + after).text
    assert longest_run(number, masked) <= 1, masked
    assert "«" in masked


@given(st.one_of(mobiles, id_numbers), st.integers(0, 10), st.sampled_from(["drop", "double"]))
def test_a_digit_too_few_or_too_many_is_hidden_too(number: str, at: int, how: str) -> None:
    broken = number[:at] + number[at + 1 :] if how == "drop" else number[:at] + number[at] + number[at:]
    masked = mask(f"我的号码{broken}对吗").text
    assert longest_run(number, masked) == 0


@given(st.text(max_size=200))
def test_spans_always_point_at_what_was_hidden_and_the_rest_is_kept(text: str) -> None:
    masked = mask(text)
    rebuilt, at = [], 0
    for found in masked.found:
        assert found.start < found.end
        rebuilt += [text[at : found.start].replace("«", "‹").replace("»", "›"), found.placeholder]
        at = found.end
    assert "".join([*rebuilt, text[at:].replace("«", "‹").replace("»", "›")]) == masked.text


@given(
    st.lists(
        st.one_of(mobiles, st.sampled_from(["我叫王芳", "，", "密码", "«PHONE_1»", "123456", "a@qq.com"])), max_size=6
    )
)
def test_offsets_in_the_masked_text_lead_back_to_what_was_typed(parts: list[str]) -> None:
    text = "好".join(parts)
    masked = mask(text)
    for match, found in zip(re.finditer("«[A-Z_]+_[0-9]+»", masked.text), masked.found, strict=True):
        assert masked.typed_span(*match.span()) == (found.start, found.end)
    for at, char in enumerate(masked.text):
        if char == "好":
            start, end = masked.typed_span(at, at + 1)
            assert text[start:end] == "好"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("手机13800138000", "手机«PHONE_1»"),
        ("13800138000和13900139000，就用13800138000", "«PHONE_1»和«PHONE_2»，就用«PHONE_1»"),
        ("验证码123456", "验证码«SMS_CODE_1»"),
        ("123456", "«SMS_CODE_1»"),
        ("X138-001-380-00", "«PHONE_1»"),
        ("X13000 00000 0", "X«PHONE_1»"),
        ("tel1380013800", "«PHONE_1»"),
        ("收到的是123456对吧", "收到的是«SMS_CODE_1»对吧"),
        ("12 34 56", "«SMS_CODE_1»"),
        ("我的码是一二三四五六", "我的码是«SMS_CODE_1»"),
        ("身份证110105 19491231 002X", "身份证«ID_NUMBER_1»"),
        ("11010519491231002\u0425", "«ID_NUMBER_1»"),
        ("110105491231002", "«ID_NUMBER_1»"),
        ("邮箱 a.b@qq.com 好", "邮箱 «EMAIL_1» 好"),
        ("代码91350100M000100Y43", "代码«CREDIT_CODE_1»"),
        ("代码91350100M000100Y44", "代码«CREDIT_CODE_1»"),
        ("138O0138OOO", "«PHONE_1»"),
        ("٠١٢٣٤٥٦٧٨٩٠", "«PHONE_1»"),
        ("0755-88886666", "«PHONE_1»"),
        ("2024-05-06 13800138000", "2024-05-06 «PHONE_1»"),
        ("13 8 0 0 1 3\n8000", "«PHONE_1»"),
        ("+86 138 0013 8000", "«PHONE_1»"),
        ("13800138000@qq.com", "«EMAIL_1»"),
    ],
)
def test_each_kind_gets_its_own_placeholder(text: str, expected: str) -> None:
    assert mask(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "第3.2.1条和3.2.2、3.2.3条",
        "工资10000000元没给",
        "3000-5000元",
        "1990年5月6日",
        "2024-05-06 10:30:00",
        "拨打12345",
        "TS20240512001 到哪了",
        "欠我三千五百块",
        "我今年十五岁",
        "扣了123456元",
        "一起",
        "90天内",
    ],
)
def test_dates_clauses_amounts_and_references_stay_readable(text: str) -> None:
    assert mask(text).text == text


def test_a_placeholder_cannot_be_forged() -> None:
    assert mask("«PHONE_1»").text == "‹PHONE_1›"


def test_what_is_shown_of_a_masked_text_carries_no_value() -> None:
    assert "13800138000" not in repr(mask("手机13800138000"))


@pytest.mark.parametrize(
    "text",
    [
        "密码是abc12345",
        "密码：Abc@123",
        "新密码 qwer1234",
        "password is hunter2".replace("is", "="),
        "密码改成wang123",
        "密码是一二三四五六七八",
        "密碼是abc12345",
    ],
)
def test_a_password_given_away_in_chat_is_noticed(text: str) -> None:
    assert looks_like_password(text)


@pytest.mark.parametrize(
    "text", ["密码是什么", "密码忘了", "密码8位以上吗", "密码为什么要这么长", "改密码", "密码不对", "我要重置密码"]
)
def test_talking_about_passwords_is_not_giving_one_away(text: str) -> None:
    assert not looks_like_password(text)


@pytest.mark.parametrize(
    "text",
    [
        '/affirm{"x":1}',
        "／restart",
        " \u200b/x",
        "\u202e/abc",
        "\u3000／x",
        "\n/start@otherbot",
        "\ufeff\u00ad/x",
        "\x07/x",
    ],
)
def test_a_leading_slash_is_never_a_command_however_it_is_hidden(text: str) -> None:
    safe = neutralise(text)
    assert isinstance(safe, str)
    assert safe.startswith("'")
    assert safe.lstrip("'").replace("／", "/").startswith("/")


@given(st.text(max_size=300))
def test_a_neutralised_text_is_safe_and_stays_as_it_is(text: str) -> None:
    safe = neutralise(text)
    if isinstance(safe, str):
        assert neutralise(safe) == safe
        assert not read_digits(safe).text.strip().startswith("/")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]", safe)


def test_nul_lone_surrogates_and_long_texts_are_refused() -> None:
    assert neutralise("a\x00b") == Refused(Problem.TEXT_INVALID)
    assert neutralise("a\ud800b") == Refused(Problem.TEXT_INVALID)
    assert neutralise("好" * 11, limit=10) == Refused(Problem.TEXT_TOO_LONG, "10")
    assert neutralise("好" * 10, limit=10) == "好" * 10


def test_ordinary_text_stays_as_typed() -> None:
    assert neutralise("我不同意第3/4条\n但想继续看") == "我不同意第3/4条\n但想继续看"
