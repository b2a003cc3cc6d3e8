"""Six-digit SMS codes as people type them. A code is a string: 000123 keeps its zeros."""

from __future__ import annotations

import re

from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import DASHES, Reading, read_digits

_GAP = rf"[ \t\u00a0{re.escape(DASHES)}.]{{0,2}}"
_RUN = re.compile(rf"(?<![0-9A-Za-z])[0-9](?:{_GAP}[0-9])*(?![0-9A-Za-z])")
_FILLER = re.compile(
    r"(?:我|的|短信|手机|收到|了|验证码|校验码|驗證碼|动态码|確認碼|确认码|验证|码|碼|是|為|为|这个|這個|就是|数字|填|输入"
    r"|哦|吧|呀|啊|好|嗯|给你|您|你|[\s,.;:!?，。；：！？、~「」“”\"'【】()\[\]])+"
)
_CUE = re.compile(r"(?:验证码|校验码|驗證碼|动态码|确认码|短信码|验证|口令码|code|码|碼)", re.IGNORECASE)


def parse_sms_code(text: str) -> str | Refused:
    """The six digits of an answer: １２３４５６, "12 34 56", 123-456, 幺二三…, 验证码是123456。

    Refuses with SMS_CODE_LENGTH (5 or 7 digits), TWO_VALUES, or SMS_CODE_FORMAT for anything
    else; each is a format error, so no attempt is spent on it.
    """
    reading = read_digits(text).text
    if len(reading) > 200:
        return Refused(Problem.SMS_CODE_FORMAT)
    runs = list(_RUN.finditer(reading))
    if not runs:
        return Refused(Problem.SMS_CODE_FORMAT)
    rest = _RUN.sub(" ", reading)
    if rest.strip() and not _FILLER.fullmatch(rest):
        return Refused(Problem.SMS_CODE_FORMAT)
    codes = {re.sub("[^0-9]", "", run[0]) for run in runs}
    if len(codes) > 1:
        return Refused(Problem.TWO_VALUES)
    (code,) = codes
    if len(code) == 6:
        return code
    if len(code) == 12 and not re.search("[0-9]{7}", runs[0][0]):
        return Refused(Problem.TWO_VALUES)  # "123456 654321" reads as one spaced run
    return Refused(Problem.SMS_CODE_LENGTH, str(len(code)))


def claims_sms_code(text: str) -> bool:
    """Whether a message is surely an answer to "what is the code": digits and filler words only."""
    outcome = parse_sms_code(text)
    return isinstance(outcome, str) or outcome.code in (Problem.SMS_CODE_LENGTH, Problem.TWO_VALUES)


def find_sms_codes(typed: str | Reading) -> list[Span]:
    """Six-digit codes: a message that is nothing else, or digits near the word 验证码."""
    reading = read_digits(typed)
    runs = [match for match in _RUN.finditer(reading.text) if len(re.sub("[^0-9]", "", match[0])) == 6]
    bare = len(runs) == 1 and not re.search(r"[^\W_]", _RUN.sub("", reading.text))
    return [
        Span(re.sub("[^0-9]", "", match[0]), *reading.span(match.start(), match.end()))
        for match in runs
        if bare or near_code_word(reading.text, match.start(), match.end())
    ]


def near_code_word(text: str, start: int, end: int) -> bool:
    """Whether 验证码, code or the like stands within eight characters of a stretch."""
    return bool(_CUE.search(text[max(0, start - 10) : start]) or _CUE.search(text[end : end + 6]))
