"""A person reads what changed, decides by the button and by nothing else, and whatever they decide is on record."""

from __future__ import annotations

from typing import Any

import pytest

from domain import Domain
from tests.domain.renewal.newer import (
    LATER,
    SEE,
    agreed_to,
    asked,
    entries,
    open_renewal,
    planned_and_told,
    publish,
    reads_the_changes,
    text_of,
    with_more_in,
)
from tests.domain.selfservice.owners import account_id, account_row, events, owner, words
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person
from tests.support.versions import authorised

PLATFORMS = ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"]


async def _decides(person: Person) -> None:
    """Come to the decision, whatever stands before it."""
    await person.presses(SEE)
    await reads_the_changes(person)
    await person.answers_consents()


async def test_old_and_new_words_stand_beside_each_other_with_what_differs_marked(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    await person.presses(SEE)
    (item,) = person.card["items"]
    assert item["change"] == "reworded"
    start, end = item["after"]["marks"][-1]
    assert item["after"]["text"][start:end] == "另行通知。"
    assert item["before"]["marks"] == []
    assert item["before"]["text"] + "另行通知。" == item["after"]["text"]
    assert "找人问问" in person.offers(), "no explanation was reviewed for the new words"
    assert item["sections"] == []


async def test_an_early_yes_is_recorded_with_a_receipt_and_the_old_text_counts_until_the_day(
    domain: Domain, clock: FakeClock
) -> None:
    person = await asked(domain, "xiaohe")
    account, (old, new) = await account_id(domain, "xiaohe"), await domain.agreements.list("xiaohe")
    await _decides(person)
    said = await person.presses(person.agree_label)
    assert "2026-03-09" in said[-1]["text"] and said[-1]["card"]["kind"] == "receipt"
    assert await agreed_to(domain, account) == new.id
    assert (await domain.agreements.in_force("xiaohe"))[0].id == old.id
    receipt = await domain.consent.receipt(said[-1]["card"]["url"].rpartition("/")[2])
    assert receipt["receipt"]["agreement"]["version"] == 2
    mine = [e for e in await entries(domain) if e.get("account") == account and e["agreement"]["id"] == new.id]
    assert [e["type"] for e in mine if e["type"] != "acknowledged"] == [
        "served", "clause_shown", "decided", "receipt_issued",
    ]  # fmt: skip
    assert mine[0]["from"]["id"] == old.id
    assert all(e["served"] == mine[0]["id"] for e in mine[1:])
    assert mine[-2]["item"] == "contract" and mine[-2]["button"] == person_label(domain, "xiaohe")
    assert {"item": "contract", "entry": mine[-2]["id"], "agreement": new.id} in await events(domain, "consented")
    assert [r.state for r in await domain.renewals.of(account)] == ["accepted"]
    clock.forward(days=7)
    assert await planned_and_told(domain) == 0, "whoever has decided is not reminded"
    assert (await domain.evidence.verify()).ok


def person_label(domain: Domain, platform: str) -> str:
    return domain.platforms.get(platform).profile.consent.label


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_whoever_refuses_is_shown_the_platforms_way_out_and_the_old_terms_stay_on_record(
    sqlite_domain: Domain, platform: str
) -> None:
    domain = sqlite_domain
    person = await asked(domain, platform)
    account, old = await account_id(domain, platform), (await domain.agreements.list(platform))[0]
    leave = domain.platforms.get(platform).profile.leave
    await _decides(person)
    said = await person.presses("不同意")
    assert leave in said[-1]["text"], "what follows is said before it is asked"
    assert await entries(domain, "declined") == []
    said = await person.presses("不接受新版")
    assert leave in said[0]["text"]
    assert {"注销账号", "转人工"} <= set(person.offers())
    assert await agreed_to(domain, account) == old.id
    assert (await account_row(domain, account)).status == "active"
    (declined,) = await entries(domain, "declined")
    assert declined["agreement"]["version"] == 2
    assert [e["item"] for e in await events(domain, "refused") if e.get("agreement")] == ["contract"]
    assert [r.state for r in await domain.renewals.of(account)] == ["refused"]
    await person.presses("注销账号")
    flow = await person.flow()
    assert flow is not None and flow.kind == "selfservice" and flow.step.startswith("cancel/")


async def test_whoever_refused_is_not_asked_about_the_same_words_again(domain: Domain, clock: FakeClock) -> None:
    person = await asked(domain, "xiaohe")
    await _decides(person)
    await person.presses("不同意")
    await person.presses("不接受新版")
    await publish(domain, "xiaohe", text_of(domain, "xiaohe").replace("另行通知。".encode(), "另行通知 。".encode()))
    clock.forward(days=8)
    assert await planned_and_told(domain) == 0
    assert await person.is_told() == []


async def test_silence_and_going_on_to_use_the_platform_agree_to_nothing(domain: Domain, clock: FakeClock) -> None:
    person = await asked(domain, "xiaohe")
    account, old = await account_id(domain, "xiaohe"), (await domain.agreements.list("xiaohe"))[0]
    clock.forward(days=40)
    await domain.accounts.seen(account, clock.now())
    await planned_and_told(domain)
    await person.says("还能做什么", wish="menu")
    assert await agreed_to(domain, account) == old.id
    assert [r.state for r in await domain.renewals.of(account)] == ["told"]


@pytest.mark.parametrize("sentence", ["我同意", "好的同意", "嗯", "👌", "行吧", "同意新版", "ok", "没问题"])
async def test_no_sentence_agrees_to_a_new_version(sqlite_domain: Domain, sentence: str) -> None:
    person = await asked(sqlite_domain, "renrenbao")
    account, old = await account_id(sqlite_domain, "renrenbao"), (await sqlite_domain.agreements.list("renrenbao"))[0]
    for step in (SEE, None):
        if step:
            await person.presses(step)
        for wish in ("accept", "affirm", None):
            await person.says(sentence, wish=wish)
        if step:
            await reads_the_changes(person)
    for wish in ("accept", "affirm", None):
        assert await person.says(sentence, wish=wish)
    assert await agreed_to(sqlite_domain, account) == old.id
    await person.presses(person.agree_label)
    assert await agreed_to(sqlite_domain, account) != old.id


async def test_it_can_be_put_off_stays_in_the_menu_and_under_status_and_is_taken_up_where_it_was(
    domain: Domain,
) -> None:
    raw = text_of(domain, "xiaohe").decode().replace("# ", "# ", 1) + "\n（十九） 平台可以每年收取会员费一百元。\n"
    person = await asked(domain, "xiaohe", raw.encode())
    said = await person.presses(LATER)
    assert "什么都没有改变" in said[0]["text"]
    await person.presses("还能做什么")
    assert SEE in person.offers()
    await person.says("进度", wish="status")
    assert "协议有新版本" in words([person.last]) and SEE in person.offers()
    await person.presses(SEE)
    first = person.card["progress"]
    await person.presses("我已了解")
    await person.presses(LATER)
    assert await person.flow() is None
    await person.says("我想注册", wish="start")
    assert await open_renewal(domain, person) is not None
    await person.says("进度", wish="status")
    await person.presses(SEE)
    flow = await person.flow()
    assert flow is not None and flow.kind == "renewal"
    assert first["at"] == 1 and (person.card.get("progress") or {"at": 2})["at"] == 2


async def test_stopping_puts_it_off_and_ends_nothing(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    await person.presses(SEE)
    await person.says("不办了", wish="stop")
    assert await open_renewal(domain, person) is not None
    assert [r.state for r in await domain.renewals.of(await account_id(domain, "xiaohe"))] == ["told"]


async def test_a_third_version_published_while_one_decides_is_read_from_its_start(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    await _decides(person)
    agree = person.button(person.agree_label)
    third = await publish(domain, "xiaohe", text_of(domain, "xiaohe", more="平台每年收取会员费一百元。"))
    said = await person.presses_token(agree)
    assert "又有了更新的版本" in said[0]["text"] and "第3版" in said[0]["text"]
    assert person.card["progress"]["at"] == 1
    assert [e for e in await entries(domain, "decided") if e["agreement"]["version"] > 1] == []
    said = await person.presses_token(agree)
    assert "之前步骤" in said[0]["text"]
    await reads_the_changes(person)
    await person.answers_consents()
    await person.presses(person.agree_label)
    assert await agreed_to(domain, account) == third.id
    states = [r.state for r in await domain.renewals.of(account)]
    assert sorted(states) == ["accepted", "superseded"]
    assert await planned_and_told(domain) == 0, "whoever has decided already is not told"


async def test_only_consents_whose_clauses_changed_are_asked_again(domain: Domain) -> None:
    """Whatever was decided and did not change is not asked again."""
    consents = [c for c in domain.platforms.get("renrenbao").profile.separate_consents if c.document is None]
    changed = next(c for c in consents if c.clauses)
    uid = changed.clauses[0]
    person = await asked(domain, "renrenbao", with_more_in(domain, "renrenbao", uid))
    account = await account_id(domain, "renrenbao")
    before = {d.item: d for d in await domain.consent.of(account)}
    await person.presses(SEE)
    await reads_the_changes(person)
    assert person.card["kind"] == "consents"
    shown = {item["id"] for item in person.card["items"]}
    others = {c.item for c in consents if not _touches(c.clauses, uid)}
    assert changed.item in shown
    assert not shown & others
    assert all(item["decision"] is None for item in person.card["items"]), "nothing is ticked beforehand"
    await person.answers_consents()
    new = (await domain.agreements.list("renrenbao"))[-1]
    assert {d.item: d.agreement_id for d in await domain.consent.of(account)} == {
        item: d.agreement_id for item, d in before.items()
    }, "nothing counts before the whole is accepted"
    await person.presses(person.agree_label)
    after = {d.item: d for d in await domain.consent.of(account)}
    assert {item for item, d in after.items() if d.agreement_id == new.id} == {"contract", *shown}
    assert {item: after[item] for item in others & set(after)} == {i: before[i] for i in others & set(before)}


def _touches(clauses: Any, uid: str) -> bool:
    return any(c == uid or c.startswith(f"{uid}/") or uid.startswith(f"{c}/") for c in clauses)


async def test_a_refused_version_takes_back_the_consents_answered_on_the_way(domain: Domain) -> None:
    changed = next(c for c in domain.platforms.get("renrenbao").profile.separate_consents if c.clauses)
    person = await asked(domain, "renrenbao", with_more_in(domain, "renrenbao", changed.clauses[0]))
    account = await account_id(domain, "renrenbao")
    before = await domain.consent.of(account)
    await _decides(person)
    await person.presses("不同意")
    await person.presses("不接受新版")
    assert await domain.consent.of(account) == before
    (invalidated,) = await entries(domain, "invalidated")
    assert changed.item in invalidated["items"]


async def test_a_conversation_that_has_to_prove_itself_anew_decides_nothing(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    await _decides(person)
    async with domain.transaction() as session:
        await domain.parts.accounts.revoke_sessions(session, await domain.parts.accounts.row(session, account))
    said = await person.presses(person.agree_label)
    assert "确认是您本人" in said[0]["text"] and "先核实身份" in person.offers()
    assert [e for e in await entries(domain, "decided") if e["agreement"]["version"] > 1] == []
    await person.presses("先核实身份")
    assert (await person.flow()).kind == "selfservice"  # type: ignore[union-attr]


async def test_an_account_frozen_while_its_person_decides_agrees_to_nothing(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    account, old = await account_id(domain, "xiaohe"), (await domain.agreements.list("xiaohe"))[0]
    await _decides(person)
    agree = person.button(person.agree_label)
    await domain.accounts.freeze(account, by="staff")
    said = await person.presses_token(agree)
    assert "冻结" in said[0]["text"]
    assert await agreed_to(domain, account) == old.id


async def test_a_button_of_another_conversation_asks_and_decides_nothing(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    stranger = await Person.arrives(domain, "xiaohe")
    said = await stranger.presses_token(person.button(SEE))
    assert "不属于这个对话" in said[0]["text"]
    assert await stranger.flow() is None


async def test_after_a_yes_the_notices_button_says_that_it_is_done(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    see = person.button(SEE)
    await _decides(person)
    await person.presses(person.agree_label)
    said = await person.presses_token(see)
    assert "已经同意过" in said[0]["text"]
    assert await person.flow() is None


async def test_whoever_refused_may_think_better_of_it(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    see, account = person.button(SEE), await account_id(domain, "xiaohe")
    await _decides(person)
    await person.presses("不同意")
    await person.presses("不接受新版")
    await person.presses_token(see)
    await reads_the_changes(person)
    await person.answers_consents()
    await person.presses(person.agree_label)
    assert [r.state for r in await domain.renewals.of(account)] == ["accepted"]


async def test_an_official_text_without_authorisation_is_shown_and_nobody_decides_about_it_here(
    domain: Domain,
) -> None:
    person = await owner(domain, "xiaohe")
    account, old = await account_id(domain, "xiaohe"), (await domain.agreements.list("xiaohe"))[0]
    await publish(domain, "xiaohe", source="official")
    await planned_and_told(domain)
    told = words(await person.is_told())
    assert "还没有授权" in told and "/a/xiaohe/changes/1/2" in told
    assert SEE not in person.offers()
    await person.presses("转人工")
    await person.presses("不留了")
    await person.says("能做什么", wish="menu")
    said = await person.presses(SEE)
    assert "不能替您同意" in said[-1]["text"]
    assert await agreed_to(domain, account) == old.id


async def test_with_authorisation_an_official_text_is_agreed_to(place: Place, clock: FakeClock) -> None:
    async with open_domain(place, clock=clock, platforms=authorised("xiaohe")) as domain:
        person = await owner(domain, "xiaohe")
        new = await publish(domain, "xiaohe", source="official")
        await planned_and_told(domain)
        await person.is_told()
        await _decides(person)
        await person.presses(person.agree_label)
        assert await agreed_to(domain, await account_id(domain, "xiaohe")) == new.id


async def test_a_question_while_deciding_is_answered_from_the_new_text(domain: Domain) -> None:
    raw = text_of(domain, "xiaohe").decode() + "\n（十九） 会员费每年一百元，从注册当天起算。\n"
    person = await asked(domain, "xiaohe", raw.encode())
    await person.presses(SEE)
    said = await person.says("会员费每年多少钱", wish="question")
    assert "一百元" in words(said)
    assert said[-1]["card"]["kind"] == "changes", "the standing question follows"
