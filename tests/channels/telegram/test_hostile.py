"""People, strangers and machines that do what they should not, in the running app."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from tests.channels.telegram.running import MovedClock, conversation_of, rows_of, running, words
from tests.fakes.bot_api import BotApi
from tests.fakes.bot_api_people import FakeUser


async def to_the_question_who(user: FakeUser) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    await user.press("我想注册")
    await user.hears(words("crossing.ask"))
    await user.press("同意")
    await user.hears(words("who.ask"))


async def taken_in(api: BotApi) -> None:
    """Wait until the bot has confirmed everything it was sent."""
    await api.until(lambda: api.pending() == 0)


def token_of(user: FakeUser, label: str) -> str:
    return next(str(b["callback_data"]) for b in user.last().buttons if b["text"] == label)


async def test_the_same_update_twice_is_one_message(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start()
    await user.hears(words("greeting.choose"))
    greetings = len(user.messages())
    body = {"message_id": 900, "from": user.person, "chat": user.chat, "date": 1, "text": "/start"}
    for _ in range(2):
        api.push_raw({"update_id": 800_000_000, "message": body})
    await taken_in(api)
    await user.send("语音")
    await user.hears(words("engine.down"))
    assert sum(words("greeting.choose") in m.text for m in user.messages()) == greetings + 1


async def test_a_double_click_moves_on_once(app: App, api: BotApi, user: FakeUser) -> None:
    await to_the_question_who(user)
    token, message = token_of(user, "本人已满18岁"), user.last()
    await asyncio.gather(user.press_data(token, message), user.press_data(token, message))
    await user.hears(words("button.stale"))
    cards = [row for row in await rows_of(app, user) if row.step == "reading:0"]
    assert cards
    assert all(row.step in {"reading:0", "who", "crossing", None} for row in await rows_of(app, user))


async def test_every_press_is_acknowledged(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start()
    await user.hears(words("greeting.choose"))
    for press in (await user.press("小禾企服网"), await user.press_data("x" * 20), await user.press_data("汉" * 30)):
        await user.answered(press)


async def test_anothers_button_and_a_tampered_one_change_nothing(app: App, api: BotApi, user: FakeUser) -> None:
    await to_the_question_who(user)
    token = token_of(user, "本人已满18岁")
    stranger = FakeUser(api)
    await stranger.start("p_xiaohe")
    await stranger.hears("我是「明示」")
    for forged in (token, token[:-2] + "xx", token[:10], "1:agree", token.upper()):
        await stranger.press_data(forged)
        await stranger.hears(words("button.foreign"))
    conversation = await conversation_of(app, stranger)
    assert conversation is not None
    assert conversation.flow_id is None
    await user.press_data(token[:-1] + ("A" if token[-1] != "A" else "B"))
    await user.hears(words("button.foreign"))
    assert not [row for row in await rows_of(app, user) if row.step == "reading:0"]


async def test_a_press_in_a_group_reaches_nobodys_conversation(app: App, api: BotApi, user: FakeUser) -> None:
    await to_the_question_who(user)
    token = token_of(user, "本人已满18岁")
    group = {"id": -1001, "type": "supergroup", "title": "群"}
    message = {"message_id": 3, "chat": group, "date": 1, "text": "?"}
    press = await user.press_data(token, body={"message": message})
    answer = await user.answered(press)
    assert words("button.foreign") in answer["text"]
    assert not [row for row in await rows_of(app, user) if row.step == "reading:0"]


async def test_buttons_of_a_finished_registration_are_taken_away_and_do_nothing(
    app: App, api: BotApi, user: FakeUser
) -> None:
    await to_the_question_who(user)
    token, message = token_of(user, "本人已满18岁"), user.last()
    await user.press("不办了")
    await user.hears(words("stop.ask"))
    await user.press("不办了，删掉")
    await user.hears(words("stop.done"))
    await api.until(lambda: not message.buttons)
    await user.press_data(token, message)
    await user.hears(words("button.over"))
    assert not [row for row in await rows_of(app, user) if row.step == "reading:0"]


@pytest.mark.parametrize(
    "place",
    [
        {"chat": {"id": -1001, "type": "group", "title": "群"}},
        {"chat": {"id": -1002, "type": "supergroup", "title": "群"}, "anonymous": True},
        {"chat": {"id": -1003, "type": "supergroup", "title": "群"}, "machine": True},
        {"chat": {"id": -1004, "type": "channel", "title": "频道"}},
    ],
)
async def test_where_others_read_along_there_is_only_a_pointer_and_one_at_a_time(
    place: dict[str, Any], app: App, api: BotApi, user: FakeUser
) -> None:
    chat = place["chat"]
    api.chats[chat["id"]] = chat
    await api.until(lambda: bool(api.commands))
    body: dict[str, Any] = {"chat": chat, "date": 1, "from": {**user.person, "is_bot": bool(place.get("machine"))}}
    if place.get("anonymous"):
        body["sender_chat"] = chat
    kind = "channel_post" if chat["type"] == "channel" else "message"
    for number, text in enumerate(["我想注册", "我的手机号 13800138000", "密码是abc12345"]):
        api.push(kind, {**body, "message_id": 50 + number, "text": text})
    await taken_in(api)
    await user.start()
    await user.hears(words("greeting.choose"))
    (pointer,) = api.messages[chat["id"]]
    assert words("misfit.group") in pointer.text
    assert [button["url"] for button in pointer.buttons] == [f"https://t.me/{api.username}?start=hello"]
    assert await conversation_of(app, FakeUser(api, id=chat["id"])) is None
    assert [row.sender for row in await rows_of(app, user)] == ["bot"]


async def test_a_typed_password_is_taken_out_of_the_chat_and_not_used(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    said = await user.send("我的密码是 Abc12345")
    await user.hears(words("secret.password"))
    await api.until(lambda: said.deleted)


async def test_a_password_is_deleted_even_when_telegram_stumbles_first(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    api.fail("deleteMessage", 500)
    said = await user.send("密码：Abc12345")
    await api.until(lambda: said.deleted)


async def test_anothers_card_a_forwarded_code_and_a_voice_are_no_answers(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    await user.share_contact(own=False)
    await user.hears(words("misfit.contact_foreign"))
    forwarded = {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "骗子"}}
    await user.send("123456", **forwarded)
    await user.hears(words("misfit.forwarded"))
    await user.send_thing(voice={"file_id": "f", "file_unique_id": "u", "duration": 1})
    await user.hears(words("misfit.attachment"))
    await user.send("长" * 4096)
    await user.hears(words("misfit.too_long"))


async def test_an_edited_message_changes_nothing(app: App, api: BotApi, user: FakeUser) -> None:
    await to_the_question_who(user)
    said = await user.send("等一下")
    await user.hears(words("engine.down"))
    before = len(await rows_of(app, user))
    body = {"message_id": said.id, "from": user.person, "chat": user.chat, "date": 1, "edit_date": 2, "text": "不办了"}
    api.push_raw({"update_id": 810_000_000, "edited_message": body})
    await taken_in(api)
    assert len(await rows_of(app, user)) == before


async def test_an_album_is_answered_once(app: App, api: BotApi, user: FakeUser) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    for _ in range(5):
        await user.send_thing(photo=photo, media_group_id="album-1")
    await taken_in(api)
    await user.send_thing(sticker={**photo[0], "type": "regular", "is_animated": False, "is_video": False})
    await taken_in(api)
    await api.until(lambda: sum(words("misfit.attachment") in m.text for m in user.messages()) >= 2)
    assert sum(words("misfit.attachment") in m.text for m in user.messages()) == 2


async def test_a_flood_is_asked_to_slow_down_once_and_leaves_others_alone(
    home: Path, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    other = FakeUser(api)
    async with running(home, api, clock=clock, messages_a_minute=10):
        for _ in range(30):
            await user.start("p_xiaohe")
        await other.start("p_xiaohe")
        await other.hears("我是「明示」")
        await api.until(lambda: sum(words("misfit.too_fast") in m.text for m in user.messages()) == 1)
        assert len(user.messages()) == 11
        clock.forward(minutes=2)
        await user.start("p_xiaohe")
        await user.hears("我是「明示」")
        assert len(user.messages()) == 12


async def test_an_update_nobody_understands_does_not_hold_up_the_next(app: App, api: BotApi, user: FakeUser) -> None:
    api.push_raw({"update_id": 700_000_500, "message": {"nonsense": True}})
    api.push_raw({"update_id": 700_000_501, "something_new": {}})
    api._next_update = 700_000_600
    await user.start()
    await user.hears(words("greeting.choose"))
    assert api.pending() == 0


async def test_tags_in_what_a_person_types_never_become_tags(app: App, api: BotApi, user: FakeUser) -> None:
    user.person["first_name"] = "系统管理员 <a href='http://x'>点击</a>"
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    await user.send("<b>我</b> & </blockquote> {0.__class__}")
    await user.hears(words("engine.down"))
    assert "点击" not in user.screen()
