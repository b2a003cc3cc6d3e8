"""Working days of mainland China: weekends, the State Council's holidays, and the weekends worked in their place.

The calendar of a year is announced in the autumn before. For a year that is not known yet the weekdays count, less
the holidays that always fall on the same date; `is_certain` tells that such an answer may change.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]

# 全国年节及纪念日放假办法 (国务院令第795号, in force since 2025-01-01), article 2: (month, day) of the fixed holidays.
# Those of the lunar calendar and the days exchanged around them are known from the announcement only.
_FIXED = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})

# The announcement for a year has moved days at the end of the year before: 29 December 2018 was worked for 2019.
_REACHES_BACK = timedelta(days=7)


def is_working_day(day: date) -> bool:
    """Whether offices work on this day, make-up Saturdays and Sundays included. Answers for every year."""
    if _is_announced(day):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED


def is_certain(day: date) -> bool:
    """Whether the calendar of this day is announced and known here; otherwise `is_working_day` is a guess."""
    return _is_announced(day) and _is_announced(day + _REACHES_BACK)


def add_working_days(day: date, n: int) -> date:
    """The n-th working day after `day`, which itself does not count (民法典 201); with 0 the day itself.

    Raises:
        ValueError: n is negative.
    """
    if n < 0:
        raise ValueError("working days are counted forward")
    while n > 0:
        day += timedelta(days=1)
        n -= is_working_day(day)
    return day


def deadline(day: date, n: int) -> date:
    """The last day of a period of n working days that something on `day` began (民法典 201, 203).

    Raises:
        ValueError: n is less than 1: such a period has no last day.
    """
    if n < 1:
        raise ValueError("a period has at least one day")
    return add_working_days(day, n)


def _is_announced(day: date) -> bool:
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True
