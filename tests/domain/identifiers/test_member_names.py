import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.login_names import looks_like_login_name, parse_login_name
from domain.identifiers.member_names import BannedName, check_member_name, parse_member_name
from domain.identifiers.problems import Problem, Refused

PLATFORMS = ("微工宝", "weigongbao", "小禾企服")


@pytest.mark.parametrize("name", ["快乐小鱼", "fish_88", "种果大户", "老王师傅", "阿里郎", "星辰大海-2026", "张三"])
def test_an_ordinary_member_name_is_accepted(name: str) -> None:
    assert check_member_name(name, PLATFORMS) == name


@pytest.mark.parametrize(
    ("name", "kind", "clause"),
    [
        ("推翻宪法君", "unlawful", "第二条/1(1)"),
        ("颠 覆 政权", "state_security", "第二条/1(2)"),
        ("辱华小队", "national_honour", "第二条/1(3)"),
        ("民族仇恨", "ethnic_hatred", "第二条/1(4)"),
        ("邪教主", "cult", "第二条/1(5)"),
        ("造谣大王", "rumour", "第二条/1(6)"),
        ("在线赌博", "vice", "第二条/1(7)"),
        ("線上賭博", "vice", "第二条/1(7)"),
        ("傻·逼", "insult", "第二条/1(8)"),
        ("ＦＵＣＫ", "insult", "第二条/1(8)"),
        ("草泥马", "insult", "第二条/1(8)"),
        ("官方客服", "official", "第二条/1(9)"),
        ("关方客服", "official", "第二条/1(9)"),
        ("官_方", "official", "第二条/1(9)"),
        ("微工宝小助手", "official", "第二条/1(9)"),
        ("微公宝客户部", "official", "第二条/1(9)"),
        ("某某公安局", "official", "第二条/1(9)"),
        ("中国第一名", "state_name", "第二条/1(9)"),
        ("加我vx12345", "contact", "第二条/1(9)"),
        ("13800138000", "contact", "第二条/1(9)"),
        ("一三八零零一三八零零零", "contact", "第二条/1(9)"),
        ("看www.x.cn", "contact", "第二条/1(9)"),
        ("扫码领钱", "contact", "第二条/1(9)"),
    ],
)
def test_a_banned_name_is_refused_with_the_clause_it_breaks(name: str, kind: str, clause: str) -> None:
    outcome = check_member_name(name, PLATFORMS)
    assert isinstance(outcome, BannedName)
    assert (outcome.kind, outcome.clause) == (kind, clause)
    assert outcome.rule in ("第八条", "第十条")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("鱼", Problem.MEMBER_NAME_LENGTH),
        ("鱼" * 21, Problem.MEMBER_NAME_LENGTH),
        ("小鱼😀", Problem.MEMBER_NAME_CHARACTERS),
        ("小<鱼>", Problem.MEMBER_NAME_CHARACTERS),
        ("小\u200b鱼", Problem.MEMBER_NAME_CHARACTERS),
        ("小\u202e鱼", Problem.MEMBER_NAME_CHARACTERS),
    ],
)
def test_length_and_characters_are_limited(name: str, problem: Problem) -> None:
    outcome = check_member_name(name)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


def test_the_words_around_a_member_name_are_left_out() -> None:
    assert parse_member_name("会员名叫快乐小鱼。") == "快乐小鱼"
    outcome = parse_member_name("昵称：官方客服")
    assert outcome == Refused(Problem.MEMBER_NAME_BANNED, "official|第二条/1(9)|第八条")


@given(st.text(max_size=100))
def test_any_text_gives_a_name_a_prohibition_or_a_reason(text: str) -> None:
    assert isinstance(check_member_name(text, PLATFORMS), (str, BannedName, Refused))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wang_fang88", "wang_fang88"),
        ("Wang-88", "wang-88"),
        ("登录名：ｗａｎｇ88", "wang88"),
        ("账号是wang88。", "wang88"),
    ],
)
def test_login_names_are_lower_case_ascii(text: str, name: str) -> None:
    assert parse_login_name(text) == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("abc", Problem.LOGIN_NAME_LENGTH),
        ("a" * 21, Problem.LOGIN_NAME_LENGTH),
        ("王芳1988", Problem.LOGIN_NAME_CHARACTERS),
        ("88wang", Problem.LOGIN_NAME_START),
        ("13800138000", Problem.LOGIN_NAME_START),
        ("Admin_1", Problem.LOGIN_NAME_RESERVED),
    ],
)
def test_other_login_names_are_refused_with_their_reason(text: str, problem: Problem) -> None:
    outcome = parse_login_name(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


def test_a_plain_word_is_not_surely_a_login_name() -> None:
    assert looks_like_login_name("wang_fang88")
    assert not looks_like_login_name("hello")
