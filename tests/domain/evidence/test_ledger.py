"""What is written to the ledger: chained, signed, append-only, without personal words in clear."""

from __future__ import annotations

import asyncio
import json
from typing import get_args

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from domain import Domain, KeyDestroyed
from domain.evidence import EntryType
from domain.evidence.ledger import commitment
from domain.evidence.tables import LedgerDetailRow, LedgerHeadRow, LedgerRow
from tests.domain.evidence.chains import PLATFORM, append_questions
from tests.support.databases import Place

NEEDS_SERVED = {"clause_shown", "clause_opened", "explained", "acknowledged", "decided", "formed", "declined"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET entry = '{}' WHERE seq = 1",
        "UPDATE ledger SET type = type",
        "DELETE FROM ledger WHERE seq = 1",
        "DELETE FROM ledger",
    ],
)
async def test_the_database_refuses_to_change_or_delete_entries_even_for_the_service(
    domain: Domain, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with domain.transaction() as session:
            await session.execute(text(statement))
    assert (await domain.evidence.verify()).ok


async def test_the_database_refuses_to_replace_an_entry_by_inserting_over_it(domain: Domain, place: Place) -> None:
    row = "INTO ledger SELECT platform_id, seq, entry_id, type, subject, '{}', prev_hash, hash, signed_with, signature FROM ledger WHERE platform_id = 'xiaohe' AND seq = 1"
    statements = (
        [f"INSERT OR REPLACE {row}", f"REPLACE {row}"]
        if place.is_sqlite
        else [f"INSERT {row} ON CONFLICT (platform_id, seq) DO UPDATE SET entry = excluded.entry"]
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"):
            async with domain.transaction() as session:
                await session.execute(text(statement))
    assert (await domain.evidence.verify()).ok


async def test_the_database_refuses_to_empty_the_ledger(domain: Domain, place: Place) -> None:
    statement = "DELETE FROM ledger" if place.is_sqlite else "TRUNCATE ledger CASCADE"
    with pytest.raises(DBAPIError, match="append-only"):
        async with domain.transaction() as session:
            await session.execute(text(statement))


async def test_every_entry_carries_the_hash_of_the_one_before_it(domain: Domain) -> None:
    await append_questions(domain, 5)
    async with domain.database.reading() as session:
        rows = list(
            await session.scalars(select(LedgerRow).where(LedgerRow.platform_id == PLATFORM).order_by(LedgerRow.seq))
        )
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [row.prev_hash for row in rows] == ["0" * 64, *(row.hash for row in rows[:-1])]


async def test_twenty_appends_at_once_leave_one_unbroken_chain(domain: Domain) -> None:
    await asyncio.gather(*(append_questions(domain, 1) for _ in range(20)))
    async with domain.database.reading() as session:
        numbers = [
            json.loads(row.entry)["seq"]
            for row in await session.scalars(select(LedgerRow).where(LedgerRow.type == "question"))
        ]
    assert len(set(numbers)) == 20
    assert (await domain.evidence.verify()).ok


async def test_two_platforms_have_chains_of_their_own(domain: Domain) -> None:
    async with domain.transaction() as session:
        one = await domain.parts.ledger.append(session, "rencai", "question", "f", {})
        other = await domain.parts.ledger.append(session, "weigongbao", "question", "f", {})
    assert one.seq == other.seq == 2


async def test_an_append_that_is_rolled_back_leaves_no_gap(domain: Domain) -> None:
    with pytest.raises(RuntimeError):
        async with domain.transaction() as session:
            await domain.parts.ledger.append(session, PLATFORM, "question", "f", {})
            raise RuntimeError
    await append_questions(domain, 1)
    assert (await domain.evidence.verify()).ok


@pytest.mark.parametrize("kind", sorted(NEEDS_SERVED))
@pytest.mark.parametrize("served", [None, ""])
async def test_what_was_shown_or_decided_without_a_served_text_is_refused(
    sqlite_domain: Domain, kind: EntryType, served: str | None
) -> None:
    with pytest.raises(ValueError, match="served"):
        async with sqlite_domain.transaction() as session:
            await sqlite_domain.parts.ledger.append(session, PLATFORM, kind, "f", {"served": served})
    async with sqlite_domain.database.reading() as session:
        head = await session.get_one(LedgerHeadRow, PLATFORM)
    assert head.seq == 1


def test_the_list_of_entries_that_rest_on_a_served_text_names_real_ones() -> None:
    assert set(get_args(EntryType)) >= NEEDS_SERVED


async def _ask(domain: Domain, words: str) -> tuple[str, str]:
    async with domain.transaction() as session:
        key_id = await domain.parts.vault.new_key(session, "evidence")
        entry = await domain.parts.ledger.append(
            session, PLATFORM, "question", "f", {}, private={"text": words}, key_id=key_id
        )
    return entry.id, key_id


async def test_private_words_stand_in_no_row_in_clear(domain: Domain) -> None:
    entry_id, _key = await _ask(domain, "我的电话13800138000会给谁")
    async with domain.database.reading() as session:
        row = await session.scalar(select(LedgerRow).where(LedgerRow.entry_id == entry_id))
        details = await session.get_one(LedgerDetailRow, entry_id)
    assert row is not None
    assert "13800138000" not in row.entry
    assert b"13800138000" not in details.sealed


async def test_the_chain_commits_to_the_private_words(domain: Domain) -> None:
    entry_id, key_id = await _ask(domain, "会给谁")
    async with domain.database.reading() as session:
        row = await session.scalar(select(LedgerRow).where(LedgerRow.entry_id == entry_id))
        details = await session.get_one(LedgerDetailRow, entry_id)
        opened = await domain.parts.vault.unseal_json(session, key_id, f"ledger_details|{entry_id}", details.sealed)
    assert row is not None
    committed = json.loads(row.entry)["commitments"]["text"]
    salt = bytes.fromhex(opened["text"]["salt"])
    assert opened["text"]["text"] == "会给谁"
    assert commitment(salt, "会给谁") == committed
    assert commitment(salt, "会给谁？") != committed


async def test_the_same_words_twice_have_two_commitments(domain: Domain) -> None:
    ids = [(await _ask(domain, "同样的话"))[0] for _ in range(2)]
    async with domain.database.reading() as session:
        rows = await session.scalars(select(LedgerRow).where(LedgerRow.entry_id.in_(ids)))
        assert len({json.loads(row.entry)["commitments"]["text"] for row in rows}) == 2


async def test_erasing_the_words_leaves_the_chain_whole(domain: Domain) -> None:
    entry_id, key_id = await _ask(domain, "会给谁")
    async with domain.transaction() as session:
        await domain.parts.vault.destroy(session, key_id)
    async with domain.database.reading() as session:
        details = await session.get_one(LedgerDetailRow, entry_id)
        with pytest.raises(KeyDestroyed):
            await domain.parts.vault.unseal_json(session, key_id, f"ledger_details|{entry_id}", details.sealed)
    assert (await domain.evidence.verify()).ok


async def test_private_words_without_a_key_to_seal_them_are_refused(domain: Domain) -> None:
    with pytest.raises(ValueError, match="key"):
        async with domain.transaction() as session:
            await domain.parts.ledger.append(session, PLATFORM, "question", "f", {}, private={"text": "x"})
    assert (await domain.evidence.verify()).ok
