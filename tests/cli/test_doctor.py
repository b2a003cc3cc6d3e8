"""`mingshi doctor`: each thing that can be wrong is named with its mend."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import domain.platforms
from bot.engine_process import free_port
from tests.cli.conftest import Run

TELEGRAM = "123456789:canary-token-of-the-tests-0123456789"


@contextmanager
def _server(answers: dict[str, tuple[int, Any]]) -> Iterator[int]:
    """A server on loopback that answers these paths."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def examine(mingshi: Run) -> Any:
    """The parts that `mingshi doctor --json` tells, by name, where one name can have several."""

    def run(**settings: object) -> dict[str, dict[str, Any]]:
        outcome = mingshi("doctor", "--json", **{"PORT": free_port(), **settings})
        told = outcome.json
        assert set(told) == {"ok", "parts"}
        assert told["ok"] is (outcome.code == 0) is all(part["ok"] for part in told["parts"])
        assert all(set(part) == {"part", "ok", "state", "mend"} for part in told["parts"])
        assert all(part["ok"] or part["mend"] for part in told["parts"])
        return {part["part"]: part for part in reversed(told["parts"])}

    return run


def test_a_new_home_has_nothing_wrong_and_stays_new(examine: Any, home: Path) -> None:
    parts = examine()
    for name in ("python", "platforms", "keys", "database", "ledger", "engine", "sms", "telegram", "port"):
        assert parts[name]["ok"], parts[name]
    assert not home.exists()


def test_a_home_in_use_is_looked_into(examine: Any, mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    parts = examine()
    assert parts["keys"]["ok"]
    assert parts["database"]["ok"]
    assert "schema" in parts["database"]["state"]
    assert parts["ledger"]["state"] == "5 entries verified"


def test_a_person_reads_what_is_wrong_and_the_mend(mingshi: Run) -> None:
    outcome = mingshi("doctor", ENGINE__URL="http://127.0.0.1:1")
    assert outcome.code == 1
    assert "wrong  engine" in outcome.out
    assert "mend: set MINGSHI_ENGINE__TOKEN" in outcome.out


def test_wrong_settings_are_a_part_that_is_wrong(mingshi: Run) -> None:
    outcome = mingshi("doctor", "--json", DEV="1", HOST="0.0.0.0")
    assert outcome.code == 1
    (part,) = outcome.json["parts"]
    assert part["part"] == "settings"
    assert "MINGSHI_DEV" in part["state"]


def test_keys_that_others_can_read(examine: Any, mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    (home / "keys.json").chmod(0o640)
    part = examine()["keys"]
    assert not part["ok"]
    assert "chmod 600" in part["state"]


def test_keys_that_are_lost_while_the_data_are_there(examine: Any, mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    (home / "keys.json").unlink()
    part = examine()["keys"]
    assert not part["ok"]
    assert "backup" in part["mend"]
    assert not (home / "keys.json").exists()


def test_a_schema_of_another_version(examine: Any, mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    with sqlite3.connect(home / "mingshi.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    part = examine()["database"]
    assert not part["ok"]
    assert "0000" in part["state"]


def test_a_ledger_that_was_tampered_with(examine: Any, mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    with sqlite3.connect(home / "mingshi.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger SET entry = replace(entry, 'sample', 'offici') WHERE platform_id = 'xiaohe'")
    part = examine()["ledger"]
    assert not part["ok"]
    assert "xiaohe entry 1" in part["state"]


def test_a_database_that_is_not_reachable(examine: Any) -> None:
    parts = examine(DATABASE_URL="postgresql://user:canary@127.0.0.1:1/x")
    assert not parts["database"]["ok"]
    assert not parts["ledger"]["ok"]
    assert "canary" not in str(parts)


def test_a_platform_that_is_broken(examine: Any, tmp_path: Path) -> None:
    shutil.copytree(Path(domain.platforms.__file__).parent / "xiaohe", tmp_path / "extra" / "xiaohe")
    (tmp_path / "extra" / "xiaohe" / "cards.yml").write_text("[]")
    part = examine(PLATFORMS=tmp_path / "extra")["platforms"]
    assert not part["ok"]
    assert "xiaohe" in part["state"]


def test_a_port_that_something_else_holds(examine: Any) -> None:
    with _server({}) as port:
        part = examine(PORT=port)["port"]
    assert not part["ok"]
    assert "MINGSHI_PORT" in part["mend"]


def test_a_port_the_app_itself_holds_is_right(examine: Any) -> None:
    with _server({"/healthz": (200, {"ok": True})}) as port:
        part = examine(PORT=port)["port"]
    assert part["ok"]
    assert "running" in part["state"]


def test_an_engine_elsewhere_has_to_be_ready(examine: Any) -> None:
    with _server({"/webhooks/door/ready": (200, {"ready": True})}) as port:
        assert examine(ENGINE__URL=f"http://127.0.0.1:{port}", ENGINE__TOKEN="x" * 20)["engine"]["ok"]
    assert not examine(ENGINE__URL=f"http://127.0.0.1:{free_port()}", ENGINE__TOKEN="x" * 20)["engine"]["ok"]
    assert "TOKEN" in examine(ENGINE__URL="http://127.0.0.1:1")["engine"]["mend"]


def test_a_public_address_without_tls_and_a_courier_that_sends_nothing(examine: Any) -> None:
    parts = examine(PUBLIC_URL="http://mingshi.example")
    assert not parts["public address"]["ok"]
    assert not parts["sms"]["ok"]
    assert examine(PUBLIC_URL="https://mingshi.example")["public address"]["ok"]


def test_a_telegram_token_is_tried(examine: Any) -> None:
    with _server({f"/bot{TELEGRAM}/getMe": (200, {"ok": True})}) as port:
        api = f"http://127.0.0.1:{port}"
        assert examine(TELEGRAM__TOKEN=TELEGRAM, TELEGRAM__API_BASE=api)["telegram"]["ok"]
        refused = examine(TELEGRAM__TOKEN=TELEGRAM + "x", TELEGRAM__API_BASE=api)["telegram"]
        assert "refused" in refused["state"]
        assert "canary" not in str(refused)
    assert "look like" in examine(TELEGRAM__TOKEN="no token")["telegram"]["state"]
    unreachable = examine(TELEGRAM__TOKEN=TELEGRAM, TELEGRAM__API_BASE="http://127.0.0.1:1")["telegram"]
    assert "cannot be reached" in unreachable["state"]
    webhook = {"TELEGRAM__TOKEN": TELEGRAM, "TELEGRAM__MODE": "webhook", "TELEGRAM__WEBHOOK_SECRET": "s3cret"}
    assert "https" in examine(**webhook)["telegram"]["state"]


def test_the_engines_environment_and_model_are_looked_at(
    examine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from bot.cli import checks
    from bot.engine_process import NoEngine

    def missing() -> Path:
        raise NoEngine("the engine's environment .engine is missing: run `make setup`")

    monkeypatch.setattr(checks, "engine_python", missing)
    part = examine()["engine environment"]
    assert not part["ok"]
    assert "make setup" in part["mend"]

    python = tmp_path / "python"
    monkeypatch.setattr(checks, "engine_python", lambda: python)
    for told, name, state in (
        ("3.10 3.6.21 0123456789ab", "model", "older"),
        ("3.11 1.10.2 0123456789ab", "engine environment", "1.10.2"),
        ("", "engine environment", "incomplete"),
    ):
        python.write_text(f"#!/bin/sh\necho {told}\n")
        python.chmod(0o755)
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / "engine-aaaaaaaaaaaa.tar.gz").touch()
        monkeypatch.setattr(checks, "ROOT", tmp_path)
        part = examine()[name]
        assert not part["ok"]
        assert state in part["state"]
    (tmp_path / "models" / "engine-0123456789ab.tar.gz").touch()
    python.write_text("#!/bin/sh\necho 3.10 3.6.21 0123456789ab\n")
    parts = examine()
    assert parts["model"]["ok"]
    assert parts["engine environment"]["ok"]
