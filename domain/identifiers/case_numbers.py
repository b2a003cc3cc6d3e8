"""References of complaints: TS and nine characters, the last of them a check character.

Format: "TS" + eight random characters of the GB 32100 alphabet (no I, O, Z, S, V) + a check
character with the same weights (3^i mod 31), shown as TS-7K3Q-9F2X-A. Any single wrong character
and any swap of two is detected. Thirty-nine random bits, and the owner is checked besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from domain.identifiers.checksums import CREDIT_ALPHABET, credit_check_character
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import DASHES, Reading, read

PREFIX = "TS"
_RANDOM = 8
_GAP = rf"[ {re.escape(DASHES)}]{{0,2}}"
_FORM = re.compile(rf"(?<![0-9A-Za-z])[Tt]{_GAP}[Ss](?:{_GAP}[0-9A-Za-z]){{9}}(?![0-9A-Za-z])")
_MISREAD = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"})  # what is not in the alphabet


def new_case_number(random_below: Callable[[int], int]) -> str:
    """A new reference; `random_below(n)` gives a uniform integer in [0, n), e.g. secrets.randbelow."""
    body = "".join(CREDIT_ALPHABET[random_below(len(CREDIT_ALPHABET))] for _ in range(_RANDOM))
    return PREFIX + body + credit_check_character(body)


def parse_case_number(text: str) -> str | Refused:
    """The one reference in an answer, compact and in capitals; O, I, Z, S are read as 0, 1, 2, 5.

    Refuses with CASE_NUMBER_FORMAT, CASE_NUMBER_CHECK or TWO_VALUES.
    """
    forms = {_compact(match[0]) for match in _FORM.finditer(read(text).text)}
    if not forms:
        return Refused(Problem.CASE_NUMBER_FORMAT)
    right = {form for form in forms if _right(form)}
    if not right:
        return Refused(Problem.CASE_NUMBER_CHECK)
    return right.pop() if len(right) == 1 else Refused(Problem.TWO_VALUES)


def find_case_numbers(typed: str | Reading) -> list[Span]:
    """Every right reference in a text, with offsets as typed."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    return [
        Span(number, *reading.span(match.start(), match.end()))
        for match in _FORM.finditer(reading.text)
        if _right(number := _compact(match[0]))
    ]


def display_case_number(number: str) -> str:
    """TS-7K3Q-9F2X-A, in groups that can be read aloud."""
    return f"{number[:2]}-{number[2:6]}-{number[6:10]}-{number[10:]}"


def _compact(raw: str) -> str:
    return PREFIX + re.sub("[^0-9A-Z]", "", raw.upper())[2:].translate(_MISREAD)


def _right(number: str) -> bool:
    return credit_check_character(number[2:10]) == number[10]
