"""`mingshi notices` and `mingshi events`: what the platform's people and systems learn."""

from __future__ import annotations

import asyncio

from bot.app import open_domain
from bot.settings import Settings
from domain.messaging.notices import leave_notice
from domain.messaging.tables import ConversationRow
from tests.cli.conftest import Run
from tests.support.person import Person


async def _use(settings: Settings) -> None:
    """Somebody registers on one platform and leaves a message."""
    async with open_domain(settings) as domain:
        person = await Person.arrives(domain, "xiaohe")
        await person.registers("13800138000")
        async with domain.transaction() as session:
            conversation = await session.get_one(ConversationRow, person.conversation_id)
            await leave_notice(session, domain.parts, conversation, "message", "请回电\x1b[31m")


def test_notices_are_told_whole_and_by_platform(mingshi: Run, settings: Settings) -> None:
    asyncio.run(_use(settings))
    notices = mingshi("notices", "--json").json
    assert [set(notice) for notice in notices] == [
        {"id", "platform_id", "conversation_id", "topic", "text", "created_at"} for _ in notices
    ]
    assert notices[-1]["text"] == "请回电\x1b[31m"
    assert mingshi("notices", "--platform", "rencai", "--json").json == []
    assert mingshi("notices", "--platform", "nope").code == 1
    shown = mingshi("notices", "--platform", "xiaohe").out
    assert "请回电" in shown
    assert "\x1b" not in shown


def test_events_go_on_from_a_cursor(mingshi: Run, settings: Settings) -> None:
    asyncio.run(_use(settings))
    events = mingshi("events", "--json").json
    assert all(set(event) == {"cursor", "type", "platform_id", "account_id", "data", "at"} for event in events)
    assert "registered" in [event["type"] for event in events]
    cursors = [event["cursor"] for event in events]
    assert cursors == sorted(set(cursors))
    later = mingshi("events", "--since", cursors[0], "--json").json
    assert later == events[1:]
    assert "registered" in mingshi("events").out


def test_a_new_home_has_no_news(mingshi: Run) -> None:
    assert mingshi("notices", "--json").json == []
    assert mingshi("events", "--json").json == []
    assert "nothing" in mingshi("notices").out
    assert "nothing" in mingshi("events").out


def test_a_cursor_is_a_number(mingshi: Run) -> None:
    assert mingshi("events", "--since", "yesterday").code == 2
    assert mingshi("events", "--since", "-1").code == 2
