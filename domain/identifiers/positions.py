"""A person's position in a company: short free text."""

from __future__ import annotations

import re

from domain.identifiers.lexicon import load
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import HAN, read

SHORTEST, LONGEST = 2, 30
_ALLOWED = re.compile(rf"[{HAN}A-Za-z0-9 /、&()·-]+")
_INTRODUCTION = re.compile(r"^(?:我的)?(?:职务|职位|岗位|身份)?[是为:：]?\s*(?:我是|我做|本人是)?\s*(?:公司的|单位的)?")
_NOT_A_POSITION = re.compile("[?？吗呢]|什么|怎么|投诉|注册|我要|找|转|人工|在线")


def parse_position(text: str) -> str | Refused:
    """The position in an answer: 2 to 30 characters. Refuses with POSITION_*."""
    position = _INTRODUCTION.sub("", read(text).text.strip(" \n\t,.;:!?，。；：！？"), count=1)
    if not SHORTEST <= len(position) <= LONGEST:
        return Refused(Problem.POSITION_LENGTH, str(len(position)))
    return position if _ALLOWED.fullmatch(position) else Refused(Problem.POSITION_CHARACTERS)


def looks_like_position(text: str) -> bool:
    """Surely a position: short and ending in a known title."""
    position = parse_position(text)
    if isinstance(position, Refused) or len(position) > 12 or _NOT_A_POSITION.search(position):
        return False
    return position.lower().endswith(tuple(load("positions")["titles"]))
