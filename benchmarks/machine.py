"""The machine and the versions a measurement was made with."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("aiohttp", "sqlalchemy", "aiosqlite", "pydantic", "cryptography", "rasa-sdk")
_ROUNDS = 200_000


def machine(root: Path) -> dict[str, Any]:
    """Cores, memory, load and versions; `yardstick_ms` is a fixed piece of work, to compare machines by."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "model": max((root / "models").glob("engine-*.tar.gz"), key=lambda path: path.stat().st_mtime).name.partition(
            "."
        )[0],
        "load_before": load(),
        "yardstick_ms": yardstick_ms(),
    }


def load() -> float:
    """Processes that wanted a core in the last minute, on average."""
    return round(os.getloadavg()[0], 2)


def yardstick_ms() -> float:
    """The best of three runs of the same small piece of Python; it says how fast this core is now."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        digest = b""
        for _ in range(_ROUNDS):
            digest = hashlib.sha256(digest).digest()
        best = min(best, time.perf_counter() - start)
    return round(best * 1000, 1)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
