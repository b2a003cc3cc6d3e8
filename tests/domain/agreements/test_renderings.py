"""The same agreement gives the same tree whatever file it comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.agreements import ParsedAgreement, parse, parse_file

from .official import NAMES, official
from .renderings import FORMATS, blocks
from .unseen import SAMPLES, Sample

SHIPPED = Path(__file__).resolve().parents[3] / "domain" / "platforms"


def said(parsed: ParsedAgreement) -> list[tuple[str, str | None, str]]:
    return [(clause.uid, clause.heading, clause.text) for clause in parsed.walk() if clause.uid != "preamble"]


def assert_same(parsed: ParsedAgreement) -> None:
    source = list(blocks(parsed))
    for name, render in FORMATS.items():
        again = parse(render(source), name)
        assert said(again) == said(parsed), name
        assert again.title == parsed.title, name
        assert "".join(again.preamble) == "".join(parsed.preamble), name


@pytest.mark.parametrize("name", NAMES)
def test_an_official_text_gives_one_tree_in_every_format(name: str) -> None:
    assert_same(parse_file(official(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_sample_gives_one_tree_in_every_format(name: str) -> None:
    path = SHIPPED / name / "agreement.md"
    if not path.is_file():
        pytest.skip(f"the platform {name} ships no agreement.md")
    assert_same(parse_file(path))


@pytest.mark.parametrize("sample", [one for one in SAMPLES if not one.warns], ids=lambda one: one.name)
def test_an_unseen_numbering_gives_one_tree_in_every_format(sample: Sample) -> None:
    parsed = parse(sample.source.encode(), "sample.md")
    uids = [uid for uid, _, _ in said(parsed)]
    source = list(blocks(parsed))
    for name, render in FORMATS.items():
        assert [uid for uid, _, _ in said(parse(render(source), name))] == uids, name
