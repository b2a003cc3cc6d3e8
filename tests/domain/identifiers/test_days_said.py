"""A day in an answer to 哪一天: by date, or as people say it of the last days."""

from __future__ import annotations

from datetime import date

import pytest

from domain.identifiers.dates import parse_day
from domain.identifiers.problems import Problem, Refused

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("今天", date(2026, 3, 2)),
        ("就是昨天下午", date(2026, 3, 1)),
        ("前天", date(2026, 2, 28)),
        ("2026年2月27日", date(2026, 2, 27)),
        ("昨天不对，是2月20日", date(2026, 2, 20)),
    ],
)
def test_a_day_is_read_as_it_is_said(said: str, day: date) -> None:
    assert parse_day(said, TODAY) == day


@pytest.mark.parametrize("said", ["不记得了", "今天或者昨天", "2月20日或者2月21日"])
def test_no_day_or_two_are_refused(said: str) -> None:
    assert isinstance(parse_day(said, TODAY), Refused)


def test_a_day_the_calendar_does_not_have_is_named_as_such() -> None:
    refused = parse_day("2026-02-30", TODAY)
    assert isinstance(refused, Refused)
    assert refused.code == Problem.DATE_IMPOSSIBLE
