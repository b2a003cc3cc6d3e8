"""Changing what is registered: every field of every platform, a phone proven on both sides, and back within a day."""

from __future__ import annotations

import pytest

from domain import Domain
from tests.domain.selfservice.owners import (
    NEW_PHONE,
    PHONE,
    THIRD_PHONE,
    account_id,
    events,
    owner,
    phone_of,
    sms,
    status_of,
    words,
)
from tests.support.ambient import FakeClock
from tests.support.person import ADULT_ID, Person, sms_codes

LABELS = {
    "email": ("邮箱", "new.address@example.com", "new.address@example.com"),
    "login_name": ("登录名", "brand_new_9", "brand_new_9"),
    "member_name": ("会员名", "山里来的人9", "山里来的人9"),
    "real_name": ("姓名", "李小龙", "李小龙"),
    "company_name": ("单位名称", "杭州新名科技有限公司", "杭州新名科技有限公司"),
    "legal_representative": ("法定代表人", "韩梅梅", "韩梅梅"),
    "position": ("职务", "行政主管", "行政主管"),
    "address": ("地址", "上海市浦东新区世纪大道 1 号", "上海市浦东新区世纪大道 1 号"),
}
CHANGES = [
    ("rencai", "本人已满18岁", ("real_name", "email")),
    ("rencai", "单位", ("company_name", "legal_representative", "email")),
    ("renrenbao", "本人已满18岁", ("login_name",)),
    ("weigongbao", "本人已满18岁", ("email", "member_name", "address")),
    ("xiaohe", "本人已满18岁", ("real_name", "email", "login_name")),
    ("xiaohe", "单位", ("company_name", "real_name", "email", "login_name")),
    ("zhiyonggong", "单位", ("company_name", "real_name", "position", "email")),
]


async def changing(domain: Domain, clock: FakeClock, platform: str, who: str | None = None) -> Person:
    """An owner who is asked what to change."""
    person = await owner(domain, platform, who=who)
    clock.forward(days=1)
    await person.gets_to("change", PHONE)
    return person


@pytest.mark.parametrize(("platform", "who", "fields"), CHANGES, ids=lambda part: str(part))
async def test_every_field_that_may_change_is_offered_and_changes(
    sqlite_domain: Domain, clock: FakeClock, platform: str, who: str, fields: tuple[str, ...]
) -> None:
    domain = sqlite_domain
    person = await changing(domain, clock, platform, who)
    account = await account_id(domain, platform)
    offered = set(person.offers()) - {"改完了", "转人工"}
    expected = {LABELS[f][0] for f in fields} | {"手机号"} | ({"角色"} if platform == "weigongbao" else set())
    assert offered == expected
    for field in fields:
        label, typed, stored = LABELS[field]
        await person.presses(label)
        await person.says(typed)
        assert "改好了" in person.last["text"], (field, person.last["text"])
        assert (await domain.accounts.data(account))[field] == stored
    await person.presses("改完了")
    assert await person.flow() is None
    assert [event["field"] for event in await events(domain, "changed")] == list(fields)


async def test_a_role_is_changed_by_a_button(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await changing(sqlite_domain, clock, "weigongbao")
    before = (await sqlite_domain.accounts.data(await account_id(sqlite_domain, "weigongbao")))["role"]
    await person.presses("角色")
    other = next(label for label in person.offers() if label in {"雇主", "服务商"} and label != before)
    await person.presses(other)
    assert (await sqlite_domain.accounts.data(await account_id(sqlite_domain, "weigongbao")))["role"] == other


async def test_the_real_name_of_weigongbao_does_not_change_here_and_says_why(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    person = await changing(sqlite_domain, clock, "weigongbao")
    assert "姓名" not in person.offers()
    said = words(await person.says("我要改姓名，叫李小龙", wish="update_profile"))
    assert "第二条第4项" in said
    data = await sqlite_domain.accounts.data(await account_id(sqlite_domain, "weigongbao"))
    assert data["real_name"] == "王芳"


async def test_a_documents_number_is_a_matter_for_people(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await changing(sqlite_domain, clock, "xiaohe")
    said = words(await person.says("身份证号登记错了，我要改身份证号", wish="update_profile"))
    assert "工作人员核对" in said
    assert "转人工" in person.labels()
    data = await sqlite_domain.accounts.data(await account_id(sqlite_domain, "xiaohe"))
    assert data["id_number"] == ADULT_ID


async def test_a_value_that_breaks_its_rule_or_is_taken_changes_nothing(domain: Domain, clock: FakeClock) -> None:
    await owner(domain, "renrenbao", NEW_PHONE, login_name="already_there1")
    person = await changing(domain, clock, "renrenbao")
    account = await account_id(domain, "renrenbao")
    before = await domain.accounts.data(account)
    await person.presses("登录名")
    await person.says("1ab", wish="value")
    assert "登录名" in person.last["text"]
    await person.says("already_there1")
    assert "已经有人用了" in person.last["text"]
    assert await domain.accounts.data(account) == before
    await person.says("quite_free_22")
    assert "改好了" in person.last["text"]
    assert await domain.accounts.find("renrenbao", "login_name", "quite_free_22")
    assert await domain.accounts.find("renrenbao", "login_name", before["login_name"]) is None


async def test_every_other_conversation_hears_of_a_change_and_can_say_no(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("change", PHONE)
    await other.presses("邮箱")
    await other.says("thief@example.com")
    told = words(await first.is_told())
    assert "改了邮箱" in told
    assert "thief@example.com" not in told
    await first.presses("不是我操作")
    assert await status_of(domain, account) == "frozen"


# --- the phone --------------------------------------------------------------------------------------------


async def test_a_new_phone_counts_once_it_is_proven_and_not_before(domain: Domain, clock: FakeClock) -> None:
    """C10"""
    person = await changing(domain, clock, "xiaohe")
    account = await account_id(domain, "xiaohe")
    await person.presses("手机号")
    await person.says(NEW_PHONE)
    assert await phone_of(domain, account) == PHONE
    code = (await sms_codes(domain, NEW_PHONE))[-1]
    await person.says(f"{(int(code) + 1) % 1_000_000:06d}")
    assert await phone_of(domain, account) == PHONE
    await person.says(code)
    assert await phone_of(domain, account) == NEW_PHONE
    assert "139****4321" in person.last["text"]
    assert ("phone_changed", PHONE) in await sms(domain)
    assert await domain.accounts.find("xiaohe", "phone", f"+86{PHONE}") is None


async def test_the_code_of_the_old_phone_does_not_prove_the_new_one(sqlite_domain: Domain, clock: FakeClock) -> None:
    """A08, A10"""
    person = await changing(sqlite_domain, clock, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    await person.presses("手机号")
    await person.says(NEW_PHONE)
    first = (await sms_codes(sqlite_domain, NEW_PHONE))[-1]
    await person.presses("改别的")
    await person.presses("手机号")
    await person.says(THIRD_PHONE)
    assert (await sms_codes(sqlite_domain, THIRD_PHONE))[-1] != first
    await person.says(first)
    assert await phone_of(sqlite_domain, account) == PHONE


async def test_a_phone_that_has_an_account_is_refused_only_after_its_proof(domain: Domain, clock: FakeClock) -> None:
    """C01: whoever does not hold the phone learns nothing of it."""
    await owner(domain, "renrenbao", NEW_PHONE)
    person = await changing(domain, clock, "renrenbao")
    account = await account_id(domain, "renrenbao")
    await person.presses("手机号")
    taken = words(await person.says(NEW_PHONE)).replace("139****4321", "PHONE")
    await person.presses("改别的")
    await person.presses("手机号")
    free = words(await person.says(THIRD_PHONE)).replace("158****0000", "PHONE")
    assert taken == free
    clock.forward(minutes=3)
    await person.presses("改别的")
    await person.presses("手机号")
    await person.proves(NEW_PHONE)
    assert "已经有账号了" in person.last["text"]
    assert await phone_of(domain, account) == PHONE


@pytest.mark.parametrize(("hours", "works"), [(23.9, True), (24, False)])
async def test_a_change_of_phone_is_taken_back_by_one_press_within_a_day(
    domain: Domain, clock: FakeClock, hours: float, works: bool
) -> None:
    """C10"""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("change", PHONE)
    await other.presses("手机号")
    await other.proves(NEW_PHONE)
    assert "24 小时内可以撤销" in words(await first.is_told())
    clock.forward(hours=hours)
    said = words(await first.presses("撤销换号"))
    assert ("撤销好了" in said) is works
    assert ("撤销不了了" in said) is not works
    assert await phone_of(domain, account) == (PHONE if works else NEW_PHONE)
    assert "不是我操作" in first.offers()


async def test_after_it_was_taken_back_whoever_changed_it_has_to_prove_anew(domain: Domain, clock: FakeClock) -> None:
    """Otherwise the errand that is still open would change the phone a second time."""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("change", PHONE)
    await thief.presses("手机号")
    await thief.proves(NEW_PHONE)
    email = thief.button("邮箱")
    await first.is_told()
    clock.forward(minutes=5)
    await first.presses("撤销换号")
    said = words(await thief.presses_token(email))
    assert "刚刚有了变化" in said
    assert await thief.flow() is None
    assert await phone_of(domain, account) == PHONE


async def test_changing_twice_in_a_row_does_not_put_the_first_phone_out_of_reach(
    domain: Domain, clock: FakeClock
) -> None:
    """A thief who changes to a phone and on to another must not leave the owner with the first of the two."""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("change", PHONE)
    for phone in (NEW_PHONE, THIRD_PHONE):
        await thief.presses("手机号")
        await thief.proves(phone)
        clock.forward(minutes=5)
    assert await phone_of(domain, account) == THIRD_PHONE
    await first.is_told()
    await first.presses("撤销换号")
    assert await phone_of(domain, account) == PHONE


async def test_a_change_cannot_be_taken_back_when_the_old_phone_got_an_account_of_its_own(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "renrenbao")
    account = await account_id(domain, "renrenbao")
    clock.forward(days=1)
    other = await Person.arrives(domain, "renrenbao")
    await other.gets_to("change", PHONE)
    await other.presses("手机号")
    await other.proves(NEW_PHONE)
    clock.forward(minutes=10)
    await owner(domain, "renrenbao", PHONE)
    await first.is_told()
    assert "撤销不了了" in words(await first.presses("撤销换号"))
    assert await phone_of(domain, account) == NEW_PHONE


async def test_going_back_to_the_old_phone_oneself_is_a_change_like_any_other(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await changing(domain, clock, "xiaohe")
    account = await account_id(domain, "xiaohe")
    for phone in (NEW_PHONE, PHONE):
        clock.forward(minutes=10)
        await person.presses("手机号")
        await person.proves(phone)
    assert await phone_of(domain, account) == PHONE


async def test_abroad_the_new_value_is_typed_on_the_page(sqlite_domain: Domain, clock: FakeClock) -> None:
    """PIPL 38-39: Telegram is not where personal data are typed without the person's consent."""
    domain = sqlite_domain
    await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(domain, "xiaohe", channel="telegram")
    await person.wants("change")
    assert person.last["expects"] is None
    await person.names_on_page(phone=PHONE)
    await person.proves_account(PHONE)
    await person.presses("邮箱")
    await person.presses("到网页上填")
    assert (await person.sends(email="not an address")).errors
    assert not (await person.sends(email="abroad@example.com")).errors
    assert "改好了" in person.last["text"]
    assert (await domain.accounts.data(account))["email"] == "abroad@example.com"
