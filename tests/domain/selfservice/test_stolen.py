"""账号被盗: frozen at once where the phone is proven, an urgent case for the platform's people in any way."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from domain import Domain
from domain.messaging.tables import InboxRow
from tests.domain.selfservice.owners import (
    NEW_PHONE,
    PHONE,
    account_id,
    events,
    owner,
    phone_of,
    sms,
    status_of,
    words,
)
from tests.support.ambient import FakeClock
from tests.support.person import PASSWORD, Person, sms_codes

STORY = "昨天晚上发现登录不上去，里面的材料少了两份，不知道是谁弄的"


@pytest.mark.parametrize("platform", ["rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong"])
async def test_the_account_is_frozen_before_anything_else_is_asked(
    domain: Domain, clock: FakeClock, platform: str
) -> None:
    first = await owner(domain, platform)
    account = await account_id(domain, platform)
    clock.forward(days=1)
    person = await Person.arrives(domain, platform)
    said = words(await person.wants("report_stolen"))
    assert ("公安机关报案" in said) is (platform == "renrenbao")
    await person.names(PHONE)
    said = words(await person.proves_account(PHONE))
    assert "账号已经冻结，所有登录都已退出" in said
    assert await status_of(domain, account) == "frozen"
    assert (await domain.accounts.sign_in(platform, "phone", f"+86{PHONE}", PASSWORD)).outcome == "frozen"
    await person.says(STORY)
    assert "按紧急情况转给平台" in person.last["text"]
    (request,) = await domain.requests.list(platform)
    assert (request.kind, request.urgent, request.account_id) == ("stolen", True, account)
    assert request.words["story"] == STORY
    assert request.id in person.last["text"]
    assert "被冻结了" in words(await first.is_told())
    assert ("frozen", PHONE) in await sms(domain)
    assert await events(domain, "frozen")


async def test_without_the_phone_nothing_is_frozen_but_the_case_goes_to_people(
    domain: Domain, clock: FakeClock
) -> None:
    await owner(domain, "renrenbao")
    account = await account_id(domain, "renrenbao")
    clock.forward(days=1)
    person = await Person.arrives(domain, "renrenbao")
    await person.wants("report_stolen")
    await person.presses("手机也丢了")
    await person.says("可以打我爱人的电话 13700137000")
    await person.presses("不填")
    assert "我还不能直接冻结账号" in person.last["text"]
    assert "运营商电话停机" in person.last["text"]
    assert await status_of(domain, account) == "active"
    (request,) = await domain.requests.list("renrenbao")
    assert (request.kind, request.urgent, request.account_id) == ("stolen", True, None)
    assert "13700137000" in request.words["contact"]
    assert await sms_codes(domain, PHONE) == []


async def test_the_phone_can_turn_out_lost_after_the_code_was_sent(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("report_stolen")
    await person.names(PHONE)
    await person.presses("手机也丢了")
    assert person.last["expects"] == "contact"
    await person.says("请打我家里的电话，0571-88886666，找王先生")
    await person.says(STORY)
    assert "我还不能直接冻结账号" in person.last["text"]


async def test_words_of_a_theft_hold_no_password(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("report_stolen", PHONE)
    await person.says("昨天晚上被盗了，我的密码是abc12345678，请帮我看看")
    (request,) = await sqlite_domain.requests.list("xiaohe")
    assert "abc12345678" not in request.words["story"]


async def test_reporting_twice_is_one_case(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    for _ in range(2):
        clock.forward(days=1)
        person = await Person.arrives(sqlite_domain, "xiaohe")
        await person.gets_to("report_stolen", PHONE)
        await person.says(STORY)
    assert len(await sqlite_domain.requests.list("xiaohe")) == 1


async def test_a_frozen_account_can_only_be_frozen_looked_at_and_unfrozen_by_people(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    await domain.accounts.freeze(account, by="staff")
    await first.is_told()
    for errand in ("reset_password", "change", "cancel", "transfer"):
        clock.forward(days=1)
        person = await Person.arrives(domain, "weigongbao")
        await person.wants(errand)
        await person.names(PHONE)
        assert "如果微工宝有这个账号" in person.last["text"], errand
        assert await sms_codes(domain, PHONE) == [], errand
    await domain.accounts.unfreeze(account, by="staff", reason="seen in person")
    assert "已经解冻" in words(await first.is_told())
    assert await status_of(domain, account) == "active"


# --- 不是我操作 ---------------------------------------------------------------------------------------------


async def _other_sets_a_password(domain: Domain) -> Person:
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("reset_password", PHONE)
    await other.sends(password="tea garden 2077 山", password_again="tea garden 2077 山")
    return other


async def test_the_owner_freezes_with_one_press_where_the_news_arrived(domain: Domain, clock: FakeClock) -> None:
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await _other_sets_a_password(domain)
    told = await first.is_told()
    assert "刚刚换了密码" in words(told)
    clock.forward(hours=1)
    said = words(await first.presses("不是我操作"))
    assert "账号已经冻结" in said
    assert await status_of(domain, account) == "frozen"
    assert first.last["expects"] == "story"
    await first.says(STORY)
    (request,) = await domain.requests.list("xiaohe")
    assert request.account_id == account


async def test_the_button_stops_working_after_a_week_and_does_not_pass_to_others(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await _other_sets_a_password(domain)
    await first.is_told()
    token = first.button("不是我操作")
    stranger = await Person.arrives(domain, "xiaohe")
    assert "不属于这个对话" in words(await stranger.presses_token(token))
    clock.forward(days=7, seconds=1)
    await first.presses_token(token)
    assert await status_of(domain, account) == "active"


async def test_news_are_told_once_however_often_they_are_handled(sqlite_domain: Domain, clock: FakeClock) -> None:
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    clock.forward(days=1)
    await _other_sets_a_password(domain)
    assert len(await first.is_told()) == 1
    assert await first.is_told() == []
    async with domain.database.reading() as session:
        rows = list(await session.scalars(select(InboxRow).where(InboxRow.update_id.like("tell:%"))))
    assert [row.state for row in rows] == ["done"]
    assert all(row.sealed is None for row in rows)


# --- the phone was changed by the thief -----------------------------------------------------------------------


async def _thief_changes_the_phone(domain: Domain, clock: FakeClock) -> str:
    thief = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await thief.gets_to("change", PHONE)
    await thief.presses("手机号")
    await thief.proves(NEW_PHONE)
    assert await phone_of(domain, account) == NEW_PHONE
    await thief.presses("改完了")
    return account


@pytest.mark.parametrize(("hours", "works"), [(23, True), (24, False)])
async def test_the_old_phone_freezes_and_takes_the_change_back_within_a_day(
    domain: Domain, clock: FakeClock, hours: int, works: bool
) -> None:
    """C10"""
    account = await _thief_changes_the_phone(domain, clock)
    clock.forward(hours=hours)
    victim = await Person.arrives(domain, "xiaohe")
    await victim.wants("report_stolen")
    await victim.names(PHONE)
    if not works:
        assert await sms_codes(domain, PHONE) == []
        assert await phone_of(domain, account) == NEW_PHONE
        return
    said = words(await victim.proves_account(PHONE))
    assert "最近换的手机号也已经换回原来的" in said
    assert await phone_of(domain, account) == PHONE
    assert await status_of(domain, account) == "frozen"


async def test_the_old_phone_opens_nothing_else(sqlite_domain: Domain, clock: FakeClock) -> None:
    await _thief_changes_the_phone(sqlite_domain, clock)
    clock.forward(hours=1)
    for errand in ("reset_password", "change", "access", "cancel"):
        person = await Person.arrives(sqlite_domain, "xiaohe")
        await person.wants(errand)
        await person.names(PHONE)
        assert await sms_codes(sqlite_domain, PHONE) == [], errand
        clock.forward(minutes=10)


async def test_two_people_who_act_on_one_account_at_once_both_get_an_answer(domain: Domain, clock: FakeClock) -> None:
    """The owner freezes in the moment in which somebody else sets a password: the last state is frozen."""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await _other_sets_a_password(domain)
    await first.is_told()
    clock.forward(hours=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("reset_password", PHONE)
    clock.forward(seconds=1)
    outcomes = await asyncio.gather(
        first.presses("不是我操作"),
        other.sends(password="another garden 88 水", password_again="another garden 88 水"),
    )
    assert "账号已经冻结" in words(outcomes[0])
    assert not outcomes[1].errors
    assert await status_of(domain, account) == "frozen"


async def test_a_lost_phone_does_not_keep_the_owner_from_freezing_in_their_own_conversation(domain: Domain) -> None:
    owner = await Person.arrives(domain, "xiaohe")
    await owner.registers("13812345678")
    account = await domain.accounts.find("xiaohe", "phone", "+8613812345678")
    assert account is not None
    await owner.says("账号被盗了", wish="report_stolen_account")
    await owner.presses("手机也丢了")
    assert (await domain.accounts.get(account.id)).status == "frozen"
    await owner.says("13900139000")
    await owner.says("手机被偷了，有人登录了我的账号，请快点处理一下")
    (request,) = await domain.requests.list("xiaohe")
    assert (request.account_id, request.urgent, request.words["contact"]) == (account.id, True, "13900139000")
