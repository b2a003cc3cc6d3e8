from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.amounts import find_amounts, parse_amount
from domain.identifiers.dates import find_dates, parse_birth_date, parse_date
from domain.identifiers.numerals import numeral_value
from domain.identifiers.problems import Problem, Refused

TODAY = date(2026, 6, 3)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十五", 15),
        ("二十", 20),
        ("一百零五", 105),
        ("三千五百", 3500),
        ("四千五", 4500),
        ("三万五", 35000),
        ("一万二千三百", 12300),
        ("二零二六", 2026),
        ("廿三", 23),
        ("一亿零三", 100_000_003),
        ("十万", 100_000),
        ("两百五", 250),
        ("一千零五", 1005),
        ("15", 15),
        ("你好", None),
        ("", None),
        ("一一十", None),
    ],
)
def test_chinese_numerals_are_read_as_people_mean_them(text: str, number: int | None) -> None:
    assert numeral_value(text) == number


@pytest.mark.parametrize(
    ("text", "day", "raw"),
    [
        ("2026年5月1日", "2026-05-01", "2026年5月1日"),
        ("２０２６年５月１日", "2026-05-01", "２０２６年５月１日"),
        ("二零二六年五月一日来的", "2026-05-01", "二零二六年五月一日"),
        ("1990-05-06", "1990-05-06", "1990-05-06"),
        ("生日1990.5.6", "1990-05-06", "1990.5.6"),
        ("19900506", "1990-05-06", "19900506"),
        ("90年5月6日生", "1990-05-06", "90年5月6日"),
        ("5月1号的工资", "2026-05-01", "5月1号"),
        ("12月25日", "2025-12-25", "12月25日"),
        ("五月十五号", "2026-05-15", "五月十五号"),
        ("去年5月1号", "2025-05-01", "去年5月1号"),
        ("上个月15号", "2026-05-15", "上个月15号"),
        ("15号发的", "2026-05-15", "15号"),
        ("周五", "2026-06-05", "周五"),
        ("上周五", "2026-05-29", "上周五"),
        ("下周一", "2026-06-08", "下周一"),
        ("礼拜天", "2026-06-07", "礼拜天"),
        ("星期三下午", "2026-06-03", "星期三"),
    ],
)
def test_days_are_found_and_resolved(text: str, day: str, raw: str) -> None:
    (span,) = find_dates(text, TODAY)
    assert (span.value, text[span.start : span.end]) == (day, raw)


@pytest.mark.parametrize(
    "text",
    [
        "今天",
        "昨晚没收到",
        "5月份",
        "2026年",
        "周末",
        "三个月",
        "2月30日",
        "第3条",
        "13800138000",
        "1号线",
        "20261332",
        "一周五天",
    ],
)
def test_other_times_are_not_days(text: str) -> None:
    assert find_dates(text, TODAY) == []


def test_a_birth_date_needs_a_year_and_a_plausible_one() -> None:
    assert parse_birth_date("我是1990年5月6日生的", TODAY) == date(1990, 5, 6)
    assert parse_birth_date("5月6日", TODAY) == Refused(Problem.DATE_FORMAT)
    assert parse_birth_date("2027-01-01", TODAY) == Refused(Problem.DATE_IN_FUTURE)
    assert parse_birth_date("1900-01-01", TODAY) == Refused(Problem.DATE_TOO_OLD)
    assert parse_birth_date("2000-02-30", TODAY) in (Refused(Problem.DATE_FORMAT), Refused(Problem.DATE_IMPOSSIBLE))


def test_an_impossible_day_is_told_from_no_day() -> None:
    assert parse_date("2月30日", TODAY) == Refused(Problem.DATE_IMPOSSIBLE)
    assert parse_date("不知道", TODAY) == Refused(Problem.DATE_FORMAT)
    assert parse_date("5月1日还是5月2日", TODAY) == Refused(Problem.TWO_VALUES)


@given(
    st.dates(date(1930, 1, 1), TODAY), st.sampled_from(["%Y年%m月%d日", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"])
)
def test_every_day_is_read_back_from_every_form(day: date, form: str) -> None:
    assert parse_date(day.strftime(form), TODAY) == day


@pytest.mark.parametrize(
    ("text", "yuan", "raw"),
    [
        ("欠我3000元", "3000", "3000元"),
        ("三千五百块", "3500", "三千五百块"),
        ("1.5万", "15000", "1.5万"),
        ("2万元", "20000", "2万元"),
        ("3000多块", "3000", "3000多块"),
        ("五百块钱", "500", "五百块钱"),
        ("四千五的工资", "4500", "四千五"),
        ("¥3,000.50", "3000.5", "¥3,000.50"),
        ("8k一个月", "8000", "8k"),
        ("三万五", "35000", "三万五"),
        ("３０００元", "3000", "３０００元"),
        ("10万块", "100000", "10万块"),
        ("100块5毛", "100.5", "100块5毛"),
        ("欠我8000", "8000", "8000"),
        ("两百", "200", "两百"),
    ],
)
def test_amounts_are_found_with_their_unit_words(text: str, yuan: str, raw: str) -> None:
    (span,) = find_amounts(text)
    assert (span.value, text[span.start : span.end]) == (yuan, raw)


@pytest.mark.parametrize(
    "text",
    ["一万个不同意", "千万别", "一百个人", "一块办吧", "第三条", "十五岁", "3天", "百分之五", "万一呢", "13800138000"],
)
def test_other_numbers_are_not_amounts(text: str) -> None:
    assert find_amounts(text) == []


def test_an_answer_may_be_a_bare_number() -> None:
    assert parse_amount("3500") == Decimal(3500)
    assert parse_amount("三千五") == Decimal(3500)
    assert parse_amount("没多少") == Refused(Problem.AMOUNT_FORMAT)
    assert parse_amount("3000元还是4000元") == Refused(Problem.TWO_VALUES)
