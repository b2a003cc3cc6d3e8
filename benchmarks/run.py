"""`python -m benchmarks.run`: measure everything, print tables, stop and clean up."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy.engine import make_url

from benchmarks import load, parts, turns
from benchmarks.database import NotEmpty, clear, require_empty
from benchmarks.machine import load as load_average
from benchmarks.machine import machine
from benchmarks.report import show
from benchmarks.stack import ROOT, DidNotStart, Stack, running
from benchmarks.talk import WentWrong
from benchmarks.usage import rss_mb

_REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Size:
    """How much is measured, and after how many seconds the whole is given up."""

    turns: int
    cards: int
    late: int
    people: int
    seconds: float
    rows: int
    limit: float


_FULL = Size(turns=420, cards=100, late=400, people=8, seconds=20.0, rows=10_000, limit=600.0)
_QUICK = Size(turns=120, cards=30, late=100, people=8, seconds=5.0, rows=2_000, limit=300.0)
_EARLY = 10
_WINDOW = 20


async def measure(size: Size, home: Path, database_url: str | None) -> dict[str, Any]:
    """Every figure.

    Raises:
        DidNotStart, WentWrong: there is nothing to measure.
        TimeoutError: it took longer than the size allows.
    """
    results: dict[str, Any] = {
        "machine": machine(ROOT),
        "database": make_url(database_url).get_backend_name() if database_url else "sqlite",
    }
    async with asyncio.timeout(size.limit):
        await asyncio.to_thread(_compile)
        _tell("starting the product")
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with running(home, database_url) as stack, aiohttp.ClientSession(timeout=timeout) as session:
            starts = {"first start": _start(stack)}
            fresh = _memory(stack)
            _tell("one person, turn by turn")
            samples = await turns.take_turns(stack, session, turns=size.turns, cards=size.cards)
            results["turns"] = turns.by_kind(samples)
            results["length"] = {
                "early": _EARLY,
                "late": size.late,
                "kinds": turns.early_and_late(samples, early=_EARLY, late=size.late, window=_WINDOW),
            }
            _tell("several people at once")
            results["together"] = await load.together(stack, session, people=size.people, seconds=size.seconds)
            results["memory"] = {
                **{f"{name} after start": value for name, value in fresh.items()},
                **{f"{name} after the run": value for name, value in _memory(stack).items()},
            }
        _tell("a second start")
        async with running(home, database_url) as stack:
            starts["start on these data"] = _start(stack)
        results["starts"] = starts
        results["memory"] |= _disk(home)
        _tell("parts by themselves")
        results["parts"] = {
            "agreement": await asyncio.to_thread(parts.agreements),
            "ledger": await parts.ledger(home / "ledger", size.rows),
            "argon2": await asyncio.to_thread(parts.passwords),
        }
    results["machine"]["load_after"] = load_average()
    return results


def _tell(what: str) -> None:
    print(f"benchmarks: {what}", file=sys.stderr, flush=True)


def _start(stack: Stack) -> dict[str, float]:
    return {"app_ready_s": round(stack.app_ready_s, 2), "engine_ready_s": round(stack.engine_ready_s, 2)}


def _memory(stack: Stack) -> dict[str, float]:
    return {"app_mb": round(rss_mb(stack.app_pid)), "engine_mb": round(rss_mb(stack.engine_pid))}


def _disk(home: Path) -> dict[str, float]:
    files = [home / "mingshi.db", home / "heads.jsonl"]
    return {f"{path.name}_kb": round(path.stat().st_size / 1024) for path in files if path.exists()}


def _compile() -> None:
    """Byte code of the app, so that a start is measured as it is from the second one on."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", "import bot.app, bot.cli.main"], cwd=ROOT, env=environment, check=True)


async def _run(size: Size, database_url: str | None) -> dict[str, Any]:
    if database_url is None:
        with tempfile.TemporaryDirectory(prefix="mingshi-bench-") as home:
            return await measure(size, Path(home), None)
    await require_empty(database_url)
    try:
        with tempfile.TemporaryDirectory(prefix="mingshi-bench-") as home:
            return await measure(size, Path(home), database_url)
    finally:
        await clear(database_url)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure the running product.")
    parser.add_argument("--quick", action="store_true", help="fewer turns: a minute instead of three")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--database-url", metavar="URL", help="an empty database instead of SQLite; emptied afterwards")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops it, what it started ends with it
    try:
        results = asyncio.run(_run(_QUICK if options.quick else _FULL, options.database_url))
    except (DidNotStart, NotEmpty, TimeoutError, WentWrong) as error:
        print(f"benchmarks: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json is not None:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
