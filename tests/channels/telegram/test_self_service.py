"""Owners of accounts in Telegram, whose servers stand abroad: what is personal is written on the page, not here."""

from __future__ import annotations

import asyncio
import re

import aiohttp
from sqlalchemy import select

from bot.app import App
from domain.accounts.tables import AccountRow
from domain.messaging.tables import ShortMessageRow
from tests.channels.telegram.running import MovedClock, fill_page, here, words
from tests.channels.telegram.test_journey import register
from tests.fakes.bot_api import BotApi, Sent
from tests.fakes.bot_api_people import FakeUser

PHONE = "13800138000"
NEW_PASSWORD = "秋水 heron 7 长天"
NEW = {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
NAMES = {"phone": "", "login_name": "", "id_number": "", "credit_code": ""}


def link_in(message: Sent) -> str:
    return re.findall(r"http://127\.0\.0\.1:\d+/s/\S+", message.text)[0]


async def second_device(app: App, api: BotApi, clock: MovedClock) -> FakeUser:
    """Another Telegram account that asks for a new password; it has consented to nothing."""
    clock.forward(minutes=3)
    user = FakeUser(api, "小明的平板")
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    await user.send("我有点事情想请你们帮忙看看")
    await user.hears(words("engine.down"))
    await user.press("找回密码")
    return user


async def proves_on_the_page(app: App, user: FakeUser) -> Sent:
    """Name the account on the page and type the code; the message with the link for the password."""
    await user.hears(words("self.name_on_page"))
    await user.press("到网页上填")
    page = await user.hears(words("self.name_page"))
    assert await fill_page(link_in(page), {**NAMES, "phone": PHONE}) == 200
    await user.hears(words("self.code_sent"))
    await user.send(await second_code(app))
    return await user.hears(words("self.reset.page"))


async def second_code(app: App) -> str:
    """The code that came after the registration's, to the phone of the account."""
    async with aiohttp.ClientSession() as session:
        for _ in range(400):
            async with session.get(f"{here(app)}/dev/sms", params={"phone": PHONE}) as response:
                sent = (await response.json())["messages"]
            if len(sent) > 1:
                return re.findall(r"\d{6}", sent[0]["text"])[0]
            await asyncio.sleep(0.02)
    raise AssertionError("no second SMS was sent")


async def the_account(app: App) -> AccountRow:
    async with app.domain.database.reading() as session:
        return (await session.scalars(select(AccountRow))).one()


async def signs_in(app: App, password: str) -> str:
    return (await app.domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", password)).outcome


async def test_a_password_is_reset_without_a_personal_word_in_the_chat_and_the_first_device_says_not_me(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await register(app, user)
    thief = await second_device(app, api, clock)
    page = await proves_on_the_page(app, thief)
    assert await fill_page(link_in(page), NEW) == 200
    await thief.hears(words("self.reset.done"))
    assert not [word for word in (PHONE, "wangfang_88", "王芳", NEW_PASSWORD) if word in thief.screen()]
    assert await signs_in(app, NEW_PASSWORD) == "ok"

    news = await user.hears(words("news.password_changed"))
    assert news.labels == ["不是我操作"]
    await user.press("不是我操作")
    await user.hears(words("self.not_me"))
    # A story holds what happened: it is written on the page too, unless the crossing was consented to, as here.
    await user.hears(words("self.ask.story"))
    assert (await the_account(app)).status == "frozen"
    assert await signs_in(app, NEW_PASSWORD) == "frozen"
    await thief.hears(words("news.frozen"))
    await user.send("我没有改过密码，昨天手机借给过别人")
    await user.hears(words("self.stolen.case"))
    (request,) = await app.domain.requests.list("xiaohe")
    assert (request.kind, request.urgent) == ("stolen", True)


async def test_what_is_typed_in_the_chat_all_the_same_names_no_account_and_sends_nothing(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await register(app, user)
    second = await second_device(app, api, clock)
    await second.hears(words("self.name_on_page"))
    await second.send(PHONE)
    # Nobody reads it here: the question stands again, and no code goes out.
    await second.hears(words("self.name_on_page"))
    async with app.domain.database.reading() as session:
        texted = list(await session.scalars(select(ShortMessageRow)))
    assert [row.template for row in texted] == ["code"]


async def test_the_code_of_an_account_is_asked_for_in_a_message_that_cannot_be_passed_on(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await register(app, user)
    second = await second_device(app, api, clock)
    await second.hears(words("self.name_on_page"))
    await second.press("到网页上填")
    page = await second.hears(words("self.name_page"))
    await fill_page(link_in(page), {**NAMES, "phone": PHONE})
    assert (await second.hears(words("self.code_sent"))).protected


async def test_the_notice_waits_for_somebody_who_blocked_the_bot_and_comes_when_they_return(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await register(app, user)
    user.block()
    second = await second_device(app, api, clock)
    page = await proves_on_the_page(app, second)
    assert await fill_page(link_in(page), NEW) == 200
    await second.hears(words("self.reset.done"))
    assert words("news.password_changed") not in user.screen()
    user.unblock()
    await user.send("在吗")
    await user.hears(words("news.password_changed"))
    await user.press("不是我操作")
    await user.hears(words("self.not_me"))
    assert (await the_account(app)).status == "frozen"


async def test_a_press_of_not_me_that_somebody_else_forges_freezes_nothing(
    app: App, api: BotApi, user: FakeUser, clock: MovedClock
) -> None:
    await register(app, user)
    second = await second_device(app, api, clock)
    page = await proves_on_the_page(app, second)
    await fill_page(link_in(page), NEW)
    news = await user.hears(words("news.password_changed"))
    stranger = FakeUser(api, "路人", "8613900139000")
    await stranger.start("p_xiaohe")
    await stranger.hears("我是「明示」")
    await stranger.press_data(news.buttons[0]["callback_data"])
    await stranger.hears(words("button.foreign"))
    assert (await the_account(app)).status == "active"
