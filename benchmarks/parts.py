"""Single parts of the domain, measured inside this process."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain import Domain, Keyring
from domain.accounts.passwords import hash_password
from domain.agreements import key, parse
from domain.agreements.search import Searcher
from domain.ambient import SystemChance
from domain.platforms import load_platforms

_AGAIN = 5
_QUESTIONS = ("注销账号要多久", "你们收费吗", "出了事故平台赔不赔", "可以把我的信息给别人吗", "客服电话多少")
_TOGETHER = 200


def agreements() -> dict[str, dict[str, Any]]:
    """Parsing, judging and searching the longest of the samples, in milliseconds."""
    longest = max(load_platforms(), key=lambda platform: len(platform.sample_bytes))
    parsed = parse(longest.sample_bytes, "agreement.md")
    searcher = Searcher(parsed)
    for question in _QUESTIONS:
        searcher.ask(question)  # what is worked out once for an agreement
    return {
        "text": {
            "platform": longest.id,
            "characters": len(longest.sample_bytes.decode()),
            "clauses": sum(1 for _ in parsed.walk()),
        },
        "parse": _timed(lambda: parse(longest.sample_bytes, "agreement.md")),
        "key": _timed(lambda: key(parsed)),
        "index": _timed(lambda: Searcher(parsed)),
        "ask": _timed(lambda: [searcher.ask(question) for question in _QUESTIONS], each=len(_QUESTIONS)),
    }


async def ledger(home: Path, rows: int) -> dict[str, Any]:
    """Writing and verifying a chain of so many entries like those of a reading, on SQLite."""
    keys = Keyring.load_or_create(home / "keys.json", SystemChance())
    async with Domain.open(f"sqlite:///{home / 'ledger.db'}", keys, heads=home / "heads.jsonl") as domain:
        platform = next(iter(domain.platforms)).id
        clauses = [{"uid": f"三/3.{at}", "sha256": "0" * 64} for at in range(1, 4)]
        body = {"served": "benchmark", "clauses": clauses, "rendered_sha256": "0" * 64, "leaf": "benchmark"}
        before = (await domain.evidence.verify()).entries
        started = time.perf_counter()
        for first in range(before, rows, _TOGETHER):
            async with domain.transaction() as session:
                for _ in range(min(_TOGETHER, rows - first)):
                    await domain.parts.ledger.append(session, platform, "clause_shown", "benchmark", body)
        written = time.perf_counter() - started
        started = time.perf_counter()
        verdict = await domain.evidence.verify()
        passed = time.perf_counter() - started
    if not verdict.ok:
        raise AssertionError(f"the chain just written does not hold: {verdict.first_bad}")
    return {
        "rows": verdict.entries,
        "append_ms": round(written / max(1, verdict.entries - before) * 1000, 2),
        "verify_s": round(passed, 2),
    }


def passwords() -> dict[str, float]:
    """One Argon2id hash as a registration makes it."""
    keys = Keyring.create(SystemChance())
    return _timed(lambda: asyncio.run(hash_password(keys, "correct horse battery")))


def _timed(work: Callable[[], object], *, each: int = 1) -> dict[str, float]:
    times = []
    for _ in range(_AGAIN):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000 / each)
    return {"median_ms": round(statistics.median(times), 2), "best_ms": round(min(times), 2)}
