"""One spelling for what people write in many ways.

`normalise` is what both training and inference see; the text that the tracker keeps stays as it was typed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, List

# Readings of single characters are all that is used here; the phrase tables would cost 300 ms of every start.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

import yaml
from opencc import OpenCC
from pypinyin.pinyin_dict import pinyin_dict

LEXICON = Path(__file__).with_name("lexicon.yml")

_PLACEHOLDER = re.compile(r"«([a-z_]+?)(?:_\d+)?»")
_REPEATED = re.compile(r"([^0])\1{2,}")
_SPACE = re.compile(r"\s+")
_LATIN_SPACE = re.compile(r"(?<=[a-z0-9]) (?=[a-z0-9])")
_DIGIT = re.compile(r"\d")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class _Dictionaries:
    traditional: Dict[str, str]
    simplify: OpenCC
    messages: Dict[str, str]
    abbreviations: Dict[str, str]
    words: Dict[str, str]
    before: "re.Pattern[str]"
    abbreviation: "re.Pattern[str]"
    word: "re.Pattern[str]"
    syllables: Dict[int, str]


def _alternatives(words: Dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _toneless(reading: str) -> str:
    letters = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


@lru_cache(maxsize=1)
def dictionaries() -> _Dictionaries:
    """Load lexicon, traditional-to-simplified table and pinyin once a process.

    Called when the classifier is loaded, so that no message pays for it.
    """
    lexicon = yaml.safe_load(LEXICON.read_text(encoding="utf-8"))
    abbreviations: Dict[str, str] = lexicon["abbreviations"]
    words: Dict[str, str] = lexicon["words"]
    simplify = OpenCC("t2s")
    simplify.convert("註冊")  # its tables are read on first use
    return _Dictionaries(
        traditional=lexicon["traditional"],
        simplify=simplify,
        messages=lexicon["messages"],
        abbreviations=abbreviations,
        words=words,
        before=re.compile(_alternatives(lexicon["traditional"])),
        abbreviation=re.compile(rf"(?<![a-z0-9«_])(?:{_alternatives(abbreviations)})(?![a-z0-9»_])"),
        word=re.compile(_alternatives(words)),
        syllables={code: _toneless(readings.split(",")[0]) for code, readings in pinyin_dict.items()},
    )


def visible(text: str) -> str:
    """`text` after NFKC without control, format (zero-width, direction) and private characters, stripped."""
    # Cf holds zero-width and direction marks; a few fillers that render as nothing are letters to Unicode.
    kept = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFKC", text)
        if char.isspace() or (unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs") and char not in _BLANKS)
    )
    return "".join(kept).strip()


_BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0")


def normalise(text: str) -> str:
    """The one spelling of `text`.

    NFKC, lower case, simplified characters; no invisible characters; placeholders without their number
    (``«PHONE_2»`` becomes ``«phone»``); every digit ``0``; abbreviations, dialect and misheard words as in lexicon.yml;
    a character repeated three times or more written twice.

    Args:
        text: what was typed, of any length, already masked.

    Returns:
        the normalised text; empty if nothing visible was typed.
    """
    tables = dictionaries()
    text = tables.before.sub(lambda match: tables.traditional[match[0]], visible(text).lower())
    text = tables.simplify.convert(text)
    text = _SPACE.sub(" ", text)
    if text in tables.messages:
        return tables.messages[text]
    text = tables.abbreviation.sub(lambda match: tables.abbreviations[match[0]], text)
    text = tables.word.sub(lambda match: tables.words[match[0]], text)
    text = _PLACEHOLDER.sub(r"«\1»", text)
    text = _DIGIT.sub("0", text)
    # A space between Chinese characters carries nothing, one between Latin words does.
    text = _LATIN_SPACE.sub("\0", text).replace(" ", "").replace("\0", " ")
    return _REPEATED.sub(r"\1\1", text)


def syllables(text: str) -> List[str]:
    """Toneless pinyin of the Chinese characters of `text`, in order; everything else is left out."""
    readings = dictionaries().syllables
    return [readings[ord(char)] for char in text if _HAN.match(char) and ord(char) in readings]
