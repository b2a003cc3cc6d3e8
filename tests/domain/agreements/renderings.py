"""One agreement in every format that can be read: as a person would type or print it."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from docx import Document
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

from domain.agreements import Clause, ParsedAgreement


@dataclass(frozen=True)
class Block:
    """A printed paragraph: a heading of some depth (0: running text)."""

    text: str
    depth: int = 0


def blocks(parsed: ParsedAgreement) -> Iterator[Block]:
    """The agreement as paragraphs: title, opening, clauses with their numbers as printed."""
    yield Block(parsed.title, 1)
    for paragraph in parsed.preamble:
        yield Block(paragraph)
    for clause in parsed.clauses:
        yield from _clause(clause)


def _clause(clause: Clause) -> Iterator[Block]:
    number = clause.number if clause.number[-1] in ")）条章" or "." in clause.number else clause.number + "、"
    if clause.heading:
        yield Block(f"{number} {clause.heading}", len(clause.path) + 1)
        if clause.text:
            yield Block(clause.text)
    else:
        yield Block(f"{number} {clause.text}")
    for child in clause.children:
        yield from _clause(child)


def as_txt(source: list[Block]) -> bytes:
    return "\n\n".join(block.text for block in source).encode()


def as_gb18030(source: list[Block]) -> bytes:
    return "\r\n".join(block.text for block in source).encode("gb18030")


def as_md(source: list[Block]) -> bytes:
    return "\n\n".join("#" * block.depth + (" " if block.depth else "") + block.text for block in source).encode()


def as_html(source: list[Block]) -> bytes:
    body = "".join(
        f"<h{block.depth}>{html.escape(block.text)}</h{block.depth}>"
        if block.depth
        else f"<p>{html.escape(block.text)}</p>"
        for block in source
    )
    head = "<meta charset=utf-8><script>1. no</script>"
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def as_docx(source: list[Block]) -> bytes:
    document = Document()
    for block in source:
        if block.depth:
            document.add_heading(block.text, level=min(block.depth, 9))
        else:
            document.add_paragraph(block.text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_pdf(source: list[Block]) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("text", fontName="STSong-Light", fontSize=11, leading=16, wordWrap="CJK", spaceAfter=8)
    out = io.BytesIO()

    def page_number(canvas: object, document: object) -> None:
        canvas.setFont("STSong-Light", 9)  # type: ignore[attr-defined]
        canvas.drawCentredString(300, 30, f"- {document.page} -")  # type: ignore[attr-defined]

    SimpleDocTemplate(out, pagesize=A4).build(
        [Paragraph(html.escape(block.text), style) for block in source],
        onFirstPage=page_number,
        onLaterPages=page_number,
    )
    return out.getvalue()


FORMATS: dict[str, Callable[[list[Block]], bytes]] = {
    "print.txt": as_txt,
    "windows.txt": as_gb18030,
    "print.md": as_md,
    "print.html": as_html,
    "print.docx": as_docx,
    "print.pdf": as_pdf,
}
