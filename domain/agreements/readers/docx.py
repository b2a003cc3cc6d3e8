"""Word files: paragraphs as printed, with automatic numbers, bold and underline, comments apart."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from ..errors import UnreadableAgreement
from ..model import MarkKind
from ..printed import Line, Pages, Writer
from .numbering import Numbering, W
from .styles import Styles, flag, value

_MAX_UNPACKED = 100 * 1024 * 1024
_MAX_PARTS = 2_000
_MAX_DEPTH = 100
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ALTERNATIVE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_CONTAINERS = frozenset(
    f"{W}{name}"
    for name in ("hyperlink", "ins", "moveTo", "smartTag", "fldSimple", "sdt", "sdtContent", "customXml", "dir", "bdo")
)


def read_docx(data: bytes) -> Pages:
    """The printed lines of a .docx.

    Numbers that Word prints by itself are counted and written out; deleted and hidden text is left
    out; comments come as remarks with their authors; footnotes follow their paragraph.
    Raises UnreadableAgreement.
    """
    parts = _unpack(data)
    document = _xml(parts, "word/document.xml")
    body = document.find(f"{W}body") if document is not None else None
    if body is None:
        raise UnreadableAgreement("broken_file", "the file holds no Word document; save it as .docx again")
    styles = Styles(_xml(parts, "word/styles.xml"))
    numbering = Numbering(_xml(parts, "word/numbering.xml"))
    walk = _Walk(styles, numbering, _notes(parts, "comments", "comment"), _notes(parts, "footnotes", "footnote"))
    walk.block(body, 0)
    unknown = [f"the number format {kind} is not known; written in digits" for kind in sorted(numbering.unknown)]
    return Pages(tuple(walk.lines), warnings=tuple(unknown))


class _Walk:
    """Goes through the body once and collects lines."""

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        comments: dict[str, etree._Element],
        footnotes: dict[str, etree._Element],
    ) -> None:
        self.lines: list[Line] = []
        self._styles = styles
        self._numbering = numbering
        self._comments = comments
        self._footnotes = footnotes
        self._writer = Writer()
        self._pending: list[Line] = []
        self._floating: list[etree._Element] = []

    def block(self, parent: etree._Element, depth: int) -> None:
        """Paragraphs and tables, in order."""
        if depth > _MAX_DEPTH:
            raise UnreadableAgreement("broken_file", "the document nests too deeply; save it as plain text")
        for child in parent:
            if child.tag == f"{W}p":
                self._paragraph(child)
            elif child.tag == f"{_ALTERNATIVE}AlternateContent":
                self.block(child[0], depth + 1) if len(child) else None
            elif isinstance(child.tag, str) and child.tag not in {f"{W}del", f"{W}moveFrom"}:
                self.block(child, depth + 1)

    def _paragraph(self, paragraph: etree._Element) -> None:
        properties = paragraph.find(f"{W}pPr")
        style = value(properties, "pStyle") or self._styles.default
        level = self._styles.heading_level(properties, style)
        number, bullet, depth = self._number(properties, style)
        if number:
            self._writer.write(number)
        label, apart = len(number.strip()), True
        for piece, marks in self._pieces(paragraph, self._styles.marks(style), 0):
            if piece == "\n":
                self._end_line(Line(self._writer.take(), level, label, bullet, apart, 2 * depth))
                label, bullet, apart, depth = 0, False, False, 0
            else:
                self._writer.write(piece, marks)
        self._end_line(Line(self._writer.take(), level, label, bullet, apart, 2 * depth))
        self.lines.extend(self._pending)
        self._pending = []
        floating, self._floating = self._floating, []
        for box in floating:
            self.block(box, 1)

    def _end_line(self, line: Line) -> None:
        if line.text:
            self.lines.append(line)

    def _number(self, properties: etree._Element | None, style: str) -> tuple[str, bool, int]:
        """The automatic number of the paragraph with what follows it, whether it is a bullet, its level."""
        number_id, depth = self._styles.list_of(properties, style, self._numbering)
        if number_id is None or number_id == "0":
            return "", False, 0
        written = self._numbering.next(number_id, depth)
        return ("".join(written) if written else ""), self._numbering.is_bullet(number_id, depth), depth

    def _pieces(
        self, parent: etree._Element, base: frozenset[MarkKind], depth: int
    ) -> Iterator[tuple[str, tuple[MarkKind, ...]]]:
        """The paragraph's printed pieces; a line break comes as a piece of its own."""
        if depth > _MAX_DEPTH:
            raise UnreadableAgreement("broken_file", "the document nests too deeply; save it as plain text")
        for child in parent:
            if child.tag == f"{W}r":
                yield from self._run(child, base)
            elif child.tag in _CONTAINERS:
                yield from self._pieces(child, base, depth + 1)
            elif child.tag == f"{_ALTERNATIVE}AlternateContent" and len(child):
                yield from self._pieces(child[0], base, depth + 1)

    def _run(self, run: etree._Element, base: frozenset[MarkKind]) -> Iterator[tuple[str, tuple[MarkKind, ...]]]:
        properties = run.find(f"{W}rPr")
        if flag(properties, "vanish"):
            return
        marks = tuple(sorted(self._styles.run_marks(properties, base)))
        for child in run:
            if child.tag == f"{W}t":
                yield child.text or "", marks
            elif child.tag == f"{W}tab":
                yield " ", marks
            elif child.tag in {f"{W}br", f"{W}cr"}:
                if child.get(f"{W}type") in {None, "textWrapping"}:
                    yield "\n", ()
            elif child.tag == f"{W}noBreakHyphen":
                yield "-", marks
            elif child.tag == f"{W}sym":
                yield _symbol(child), marks
            elif child.tag == f"{W}commentReference":
                self._remark(child.get(f"{W}id", ""))
            elif child.tag == f"{W}footnoteReference":
                self._footnote(child.get(f"{W}id", ""))
            elif child.tag in {f"{W}drawing", f"{W}pict", f"{_ALTERNATIVE}AlternateContent"}:
                shown = child[0] if child.tag.startswith(_ALTERNATIVE) and len(child) else child
                self._floating.extend(box for box in shown.iter(f"{W}txbxContent"))

    def _remark(self, key: str) -> None:
        comment = self._comments.get(key)
        if comment is not None and (text := _text(comment)):
            self._pending.append(_line(text, remark_by=comment.get(f"{W}author", "")))

    def _footnote(self, key: str) -> None:
        note = self._footnotes.get(key)
        if note is not None and (text := _text(note)):
            self._pending.append(_line(text))


def _line(text: str, remark_by: str | None = None) -> Line:
    writer = Writer()
    writer.write(text)
    return Line(writer.take(), bullet=remark_by is None, apart=False, remark_by=remark_by)


def _text(element: etree._Element) -> str:
    return "".join(found.text or "" for found in element.iter(f"{W}t")).strip()


def _symbol(element: etree._Element) -> str:
    code = element.get(f"{W}char", "")
    try:
        char = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "" if 0xE000 <= ord(char) <= 0xF8FF else char


def _notes(parts: dict[str, bytes], part: str, name: str) -> dict[str, etree._Element]:
    root = _xml(parts, f"word/{part}.xml")
    if root is None:
        return {}
    return {one.get(f"{W}id", ""): one for one in root.iterfind(f"{W}{name}") if one.get(f"{W}type") is None}


_WANTED = frozenset(f"word/{name}.xml" for name in ("document", "styles", "numbering", "comments", "footnotes"))


def _unpack(data: bytes) -> dict[str, bytes]:
    """The XML parts that matter, with every size checked while it is unpacked."""
    if data.startswith(_OLE):
        raise UnreadableAgreement(
            "encrypted", "the file is protected by a password or is an old .doc; remove the password, save it as .docx"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_PARTS or sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
                raise UnreadableAgreement("zip_bomb", "the file unpacks to far more than it should; save it again")
            parts: dict[str, bytes] = {}
            for entry in entries:
                if entry.filename not in _WANTED:
                    continue
                if entry.flag_bits & 0x1:
                    raise UnreadableAgreement("encrypted", "the file is protected by a password; remove it")
                with archive.open(entry) as stream:
                    content = stream.read(_MAX_UNPACKED + 1)
                if len(content) > _MAX_UNPACKED:
                    raise UnreadableAgreement("zip_bomb", "the file unpacks to far more than it should; save it again")
                parts[entry.filename] = content
            return parts
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise UnreadableAgreement("broken_file", "the .docx is damaged; open it in Word and save it again") from error


def _xml(parts: dict[str, bytes], name: str) -> etree._Element | None:
    """A part parsed without entities, DTD or network; None when the file has no such part."""
    content = parts.get(name)
    if content is None:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableAgreement("broken_file", f"{name} is damaged; open it in Word and save it again") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableAgreement("broken_file", f"{name} declares a DTD, which no Word file does; save it again")
    return root
