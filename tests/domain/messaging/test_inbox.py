"""What comes in is stored once, handled in order, by one worker at a time, and wiped afterwards."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from domain import Domain, KeyDestroyed
from domain.messaging.inbox import Received
from domain.messaging.tables import ConversationRow, InboxRow
from tests.support.ambient import FakeClock
from tests.support.person import Person


@pytest.fixture
async def person(domain: Domain) -> Person:
    return await Person.arrives(domain, "renrenbao")


async def _receive(person: Person, update_id: str, text: str = "你好") -> Received:
    async with person.domain.transaction() as session:
        conversation = await session.get_one(ConversationRow, person.conversation_id)
        return await person.domain.parts.inbox.receive(session, conversation, update_id, {"text": text})


async def _next(person: Person) -> InboxRow | None:
    async with person.domain.database.reading() as session:
        return await person.domain.parts.inbox.next(session, person.conversation_id)


async def _finish(person: Person, inbox_id: int) -> None:
    async with person.domain.transaction() as session:
        await person.domain.parts.inbox.finish(session, inbox_id)


async def test_the_same_update_twice_is_one_row(person: Person) -> None:
    first, second = await _receive(person, "42"), await _receive(person, "42", "something else")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.inbox_id == second.inbox_id
    async with person.domain.database.reading() as session:
        conversation = await session.get_one(ConversationRow, person.conversation_id)
        row = await session.get_one(InboxRow, first.inbox_id)
        assert await person.domain.parts.inbox.open(session, conversation, row) == {"text": "你好"}


async def test_the_same_update_delivered_ten_times_at_once_is_one_row(person: Person) -> None:
    received = await asyncio.gather(*(_receive(person, "42") for _ in range(10)))
    assert len({r.inbox_id for r in received}) == 1
    assert sum(r.is_new for r in received) == 1


async def test_the_same_number_in_another_channel_is_another_update(domain: Domain, person: Person) -> None:
    other = await Person.arrives(domain, "renrenbao", channel="telegram")
    one, two = await _receive(person, "42"), await _receive(other, "42")
    assert one.is_new and two.is_new


async def test_a_handled_update_delivered_again_stays_handled_and_gets_the_same_answer(person: Person) -> None:
    before = await person.receives({"text": "为什么"}, update_id="77", wish="why")
    again = await person.receives({"text": "为什么"}, update_id="77", wish="why")
    assert again == before != []


async def test_updates_come_out_in_the_order_they_came_in(person: Person) -> None:
    sent = [await _receive(person, f"u{n}", f"第{n}句") for n in range(5)]
    seen = []
    while (row := await _next(person)) is not None:
        seen.append(row.id)
        await _finish(person, row.id)
    assert seen == [r.inbox_id for r in sent]


async def test_a_handled_update_is_wiped(person: Person) -> None:
    received = await _receive(person, "42", "我的号码13800138000")
    async with person.domain.database.reading() as session:
        stored = await session.get_one(InboxRow, received.inbox_id)
    assert stored.sealed is not None and b"13800138000" not in stored.sealed
    await _finish(person, received.inbox_id)
    async with person.domain.database.reading() as session:
        assert (await session.get_one(InboxRow, received.inbox_id)).sealed is None
        assert await person.domain.parts.inbox.is_done(session, received.inbox_id)


async def test_waiting_names_the_conversations_with_something_unhandled(domain: Domain, person: Person) -> None:
    other = await Person.arrives(domain, "renrenbao")
    received = await _receive(person, "1")
    async with domain.database.reading() as session:
        assert await domain.parts.inbox.waiting(session) == [person.conversation_id]
    await _finish(person, received.inbox_id)
    await _receive(other, "2")
    async with domain.database.reading() as session:
        assert await domain.parts.inbox.waiting(session) == [other.conversation_id]


async def _claim(person: Person, owner: str) -> bool:
    async with person.domain.transaction() as session:
        return await person.domain.parts.inbox.claim(session, person.conversation_id, owner)


async def test_of_many_workers_at_once_one_gets_the_conversation(person: Person) -> None:
    claims = await asyncio.gather(*(_claim(person, f"w{n}") for n in range(8)))
    assert sum(claims) == 1


async def test_a_claim_is_renewed_by_its_owner_and_by_nobody_else(person: Person) -> None:
    assert await _claim(person, "one")
    assert await _claim(person, "one")
    assert not await _claim(person, "two")


async def test_a_conversation_of_a_worker_that_died_becomes_free(person: Person, clock: FakeClock) -> None:
    assert await _claim(person, "one")
    clock.forward(seconds=29)
    assert not await _claim(person, "two")
    clock.forward(seconds=2)
    assert await _claim(person, "two")


async def test_only_the_owner_can_release(person: Person) -> None:
    assert await _claim(person, "one")
    async with person.domain.transaction() as session:
        await person.domain.parts.inbox.release(session, person.conversation_id, "two")
    assert not await _claim(person, "two")
    async with person.domain.transaction() as session:
        await person.domain.parts.inbox.release(session, person.conversation_id, "one")
    assert await _claim(person, "two")


async def test_a_command_of_a_turn_is_carried_out_once(person: Person) -> None:
    async def mark(ordinal: int) -> bool:
        async with person.domain.transaction() as session:
            return await person.domain.parts.inbox.first_time(session, 7, ordinal, "action_x")

    marks = await asyncio.gather(*(mark(0) for _ in range(5)))
    assert sum(marks) == 1
    assert await mark(1)


async def test_a_command_that_was_rolled_back_may_be_carried_out(person: Person) -> None:
    with pytest.raises(RuntimeError):
        async with person.domain.transaction() as session:
            assert await person.domain.parts.inbox.first_time(session, 7, 0, "action_x")
            raise RuntimeError
    async with person.domain.transaction() as session:
        assert await person.domain.parts.inbox.first_time(session, 7, 0, "action_x")


async def test_lines_of_an_erased_conversation_open_no_more(person: Person) -> None:
    await _receive(person, "9")
    row = await _next(person)
    assert row is not None
    async with person.domain.transaction() as session:
        conversation = await session.get_one(ConversationRow, person.conversation_id)
        await person.domain.parts.vault.destroy(session, conversation.key_id)
    async with person.domain.database.reading() as session:
        conversation = await session.get_one(ConversationRow, person.conversation_id)
        with pytest.raises(KeyDestroyed):
            await person.domain.parts.inbox.open(session, conversation, row)


async def test_messages_of_a_conversation_are_numbered_without_gaps(person: Person) -> None:
    await person.begins()
    await person.says("等等", wish="why")
    from domain.messaging.tables import MessageRow

    async with person.domain.database.reading() as session:
        seqs = list(
            await session.scalars(
                select(MessageRow.seq)
                .where(MessageRow.conversation_id == person.conversation_id)
                .order_by(MessageRow.seq)
            )
        )
        total = await session.scalar(select(func.count()).select_from(MessageRow))
    assert seqs == list(range(1, len(seqs) + 1))
    assert total == len(seqs)
