"""One person registers from the first greeting to the receipt, entirely in the chat and on the one-time page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.app import App
from tests.channels.telegram.running import code_sent_to, fill_page, running, words
from tests.fakes.bot_api import BotApi, Sent
from tests.fakes.bot_api_people import FakeUser


async def register(app: App, user: FakeUser) -> Sent:
    """From the start button of a link to the receipt."""
    await user.start("p_xiaohe")
    greeting = await user.hears("我是「明示」")
    assert "我想注册" in greeting.labels
    await user.press("我想注册")
    await user.hears(words("crossing.ask"))
    await user.press("同意")
    await user.hears(words("who.ask"))
    await user.press("本人已满18岁")
    for at in range(1, 10):
        await user.hears(f"第 {at}/9 张")
        await user.press("我已了解")
    await decide_all(user)
    await user.press("同意")
    await user.hears(words("phone.ask"))
    await user.hears("发送我的手机号")
    assert user.reply_keyboard() == ["发送我的手机号"]
    await user.share_contact()
    await user.hears(words("code.sent"))
    assert user.reply_keyboard() == []
    await user.send(await code_sent_to(app, user.phone))
    await user.hears(words("field.real_name"))
    await user.send("王芳")
    await user.hears(words("field.email"))
    await user.send("wf@example.com")
    await user.hears(words("field.login_name"))
    await user.send("wangfang_88")
    link = await user.hears(words("page.ask"))
    url = re.findall(r"http://127\.0\.0\.1:\d+/s/\S+", link.text)[0]
    secrets = {
        "id_number": "11010519491231002X",
        "password": "correct horse 电池",
        "password_again": "correct horse 电池",
    }
    assert await fill_page(url, secrets) == 200
    return await user.hears(words("registered"))


async def decide_all(user: FakeUser) -> None:
    """Agree to the first demand, refuse the optional ones."""
    panel = await user.hears(words("consents.panel"))
    count = sum(label.endswith(". 同意") for label in panel.labels)
    assert count >= 2
    for number in range(1, count + 1):
        await user.press(f"{number}. {'同意' if number == 1 else '不同意'}")
        await user.hears("✗ 您选了不同意" if number > 1 else "✓ 您选了同意")
    await user.hears(words("decision.ask_registration"))


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_person_registers_in_the_chat_from_greeting_to_receipt(mode: str, api: BotApi, home: Path) -> None:
    async with running(home, api, mode=mode) as app:
        user = FakeUser(api)
        receipt = await register(app, user)
        account = await app.domain.accounts.find("xiaohe", "phone", "+8613800138000")
        assert account is not None
        assert account.id in receipt.text
        assert "/r/" in receipt.text
        assert all(status == 200 for status in api.webhook_answers)
        assert (await app.domain.accounts.data(account.id))["login_name"] == "wangfang_88"
        verdict = await app.domain.evidence.verify()
        assert verdict.ok
