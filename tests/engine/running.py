"""A real engine and a fake action server to run it against."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".engine" / "bin" / "python"
TOKEN = "a-token-for-tests-only"
START_SECONDS = 120.0

Json = dict[str, Any]
Behaviour = Callable[[Json], web.Response]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def done(events: list[Json] | None = None, responses: list[Json] | None = None) -> web.Response:
    """What an action executor answers."""
    return web.json_response({"events": events or [], "responses": responses or []})


class Actions:
    """The app's side: answers every action as the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = free_port()
        self.calls: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.behaviour: Behaviour = lambda call: done()
        self.delay = 0.0
        self.most_at_once = 0
        self._running = 0
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def reset(self) -> None:
        self.calls.clear()
        self.headers.clear()
        self.behaviour = lambda call: done()
        self.delay = 0.0
        self.most_at_once = 0
        if self._runner is None:
            self.start()

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    async def _start(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/actions", self._run)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _run(self, request: web.Request) -> web.Response:
        call = await request.json()
        self.calls.append(call)
        self.headers.append(dict(request.headers))
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            await asyncio.sleep(self.delay)
            return self.behaviour(call)
        finally:
            self._running -= 1

    @property
    def names(self) -> list[str]:
        return [call["next_action"] for call in self.calls]

    def said(self, index: int = -1) -> list[str]:
        """What the person said so far, as one call's tracker has it."""
        return [event["text"] for event in self.calls[index]["tracker"]["events"] if event["event"] == "user"]


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Engine:
    """A client of a running engine."""

    port: int
    log: Path

    def call(
        self, method: str, path: str, body: Any = None, *, authorization: str | None = f"Bearer {TOKEN}"
    ) -> Answer:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            connection.putrequest(method, path)
            for name, value in headers.items():
                connection.putheader(name, value)
            if authorization is not None:
                connection.putheader("Authorization", authorization.encode("utf-8"))
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders()
            if data is not None:
                connection.send(data)
            response = connection.getresponse()
            text = response.read().decode()
            try:
                parsed: Any = json.loads(text)
            except ValueError:
                parsed = text
            return Answer(response.status, parsed, {name.lower(): value for name, value in response.getheaders()})
        finally:
            connection.close()

    def turn(self, text: str, sender: str, *, turn: str = "t-1", **context: str | None) -> Answer:
        body = {"sender": sender, "turn": turn, "text": text, "context": {"expects": None, "flow": None, **context}}
        return self.call("POST", "/webhooks/door/turn", body)

    def parse(self, *texts: str) -> list[Json]:
        results: list[Json] = []
        for start in range(0, len(texts), 64):
            answer = self.call("POST", "/webhooks/door/parse", {"texts": list(texts[start : start + 64])})
            assert answer.status == 200, answer.body
            results += answer.body["results"]
        return results


def environment(actions_port: int, token: str = TOKEN) -> dict[str, str]:
    return {
        **os.environ,
        "MINGSHI_ENGINE_TOKEN": token,
        "MINGSHI_ACTIONS_URL": f"http://127.0.0.1:{actions_port}/actions",
    }


def run_in_engine(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the engine's interpreter in the project folder."""
    defaults: dict[str, Any] = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 300}
    return subprocess.run([str(PYTHON), *arguments], **{**defaults, **options})


@contextmanager
def running_engine(model: Path, actions: Actions, log: Path) -> Iterator[Engine]:
    """An engine process that is ready; ended on leaving."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "nlu.inside_rasa.engine", "run", "--model", str(model), "--port", str(port)],
            cwd=ROOT,
            env=environment(actions.port),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        engine = Engine(port, log)
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    if engine.call("GET", "/webhooks/door/ready").status == 200:
                        break
                except OSError:
                    pass
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the engine did not start:\n{log.read_text()}")
                time.sleep(0.2)
            yield engine
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
