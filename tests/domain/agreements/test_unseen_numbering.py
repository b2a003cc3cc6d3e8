"""The parser infers a numbering it has never met, and says so where it cannot."""

from __future__ import annotations

import pytest

from domain.agreements import parse

from .unseen import SAMPLES, Sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_tree_of_an_unseen_numbering_is_the_one_a_reader_sees(sample: Sample) -> None:
    parsed = parse(sample.source.encode(), "sample.md")
    uids = [clause.uid for clause in parsed.walk() if clause.uid != "preamble"]
    assert uids == sample.uids.split(), parsed.warnings
    for words in sample.warns:
        assert any(words in warning for warning in parsed.warnings), parsed.warnings
    if not sample.warns:
        assert parsed.warnings == ()
