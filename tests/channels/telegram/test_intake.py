"""Updates come in safely: by webhook only from Telegram, by polling only past what was committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from bot.app import App
from bot.channels.telegram.webhook import PATH, Webhook
from bot.settings import Telegram
from tests.channels.telegram.running import SECRET, conversation_of, here, running, words
from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.bot_api_people import FakeUser

HEADER = "X-Telegram-Bot-Api-Secret-Token"


def started(user: FakeUser, update_id: int = 5) -> dict[str, Any]:
    body = {"message_id": 9, "from": user.person, "chat": user.chat, "date": 1, "text": "/start p_xiaohe"}
    return {"update_id": update_id, "message": body}


async def post(app: App, body: bytes, headers: Mapping[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{here(app)}{PATH}", data=body, headers=headers) as response,
    ):
        return response.status


def signed(**more: str) -> dict[str, str]:
    return {"Content-Type": "application/json", HEADER: SECRET, **more}


class Away:
    """Makes the inbox unreachable for a while."""

    def __init__(self, app: App, times: int) -> None:
        self.left = times
        self._receive = app.domain.parts.inbox.receive

    async def receive(self, *args: Any, **more: Any) -> Any:
        if self.left > 0:
            self.left -= 1
            raise OperationalError("INSERT", {}, Exception("database is away"))
        return await self._receive(*args, **more)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: "wrong"},
        {HEADER: SECRET + "x"},
        {HEADER: SECRET[:-1]},
        {HEADER: "密钥"},
        {HEADER: "wrong", "X-Forwarded-For": "149.154.167.220"},
    ],
)
async def test_only_telegram_may_post_updates(headers: dict[str, str], home: Path, api: BotApi, user: FakeUser) -> None:
    async with running(home, api, mode="webhook") as app:
        body = json.dumps(started(user)).encode()
        assert await post(app, body, {"Content-Type": "application/json", **headers}) == 401
        # A body that could not be parsed is not looked at either.
        assert await post(app, b"{" * 200_000, {"Content-Type": "application/json", **headers}) == 401
        assert await conversation_of(app, user) is None


async def test_what_is_no_update_is_refused_and_the_app_goes_on(home: Path, api: BotApi, user: FakeUser) -> None:
    async with running(home, api, mode="webhook") as app:
        assert await post(app, b"not json", signed()) == 400
        assert await post(app, b"[" * 100_000 + b"]" * 100_000, signed()) == 400
        assert await post(app, b"[]", signed()) == 400
        assert await post(app, b'{"update_id": "1"}', signed()) == 400
        assert await post(app, b'{"update_id": true}', signed()) == 400
        assert await post(app, b"x" * (10 * 1024 * 1024), signed()) == 413
        assert await post(app, b"a=1", {**signed(), "Content-Type": "application/x-www-form-urlencoded"}) == 415
        assert await post(app, b'{"update_id": 3, "message": {"nonsense": 1}}', signed()) == 200
        await user.start("p_xiaohe")
        await user.hears("我是「明示」")


async def test_the_same_post_again_is_accepted_and_handled_once(home: Path, api: BotApi, user: FakeUser) -> None:
    api.chats[user.id] = user.chat
    async with running(home, api, mode="webhook") as app:
        body = json.dumps(started(user)).encode()
        for _ in range(3):
            assert await post(app, body, signed()) == 200
        await user.hears("我是「明示」")
        await user.send("什么")
        await user.hears(words("engine.down"))
        assert sum("我是「明示」" in m.text for m in user.messages()) == 1


async def test_an_update_that_could_not_be_stored_is_refused_and_comes_again(
    home: Path, api: BotApi, user: FakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(home, api, mode="webhook") as app:
        monkeypatch.setattr(app.domain.parts.inbox, "receive", Away(app, 2).receive)
        await user.start("p_xiaohe")
        await user.hears("我是「明示」")
        assert api.webhook_answers == [503, 503, 200]


async def test_the_webhook_is_set_with_its_secret_and_only_the_kinds_that_are_read(home: Path, api: BotApi) -> None:
    async with running(home, api, mode="webhook") as app:
        await api.until(lambda: api.webhook is not None)
        assert api.webhook == {"url": f"{here(app)}{PATH}", "secret": SECRET}
        wanted = {"message", "channel_post", "callback_query", "my_chat_member"}
        assert set(api.called("setWebhook")[0]["allowed_updates"]) == wanted
        assert not api.called("setWebhook")[0].get("drop_pending_updates")


def test_without_a_secret_there_is_no_webhook() -> None:
    with pytest.raises(ValidationError, match="WEBHOOK_SECRET"):
        Telegram.model_validate({"token": TOKEN, "mode": "webhook"})
    with pytest.raises(ValidationError, match="WEBHOOK_SECRET"):
        Telegram.model_validate({"token": TOKEN, "mode": "webhook", "webhook_secret": ""})
    with pytest.raises(ValueError, match="secret"):
        Webhook(None, "")  # type: ignore[arg-type]


async def test_polling_goes_on_only_past_what_was_committed(
    app: App, api: BotApi, user: FakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(app, 3)
    monkeypatch.setattr(app.domain.parts.inbox, "receive", away.receive)
    await user.start("p_xiaohe")
    await api.until(lambda: bool(api.called("getUpdates")))
    await user.hears("我是「明示」")
    assert away.left == 0
    await api.until(lambda: api.pending() == 0)
    assert sum("我是「明示」" in m.text for m in user.messages()) == 1


async def test_what_came_in_while_the_app_was_down_is_answered(home: Path, api: BotApi, user: FakeUser) -> None:
    await user.start("p_xiaohe")
    async with running(home, api):
        await user.hears("我是「明示」")
    await user.send("什么")
    async with running(home, api):
        await user.hears(words("engine.down"))
    assert sum("我是「明示」" in m.text for m in user.messages()) == 1


async def test_a_webhook_left_over_is_taken_away_so_that_polling_works(app: App, api: BotApi, user: FakeUser) -> None:
    await api.until(lambda: bool(api.called("getUpdates")))
    api.webhook = {"url": "http://127.0.0.1:9/elsewhere", "secret": ""}
    api.fail("getUpdates", 409, "Conflict: can't use getUpdates method while webhook is active")
    await user.start("p_xiaohe")
    await api.until(lambda: api.webhook is None)
    await user.hears("我是「明示」")


async def test_another_process_that_polls_does_not_stop_this_one(app: App, api: BotApi, user: FakeUser) -> None:
    api.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=2)
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")


@pytest.mark.parametrize("trouble", ["deleteWebhook", "getUpdates", "getMe", "setMyCommands", "answerCallbackQuery"])
async def test_trouble_at_telegram_passes(trouble: str, home: Path, api: BotApi, user: FakeUser) -> None:
    api.hang_up(trouble)
    api.fail(trouble, 502, "Bad Gateway", times=2)
    async with running(home, api):
        await user.start()
        await user.hears(words("greeting.choose"))
        await user.press("小禾企服网")
        await user.hears("想注册，点「我想注册」")
        await api.until(
            lambda: [c["command"] for c in api.commands] == ["start", "help", "consents", "human", "cancel"]
        )


async def test_two_first_updates_at_the_same_moment_make_one_conversation(
    home: Path, api: BotApi, user: FakeUser
) -> None:
    api.chats[user.id] = user.chat
    async with running(home, api, mode="webhook") as app:
        bodies = [json.dumps(started(user, update_id)).encode() for update_id in range(10, 14)]
        assert await asyncio.gather(*(post(app, body, signed()) for body in bodies)) == [200] * 4
        assert await conversation_of(app, user) is not None


async def test_a_registration_begun_on_the_web_goes_on_in_the_chat(app: App, api: BotApi, user: FakeUser) -> None:
    async with aiohttp.ClientSession() as session:

        async def call(path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.post(f"{here(app)}{path}", json=body, headers=headers) as response:
                return dict(await response.json())

        web = await call("/api/conversations", {"platform": "xiaohe"})
        path = f"/api/conversations/{web['id']}/messages"
        messages = web["messages"]
        for label in ("我想注册", "不办了", "先放着", "换个地方继续"):
            token = next(b["token"] for b in messages[-1]["buttons"] if b["label"] == label)
            messages = (await call(path, {"button": token}, web["token"]))["messages"]
    code = messages[-1]["text"].partition("发给我就能接着办：")[2][:9]
    await user.start(f"r_{code}")
    await user.hears(words("resume.moved.registration"))
    # Nothing is collected here before the person has agreed to the way across the border.
    await user.hears(words("crossing.ask"))
    other = FakeUser(api)
    await other.start(f"r_{code}")
    await other.hears(words("greeting.choose"))
