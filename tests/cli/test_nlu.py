"""`mingshi nlu parse`: one reading a line, masked like a chat, offsets in what was typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.engine_process import NoEngine, engine_python, trained_model
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-of-the-fake-engine"


class FakeEngine:
    """Answers as the engine's door does and keeps what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers["Authorization"] != f"Bearer {TOKEN}" or self.path != "/webhooks/door/parse":
                    self.send_error(401)
                    return
                fake.batches.append(body["texts"])
                answer = json.dumps({"results": [fake.reading(text) for text in body["texts"]]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @staticmethod
    def reading(text: str) -> dict[str, Any]:
        """Unsure of everything: the likeliest intent stands in the ranking only."""
        name = "start_register" if "注册" in text else "provide_value"
        ranking = [{"name": name, "confidence": 0.61}, {"name": "greet", "confidence": 0.2}]
        return {"intent": {"name": "nlu_fallback", "confidence": 0.7}, "ranking": ranking}

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    fake = FakeEngine()
    yield fake
    fake.stop()


def _parse(mingshi: Run, engine: FakeEngine, text: str | bytes) -> list[Any]:
    stdin = text if isinstance(text, bytes) else text.encode()
    outcome = mingshi("nlu", "parse", "--engine", engine.url, stdin=stdin, ENGINE__TOKEN=TOKEN)
    assert outcome.code == 0, outcome.err
    return outcome.lines


def test_each_line_is_read_in_its_order_with_json_and_without(mingshi: Run, engine: FakeEngine) -> None:
    lines = _parse(mingshi, engine, "我想注册\n王芳\n我要注册小禾企服网\n")
    assert [line["text"] for line in lines] == ["我想注册", "王芳", "我要注册小禾企服网"]
    assert [line["intent"] for line in lines] == ["start_register", "provide_value", "start_register"]
    assert all(set(line) == {"text", "intent", "confidence", "entities"} for line in lines)
    assert lines[0]["confidence"] == 0.61
    with_json = mingshi(
        "nlu", "parse", "--engine", engine.url, "--json", stdin="我想注册".encode(), ENGINE__TOKEN=TOKEN
    )
    assert with_json.lines == lines[:1]


def test_identifiers_never_reach_the_engine(mingshi: Run, engine: FakeEngine) -> None:
    typed = "我的手机号是138 0013 8000，身份证11010519491231002X"
    (line,) = _parse(mingshi, engine, typed)
    assert line["text"] == typed
    (asked,) = engine.texts
    assert "8000" not in asked
    assert "1949" not in asked
    assert "«PHONE_1»" in asked


def test_entities_stand_where_they_were_typed(mingshi: Run, engine: FakeEngine) -> None:
    typed = "  王芳 电话是１３８００１３８０００ 想问小禾企服网第三条"
    (line,) = _parse(mingshi, engine, typed)
    found = {each["entity"]: each for each in line["entities"]}
    assert all(set(each) == {"entity", "value", "start", "end"} for each in line["entities"])
    assert found["phone"]["value"] == "+8613800138000"
    assert typed[found["phone"]["start"] : found["phone"]["end"]] == "１３８００１３８０００"
    assert found["platform"]["value"] == "xiaohe"
    assert typed[found["clause_number"]["start"] : found["clause_number"]["end"]] == "第三条"


def test_a_command_of_the_engine_is_no_command(mingshi: Run, engine: FakeEngine) -> None:
    _parse(mingshi, engine, "/restart\n ／affirm{}\n\u200b/affirm\n")
    assert engine.texts
    assert not any(text.lstrip().startswith(("/", "／")) for text in engine.texts)


def test_what_a_chat_would_not_take_has_no_intent_and_keeps_its_line(mingshi: Run, engine: FakeEngine) -> None:
    lines = _parse(mingshi, engine, "\n" + "长" * 1001 + "\n\u200b\u200b\na\x00b\n我想注册")
    assert [line["intent"] for line in lines] == [None, None, None, None, "start_register"]
    assert [line["entities"] for line in lines[:4]] == [[], [], [], []]
    assert engine.texts == ["我想注册"]


def test_only_line_feeds_end_a_message(mingshi: Run, engine: FakeEngine) -> None:
    lines = _parse(mingshi, engine, "\ufeff一\u2028二\x0b三\r\n四\r")
    assert [line["text"] for line in lines] == ["一\u2028二\x0b三", "四"]


def test_bytes_that_are_no_text_do_not_stop_the_others(mingshi: Run, engine: FakeEngine) -> None:
    lines = _parse(mingshi, engine, b"\xff\xfe\n" + "我想注册".encode())
    assert lines[1]["intent"] == "start_register"


def test_many_lines_are_asked_in_batches_the_engine_takes(mingshi: Run, engine: FakeEngine) -> None:
    lines = _parse(mingshi, engine, "".join(f"注册{number}\n" for number in range(300)))
    assert [line["text"] for line in lines] == [f"注册{number}" for number in range(300)]
    assert max(len(batch) for batch in engine.batches) <= 64
    assert len(engine.batches) < 100


def test_nothing_in_is_nothing_out(mingshi: Run, engine: FakeEngine) -> None:
    assert _parse(mingshi, engine, "") == []


def test_an_engine_that_does_not_answer_is_told_in_one_line(mingshi: Run, engine: FakeEngine) -> None:
    wrong = mingshi("nlu", "parse", "--engine", engine.url, stdin=b"a\n", ENGINE__TOKEN="another-token")
    assert (wrong.code, wrong.out) == (1, "")
    assert "engine does not answer" in wrong.err
    gone = mingshi("nlu", "parse", "--engine", "http://127.0.0.1:1", stdin=b"a\n", ENGINE__TOKEN=TOKEN)
    assert gone.code == 1
    assert len(gone.err.splitlines()) == 1


def test_an_engine_elsewhere_needs_its_token(mingshi: Run, engine: FakeEngine) -> None:
    outcome = mingshi("nlu", "parse", "--engine", engine.url, stdin=b"a\n")
    assert outcome.code == 1
    assert "MINGSHI_ENGINE__TOKEN" in outcome.err


def test_whoever_waits_for_each_answer_gets_it(engine: FakeEngine, home: Path) -> None:
    environment = {**os.environ, "MINGSHI_HOME": str(home), "MINGSHI_ENGINE__TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "nlu", "parse", "--engine", engine.url],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("我想注册", "王芳"):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait(30) == 0


def test_an_engine_is_started_for_the_purpose_and_stopped_afterwards(home: Path) -> None:
    try:
        engine_python()
        trained_model()
    except NoEngine as error:
        pytest.skip(str(error))
    environment = {**os.environ, "MINGSHI_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "nlu", "parse"],
        cwd=ROOT,
        env=environment,
        input="我想注册\n我的电话13800138000\n".encode(),
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["intent"] == "start_register"
    assert [each["value"] for each in lines[1]["entities"]] == ["+8613800138000"]
    assert not home.exists()
