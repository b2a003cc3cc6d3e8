"""Writing a list number the way word processors and browsers do (ECMA-376, 17.18.59 ST_NumberFormat)."""

from __future__ import annotations

from collections.abc import Callable

from ..numerals import BRANCHES, STEMS, write_chinese, write_letter, write_roman

_FINANCIAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def _from(first: str, count: int) -> Callable[[int], str]:
    """Ready-made signs such as ①; beyond the last one, plain digits."""
    return lambda value: chr(ord(first) + value - 1) if 0 < value <= count else str(value)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda value: signs[(value - 1) % len(signs)] if value > 0 else str(value)


def _digits(value: int) -> str:
    return str(value).translate(str.maketrans("0123456789", "〇一二三四五六七八九"))


def _japanese(value: int) -> str:
    """一 十 十一 百二十: no 零 in between."""
    return write_chinese(value).replace("零", "") if value else "〇"


def _counting(value: int) -> str:
    """chineseCounting counts 一 to 九十九 in words and from a hundred on digit by digit."""
    return write_chinese(value) if value < 100 else _digits(value).replace("〇", "○")


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalHalfWidth": str,
    "decimalZero": lambda value: f"{value:02d}",
    "decimalFullWidth": lambda value: str(value).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda value: str(value).translate(_FULL_WIDTH),
    "decimalEnclosedCircle": _from("①", 20),
    "decimalEnclosedCircleChinese": _from("①", 20),
    "decimalEnclosedFullstop": _from("⒈", 20),
    "decimalEnclosedParen": _from("⑴", 20),
    "ideographEnclosedCircle": _from("㊀", 10),
    "chineseCounting": _counting,
    "chineseCountingThousand": write_chinese,
    "taiwaneseCounting": _counting,
    "taiwaneseCountingThousand": write_chinese,
    "japaneseCounting": _japanese,
    "koreanCounting": _japanese,
    "ideographDigital": _digits,
    "japaneseDigitalTenThousand": _digits,
    "taiwaneseDigital": _digits,
    "chineseLegalSimplified": lambda value: write_chinese(value).translate(_FINANCIAL),
    "ideographLegalTraditional": lambda value: write_chinese(value).translate(_FINANCIAL),
    "japaneseLegal": lambda value: write_chinese(value).translate(_FINANCIAL),
    "ideographTraditional": _cycle(STEMS),
    "ideographZodiac": _cycle(BRANCHES),
    "lowerLetter": lambda value: write_letter(value) if value > 0 else str(value),
    "upperLetter": lambda value: write_letter(value).upper() if value > 0 else str(value),
    "lowerRoman": lambda value: write_roman(value) if value > 0 else str(value),
    "upperRoman": lambda value: write_roman(value).upper() if value > 0 else str(value),
    "none": lambda value: "",
}


def known(kind: str) -> bool:
    """Whether this number format can be written; an unknown one is written in digits."""
    return kind in _FORMATS


def label(kind: str, value: int) -> str:
    """The number `value` in the format `kind`."""
    return _FORMATS.get(kind, str)(value)
