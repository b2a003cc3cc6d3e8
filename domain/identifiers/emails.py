"""E-mail addresses: the sane subset of RFC 5321, international domains included."""

from __future__ import annotations

import re

from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import HAN, Reading, read

_LOCAL = r"[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})"
_ASCII_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
# A domain in 汉字 must end in a top-level domain we know, or 邮箱a@qq.com谢谢 would be one.
_HAN_TLD = "(?:中国|中國|公司|网络|網絡|网址|在线|中文网|商城|集团|政务|公益|移动|手机|香港|台湾|com|cn|net|org)"
_HAN_DOMAIN = rf"(?:[A-Za-z0-9{HAN}-]{{1,63}}\.){{1,8}}{_HAN_TLD}(?![A-Za-z0-9-])"
_EMAIL = re.compile(rf"(?<![A-Za-z0-9._%+-])({_LOCAL})@({_ASCII_DOMAIN}|{_HAN_DOMAIN})")
_DOTTED_LOCAL = re.compile(r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*")
_LONGEST, _LONGEST_LOCAL = 254, 64


def find_emails(typed: str | Reading) -> list[Span]:
    """Every valid address in a text, canonical: lower case, the domain in its ASCII form."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    found = []
    for match in _EMAIL.finditer(reading.text):
        canonical = _canonical(match[1], match[2])
        if isinstance(canonical, str):
            found.append(Span(canonical, *reading.span(match.start(), match.end())))
    return found


def parse_email(text: str) -> str | Refused:
    """The one address in an answer, canonical. Refuses with EMAIL_* or TWO_VALUES."""
    reading = read(text).text
    outcomes = [_canonical(match[1], match[2]) for match in _EMAIL.finditer(reading)]
    good = {outcome for outcome in outcomes if isinstance(outcome, str)}
    if len(good) > 1:
        return Refused(Problem.TWO_VALUES)
    if good:
        return good.pop()
    bad = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    if bad:
        return bad[0]
    if "@" not in reading:
        return Refused(Problem.EMAIL_MISSING)
    local = re.split(rf"[\s:{HAN}]", reading.split("@", 1)[0])[-1]
    return Refused(Problem.EMAIL_DOMAIN if _DOTTED_LOCAL.fullmatch(local) else Problem.EMAIL_LOCAL_PART)


def display_email(email: str) -> str:
    """w***@qq.com, which is all a chat shows."""
    local, domain = email.split("@", 1)
    return f"{local[0]}***@{domain}"


def _canonical(local: str, domain: str) -> str | Refused:
    if not _DOTTED_LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        return Refused(Problem.EMAIL_LOCAL_PART)
    labels = domain.split(".")
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        return Refused(Problem.EMAIL_DOMAIN)
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return Refused(Problem.EMAIL_DOMAIN)
    email = f"{local}@{ascii_domain}".lower()
    return email if len(email) <= _LONGEST else Refused(Problem.EMAIL_LENGTH)
