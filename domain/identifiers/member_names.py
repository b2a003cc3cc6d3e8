"""Member names: length, characters, and the classes of names an agreement and the rules forbid.

Sources: 微工宝 agreement 第二条/1(1)-(9); 互联网用户账号信息管理规定 第八条、第十条.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from pypinyin import lazy_pinyin

from domain.identifiers.lexicon import load
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import HAN, invisible, read, read_digits, simplified, valid_unicode

SHORTEST, LONGEST = 2, 20
_ALLOWED = re.compile(rf"[{HAN}A-Za-z0-9_·-]+")
_LINK = re.compile(r"https?|www\.|\.(?:com|cn|net|org|top|xyz|vip|cc|me)(?![a-z])|@|//", re.IGNORECASE)
_CONTACT = re.compile(r"[0-9]{7,}|(?:微信|wx|vx|qq|扣扣|电话|tel)[_-]?[0-9a-z]{4,}", re.IGNORECASE)


@dataclass(frozen=True)
class BannedName:
    """Which prohibition a name meets: its class, the agreement's item, the article of the rules."""

    kind: str
    clause: str
    rule: str


def check_member_name(text: str, platforms: Iterable[str] = ()) -> str | Refused | BannedName:
    """The canonical member name, or why not.

    `platforms` are names and aliases a member must not pass for. Length counts code points,
    2 to 20. MEMBER_NAME_CHARACTERS covers spaces, emoji, links' punctuation and invisible ones.
    """
    if not valid_unicode(text) or len(text) > 1000:
        return Refused(Problem.MEMBER_NAME_CHARACTERS)
    raw = text.strip()
    if any(invisible(char) for char in raw):
        return Refused(Problem.MEMBER_NAME_CHARACTERS)
    name = read(raw).text
    if (banned := _banned(name, platforms)) is not None:
        return banned
    if not SHORTEST <= len(name) <= LONGEST:
        return Refused(Problem.MEMBER_NAME_LENGTH, str(len(name)))
    return name if _ALLOWED.fullmatch(name) else Refused(Problem.MEMBER_NAME_CHARACTERS)


def parse_member_name(text: str, platforms: Iterable[str] = ()) -> str | Refused:
    """As `check_member_name`; a prohibition is MEMBER_NAME_BANNED with "class|clause|article" as hint."""
    outcome = check_member_name(strip_member_introduction(text), platforms)
    if isinstance(outcome, BannedName):
        return Refused(Problem.MEMBER_NAME_BANNED, f"{outcome.kind}|{outcome.clause}|{outcome.rule}")
    return outcome


_INTRODUCTION = re.compile(r"^(?:我的)?(?:会员名|會員名|昵称|用户名|网名|名字)(?:就?叫|[是为用:：])\s*|^就[叫用]\s*")


def strip_member_introduction(text: str) -> str:
    """会员名叫小鱼 -> 小鱼."""
    return _INTRODUCTION.sub("", text.strip(" \n\t,.;:!?，。；：！？"), count=1)


def introduces_member_name(text: str) -> bool:
    """Whether the message says in words that it gives a member name."""
    return bool(_INTRODUCTION.match(text.strip(" \n\t,.;:!?，。；：！？")))


def _banned(name: str, platforms: Iterable[str]) -> BannedName | None:
    classes = load("banned_names")["classes"]
    by_id = {entry["id"]: BannedName(entry["id"], entry["clause"], entry["rule"]) for entry in classes}
    folded = _folded(name)
    if _LINK.search(name) or _CONTACT.search(re.sub("[_·-]", "", read_digits(name).text)):
        return by_id["contact"]
    sound = "".join(lazy_pinyin(folded[:200]))
    for entry in classes:
        if any(_folded(word) in folded for word in entry["words"]):
            return by_id[entry["id"]]
        if any(syllables in sound for syllables in entry.get("syllables", ())):
            return by_id[entry["id"]]
    for word in platforms:
        alias = _folded(word)
        if len(alias) >= 2 and (alias in folded or (len(alias) >= 3 and "".join(lazy_pinyin(alias)) in sound)):
            return by_id["official"]
    return None


def _folded(text: str) -> str:
    return simplified(re.sub(r"[\s_·.*-]", "", read(text).text.lower()))


def all_classes() -> tuple[str, ...]:
    """The ids of every class, for whoever writes the sentences about them."""
    return tuple(chain.from_iterable([entry["id"]] for entry in load("banned_names")["classes"]))
