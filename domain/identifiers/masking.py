"""What leaves for the dialogue engine or a log: typed placeholders instead of identifiers.

Masking is generous where a validator is strict: a number with a missing digit, digits of any
script, spoken or spaced ones are hidden too.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from domain.identifiers import case_numbers
from domain.identifiers.codes import near_code_word
from domain.identifiers.credit_codes import find_credit_codes
from domain.identifiers.emails import find_emails
from domain.identifiers.id_numbers import find_id_numbers
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import DASHES, Reading, invisible, read_digits, valid_unicode

Kind = Literal["PHONE", "ID_NUMBER", "CREDIT_CODE", "SMS_CODE", "EMAIL"]

_SEPARATOR = rf"[\s{re.escape(DASHES)}._·•/\\()（）,，、~+*#:：]{{0,3}}"
_RUN = re.compile(rf"\+?[0-9](?:{_SEPARATOR}[0-9])*")
_TOKEN = re.compile("[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
_CREDIT_SHAPE = re.compile(rf"[0-9A-Za-z](?:{_SEPARATOR}[0-9]){{7}}(?:{_SEPARATOR}[0-9A-Za-z]){{7,13}}(?![0-9A-Za-z])")
_X = "Xx\u0425\u0445\u03a7\u03c7\u00d7\u2715\u2716"
_MORE_DIGITS = re.compile(rf"{_SEPARATOR}[0-9]")
_ID = re.compile(rf"(?<![0-9])[1-9](?:{_SEPARATOR}[0-9]){{16}}{_SEPARATOR}(?:[0-9](?![0-9])|[{_X}])")
_MOBILE = re.compile(rf"(?<![0-9])(?:\+?(?:00)?86{_SEPARATOR})?1{_SEPARATOR}[3-9](?:{_SEPARATOR}[0-9]){{9}}(?![0-9])")
_DATE = r"(?:19|20)[0-9]{2}([-./])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12][0-9]|0?[1-9])"
_TIME = r"(?:[01]?[0-9]|2[0-3])[:：][0-5][0-9](?:[:：][0-5][0-9])?"
_CLAUSE = r"[0-9]{1,2}(?:\.[0-9]{1,2}){1,3}"
_DATE_OR_TIME = re.compile(rf"{_DATE}|{_TIME}")
_CLAUSE_NUMBER = re.compile(_CLAUSE)
_COMPACT_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:1[0-2]|0[1-9])(?:3[01]|[12][0-9]|0[1-9])")
_AMOUNT = re.compile(
    r"[0-9]{1,9}(?:\.[0-9]{1,2})?|[0-9]{1,3}(?:[,，][0-9]{3}){1,3}(?:\.[0-9]{1,2})?|[0-9]{1,5}[-~][0-9]{1,5}"
)
_MONEY_UNIT = re.compile(r"\s{0,2}(?:多)?(?:元|块|万|圆|人民币|rmb)", re.IGNORECASE)
_LOOKALIKE = str.maketrans({**dict.fromkeys("OoQD", "0"), **dict.fromkeys("lI", "1"), "S": "5", "Z": "2", "B": "8"})
_REFERENCE = re.compile(r"[A-Za-z]{1,6}-?[0-9][0-9-]{4,13}")
_PHONE_IN_REFERENCE = re.compile("1[3-9][0-9]{9}|^1[3-9][0-9]{8,10}$")
# Ids this agent gives (`domain.ambient.new_id`) hold nobody's number, yet one in four looks like a credit code.
_OWN_ID = re.compile("(?<![0-9A-Za-z_])[a-z]_[0-9a-hjkmnp-tv-z]{20}(?![0-9A-Za-z_])", re.IGNORECASE)
_LONG_WORD = re.compile(r"[!-~\u4e00-\u9fff]{8,}")
# What stands in the place of something that must not be read.
BLOT = "••••••"
_PASSWORD = re.compile(
    r"(?:密\s{0,2}[码碼]|口令|password|passwd|pwd|mima)[\"“「']?\s{0,3}"
    r"(?:(?:就?是|为|為|设为|设成|设置为|设置成|改为|改成|换成|填|用|[:：=])\s{0,3})"
    r"[\"“「']?(?=[!-~]{4})(?=[!-~]{0,40}[0-9A-Za-z])[!-~]{4,}"
    r"|(?:密\s{0,2}[码碼]|口令|password|passwd|pwd)\s{0,3}(?=[!-~]{0,40}[0-9])(?=[!-~]{0,40}[A-Za-z]|[0-9]{6})[!-~]{6,}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """One masked stretch; `typed[start:end]` was replaced by `placeholder`."""

    kind: Kind
    placeholder: str
    start: int
    end: int


@dataclass(frozen=True)
class Masked:
    """A text that may leave. Only `text` and the kinds in `found` are safe to log."""

    text: str
    found: tuple[Found, ...]
    _cuts: tuple[tuple[int, int], ...] = field(default=(), repr=False)  # (offset in text, offset as typed)

    def typed_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the text as typed; a placeholder maps to its whole stretch."""
        return self._typed(start, closing=False), self._typed(end, closing=True)

    def _typed(self, offset: int, closing: bool) -> int:
        index = max(bisect_right(self._cuts, (offset, -1 if closing else 1 << 62)) - 1, 0)
        at, typed = self._cuts[index]
        following = self._cuts[index + 1][1] if index + 1 < len(self._cuts) else None
        if index % 2:  # inside a placeholder
            return (following if following is not None else typed) if closing and offset > at else typed
        return typed + offset - at


def mask(text: str) -> Masked:
    """Replace phone, ID and credit code numbers, SMS codes and e-mail addresses by placeholders.

    Same value, same placeholder. Where two readings overlap the longer one wins. Guillemets that
    the person typed become single ones, so a placeholder cannot be forged.
    """
    reading = read_digits(text, every_script=True)
    stretches = _stretches(reading)
    pieces: list[str] = []
    found: list[Found] = []
    cuts: list[tuple[int, int]] = [(0, 0)]
    names: dict[tuple[Kind, str], str] = {}
    counts: dict[Kind, int] = {}
    at = length = 0
    for kind, low, high in stretches:
        start, end = reading.span(low, high)
        key = (kind, re.sub("[^0-9A-Za-z@.]", "", reading.text[low:high]).casefold())
        if key not in names:
            counts[kind] = counts.get(kind, 0) + 1
            names[key] = f"«{kind}_{counts[kind]}»"
        kept = _defused(text[at:start])
        pieces += [kept, names[key]]
        length += len(kept)
        cuts.append((length, start))
        length += len(names[key])
        cuts.append((length, end))
        found.append(Found(kind, names[key], start, end))
        at = end
    pieces.append(_defused(text[at:]))
    return Masked("".join(pieces), tuple(found), tuple(cuts))


def neutralise(text: str, limit: int = 4096) -> str | Refused:
    """The text as it may be processed: no control or bidi characters, and never a command.

    Rasa takes any text that starts with "/" (also after its own strip) for an intent with
    entities of the sender's choice, so a leading slash, full width included, gets an apostrophe.
    Newlines stay. `limit` counts code points. Refuses with TEXT_INVALID (NUL, lone surrogate) or
    TEXT_TOO_LONG (hint: the limit).
    """
    if not valid_unicode(text):
        return Refused(Problem.TEXT_INVALID)
    if len(text) > limit:
        return Refused(Problem.TEXT_TOO_LONG, str(limit))
    clean = "".join(_printable(char) for char in text.replace("\r\n", "\n")).strip()
    if unicodedata.normalize("NFKC", clean).lstrip().startswith("/"):
        return "'" + clean
    return clean


def _printable(char: str) -> str:
    if char == "\n":
        return char
    category = unicodedata.category(char)
    if category == "Cc":
        return " "
    return "" if invisible(char) else "\n" if category in ("Zl", "Zp") else char


def looks_like_password(text: str) -> bool:
    """Whether somebody gives a password away in chat (密码是abc12345), not just talks about one."""
    return bool(_PASSWORD.search(read_digits(text).text[:4096]))


def could_be_password(text: str) -> bool:
    """Whether a text holds a word that may be a password and hardly anything else: letters and figures in one, eight or
    more. For where a password was just asked for; elsewhere account names and references look like it too.
    """
    return any(re.search("[A-Za-z]", word) and re.search("[0-9]", word) for word in _LONG_WORD.findall(text))


def without_passwords(text: str) -> str:
    """The text with what gives a password away blotted out (密码是abc12345), and the words around it kept."""
    reading = read_digits(text)
    pieces: list[str] = []
    at = 0
    for match in _PASSWORD.finditer(reading.text[:4096]):
        start, end = reading.span(*match.span())
        pieces += [text[at:start], BLOT]
        at = end
    return "".join([*pieces, text[at:]])


def _defused(text: str) -> str:
    return text.replace("«", "‹").replace("»", "›")


def _stretches(reading: Reading) -> list[tuple[Kind, int, int]]:
    text = reading.text
    taken: list[tuple[Kind | None, int, int]] = []
    starts = {start: index for index, start in reversed(list(enumerate(reading.starts)))}
    ends = {end: index + 1 for index, end in enumerate(reading.ends)}
    for span in find_emails(reading):
        taken.append(("EMAIL", starts[span.start], ends[span.end]))
    for span in case_numbers.find_case_numbers(reading):
        taken.append((None, starts[span.start], ends[span.end]))
    taken += [(None, match.start(), match.end()) for match in _OWN_ID.finditer(text)]
    for id_number in find_id_numbers(reading):
        taken.append(("ID_NUMBER", starts[id_number.start], ends[id_number.end]))
    for code in find_credit_codes(reading):
        taken.append(("CREDIT_CODE", starts[code.start], ends[code.end]))
    taken = _without_overlaps(taken)
    taken = _without_overlaps(taken + _alnum_stretches(_blanked(text, taken)))
    taken = _without_overlaps(taken + _digit_stretches(_blanked(text, taken), text))
    return [(kind, start, end) for kind, start, end in taken if kind is not None]


def _blanked(text: str, taken: list[tuple[Kind | None, int, int]]) -> str:
    chars = list(text)
    for _, start, end in taken:
        chars[start:end] = "\x01" * (end - start)
    return "".join(chars)


def _without_overlaps(stretches: list[tuple[Kind | None, int, int]]) -> list[tuple[Kind | None, int, int]]:
    kept: list[tuple[Kind | None, int, int]] = []
    covered: set[int] = set()
    for kind, start, end in sorted(stretches, key=lambda item: (item[1] - item[2], item[1])):
        if covered.isdisjoint(range(start, end)):
            covered.update(range(start, end))
            kept.append((kind, start, end))
    return sorted(kept, key=lambda item: item[1])


def _alnum_stretches(free: str) -> list[tuple[Kind | None, int, int]]:
    """Letters and digits mixed: credit codes (right or nearly), numbers with O for 0, references."""
    found: list[tuple[Kind | None, int, int]] = [
        ("CREDIT_CODE", match.start(), match.end())
        for match in _CREDIT_SHAPE.finditer(free)
        if re.search("[A-WYZa-wyz]", match[0][1:])  # digits only, or a last X, is left to the ID numbers
    ]
    for match in _TOKEN.finditer(_blanked(free, found)):
        kind = _token_kind(match[0])
        if kind == "other" or (kind is None and _MORE_DIGITS.match(free, match.end())):
            continue  # digits that go on behind a "reference" are one number with it
        found.append((kind, match.start(), match.end()))
    return found


def _token_kind(raw: str) -> Kind | Literal["other"] | None:
    """What a token of letters and digits is: a kind, None for a reference that stays, or "other"."""
    token = raw.replace("-", "")
    digits = sum(char.isdigit() for char in token)
    if digits == len(token) or (digits == 17 and token[-1] in "Xx"):
        return "other"
    alike = token.translate(_LOOKALIKE)
    if 15 <= len(token) <= 20 and digits >= 8:
        return "ID_NUMBER" if alike[:-1].isdigit() and digits >= 12 else "CREDIT_CODE"
    if alike.isdigit() and len(token) >= 7 and digits >= 4:
        return "PHONE"
    if not _REFERENCE.fullmatch(raw):
        return "other"
    return "PHONE" if _PHONE_IN_REFERENCE.search(re.sub("[^0-9]", "", token)) else None


def _digit_stretches(free: str, text: str) -> list[tuple[Kind | None, int, int]]:
    found: list[tuple[Kind | None, int, int]] = []
    for pattern, kind in ((_ID, "ID_NUMBER"), (_MOBILE, "PHONE")):
        carved: list[tuple[Kind | None, int, int]] = [(kind, m.start(), m.end()) for m in pattern.finditer(free)]  # type: ignore[misc]
        free = _blanked(free, carved)
        found += carved
    bare = not re.search(r"[^\W_]", _RUN.sub("", free)) and not found
    for match in _RUN.finditer(free):
        digits = len(re.findall("[0-9]", match[0]))
        near = 4 <= digits <= 8 and near_code_word(text, match.start(), match.end())
        if near or (digits == 6 and (bare or _stands_alone(text, match.start(), match.end()))):
            found.append(("SMS_CODE", match.start(), match.end()))
        elif digits >= 7 and not _innocent(match[0], free[match.end() : match.end() + 6]):
            end = match.end() + (1 if digits == 17 and free[match.end() : match.end() + 1] in tuple(_X) else 0)
            found.append(("PHONE" if digits <= 12 else "ID_NUMBER", match.start(), end))
    return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Six plain digits in a sentence: a code unless a letter or a unit says otherwise."""
    return (
        end - start == 6
        and not re.match("[A-Za-z._-]", text[start - 1 : start])
        and not re.match("[A-Za-z.%_-]|[ ]?[元块万圆个人件条次名天年月日号字]", text[end : end + 2])
    )


def _innocent(run: str, after: str) -> bool:
    """Dates, times, clause numbers and amounts stay readable."""
    if _MONEY_UNIT.match(after) and _AMOUNT.fullmatch(run):
        return True
    if _COMPACT_DATE.fullmatch(run):
        return True
    parts = [part for part in re.split(r"[\s,，、~]+", run) if part]
    return all(_DATE_OR_TIME.fullmatch(part) or _CLAUSE_NUMBER.fullmatch(part) for part in parts)
