"""The names and forms of an entry's fields: whoever reads the ledger in ten years has nothing else to go by."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain import Domain
from domain.agreements.versions import Version
from domain.evidence.entries import agreement_of, channel_of, pressed_of
from domain.evidence.ledger import commitment
from domain.evidence.readings import readings
from domain.evidence.tables import LedgerDetailRow, LedgerRow
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Press, Turn
from tests.domain.evidence.chains import PLATFORM, serve
from tests.support.ambient import START, FakeClock


async def _rows(domain: Domain, type: str) -> list[LedgerRow]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(LedgerRow).where(LedgerRow.type == type).order_by(LedgerRow.seq)))


async def test_an_entry_carries_exactly_these_fields(sqlite_domain: Domain, clock: FakeClock) -> None:
    clock.set(datetime(2026, 3, 2, 2, 0, 1, 23456, tzinfo=UTC))
    async with sqlite_domain.transaction() as session:
        written = await sqlite_domain.parts.ledger.append(session, PLATFORM, "question", "f_1", {"number": 7})
    row = (await _rows(sqlite_domain, "question"))[0]
    assert json.loads(row.entry) == {
        "schema": 1,
        "id": row.entry_id,
        "platform": PLATFORM,
        "seq": 2,
        "type": "question",
        "at": "2026-03-02T02:00:01.023+00:00",
        "time_source": "system",
        "subject": "f_1",
        "software": "mingshi 0.1.0",
        "commitments": {},
        "number": 7,
    }
    assert (written.id, written.platform_id, written.seq) == (row.entry_id, PLATFORM, 2)
    assert (written.type, written.hash) == ("question", row.hash)


@pytest.mark.parametrize("body", [{}, {"served": None}, {"served": ""}, {"SERVED": "e_1"}, {"Served": "e_1"}])
async def test_a_decision_that_names_no_served_entry_is_refused_by_name(
    sqlite_domain: Domain, body: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"^decided does not name the served entry it rests on$"):
        async with sqlite_domain.transaction() as session:
            await sqlite_domain.parts.ledger.append(session, PLATFORM, "decided", "f_1", body)


async def test_a_decision_that_names_its_served_entry_is_written(sqlite_domain: Domain) -> None:
    async with sqlite_domain.transaction() as session:
        served = await serve(session, sqlite_domain, "f_1")
        await sqlite_domain.parts.ledger.append(session, PLATFORM, "decided", "f_1", {"served": served})
    assert json.loads((await _rows(sqlite_domain, "decided"))[0].entry)["served"] == served


async def test_personal_words_are_committed_to_with_a_salt_of_sixteen_bytes(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    parts = sqlite_domain.parts
    async with sqlite_domain.transaction() as session:
        key_id = await parts.vault.new_key(session, "f_1")
        written = await parts.ledger.append(
            session, PLATFORM, "question", "f_1", {}, private={"text": "为什么", "more": "那呢"}, key_id=key_id
        )
    async with sqlite_domain.database.reading() as session:
        kept = await session.get_one(LedgerDetailRow, written.id)
        assert kept.made_at == clock.now() and kept.key_id == key_id
        details = await parts.vault.unseal_json(session, key_id, f"ledger_details|{written.id}", kept.sealed)
    assert {name: detail["text"] for name, detail in details.items()} == {"text": "为什么", "more": "那呢"}
    salts = [bytes.fromhex(detail["salt"]) for detail in details.values()]
    assert [len(salt) for salt in salts] == [16, 16] and salts[0] != salts[1]
    entry = json.loads((await _rows(sqlite_domain, "question"))[0].entry)
    told = {name: commitment(bytes.fromhex(d["salt"]), d["text"]) for name, d in details.items()}
    assert entry["commitments"] == told


async def test_personal_words_without_a_key_are_refused_and_leave_nothing(sqlite_domain: Domain) -> None:
    with pytest.raises(ValueError, match=r"^private words need the key of the evidence they belong to$"):
        async with sqlite_domain.transaction() as session:
            await sqlite_domain.parts.ledger.append(session, PLATFORM, "question", "f_1", {}, private={"text": "啊"})
    assert await _rows(sqlite_domain, "question") == []


# --- fields that many entries share ---------------------------------------------------------------------


def test_the_text_an_entry_rests_on_is_named_by_everything_that_identifies_it() -> None:
    version = Version("g_1", PLATFORM, 3, "2026年版", "official", "aa", "bb", None, START, START)
    assert agreement_of(version) == {
        "id": "g_1",
        "version": 3,
        "label": "2026年版",
        "source": "official",
        "sha256": "aa",
        "text_sha256": "bb",
    }


def _turn(press: Press | None = None) -> Turn:
    conversation = ConversationRow(id="c_1", channel="telegram")
    return Turn(None, conversation, 5, "u-9", press)  # type: ignore[arg-type]


def test_where_it_happened_is_the_channel_the_conversation_and_the_channels_own_number() -> None:
    assert channel_of(_turn()) == {"kind": "telegram", "conversation": "c_1", "update": "u-9"}


def test_a_button_is_named_with_the_milliseconds_it_had_been_on_the_screen() -> None:
    turn = _turn(Press("agree", "同意", "m_1", START))
    pressed = pressed_of(turn, START + timedelta(seconds=2, milliseconds=345, microseconds=999))
    assert pressed == {"pressed": {"message": "m_1", "label": "同意", "dwell_ms": 2345}}


def test_what_was_typed_has_no_button() -> None:
    assert pressed_of(_turn(), START) == {}


# --- what one person read -------------------------------------------------------------------------------


async def _serve(domain: Domain, subject: str) -> str:
    async with domain.transaction() as session:
        return await serve(session, domain, subject)


async def _read(domain: Domain, clock: FakeClock, *entries: tuple[str, str, str, list[str]]) -> None:
    for type, subject, served, uids in entries:
        clock.forward(seconds=1)
        body = {"served": served, "clauses": [{"uid": uid, "sha256": "aa"} for uid in uids]}
        async with domain.transaction() as session:
            await domain.parts.ledger.append(session, PLATFORM, type, subject, body)  # type: ignore[arg-type]


async def test_a_reading_holds_the_first_moment_of_each_thing_that_happened_to_a_clause(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    served = await _serve(domain, "f_1")
    await _read(
        domain,
        clock,
        ("clause_shown", "f_1", served, ["一", "二"]),
        ("clause_opened", "f_1", served, ["一"]),
        ("explained", "f_1", served, ["一"]),
        ("acknowledged", "f_1", served, ["一", "二"]),
        ("clause_shown", "f_1", served, ["一"]),
        ("explained", "f_1", served, ["一"]),
    )
    async with domain.database.reading() as session:
        found = await readings(session, "f_1", served)
    moment = [(START + timedelta(seconds=s)).isoformat(timespec="milliseconds") for s in range(5)]
    assert set(found) == {"一", "二"}
    one, two = found["一"], found["二"]
    assert (one.shown_at, one.opened_at, one.explained_at, one.acknowledged_at) == (*moment[1:5],)
    assert (two.shown_at, two.opened_at, two.explained_at, two.acknowledged_at) == (moment[1], None, None, moment[4])


async def test_a_reading_holds_nothing_of_another_person_or_another_text(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first, other, second = [await _serve(domain, subject) for subject in ("f_1", "f_2", "f_1")]
    await _read(
        domain,
        clock,
        ("clause_shown", "f_2", other, ["一"]),
        ("clause_shown", "f_1", second, ["一"]),
        ("decided", "f_1", first, ["一"]),
        ("clause_shown", "f_1", first, ["二"]),
    )
    async with domain.database.reading() as session:
        assert set(await readings(session, "f_1", first)) == {"二"}
        assert set(await readings(session, "f_1", second)) == {"一"}
        assert await readings(session, "f_3", first) == {}
