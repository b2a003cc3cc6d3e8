"""Settings as the commands show and refuse them, and how any failure is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


def test_config_shows_what_is_in_effect_by_the_names_of_the_environment(mingshi: Run, home: Path) -> None:
    effective = mingshi("config", "--json", PORT="8123", PUBLIC_URL="https://a.example/").json
    assert effective["MINGSHI_PORT"] == 8123
    assert effective["MINGSHI_PUBLIC_URL"] == "https://a.example"
    assert effective["MINGSHI_DATABASE_URL"] == f"sqlite:///{home}/mingshi.db"
    assert effective["MINGSHI_TELEGRAM__MODE"] == "polling"
    assert all(name.startswith("MINGSHI_") for name in effective)
    assert "MINGSHI_TELEGRAM__MODE" in mingshi("config").out


def test_config_hides_every_secret(mingshi: Run) -> None:
    secrets = {
        "TELEGRAM__TOKEN": "123456789:canary-telegram-token-of-the-test",
        "TELEGRAM__WEBHOOK_SECRET": "canary-webhook",
        "ENGINE__TOKEN": "canary-engine",
        "DATABASE_URL": "postgresql://user:canary-database@127.0.0.1/x",
    }
    for arguments in (("config",), ("config", "--json")):
        shown = mingshi(*arguments, **secrets)
        assert shown.code == 0
        assert "canary" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PORT": "http"}, "MINGSHI_PORT"),
        ({"ENGINE__TIMEOUT": "-1"}, "MINGSHI_ENGINE__TIMEOUT"),
        ({"DEV": "1", "HOST": "0.0.0.0"}, "MINGSHI_DEV"),
        ({"TELEGRAM__MODE": "webhook", "TELEGRAM__TOKEN": "1:canary"}, "MINGSHI_TELEGRAM__WEBHOOK_SECRET"),
    ],
)
def test_a_wrong_setting_ends_with_2_and_its_name(mingshi: Run, settings: dict[str, str], named: str) -> None:
    outcome = mingshi("config", **settings)
    assert (outcome.code, outcome.out) == (2, "")
    assert named in outcome.err
    assert "canary" not in outcome.err


@pytest.mark.parametrize("url", ["mysql://localhost/x", "no url", "postgresql://user:canary@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_used_is_told_in_one_line(mingshi: Run, url: str) -> None:
    for arguments in (("agreements", "key", "--platform", "xiaohe"), ("ledger", "verify"), ("agreements", "list")):
        outcome = mingshi(*arguments, DATABASE_URL=url)
        assert (outcome.code, outcome.out) == (1, "")
        assert "MINGSHI_DATABASE_URL" in outcome.err
        assert "canary" not in outcome.err
        assert len(outcome.err.splitlines()) == 1


def test_a_home_that_is_a_file_is_told_in_one_line(mingshi: Run, home: Path) -> None:
    home.write_text("")
    outcome = mingshi("agreements", "list")
    assert outcome.code == 1
    assert str(home) in outcome.err
    assert "Traceback" not in outcome.err


def test_the_app_alone_needs_an_engine(mingshi: Run) -> None:
    outcome = mingshi("app")
    assert outcome.code == 1
    assert "MINGSHI_ENGINE__URL" in outcome.err


def test_a_telegram_token_that_is_none_is_refused_before_anything_starts(mingshi: Run, home: Path) -> None:
    outcome = mingshi("run", TELEGRAM__TOKEN="canary without a colon")
    assert outcome.code == 1
    assert "MINGSHI_TELEGRAM__TOKEN" in outcome.err
    assert "canary" not in outcome.err
    assert not home.exists()


def test_every_command_has_its_help(mingshi: Run) -> None:
    from typer.main import get_command

    from bot.cli.main import app

    def walk(command: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        inner = getattr(command, "commands", {})
        return [path, *(found for name, each in inner.items() for found in walk(each, (*path, name)))]

    paths = walk(get_command(app), ())
    assert ("agreements", "parse") in paths
    assert ("receipt", "verify") in paths
    for path in paths:
        outcome = mingshi(*path, "--help")
        assert outcome.code == 0
        assert "Usage" in outcome.out
        assert len(outcome.out.split("\n\n")[1].strip()) > 10, f"{path} does not say what it does"


def test_it_runs_as_a_module_and_json_stands_alone_on_standard_output(home: Path) -> None:
    command = [sys.executable, "-m", "bot", "agreements", "list", "--platform", "xiaohe", "--json"]
    environment = {"MINGSHI_HOME": str(home), "MINGSHI_LOG_LEVEL": "debug", "LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0
    assert done.stdout.decode().startswith('[{"id": ')
    assert done.stdout.count(b"\n") == 1
    assert "第1版" in done.stdout.decode()
