"""A few words of a person's own: what happened, to whom, how to be reached."""

from __future__ import annotations

from domain.identifiers.masking import without_passwords
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import valid_unicode

SHORTEST, LONGEST = 2, 1000


def parse_free_text(text: str) -> str | Refused:
    """The words as typed, with passwords blotted out. Refuses with FREE_TEXT_SHORT, TEXT_TOO_LONG, TEXT_INVALID."""
    if not valid_unicode(text):
        return Refused(Problem.TEXT_INVALID)
    words = text.strip()
    if len(words) < SHORTEST:
        return Refused(Problem.FREE_TEXT_SHORT)
    return Refused(Problem.TEXT_TOO_LONG) if len(words) > LONGEST else without_passwords(words)
