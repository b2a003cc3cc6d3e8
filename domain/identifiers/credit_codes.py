"""Unified social credit codes (GB 32100-2015 with its amendment on the first character)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.identifiers.checksums import CREDIT_STRUCTURE, is_credit_code
from domain.identifiers.id_numbers import has_id_number
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import DASHES, Reading, read_digits

_GAP = rf"[ \t\u00a0{re.escape(DASHES)}._]{{0,3}}"
_FORM = re.compile(rf"(?<![0-9A-Za-z])[0-9A-Za-z](?:{_GAP}[0-9A-Za-z]){{17}}(?![0-9A-Za-z])")
_TOKEN = re.compile(rf"[0-9A-Za-z](?:{_GAP}[0-9A-Za-z])*")


@dataclass(frozen=True)
class CreditCode:
    """A checked 18-character code in capitals."""

    code: str

    @property
    def display(self) -> str:
        return f"{self.code[:4]}{'*' * 10}{self.code[-4:]}"


@dataclass(frozen=True)
class FoundCreditCode:
    credit_code: CreditCode
    start: int
    end: int


def find_credit_codes(typed: str | Reading) -> list[FoundCreditCode]:
    """Every right code in a text, with offsets as typed."""
    reading = read_digits(typed)
    return [
        FoundCreditCode(CreditCode(code), *reading.span(match.start(), match.end()))
        for match in _FORM.finditer(reading.text)
        if is_credit_code(code := _compact(match[0]))
    ]


def parse_credit_code(text: str) -> CreditCode | Refused:
    """The one code in an answer; lower case, full width and spaces are fine.

    Refuses with CREDIT_* or TWO_VALUES.
    """
    reading = read_digits(text).text
    if has_id_number(reading):  # one ID number in 31 passes the check here too; its birth date tells
        return Refused(Problem.CREDIT_IS_ID_NUMBER)
    codes = {_compact(match[0]) for match in _FORM.finditer(reading)}
    good = sorted(filter(is_credit_code, codes))
    if len(good) > 1:
        return Refused(Problem.TWO_VALUES, "、".join(CreditCode(code).display for code in good))
    return CreditCode(good[0]) if good else _why_not(reading)


def _compact(raw: str) -> str:
    return re.sub("[^0-9A-Z]", "", raw.upper())


def _why_not(reading: str) -> Refused:
    tokens = [_compact(match[0]) for match in _TOKEN.finditer(reading)]
    tokens = [token for token in tokens if sum(char.isdigit() for char in token) >= 4]
    if not tokens:
        return Refused(Problem.CREDIT_MISSING)
    token = max(tokens, key=len)
    if re.fullmatch("[0-9]{15}", token):
        return Refused(Problem.CREDIT_FIFTEEN_DIGITS)
    if len(token) != 18:
        return Refused(Problem.CREDIT_LENGTH, str(len(token)))
    if re.search("[IOZSV]", token):
        return Refused(Problem.CREDIT_LETTERS)
    if not CREDIT_STRUCTURE.fullmatch(token):
        return Refused(Problem.CREDIT_HEAD)
    return Refused(Problem.CREDIT_CHECK_CHARACTER)
