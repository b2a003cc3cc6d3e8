"""Postal addresses as free text, with limits."""

from __future__ import annotations

import re

from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import HAN, invisible, valid_unicode

SHORTEST, LONGEST = 4, 100
_LINK = re.compile(r"https?:|www\.|@|://", re.IGNORECASE)
_LEVELS = "省市区县旗镇乡村路街巷弄道号栋幢室楼组"
_NOT_AN_ADDRESS = re.compile("[?？吗呢]|什么|怎么|为啥|哪|投诉|不想|不填|为何|可以不")


def parse_address(text: str) -> str | Refused:
    """The address in an answer, white space collapsed. Refuses with ADDRESS_*."""
    if not valid_unicode(text) or any(invisible(char) for char in text):
        return Refused(Problem.ADDRESS_CHARACTERS)
    address = re.sub(r"\s+", " ", text).strip(" ,.;:!?，。；：！？")
    address = re.sub(r"^(?:我的|联系|通讯|通信|收件|详细|家庭)*(?:地址|住址)(?:[是为][:：]?|[:：])\s*", "", address)
    if not SHORTEST <= len(address) <= LONGEST:
        return Refused(Problem.ADDRESS_LENGTH, str(len(address)))
    if _LINK.search(address):
        return Refused(Problem.ADDRESS_LINK)
    if not re.search(f"[{HAN}A-Za-z]", address):
        return Refused(Problem.ADDRESS_CHARACTERS)
    return address


def looks_like_address(text: str) -> bool:
    """Surely an address: two levels of one (市, 路, 号 …) and no question."""
    address = parse_address(text)
    if isinstance(address, Refused) or _NOT_AN_ADDRESS.search(address):
        return False
    return len(address) >= 6 and sum(level in address for level in _LEVELS) >= 2
