"""What a worker does about a conversation that another process is handling."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.turns.doorway import Doorway
from bot.turns.engine import Engine
from bot.turns.hub import Hub
from bot.turns.worker import Worker
from domain import Domain
from domain.messaging.tables import ConversationRow


class _NoEngine(Engine):
    """For turns that never ask it."""

    def __init__(self) -> None: ...


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def worker(domain: Domain, hub: Hub) -> Worker:
    return Worker(domain, _NoEngine(), hub)


async def _conversation(domain: Domain) -> str:
    async with domain.transaction() as session:
        row, _token = await domain.conversations.open(session, channel="web", platform_id="xiaohe")
    return row.id


async def _lease(domain: Domain, conversation_id: str, owner: str | None) -> None:
    async with domain.transaction() as session:
        row = await session.get_one(ConversationRow, conversation_id)
        row.leased_by = owner
        row.leased_until = domain.parts.clock.now() + timedelta(seconds=30) if owner else None


async def test_it_does_not_ask_for_the_conversation_without_a_pause(domain: Domain, hub: Hub, worker: Worker) -> None:
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0.1)
    conversation_id = await _conversation(domain)
    await _lease(domain, conversation_id, "another process")
    asked: list[Any] = []
    event.listen(domain.database.engine.sync_engine, "begin", asked.append)
    await Doorway(domain, worker, hub).receive(conversation_id, "1", {"open": True})
    await asyncio.sleep(1)
    running.cancel()
    await worker.drain()
    # Storing the update, looking for it and asking once: each a transaction. A worker that insists makes hundreds.
    assert len(asked) < 12


async def test_it_handles_what_the_other_left_once_it_let_go(domain: Domain, hub: Hub, worker: Worker) -> None:
    doorway = Doorway(domain, worker, hub)
    conversation_id = await _conversation(domain)
    await _lease(domain, conversation_id, "another process")
    received = await doorway.receive(conversation_id, "1", {"open": True})
    await worker.drain()
    async with domain.database.reading() as session:
        assert not await domain.parts.inbox.is_done(session, received)
    await _lease(domain, conversation_id, None)
    running = asyncio.create_task(worker.run())
    said = await doorway.replies(conversation_id, received)
    running.cancel()
    await worker.drain()
    assert len(said) == 1


async def test_updates_that_come_in_one_upon_the_other_are_all_handled(
    domain: Domain, hub: Hub, worker: Worker
) -> None:
    """Also the one that arrives while the worker is just letting go of the conversation."""
    running = asyncio.create_task(worker.run())
    doorway = Doorway(domain, worker, hub)
    conversation_id = await _conversation(domain)
    for number in range(20):
        received = await doorway.receive(conversation_id, str(number), {"misfit": "attachment"})
        await asyncio.sleep(0.002 * (number % 5))
    said = await doorway.replies(conversation_id, received)
    running.cancel()
    await worker.drain()
    assert len(said) == 1
    async with domain.database.reading() as session:
        assert await domain.parts.inbox.waiting(session) == []
