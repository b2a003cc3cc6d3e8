"""A value found in a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A canonical value and where it stands in the text as typed: `typed[start:end]`."""

    value: str
    start: int
    end: int
