"""One reading of typed text: width folded, invisible characters dropped, offsets kept.

Every recogniser works on this reading, and reports where in the text *as typed* it found
something.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC

# Characters that show nothing but are not of category Cf (Default_Ignorable_Code_Point).
_INVISIBLE = frozenset((
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0,
    *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000),
))  # fmt: skip
_KEYCAP = "\u20e3"  # the box of a keycap emoji: 1️⃣ is read as 1
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc"
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

SPOKEN_DIGITS = {
    **dict(zip("零〇○洞一二三四五六七八九幺两拐勾", "00001234567891279", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖弌弍弎", "123456789123", strict=True)),
    **dict(zip("貳參陸兩", "2362", strict=True)),
}
# Tried left to right: 三个零 said for 000, beside another digit.
_TIMES = re.compile(r"([2-9二两三四五六七八])[个個]([0-9零〇一二三四五六七八九幺])")
# 么 is what many type for 幺; after these it is the word 什么 and the like.
_YAO = re.compile(r"(?<![什怎那这多要甚])么(?=[0-9零一二三四五六七八九])")


def invisible(char: str) -> bool:
    """Whether the character shows nothing: zero-width, bidi, filler, variation selector."""
    return unicodedata.category(char) == "Cf" or ord(char) in _INVISIBLE


@lru_cache(maxsize=8192)
def _fold_char(char: str) -> str:
    if invisible(char) or char == _KEYCAP:
        return ""
    folded = "".join(part for part in unicodedata.normalize("NFKC", char) if not invisible(part))
    digit = unicodedata.digit(char, None)
    if digit is not None and unicodedata.category(char) != "Nd":
        return str(digit)  # ❶ has no compatibility form; circled and superscript digits agree with theirs
    return folded


@dataclass(frozen=True)
class Reading:
    """A text as it is read. `text[i]` comes from `typed[starts[i]:ends[i]]`."""

    typed: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` (not empty) stands in the text as typed."""
        return self.starts[start], self.ends[end - 1]

    def replaced(self, edits: list[tuple[int, int, str]]) -> Reading:
        """The same reading with non-overlapping, ascending stretches read differently.

        Each new character of a stretch maps to the whole of that stretch.
        """
        if not edits:
            return self
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for start, end, new in edits:
            text.append(self.text[at:start])
            starts += self.starts[at:start]
            ends += self.ends[at:start]
            low, high = self.span(start, end)
            text.append(new)
            starts += [low] * len(new)
            ends += [high] * len(new)
            at = end
        text.append(self.text[at:])
        starts += self.starts[at:]
        ends += self.ends[at:]
        return Reading(self.typed, "".join(text), tuple(starts), tuple(ends))


def read(typed: str) -> Reading:
    """Fold width and compatibility forms, drop what is invisible; case and 汉字 stay as typed."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, char in enumerate(typed):
        for folded in char if char.isascii() else _fold_char(char):
            chars.append(folded)
            starts.append(index)
            ends.append(index + 1)
    return Reading(typed, "".join(chars), tuple(starts), tuple(ends))


def read_digits(typed: str | Reading, every_script: bool = False) -> Reading:
    """The reading with spoken digits as 0-9: 幺三八三个零 -> 138000.

    `every_script` also turns the digits of other scripts into 0-9. Values are never read that
    way (nobody types a Chinese number in Devanagari), masking is.
    """
    reading = typed if isinstance(typed, Reading) else read(typed)
    edits = [
        (match.start(), match.end(), _digit(match[2]) * int(_digit(match[1])))
        for match in _TIMES.finditer(reading.text)
        if _is_digit(reading.text, match.start() - 1) or _is_digit(reading.text, match.end())
    ]
    reading = reading.replaced(edits)
    text = _YAO.sub("1", reading.text)
    text = "".join(_digit(char, every_script) for char in text)
    return Reading(reading.typed, text, reading.starts, reading.ends)


def _digit(char: str, every_script: bool = False) -> str:
    if char in SPOKEN_DIGITS:
        return SPOKEN_DIGITS[char]
    if every_script and not char.isascii() and (value := unicodedata.digit(char, None)) is not None:
        return str(value)
    return char


def _is_digit(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index] in "0123456789" or text[index] in SPOKEN_DIGITS)


@lru_cache(maxsize=1)
def _traditional() -> dict[int, str]:
    """Traditional to simplified, one character for one."""
    converter = OpenCC("t2s")
    block = "".join(map(chr, range(0x4E00, 0xA000)))
    return {ord(old): new for old in block if len(new := converter.convert(old)) == 1 and new != old}


def simplified(text: str) -> str:
    """Simplified characters, one for one, so that offsets stay."""
    return text.translate(_traditional())


def tidy(text: str) -> str:
    """Folded and trimmed of white space and sentence punctuation at both ends."""
    return read(text).text.strip(" \t\r\n,.;:!?。，；：！？、~…\"'“”‘’「」")


def valid_unicode(text: str) -> bool:
    """Whether the text can be stored anywhere: no NUL, no lone surrogate."""
    return not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text)
