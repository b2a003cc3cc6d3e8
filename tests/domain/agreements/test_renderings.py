"""The same agreement gives the same tree whatever file it comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.agreements import ParsedAgreement, parse, parse_file

from .official import NAMES, official
from .renderings import FORMATS, Block, blocks
from .unseen import SAMPLES, Sample

SHIPPED = Path(__file__).resolve().parents[3] / "domain" / "platforms"


def said(parsed: ParsedAgreement) -> list[tuple[str, str, str]]:
    """What each clause says; a space is not compared, for a PDF does not keep it."""
    clauses = [clause for clause in parsed.walk() if clause.uid != "preamble"]
    return [(clause.uid, squeezed(clause.heading or ""), squeezed(clause.text)) for clause in clauses]


def squeezed(text: str) -> str:
    return "".join(text.split())


def assert_same(parsed: ParsedAgreement, source: list[Block]) -> None:
    for name, render in FORMATS.items():
        again = parse(render(source), name)
        assert said(again) == said(parsed), name
        assert again.title == parsed.title, name
        assert squeezed("".join(again.preamble)) == squeezed("".join(parsed.preamble)), name
        assert len(again.annotations) == len(parsed.annotations) or source == list(blocks(parsed))


@pytest.mark.parametrize("name", NAMES)
def test_an_official_text_gives_one_tree_in_every_format(name: str) -> None:
    parsed = parse_file(official(name))
    assert_same(parsed, list(blocks(parsed)))


@pytest.mark.parametrize("name", NAMES)
def test_an_official_text_keeps_its_tree_when_its_lines_are_printed_anew(name: str) -> None:
    path = official(name)
    printed = [line.strip().removeprefix("- ").replace("**", "") for line in path.read_text("utf-8").splitlines()]
    assert_same(parse_file(path), [Block(line) for line in printed if line])


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_sample_gives_one_tree_in_every_format(name: str) -> None:
    path = SHIPPED / name / "agreement.md"
    if not path.is_file():
        pytest.skip(f"the platform {name} ships no agreement.md")
    parsed = parse_file(path)
    assert_same(parsed, list(blocks(parsed)))


# Printed without their indents, the same numbers one step further in would be another agreement.
REGULAR = [one for one in SAMPLES if not one.warns and "\n   " not in one.source]


@pytest.mark.parametrize("sample", REGULAR, ids=lambda one: one.name)
def test_an_unseen_numbering_gives_one_tree_in_every_format(sample: Sample) -> None:
    parsed = parse(sample.source.encode(), "sample.md")
    uids = [uid for uid, _, _ in said(parsed)]
    source = list(blocks(parsed))
    for name, render in FORMATS.items():
        assert [uid for uid, _, _ in said(parse(render(source), name))] == uids, name
