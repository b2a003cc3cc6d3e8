"""New passwords: 8 to 128 code points, any characters; refused when guessable.

NIST SP 800-63B-4 and OWASP ASVS 6.2: no composition rules, NFKC, a block list of common
passwords, and context words (6.2.11); the reason is always told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain, pairwise

from pypinyin import lazy_pinyin

from domain.identifiers.lexicon import load
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import valid_unicode

SHORTEST, LONGEST = 8, 128
_LEFT_OVER = 5  # so many code points must remain beside what others know about the person
_KEYBOARD = (
    "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "一二三四五六七八九十", "零一二三四五六七八九",
)  # fmt: skip


@dataclass(frozen=True)
class PasswordContext:
    """What others know about the person; a password made of it is refused.

    `phone` is the national number. `words` are platform names, login or member names, e-mail
    addresses, ID number, company name: whatever else is on file.
    """

    phone: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    birth: date | None = field(default=None, repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)


def check_password(text: str, context: PasswordContext | None = None) -> str | Refused:
    """The password to hash, NFKC-normalised and otherwise exactly as typed; or PASSWORD_*.

    The hint of PASSWORD_PERSONAL says which: phone, name, birth_date or word.
    """
    if not valid_unicode(text):
        return Refused(Problem.PASSWORD_INVALID)
    if len(text) > 8 * LONGEST:
        return Refused(Problem.PASSWORD_TOO_LONG)
    password = unicodedata.normalize("NFKC", text)
    if len(password) < SHORTEST:
        return Refused(Problem.PASSWORD_TOO_SHORT, str(len(password)))
    if len(password) > LONGEST:
        return Refused(Problem.PASSWORD_TOO_LONG, str(len(password)))
    folded = password.casefold()
    # Personal first: "your phone number" helps more than "common".
    if context is not None and (whose := _personal(folded, context)):
        return Refused(Problem.PASSWORD_PERSONAL, whose)
    if _repeats(folded):
        return Refused(Problem.PASSWORD_REPEATED)
    if _is_sequence(folded):
        return Refused(Problem.PASSWORD_SEQUENCE)
    if folded in common_passwords():
        return Refused(Problem.PASSWORD_COMMON)
    return password


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """About six thousand common passwords of eight or more characters, in lower case."""
    data = load("passwords")
    stems, tails = [str(stem) for stem in data["stems"]], [str(tail) for tail in data["tails"]]
    built = chain.from_iterable((stem + tail, tail + stem) for stem in stems for tail in tails)
    return frozenset(word.casefold() for word in chain(built, map(str, data["whole"])) if len(word) >= SHORTEST)


def _repeats(password: str) -> bool:
    """aaaaaaaa, 12121212, abcabcabc: a unit of at most four characters over and over."""
    return any(password == (password[:size] * len(password))[: len(password)] for size in range(1, 5))


def _is_sequence(password: str) -> bool:
    """12345678, hgfedcba, qwertyui: one walk along a row, forwards or backwards."""
    steps = {ord(second) - ord(first) for first, second in pairwise(password)}
    if steps in ({1}, {-1}):
        return True
    return any(password in row or password[::-1] in row for row in _KEYBOARD)


def _personal(folded: str, context: PasswordContext) -> str | None:
    for whose, words in _context_words(context):
        rest = re.sub(r"[\s._-]", "", folded)
        for word in sorted({word.casefold() for word in words if len(word) >= 2}, key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest) < min(_LEFT_OVER, len(folded)) and rest != folded:
            return whose
    # A name followed by a birth year is two known things: take all of them away together.
    rest = re.sub(r"[\s._-]", "", folded)
    known = {word.casefold() for _, words in _context_words(context) for word in words if len(word) >= 3}
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "")
    return "word" if len(rest) < _LEFT_OVER - 1 and known else None


def _context_words(context: PasswordContext) -> Iterator[tuple[str, Iterable[str]]]:
    if context.phone:
        yield "phone", {context.phone, "86" + context.phone, context.phone[-8:], context.phone[::-1]}
    if context.name:
        yield "name", {context.name, *_romanised(context.name)}
    if context.birth:
        yield "birth_date", {context.birth.strftime(form) for form in ("%Y%m%d", "%y%m%d", "%d%m%Y", "%m%d%Y")}
    words = set(chain.from_iterable((word, *_romanised(word)) for word in context.words))
    words |= {word.split("@")[0] for word in context.words if "@" in word}
    yield "word", {re.sub(r"[\s._-]", "", word) for word in words}


def _romanised(word: str) -> set[str]:
    """王芳 -> wangfang, fangwang: as people spell themselves in a password."""
    syllables = lazy_pinyin(word, errors="ignore")
    if len(syllables) < 2:
        return set()
    return {"".join(syllables), "".join(syllables[1:]) + syllables[0]}
