"""How old somebody is on a day, and ages as people say them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from domain.identifiers.numerals import NUMERAL, numeral_value
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import Reading, read

AgeReached = Literal["day_after_birthday", "birthday"]
OLDEST = 120

_YEARS = rf"(?:[0-9]{{1,3}}|{NUMERAL}{{1,4}})"
_WITH_UNIT = re.compile(rf"(?<![0-9.])({_YEARS})(?:个|多)?(?:周岁|周歲|歲|岁)(?:半)?")
_AFTER_CUE = re.compile(
    rf"(?:今年刚?满?|年龄是?[:]?|年纪是?|刚满|才满|刚|才|未满|不满|还没满|没满|满)({_YEARS})"
    r"(?![0-9.]|[元块万千百个年月日号点分次条天小人份步秒位名项级第:：-])"
)


def age_on(birth: date, today: date, reached: AgeReached = "day_after_birthday") -> int:
    """Full years of age on a day.

    By default an age is reached on the day *after* the birthday, the conservative reading: on the
    18th birthday itself the person still counts as 17. With "birthday" it is reached on the
    birthday. Who was born on 29 February reaches it on 1 March either way: in a common year the
    period ends with the last day of February (民法典 第二百零二条).

    Raises ValueError when `birth` lies after `today`.
    """
    if birth > today:
        raise ValueError("birth date lies after the day asked for")
    years = today.year - birth.year
    return years if today >= _reached_on(birth, today.year, reached) else max(years - 1, 0)


def _reached_on(birth: date, year: int, reached: AgeReached) -> date:
    try:
        birthday = birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
    return birthday + timedelta(days=1) if reached == "day_after_birthday" else birthday


def find_ages(typed: str | Reading) -> list[Span]:
    """Ages with their unit words (十五岁, 刚满18); the value is the number of years as digits."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    found: list[Span] = []
    for pattern, group in ((_WITH_UNIT, 0), (_AFTER_CUE, 1)):
        for match in pattern.finditer(reading.text):
            years = _said(match[1])
            if years is not None and years <= OLDEST and not any(_meets(span, reading, match, group) for span in found):
                found.append(Span(str(years), *reading.span(match.start(group), match.end(group))))
    return sorted(found, key=lambda span: span.start)


def _said(words: str) -> int | None:
    """The number, or the lower one where two are said: 七八 is 7, 十六七 is 16."""
    last = "一二三四五六七八九".find(words[-1])
    if len(words) > 1 and last > 0 and words[-2] == "一二三四五六七八九"[last - 1]:
        return numeral_value(words[:-1])
    return numeral_value(words)


def _meets(span: Span, reading: Reading, match: re.Match[str], group: int) -> bool:
    start, end = reading.span(match.start(group), match.end(group))
    return start < span.end and span.start < end


def parse_age(text: str) -> int | Refused:
    """The one age in an answer: 15, 十五岁, 我今年15周岁. Refuses with AGE_* or TWO_VALUES."""
    ages = {int(span.value) for span in find_ages(text)}
    if not ages:
        bare = re.fullmatch(_YEARS, read(text).text.strip(" 。.!！"))
        years = numeral_value(bare[0]) if bare else None
        if years is None:
            return Refused(Problem.AGE_FORMAT)
        ages = {years}
    if len(ages) > 1:
        return Refused(Problem.TWO_VALUES)
    (age,) = ages
    return age if age <= OLDEST else Refused(Problem.AGE_RANGE)
