"""The edges of the recognisers: the last length that is taken, the hint that is given, the sign that is stripped."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.identifiers.addresses import looks_like_address, parse_address
from domain.identifiers.ages import find_ages, parse_age
from domain.identifiers.amounts import amount_value, find_amounts, parse_amount
from domain.identifiers.clause_numbers import clause_path, find_clause_numbers, match_clause, match_clauses
from domain.identifiers.codes import find_sms_codes
from domain.identifiers.companies import find_companies, parse_company_name
from domain.identifiers.emails import display_email, parse_email
from domain.identifiers.entities import recognise
from domain.identifiers.fields import FieldContext, UnsupportedField, check_field, claims
from domain.identifiers.free_texts import parse_free_text
from domain.identifiers.id_numbers import find_id_numbers, parse_id_number
from domain.identifiers.login_names import looks_like_login_name, parse_login_name
from domain.identifiers.masking import could_be_password
from domain.identifiers.passwords import PasswordContext, check_password
from domain.identifiers.positions import looks_like_position, parse_position
from domain.identifiers.problems import Problem, Refused
from tests.support.papers import id_number

TODAY = date(2026, 3, 2)


# --- addresses, positions, words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("  浙江省杭州市文三路 100 号。", "浙江省杭州市文三路 100 号"),
        ("文三路\n\n100号，", "文三路 100号"),
        ("我的联系地址是：西湖区文三路1号", "西湖区文三路1号"),
        ("地址为文三路一号", "文三路一号"),
        ("Wensan Road 100?", "Wensan Road 100"),
        ("中" * 100, "中" * 100),
        ("文三路一", "文三路一"),
    ],
)
def test_an_address_is_what_stands_between_the_signs(text: str, address: str) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("文三路", Refused(Problem.ADDRESS_LENGTH, "3")),
        ("中" * 101, Refused(Problem.ADDRESS_LENGTH, "101")),
        ("。，！？", Refused(Problem.ADDRESS_LENGTH, "0")),
        ("看 www.example.com 里", Refused(Problem.ADDRESS_LINK)),
        ("1234 5678", Refused(Problem.ADDRESS_CHARACTERS)),
        ("文三路\u200b100号", Refused(Problem.ADDRESS_CHARACTERS)),
    ],
)
def test_no_address_says_why(text: str, refused: Refused) -> None:
    assert parse_address(text) == refused


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("文三路100号", True),
        ("市路号", False),
        ("杭州市很大啊", False),
        ("杭州市文三路在哪", False),
        ("市文三路一", False),
    ],
)
def test_two_levels_make_a_sure_address(text: str, sure: bool) -> None:
    assert looks_like_address(text) is sure


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("我的职务是人事经理。", "人事经理"),
        ("，会计！", "会计"),
        ("经" * 30, "经" * 30),
        ("HR", "HR"),
        ("我是公司的会计", "会计"),
    ],
)
def test_a_position_is_taken_without_its_introduction(text: str, position: str) -> None:
    assert parse_position(text) == position


def test_only_the_introduction_in_front_is_taken_off() -> None:
    assert parse_position("职务是职务是经理") == "职务是经理"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("经", Refused(Problem.POSITION_LENGTH, "1")),
        ("经" * 31, Refused(Problem.POSITION_LENGTH, "31")),
        ("经理<b>", Refused(Problem.POSITION_CHARACTERS)),
        ("经理😀", Refused(Problem.POSITION_CHARACTERS)),
    ],
)
def test_no_position_says_why(text: str, refused: Refused) -> None:
    assert parse_position(text) == refused


@pytest.mark.parametrize(
    ("text", "sure"), [("人事经理", True), ("转人工经理", False), ("一二三四五六七八九十经理", True)]
)
def test_a_known_title_makes_a_sure_position(text: str, sure: bool) -> None:
    assert looks_like_position(text) is sure
    assert not looks_like_position("一" + "一二三四五六七八九十经理")


def test_words_of_ones_own_have_two_to_a_thousand_characters_and_keep_no_password() -> None:
    assert parse_free_text(" 啊啊 ") == "啊啊"
    assert parse_free_text("啊") == parse_free_text(" 啊 ") == Refused(Problem.FREE_TEXT_SHORT)
    assert parse_free_text("啊" * 1000) == "啊" * 1000
    assert parse_free_text("啊" * 1001) == Refused(Problem.TEXT_TOO_LONG)
    assert parse_free_text("啊\x00啊") == Refused(Problem.TEXT_INVALID)
    assert "abc12345" not in str(parse_free_text("有人改了，密码是abc12345，我没改"))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("abcd", "abcd"),
        ("a" * 20, "a" * 20),
        ("Abc-D_9", "abc-d_9"),
        ("用户名叫abc_9。", "abc_9"),
        ("abc", Refused(Problem.LOGIN_NAME_LENGTH, "3")),
        ("a" * 21, Refused(Problem.LOGIN_NAME_LENGTH, "21")),
        ("ab.cd", Refused(Problem.LOGIN_NAME_CHARACTERS)),
        ("9abcd", Refused(Problem.LOGIN_NAME_START)),
        ("_abcd", Refused(Problem.LOGIN_NAME_START)),
        ("admin", Refused(Problem.LOGIN_NAME_RESERVED)),
        ("admin_007", Refused(Problem.LOGIN_NAME_RESERVED)),
        ("zzzz", "zzzz"),
        ("administer", "administer"),
    ],
)
def test_login_names_at_their_edges(text: str, outcome: str | Refused) -> None:
    assert parse_login_name(text) == outcome


def test_a_plain_word_is_no_sure_login_name() -> None:
    assert [looks_like_login_name(text) for text in ("hello", "hello9", "hel_lo", "hel-lo", "你好9")] == [
        False, True, True, True, False,
    ]  # fmt: skip


# --- numbers, days, money --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("一二岁", "1"),
        ("七八岁", "7"),
        ("十六七岁", "16"),
        ("二十岁", "20"),
        ("十一岁", "11"),
        ("120岁", "120"),
    ],
)
def test_of_two_ages_said_in_one_the_lower_counts(text: str, age: str | None) -> None:
    assert [span.value for span in find_ages(text)] == ([age] if age else [])


def test_nobody_is_older_than_a_hundred_and_twenty() -> None:
    assert find_ages("121岁") == []
    assert parse_age("120") == 120
    assert parse_age("121") == Refused(Problem.AGE_RANGE)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("工资3000元", ["3000"]),
        ("押金2000，工资3000元", ["2000", "3000"]),
        ("3000元押金2000", ["3000", "2000"]),
        ("人民币500", ["500"]),
        ("¥1,200.50", ["1200.5"]),
        ("三块五", ["3.5"]),
        ("20个人", []),
        ("一块办", []),
    ],
)
def test_each_amount_is_found_once(text: str, values: list[str]) -> None:
    assert [span.value for span in find_amounts(text)] == values


def test_an_amount_with_its_sign_in_front_and_its_unit_behind_is_one_figure() -> None:
    assert amount_value("人民币3000元") == amount_value("¥3000") == amount_value("rmb 3000") == "3000"
    assert parse_amount("￥12") == Decimal(12)


UIDS = ["一", "二", "二/2.1", "二/2.1/2.1.3", "三", "第四条", "第四条#2", "5", "5/(一)", "5/(一)/1", "附件"]


@pytest.mark.parametrize(
    ("reference", "uids"),
    [
        ("第二条", ["二"]),
        ("2.1", ["二/2.1"]),
        ("2.1.3", ["二/2.1/2.1.3"]),
        ("第四条", ["第四条", "第四条#2"]),
        ("5(一)", ["5/(一)"]),
        ("5(一)/1", ["5/(一)/1"]),
        ("(一)/1", ["5/(一)/1"]),
        ("第九条", []),
        ("协议", []),
    ],
)
def test_a_reference_finds_its_clauses_best_first(reference: str, uids: list[str]) -> None:
    assert match_clauses(reference, UIDS) == uids


def test_a_clause_without_a_number_does_not_end_the_search() -> None:
    assert match_clauses("第三条", ["附件", "前言", "三"]) == ["三"]


def test_the_nearer_kind_of_match_comes_first() -> None:
    """3.2.1: printed so, then item 1 of 3.2, then 3/2/1, then the end of a longer path."""
    uids = ["九/3/2/1", "三/2/1", "三/3.2/1", "3.2.1"]
    assert match_clauses("3.2.1", uids)[0] == "3.2.1"
    assert match_clauses("3.2.1", uids)[-1] == "九/3/2/1"
    assert match_clauses("2.1", ["三/2/1", "2/1"]) == ["2/1", "三/2/1"]
    assert match_clauses("2/1", ["三/2/1", "2/1"]) == ["2/1", "三/2/1"]


@pytest.mark.parametrize("text", ["v3.2", "V3.2 版本", "版3.2", "¥3.2", "￥3.25", "$3.2"])
def test_a_version_or_a_price_is_no_clause(text: str) -> None:
    assert find_clause_numbers(text) == []
    assert match_clause(text, ["3.2", "3.25"]) is None


def test_a_path_is_read_from_uids_too() -> None:
    assert clause_path("五/(一)/1") == ("5", "1", "1")
    assert clause_path("第四条#2/3/C") == ("4", "3", "C")


@pytest.mark.parametrize(
    ("text", "code"),
    [("12 34 56", "123456"), ("123-456", "123456"), ("验证码是 000 123", "000123"), ("12.34.56", "123456")],
)
def test_a_code_is_found_without_what_stands_between_its_figures(text: str, code: str) -> None:
    assert [span.value for span in find_sms_codes(text)] == [code]


@pytest.mark.parametrize(("year", "good"), [(1850, False), (1851, True), (2199, True), (2200, False)])
def test_where_no_day_is_known_a_birth_year_is_still_plausible(year: int, good: bool) -> None:
    assert bool(find_id_numbers(id_number(date(year, 1, 1)))) is good


@pytest.mark.parametrize(
    ("birth", "problem"),
    [
        (date(2026, 3, 2), None),
        (date(2026, 3, 3), Problem.ID_BIRTH_IN_FUTURE),
        (date(1905, 3, 2), None),
        (date(1905, 2, 28), Problem.ID_TOO_OLD),
    ],
)
def test_a_document_belongs_to_somebody_who_can_be_alive(birth: date, problem: Problem | None) -> None:
    outcome = parse_id_number(id_number(birth), TODAY)
    assert (outcome.code if isinstance(outcome, Refused) else None) == problem


# --- names, companies, addresses of mail -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("a@b.cn", "a@b.cn"),
        ("a.b@c.cn", "a.b@c.cn"),
        ("A@B.CN", "a@b.cn"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("没有", Refused(Problem.EMAIL_MISSING)),
        ("a@b", Refused(Problem.EMAIL_DOMAIN)),
        ("邮箱:a@b", Refused(Problem.EMAIL_DOMAIN)),
        ("邮箱 .a@b", Refused(Problem.EMAIL_LOCAL_PART)),
        ("a..b@example.com", Refused(Problem.EMAIL_LOCAL_PART)),
        ("a@-b.cn", Refused(Problem.EMAIL_DOMAIN)),
        ("a@b-.cn", Refused(Problem.EMAIL_DOMAIN)),
        ("a@中-.中国", Refused(Problem.EMAIL_DOMAIN)),
        ("a@b.cn c@d.cn", Refused(Problem.TWO_VALUES)),
        ("a@b@c", Refused(Problem.EMAIL_DOMAIN)),
    ],
)
def test_mail_addresses_at_their_edges(text: str, outcome: str | Refused) -> None:
    assert parse_email(text) == outcome


@pytest.mark.parametrize(("labels", "good"), [(3, True), (4, False)])
def test_a_mail_address_has_at_most_254_characters(labels: int, good: bool) -> None:
    address = "a" * 50 + "@" + ".".join(["b" * 60] * labels) + ".cn"
    outcome = parse_email(address)
    assert outcome == (address if good else Refused(Problem.EMAIL_LENGTH))


def test_a_chat_shows_one_letter_and_the_domain() -> None:
    assert display_email("wang.fang@qq.com") == "w***@qq.com"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("，杭州测试科技有限公司。", "杭州测试科技有限公司"),
        ("我们是杭州测试科技有限公司", "杭州测试科技有限公司"),
        ("杭州测试(集团)有限公司", "杭州测试（集团）有限公司"),
        ("我司是杭州测试（集团）股份有限公司，谢谢", "杭州测试（集团）股份有限公司"),
        ("杭州测试（集团）", "杭州测试（集团）"),
        ("杭州测试集团有限公司", "杭州测试集团有限公司"),
        ("测试(中国)有限公司北京分公司", "测试（中国）有限公司北京分公司"),
    ],
)
def test_a_company_is_named_without_what_stands_around(text: str, name: str) -> None:
    assert parse_company_name(text) == name
    (found,) = find_companies(text)
    assert found.value == name
    assert text[found.start : found.end].replace("(", "（").replace(")", "）") == name


def test_a_bracket_around_a_company_is_not_of_its_name() -> None:
    (found,) = find_companies("单位叫杭州测试集团（在西湖区）")
    assert found.value == "杭州测试集团"


@pytest.mark.parametrize("text", ["", "。", "，！？", "  .,;:!?。，；：！？ "])
def test_signs_alone_are_no_company(text: str) -> None:
    assert parse_company_name(text) == Refused(Problem.COMPANY_MISSING)


def test_the_name_of_a_person_is_found_where_it_stands_last() -> None:
    (found,) = [e for e in recognise("王芳。", {}, TODAY) if e.entity == "person_name"]
    assert (found.value, found.start, found.end) == ("王芳", 0, 2)
    (found,) = [e for e in recognise("我叫王芳", {}, TODAY) if e.entity == "person_name"]
    assert (found.value, found.start, found.end) == ("王芳", 2, 4)


@pytest.mark.parametrize(
    ("text", "could"),
    [
        ("abc12345", True),
        ("我设的是abc12345", True),
        ("abcdefgh", False),
        ("12345678", False),
        ("abc1234", False),
        ("", False),
    ],
)
def test_letters_and_figures_in_one_word_of_eight_could_be_a_password(text: str, could: bool) -> None:
    assert could_be_password(text) is could


@pytest.mark.parametrize(
    ("text", "sure"),
    [("xiao_fang", True), ("小芳8", True), ("小芳的店", False), ("小芳8吗", False), ("会员名是小芳的店", True)],
)
def test_a_member_name_needs_a_figure_or_its_word_to_be_a_sure_answer(text: str, sure: bool) -> None:
    assert claims("member_name", text) is sure


def test_a_field_nobody_checks_is_named_in_the_error() -> None:
    with pytest.raises(UnsupportedField, match="licence_image"):
        check_field("licence_image", "x", FieldContext(TODAY, (), PasswordContext()))


# --- passwords and the person ----------------------------------------------------------------------------------

HERS = PasswordContext("13800138000", "王芳", date(1990, 12, 31), ("小禾企服网", "fang.wang@example.com"))


@pytest.mark.parametrize(
    ("password", "whose"),
    [
        ("13800138000", "phone"),
        ("8613800138000", "phone"),
        ("00138000ab", "phone"),
        ("00083100831", "phone"),
        ("wangfang1", "name"),
        ("fangwang99", "name"),
        ("19901231x", "birth_date"),
        ("901231abc", "birth_date"),
        ("31121990a", "birth_date"),
        ("12311990a", "birth_date"),
        ("xiaoheqifuwang", "word"),
        ("fang.wang@example.com", "word"),
    ],
)
def test_a_password_made_of_the_person_is_refused_with_what_it_is(password: str, whose: str) -> None:
    assert check_password(password, HERS) == Refused(Problem.PASSWORD_PERSONAL, whose)


@pytest.mark.parametrize("password", ["correct horse 电池", "wangfang likes tea 7", "19901231 was a monday"])
def test_a_password_that_holds_something_of_the_person_and_enough_else_is_taken(password: str) -> None:
    assert check_password(password, HERS) == password
