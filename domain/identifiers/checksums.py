"""Check characters of the two national numbers."""

from __future__ import annotations

import re

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, Z, S, V

_ID_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_ID_CHECK_DIGITS = "10X98765432"
_CREDIT_VALUE = {char: value for value, char in enumerate(CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
# First character: who registered it (N 农村集体经济组织, Y 其他, A 中央军委). Second: what it is.
CREDIT_STRUCTURE = re.compile(f"[1-9ANY][1-9][0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}")


def id_check_digit(body: str) -> str:
    """The eighteenth character for seventeen digits (GB 11643: ISO 7064 MOD 11-2)."""
    return _ID_CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def credit_check_character(body: str) -> str:
    """The check character over up to 17 characters of `CREDIT_ALPHABET` (GB 32100: weights 3^i, mod 31)."""
    total = sum(_CREDIT_VALUE[char] * weight for char, weight in zip(body, _CREDIT_WEIGHTS, strict=False))
    return CREDIT_ALPHABET[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether compact capitals and digits are a whole, right unified social credit code."""
    return bool(CREDIT_STRUCTURE.fullmatch(text)) and credit_check_character(text[:17]) == text[17]
