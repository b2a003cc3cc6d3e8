"""The numerals that number clauses: reading them, and writing them as a word processor does."""

from __future__ import annotations

_DIGITS = {
    **{char: value for value, char in enumerate("零一二三四五六七八九")},
    **{char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "〇": 0,
    "两": 2,
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
CHINESE = "".join(sorted({*_DIGITS, *_UNITS}))

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"


def read_chinese(text: str) -> int | None:
    """The value of a Chinese numeral below ten thousand (十二, 二十, 一〇二, 叁拾), or None."""
    if not text or any(char not in _DIGITS and char not in _UNITS for char in text):
        return None
    if not any(char in _UNITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total, digit, last_unit = 0, None, 10_000
    for char in text:
        if char in _UNITS:
            unit = _UNITS[char]
            if unit >= last_unit:
                return None
            total += (1 if digit is None else digit) * unit
            digit, last_unit = None, unit
        elif digit in (None, 0):
            digit = _DIGITS[char]
        else:
            return None
    return total + (digit or 0)


def write_chinese(value: int) -> str:
    """一 to 九千九百九十九, with 十 (not 一十) from ten to nineteen; other values in digits."""
    if not 0 < value < 10_000:
        return str(value) if value else "零"
    out, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if zero else "") + "零一二三四五六七八九"[digit] + name
            zero = False
        else:
            zero = bool(out)
    return out[1:] if out.startswith("一十") else out


def read_roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral of either case, or None."""
    rest, value = text.lower(), 0
    for unit, name in _ROMAN:
        while rest.startswith(name):
            value, rest = value + unit, rest[len(name) :]
    return value if value and not rest and write_roman(value) == text.lower() else None


def write_roman(value: int) -> str:
    """A positive number in small Roman numerals."""
    out = ""
    for unit, name in _ROMAN:
        while value >= unit:
            out, value = out + name, value - unit
    return out


def write_letter(value: int) -> str:
    """1 is a, 26 is z, 27 is aa, 28 is bb, as word processors count."""
    turns, letter = divmod(value - 1, 26)
    return chr(ord("a") + letter) * (turns + 1)
