"""Whatever a file says, the parser loses nothing, invents nothing and does not break."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agreements import Clause, ParsedAgreement, UnreadableAgreement, parse

MARKUP = frozenset("、.．。:：【】#*-_`>|=~•+·\\[]()!<")


def read_or_refused(data: bytes, name: str) -> ParsedAgreement | None:
    """The agreement, or None after a refusal in words; any other exception fails the test."""
    try:
        return parse(data, name)
    except UnreadableAgreement as refusal:
        if not refusal.code or not str(refusal):
            raise
        return None


def letters(parsed: ParsedAgreement) -> Counter[str]:
    """Every printed character the parsed agreement holds, white space aside."""
    said = [parsed.title, *parsed.preamble, *(note.text + (note.author or "") for note in parsed.annotations)]
    for clause in parsed.clauses:
        for each in clause.walk():
            said += [each.number, each.heading or "", each.text]
    return Counter(char for part in said for char in part if not char.isspace())


NUMBERS = (
    *(
        "第一条 ",
        "第二条",
        "第3条 ",
        "一、",
        "二、",
        "（一）",
        "(2) ",
        "1. ",
        "2、",
        "1.1 ",
        "1.2",
        "2.1 ",
        "3.1.1 ",
        "①",
    ),
    *(
        "a) ",
        "B. ",
        "(i) ",
        "iv. ",
        "第一章 ",
        "附件一 ",
        "甲、",
        "3 ",
        "10",
        "- ",
        "## ",
        "**",
        "2.5 元",
        "第三条的",
        "",
    ),
)
numbers = st.sampled_from(NUMBERS)
words = st.text(alphabet="本协议用户应当不得承担责任，。；：的 abAB12（）“”【】⽹①", max_size=30)
lines = st.lists(st.tuples(numbers, words).map("".join), min_size=1, max_size=25)


@given(lines, st.sampled_from(["\n", "\n\n", "\r\n"]))
@settings(max_examples=150, deadline=None)
def test_every_character_lands_in_exactly_one_place(source: list[str], breaks: str) -> None:
    text = breaks.join(source)
    parsed = read_or_refused(text.encode(), "any.md")
    if parsed is None:
        return
    source_letters = Counter(char for char in text if not char.isspace())
    kept = letters(parsed)
    assert not kept - source_letters
    assert set(source_letters - kept) <= MARKUP


@given(lines)
@settings(max_examples=100, deadline=None)
def test_uids_are_unique_and_marks_stay_inside_their_text(source: list[str]) -> None:
    parsed = read_or_refused("\n".join(source).encode(), "any.txt")
    if parsed is None:
        return
    clauses = list(parsed.walk())
    assert len({clause.uid for clause in clauses}) == len(clauses)
    for clause in clauses:
        assert clause.uid == "/".join(clause.path)
        assert all(0 <= mark.start < mark.end <= len(clause.text) for mark in clause.marks)


@given(st.binary(max_size=300), st.sampled_from(["x.txt", "x.md", "x.html", "x.docx", "x.pdf"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_either_read_or_refused_by_a_known_code(data: bytes, name: str) -> None:
    read_or_refused(data, name)


_SCHEMES: list[list[tuple[str, str]]] = [
    [("第{}条", "cn"), ("{}.", "n"), ("（{}）", "cn")],
    [("{}、", "cn"), ("（{}）", "cn"), ("{}.", "n"), ("({})", "n")],
    [("第{}章", "cn"), ("第{}条", "cn"), ("（{}）", "cn")],
    [("{}.", "n"), ("({})", "a")],
    [("{}、", "cn"), ("{}.", "n"), ("{}", "circled")],
]
_DIGITS = "一二三四五六七八九"


def _written(template: str, kind: str, value: int) -> str:
    numeral = {"cn": _DIGITS[value - 1], "n": str(value), "a": chr(96 + value), "circled": chr(0x2460 + value - 1)}[
        kind
    ]
    return template.format(numeral)


@st.composite
def agreements(draw: st.DrawFn) -> tuple[str, list[str]]:
    """An agreement in one of the usual numberings, with the depth and sign of each clause."""
    scheme = draw(st.sampled_from(_SCHEMES))
    out: list[str] = ["试写平台用户协议", ""]
    shape: list[str] = []

    def level(depth: int) -> None:
        for value in range(1, draw(st.integers(2, 4)) + 1):
            number = _written(*scheme[depth], value)
            children = depth + 1 < len(scheme) and draw(st.booleans())
            out.append(f"{number} 这里写第{depth}层的内容，{'包括下列各项：' if children else '到此为止。'}")
            shape.append(f"{depth}:{number}")
            if children:
                level(depth + 1)

    level(0)
    return "\n".join(out), shape


def _shape(clauses: tuple[Clause, ...], depth: int = 0) -> list[tuple[int, str]]:
    out: list[tuple[int, str]] = []
    for clause in clauses:
        out.append((depth, clause.number))
        out.extend(_shape(clause.children, depth + 1))
    return out


@given(agreements())
@settings(max_examples=80, deadline=None)
def test_a_regular_numbering_always_gives_its_own_tree_without_warnings(sample: tuple[str, list[str]]) -> None:
    text, shape = sample
    parsed = parse(text.encode(), "regular.txt")
    assert [f"{depth}:{number}" for depth, number in _shape(parsed.clauses)] == [entry.rstrip("、.") for entry in shape]
    assert parsed.warnings == ()
