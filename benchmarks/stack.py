"""The whole product in processes of its own: a temporary home, free ports, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.usage import children

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
# Nobody types this fast: the limits that protect people would measure themselves.
_NO_LIMIT = "1000000"


class DidNotStart(Exception):
    """The product ended or was not ready in time; the text is the end of what it wrote."""


@dataclass(frozen=True)
class Stack:
    """A running product.

    Args:
        app_ready_s, engine_ready_s: seconds from the start of the process until the app answered with its
            database open, and until the engine had loaded its model.
    """

    url: str
    app_pid: int
    engine_pid: int
    app_ready_s: float
    engine_ready_s: float


@asynccontextmanager
async def running(home: Path, database_url: str | None = None) -> AsyncIterator[Stack]:
    """`mingshi run` with this home (an existing folder), ready; ended on leaving.

    Raises:
        DidNotStart: it was not ready within 90 seconds.
    """
    port, engine_port = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MINGSHI_", "PYTHON"))}
    environment |= {
        "MINGSHI_HOME": str(home),
        "MINGSHI_PORT": str(port),
        "MINGSHI_ENGINE__PORT": str(engine_port),
        "MINGSHI_DEV": "1",
        "MINGSHI_LOG_LEVEL": "warning",
        "MINGSHI_MESSAGES_A_MINUTE": _NO_LIMIT,
        "MINGSHI_CONVERSATIONS_A_MINUTE": _NO_LIMIT,
    }
    if database_url is not None:
        environment["MINGSHI_DATABASE_URL"] = database_url
    log = home / "output.log"
    started = time.perf_counter()
    process = _launch(environment, log)
    try:
        url = f"http://127.0.0.1:{port}"
        app_ready, engine_ready = await _ready(url, process, log, started)
        yield Stack(url, process.pid, children(process.pid)[0], app_ready, engine_ready)
    finally:
        _stop(process)


def _launch(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _ready(url: str, process: subprocess.Popen[bytes], log: Path, started: float) -> tuple[float, float]:
    app_ready: float | None = None
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        while True:
            passed = time.perf_counter() - started
            try:
                async with session.get(f"{url}/readyz") as response:
                    passed = time.perf_counter() - started
                    state = await response.json()
                app_ready = app_ready or passed
                if state["engine"]:
                    return app_ready, passed
            except (aiohttp.ClientConnectionError, TimeoutError):
                pass
            if process.poll() is not None or passed > _START_SECONDS:
                raise DidNotStart(_end_of(log))
            await asyncio.sleep(_POLL_SECONDS)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The group is the app's own: the engine it started is in it, and nothing else.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
