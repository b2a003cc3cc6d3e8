"""Mainland mobile numbers: one canonical form out of everything people type.

Our own full match decides; the phonenumbers library is only a second opinion afterwards, for it
maps letters to keypad digits and accepts extensions and foreign digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from domain.identifiers.id_numbers import has_id_number
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import DASHES, Reading, read_digits

# Ranges resold by virtual operators (MIIT number plan): allowed, but a risk signal.
VIRTUAL_OPERATOR_PREFIXES = ("162", "165", "167", "170", "171")

GAP = rf"[ \t\u00a0{re.escape(DASHES)}._·•/()]{{0,3}}"
_MOBILE = re.compile(rf"(?<![0-9A-Za-z+])(?:(?:\+|00)?86{GAP})?(1{GAP}[3-9](?:{GAP}[0-9]){{9}})(?![0-9A-Za-z])")
_EXTENSION = re.compile(r"^[ ;,，、]{0,3}(?:ext\.?=?|x|#|转|分机)[ :=]{0,2}[0-9]", re.IGNORECASE)
_LETTERED = re.compile(r"(?<![0-9A-Za-z])[0-9OoQDlI|!\u041e\u043e\u039f\u03bf -]{10,20}(?![0-9A-Za-z])")
_GLUED = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Za-z]1[0-9]{10}|1[0-9]{10}[A-Za-z]|\+?1[- ]?[0-9]{3}[- ]?[A-Za-z]{4,10})(?![0-9A-Za-z])"
)
_FOREIGN = re.compile(rf"(?<![0-9A-Za-z])(?:\+|00)(?!{GAP}86)[1-9](?:{GAP}[0-9]){{6,14}}(?![0-9])")
AREA_LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:\+|00)?86{GAP}(?:10|2[0-9]|[3-9][0-9]{{2}})|\(?0(?:10|2[0-9]|[3-9][0-9]{{2}})\)?)"
    rf"{GAP}[2-8](?:{GAP}[0-9]){{6,7}}(?![0-9A-Za-z])"
)
SERVICE = re.compile(rf"(?<![0-9A-Za-z])[48]00(?:{GAP}[0-9]){{7}}(?![0-9A-Za-z])")
_SMS_PORT = re.compile(r"(?<![0-9A-Za-z])106[0-9]{5,17}(?![0-9A-Za-z])")
_SHORT = re.compile(r"(?<![0-9A-Za-z])(?:1[0-2][0-9]|1[0-9]{4}|9[56][0-9]{3,4})(?![0-9A-Za-z])")
_DIGITS = re.compile(rf"[0-9](?:{GAP}[0-9])*")


@dataclass(frozen=True)
class Phone:
    """A mainland mobile number. `virtual_operator` is a risk signal, not a refusal."""

    e164: str

    @property
    def national(self) -> str:
        """The eleven digits."""
        return self.e164[3:]

    @property
    def virtual_operator(self) -> bool:
        return self.national.startswith(VIRTUAL_OPERATOR_PREFIXES)

    @property
    def display(self) -> str:
        """138****8000, which is all a chat shows."""
        return f"{self.national[:3]}****{self.national[-4:]}"


@dataclass(frozen=True)
class FoundPhone:
    phone: Phone
    start: int
    end: int


def find_phones(typed: str | Reading) -> list[FoundPhone]:
    """Every valid mobile number in a text, with offsets in the text as typed."""
    reading = read_digits(typed)
    found = []
    for match in _MOBILE.finditer(reading.text):
        digits = re.sub("[^0-9]", "", match[1])
        if _assigned(digits):
            start, end = reading.span(match.start(), match.end())
            found.append(FoundPhone(Phone("+86" + digits), start, end))
    return found


def parse_phone(text: str) -> Phone | Refused:
    """The one mobile number in an answer.

    Accepts spaces, dashes, +86/0086, full width, circled digits, spoken digits (一三八…, 幺三八…)
    and a sentence around it. Refuses with PHONE_* or TWO_VALUES; letters are never read as digits.
    """
    reading = read_digits(text)
    matches = list(_MOBILE.finditer(reading.text))
    numbers = {re.sub("[^0-9]", "", match[1]): match for match in matches}
    if len(numbers) > 1:
        return Refused(Problem.TWO_VALUES, "、".join(Phone("+86" + digits).display for digits in numbers))
    if not numbers:
        return _why_not(reading.text)
    if any(re.fullmatch("1[0-9]{9,11}", run) for run in _runs(_MOBILE.sub(" ", reading.text))):
        return Refused(Problem.TWO_VALUES)  # a whole number and a broken one: which is meant?
    ((digits, match),) = numbers.items()
    if _EXTENSION.match(reading.text[match.end() : match.end() + 12]):
        return Refused(Problem.PHONE_EXTENSION)
    return Phone("+86" + digits) if _assigned(digits) else Refused(Problem.PHONE_UNASSIGNED)


def _assigned(digits: str) -> bool:
    number = phonenumbers.PhoneNumber(country_code=86, national_number=int(digits))
    return (
        phonenumbers.is_valid_number_for_region(number, "CN")
        and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    )


def _runs(text: str) -> list[str]:
    return [re.sub("[^0-9]", "", match[0]) for match in _DIGITS.finditer(text)]


def _why_not(text: str) -> Refused:
    if has_id_number(text):
        return Refused(Problem.PHONE_IS_ID_NUMBER)
    if _FOREIGN.search(text):
        return Refused(Problem.PHONE_FOREIGN)
    if SERVICE.search(text):
        return Refused(Problem.PHONE_SERVICE_NUMBER)
    if _SMS_PORT.search(text):
        return Refused(Problem.PHONE_SMS_PORT)
    for match in _LETTERED.finditer(text):
        compact = re.sub("[ -]", "", match[0])
        if len(compact) >= 10 and len(re.findall("[0-9]", compact)) >= 4 and re.search("[^0-9]", compact):
            return Refused(Problem.PHONE_LETTERS)
    if _GLUED.search(text):
        return Refused(Problem.PHONE_LETTERS)
    if AREA_LANDLINE.search(text):
        return Refused(Problem.PHONE_LANDLINE)
    runs = _runs(text)
    if not runs:
        return Refused(Problem.PHONE_MISSING)
    digits = max(runs, key=len)
    if len(digits) in (7, 8) and digits[0] in "2345678":
        return Refused(Problem.PHONE_LANDLINE)
    if _SHORT.fullmatch(digits):
        return Refused(Problem.PHONE_SHORT_CODE)
    if len(digits) < 4:
        return Refused(Problem.PHONE_MISSING)
    if len(digits) < 11:
        return Refused(Problem.PHONE_TOO_SHORT, str(len(digits)))
    if len(digits) > 11:
        return Refused(Problem.PHONE_TOO_LONG, str(len(digits)))
    return Refused(Problem.PHONE_NOT_MOBILE)
