"""What was shown or decided rests on a text served before, a withdrawal on a decision: for the service and the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.evidence import Entry
from domain.evidence.ledger import canonical
from domain.evidence.tables import LedgerRow
from tests.domain.evidence.chains import PLATFORM, append_questions, serve
from tests.domain.evidence.test_ledger import NEEDS_SERVED
from tests.support.family import Family

TEXT = {"agreement": {"id": "g_1"}}


async def _append(domain: Domain, type: str, subject: str, body: Mapping[str, Any], platform: str = PLATFORM) -> Entry:
    async with domain.transaction() as session:
        return await domain.parts.ledger.append(session, platform, type, subject, body)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", sorted(NEEDS_SERVED))
async def test_an_entry_that_rests_on_a_served_text_of_the_same_person_and_version_is_written(
    sqlite_domain: Domain, kind: str
) -> None:
    served = await _append(sqlite_domain, "served", "f_1", TEXT)
    assert (await _append(sqlite_domain, kind, "f_1", {"served": served.id, **TEXT})).type == kind
    assert (await sqlite_domain.evidence.verify()).ok


@pytest.mark.parametrize(
    ("subject", "platform", "agreement"),
    [("f_2", PLATFORM, "g_1"), ("f_1", "rencai", "g_1"), ("f_1", PLATFORM, "g_2"), ("f_1", PLATFORM, None)],
    ids=["another person", "another platform", "another version", "no version"],
)
async def test_a_decision_cannot_rest_on_what_was_served_otherwise(
    sqlite_domain: Domain, subject: str, platform: str, agreement: str | None
) -> None:
    served = await _append(sqlite_domain, "served", "f_1", TEXT)
    with pytest.raises(ValueError, match="served"):
        body = {"served": served.id, "agreement": {"id": agreement}}
        await _append(sqlite_domain, "decided", subject, body, platform)


async def test_a_decision_cannot_rest_on_an_entry_that_served_nothing(sqlite_domain: Domain) -> None:
    asked = await _append(sqlite_domain, "question", "f_1", TEXT)
    for named in (asked.id, "00000000-0000-7000-8000-000000000000"):
        with pytest.raises(ValueError, match="none such"):
            await _append(sqlite_domain, "decided", "f_1", {"served": named, **TEXT})


async def test_a_withdrawal_names_the_decision_it_takes_back(sqlite_domain: Domain) -> None:
    served = await _append(sqlite_domain, "served", "f_1", TEXT)
    decided = await _append(sqlite_domain, "decided", "f_1", {"served": served.id, **TEXT})
    for named in (None, "", served.id, "e_1"):
        with pytest.raises(ValueError, match="decision it takes back"):
            await _append(sqlite_domain, "withdrawn", "f_1", {"withdraws": named})
    with pytest.raises(ValueError, match="none such"):
        await _append(sqlite_domain, "withdrawn", "f_2", {"withdraws": decided.id})
    assert (await _append(sqlite_domain, "withdrawn", "f_1", {"withdraws": decided.id})).seq == decided.seq + 1


async def _insert(session: AsyncSession, type: str, subject: str, body: Mapping[str, Any], seq: int = 900) -> None:
    """A row as somebody writes it who goes around the service."""
    await session.execute(
        text(
            "INSERT INTO ledger (platform_id, seq, entry_id, type, subject, entry, prev_hash, hash, signed_with,"
            " signature) VALUES (:p, :s, :i, :t, :w, :e, '', '', '', :x)"
        ),
        {
            "p": PLATFORM, "s": seq, "i": f"e_{seq}", "t": type, "w": subject, "e": canonical(body).decode(), "x": b"",
        },
    )  # fmt: skip


@pytest.mark.parametrize("kind", sorted(NEEDS_SERVED))
async def test_the_database_refuses_a_decision_on_a_text_that_was_not_served_before(domain: Domain, kind: str) -> None:
    served = (await _append(domain, "served", "f_1", TEXT)).id
    wrong: list[tuple[str, Mapping[str, Any], int]] = [
        ("f_1", {}, 900),
        ("f_1", {"served": None, **TEXT}, 900),
        ("f_1", {"served": "e_1", **TEXT}, 900),
        ("f_2", {"served": served, **TEXT}, 900),
        ("f_1", {"served": served, "agreement": {"id": "g_2"}}, 900),
        ("f_1", {"served": served, **TEXT}, 1),
    ]
    for subject, body, seq in wrong:
        with pytest.raises(DBAPIError, match=r"nothing was served before|append-only"):
            async with domain.transaction() as session:
                await _insert(session, kind, subject, body, seq)
    async with domain.transaction() as session:
        await _insert(session, kind, "f_1", {"served": served, **TEXT})


async def test_the_database_refuses_a_withdrawal_of_what_was_not_decided(domain: Domain) -> None:
    async with domain.transaction() as session:
        served = await serve(session, domain, "f_1")
    decided = (await _append(domain, "decided", "f_1", {"served": served})).id
    for subject, body in (("f_1", {}), ("f_1", {"withdraws": served}), ("f_2", {"withdraws": decided})):
        with pytest.raises(DBAPIError, match="nothing was decided before"):
            async with domain.transaction() as session:
                await _insert(session, "withdrawn", subject, body)
    async with domain.transaction() as session:
        await _insert(session, "withdrawn", "f_1", {"withdraws": decided})


async def test_an_entry_cannot_be_replaced_through_its_id_either(sqlite_domain: Domain) -> None:
    """SQLite deletes the row an INSERT OR REPLACE meets by any unique column, without firing its trigger."""
    await append_questions(sqlite_domain, 1)
    statement = (
        "INSERT OR REPLACE INTO ledger SELECT platform_id, 900, entry_id, type, subject, '{}', prev_hash, hash,"
        " signed_with, signature FROM ledger WHERE platform_id = 'xiaohe' AND seq = 2"
    )
    with pytest.raises(DBAPIError, match="append-only"):
        async with sqlite_domain.transaction() as session:
            await session.execute(text(statement))
    assert (await sqlite_domain.evidence.verify()).ok


async def test_what_a_guardian_asks_while_reading_is_evidence_about_the_ward(sqlite_domain: Domain) -> None:
    """The text was served to the guardian for the ward: what was asked and explained stands under the same pseudonym."""
    family = await Family.of(sqlite_domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies()
    await family.guardian.says("手机号会给别人吗", wish="question")
    await family.guardian.says("五(四)是什么意思", wish="explain")
    async with sqlite_domain.database.reading() as session:
        rows = (await session.scalars(select(LedgerRow).order_by(LedgerRow.platform_id, LedgerRow.seq))).all()
    ward = await family.ward.flow()
    assert ward is not None
    for kind in ("question", "explained"):
        found = next(row for row in rows if row.type == kind)
        served = next(row for row in rows if row.entry_id == json.loads(found.entry)["served"])
        assert (served.type, served.subject, found.subject) == ("served", ward.id, ward.id)
