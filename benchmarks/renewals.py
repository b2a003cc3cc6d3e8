"""`python -m benchmarks.renewals`: plan a new version for 100,000 subscribers, and tell some of them.

On a database of its own that is thrown away; prints one table. `--url` names an empty PostgreSQL database instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.database import clear, require_empty
from benchmarks.usage import rss_mb
from domain import Domain, Keyring
from domain.accounts.tables import AccountAddressRow, AccountRow
from domain.agreements import parse
from domain.agreements.versions import Version
from domain.ambient import SystemChance, new_id
from domain.consent.items import CONTRACT
from domain.consent.tables import DecisionRow
from domain.messaging.tables import ConversationRow
from domain.parts import Policy
from domain.renewal.planning import TOLD_AT_ONCE

PLATFORM = "renrenbao"
_ROWS = 1_000


async def subscribe(domain: Domain, count: int, *, conversations: bool = False, platform: str = PLATFORM) -> list[str]:
    """Put so many accounts into the database whose people agreed to the text in force. Returns their ids.

    Args:
        conversations: with a conversation of their own each, so that they can be told.
    """
    parts = domain.parts
    version = (await domain.agreements.in_force(platform))[0]
    made: list[str] = []
    while len(made) < count:
        now = parts.clock.now()
        ids = [new_id("a", parts.chance) for _ in range(min(_ROWS, count - len(made)))]
        accounts = [
            {
                "id": id, "platform_id": platform, "subject": "person", "status": "active", "key_id": f"k_{id}"[:32],
                "evidence_key_id": f"k_{id}"[:32], "evidence_subject": f"f{id[1:]}", "sealed": b"", "password_hash": "",
                "agreement_id": version.id, "flow_id": f"f{id[1:]}", "created_at": now, "sessions_valid_from": now,
                "phone_proven_at": now, "failures": 0,
            }
            for id in ids
        ]  # fmt: skip
        decisions = [
            {
                "flow_id": f"f{id[1:]}", "item": CONTRACT, "account_id": id, "platform_id": platform,
                "decision": "given", "agreement_id": version.id, "entry_id": id, "given_by": "self", "decided_at": now,
            }
            for id in ids
        ]  # fmt: skip
        async with domain.transaction() as session:
            await session.execute(insert(AccountRow), accounts)
            await session.execute(insert(DecisionRow), decisions)
            if conversations:
                talks = [
                    {
                        "id": f"c{id[1:]}", "channel": "web", "address": f"c{id[1:]}", "platform_id": platform,
                        "key_id": await parts.vault.new_key(session, f"c{id[1:]}"), "created_at": now, "seen_at": now,
                    }
                    for id in ids
                ]  # fmt: skip
                await session.execute(insert(ConversationRow), talks)
                addresses = [
                    {"account_id": id, "conversation_id": f"c{id[1:]}", "trusted": True, "bound_at": now} for id in ids
                ]
                await session.execute(insert(AccountAddressRow), addresses)
        made += ids
    return made


async def bring_in(domain: Domain, note: str, platform: str = PLATFORM) -> Version:
    """The platform's sample with a sentence more, as its next version; not published yet."""
    raw = domain.platforms.get(platform).sample_bytes.rstrip() + note.encode() + b"\n"
    async with domain.transaction() as session:
        return await domain.parts.agreements.bring_in(
            session, platform_id=platform, raw=raw, file_name="new.md", parsed=parse(raw, "new.md"), source="sample"
        )


async def measure(url: str, folder: Path, people: int, told: int) -> dict[str, Any]:
    """Every figure: seconds, people a second, megabytes of this process before and after the planning."""
    keys = Keyring.create(SystemChance())
    policy = Policy(renewals_a_minute=people + told, renewal_notice=timedelta(days=7))
    async with Domain.open(url, keys, heads=folder / "heads.jsonl", policy=policy) as domain:
        await subscribe(domain, told, conversations=True, platform="xiaohe")
        await bring_in(domain, "另行通知。", "xiaohe")
        await domain.agreements.publish("xiaohe")
        await domain.renewals.plan()
        started = time.perf_counter()
        seen_to = await domain.renewals.tell()
        telling = time.perf_counter() - started
        await subscribe(domain, people)
        await bring_in(domain, "另行通知。")
        started = time.perf_counter()
        version = await domain.agreements.publish(PLATFORM)
        published = time.perf_counter() - started
        before = round(rss_mb(os.getpid()))
        started = time.perf_counter()
        asked = await domain.renewals.plan()
        planned = time.perf_counter() - started
        after = round(rss_mb(os.getpid()))
        assert asked == people, f"{asked} of {people} were planned"
        results: dict[str, Any] = {
            "people": people,
            "publish_seconds": round(published, 2),
            "plan_seconds": round(planned, 2),
            "planned_a_second": round(people / planned),
            "rss_before_mb": before,
            "rss_after_mb": after,
        }
        results |= {"told_in_a_transaction": TOLD_AT_ONCE, "seen_to": seen_to, "tell_seconds": round(telling, 2)}
        assert version.effective_at is not None
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--told", type=int, default=2_000)
    parser.add_argument("--url", help="an empty PostgreSQL database; SQLite when left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'mingshi.db'}"

        async def run() -> dict[str, Any]:
            if options.url:
                await require_empty(url)
            try:
                return await measure(url, Path(folder), options.people, options.told)
            finally:
                if options.url:
                    await clear(url)

        results = asyncio.run(run())
    print(json.dumps(results, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
