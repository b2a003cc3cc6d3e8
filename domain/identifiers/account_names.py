"""What a person calls an account: whichever identifier of the platform it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.identifiers.emails import display_email, find_emails, parse_email
from domain.identifiers.id_numbers import has_id_number
from domain.identifiers.login_names import looks_like_login_name, parse_login_name
from domain.identifiers.member_names import introduces_member_name, strip_member_introduction
from domain.identifiers.phones import find_phones, parse_phone
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import read

# As a receipt shows it; people copy it with capitals and with spaces around.
_ACCOUNT_ID = re.compile(r"(?<![0-9A-Za-z_])a_[0-9a-hjkmnp-tv-z]{20}(?![0-9A-Za-z])", re.IGNORECASE)
_MEMBER_NAME = re.compile(r"[0-9A-Za-z\u4e00-\u9fff·_-]{2,20}")
_AROUND = re.compile(r"^(?:我的|我)?(?:[账帐]号|号码|用户)?(?:就?是|叫|为|:|：)?\s*|[。.!！~，,]+$")


@dataclass(frozen=True)
class NamedAccount:
    """`kind` is one of the platform's identifiers; `display` is what a chat may show."""

    kind: str
    canonical: str
    display: str

    @property
    def value(self) -> str:
        return f"{self.kind}|{self.canonical}"


def parse_account_name(text: str, kinds: Sequence[str]) -> NamedAccount | Refused:
    """The account that an answer names, as the first of the platform's identifiers that it can be.

    Args:
        kinds: the identifiers this platform knows.

    Refuses with ACCOUNT_NAME_PAGE (a document's number belongs on the one-time page), PHONE_* (it is nearly a phone)
    or ACCOUNT_NAME (it is none of them).
    """
    reading = read(text).text.strip()
    if has_id_number(reading):
        return Refused(Problem.ACCOUNT_NAME_PAGE)
    found = _ACCOUNT_ID.search(reading)
    if found and "account_id" in kinds:
        return NamedAccount("account_id", found[0].lower(), found[0].lower())
    if "phone" in kinds:
        phone = parse_phone(text)
        if not isinstance(phone, Refused):
            return NamedAccount("phone", phone.e164, phone.display)
        if _is_nearly_a_phone(reading, phone):
            return phone
    if "email" in kinds and find_emails(text):
        email = parse_email(text)
        if not isinstance(email, Refused):
            return NamedAccount("email", email, display_email(email))
    bare = _AROUND.sub("", reading).strip()
    if "login_name" in kinds:
        login_name = parse_login_name(bare)
        if not isinstance(login_name, Refused):
            return NamedAccount("login_name", login_name, login_name)
    if "member_name" in kinds:
        member_name = strip_member_introduction(bare)
        if _MEMBER_NAME.fullmatch(member_name):
            return NamedAccount("member_name", member_name, member_name)
    return Refused(Problem.ACCOUNT_NAME)


def _is_nearly_a_phone(text: str, refused: Refused) -> bool:
    """Whether a phone was meant: a wrong one, two of them, or one with letters for figures (a name may have those)."""
    if re.fullmatch(r"[0-9 -]{7,15}", text) or refused.code == Problem.TWO_VALUES:
        return True
    return refused.code == Problem.PHONE_LETTERS and text.startswith("1")


def claims_account_name(text: str, kinds: Sequence[str]) -> bool:
    """Whether a text surely names an account: a phone, an address, a name with figures in it, an account's id."""
    if re.search("[?？吗呢么]|什么|怎么|啥", text) or len(text) > 60:
        return False
    reading = read(text).text.strip()
    if _ACCOUNT_ID.search(reading):
        return "account_id" in kinds
    return bool(
        find_phones(text)
        or re.fullmatch(r"[0-9 +-]{7,17}", reading)
        or ("email" in kinds and find_emails(text))
        or ("login_name" in kinds and looks_like_login_name(_AROUND.sub("", reading)))
        or ("member_name" in kinds and introduces_member_name(text))
    )
