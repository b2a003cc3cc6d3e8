"""A teenager and a parent, each in a Telegram chat of their own: the invitation opens where it was made."""

from __future__ import annotations

import re

from sqlalchemy import select
from stdnum.cn import ric

from bot.app import App
from domain.guardians.tables import GuardianshipRow
from tests.channels.telegram.running import code_sent_to, fill_page, words
from tests.fakes.bot_api import BotApi
from tests.fakes.bot_api_people import FakeUser

GUARDIAN_PHONE = "13900139000"


def id_number(born: str, number: int) -> str:
    front = f"110105{born}{number:03d}"
    return front + str(ric.calc_check_digit(front + "0"))


async def begins(user: FakeUser, band: str) -> None:
    await user.start("p_xiaohe")
    await user.hears("我是「明示」")
    await user.press("我想注册")
    await user.hears(words("crossing.ask"))
    await user.press("同意")
    await user.hears(words("who.ask"))
    await user.press("未满18岁")
    await user.hears(words("age.ask"))
    await user.press(band)


async def test_a_parent_opens_the_invitation_by_its_link_and_consents(app: App, api: BotApi, user: FakeUser) -> None:
    await begins(user, "14 到 17 岁")
    await user.hears(words("guardian.ask.from_14"))
    await user.press("给监护人发邀请")
    await user.hears(words("guardian.phone"))
    assert user.reply_keyboard() == [], "the minor's own number is not offered to be sent"
    await user.send(GUARDIAN_PHONE)
    invited = await user.hears(words("guardian.invited"))
    (start,) = re.findall(r"https://t\.me/\w+\?start=(\S+)", invited.text)

    parent = FakeUser(api, "小明的爸爸", "8613900139000")
    await parent.start(start)
    await parent.hears(words("crossing.ask"))
    await parent.press("同意")
    await parent.hears(words("guarding.invited"))
    await parent.press("我是监护人，开始")
    await parent.hears(words("guarding.phone"))
    await parent.send(GUARDIAN_PHONE)
    await parent.hears(words("code.sent"))
    await parent.send(await code_sent_to(app, GUARDIAN_PHONE))
    page = await parent.hears(words("guarding.page"))
    link = re.findall(r"http://127\.0\.0\.1:\d+/s/\S+", page.text)[0]
    values = {
        "guardian_name": "王强",
        "guardian_id_number": id_number("19850102", 1),
        "relation": "parent",
        "ward_name": "王小明",
        "ward_id_number": id_number("20110102", 2),
    }
    assert await fill_page(link, values) == 200
    await parent.hears(words("guarding.identified"))
    for at in range(1, 10):
        await parent.hears(f"第 {at}/9 张")
        await parent.press("我已了解")
    await parent.hears(words("decision.ask_guardian"))
    await parent.press("同意")
    await parent.hears(words("guarding.done.given"))
    await user.hears(words("guardian.given"))
    await user.hears("第 1/9 张")
    async with app.domain.database.reading() as session:
        row = (await session.scalars(select(GuardianshipRow))).one()
    assert (row.state, row.band) == ("consented", "from_14")
    shown = "\n".join(sent.text for sent in user.messages() + parent.messages())
    assert values["guardian_id_number"] not in shown
    assert "王强" not in shown


async def test_a_child_is_not_asked_to_send_its_data_abroad(app: App, user: FakeUser) -> None:
    await begins(user, "8 到 13 岁")
    said = await user.hears(words("guardian.not_abroad"))
    assert "换网页办理" in said.labels
    assert "给监护人发邀请" not in said.labels
