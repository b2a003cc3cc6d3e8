"""Chinese numerals as integers."""

from __future__ import annotations

import re

NUMERAL = "[零〇一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟萬兩貳參陸]"
_DIGITS = {
    **dict(zip("零〇一二三四五六七八九两", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2), strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖兩貳參陸", (1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 2, 3, 6), strict=True)),
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "萬": 10_000, "亿": 100_000_000}
_LONGEST = 20


def numeral_value(text: str) -> int | None:
    """The number a numeral means: 15, 十五, 二〇二六, 一万二, 四千五 (4500), 廿三; None if it is none.

    A last digit after 百, 千 or 万 stands for the next lower place, as people say it: 三万五 is 35000.
    """
    if len(text) > _LONGEST or not text:
        return None
    if text.isascii():
        return int(text) if text.isdigit() else None
    text = text.replace("廿", "二十").replace("卅", "三十")
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    if not re.fullmatch(f"{NUMERAL}+", text):
        return None
    return _placed(text)


def _placed(text: str) -> int | None:
    total = section = 0
    digit: int | None = None
    last_unit = 1
    gap = False
    for char in text:
        if char in _DIGITS:
            if digit not in (None, 0):
                return None
            gap = gap or _DIGITS[char] == 0
            digit = _DIGITS[char]
        elif char in _SMALL:
            section += (1 if digit is None or digit == 0 else digit) * _SMALL[char]
            last_unit, digit, gap = _SMALL[char], None, False
        else:
            section += digit or 0
            if not section:
                return None
            total = (total + section) * _LARGE[char] if _LARGE[char] > 10_000 else total + section * _LARGE[char]
            section, last_unit, digit, gap = 0, _LARGE[char], None, False
    if digit:
        section += digit * (last_unit // 10 if last_unit >= 100 and not gap else 1)
    return total + section
