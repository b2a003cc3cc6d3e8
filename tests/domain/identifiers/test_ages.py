from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.ages import age_on, find_ages, parse_age
from domain.identifiers.problems import Problem, Refused


@pytest.mark.parametrize("years", [8, 14, 16, 18])
def test_an_age_is_reached_the_day_after_the_birthday(years: int) -> None:
    birth, birthday = date(2008, 6, 3), date(2008 + years, 6, 3)
    assert age_on(birth, birthday - timedelta(days=1)) == years - 1
    assert age_on(birth, birthday) == years - 1
    assert age_on(birth, birthday + timedelta(days=1)) == years


def test_the_rule_can_be_set_to_the_birthday_itself() -> None:
    assert age_on(date(2008, 6, 3), date(2026, 6, 3), "birthday") == 18


def test_who_is_born_on_a_leap_day_gets_older_on_the_first_of_march() -> None:
    birth = date(2008, 2, 29)
    for rule in ("day_after_birthday", "birthday"):
        assert age_on(birth, date(2026, 2, 28), rule) == 17  # type: ignore[arg-type]
        assert age_on(birth, date(2026, 3, 1), rule) == 18  # type: ignore[arg-type]
    assert age_on(birth, date(2028, 2, 29)) == 19
    assert age_on(birth, date(2028, 2, 29), "birthday") == 20


def test_new_years_eve_counts_on_new_years_day() -> None:
    assert age_on(date(2007, 12, 31), date(2025, 12, 31)) == 17
    assert age_on(date(2007, 12, 31), date(2026, 1, 1)) == 18


def test_nobody_is_younger_than_nothing() -> None:
    assert age_on(date(2026, 6, 3), date(2026, 6, 3)) == 0
    with pytest.raises(ValueError, match="after"):
        age_on(date(2026, 6, 4), date(2026, 6, 3))


@given(st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.integers(0, 40_000))
def test_age_never_falls_and_the_conservative_rule_is_never_the_higher(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    assert age_on(birth, day) <= age_on(birth, day + timedelta(days=1))
    assert age_on(birth, day) <= age_on(birth, day, "birthday") <= age_on(birth, day) + 1


@pytest.mark.parametrize(
    ("text", "value", "raw"),
    [
        ("我今年十五岁", "15", "十五岁"),
        ("１５周岁", "15", "１５周岁"),
        ("孩子刚满16", "16", "16"),
        ("未满18周岁", "18", "18周岁"),
        ("他才七八岁", "7", "七八岁"),
        ("十六七歲", "16", "十六七歲"),
        ("我今年17，能注册吗", "17", "17"),
    ],
)
def test_ages_are_found_with_their_unit_words(text: str, value: str, raw: str) -> None:
    (span,) = find_ages(text)
    assert (span.value, text[span.start : span.end]) == (value, raw)


@pytest.mark.parametrize("text", ["今年3月份", "满30元减5", "刚5分钟", "第三条", "今年2026年", "才3天"])
def test_other_numbers_are_not_ages(text: str) -> None:
    assert find_ages(text) == []


def test_an_answer_may_be_the_bare_number_but_not_two() -> None:
    assert parse_age("15") == 15
    assert parse_age("十五") == 15
    assert parse_age("15岁还是16岁") == Refused(Problem.TWO_VALUES)
    assert parse_age("不告诉你") == Refused(Problem.AGE_FORMAT)
    assert parse_age("999") == Refused(Problem.AGE_RANGE)
