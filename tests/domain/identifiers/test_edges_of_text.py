"""The edges of names, days, phones, masking and of reading itself."""

from __future__ import annotations

from datetime import date

import pytest

from domain.identifiers.dates import find_dates, parse_birth_date, parse_date
from domain.identifiers.entities import recognise
from domain.identifiers.masking import mask, neutralise
from domain.identifiers.names import comparison_key, display_name, looks_like_name, parse_person_name
from domain.identifiers.passwords import PasswordContext, check_password
from domain.identifiers.phones import Phone, find_phones, parse_phone
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import invisible, read, read_digits, simplified, tidy, valid_unicode
from tests.support.papers import id_number

TODAY = date(2026, 3, 12)  # a Thursday


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("王芳", "王芳"),
        ("王 芳", "王芳"),
        ("我叫王芳。", "王芳"),
        ("买买提.吐尔逊", "买买提·吐尔逊"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("王" * 25, "王" * 25),
        ("Anna  Maria O’Neil", "Anna Maria O'Neil"),
        ("ＡＢ", "AB"),
        ("Ａ～", Refused(Problem.NAME_TOO_SHORT)),
        ("Li", "Li"),
        ("A" * 60, "A" * 60),
        ("A" * 61, Refused(Problem.NAME_TOO_LONG)),
        ("王", Refused(Problem.NAME_TOO_SHORT)),
        ("王" * 26, Refused(Problem.NAME_TOO_LONG)),
        ("A", Refused(Problem.NAME_TOO_SHORT)),
        ("-", Refused(Problem.NAME_CHARACTERS)),
        ("", Refused(Problem.NAME_MISSING)),
        ("。", Refused(Problem.NAME_MISSING)),
        ("王芳1", Refused(Problem.NAME_DIGITS)),
        ("王芳１", Refused(Problem.NAME_DIGITS)),
        ("王芳😀", Refused(Problem.NAME_EMOJI)),
        ("王芳\ue000", Refused(Problem.NAME_EMOJI)),
        ("王芳\U0001f3fb", Refused(Problem.NAME_EMOJI)),
        ("王\u200b芳", Refused(Problem.NAME_INVISIBLE)),
        ("王\x07芳", Refused(Problem.NAME_INVISIBLE)),
        ("王\x00芳", Refused(Problem.NAME_INVISIBLE)),
        ("王芳www.a.cn", Refused(Problem.NAME_LINK)),
        ("平台客服", Refused(Problem.NAME_OFFICIAL)),
        ("中国建设局", Refused(Problem.NAME_OFFICIAL)),
        ("中国红", "中国红"),
        ("王先生", Refused(Problem.NAME_TITLE)),
        ("王芳<b>", Refused(Problem.NAME_CHARACTERS)),
        ("Anna@", Refused(Problem.NAME_LINK)),
        ("Anna_Maria", Refused(Problem.NAME_CHARACTERS)),
    ],
)
def test_names_at_their_edges(text: str, outcome: str | Refused) -> None:
    assert parse_person_name(text) == outcome


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("王芳", True),
        ("我叫王芳", True),
        ("欧阳娜娜", True),
        ("王芳啊", True),
        ("阿卜杜拉·买买提", True),
        ("阿·买买提", False),
        ("买买提·吐", False),
        ("我叫Anna", True),
        ("Anna", False),
        ("我叫anna", False),
        ("高兴", False),
        ("等一下", False),
        ("王小明明", False),
        ("张李思雨", True),
        ("我要投诉", False),
        ("谢谢", False),
        ("马上来", False),
        ("于是我", False),
        ("我叫王芳" + " " * 56, True),
        ("我叫王芳" + " " * 57, False),
    ],
)
def test_a_sure_name_is_a_surname_and_no_word(text: str, sure: bool) -> None:
    assert looks_like_name(text) is sure


def test_two_spellings_of_one_name_are_compared_by_what_they_share() -> None:
    assert comparison_key("Anna-Maria O'Neil") == comparison_key("ａｎｎａ maria oneil")
    assert comparison_key("买买提·吐尔逊") == "买买提吐尔逊"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王芳", "王*"), ("张小明", "张*明"), ("欧阳娜娜", "欧**娜"), ("买买提·吐尔逊", "买***逊")],
)
def test_a_chat_shows_the_ends_of_a_name(name: str, shown: str) -> None:
    assert display_name(name) == shown


# --- days -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026年3月2日", ["2026-03-02"]),
        ("26年3月2日", ["2026-03-02"]),
        ("27年3月2日", ["2027-03-02"]),
        ("28年3月2日", ["1928-03-02"]),
        ("99年3月2日", ["1999-03-02"]),
        ("二〇二六年三月二日", ["2026-03-02"]),
        ("2026-03-02", ["2026-03-02"]),
        ("2026.3.2", ["2026-03-02"]),
        ("20260302", ["2026-03-02"]),
        ("2026-02-30", []),
        ("3月12日", ["2026-03-12"]),
        ("3月13日", ["2025-03-13"]),
        ("去年3月2日", ["2025-03-02"]),
        ("明年3月2号", ["2027-03-02"]),
        ("12号", ["2026-03-12"]),
        ("13号", ["2026-02-13"]),
        ("31号", []),
        ("上个月5号", ["2026-02-05"]),
        ("下月5号", ["2026-04-05"]),
        ("这个月5号", ["2026-03-05"]),
        ("周四", ["2026-03-12"]),
        ("星期天", ["2026-03-15"]),
        ("上周一", ["2026-03-02"]),
        ("上个星期一", ["2026-03-02"]),
        ("上上个周一", ["2026-02-23"]),
        ("下周3", ["2026-03-18"]),
        ("下下个礼拜日", ["2026-03-29"]),
        ("3月2日和3月5日", ["2026-03-02", "2026-03-05"]),
        ("今天", []),
    ],
)
def test_days_are_those_people_mean(text: str, days: list[str]) -> None:
    assert [span.value for span in find_dates(text, TODAY)] == days


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("2026年3月12日", date(2026, 3, 12)),
        ("2026年3月13日", Refused(Problem.DATE_IN_FUTURE)),
        ("1905年3月11日", Refused(Problem.DATE_TOO_OLD)),
        ("1905年3月12日", date(1905, 3, 12)),
        ("1906年3月1日", date(1906, 3, 1)),
        ("3月2日", Refused(Problem.DATE_FORMAT)),
        ("1990年2月30日", Refused(Problem.DATE_IMPOSSIBLE)),
        ("1990-02-30", Refused(Problem.DATE_IMPOSSIBLE)),
        ("1990-01-01 1991-01-01", Refused(Problem.TWO_VALUES)),
    ],
)
def test_a_birth_date_has_a_year_and_lies_within_a_life(text: str, outcome: date | Refused) -> None:
    assert parse_birth_date(text, TODAY) == outcome


def test_no_day_says_whether_one_was_meant() -> None:
    assert parse_date("2026-02-30", TODAY) == Refused(Problem.DATE_IMPOSSIBLE)
    assert parse_date("不知道", TODAY) == Refused(Problem.DATE_FORMAT)


# --- phones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("13800138000", Phone("+8613800138000")),
        ("+86 138-0013-8000", Phone("+8613800138000")),
        ("一三八零零一三八零零零", Phone("+8613800138000")),
        ("13800138000 13800138000", Phone("+8613800138000")),
        ("1380013800", Refused(Problem.PHONE_TOO_SHORT, "10")),
        ("138001380001", Refused(Problem.PHONE_TOO_LONG, "12")),
        ("12800138000", Refused(Problem.PHONE_NOT_MOBILE)),
        ("138O0138000", Refused(Problem.PHONE_LETTERS)),
        ("13800138000转801", Refused(Problem.PHONE_EXTENSION)),
        ("+1 2025550123", Refused(Problem.PHONE_FOREIGN)),
        ("010-62345678", Refused(Problem.PHONE_LANDLINE)),
        ("6234567", Refused(Problem.PHONE_LANDLINE)),
        ("62345678", Refused(Problem.PHONE_LANDLINE)),
        ("400-800-8000", Refused(Problem.PHONE_SERVICE_NUMBER)),
        ("10086", Refused(Problem.PHONE_SHORT_CODE)),
        ("11010519491231002X", Refused(Problem.PHONE_IS_ID_NUMBER)),
        ("没有", Refused(Problem.PHONE_MISSING)),
        ("12", Refused(Problem.PHONE_MISSING)),
        ("13800138000 1390013900", Refused(Problem.TWO_VALUES)),
    ],
)
def test_phones_at_their_edges(text: str, outcome: Phone | Refused) -> None:
    assert parse_phone(text) == outcome


def test_two_phones_are_told_by_their_ends() -> None:
    outcome = parse_phone("13800138000或13900139000")
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.hint) == (Problem.TWO_VALUES, "138****8000、139****9000")
    assert [found.phone.e164 for found in find_phones("13800138000或13900139000")] == [
        "+8613800138000",
        "+8613900139000",
    ]


# --- masking ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13800138000和13800138000", "«PHONE_1»和«PHONE_1»"),
        ("13800138000和13900139000", "«PHONE_1»和«PHONE_2»"),
        ("A@b.cn a@b.cn", "«EMAIL_1» «EMAIL_1»"),
        ("Ab@b.cn ab@b.cn Bb@b.cn", "«EMAIL_1» «EMAIL_1» «EMAIL_2»"),
        ("138O013", "«PHONE_1»"),
        ("13OO13O", "«PHONE_1»"),
        ("13OO1OO", "13OO1OO"),
        ("1O0OOOO", "1O0OOOO"),
        ("l38OO1", "l38OO1"),
        ("11010519491231002X", "«ID_NUMBER_1»"),
        ("11010519491231002X我的", "«ID_NUMBER_1»我的"),
        ("11010519491231003X我的", "«ID_NUMBER_1»我的"),
        ("11010519491231003Ⅹ", "«ID_NUMBER_1»"),
        ("123456", "«SMS_CODE_1»"),
        ("收到123456了", "收到«SMS_CODE_1»了"),
        ("A123456", "A123456"),
        ("a123456", "a123456"),
        ("123456A", "123456A"),
        ("一共123456元", "一共123456元"),
        ("一共123456 元", "一共123456 元"),
        ("«PHONE_1»", "‹PHONE_1›"),
        ("2026-03-02 10:00 第3.2.1条", "2026-03-02 10:00 第3.2.1条"),
        ("工资3000元", "工资3000元"),
    ],
)
def test_what_leaves_is_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_what_was_masked_maps_back_to_where_it_was_typed() -> None:
    text = "号13800138000，码 123456。"
    masked = mask(text)
    assert masked.text == "号«PHONE_1»，码 «SMS_CODE_1»。"
    for found in masked.found:
        at = masked.text.index(found.placeholder)
        assert masked.typed_span(at, at + len(found.placeholder)) == (found.start, found.end)
        assert masked.typed_span(at + 1, at + 2) == (found.start, found.end)
    assert masked.typed_span(0, 1) == (0, 1)
    comma = masked.text.index("，")
    assert masked.typed_span(comma, comma + 2) == (12, 14)
    assert masked.typed_span(0, comma) == (0, 12)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("好", "好"),
        (" /restart", "'/restart"),
        ("／affirm", "'／affirm"),
        ("\u200b/affirm", "'/affirm"),
        ("好\r\n的", "好\n的"),
        ("好\r的", "好 的"),
        ("好\t的", "好 的"),
        ("好\u2028的\u2029了", "好\n的\n了"),
        ("好\u202e的", "好的"),
        ("a/b", "a/b"),
    ],
)
def test_a_sentence_is_made_harmless(text: str, clean: str) -> None:
    assert neutralise(text) == clean


def test_a_sentence_has_a_longest_length_and_no_nul() -> None:
    assert neutralise("啊" * 10, 10) == "啊" * 10
    assert neutralise("啊" * 11, 10) == Refused(Problem.TEXT_TOO_LONG, "10")
    assert neutralise("啊" * 4096) == "啊" * 4096
    assert neutralise("啊" * 4097) == Refused(Problem.TEXT_TOO_LONG, "4096")
    assert neutralise("\x00") == neutralise("\ud800") == Refused(Problem.TEXT_INVALID)


# --- entities ---------------------------------------------------------------------------------------------------


def test_a_number_whose_birth_lies_ahead_is_meant_but_not_checked() -> None:
    number = id_number(date(2027, 1, 1))
    (entity,) = recognise(f"身份证号{number}", {}, TODAY)
    assert (entity.entity, entity.value, entity.checked) == ("id_number", number, False)
    (entity,) = recognise(f"身份证号{id_number(date(1990, 1, 1))}", {}, TODAY)
    assert entity.checked


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫王芳，想投诉", "王芳"),
        ("我叫小李", "小李"),
        ("我叫买买提·吐尔逊", "买买提·吐尔逊"),
        ("我叫啊", None),
        ("我叫什么名字", None),
    ],
)
def test_a_name_behind_its_cue_ends_where_other_words_begin(text: str, name: str | None) -> None:
    assert [e.value for e in recognise(text, {}, TODAY) if e.entity == "person_name"] == ([name] if name else [])


# --- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("１３８", "138"),
        ("①②", "12"),
        ("❶❷", "12"),
        ("1\u20e32\u20e3", "12"),
        ("a\u200bb", "ab"),
        ("ﬁ", "fi"),
        ("㎏", "kg"),
        ("王芳", "王芳"),
        ("Ａb", "Ab"),
        ("", ""),
    ],
)
def test_width_and_form_are_folded_and_what_is_invisible_is_dropped(typed: str, text: str) -> None:
    reading = read(typed)
    assert reading.text == text
    assert len(reading.starts) == len(reading.ends) == len(text)
    if text:
        assert reading.span(0, len(text))[0] == 0


def test_each_read_character_knows_where_it_was_typed() -> None:
    reading = read("a\u200b㎏1")
    assert reading.text == "akg1"
    assert (reading.starts, reading.ends) == ((0, 2, 2, 3), (1, 3, 3, 4))
    assert reading.span(1, 3) == (2, 3)
    edited = reading.replaced([(1, 3, "xyz")])
    assert (edited.text, edited.starts, edited.ends) == ("axyz1", (0, 2, 2, 2, 3), (1, 3, 3, 3, 4))
    twice = reading.replaced([(0, 1, ""), (3, 4, "22")])
    assert (twice.text, twice.starts, twice.ends) == ("kg22", (2, 2, 3, 3), (3, 3, 4, 4))
    assert reading.replaced([]) is reading


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("幺三八三个零", "138000"),
        ("三个零八", "0008"),
        ("三个零", "三个零".replace("三", "3").replace("零", "0")),
        ("1两个三4", "1334"),
        ("么三八", "138"),
        ("什么三八", "什么38"),
        ("壹贰叁", "123"),
        ("洞拐勾", "079"),
        ("२", "२"),
    ],
)
def test_spoken_figures_are_figures(typed: str, text: str) -> None:
    assert read_digits(typed).text == text


def test_figures_of_other_scripts_are_read_for_masking_alone() -> None:
    assert read_digits("१२३", every_script=True).text == "123"
    assert read_digits(read("１२"), every_script=True).text == "12"


def test_small_helpers_of_reading() -> None:
    assert invisible("\u200b") and invisible("\ufe0f") and invisible("\u3164")
    assert not invisible("a") and not invisible(" ") and not invisible("王")
    assert simplified("臺灣電話") == "台湾电话"
    assert tidy(" “王芳”。\n") == "王芳"
    assert (
        valid_unicode("王😀") and not valid_unicode("\x00") and not valid_unicode("a\udfff") and valid_unicode("\ue000")
    )


# --- passwords --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("aaaaaaaa", Problem.PASSWORD_REPEATED),
        ("abababab", Problem.PASSWORD_REPEATED),
        ("abcabcabc", Problem.PASSWORD_REPEATED),
        ("abcdabcdab", Problem.PASSWORD_REPEATED),
        ("12345678", Problem.PASSWORD_SEQUENCE),
        ("hgfedcba", Problem.PASSWORD_SEQUENCE),
        ("qwertyui", Problem.PASSWORD_SEQUENCE),
    ],
)
def test_a_pattern_is_no_password(password: str, problem: Problem) -> None:
    outcome = check_password(password)
    assert isinstance(outcome, Refused)
    assert outcome.code == problem


def test_five_letters_over_and_over_are_long_enough_not_to_be_a_pattern() -> None:
    assert check_password("kqxzjkqxzj") == "kqxzjkqxzj"


def test_two_known_things_together_are_no_password_however_they_overlap() -> None:
    """The longer word is taken away first: what is left is what is new."""
    hers = PasswordContext("", "王芳", date(1990, 12, 31), ("fang",))
    assert check_password("wangfang19901231", hers) == Refused(Problem.PASSWORD_PERSONAL, "word")
    assert check_password("wangfang19901231ab", hers) == Refused(Problem.PASSWORD_PERSONAL, "word")
