"""Calendar days and weekdays in text."""

from __future__ import annotations

import re
from datetime import date, timedelta

from domain.identifiers.ages import OLDEST, age_on
from domain.identifiers.numerals import numeral_value
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import Reading, read

_DIGIT = "[零〇○一二三四五六七八九]"
_YEAR = rf"(?:[0-9]{{4}}|[0-9]{{2}}|{_DIGIT}{{4}}|{_DIGIT}{{2}})"
_MONTH = "(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]|正|腊)"
_ONE_TO_NINE = "[一二三四五六七八九]"
_DAY = f"(?:3[01]|[12][0-9]|0?[1-9]|三十一?|廿{_ONE_TO_NINE}?|二?十{_ONE_TO_NINE}?|{_ONE_TO_NINE})"
_FULL = re.compile(
    rf"(?<![0-9])({_YEAR})\s?年\s?({_MONTH})\s?月\s?初?({_DAY})\s?(?:[日号號]|(?![0-9十]|{_ONE_TO_NINE}))"
)
_DOTTED = re.compile(
    r"(?<![0-9./-])((?:19|20)[0-9]{2})([-./])(1[0-2]|0?[1-9])\2(3[01]|[12][0-9]|0?[1-9])(?![0-9]|[./-][0-9])"
)
_COMPACT = re.compile(r"(?<![0-9A-Za-z])((?:19|20)[0-9]{2})(1[0-2]|0[1-9])(3[01]|[12][0-9]|0[1-9])(?![0-9A-Za-z])")
_MONTH_DAY = re.compile(
    rf"(?<![0-9年十一二三四五六七八九])(?:(今年|去年|前年|明年)的?)?({_MONTH})\s?月\s?份?({_DAY})\s?[日号號]"
)
_RELATIVE_MONTH_DAY = re.compile(rf"(上个?月|这个?月|本月|下个?月)({_DAY})[日号號]")
_BARE_DAY = re.compile(r"(?<![0-9A-Za-z.第月-])(3[01]|[12][0-9]|0?[1-9])[日号號](?![线楼院门店码]|[0-9])")
_WEEKDAY = re.compile(
    r"(上上个?|上个?|下下个?|下个?|这个?|本)?(?:周|星期|禮拜|礼拜|週)([一二三四五六日天1-6])(?![0-9年个次天到至期边])"
)
_DAY_NAMES = {"天": 6} | {name: day for day, name in enumerate("一二三四五六日")} | {str(n): n - 1 for n in range(1, 7)}
_YEARS_BACK = {"今年": 0, "去年": -1, "前年": -2, "明年": 1}
_DAYS_BACK = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "昨晚": 1, "琴日": 1, "前天": 2, "前日": 2}
_DATE_LIKE = re.compile(
    r"[0-9]{4}[-./年][0-9]{1,2}[-./月][0-9]{1,2}|[0-9]{1,2}月[0-9]{1,2}|(?<![0-9])(?:19|20)[0-9]{6}(?![0-9])"
)
_BIRTH = (_FULL, _DOTTED, _COMPACT)


def find_dates(typed: str | Reading, today: date) -> list[Span]:
    """Days that could fill a slot, with offsets as typed; the value is ISO (2026-05-01).

    Without a year the latest such day not after `today` is meant (people report what happened);
    a weekday without 上 or 下 is the one of this week, Monday first. 今天 and 昨晚 are not dates.
    """
    reading = typed if isinstance(typed, Reading) else read(typed)
    found: list[tuple[int, int, date]] = []

    def add(match: re.Match[str], day: date | None) -> None:
        if day is not None and all(match.end() <= start or match.start() >= end for start, end, _ in found):
            found.append((match.start(), match.end(), day))

    for match in _FULL.finditer(reading.text):
        add(match, _full(match, today))
    for match in _DOTTED.finditer(reading.text):
        add(match, _day(int(match[1]), int(match[3]), int(match[4])))
    for match in _COMPACT.finditer(reading.text):
        add(match, _day(int(match[1]), int(match[2]), int(match[3])))
    for match in _RELATIVE_MONTH_DAY.finditer(reading.text):
        add(match, _in_month(today, {"上": -1, "下": 1}.get(match[1][0], 0), _number(match[2])))
    for match in _MONTH_DAY.finditer(reading.text):
        add(match, _month_day(match, today))
    for match in _WEEKDAY.finditer(reading.text):
        add(match, _weekday(match, today))
    for match in _BARE_DAY.finditer(reading.text):
        day = int(match[1])
        add(match, _in_month(today, 0 if day <= today.day else -1, day))
    return [Span(day.isoformat(), *reading.span(start, end)) for start, end, day in sorted(found)]


def parse_date(text: str, today: date) -> date | Refused:
    """The one day in an answer. Refuses with DATE_FORMAT, DATE_IMPOSSIBLE or TWO_VALUES."""
    days = {span.value for span in find_dates(text, today)}
    if len(days) == 1:
        return date.fromisoformat(days.pop())
    if days:
        return Refused(Problem.TWO_VALUES)
    return Refused(Problem.DATE_IMPOSSIBLE if _DATE_LIKE.search(read(text).text) else Problem.DATE_FORMAT)


def parse_day(text: str, today: date) -> date | Refused:
    """The one day in an answer to 哪一天; 今天, 昨天 and 前天 are days there too. Refuses like `parse_date`."""
    said = {back for word, back in _DAYS_BACK.items() if word in text}
    if len(said) == 1 and not find_dates(text, today):
        return today - timedelta(days=said.pop())
    return parse_date(text, today)


def parse_birth_date(text: str, today: date) -> date | Refused:
    """The one birth date in an answer; it needs a year. Refuses with DATE_*, also in the future or above 120."""
    reading = read(text)
    if not any(pattern.search(reading.text) for pattern in _BIRTH):
        return Refused(Problem.DATE_FORMAT)
    birth = parse_date(text, today)
    if isinstance(birth, Refused):
        return birth
    if birth > today:
        return Refused(Problem.DATE_IN_FUTURE)
    return Refused(Problem.DATE_TOO_OLD) if age_on(birth, today) > OLDEST else birth


def _number(text: str) -> int:
    text = {"正": "一", "腊": "十二"}.get(text, text.replace("○", "零"))
    return numeral_value(text) or 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full(match: re.Match[str], today: date) -> date | None:
    year = _number(match[1])
    if year < 100:  # 90年 is 1990, 26年 is 2026: never more than a year ahead
        year += 2000 if 2000 + year <= today.year + 1 else 1900
    return _day(year, _number(match[2]), _number(match[3]))


def _month_day(match: re.Match[str], today: date) -> date | None:
    month, day = _number(match[2]), _number(match[3])
    if match[1]:
        return _day(today.year + _YEARS_BACK[match[1]], month, day)
    this_year = _day(today.year, month, day)
    if this_year is not None and this_year <= today:
        return this_year
    return _day(today.year - 1, month, day) or this_year


def _in_month(today: date, months: int, day: int) -> date | None:
    index = today.year * 12 + today.month - 1 + months
    return _day(index // 12, index % 12 + 1, day)


def _weekday(match: re.Match[str], today: date) -> date:
    weeks = {"上上": -2, "上": -1, "下": 1, "下下": 2}.get((match[1] or "").rstrip("个"), 0)
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=7 * weeks + _DAY_NAMES[match[2]])
