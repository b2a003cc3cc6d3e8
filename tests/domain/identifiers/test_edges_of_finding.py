"""What the recognisers find, hint and hide at their edges: companies, references, numbers, platforms, passwords."""

from __future__ import annotations

from datetime import date

import pytest

from domain.identifiers.ages import parse_age
from domain.identifiers.amounts import amount_value, find_amounts
from domain.identifiers.case_numbers import display_case_number, find_case_numbers, new_case_number, parse_case_number
from domain.identifiers.clause_numbers import clause_path, match_clauses
from domain.identifiers.codes import find_sms_codes, parse_sms_code
from domain.identifiers.companies import find_companies, looks_like_company, parse_company_name
from domain.identifiers.credit_codes import find_credit_codes, parse_credit_code
from domain.identifiers.dates import find_dates
from domain.identifiers.entities import recognise
from domain.identifiers.id_numbers import parse_id_number
from domain.identifiers.login_names import parse_login_name
from domain.identifiers.masking import mask, without_passwords
from domain.identifiers.member_names import (
    BannedName,
    all_classes,
    check_member_name,
    parse_member_name,
    strip_member_introduction,
)
from domain.identifiers.names import parse_person_name
from domain.identifiers.numerals import numeral_value
from domain.identifiers.passwords import PasswordContext, check_password
from domain.identifiers.phones import parse_phone
from domain.identifiers.platform_names import find_platform, find_platforms
from domain.identifiers.problems import Problem, Refused

TODAY = date(2026, 3, 12)
ALIASES = {"xiaohe": ("小禾企服网", "小禾"), "renrenbao": ("人人保",), "he": ("禾企服网上",)}


def found(text: str, entity: str) -> list[str]:
    return [e.value for e in recognise(text, ALIASES, TODAY) if e.entity == entity]


# --- numerals, ages, amounts, days ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15", 15), ("十五", 15), ("二十", 20), ("廿三", 23), ("卅一", 31), ("一百零五", 105), ("一百五", 150), ("三千五", 3500),
        ("三千零五", 3005), ("一万二", 12000), ("一万零二", 10002), ("三亿", 300000000), ("一亿二千万", 120000000), ("二〇二六", 2026),
        ("两百", 200), ("百", 100), ("零十", 10), ("十百", 1010 - 900), ("一二三", 123), ("二三十", None), ("万", None), ("", None),
        ("12a", None), ("十a", None), ("1" * 20, int("1" * 20)), ("1" * 21, None), ("壹佰贰拾", 120), ("三万五千零二十", 35020),
    ],
)  # fmt: skip
def test_numerals_are_the_numbers_people_mean(text: str, value: int | None) -> None:
    assert numeral_value(text) == value


@pytest.mark.parametrize(("text", "age"), [("15。", 15), ("15！", 15), (" 十五. ", 15), ("十五!", 15)])
def test_a_bare_age_may_end_like_a_sentence(text: str, age: int) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize(
    ("raw", "yuan"),
    [
        ("三块零毛", "3"),
        ("三块零", "3"),
        ("3块5", "3.5"),
        ("三块五毛", "3.5"),
        ("1.5万", "15000"),
        ("3千多块", "3000"),
        ("8k", "8000"),
        ("甲", None),
    ],
)
def test_tenths_and_scales_of_money(raw: str, yuan: str | None) -> None:
    assert amount_value(raw) == yuan


def test_what_is_counted_is_no_money_however_far_its_word_stands() -> None:
    assert find_amounts("三千 公里") == []
    assert find_amounts("三百以上的人") == []
    assert [span.value for span in find_amounts("三千多")] == ["3000"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("正月5日", "2026-01-05"),
        ("腊月8日", "2025-12-08"),
        ("二○二六年三月二日", "2026-03-02"),
        ("二〇二六年三月二日", "2026-03-02"),
    ],
)
def test_old_words_for_months_and_noughts(text: str, day: str) -> None:
    assert [span.value for span in find_dates(text, TODAY)] == [day]


# --- clauses, codes -------------------------------------------------------------------------------------------


def test_a_letter_of_a_clause_is_kept_up_to_the_last() -> None:
    assert clause_path("三/Z") == ("3", "Z")
    assert clause_path("三/A") == ("3", "A")


def test_a_loose_match_comes_behind_every_nearer_one() -> None:
    assert match_clauses("2.1", ["九/3/2/1", "3/2.1", "2.1"]) == ["2.1", "3/2.1", "九/3/2/1"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("验证码" + "是" * 7 + "123456然后", True),
        ("验证码" + "是" * 8 + "123456然后", True),
        ("码" + "是" * 9 + "123456然后", True),
        ("码" + "是" * 10 + "123456然后", False),
        ("收到123456" + "这是那" + "验证码", True),
        ("收到123456" + "这是那个的" + "验证码", False),
    ],
)
def test_a_code_stands_near_its_word(text: str, code: bool) -> None:
    assert bool(find_sms_codes(text)) is code


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("12345", Refused(Problem.SMS_CODE_LENGTH, "5")),
        ("1234567", Refused(Problem.SMS_CODE_LENGTH, "7")),
        ("123456 654321", Refused(Problem.TWO_VALUES)),
        ("123456123456", Refused(Problem.SMS_CODE_LENGTH, "12")),
        ("123456是我的生日", Refused(Problem.SMS_CODE_FORMAT)),
        ("没有", Refused(Problem.SMS_CODE_FORMAT)),
        ("验证码" + " " * 191 + "123456", "123456"),
        ("验证码" + " " * 192 + "123456", Refused(Problem.SMS_CODE_FORMAT)),
    ],
)
def test_a_code_that_is_none_says_why(text: str, outcome: str | Refused) -> None:
    assert parse_sms_code(text) == outcome


# --- companies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("某" * 57 + "有限公司", Refused(Problem.COMPANY_LENGTH, "61")),
        ("王芳", Refused(Problem.COMPANY_LENGTH, "2")),
        ("杭州测试科技", Refused(Problem.COMPANY_SUFFIX)),
        ("(有限公司)", Refused(Problem.COMPANY_SUFFIX)),
        ("杭州甲有限公司和杭州乙有限公司", Refused(Problem.TWO_VALUES)),
        ("我要找一家公司", Refused(Problem.COMPANY_SENTENCE)),
    ],
)
def test_no_company_says_why(text: str, refused: Refused) -> None:
    assert parse_company_name(text) == refused


@pytest.mark.parametrize("text", ["，杭州测试研究社。", "杭州测试研究社！"])
def test_signs_around_a_name_without_an_ending_are_not_what_is_wrong_with_it(text: str) -> None:
    assert parse_company_name(text) == Refused(Problem.COMPANY_SUFFIX)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("杭州测试科技有限公司", True),
        ("杭州测试（中国）有限公司", True),
        ("杭州测试(中国)有限公司。", True),
        ("杭州测试科技有限公司?", False),
        ("杭州测试科技有限公司？", False),
        ("测甲有限公司", True),
        ("甲有限公司", False),
        ("劳务公司", False),
        ("有限公司", False),
        ("王芳", False),
        ("杭州测试科技", False),
    ],
)
def test_a_sure_company_has_a_name_before_its_ending(text: str, sure: bool) -> None:
    assert looks_like_company(text) is sure


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我在测甲有限公司上班", ["测甲有限公司"]),
        ("我在杭州甲有限公司，他在杭州乙有限公司", ["杭州甲有限公司", "杭州乙有限公司"]),
        ("我们公司是甲乙有限公司", ["甲乙有限公司"]),
        ("甲有限公司", []),
        ("杭州（甲）有限公司）是", ["杭州（甲）有限公司"]),
    ],
)
def test_a_company_begins_behind_the_last_word_before_a_name(text: str, names: list[str]) -> None:
    assert [span.value for span in find_companies(text)] == names


# --- documents ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("没有", Refused(Problem.ID_MISSING)),
        ("110105491231002", Refused(Problem.ID_FIFTEEN_DIGITS)),
        ("110105-491231-002", Refused(Problem.ID_FIFTEEN_DIGITS)),
        ("13800138000", Refused(Problem.ID_IS_PHONE)),
        ("138 0013 8000", Refused(Problem.ID_IS_PHONE)),
        ("91350100M000100Y43", Refused(Problem.ID_IS_CREDIT_CODE)),
        ("1101051949123l002X", Refused(Problem.ID_LETTERS)),
        ("11010519491231002A", Refused(Problem.ID_LETTERS)),
        ("1101051949123100", Refused(Problem.ID_LENGTH, "16")),
        ("110105 194912 3100", Refused(Problem.ID_LENGTH, "16")),
        ("110105194912310021", Refused(Problem.ID_CHECK_DIGIT)),
        ("110105194902300021", Refused(Problem.ID_BIRTH_DATE)),
    ],
)
def test_no_document_number_says_why(text: str, refused: Refused) -> None:
    assert parse_id_number(text, TODAY) == refused


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("没有", Refused(Problem.CREDIT_MISSING)),
        ("110105491231002", Refused(Problem.CREDIT_FIFTEEN_DIGITS)),
        ("91350100M000100Y4", Refused(Problem.CREDIT_LENGTH, "17")),
        ("91350100O000100Y43", Refused(Problem.CREDIT_LETTERS)),
        ("00350100M000100Y43", Refused(Problem.CREDIT_HEAD)),
        ("91350100M000100Y44", Refused(Problem.CREDIT_CHECK_CHARACTER)),
        ("11010519491231002X", Refused(Problem.CREDIT_IS_ID_NUMBER)),
    ],
)
def test_no_credit_code_says_why(text: str, refused: Refused) -> None:
    assert parse_credit_code(text) == refused


def test_a_credit_code_is_found_in_capitals_and_shown_by_its_ends() -> None:
    (code,) = find_credit_codes("代码91350100m000100y43。")
    assert (code.credit_code.code, code.start, code.end) == ("91350100M000100Y43", 2, 20)
    assert code.credit_code.display == "9135**********0Y43"


def test_a_case_number_can_be_read_aloud_misread_and_found() -> None:
    number = new_case_number(lambda bound: bound - 1)
    assert number.startswith("TSYYYYYYYY") and len(number) == 11
    shown = display_case_number(number)
    assert shown == f"TS-YYYY-YYYY-{number[-1]}"
    assert parse_case_number(f"我的编号是 {shown.lower()}。") == number
    assert [span.value for span in find_case_numbers(f"{shown}，谢谢")] == [number]
    assert found(f"查一下 {shown}", "case_number") == [number]
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert parse_case_number(wrong) == Refused(Problem.CASE_NUMBER_CHECK)
    assert parse_case_number("TS-1") == Refused(Problem.CASE_NUMBER_FORMAT)
    other = new_case_number(lambda _bound: 1)
    assert parse_case_number(f"{number} {other}") == Refused(Problem.TWO_VALUES)


@pytest.mark.parametrize(
    ("text", "entity", "values"),
    [
        ("代码 91350100m000100y44", "credit_code", ["91350100M000100Y44"]),
        ("身份证号 11010519491231002x", "id_number", ["11010519491231002X"]),
        ("座机是6234 5678", "phone", ["62345678"]),
        ("电话010-62345678", "phone", ["01062345678"]),
        ("打400-800-8000", "phone", ["4008008000"]),
        ("工单号AB-12345", "case_number", ["AB-12345"]),
        ("我叫陈小", "person_name", ["陈小"]),
        ("我叫小花", "person_name", ["小花"]),
        ("小禾的协议", "platform", ["xiaohe"]),
        ("邮箱是 WF@qq.com", "email", ["wf@qq.com"]),
    ],
)
def test_an_entity_has_its_canonical_value(text: str, entity: str, values: list[str]) -> None:
    assert found(text, entity) == values


# --- platforms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("小禾企服网", ["xiaohe"]),
        ("小禾企服网上", ["xiaohe"]),
        ("小和企服网", ["xiaohe"]),
        ("XiaoheQifuwang", ["xiaohe"]),
        ("xiaohe2", []),
        ("人人保和小禾", ["renrenbao", "xiaohe"]),
        ("人人宝", ["renrenbao"]),
        ("人民", []),
    ],
)
def test_a_platform_is_meant_by_its_longest_name_its_sound_or_its_letters(text: str, ids: list[str]) -> None:
    assert [span.value for span in find_platforms(text, ALIASES)] == ids
    assert find_platform(text, ALIASES) == (ids[0] if len(ids) == 1 else None)


# --- names and passwords --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("会员名叫小鱼", "小鱼"),
        ("我的昵称是小鱼。", "小鱼"),
        ("就叫小鱼", "小鱼"),
        ("会员名叫会员名叫小鱼", "会员名叫小鱼"),
        ("小鱼", "小鱼"),
    ],
)
def test_a_member_name_loses_one_introduction(text: str, name: str) -> None:
    assert strip_member_introduction(text) == name


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("小鱼", "小鱼"),
        ("鱼", Refused(Problem.MEMBER_NAME_LENGTH, "1")),
        ("鱼" * 20, "鱼" * 20),
        ("鱼" * 21, Refused(Problem.MEMBER_NAME_LENGTH, "21")),
        ("小 鱼", Refused(Problem.MEMBER_NAME_CHARACTERS)),
        ("小鱼😀", Refused(Problem.MEMBER_NAME_CHARACTERS)),
        ("小\u200b鱼", Refused(Problem.MEMBER_NAME_CHARACTERS)),
        ("小鱼" * 501, Refused(Problem.MEMBER_NAME_CHARACTERS)),
    ],
)
def test_member_names_at_their_edges(text: str, outcome: str | Refused) -> None:
    assert check_member_name(text) == outcome


@pytest.mark.parametrize(
    ("text", "kind"), [("加微信abc123", "contact"), ("小鱼13800138000", "contact"), ("小鱼1.3.8.0.0.1.3", None), ("小禾企服网", "official"), ("小和企服网", "official")]
)  # fmt: skip
def test_a_member_name_is_no_contact_and_no_platform(text: str, kind: str | None) -> None:
    outcome = check_member_name(text, ("小禾企服网",))
    assert (outcome.kind if isinstance(outcome, BannedName) else None) == kind
    refused = parse_member_name(text, ("小禾企服网",))
    assert isinstance(refused, Refused)
    assert kind is None or refused.hint.startswith(f"{kind}|")


def test_every_class_of_forbidden_names_has_an_id_of_its_own() -> None:
    classes = all_classes()
    assert len(classes) == len(set(classes)) > 5
    assert {"contact", "official"} <= set(classes)


def test_words_for_what_is_missing_or_too_long_are_asked_for_by_their_code() -> None:
    assert parse_person_name("  ") == Refused(Problem.NAME_MISSING)
    assert parse_login_name("。abc_9！") == "abc_9"
    assert parse_login_name("XXabcXX") == "xxabcxx"


@pytest.mark.parametrize(
    ("password", "outcome"),
    [
        ("kqxzjwpv", "kqxzjwpv"),
        ("kqxzjwp", Refused(Problem.PASSWORD_TOO_SHORT, "7")),
        ("kqxzjwpv" * 16, "kqxzjwpv" * 16),
        ("kqxzjwpv" * 16 + "a", Refused(Problem.PASSWORD_TOO_LONG, "129")),
        ("k" * 1024, Refused(Problem.PASSWORD_TOO_LONG, "1024")),
        ("k" * 1025, Refused(Problem.PASSWORD_TOO_LONG)),
        ("kqxz\x00jwpv", Refused(Problem.PASSWORD_INVALID)),
        ("ｋｑｘｚｊｗｐｖ", "kqxzjwpv"),
    ],
)
def test_passwords_at_their_edges(password: str, outcome: str | Refused) -> None:
    assert check_password(password) == outcome


@pytest.mark.parametrize(("more", "taken"), [("abc", False), ("qkvw", True), ("qkvwz", True)])
def test_beside_two_known_things_four_characters_must_be_new(more: str, taken: bool) -> None:
    hers = PasswordContext(None, "王芳", date(1990, 12, 31), ("小禾企服网",))
    assert (check_password("wangfang1990" + "1231" + more, hers) != Refused(Problem.PASSWORD_PERSONAL, "word")) is taken


# --- phones and masking ---------------------------------------------------------------------------------------


def test_a_broken_phone_beside_a_whole_one_is_not_glued_to_it() -> None:
    assert parse_phone("13800138000，1390013900") == Refused(Problem.TWO_VALUES)
    assert parse_phone("138-0013-800") == Refused(Problem.PHONE_TOO_SHORT, "10")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("91350100M000100Y4我", "«CREDIT_CODE_1»我"),
        ("11010519491231002Xab", "«CREDIT_CODE_1»"),
        ("11010519491231003X我", "«ID_NUMBER_1»我"),
        ("密码是abc12345，别说", "密码是abc12345，别说"),
        ("码_123456_", "码_«SMS_CODE_1»_"),
    ],
)
def test_numbers_glued_to_other_things_are_hidden_too(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_several_passwords_are_blotted_out_and_the_words_between_stay() -> None:
    hidden = without_passwords("密码是abc12345，后来密码改成xyz98765了")
    assert "abc12345" not in hidden and "xyz98765" not in hidden
    assert hidden == "••••••后来••••••了"
