"""撤回同意 and 再次同意: per item, from any state, what follows said first, and only by their own buttons."""

from __future__ import annotations

import pytest

from domain import Domain
from tests.domain.consent.receipts import my_card, newest_receipt, rows, standing
from tests.domain.messaging.test_presses import entries
from tests.domain.selfservice.owners import PHONE, account_id, events, owner
from tests.support.ambient import FakeClock
from tests.support.person import Person, everything_in
from tests.support.versions import publish

SECOND_PHONE = "13912345670"
MARKETING = "接收平台的促销消息"
PRIVACY = "收集和使用您的信息"


@pytest.fixture
async def person(sqlite_domain: Domain) -> Person:
    return await owner(sqlite_domain, "renrenbao")


async def withdraw(person: Person, title: str = MARKETING) -> None:
    await person.says("撤回同意")
    await person.presses(f"撤回「{title}」")
    await person.presses("确定撤回")


async def test_from_the_menu_a_consent_is_withdrawn_with_three_taps(domain: Domain) -> None:
    person = await owner(domain, "renrenbao")
    await person.says("能做什么", wish="menu")
    for label in ("我的同意", f"撤回「{MARKETING}」", "确定撤回"):
        await person.presses(label)
    assert (await standing(domain, await account_id(domain, "renrenbao")))["marketing"] == "withdrawn"
    (withdrawn,) = await entries(domain, "withdrawn")
    assert withdrawn["item"] == "marketing"
    assert withdrawn["pressed"]["label"] == "确定撤回"
    assert (await domain.evidence.verify()).ok


@pytest.mark.parametrize("words", ["撤回同意", "我要收回同意", "撤回授权。", " 撤回同意！"])
async def test_the_plain_command_needs_no_engine(person: Person, words: str) -> None:
    await person.says(words)
    assert f"撤回「{MARKETING}」" in person.offers()


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("取消营销", MARKETING),
        ("别再给我发广告了，不同意了", MARKETING),
        ("不同意给合作伙伴了", "把您的信息给合作伙伴推销"),
    ],
)
async def test_whoever_names_the_item_is_asked_about_it_at_once(person: Person, said: str, title: str) -> None:
    await person.says(said, wish="withdraw_consent")
    assert f"您要撤回「{title}」" in person.last["text"]
    assert person.offers()[0] == "确定撤回"


async def test_what_follows_is_said_before_it_happens(sqlite_domain: Domain, person: Person) -> None:
    profile = sqlite_domain.platforms.get("renrenbao").profile
    for consent in profile.separate_consents:
        await person.says("撤回同意")
        await person.presses(f"撤回「{consent.title}」")
        assert consent.if_refused in person.last["text"]
        assert ("不能接着用了" in person.last["text"]) == consent.indispensable
        assert ("注销账号" in " ".join(person.offers())) == consent.indispensable
        await person.presses("先不撤回")
    assert await entries(sqlite_domain, "withdrawn") == []


async def test_without_what_is_indispensable_the_account_cannot_be_used_and_cancelling_is_offered(
    sqlite_domain: Domain, person: Person
) -> None:
    await withdraw(person, PRIVACY)
    assert "不能接着用了" in person.last["text"]
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["privacy"] == "withdrawn"
    await person.presses(next(label for label in person.offers() if "注销" in label))
    flow = await person.flow()
    assert flow is not None and flow.step.startswith("cancel/")


async def test_with_several_accounts_the_person_says_which_one(sqlite_domain: Domain, person: Person) -> None:
    await person.says("换个平台", wish="choose_platform")
    await person.presses("微工宝")
    await person.registers(SECOND_PHONE)
    first, second = (
        await account_id(sqlite_domain, "renrenbao"),
        await account_id(sqlite_domain, "weigongbao", SECOND_PHONE),
    )
    await person.says("撤回同意")
    assert sum(first in label or second in label for label in person.offers()) == 2
    await person.presses(f"人人保，账号 {first}")
    await person.presses(f"撤回「{MARKETING}」")
    await person.presses("确定撤回")
    assert (await standing(sqlite_domain, first))["marketing"] == "withdrawn"
    assert "withdrawn" not in (await standing(sqlite_domain, second)).values()
    await person.says("我同意过什么")
    said = await person.presses(f"微工宝，账号 {second}")
    assert rows(my_card(said))["账号"] == second


async def test_without_an_account_here_a_proof_of_it_is_offered_and_leads_on(
    sqlite_domain: Domain, person: Person, clock: FakeClock
) -> None:
    clock.forward(minutes=3)
    stranger = await Person.arrives(sqlite_domain, "renrenbao")
    await stranger.says("不要再共享我的信息了", wish="withdraw_consent")
    assert "验证我的账号" in stranger.offers()
    await stranger.presses("验证我的账号")
    await stranger.names(PHONE)
    await stranger.proves_account(PHONE)
    await withdraw(stranger)
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["marketing"] == "withdrawn"


async def test_in_the_middle_of_another_errand_it_works_and_the_errand_goes_on(
    sqlite_domain: Domain, person: Person
) -> None:
    await person.wants("change")
    before = await person.flow()
    await withdraw(person)
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["marketing"] == "withdrawn"
    after = await person.flow()
    assert before is not None and after is not None
    assert (after.id, after.step) == (before.id, before.step)
    assert "发验证码" in person.offers()


async def test_in_the_middle_of_a_registration_the_answer_becomes_a_no_and_it_goes_on(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.reaches_decision()
    await withdraw(person)
    assert (await person.state()).decisions["marketing"] == "refused"
    assert rows(person.card)[MARKETING] == "不同意"
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    account = await account_id(sqlite_domain, "renrenbao")
    assert (await standing(sqlite_domain, account))["marketing"] == "withdrawn"
    assert {"item": "marketing"}.items() <= (await events(sqlite_domain, "refused"))[0].items()


async def test_what_a_registration_cannot_do_without_asks_again_once_it_is_withdrawn(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.reaches_decision()
    await person.agrees()
    await person.proves(PHONE)
    await withdraw(person, PRIVACY)
    assert person.card["kind"] == "consents"
    assert next(i for i in person.card["items"] if i["id"] == "privacy")["decision"] == "refused"
    assert await sqlite_domain.accounts.find("renrenbao", "phone", f"+86{PHONE}") is None
    await person.decides("privacy", "yes")
    await person.fills_chat()
    await person.sends_page()
    assert await account_id(sqlite_domain, "renrenbao")


async def test_the_card_lists_everything_with_day_version_and_state(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.reaches_decision(consents="no")
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    card = my_card(await person.says("我的同意"))
    shown = rows(card)
    profile = sqlite_domain.platforms.get("xiaohe").profile
    version = next(v for v in await sqlite_domain.agreements.list("xiaohe")).label
    from domain.ambient import SHANGHAI

    day = f"{clock.now().astimezone(SHANGHAI):%Y-%m-%d}"
    assert shown["《小禾企服网用户注册协议》"].startswith(f"已同意，{day}")
    assert shown["收集您的身份证号"].endswith(version)
    assert shown["接收平台推送的信息"].startswith("不同意")
    assert shown[profile.documents[0].title].startswith("平台没有提供文本")
    assert card["url"].endswith((await newest_receipt(sqlite_domain, person))["receipt_id"])


async def test_withdrawn_can_be_given_again_on_what_was_shown_first(sqlite_domain: Domain, person: Person) -> None:
    account = await account_id(sqlite_domain, "renrenbao")
    await withdraw(person)
    await person.says("我的同意")
    served = len(await entries(sqlite_domain, "served"))
    await person.presses(f"再次同意「{MARKETING}」")
    consent = next(
        c for c in sqlite_domain.platforms.get("renrenbao").profile.separate_consents if c.item == "marketing"
    )
    assert consent.body in person.last["text"]
    assert person.last["card"]["kind"] == "answer"
    assert (await standing(sqlite_domain, account))["marketing"] == "withdrawn"
    shown = (await entries(sqlite_domain, "served"))[served]
    await person.presses("同意这一项")
    assert (await standing(sqlite_domain, account))["marketing"] == "given"
    decided = (await entries(sqlite_domain, "decided"))[-1]
    assert (decided["item"], decided["served"], decided["button"]) == ("marketing", shown["id"], "同意这一项")
    clause_shown = (await entries(sqlite_domain, "clause_shown"))[-1]
    assert clause_shown["served"] == shown["id"] and clause_shown["rendered_sha256"]
    assert {"item": "marketing", "entry": decided["id"]} in await events(sqlite_domain, "consented")
    assert (await sqlite_domain.evidence.verify()).ok


async def test_what_was_refused_can_be_given_later_from_the_same_list(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.reaches_decision(consents="no")
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    await person.presses("同意这一项")
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["marketing"] == "given"


async def test_nothing_typed_gives_a_consent_again(sqlite_domain: Domain, person: Person) -> None:
    await withdraw(person)
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    decided = len(await entries(sqlite_domain, "decided"))
    for text, wish in (("同意这一项", "accept"), ("同意", "accept"), ("好的", "affirm"), ("👍", "accept")):
        await person.says(text, wish=wish)
    assert len(await entries(sqlite_domain, "decided")) == decided


async def test_a_consent_button_on_an_older_message_gives_nothing(sqlite_domain: Domain, person: Person) -> None:
    await withdraw(person)
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    old = person.button("同意这一项")
    await person.says("能做什么", wish="menu")
    await person.presses_token(old)
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["marketing"] == "withdrawn"


async def test_a_withdrawal_button_on_an_older_message_withdraws_nothing(sqlite_domain: Domain, person: Person) -> None:
    await person.says("撤回同意")
    await person.presses(f"撤回「{MARKETING}」")
    old = person.button("确定撤回")
    await person.says("能做什么", wish="menu")
    await person.presses_token(old)
    assert await entries(sqlite_domain, "withdrawn") == []


async def test_pressing_twice_consents_once(sqlite_domain: Domain, person: Person) -> None:
    await withdraw(person)
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    decided = len(await entries(sqlite_domain, "decided"))
    token = person.button("同意这一项")
    for _ in range(2):
        await person.presses_token(token)
    assert len(await entries(sqlite_domain, "decided")) == decided + 1


async def test_what_was_shown_of_an_older_version_is_shown_anew_before_it_counts(
    sqlite_domain: Domain, person: Person
) -> None:
    await withdraw(person)
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    token = person.button("同意这一项")
    await publish(sqlite_domain, "renrenbao")
    await person.presses_token(token)
    account = await account_id(sqlite_domain, "renrenbao")
    assert (await standing(sqlite_domain, account))["marketing"] == "withdrawn"
    await person.presses("同意这一项")
    newest = next(d for d in await sqlite_domain.consent.of(account) if d.item == "marketing")
    async with sqlite_domain.database.reading() as session:
        in_force = await sqlite_domain.parts.agreements.in_force(session, "renrenbao")
    assert (newest.decision, newest.agreement_id) == ("given", in_force.id)


async def test_anothers_buttons_and_accounts_show_and_change_nothing(sqlite_domain: Domain, person: Person) -> None:
    account = await account_id(sqlite_domain, "renrenbao")
    await person.says("撤回同意")
    await person.presses(f"撤回「{MARKETING}」")
    stranger = await Person.arrives(sqlite_domain, "renrenbao")
    await stranger.presses_token(person.button("确定撤回"))
    await stranger.says("我的同意")
    assert account not in "".join(everything_in(m) for m in stranger.messages)
    assert await entries(sqlite_domain, "withdrawn") == []


async def test_an_account_that_was_closed_offers_nothing_any_more(sqlite_domain: Domain, person: Person) -> None:
    await person.says("撤回同意")
    await person.presses(f"撤回「{MARKETING}」")
    account = await account_id(sqlite_domain, "renrenbao")
    async with sqlite_domain.transaction() as session:
        row = await sqlite_domain.parts.accounts.row(session, account)
        await sqlite_domain.parts.accounts.erase(session, row)
    await person.presses("确定撤回")
    assert await entries(sqlite_domain, "withdrawn") == []
    await person.says("我的同意")
    assert "验证我的账号" in person.offers()


async def test_abroad_the_consent_to_the_crossing_is_withdrawn_and_given_again(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "renrenbao", channel="telegram")
    await person.registers(PHONE)
    account = await account_id(sqlite_domain, "renrenbao")
    await withdraw(person, "信息经境外的聊天软件传递")
    assert (await standing(sqlite_domain, account))["cross_border"] == "withdrawn"
    await person.wants("change")
    await person.presses("换个账号")
    assert "到网页上填" in person.offers()
    await person.says("我的同意")
    await person.presses("再次同意「信息经境外的聊天软件传递」")
    assert "境外" in person.last["text"]
    await person.presses("同意这一项")
    assert (await standing(sqlite_domain, account))["cross_border"] == "given"
