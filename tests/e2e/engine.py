"""A dialogue engine that the tests start, break and kill, and relays that see what goes to it and comes from it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.engine_process import engine_python, trained_model
from tests.e2e.product import ENGINE_TOKEN, ROOT, free_port, until

Break = Callable[[bytes], Awaitable[web.Response | None]]


class Relay:
    """A server between two parts of the product: hands every request on and keeps what went through.

    Args:
        target: where requests go, without a path; changed when the other side moves.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.port = free_port()
        self.seen: list[bytes] = []
        self.instead: Break | None = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._start())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]

    async def _start(self) -> None:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append(body)
        if self.instead is not None and (answer := await self.instead(body)) is not None:
            return answer
        headers = {n: v for n, v in request.headers.items() if n in {"Authorization", "Content-Type"}}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(
                    request.method, f"{self.target}{request.path_qs}", data=body, headers=headers
                ) as response,
            ):
                answered = await response.read()
                self.seen.append(answered)
                return web.Response(body=answered, status=response.status, content_type=response.content_type)
        except aiohttp.ClientError:
            # As if nobody were there.
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=502)


@dataclass
class OwnEngine:
    """An engine process of the tests. `actions`: where it calls the app's actions, through a relay."""

    log: Path
    actions: Relay
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        variables = {
            **os.environ,
            "MINGSHI_ENGINE_TOKEN": ENGINE_TOKEN,
            "MINGSHI_ACTIONS_URL": f"{self.actions.url}/engine/actions",
            "PYTHONPATH": str(ROOT),
        }
        command = [
            str(engine_python()), "-m", "nlu.inside_rasa.engine", "run",
            "--model", str(trained_model()), "--port", str(self.port),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT)
        until(self._ready, "the engine starts")

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/webhooks/door/ready", headers={"Authorization": f"Bearer {ENGINE_TOKEN}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)


@dataclass
class Bench:
    """An engine between two relays. An app uses it with `settings`, and has `serve` told where it listens."""

    engine: OwnEngine
    to_engine: Relay
    to_app: Relay

    @property
    def settings(self) -> dict[str, object]:
        return {"ENGINE__URL": self.to_engine.url, "ENGINE__TOKEN": ENGINE_TOKEN}

    def serve(self, url: str) -> None:
        """Send the actions to the app at `url`, nothing broken and nothing seen yet."""
        self.engine.start()
        self.to_app.target = url
        for relay in (self.to_engine, self.to_app):
            relay.instead = None
            relay.seen.clear()


def action_named(body: bytes) -> str:
    """The action an engine calls."""
    name: str = json.loads(body)["next_action"]
    return name
