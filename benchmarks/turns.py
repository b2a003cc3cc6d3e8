"""One person at a time: what a turn of each kind takes, early and late in a conversation."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.stack import Stack
from benchmarks.talk import NAME, Talk
from benchmarks.usage import cpu_ms

# After the reply the worker lets go of the conversation: that work belongs to the turn, too.
_SETTLE_SECONDS = 0.02

Step = tuple[str, Callable[[Talk], Awaitable[None]]]

# Round and round at the question for a name: each kind of turn comes back to where it can be had again.
AT_NAME: tuple[Step, ...] = (
    ("expected answer", lambda talk: talk.say(NAME)),
    ("button", lambda talk: talk.press("上一步")),
    ("free text, why", lambda talk: talk.say("为什么要填这个呀")),
    ("free text, clause question", lambda talk: talk.say("打官司要去哪个法院")),
)
AT_CARDS: tuple[Step, ...] = (
    ("button, clause card", lambda talk: talk.press("上一张")),
    ("button, clause card", lambda talk: talk.press("我已了解")),
)


@dataclass(frozen=True)
class Sample:
    """One turn. `number` counts the turns of its conversation from 1; times in milliseconds."""

    number: int
    kind: str
    wall: float
    app_cpu: float
    engine_cpu: float


async def take_turns(stack: Stack, session: aiohttp.ClientSession, *, turns: int, cards: int) -> list[Sample]:
    """One conversation of `turns` turns at the question for a name, and one of `cards` among the clause cards."""
    samples = []
    for steps, reach, number in ((AT_NAME, Talk.reach_name, turns), (AT_CARDS, Talk.reach_cards, cards)):
        for warming in (True, False):  # dictionaries, statements and cards are read on first use
            talk = await Talk.open(session, stack.url)
            await reach(talk)
            taken = await _rounds(stack, talk, steps, len(steps) if warming else number)
        samples += taken
    return samples


def by_kind(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of the wall time, and mean CPU (the kernel's steps are too coarse for a median)."""
    kinds = dict.fromkeys(sample.kind for sample in samples)
    return {kind: _figures([sample for sample in samples if sample.kind == kind]) for kind in kinds}


def early_and_late(samples: Sequence[Sample], *, early: int, late: int, window: int) -> dict[str, dict[str, Any]]:
    """Each kind in the `window` turns from number `early` on, and from `late` on, of the same conversation."""
    found: dict[str, dict[str, Any]] = {}
    for kind in (name for name, _ in AT_NAME):
        near = {
            name: [s for s in samples if s.kind == kind and 0 <= s.number - number < window]
            for name, number in (("early", early), ("late", late))
        }
        found[kind] = {name: _figures(chosen) for name, chosen in near.items()}
    return found


async def _rounds(stack: Stack, talk: Talk, steps: Sequence[Step], turns: int) -> list[Sample]:
    samples = []
    for number in range(1, turns + 1):
        kind, act = steps[(number - 1) % len(steps)]
        app, engine = cpu_ms(stack.app_pid), cpu_ms(stack.engine_pid)
        started = time.perf_counter()
        await act(talk)
        wall = (time.perf_counter() - started) * 1000
        await asyncio.sleep(_SETTLE_SECONDS)
        samples.append(Sample(number, kind, wall, cpu_ms(stack.app_pid) - app, cpu_ms(stack.engine_pid) - engine))
    return samples


def _figures(samples: Sequence[Sample]) -> dict[str, float]:
    wall = [sample.wall for sample in samples]
    return {
        "turns": len(samples),
        "median_ms": round(statistics.median(wall), 1),
        "p95_ms": round(percentile(wall, 95), 1),
        "app_cpu_ms": round(statistics.fmean(sample.app_cpu for sample in samples), 1),
        "engine_cpu_ms": round(statistics.fmean(sample.engine_cpu for sample in samples), 1),
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
