"""Replies reach the chat in order and once, whatever Telegram does in between."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import App
from bot.turns.worker import OUTBOX
from domain.messaging.tables import MessageRow
from domain.messaging.turn import Turn
from tests.channels.telegram.running import MovedClock, conversation_of, rows_of, running, words
from tests.fakes.bot_api import BotApi, Sent
from tests.fakes.bot_api_people import FakeUser


async def greeted(user: FakeUser) -> Sent:
    await user.start("p_xiaohe")
    return await user.hears("我是「明示」")


async def to_the_first_clause(user: FakeUser) -> Sent:
    await greeted(user)
    await user.press("我想注册")
    await user.hears(words("crossing.ask"))
    await user.press("同意")
    await user.hears(words("who.ask"))
    await user.press("本人已满18岁")
    card = await user.hears("第 1/9 张")
    await user.api.until(lambda: not any(m.buttons for m in user.messages()[:-1]))
    return card


async def all_delivered(app: App, user: FakeUser) -> list[str]:
    """Wait until nothing waits any more; how each of the bot's messages ended."""
    async with asyncio.timeout(10):
        while True:
            states = [row.delivery for row in await rows_of(app, user) if row.sender == "bot"]
            if states and "new" not in states:
                return states
            await asyncio.sleep(0.05)


async def out_of_reach(app: App, user: FakeUser) -> None:
    """Wait until it is known that the person cannot be written to."""
    async with asyncio.timeout(10):
        while True:
            conversation = await conversation_of(app, user)
            if conversation is not None and not conversation.reachable:
                return
            await asyncio.sleep(0.05)


async def say_many(app: App, user: FakeUser, count: int) -> None:
    """Put several messages into the outbox in one transaction."""
    async with app.domain.transaction() as session:
        await _say_many(app, session, (await conversation_of(app, user)), count)


async def _say_many(app: App, session: AsyncSession, conversation: Any, count: int) -> list[MessageRow]:
    turn = Turn(session, await session.merge(conversation))
    for _ in range(count):
        await app.domain.conversations.misfit(turn, "attachment")
    return turn.replies


def said_in_order(user: FakeUser, rows: list[MessageRow]) -> bool:
    """Whether the chat shows the messages in the order they were said."""
    shown = [int(row.delivery_ref.rstrip("k").split(",")[0]) for row in rows if row.delivery_ref]
    return shown == sorted(shown)


async def test_too_many_requests_are_waited_out_and_the_order_is_kept(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await greeted(user)
    api.flood("sendMessage", 30, chat_id=user.id)
    await user.press("看协议")
    await api.until(lambda: len(api.called("sendMessage")) == 2)
    await user.send("什么")
    await user.send("什么什么")
    await asyncio.sleep(1.2)
    assert len(api.called("sendMessage")) == 2
    clock.forward(seconds=31)
    await all_delivered(app, user)
    assert said_in_order(user, [row for row in await rows_of(app, user) if row.sender == "bot"])
    texts = [m.text for m in user.messages()]
    assert [i for i, text in enumerate(texts) if words("read.link") in text] == [1]


async def test_one_chat_that_has_to_wait_does_not_hold_up_another(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    api.flood("sendMessage", 600, chat_id=user.id)
    await user.press("看协议")
    await api.until(lambda: len(api.called("sendMessage")) == 2)
    await greeted(FakeUser(api))


async def test_a_person_who_blocked_the_bot_is_left_alone_until_they_return(
    app: App, api: BotApi, user: FakeUser
) -> None:
    await greeted(user)
    api.blocked.add(user.id)
    await user.press("看协议")
    await out_of_reach(app, user)
    tried = len(api.called("sendMessage"))
    await say_many(app, user, 3)
    await asyncio.sleep(1.3)
    assert len(api.called("sendMessage")) == tried
    user.unblock()
    await all_delivered(app, user)
    assert len(user.messages()) == 5


async def test_whoever_writes_again_is_answered_again(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    api.blocked.add(user.id)
    await user.press("看协议")
    await out_of_reach(app, user)
    api.blocked.discard(user.id)
    await user.send("什么")
    await user.hears(words("read.link"))
    await user.hears(words("engine.down"))


async def test_a_block_that_telegram_tells_of_stops_what_waits(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    user.block()
    await out_of_reach(app, user)
    tried = len(api.called("sendMessage"))
    await say_many(app, user, 1)
    await asyncio.sleep(1.2)
    assert len(api.called("sendMessage")) == tried


@pytest.mark.parametrize("trouble", ["hang up", "server error", "bad gateway"])
async def test_a_message_survives_trouble_on_the_way(trouble: str, app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    if trouble == "hang up":
        api.hang_up("sendMessage", times=2)
    else:
        api.fail("sendMessage", 500 if trouble == "server error" else 502, times=2)
    await user.press("看协议")
    await user.hears(words("read.link"))
    await all_delivered(app, user)
    assert sum(words("read.link") in m.text for m in user.messages()) == 1


async def test_what_telegram_will_not_show_with_marks_is_shown_without(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    api.fail("sendMessage", 400, "Bad Request: can't parse entities: something new")
    await user.press("看协议")
    await user.hears(words("read.link"))
    assert "parse_mode" not in api.called("sendMessage")[-1]


async def test_what_telegram_never_takes_does_not_block_what_follows(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    api.fail("sendMessage", 400, "Bad Request: REPLY_MARKUP_TOO_LONG", times=2)
    await user.press("看协议")
    await user.send("什么")
    await user.hears(words("engine.down"))
    assert "failed" in await all_delivered(app, user)


async def test_a_clause_unfolds_where_it_stands(app: App, api: BotApi, user: FakeUser) -> None:
    card = await to_the_first_clause(user)
    assert card.folded() == []
    await user.press("解释一下")
    await user.hears("对您意味着什么")
    await user.press("看原文")
    await user.hears("原文（五(四)）")
    assert len(card.folded()) == 2
    assert card.edits >= 2
    assert "解释一下" not in card.labels
    assert sum("第 1/9 张" in m.text for m in user.messages()) == 1
    await user.press("我已了解")
    await user.hears("第 2/9 张")
    await api.until(lambda: not card.buttons)
    assert card.text.endswith("▸ 您选了：我已了解")
    assert len(card.folded()) == 2


async def test_a_card_that_cannot_be_changed_any_more_is_shown_anew(app: App, api: BotApi, user: FakeUser) -> None:
    card = await to_the_first_clause(user)
    api.fail("editMessageText", 400, "Bad Request: message can't be edited", chat_id=user.id)
    await user.press("解释一下")
    shown = await user.hears("对您意味着什么")
    assert shown.id > card.id
    assert "我已了解" in shown.labels


async def test_an_edit_that_changes_nothing_counts_as_done(app: App, api: BotApi, user: FakeUser) -> None:
    card = await to_the_first_clause(user)
    edits = len(api.called("editMessageText"))
    unchanged = "Bad Request: message is not modified: specified new message content"
    api.fail("editMessageText", 400, unchanged, times=9, chat_id=user.id)
    await user.press("解释一下")
    await api.until(lambda: len(api.called("editMessageText")) > edits)
    assert set(await all_delivered(app, user)) <= {"sent", "settled"}
    assert user.last() is card


async def test_an_answered_question_shows_the_choice_and_has_no_buttons(app: App, api: BotApi, user: FakeUser) -> None:
    await to_the_first_clause(user)
    who = next(m for m in user.messages() if words("who.ask") in m.text)
    await api.until(lambda: not who.buttons)
    assert who.text.endswith("▸ 您选了：本人已满18岁")


async def test_of_a_question_asked_again_only_the_newest_has_buttons(app: App, api: BotApi, user: FakeUser) -> None:
    first = await to_the_first_clause(user)
    await user.send("什么")
    again = await user.hears("第 1/9 张")
    assert again.id > first.id
    await api.until(lambda: not first.buttons)
    assert "我已了解" in again.labels
    assert "您选了" not in first.text


async def test_the_key_for_ones_own_number_comes_once_and_goes_when_it_is_of_no_use(
    app: App, api: BotApi, user: FakeUser
) -> None:
    await to_the_first_clause(user)
    for at in range(1, 10):
        await user.hears(f"第 {at}/9 张")
        await user.press("我已了解")
    await user.hears(words("consents.panel"))
    for number in (1, 2, 3):
        await user.press(f"{number}. 同意")
        await user.hears("✓ 您选了同意")
    await user.hears(words("decision.ask_registration"))
    await user.press("同意")
    await user.hears("发送我的手机号")
    await user.press("为什么要这个")
    await user.hears(words("phone.ask"))
    await user.send("1380013800")
    await user.hears(words("refused.phone_too_short"))
    await all_delivered(app, user)
    assert user.reply_keyboard() == ["发送我的手机号"]
    assert sum("request_contact" in str(call) for call in api.called("sendMessage")) == 1
    await user.send("13900139000")
    code = await user.hears(words("code.sent"))
    assert user.reply_keyboard() == []
    assert code.protected
    assert code.labels


async def test_what_was_not_delivered_before_a_stop_is_delivered_after_it(
    home: Path, api: BotApi, user: FakeUser
) -> None:
    async with running(home, api) as app:
        await greeted(user)
        api.fail("sendMessage", 500, times=10_000, chat_id=user.id)
        await user.press("看协议")
        await api.until(lambda: len(api.called("sendMessage")) >= 2)
        assert "new" in [row.delivery for row in await rows_of(app, user)]
    api.recover()
    async with running(home, api) as app:
        await user.hears(words("read.link"))
        await all_delivered(app, user)
    assert sum(words("read.link") in m.text for m in user.messages()) == 1


async def test_the_pieces_that_arrived_are_not_sent_again(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    # The first piece arrives, the second one does not.
    api.fail("sendMessage", 500, after=1, chat_id=user.id)
    async with app.domain.transaction() as session:
        conversation = await conversation_of(app, user)
        assert conversation is not None
        row = (await _say_many(app, session, conversation, 1))[0]
        body = {"text": "很长。" * 3000, "buttons": [], "own": 0, "card": None, "expects": None}
        row.sealed = await app.domain.parts.vault.seal_json(session, conversation.key_id, f"messages|{row.id}", body)
    app.hub.signal(OUTBOX)
    await all_delivered(app, user)
    shown = [m.text for m in user.messages() if m.text.startswith("很长")]
    assert len(shown) == 3
    assert "".join(shown) == "很长。" * 3000


async def test_two_processes_on_one_database_send_each_message_once_and_in_order(
    postgres_url: str, tmp_path: Path, api: BotApi, user: FakeUser
) -> None:
    async with running(tmp_path / "one", api, mode="webhook", database_url=postgres_url) as first:
        (tmp_path / "two").mkdir()
        shutil.copy(tmp_path / "one" / "keys.json", tmp_path / "two" / "keys.json")
        async with running(tmp_path / "two", api, mode="webhook", database_url=postgres_url) as second:
            await greeted(user)
            sent = len(user.messages())
            api.delays["sendMessage"] = 0.03
            for app in (first, second, first):
                await say_many(app, user, 10)
                first.hub.signal(OUTBOX)
                second.hub.signal(OUTBOX)
            await all_delivered(first, user)
            assert len(user.messages()) == sent + 30
            assert said_in_order(user, [row for row in await rows_of(second, user) if row.sender == "bot"])


async def test_an_erased_conversations_leftovers_are_dropped(app: App, api: BotApi, user: FakeUser) -> None:
    await greeted(user)
    async with app.domain.transaction() as session:
        conversation = await conversation_of(app, user)
        assert conversation is not None
        await _say_many(app, session, conversation, 1)
        await app.domain.parts.vault.destroy(session, conversation.key_id)
    app.hub.signal(OUTBOX)
    assert "dropped" in await all_delivered(app, user)


async def test_a_message_of_a_process_that_died_is_taken_over_after_its_lease(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await greeted(user)
    async with app.domain.transaction() as session:
        conversation = await conversation_of(app, user)
        await _say_many(app, session, conversation, 2)
        until = clock.now() + timedelta(seconds=60)
        await session.execute(update(MessageRow).where(MessageRow.delivery == "new").values(not_before=until))
    before = len(user.messages())
    await asyncio.sleep(1.2)
    assert len(user.messages()) == before
    clock.forward(seconds=61)
    await all_delivered(app, user)
    assert len(user.messages()) == before + 2
