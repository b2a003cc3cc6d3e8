"""Runs the checks of `inside` in the engine's interpreter, and reports each as a test of its own."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.engine.running import run_in_engine

CHECKS = [
    node.name
    for node in ast.parse(Path(__file__).with_name("inside.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
]


@pytest.fixture(scope="module")
def report() -> dict[str, str | None]:
    ran = run_in_engine("-m", "tests.engine.inside")
    assert ran.returncode == 0, ran.stderr
    result: dict[str, str | None] = json.loads(ran.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("check", CHECKS)
def test_inside(report: dict[str, str | None], check: str) -> None:
    assert report[check] is None, report[check]
