"""Bytes to text: UTF-8, GB 18030 or UTF-16, never a guess that loses characters."""

from __future__ import annotations

import codecs
import unicodedata

from ..errors import UnreadableAgreement

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SIGNATURES = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"\x7fELF",
)


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of the bytes.

    A byte order mark decides; else `declared` (the charset a page names) is tried, then UTF-8,
    then GB 18030. Raises UnreadableAgreement: `binary` or `undecodable`.
    """
    if data.startswith(_SIGNATURES):
        raise UnreadableAgreement("binary", "the content is not text, whatever the suffix says; give it its own suffix")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data[len(bom) :], (encoding,))
    if b"\x00" in data:
        raise UnreadableAgreement("binary", "the file holds NUL bytes; save it as UTF-8 text")
    names = [name for name in (declared, "utf-8", "gb18030") if name and _known(name)]
    return _strict(data, tuple(dict.fromkeys(names)))


def _known(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def _strict(data: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            text = data.decode("gb18030" if encoding.lower() in {"gb2312", "gbk"} else encoding)
        except UnicodeDecodeError:
            continue
        return _checked(text)
    raise UnreadableAgreement("undecodable", "neither UTF-8, UTF-16 nor GB 18030 text; save it as UTF-8")


def _checked(text: str) -> str:
    """Refuses what decodes by chance only: control characters, or letters of no script we expect."""
    controls = sum(1 for char in text if unicodedata.category(char) == "Cc" and char not in "\t\n\r\f\v\x85")
    if controls * 200 > len(text):
        raise UnreadableAgreement("binary", "the file is full of control characters; save it as UTF-8 text")
    strange = sum(1 for char in text if char == "\ufffd" or unicodedata.category(char) in {"Cn", "Co", "Cs"})
    if strange * 50 > len(text):
        raise UnreadableAgreement("undecodable", "the characters make no text; save it as UTF-8")
    return text
