"""HTML pages: what a browser shows, list numbers included, without scripts and page furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ..errors import UnreadableAgreement
from ..model import MarkKind
from ..printed import Line, Pages, Writer
from .decoding import decode
from .list_numbers import label

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
        "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "nav", "ol", "p", "pre", "section",
        "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
_UNSEEN = frozenset(
    {
        "script", "style", "template", "noscript", "svg", "head", "nav", "footer", "aside", "button", "select",
        "option", "textarea", "iframe", "object", "canvas", "audio", "video", "del", "s", "strike",
    }
)  # fmt: skip
_MARKS: dict[str, MarkKind] = {"b": "bold", "strong": "bold", "u": "underline", "ins": "underline"}
_LIST_TYPES = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_LIST_STYLES = {
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "cjk-ideographic": "chineseCountingThousand",
    "simp-chinese-informal": "chineseCountingThousand",
    "cjk-decimal": "ideographDigital",
    "cjk-heavenly-stem": "ideographTraditional",
}
_IDEOGRAPHIC = frozenset({"chineseCountingThousand", "ideographDigital", "ideographTraditional"})
_MAX_DEPTH = 200


def read_html(data: bytes) -> Pages:
    """The lines a browser would show.

    <b>, <strong>, <u>, <ins> and inline styles become marks, <ol> prints its numbers, hidden parts
    and navigation are left out. Raises UnreadableAgreement.
    """
    found = _CHARSET.search(data[:4096])
    text = _DECLARATION.sub("", decode(data, found[1].decode("ascii") if found else None))
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(text, parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableAgreement("broken_file", "this is no HTML page; save the page again") from error
    if root is None:
        raise UnreadableAgreement("empty", "the page is empty; save the page again")
    if any(entry.type_name == "ERR_DOCUMENT_END" or "depth" in (entry.message or "") for entry in parser.error_log):
        raise UnreadableAgreement("broken_file", "the page nests too deeply to be read whole; save it as plain text")
    title = root.findtext(".//head/title") or ""
    walk = _Walk()
    walk.element(root, (), 0)
    walk.end_line()
    return Pages(tuple(walk.lines), name=" ".join(title.split()))


class _Walk:
    """Collects lines while going through the page once."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._writer = Writer()
        self._level = 0
        self._bullet = False
        self._label = 0
        self._apart = True
        self._lists = 0

    def end_line(self, *, apart: bool = True) -> None:
        printed = self._writer.take()
        if printed.text:
            at = min(self._label, len(printed.text))
            deep = 2 * self._lists if at else 0
            self.lines.append(Line(printed, self._level, at, self._bullet, self._apart, indent=deep))
            self._bullet, self._label = False, 0
            self._apart = apart
        else:
            self._apart = self._apart or apart

    def element(self, element: etree._Element, marks: tuple[MarkKind, ...], depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise UnreadableAgreement("broken_file", "the page nests too deeply; save it as plain text")
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in _UNSEEN or _hidden(element):
            return
        if tag == "br":
            self.end_line(apart=False)
            return
        block = tag in _BLOCKS
        if block and tag != "li":  # a list item's number stands in the line already
            self.end_line()
        outer_level = self._level
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._level = int(tag[1])
        inner = _with_marks(element, tag, marks)
        keep = tag == "pre"
        self._say(element.text, inner, keep)
        numbers = _numbers(element) if tag == "ol" else None
        self._lists += tag == "ol"
        for child in element:
            if child.tag == "li":
                self.end_line()
                number = next(numbers, "") if numbers else ""
                if number:
                    self._writer.write(number)
                    self._label = len(number.strip())
                else:
                    self._bullet = True
            self.element(child, inner, depth + 1)
            self._say(child.tail, inner, keep)
        if block:
            self.end_line()
        self._lists -= tag == "ol"
        self._level = outer_level

    def _say(self, text: str | None, marks: tuple[MarkKind, ...], keep: bool) -> None:
        if not text:
            return
        parts = text.splitlines() if keep else [re.sub(r"[ \t\r\n\f]+", " ", text)]
        for index, part in enumerate(parts):
            if index:
                self.end_line(apart=False)
            self._writer.write(part, marks)


def _with_marks(element: etree._Element, tag: str, marks: tuple[MarkKind, ...]) -> tuple[MarkKind, ...]:
    style = (element.get("style") or "").lower()
    kinds = set(marks)
    if tag in _MARKS:
        kinds.add(_MARKS[tag])
    if weight := re.search(r"font-weight\s*:\s*(\w+)", style):
        if weight[1] in {"bold", "bolder", "600", "700", "800", "900"}:
            kinds.add("bold")
        elif weight[1] in {"normal", "lighter", "400"}:
            kinds.discard("bold")
    if re.search(r"text-decoration(?:-line)?\s*:[^;]*underline", style):
        kinds.add("underline")
    return tuple(sorted(kinds))


def _hidden(element: etree._Element) -> bool:
    style = re.sub(r"\s", "", (element.get("style") or "").lower())
    return element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def _numbers(element: etree._Element) -> Iterator[str]:
    """The printed numbers of an <ol>, as its type, start, reversed and value attributes say."""
    style = (element.get("style") or "").lower()
    named = re.search(r"list-style(?:-type)?\s*:\s*([\w-]+)", style)
    if named and named[1] == "none":
        return
    kind = _LIST_TYPES.get(element.get("type") or "1", "decimal")
    if named:
        kind = _LIST_STYLES.get(named[1], kind)
    items = [child for child in element if child.tag == "li"]
    backwards = element.get("reversed") is not None
    value = _integer(element.get("start"), len(items) if backwards else 1)
    for item in items:
        value = _integer(item.get("value"), value)
        yield label(kind, value) + ("、" if kind in _IDEOGRAPHIC else ". ")
        value += -1 if backwards else 1


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,4}", text.strip()) else default
