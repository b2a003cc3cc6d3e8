"""Login names: 4 to 20 of a-z, 0-9, _ and -, starting with a letter; lower case throughout."""

from __future__ import annotations

import re

from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import read

SHORTEST, LONGEST = 4, 20
RESERVED = frozenset({
    "admin", "administrator", "anonymous", "api", "guanfang", "guanliyuan", "guest", "kefu", "mail", "mingshi",
    "moderator", "none", "null", "official", "operator", "root", "security", "service", "support", "system",
    "test", "undefined", "user", "www",
})  # fmt: skip
_ALLOWED = re.compile("[a-z0-9_-]+")
_INTRODUCTION = re.compile(r"^(?:我的)?(?:登[录陆錄]名|用户名|[账帐]号名?)?(?:就?叫|就?用|是|为|:|：)?\s*")


def parse_login_name(text: str) -> str | Refused:
    """The canonical (lower-case) login name in an answer. Refuses with LOGIN_NAME_*."""
    name = _INTRODUCTION.sub("", read(text).text.strip(" \n\t,.;:!?，。；：！？"), count=1).lower()
    if not SHORTEST <= len(name) <= LONGEST:
        return Refused(Problem.LOGIN_NAME_LENGTH, str(len(name)))
    if not _ALLOWED.fullmatch(name):
        return Refused(Problem.LOGIN_NAME_CHARACTERS)
    if not "a" <= name[0] <= "z":
        return Refused(Problem.LOGIN_NAME_START)
    return Refused(Problem.LOGIN_NAME_RESERVED) if name.strip("_-0123456789") in RESERVED else name


def looks_like_login_name(text: str) -> bool:
    """Surely a login name: letters with a digit or _ in them, not a plain word such as "hello"."""
    name = parse_login_name(text)
    return isinstance(name, str) and bool(re.search("[0-9_-]", name))
