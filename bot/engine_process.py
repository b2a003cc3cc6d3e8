"""Runs the dialogue engine as a child process in its own environment, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 5
_BACKOFF = (0.5, 1, 2, 5, 10, 30)


class NoEngine(Exception):
    """The engine's environment or its trained model is missing; the text names the mend."""


def trained_model(root: Path = ROOT) -> Path:
    """The newest model that `make setup` trained. Raises NoEngine."""
    models = sorted((root / "models").glob("engine-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise NoEngine("no trained model under models/: run `make setup`")
    return models[-1]


def engine_python(root: Path = ROOT) -> Path:
    python = root / ".engine" / "bin" / "python"
    if not python.exists():
        raise NoEngine("the engine's environment .engine is missing: run `make setup`")
    return python


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class EngineProcess:
    """Args:
    token: the bearer token both directions use.
    actions_url: where the engine calls the actions.
    """

    def __init__(self, *, port: int, token: str, actions_url: str, root: Path = ROOT) -> None:
        self._root = root
        self._port = port
        self._command()  # what is missing is said at once, not in a log later
        self._environment = {
            **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}},
            "MINGSHI_ENGINE_TOKEN": token,
            "MINGSHI_ACTIONS_URL": actions_url,
            "PYTHONPATH": str(root),
        }
        self._process: asyncio.subprocess.Process | None = None

    def _command(self) -> list[str]:
        """How to start it: with the newest model, which may be another one than last time. Raises NoEngine."""
        model, port = str(trained_model(self._root)), str(self._port)
        python = str(engine_python(self._root))
        return [python, "-m", "nlu.inside_rasa.engine", "run", "--model", model, "--port", port]

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def keep_alive(self) -> None:
        """Start it, and again whenever it ends, until cancelled; then stop it."""
        failures = 0
        try:
            while True:
                started = asyncio.get_running_loop().time()
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(),
                    cwd=self._root,
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=sys.stderr.fileno() if sys.stderr.isatty() else asyncio.subprocess.DEVNULL,
                    preexec_fn=_die_with_parent,
                )
                status = await self._process.wait()
                lived = asyncio.get_running_loop().time() - started
                failures = 0 if lived > 60 else failures + 1
                log.warning("engine ended", status=status, failures=failures)
                await asyncio.sleep(_BACKOFF[min(failures, len(_BACKOFF) - 1)])
        finally:
            await self.stop()

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def running(process: EngineProcess) -> AsyncIterator[EngineProcess]:
    task = asyncio.create_task(process.keep_alive(), name="engine process")
    try:
        yield process
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _die_with_parent() -> None:
    """On Linux: end the engine when the app is killed, so that no orphan keeps the port."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
