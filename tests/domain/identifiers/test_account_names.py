"""How an owner names an account: which identifier an answer is, in which canonical form, and what a chat may show."""

from __future__ import annotations

import pytest

from domain.identifiers.account_names import NamedAccount, claims_account_name, parse_account_name
from domain.identifiers.problems import Problem, Refused

EVERY = ("phone", "email", "login_name", "member_name", "account_id", "id_number", "credit_code")
ID = "a_q3n7w0zk5t8rd2fxm6hv"


@pytest.mark.parametrize(
    ("text", "kind", "canonical", "display"),
    [
        ("13800138000", "phone", "+8613800138000", "138****8000"),
        ("我的手机号是 138 0013 8000。", "phone", "+8613800138000", "138****8000"),
        ("+86 13800138000", "phone", "+8613800138000", "138****8000"),
        ("Wang.Fang@Example.COM", "email", "wang.fang@example.com", "w***@example.com"),
        ("邮箱 wf@例子.中国", "email", "wf@xn--fsqu00a.xn--fiqs8s", "w***@xn--fsqu00a.xn--fiqs8s"),
        ("Wang_Fang8", "login_name", "wang_fang8", "wang_fang8"),
        ("我的账号是 Wang_Fang8。", "login_name", "wang_fang8", "wang_fang8"),
        ("用户叫wang_fang8！", "login_name", "wang_fang8", "wang_fang8"),
        ("小芳的店", "member_name", "小芳的店", "小芳的店"),
        ("会员名是小芳的店", "member_name", "小芳的店", "小芳的店"),
        ("我的账号叫小芳", "member_name", "小芳", "小芳"),
        (ID, "account_id", ID, ID),
        (f"账号编号 {ID.upper()}。", "account_id", ID, ID),
    ],
)
def test_an_answer_is_the_first_identifier_it_can_be(text: str, kind: str, canonical: str, display: str) -> None:
    named = parse_account_name(text, EVERY)
    assert named == NamedAccount(kind, canonical, display)
    assert named.value == f"{kind}|{canonical}"


@pytest.mark.parametrize(
    ("text", "without", "kind"),
    [
        ("wang_fang8", "login_name", "member_name"),
        ("13800138000", "phone", "member_name"),
        (ID, "account_id", None),
        ("wf@example.com", "email", None),
        ("小芳的店", "member_name", None),
    ],
)
def test_a_platform_that_does_not_know_a_kind_takes_nothing_for_it(text: str, without: str, kind: str | None) -> None:
    known = [each for each in EVERY if each != without]
    named = parse_account_name(text, known)
    if kind is None:
        assert named == Refused(Problem.ACCOUNT_NAME)
    else:
        assert isinstance(named, NamedAccount) and named.kind == kind
    assert parse_account_name(text, ()) == Refused(Problem.ACCOUNT_NAME)


@pytest.mark.parametrize("text", ["11010519491231002X", "身份证 110105 19491231 002X", "我是 11010519491231002x。"])
def test_a_documents_number_belongs_on_the_page_whatever_the_platform_knows(text: str) -> None:
    assert parse_account_name(text, EVERY) == Refused(Problem.ACCOUNT_NAME_PAGE)
    assert parse_account_name(text, ("phone",)) == Refused(Problem.ACCOUNT_NAME_PAGE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1380013800", Problem.PHONE_TOO_SHORT),
        ("12800138000", Problem.PHONE_NOT_MOBILE),
        ("13800138000 13900139000", Problem.TWO_VALUES),
        ("手机13800138000或13900139000", Problem.TWO_VALUES),
        ("138O0138000", Problem.PHONE_LETTERS),
    ],
)
def test_what_is_nearly_a_phone_is_told_as_such(text: str, problem: Problem) -> None:
    refused = parse_account_name(text, EVERY)
    assert isinstance(refused, Refused)
    assert refused.code == problem


def test_letters_among_figures_make_a_name_unless_it_begins_like_a_phone() -> None:
    named = parse_account_name("wf13800138OO", ("phone", "login_name"))
    assert named == NamedAccount("login_name", "wf13800138oo", "wf13800138oo")


@pytest.mark.parametrize("text", ["", "?", "……", "小", "一个非常非常非常非常非常非常非常长的名字啊", "a b c d e"])
def test_what_can_be_no_account_is_refused(text: str) -> None:
    assert parse_account_name(text, EVERY) == Refused(Problem.ACCOUNT_NAME)


# --- what surely is an answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (ID, "account_id"),
        ("wf@example.com", "email"),
        ("我的账号是wang_fang8", "login_name"),
        ("wang_fang8", "login_name"),
        ("会员名是小芳的店", "member_name"),
    ],
)
def test_a_name_with_a_form_of_its_own_is_an_answer_where_it_is_known(text: str, kind: str) -> None:
    assert claims_account_name(text, EVERY)
    assert claims_account_name(text, (kind,))
    assert not claims_account_name(text, [each for each in EVERY if each != kind])


@pytest.mark.parametrize("text", ["13800138000", "手机号是13800138000", "1380013800", "138 0013 8000", "+86-138-0013"])
def test_figures_that_may_be_a_phone_are_an_answer_everywhere(text: str) -> None:
    assert claims_account_name(text, ())


@pytest.mark.parametrize(
    "text",
    [
        "这是什么",
        "13800138000吗",
        "13800138000 可以吗？",
        "怎么填 wang_fang8",
        "wang_fang8 是啥",
        "小芳",
        "王小明",
        "hello",
        "123456",
        "123456789012345678",
        "账号 wang_fang8 " + "很" * 60,
        "",
    ],
)
def test_a_question_or_plain_words_are_no_sure_answer(text: str) -> None:
    assert not claims_account_name(text, EVERY)


def test_sixty_characters_are_the_longest_sure_answer() -> None:
    base = "13800138000"
    assert claims_account_name(base + " " * (60 - len(base)), EVERY)
    assert not claims_account_name(base + " " * (61 - len(base)), EVERY)
