import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.emails import display_email, find_emails, parse_email
from domain.identifiers.problems import Problem, Refused


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Wang.Fang@QQ.com", "wang.fang@qq.com"),
        ("ａ＠ｑｑ．ｃｏｍ", "a@qq.com"),
        ("我的邮箱是a@qq.com。", "a@qq.com"),
        ("邮箱a@qq.com谢谢", "a@qq.com"),
        ("a_b-c+1@mail.example.com.cn，", "a_b-c+1@mail.example.com.cn"),
        ("a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
        ("a\u200b@qq.com", "a@qq.com"),
    ],
)
def test_addresses_are_read_out_of_what_people_type(text: str, email: str) -> None:
    assert parse_email(text) == email


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("没有邮箱", Problem.EMAIL_MISSING),
        ("a@@qq.com", Problem.EMAIL_DOMAIN),
        ("a@qq", Problem.EMAIL_DOMAIN),
        ("a..b@qq.com", Problem.EMAIL_LOCAL_PART),
        ("a.@qq.com", Problem.EMAIL_LOCAL_PART),
        ("@qq.com", Problem.EMAIL_LOCAL_PART),
        ("用户@qq.com", Problem.EMAIL_LOCAL_PART),
        ("a@-qq.com", Problem.EMAIL_DOMAIN),
        ("a@qq.com b@qq.com", Problem.TWO_VALUES),
    ],
)
def test_what_is_no_address_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_email(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@given(
    st.from_regex(r"[a-z0-9]{1,20}(?:[._-][a-z0-9]{1,10})?", fullmatch=True),
    st.sampled_from(["qq.com", "163.com", "x.com.cn"]),
)
def test_an_address_between_chinese_words_is_found_where_it_stands(local: str, domain: str) -> None:
    text = f"我的邮箱{local}@{domain}，记一下"
    (span,) = find_emails(text)
    assert text[span.start : span.end] == span.value == f"{local}@{domain}"


@given(st.text(max_size=200))
def test_any_text_gives_an_address_or_a_reason(text: str) -> None:
    assert isinstance(parse_email(text), (str, Refused))


def test_only_the_first_letter_and_the_domain_are_shown() -> None:
    assert display_email("wangfang@qq.com") == "w***@qq.com"
