"""One door for registration: check an answer to a field, and tell whether a text surely is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from domain.identifiers import (
    addresses,
    companies,
    credit_codes,
    emails,
    id_numbers,
    login_names,
    member_names,
    names,
    passwords,
    phones,
    positions,
)
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import read, read_digits
from domain.platforms.model import FieldName

_HIDDEN = "********"


@dataclass(frozen=True)
class FieldContext:
    """What a check may need. `today` is the day in the user's time zone (Asia/Shanghai)."""

    today: date
    platform_names: tuple[str, ...] = ()
    password: passwords.PasswordContext | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Checked:
    """An accepted answer: `value` is canonical, `display` is what a chat may show."""

    value: str = field(repr=False)
    display: str


class UnsupportedField(ValueError):
    """The field is not free text: it is chosen by button or uploaded."""


Check = Callable[[str, FieldContext], Checked | Refused]


def check_field(name: FieldName, text: str, context: FieldContext) -> Checked | Refused:
    """Check an answer to a field.

    Raises UnsupportedField for fields that are buttons or uploads (role, purpose, images …).
    """
    check = _CHECKS.get(name)
    if check is None:
        raise UnsupportedField(name)
    return check(text, context)


def claims(name: FieldName, text: str) -> bool:
    """Whether a text is surely meant as the answer to this field, so that nothing else need be asked.

    Strict: 13800138000 claims phone, 为什么要手机号 does not. A broken value with nothing beside it
    (1380013800) claims too, for its owner should hear what is wrong with it. Passwords never do.
    """
    claim = _CLAIMS.get(name)
    return claim is not None and len(text) <= 300 and claim(text)


def _phone(text: str, _: FieldContext) -> Checked | Refused:
    phone = phones.parse_phone(text)
    return phone if isinstance(phone, Refused) else Checked(phone.e164, phone.display)


def _id_number(text: str, context: FieldContext) -> Checked | Refused:
    id_number = id_numbers.parse_id_number(text, context.today)
    return id_number if isinstance(id_number, Refused) else Checked(id_number.number, id_number.display)


def _credit_code(text: str, _: FieldContext) -> Checked | Refused:
    credit_code = credit_codes.parse_credit_code(text)
    return credit_code if isinstance(credit_code, Refused) else Checked(credit_code.code, credit_code.display)


def _email(text: str, _: FieldContext) -> Checked | Refused:
    email = emails.parse_email(text)
    return email if isinstance(email, Refused) else Checked(email, emails.display_email(email))


def _password(text: str, context: FieldContext) -> Checked | Refused:
    password = passwords.check_password(text, context.password)
    return password if isinstance(password, Refused) else Checked(password, _HIDDEN)


def _member_name(text: str, context: FieldContext) -> Checked | Refused:
    return _plain(member_names.parse_member_name(text, context.platform_names))


def _plain(outcome: str | Refused) -> Checked | Refused:
    return outcome if isinstance(outcome, Refused) else Checked(outcome, outcome)


_CHECKS: dict[FieldName, Check] = {
    "phone": _phone,
    "real_name": lambda text, _: _plain(names.parse_person_name(text)),
    "legal_representative": lambda text, _: _plain(names.parse_person_name(text)),
    "email": _email,
    "login_name": lambda text, _: _plain(login_names.parse_login_name(text)),
    "member_name": _member_name,
    "address": lambda text, _: _plain(addresses.parse_address(text)),
    "company_name": lambda text, _: _plain(companies.parse_company_name(text)),
    "position": lambda text, _: _plain(positions.parse_position(text)),
    "id_number": _id_number,
    "credit_code": _credit_code,
    "password": _password,
}

_FILLER = re.compile(
    "我的|我们|你好|您好|手机号码|手机号|手机|手機|电话号码|电话|電話|号码|號碼|联系方式|电子邮箱|电子邮件|邮箱|邮件|身份证号码|身份证号|身份证|证件号"
    "|统一社会信用代码|信用代码|代码|公司|企业|注册|请用|就是|就用|这个|這個|这是|改成|换成|填|用|是|為|为|号|我|本人|联系|email|e-mail|qq"
    "|谢谢|麻烦|拜托|辛苦|记一下|一下|先|了|好的|好|嗯|哦|噢|呀|啊|吧|哈|的|那|给你|您|你|打|tel|phone",
    re.IGNORECASE,
)

_PHONE = re.compile(r"(?:\+|00)?[0-9](?:[ \t._()/-]{0,3}[0-9OoQDlI]){5,30}(?:[ ,，、;]+1[0-9 -]{9,14})?")
_EMAIL = re.compile(r"[^\s@\u4e00-\u9fff：:，,]+@\S+?(?=[\u4e00-\u9fff，。,!！\s]|$)")
_MEMBER_NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff_-]{2,19}")


def _only(text: str, value: re.Pattern[str]) -> bool:
    """Whether nothing but filler words stands beside one value."""
    reading = read_digits(text).text
    if re.search("[?？]", reading) or not value.search(reading):
        return False
    return not re.search(r"[^\W_]", _FILLER.sub("", value.sub("", reading, count=1)))


def _claims_phone(text: str) -> bool:
    outcome = phones.parse_phone(text)
    if isinstance(outcome, Refused) and outcome.code in (Problem.PHONE_MISSING, Problem.PHONE_SHORT_CODE):
        return False
    return _only(text, _PHONE)


def _claims_email(text: str) -> bool:
    return bool(emails.find_emails(text)) and _only(text, _EMAIL)


def _claims_member_name(text: str) -> bool:
    if re.search("[?？吗呢]|什么|怎么|啥", text):
        return False
    if member_names.introduces_member_name(text):
        return isinstance(member_names.parse_member_name(text), str)
    return bool(_MEMBER_NAME.fullmatch(text)) and bool(re.search("[0-9_]", text))


def _claims_code(text: str, letters: bool) -> bool:
    reading = read(text).text
    body = "[0-9A-Za-z]" if letters else "[0-9XxlOo]"
    return _only(reading, re.compile(rf"{body}(?:[ \t._-]{{0,3}}{body}){{13,19}}"))


_CLAIMS: dict[FieldName, Callable[[str], bool]] = {
    "phone": _claims_phone,
    "real_name": names.looks_like_name,
    "legal_representative": names.looks_like_name,
    "email": _claims_email,
    "login_name": login_names.looks_like_login_name,
    "member_name": _claims_member_name,
    "address": addresses.looks_like_address,
    "company_name": companies.looks_like_company,
    "position": positions.looks_like_position,
    "id_number": lambda text: _claims_code(text, letters=False),
    "credit_code": lambda text: _claims_code(text, letters=True),
}
