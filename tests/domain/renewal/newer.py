"""Newer versions of a platform's sample, and people who are asked about them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain import Domain
from domain.agreements import parse
from domain.agreements.versions import Source, Version
from domain.evidence.tables import LedgerRow
from domain.flows.tables import FlowRow
from tests.domain.selfservice.owners import ORGANISATIONS, words
from tests.support.person import Person

MORE = "另行通知。"
SEE, LATER = "看看改了什么", "以后再说"


def text_of(domain: Domain, platform: str, *, more: str = MORE) -> bytes:
    """The sample with a sentence more at its end."""
    return domain.platforms.get(platform).sample_bytes.rstrip() + more.encode() + b"\n"


def with_more_in(domain: Domain, platform: str, uid: str, more: str = "本条另有补充。") -> bytes:
    """The sample with a sentence more in one clause."""
    sample = domain.platforms.get(platform)
    clause = sample.sample.find(uid)
    assert clause is not None, uid
    line = next(c.text for c in clause.walk() if len(c.text) > 12).split("\n")[0]
    raw = sample.sample_bytes
    part = line[-10:]
    assert raw.decode().count(part) == 1, f"{part!r} stands more than once"
    return raw.replace(part.encode(), (part + more).encode())


async def bring_in(
    domain: Domain, platform: str, raw: bytes, *, source: Source = "sample", effective_at: datetime | None = None
) -> Version:
    """Import a text, unpublished."""
    async with domain.transaction() as session:
        return await domain.parts.agreements.bring_in(
            session,
            platform_id=platform,
            raw=raw,
            file_name="new.md",
            parsed=parse(raw, "new.md"),
            source=source,
            effective_at=effective_at,
        )


async def publish(domain: Domain, platform: str, raw: bytes | None = None, **more: Any) -> Version:
    """Import and publish; the sample with a sentence more if no text is given."""
    source = more.pop("source", "sample")
    await bring_in(domain, platform, raw if raw is not None else text_of(domain, platform), source=source)
    return await domain.agreements.publish(platform, **more)


async def planned_and_told(domain: Domain) -> int:
    await domain.renewals.plan()
    return await domain.renewals.tell()


async def asked(domain: Domain, platform: str, raw: bytes | None = None, *, phone: str = "13812345678") -> Person:
    """Somebody who registered, and was told of a new version."""
    person = await Person.arrives(domain, platform)
    await person.registers(phone, "单位" if platform in ORGANISATIONS else "本人已满18岁")
    await publish(domain, platform, raw)
    await planned_and_told(domain)
    await person.is_told()
    return person


async def reads_the_changes(person: Person) -> None:
    """Acknowledge every card of changes."""
    while person.last["card"] is not None and person.last["card"]["kind"] == "changes":
        await person.presses("我已了解")


async def entries(domain: Domain, *types: str) -> list[dict[str, Any]]:
    async with domain.database.reading() as session:
        rows = await session.scalars(select(LedgerRow).order_by(LedgerRow.platform_id, LedgerRow.seq))
        return [e for e in (json.loads(row.entry) for row in rows) if not types or e["type"] in types]


async def open_renewal(domain: Domain, person: Person) -> FlowRow | None:
    async with domain.database.reading() as session:
        return await session.scalar(
            select(FlowRow).where(
                FlowRow.conversation_id == person.conversation_id,
                FlowRow.kind == "renewal",
                FlowRow.outcome.is_(None),
            )
        )


async def agreed_to(domain: Domain, account: str) -> str:
    """The id of the text an account's person agreed to, as it stands."""
    return next(d.agreement_id for d in await domain.consent.of(account) if d.item == "contract")


__all__ = ["LATER", "MORE", "SEE", "agreed_to", "asked", "bring_in", "entries", "open_renewal", "words"]
