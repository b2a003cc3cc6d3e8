"""PDF files that carry their text; pictures of text are refused."""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from ..errors import UnreadableAgreement
from ..model import MarkKind
from ..numerals import CHINESE
from ..printed import Line, Pages, Printed, Writer

_MAX_PAGES = 300
_BARE_NUMBER = re.compile(r"[-—–·\s]*(\d{1,4})[-—–·\s]*$")
_PAGE_LABEL = re.compile(r"第\s*\d{1,4}\s*页.{0,14}$|(?:page\s*)?\d{1,4}\s*(?:/|of)\s*\d{1,4}$", re.IGNORECASE)
_IDEOGRAPH = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef“”‘’…—]")
_NUMBER_AHEAD = re.compile(rf"第[{CHINESE}]{{1,7}}.{{1,2}}$|第\d{{1,3}}.{{1,2}}$|^\s*[{CHINESE}]{{1,4}}$")
_BOLD = re.compile(r"bold|heavy|black|simhei|heiti", re.IGNORECASE)


def read_pdf(data: bytes) -> Pages:
    """The lines of a PDF's text layer, bold where a bold font is used; page numbers are left out.

    Raises UnreadableAgreement: `scanned_pdf` when pages are pictures, `encrypted`, `broken_file`.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableAgreement("broken_file", "the content is no PDF; export it again")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableAgreement("encrypted", "the PDF is protected by a password; save it without one")
        if len(reader.pages) > _MAX_PAGES:
            raise UnreadableAgreement("too_large", f"{len(reader.pages)} pages; at most {_MAX_PAGES} are read")
        pages = [_lines(page) for page in reader.pages]
        pictures = [number for number, page in enumerate(reader.pages) if not pages[number] and _has_picture(page)]
    except UnreadableAgreement:
        raise
    except RecursionError as error:
        raise UnreadableAgreement("broken_file", "the PDF nests too deeply; export it again") from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        NotImplementedError,
    ) as error:
        raise UnreadableAgreement("broken_file", "the PDF is damaged; export it again") from error
    if not any(pages) or 2 * len(pictures) > len(pages):
        raise UnreadableAgreement(
            "scanned_pdf", "the PDF holds pictures instead of text; use the original file, or recognise the text first"
        )
    text = "".join(line.text for page in pages for line in page)
    strange = sum(1 for char in text if char == "\ufffd" or unicodedata.category(char) in {"Cn", "Co", "Cc"})
    if 20 * strange > len(text):
        raise UnreadableAgreement("undecodable", "the PDF's fonts do not tell their characters; use the original file")
    warnings = [f"page {number + 1} is a picture without text; it was not read" for number in pictures]
    return Pages(tuple(line for page in _without_furniture(pages) for line in page), warnings=tuple(warnings))


def _lines(page: Any) -> list[Line]:
    """The page's printed lines."""
    pieces: list[tuple[str, tuple[MarkKind, ...]]] = []

    def see(text: str, _matrix: Any, _text_matrix: Any, font: Any, _size: Any) -> None:
        name = str(font.get("/BaseFont", "")) if font else ""
        pieces.append((text, ("bold",) if _BOLD.search(name) else ()))

    page.extract_text(visitor_text=see)
    lines: list[Line] = []
    chars: list[tuple[str, tuple[MarkKind, ...]]] = []
    for char, marks in [(char, marks) for text, marks in pieces for char in text] + [("\n", ())]:
        if char != "\n":
            chars.append((char, marks))
            continue
        printed = _printed(chars)
        chars = []
        if printed.text:
            lines.append(Line(printed, apart=False))
    return lines


def _printed(chars: list[tuple[str, tuple[MarkKind, ...]]]) -> Printed:
    """The line without the spaces that only justify it: none stands between two 汉字, but behind a number."""
    writer = Writer()
    text = "".join(char for char, _ in chars)
    for index, (char, marks) in enumerate(chars):
        justifies = char == " " and _IDEOGRAPH.match(text[index - 1 : index]) and _IDEOGRAPH.match(text[index + 1 :])
        if not justifies or _NUMBER_AHEAD.search(text[:index]):
            writer.write(char, marks)
    return writer.take()


def _without_furniture(pages: list[list[Line]]) -> list[list[Line]]:
    """Page numbers, and a first or last line that comes again on at least three pages, are no text."""
    edges: Counter[str] = Counter()
    offsets: Counter[int] = Counter()
    for index, page in enumerate(pages):
        ends = {line.text for line in (page[:1] + page[-1:])}
        edges.update(ends)
        offsets.update({int(found[1]) - index for text in ends if (found := _BARE_NUMBER.match(text))})
    repeated = {text for text, times in edges.items() if times >= 3 and 2 * times >= len(pages)}
    counting = {offset for offset, times in offsets.items() if 2 * times >= len(pages) and (times > 1 or offset == 1)}

    def furniture(text: str, index: int) -> bool:
        bare = _BARE_NUMBER.match(text)
        return (
            text in repeated or bool(_PAGE_LABEL.match(text)) or (bare is not None and int(bare[1]) - index in counting)
        )

    out = []
    for index, page in enumerate(pages):
        start, end = 0, len(page)
        while start < end and furniture(page[start].text, index):
            start += 1
        while end > start and furniture(page[end - 1].text, index):
            end -= 1
        out.append(page[start:end])
    return out


def _has_picture(page: Any) -> bool:
    resources = page.get("/Resources")
    found = resources.get_object().get("/XObject") if resources is not None else None
    return bool(found is not None and len(found.get_object()))
