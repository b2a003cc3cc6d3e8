"""Mainland ID numbers (GB 11643) and the two documents that share their form.

The county of the first six digits is never a reason to refuse: it is that of the first
registration, and residence permits have codes of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.identifiers.ages import OLDEST, AgeReached, age_on
from domain.identifiers.checksums import id_check_digit, is_credit_code
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import DASHES, Reading, read_digits

Document = Literal["resident_id", "hmt_residence_permit", "permanent_residence"]
Sex = Literal["male", "female"]

HMT_REGIONS = ("810000", "820000", "830000")  # 港澳台居民居住证
_FOREIGN_X = "\u0425\u0445\u03a7\u03c7\u00d7\u2715\u2716\u2717\u2718\u2a2f"  # Cyrillic, Greek, ×, ✕ …

_GAP = rf"[ \t\u00a0{re.escape(DASHES)}._]{{0,3}}"
_FORM = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx](?![0-9A-Za-z])")
_FORM_FOREIGN_X = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[{_FOREIGN_X}]")
_TOKEN = re.compile(rf"[0-9A-Za-z](?:{_GAP}[0-9A-Za-z])*")


@dataclass(frozen=True)
class IdNumber:
    """A checked 18-character number."""

    number: str

    @property
    def document(self) -> Document:
        if self.number.startswith(HMT_REGIONS):
            return "hmt_residence_permit"
        return "permanent_residence" if self.number[0] == "9" else "resident_id"

    @property
    def birth(self) -> date:
        return date(int(self.number[6:10]), int(self.number[10:12]), int(self.number[12:14]))

    @property
    def sex(self) -> Sex:
        """The seventeenth digit: odd male, even female. A soft signal only."""
        return "male" if int(self.number[16]) % 2 else "female"

    @property
    def display(self) -> str:
        return f"{self.number[:3]}{'*' * 11}{self.number[-4:]}"

    def age(self, today: date, reached: AgeReached = "day_after_birthday") -> int:
        """Full years on a day; see `ages.age_on`."""
        return age_on(self.birth, today, reached)


@dataclass(frozen=True)
class FoundIdNumber:
    id_number: IdNumber
    start: int
    end: int


def find_id_numbers(typed: str | Reading, today: date | None = None) -> list[FoundIdNumber]:
    """Every number with a right check digit and a real birth date, with offsets as typed."""
    reading = read_digits(typed)
    found = []
    for match in _FORM.finditer(reading.text):
        number = _compact(match[0])
        if _fault(number, today) is None:
            found.append(FoundIdNumber(IdNumber(number), *reading.span(match.start(), match.end())))
    return found


def has_id_number(text: str) -> bool:
    """Whether a well-formed, check-digit-right number stands in the text."""
    return any(_fault(_compact(match[0]), None) is None for match in _FORM.finditer(text))


def parse_id_number(text: str, today: date) -> IdNumber | Refused:
    """The one ID number in an answer; full width, lower-case x and spaces are fine.

    Refuses with ID_* or TWO_VALUES. A wrong check digit is named as such; the right one never is.
    """
    reading = read_digits(text).text
    numbers = {_compact(match[0]) for match in _FORM.finditer(reading)}
    good = sorted(number for number in numbers if _fault(number, today) is None)
    if len(good) > 1:
        return Refused(Problem.TWO_VALUES, "、".join(IdNumber(number).display for number in good))
    if good:
        return IdNumber(good[0])
    if numbers:
        number = min(numbers)
        # All digits: one ID number in 31 also satisfies the credit code's check, so only the head
        # of a company, which no ID number of a citizen has, tells them apart.
        if number[0] == "9" and is_credit_code(number):
            return Refused(Problem.ID_IS_CREDIT_CODE)
        return Refused(_fault(number, today) or Problem.ID_FORMAT)
    return _why_not(reading)


def _compact(raw: str) -> str:
    return re.sub("[^0-9X]", "", raw.upper())


def _fault(number: str, today: date | None) -> Problem | None:
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Problem.ID_BIRTH_DATE
    if today is None:
        if not 1850 < birth.year < 2200:
            return Problem.ID_BIRTH_DATE
    elif birth > today:
        return Problem.ID_BIRTH_IN_FUTURE
    elif age_on(birth, today) > OLDEST:
        return Problem.ID_TOO_OLD
    return None if id_check_digit(number[:17]) == number[17] else Problem.ID_CHECK_DIGIT


def _why_not(reading: str) -> Refused:
    if _FORM_FOREIGN_X.search(reading):
        return Refused(Problem.ID_FOREIGN_X)
    tokens = [re.sub("[^0-9A-Z]", "", match[0].upper()) for match in _TOKEN.finditer(reading)]
    tokens = [token for token in tokens if sum(char.isdigit() for char in token) >= 4]
    if not tokens:
        return Refused(Problem.ID_MISSING)
    token = max(tokens, key=len)
    if is_credit_code(token):
        return Refused(Problem.ID_IS_CREDIT_CODE)
    if re.fullmatch("[0-9]{15}", token):
        return Refused(Problem.ID_FIFTEEN_DIGITS)
    if re.fullmatch("(?:86)?1[3-9][0-9]{9}", token):
        return Refused(Problem.ID_IS_PHONE)
    if re.search("[A-Z]", token[:-1]) or token[-1] not in "0123456789X":
        return Refused(Problem.ID_LETTERS)
    return Refused(Problem.ID_LENGTH, str(len(token))) if len(token) != 18 else Refused(Problem.ID_FORMAT)
