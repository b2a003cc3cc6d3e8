"""Several people at once: how many turns a second the product handles."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from typing import Any

import aiohttp

from benchmarks.stack import Stack
from benchmarks.talk import Talk
from benchmarks.turns import AT_NAME, percentile
from benchmarks.usage import cpu_ms


async def together(stack: Stack, session: aiohttp.ClientSession, *, people: int, seconds: float) -> dict[str, Any]:
    """Everybody takes turns of all kinds, each the next as soon as the last is answered, for so many seconds."""
    talks = [await Talk.open(session, stack.url) for _ in range(people)]
    for talk in talks:
        await talk.reach_name()
    app, engine = cpu_ms(stack.app_pid), cpu_ms(stack.engine_pid)
    started = time.perf_counter()
    walls = [wall for each in await asyncio.gather(*(_busy(t, started + seconds) for t in talks)) for wall in each]
    passed = time.perf_counter() - started
    return {
        "people": people,
        "seconds": round(passed, 1),
        "turns": len(walls),
        "turns_a_second": round(len(walls) / passed, 1),
        "median_ms": round(statistics.median(walls), 1),
        "p95_ms": round(percentile(walls, 95), 1),
        "app_cores": round((cpu_ms(stack.app_pid) - app) / passed / 1000, 2),
        "engine_cores": round((cpu_ms(stack.engine_pid) - engine) / passed / 1000, 2),
    }


async def _busy(talk: Talk, until: float) -> list[float]:
    walls = []
    for _kind, act in itertools.cycle(AT_NAME):
        started = time.perf_counter()
        if started >= until:
            break
        await act(talk)
        walls.append((time.perf_counter() - started) * 1000)
    return walls
