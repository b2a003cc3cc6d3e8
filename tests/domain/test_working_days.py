"""Working days in China: holidays, weekends that are worked, and years nobody has announced yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.working_days import add_working_days, deadline, is_certain, is_working_day


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 2), True),  # a plain Monday
        (date(2026, 3, 7), False),  # a plain Saturday
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), False),  # a Friday, exchanged for the Sunday after
        (date(2026, 1, 4), True),  # that Sunday
        (date(2026, 2, 14), True),  # the Saturday before the Spring Festival
        (date(2026, 2, 15), False),
        (date(2026, 2, 23), False),  # a Monday, the last day of the Spring Festival
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),  # the Saturday after it
        (date(2026, 9, 20), True),  # a Sunday worked for the Golden Week
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday worked for the Golden Week
    ],
)
def test_holidays_rest_and_the_weekends_exchanged_for_them_work(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("event", "n", "last"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),  # the day of the event does not count
        (date(2026, 3, 6), 1, date(2026, 3, 9)),  # Friday: the next is Monday
        (date(2026, 3, 7), 1, date(2026, 3, 9)),  # an event on a Saturday
        (date(2026, 2, 13), 2, date(2026, 2, 24)),  # across the Spring Festival, its first Saturday works
        (date(2026, 2, 13), 6, date(2026, 2, 28)),  # ends on a Saturday that is worked
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # across the Golden Week: 8, 9, and Saturday 10 October
    ],
)
def test_a_period_ends_on_its_last_working_day(event: date, n: int, last: date) -> None:
    assert deadline(event, n) == last
    assert add_working_days(event, n) == last


def test_a_period_goes_on_into_a_year_that_is_not_announced() -> None:
    # 31 December is a Thursday; New Year is a Friday.
    assert deadline(date(2026, 12, 30), 1) == date(2026, 12, 31)
    assert deadline(date(2026, 12, 30), 2) == date(2027, 1, 4)
    assert deadline(date(2026, 12, 25), 10) == date(2027, 1, 11)


@pytest.mark.parametrize("year", [2027, 2031, 2099])
def test_a_year_that_is_not_announced_has_its_weekdays_and_fixed_holidays(year: int) -> None:
    for month, day in [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)]:
        assert not is_working_day(date(year, month, day))
    week = [date(year, 7, 1) + timedelta(days=n) for n in range(7)]
    assert sum(is_working_day(day) for day in week) == 5
    assert not any(is_certain(day) for day in week)


def test_only_an_announced_day_is_certain() -> None:
    assert is_certain(date(2026, 10, 10))
    assert not is_certain(date(2027, 1, 4))
    # The next announcement may still move the last days of the year before.
    assert not is_certain(date(2026, 12, 31))
    assert is_certain(date(2025, 12, 31))


def test_nothing_is_counted_backwards() -> None:
    assert add_working_days(date(2026, 3, 7), 0) == date(2026, 3, 7)
    with pytest.raises(ValueError):
        add_working_days(date(2026, 3, 2), -1)
    with pytest.raises(ValueError):
        deadline(date(2026, 3, 2), 0)
