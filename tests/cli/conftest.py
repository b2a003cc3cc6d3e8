"""Commands as a person runs them: in this process where that tells the same, with a home of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.settings import Settings


class Outcome:
    """What a command left: its exit code and what it printed where."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The documents on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def mingshi(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command: `mingshi("agreements", "list", "--json", stdin=b"", PORT="1")`."""
    for name in [name for name in os.environ if name.startswith("MINGSHI_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object, stdin: bytes = b"", **settings: object) -> Outcome:
        environment = {f"MINGSHI_{name}": str(value) for name, value in {"HOME": home, **settings}.items()}
        result = CliRunner().invoke(app, [str(each) for each in arguments], input=stdin, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    """A small agreement in a file."""
    file = tmp_path / "邻里帮.md"
    file.write_text(AGREEMENT, "utf-8")
    return file


AGREEMENT = """# 邻里帮用户协议

欢迎使用邻里帮。

## 1、总则

1.1 您点击“同意”，本协议就成立。

1.2 平台可以做下面的事：

(1) 给您发广告；

(2) 把您的手机号交给合作方。

## 2、费用

2.1 会员费每年 30 元，**已经交的费用概不退还**。
"""
