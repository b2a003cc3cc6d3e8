"""From lines and a scheme to the tree of clauses: whose words are whose, headings, uids."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .markers import Marker
from .model import Clause
from .printed import Line, Printed, fold, join
from .scheme import Taken

HEADING_LIMIT = 24
BROKEN_LIMIT = 15
"""Longest unmarked line (characters) taken for a heading: above clauses of its own, above plain text.

A longer line above plain text is as likely a sentence that a page break cut in two.
"""

_SENTENCE = re.compile(r"[。;:!?,]")
_FINISHED = re.compile(r"[。;.!?…][”\"')》】]*$|[”\"]$")
_BRACKETED_HEADING = re.compile(r"【([^【】]+)】[:：]?$")
_WIDE_GAP = re.compile(r"(?<=[。；;！？])[ \u3000]{2,}")
# Words a sentence begins with: in a text without line breaks they end the heading before them.
_STARTERS = (
    *("本协议", "根据", "依据", "为了", "为保", "如果", "如因", "因", "您", "鉴于", "在使用"),
    *("除", "凡", "任何", "本站", "本平台", "用户"),
)
_CONJUNCTIONS = frozenset("及和与或、的对向为在由")


@dataclass(slots=True)
class Paragraph:
    """A line's part that belongs to one clause; `level` > 0 for what the file itself calls a heading."""

    printed: Printed
    level: int = 0
    apart: bool = True
    fused: bool = False


@dataclass(slots=True)
class Node:
    """A clause being built."""

    number: str
    style: str = ""
    introduced: bool = False
    level: int = 0
    paragraphs: list[Paragraph] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None
    path: tuple[str, ...] = ()

    def last_words(self) -> str:
        return fold(self.paragraphs[-1].printed.text).text if self.paragraphs else ""


@dataclass(frozen=True, slots=True)
class Grown:
    """The tree, the lines before the first clause, and whose the lines and the numbers are.

    `line_uids[i]` is the clause that line i ended in, `uids` follows the order of the numbers taken.
    """

    clauses: tuple[Clause, ...]
    opening: tuple[Line, ...]
    line_uids: dict[int, str]
    uids: tuple[str, ...]
    loose_headings: tuple[tuple[str, str], ...]


def grow(lines: Sequence[Line], taken: Sequence[Taken], names: frozenset[str]) -> Grown:
    """Build the tree.

    `names` are the short names the agreement gives to its parties and itself; in a text without
    line breaks they help to see where a heading ends. Every character of `lines` ends up in the
    opening, or in exactly one clause's number, heading or text.
    """
    by_line: dict[int, list[Taken]] = {}
    for one in taken:
        by_line.setdefault(one.marker.line, []).append(one)
    first = min(by_line, default=len(lines))
    opening = list(lines[:first])
    root = Node(number="")
    opened: list[Node] = []
    open_nodes: list[Node] = [root]
    owner: dict[int, Node] = {}
    loose: list[tuple[str, Node]] = []
    ahead = 0
    for index in range(first, len(lines)):
        line, marks = lines[index], by_line.get(index, [])
        fused = any(one.marker.inline for one in marks)
        start = marks[0].marker.start if marks else len(line.text)
        before = line.printed.cut(0, start)
        if before.text and index == first:
            opening.append(Line(before, level=line.level, apart=line.apart))
        elif before.text:
            while ahead < len(taken) and taken[ahead].marker.line <= index:
                ahead += 1
            following = taken[ahead] if ahead < len(taken) else None
            node = _owner_of_plain_line(open_nodes, line, following)
            if line.level:
                loose.append((before.text, node))
            node.paragraphs.append(Paragraph(before, apart=line.apart))
            open_nodes = open_nodes[: _depth(node) + 1]
        for position, one in enumerate(marks):
            end = marks[position + 1].marker.start if position + 1 < len(marks) else len(line.text)
            node = _open(open_nodes, one, line)
            opened.append(node)
            _add_words(node, line, one.marker, end, fused)
            if fused and _is_last(marks, position, one):
                _move_tail(node, line, one.marker, end)
        owner[index] = open_nodes[-1]
    _name(root)
    clauses = tuple(_freeze(child, names) for child in root.children)
    return Grown(
        clauses,
        tuple(opening),
        {index: _uid(node) for index, node in owner.items()},
        tuple(_uid(node) for node in opened),
        tuple((text, _uid(node)) for text, node in loose),
    )


def _uid(node: Node) -> str:
    return "/".join(node.path)


def _open(open_nodes: list[Node], one: Taken, line: Line) -> Node:
    del open_nodes[one.depth + 1 :]
    parent = open_nodes[-1]
    node = Node(
        number=one.marker.number,
        style=one.marker.style,
        introduced=(parent.last_words().endswith(":") and not parent.children) or _listed(parent),
        level=line.level,
        parent=parent,
    )
    parent.children.append(node)
    open_nodes.append(node)
    return node


def _listed(parent: Node) -> bool:
    return bool(parent.children) and parent.children[-1].introduced


def _add_words(node: Node, line: Line, marker: Marker, end: int, fused: bool) -> None:
    words = line.printed.cut(marker.after, end)
    if words.text:
        node.paragraphs.append(Paragraph(words, level=line.level, apart=False, fused=fused))


def _is_last(marks: Sequence[Taken], position: int, one: Taken) -> bool:
    return position + 1 == len(marks) or marks[position + 1].depth < one.depth


def _move_tail(node: Node, line: Line, marker: Marker, end: int) -> None:
    """What follows the last item of a list in a run-on line belongs to the list's owner."""
    tail_at = _tail_offset(node, line, marker, end)
    if node.introduced and node.parent is not None and tail_at is not None:
        node.paragraphs[-1] = Paragraph(line.printed.cut(marker.after, tail_at), apart=False, fused=True)
        node.parent.paragraphs.append(Paragraph(line.printed.cut(tail_at, end)))


def _tail_offset(node: Node, line: Line, marker: Marker, end: int) -> int | None:
    """Where the last item ends: at a wide gap, or at its semicolon where every item has just one."""
    gap = _WIDE_GAP.search(line.text, marker.after, end)
    if gap:
        return gap.end()
    others = [one.last_words() for one in (node.parent.children[:-1] if node.parent else [])]
    if len(others) < 2 or any(words.find(";") != len(words) - 1 for words in others):
        return None
    cut = line.text.find("；", marker.after, end) + 1
    return cut if 0 < cut < end else None


def _owner_of_plain_line(open_nodes: list[Node], line: Line, following: Taken | None) -> Node:
    """The clause a line without a number belongs to.

    Mostly the last one. But after the last item of a list that a colon opened, a new paragraph
    belongs to the clause that owns the list.
    """
    leaf = open_nodes[-1]
    parent = leaf.parent
    if parent is None or not leaf.introduced or leaf.children or line.bullet:
        return leaf
    goes_on = following is not None and following.depth >= len(open_nodes) - 2
    finished = bool(leaf.paragraphs) and bool(_FINISHED.search(leaf.last_words()))
    if goes_on or not finished or not line.apart:
        return leaf
    spacious = any(len(one.paragraphs) > 1 and len(_joined_paragraphs(one)) > 1 for one in parent.children)
    return leaf if spacious else parent


def _joined_paragraphs(node: Node) -> list[str]:
    """The clause's paragraphs after broken lines are joined."""
    out: list[str] = []
    for paragraph in node.paragraphs:
        if out and not _FINISHED.search(fold(out[-1]).text):
            out[-1] += paragraph.printed.text
        else:
            out.append(paragraph.printed.text)
    return out


def _depth(node: Node) -> int:
    depth = 0
    while node.parent is not None:
        node, depth = node.parent, depth + 1
    return depth


def _name(node: Node) -> None:
    """Paths: the number in NFKC, a repeated sibling with #2, #3."""
    seen: Counter[str] = Counter()
    for child in node.children:
        step = unicodedata.normalize("NFKC", child.number).replace("/", "∕")
        step = re.sub(r"\s+", "", step)
        seen[step] += 1
        child.path = (*node.path, step if seen[step] == 1 else f"{step}#{seen[step]}")
        _name(child)


def _freeze(node: Node, names: frozenset[str]) -> Clause:
    heading, body = _heading(node, names)
    text = join(paragraph.printed for paragraph in body)
    return Clause(
        number=node.number,
        heading=heading,
        text=text.text,
        marks=text.marks,
        path=node.path,
        uid=_uid(node),
        children=tuple(_freeze(child, names) for child in node.children),
    )


def _heading(node: Node, names: frozenset[str]) -> tuple[str | None, list[Paragraph]]:
    """The heading (without 【】) and what remains as the clause's own text."""
    if not node.paragraphs:
        return None, []
    first, rest = node.paragraphs[0], node.paragraphs[1:]
    words = first.printed.text
    if found := _BRACKETED_HEADING.match(words):
        return found[1].strip(), rest
    if first.level:
        return words, rest
    outermost = len(node.path) == 1
    if first.fused and outermost and (cut := _heading_end(words, names)) is not None:
        body = first.printed.cut(cut)
        return words[:cut].rstrip(), [Paragraph(body), *rest] if body.text else rest
    if _SENTENCE.search(fold(words).text) or len(words) > (HEADING_LIMIT if not rest else BROKEN_LIMIT):
        return None, node.paragraphs
    if not rest and not node.children and (not outermost or first.fused):
        return None, node.paragraphs
    return words, rest


def _heading_end(words: str, names: frozenset[str]) -> int | None:
    """Where the heading ends that an unbroken text runs into its first sentence, or None."""
    plain = fold(words[: HEADING_LIMIT + 8]).text
    stop = _SENTENCE.search(plain)
    if stop is None and len(words) <= HEADING_LIMIT:
        return len(words)
    limit = min(stop.start() if stop else len(plain), HEADING_LIMIT)
    cuts = [
        at
        for word in (*_STARTERS, *names)
        for at in (plain.find(word, 2),)
        if 2 <= at <= limit and plain[at - 1] not in _CONJUNCTIONS
    ]
    return min(cuts, default=None)
