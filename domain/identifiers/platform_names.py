"""Which platform is meant: aliases handed in, exact, by sound (小和企服) or in letters (weigongbao)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pypinyin import lazy_pinyin

from domain.identifiers.spans import Span
from domain.identifiers.text import HAN, Reading, read, simplified

Aliases = Mapping[str, Sequence[str]]

_HAN_CHAR = re.compile(f"[{HAN}]")
_FEWEST_SYLLABLES = 3  # two syllables sound like too many everyday words
# Sounds that speech input and southern speakers mix up, folded to one.
_MIXED_UP = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


def find_platforms(typed: str | Reading, aliases: Aliases) -> list[Span]:
    """Every mention of a platform; the value is its id. The longest alias wins where two overlap.

    `aliases`: platform id -> its names and nicknames. A Chinese alias of three syllables or more
    is also found by sound, and as one word of pinyin.
    """
    reading = typed if isinstance(typed, Reading) else read(typed)
    text = simplified(reading.text.lower())
    candidates: list[tuple[int, int, str]] = []
    sounds = _sounds(text)
    for platform, names in aliases.items():
        for name in {platform, *names}:
            folded = simplified(read(name).text.lower())
            candidates += [(start, end, platform) for start, end in _exact(text, folded)]
            syllables = tuple(_syllable(char) for char in folded)
            if len(syllables) >= _FEWEST_SYLLABLES and all(_HAN_CHAR.match(char) for char in folded):
                candidates += [(start, end, platform) for start, end in _heard(sounds, syllables)]
                candidates += [(start, end, platform) for start, end in _exact(text, "".join(lazy_pinyin(folded)))]
    kept: list[tuple[int, int, str]] = []
    for start, end, platform in sorted(candidates, key=lambda item: (item[0] - item[1], item[0])):
        if all(end <= other or start >= stop for other, stop, _ in kept):
            kept.append((start, end, platform))
    return [Span(platform, *reading.span(start, end)) for start, end, platform in sorted(kept)]


def find_platform(text: str, aliases: Aliases) -> str | None:
    """The one platform a text names; None for none or for several."""
    named = {span.value for span in find_platforms(text, aliases)}
    return named.pop() if len(named) == 1 else None


def _exact(text: str, needle: str) -> list[tuple[int, int]]:
    if not needle:
        return []
    if needle.isascii():
        needle_pattern = rf"(?<![a-z0-9]){re.escape(needle)}(?![a-z0-9])"
        return [match.span() for match in re.finditer(needle_pattern, text)]
    found, at = [], text.find(needle)
    while at >= 0:
        found.append((at, at + len(needle)))
        at = text.find(needle, at + len(needle))
    return found


def _heard(sounds: tuple[str, ...], syllables: tuple[str, ...]) -> list[tuple[int, int]]:
    size = len(syllables)
    return [(at, at + size) for at in range(len(sounds) - size + 1) if sounds[at : at + size] == syllables]


def _sounds(text: str) -> tuple[str, ...]:
    return tuple(_syllable(char) for char in text)


@lru_cache(maxsize=8192)
def _syllable(char: str) -> str:
    if not _HAN_CHAR.match(char):
        return char
    sound = lazy_pinyin(char)[0]
    for heard, folded in _MIXED_UP:
        sound = sound.replace(heard, folded)
    return sound
