"""Readers: bytes of a known kind become printed lines with marks, or a clear refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from ..errors import UnreadableAgreement
from ..printed import Pages
from .docx import read_docx
from .html import read_html
from .pdf import read_pdf
from .text import read_text

MAX_BYTES = 20 * 1024 * 1024
MAX_CHARACTERS = 1_000_000
"""About thirty times the longest user agreement in use; more is another kind of document."""

_READERS: dict[str, Callable[[bytes], Pages]] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_text,
    ".markdown": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".docx": read_docx,
    ".pdf": read_pdf,
}

__all__ = ["MAX_BYTES", "MAX_CHARACTERS", "read"]


def read(data: bytes, name: str) -> Pages:
    """The printed lines of a file; `name` only tells its kind by the suffix.

    Raises UnreadableAgreement when the kind is unknown or the file cannot be read whole.
    """
    suffix = PurePath(name).suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        known = ", ".join(sorted(kind[1:] for kind in _READERS))
        raise UnreadableAgreement(
            "unknown_type", f"{suffix or 'no suffix'} is not a kind that can be read; save it as one of {known}"
        )
    if len(data) > MAX_BYTES:
        raise UnreadableAgreement("too_large", f"{len(data)} bytes; at most {MAX_BYTES} are read: drop the pictures")
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise UnreadableAgreement("empty", "the file is empty; export the agreement again")
    pages = reader(data)
    size = sum(len(line.text) for line in pages.lines)
    if size > MAX_CHARACTERS:
        raise UnreadableAgreement("too_large", f"{size} characters; at most {MAX_CHARACTERS} are read: split the file")
    if not size:
        raise UnreadableAgreement("empty", "the file holds no text; export the agreement again")
    return pages
