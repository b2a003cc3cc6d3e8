"""All fourteen entities of a message, with offsets in the text as typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

from domain.identifiers import (
    ages,
    amounts,
    case_numbers,
    clause_numbers,
    codes,
    companies,
    dates,
    emails,
    names,
    phones,
    platform_names,
)
from domain.identifiers.credit_codes import find_credit_codes
from domain.identifiers.id_numbers import find_id_numbers
from domain.identifiers.lexicon import load
from domain.identifiers.platform_names import Aliases
from domain.identifiers.spans import Span
from domain.identifiers.text import HAN, Reading, read, read_digits, simplified

EntityName = Literal[
    "phone", "person_name", "id_number", "credit_code", "sms_code", "email", "date", "age", "platform",
    "clause_number", "complaint_category", "case_number", "amount", "company_name",
]  # fmt: skip

LONGEST_TEXT = 8192
_LANDLINE_VALUE = re.compile("[^0-9+]")
_NAMED = re.compile(
    r"(?:[我俺他她]叫做?|(?:爸爸|妈妈|儿子|女儿|孩子)叫|真名[是叫]?|本人"
    r"|(?:姓名|名字)(?:就?是|叫|为|填|写|改成|改为|[:：\s])|(?:联系人|法人|法人代表|法定代表人|监护人)[是叫为:：])"
    rf"\s?([{HAN}]{{2,4}}(?:[·•・．･][{HAN}]{{2,10}}){{0,3}})"
)
_IS = re.compile(rf"是([{HAN}]{{2,4}}?)(?=的|是|$|[^{HAN}])")
_PERSON_AFTER = re.compile(
    "(?:投诉|举报|联系|[找帮替给叫和跟与被把让]|改成|改为|换成|写成|老公|老婆|丈夫|妻子|儿子|女儿|同事|员工|法人|监护人)"
    rf"([{HAN}]{{2,3}}?)(?=$|[^{HAN}]|[的说骗这那是欠不没办来]|注册|拖欠|先生|女士|手机|电话|身份)"
)
_ID_SHAPE = re.compile(r"(?<![0-9A-Za-z])[1-9](?:[ -]?[0-9]){14}(?:(?:[ -]?[0-9]){2}[ -]?[0-9Xx])?(?![0-9A-Za-z])")
_ID_WORD = re.compile("身份证|證件|证件|居住证|身份號碼|身份证号")
_CREDIT_SHAPE = re.compile(r"(?<![0-9A-Za-z])[0-9ANYany][0-9](?:[ -]?[0-9A-Za-z]){15,17}(?![0-9A-Za-z])")
_CREDIT_WORD = re.compile("代码|代碼|执照|税号|注册号|机构代码")
_LOCAL_LANDLINE = re.compile(
    r"(?:座机|固话|电话)(?:号码|是|为|[:：\s]){0,2}([2-8][0-9]{2,3}[ -]?[0-9]{4})(?![0-9A-Za-z-])"
)
_NOT_IN_NAME = re.compile("的|，|,|了|啊|吗|呢|吧|不|错|我|你|是|今年|手机|电话|想|要|来|在|有|住|性别|身份|，")
_REFERENCE_WORD = re.compile(
    r"(?:编号|单号|工单号?|投诉号|案号|案件号|受理号|回执号?|查询码|流水号|凭证号|case)\s?(?:就?是|为|[:：])?\s?"
    r"([A-Za-z]{0,6}[-_]?[0-9][0-9A-Za-z-]{3,24})",
    re.IGNORECASE,
)
_REFERENCE_SHAPE = re.compile(
    r"(?<![0-9A-Za-z@._-])(?:[A-Za-z]{1,6}-?[0-9]{6,16}(?:-[0-9A-Za-z]{1,8}){0,2}|[A-Za-z]{1,6}-[0-9]{2,8}-[0-9A-Za-z]{1,8})(?![0-9A-Za-z@])"
)
_SHORT_CODES = re.compile("^(?:1[0-9]{2}|1[0-9]{4}|9[56][0-9]{3,4})$")


@dataclass(frozen=True)
class Entity:
    """One mention: `typed[start:end] == raw`; `value` is canonical (E.164, ISO date, yuan, id …)."""

    entity: EntityName
    value: str = field(repr=False)
    start: int
    end: int
    raw: str = field(repr=False)
    checked: bool = True
    """False for an ID number or credit code that is surely meant as one but fails its check."""


def recognise(text: str, aliases: Aliases, today: date) -> list[Entity]:
    """Every mention, also negated or corrected ones, in order and without overlaps.

    `aliases`: platform id -> names. Where two readings overlap, checked numbers win over shapes,
    then the longer one. Only the first 8192 characters are read.
    """
    typed = text[:LONGEST_TEXT]
    reading = read(typed)
    digits = read_digits(reading)
    kept: list[Entity] = []

    def keep(entity: EntityName, spans: list[Span], checked: bool = True) -> None:
        for span in spans:
            if all(span.end <= other.start or span.start >= other.end for other in kept):
                kept.append(Entity(entity, span.value, span.start, span.end, typed[span.start : span.end], checked))

    keep("email", emails.find_emails(reading))
    keep("case_number", case_numbers.find_case_numbers(reading))
    keep("id_number", [Span(item.id_number.number, item.start, item.end) for item in find_id_numbers(digits, today)])
    keep("credit_code", [Span(item.credit_code.code, item.start, item.end) for item in find_credit_codes(digits)])
    keep("id_number", _meant(digits, _ID_SHAPE, _ID_WORD), checked=False)
    keep("credit_code", _meant(digits, _CREDIT_SHAPE, _CREDIT_WORD), checked=False)
    keep("phone", _phones(digits))
    keep("case_number", _references(reading))
    keep("sms_code", codes.find_sms_codes(digits))
    keep("date", dates.find_dates(reading, today))
    keep("age", ages.find_ages(reading))
    keep("clause_number", clause_numbers.find_clause_numbers(reading))
    keep("amount", amounts.find_amounts(reading))
    keep("company_name", companies.find_companies(reading))
    keep("platform", platform_names.find_platforms(reading, aliases))
    keep("person_name", _names(reading))
    keep("complaint_category", _categories(reading))
    return sorted(kept, key=lambda entity: entity.start)


def _meant(digits: Reading, shape: re.Pattern[str], word: re.Pattern[str]) -> list[Span]:
    """Numbers of a shape whose check fails: typed alone, or right after the word for it."""
    found = []
    for match in shape.finditer(digits.text):
        alone = not re.search(r"[^\W_]", digits.text[: match.start()] + digits.text[match.end() :])
        if alone or word.search(digits.text[max(0, match.start() - 12) : match.start()]):
            value = re.sub("[^0-9A-Z]", "", match[0].upper())
            found.append(Span(value, *digits.span(match.start(), match.end())))
    return found


def _phones(digits: Reading) -> list[Span]:
    """Mobiles in E.164; landlines and 400 numbers as their digits."""
    found = [Span(item.phone.e164, item.start, item.end) for item in phones.find_phones(digits)]
    for pattern, group in ((phones.AREA_LANDLINE, 0), (phones.SERVICE, 0), (_LOCAL_LANDLINE, 1)):
        for match in pattern.finditer(digits.text):
            value = _LANDLINE_VALUE.sub("", match[group])
            found.append(Span(value, *digits.span(match.start(group), match.end(group))))
    return found


def _references(reading: Reading) -> list[Span]:
    """References of other systems, as people quote them: after 编号 and the like, or by shape."""
    found = []
    for pattern, group in ((_REFERENCE_WORD, 1), (_REFERENCE_SHAPE, 0)):
        for match in pattern.finditer(reading.text):
            if not _SHORT_CODES.match(match[group]):
                found.append(Span(match[group].upper(), *reading.span(match.start(group), match.end(group))))
    return found


def _names(reading: Reading) -> list[Span]:
    text = reading.text
    stripped = text.strip(" \n\t,.;:!?，。；：！？~、")
    if names.looks_like_name(stripped):
        name = names.strip_introduction(stripped)
        start = text.rfind(name)
        canonical = names.parse_person_name(name)
        if start >= 0 and isinstance(canonical, str):
            return [Span(canonical, *reading.span(start, start + len(name)))]
    found = []
    for match in _NAMED.finditer(text):
        length = _name_length(match[1], simplified(text[match.start(1) :][:20]))
        if length:
            found.append(Span(match[1][:length], *reading.span(match.start(1), match.start(1) + length)))
    for pattern in (_IS, _PERSON_AFTER):
        for match in pattern.finditer(text):
            if names.looks_like_name(match[1]):
                found.append(Span(match[1], *reading.span(match.start(1), match.end(1))))
    return found


def _name_length(raw: str, following: str) -> int:
    """How much of the 汉字 after 我叫 is the name: up to the first word that cannot be in one."""
    if "·" in raw or len(raw) < 2:
        return len(raw)
    stop = _NOT_IN_NAME.search(following, 1)
    length = min(len(raw), stop.start() if stop else len(raw))
    for size in range(length, 1, -1):
        if names.looks_like_name(following[:size]):
            return size
    # Nothing to go by but the cue: a name of two or three, when the words end there.
    return length if 2 <= length <= 4 and length < len(following) + 1 and (length <= 3) else 0


@lru_cache(maxsize=1)
def _category_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    groups, phrases = {}, []
    for category, entries in load("complaint_categories").items():
        for entry in entries:
            phrases.append((entry, category))
    phrases.sort(key=lambda item: len(item[0]), reverse=True)
    pattern = []
    for index, (entry, category) in enumerate(phrases):
        groups[f"c{index}"] = category
        pattern.append(f"(?P<c{index}>{entry.replace('..', f'[{HAN}]{{0,4}}')})")
    return re.compile("|".join(pattern)), groups


def _categories(reading: Reading) -> list[Span]:
    pattern, groups = _category_pattern()
    return [
        Span(groups[str(match.lastgroup)], *reading.span(match.start(), match.end()))
        for match in pattern.finditer(simplified(reading.text))
    ]
