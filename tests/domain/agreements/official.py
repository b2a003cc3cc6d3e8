"""The platforms' official texts, which stand beside the repository and never in it."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "agreements"
NAMES = ("rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong")


def official(name: str) -> Path:
    """The path of an official text; the test is skipped when it is not on this machine."""
    path = FOLDER / f"{name}.txt"
    if not path.is_file():
        pytest.skip(f"the official text of {name} is not on this machine")
    return path
