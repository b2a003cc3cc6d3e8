"""The product as it is installed: `mingshi run` in a process of its own, with a home of its own."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from domain import Domain, Keyring
from domain.ambient import SystemChance
from domain.platforms import Platforms, load_platforms

ROOT = Path(__file__).resolve().parents[2]
MINGSHI = ROOT / ".venv" / "bin" / "mingshi"
ENGINE_TOKEN = "engine-token-of-the-tests"
START_SECONDS = 90.0


def free_port() -> int:
    """A port nobody listens on, below those the kernel gives to outgoing connections: it stays free over a restart."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """What a process of the product sees: of Mingshi's own variables only these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MINGSHI_")}
    return {**inherited, **{f"MINGSHI_{name}": str(value) for name, value in settings.items()}}


def until(true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait for something another process does. Raises AssertionError with `what` when it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.05)


def get_json(port: int, path: str) -> Any:
    """The JSON at a path of a server on this machine, or None while nobody answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return json.load(connection.getresponse())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@functools.cache
def platforms(extra: object = None) -> Platforms:
    """The platforms' data, read once: no test changes a folder it has used."""
    return load_platforms(extra if isinstance(extra, Path) else None)


class Home:
    """A home folder, its settings, and the domain opened on it beside or without the running app.

    Args:
        settings: without the prefix MINGSHI_.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.log = folder.parent / f"{folder.name}.log"
        self.settings: dict[str, object] = {
            "HOME": folder,
            "PORT": self.port,
            "DEV": 1,
            "MESSAGES_A_MINUTE": 100_000,
            "CONVERSATIONS_A_MINUTE": 100_000,
            **settings,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.settings)

    def is_up(self) -> bool:
        return bool(get_json(self.port, "/healthz") == {"ok": True})

    def understands(self) -> bool:
        """Whether the engine is ready too."""
        return (get_json(self.port, "/readyz") or {}).get("engine") is True

    @asynccontextmanager
    async def domain(self) -> AsyncIterator[Domain]:
        """The domain on this home's database, as a back office opens it beside the app."""
        url = str(self.settings.get("DATABASE_URL", f"sqlite:///{self.folder / 'mingshi.db'}"))
        keys = Keyring.load_or_create(self.folder / "keys.json", SystemChance())
        data = platforms(self.settings.get("PLATFORMS"))
        async with Domain.open(url, keys, heads=self.folder / "heads.jsonl", platforms=data) as domain:
            yield domain

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `mingshi` command on this home."""
        return subprocess.run(
            [MINGSHI, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120
        )

    def written(self) -> dict[str, bytes]:
        """Every file of the home and the log, as the bytes that are there."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder.parent)): path.read_bytes() for path in (*files, self.log)}


class Product(Home):
    """`mingshi run` on a home."""

    process: subprocess.Popen[bytes] | None = None

    def start(self, *, with_engine: bool) -> Product:
        """Begin and wait until it serves; `with_engine`: and until it understands sentences."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [MINGSHI, "run"],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(lambda: self._lives() and (self.understands() if with_engine else self.is_up()), "the product starts")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.log.read_text()}") from None
        return self

    def _lives(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError("the product ended")
        return True

    def children(self) -> list[int]:
        """The processes it started."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> None:
        """End it as a person or a service manager does; until then it must have lived."""
        assert self.process is not None
        assert self.process.poll() is None, f"ended by itself, {self.process.returncode}:\n{self.log.read_text()}"
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9: nothing can be tidied up."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
