"""Which reasons for refusing a value can reach a person: read from the source of the checks themselves."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import domain.identifiers
from domain.identifiers.problems import Problem

_HOME = Path(domain.identifiers.__file__).parent
# What no field of a registration uses.
_OTHERS = {"dates.py", "amounts.py", "case_numbers.py", "ages.py", "clause_numbers.py", "problems.py", "entities.py"}


@functools.cache
def field_problems() -> tuple[str, ...]:
    """Every code that checking a field, a code or the page can give."""
    named = {
        name
        for file in _HOME.glob("*.py")
        if file.name not in _OTHERS
        for name in re.findall(r"Problem\.([A-Z_]+)", file.read_text())
    }
    return tuple(sorted(Problem[name].value for name in named))
