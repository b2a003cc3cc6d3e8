"""Short codes one can read out: to go on elsewhere, and to invite a guardian."""

from __future__ import annotations

import re

from domain.ambient import Chance

# No letters that are mistaken for another when read out.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_TYPED = re.compile(
    r"^\s*(?:续办码|續辦碼|resume|邀请码|邀請碼|监护码|監護碼)?\s*[:：]?\s*"
    r"X?-?([2-9A-HJKMNP-Z]{4})[- ]?([2-9A-HJKMNP-Z]{4})\s*$",
    re.IGNORECASE,
)


def new_code(chance: Chance) -> str:
    """39 random bits as XXXX-XXXX."""
    code = "".join(_ALPHABET[chance.below(len(_ALPHABET))] for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


def typed_code(text: str) -> str | None:
    """The code without its dash when the whole message is one."""
    match = _TYPED.match(text)
    return (match[1] + match[2]).upper() if match is not None else None


def bare(code: str) -> str:
    """A code as it is digested: without its dash, in capitals."""
    return code.replace("-", "").upper()
