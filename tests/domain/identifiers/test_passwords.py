import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.passwords import PasswordContext, check_password, common_passwords
from domain.identifiers.problems import Problem, Refused

CONTEXT = PasswordContext(
    "13800138000", "王芳", date(1990, 5, 6), ("微工宝", "weigongbao", "wang_fang88", "fang@qq.com")
)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "😀😀🐱😀🍎😀😀😁",
        "春眠不觉晓处处闻",
        "/affirm-that-3",
        "取消取消一个大西瓜",
        "  two  spaces  ",
        "Xk7#mQ2p",
    ],
)
def test_spaces_emoji_and_chinese_are_welcome(password: str) -> None:
    assert check_password(password, CONTEXT) == password


def test_length_is_counted_in_characters_after_normalisation() -> None:
    assert check_password("ﬁ" * 4 + "x") == Refused(Problem.PASSWORD_REPEATED) or isinstance(
        check_password("ﬁaﬁbﬁc"), str
    )
    assert check_password("春眠不觉晓处处") == Refused(Problem.PASSWORD_TOO_SHORT, "7")
    assert isinstance(check_password("xq7z" * 3 + "春" * 116), str)
    assert check_password("xq7z" * 3 + "春" * 117) == Refused(Problem.PASSWORD_TOO_LONG, "129")


def test_nothing_is_cut_off_behind_the_72nd_byte() -> None:
    first, second = "长" * 30 + "密码一", "长" * 30 + "密码二"
    assert check_password(first) != check_password(second)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("aaaaaaaa", Problem.PASSWORD_REPEATED),
        ("abcabcabcabc", Problem.PASSWORD_REPEATED),
        ("12345678", Problem.PASSWORD_SEQUENCE),
        ("87654321", Problem.PASSWORD_SEQUENCE),
        ("abcdefgh", Problem.PASSWORD_SEQUENCE),
        ("QWERTYUI", Problem.PASSWORD_SEQUENCE),
        ("１２３４５６７８", Problem.PASSWORD_SEQUENCE),
        ("password1", Problem.PASSWORD_COMMON),
        ("Woaini1314", Problem.PASSWORD_COMMON),
        ("abc\x00defgh", Problem.PASSWORD_INVALID),
        ("abc\ud800defgh", Problem.PASSWORD_INVALID),
    ],
)
def test_a_guessable_password_is_refused_with_its_reason(password: str, problem: Problem) -> None:
    outcome = check_password(password)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@pytest.mark.parametrize(
    ("password", "whose"),
    [
        ("13800138000", "phone"),
        ("a13800138000", "phone"),
        ("00138000", "phone"),
        ("wangfang", "name"),
        ("WangFang123", "name"),
        ("王芳王芳王芳王芳", "name"),
        ("19900506", "birth_date"),
        ("1990-05-06!", "birth_date"),
        ("weigongbao1", "word"),
        ("微工宝微工宝微工宝", "word"),
        ("wang_fang88", "word"),
        ("wangfang19900506", "word"),
    ],
)
def test_what_others_know_about_the_person_is_refused(password: str, whose: str) -> None:
    outcome = check_password(password, CONTEXT)
    assert isinstance(outcome, Refused)
    assert outcome.code is Problem.PASSWORD_PERSONAL
    assert outcome.hint in (whose, "name", "word")


def test_a_long_password_may_mention_the_platform() -> None:
    assert isinstance(check_password("微工宝里我最爱吃西瓜了", CONTEXT), str)


def test_the_block_list_is_long_and_every_word_of_it_would_fit_the_length() -> None:
    assert len(common_passwords()) >= 3000
    assert all(len(word) >= 8 for word in common_passwords())


@given(st.sampled_from(sorted(common_passwords())))
def test_every_common_password_is_refused_in_any_case(word: str) -> None:
    assert isinstance(check_password(word.upper()), Refused)


@given(st.text(max_size=200))
def test_an_accepted_password_is_exactly_its_normal_form(text: str) -> None:
    outcome = check_password(text, CONTEXT)
    if isinstance(outcome, str):
        assert outcome == unicodedata.normalize("NFKC", text)
        assert 8 <= len(outcome) <= 128


def test_a_context_never_prints_itself() -> None:
    assert "13800138000" not in repr(CONTEXT)
    assert "王芳" not in repr(CONTEXT)
