"""Consent is an act: the button of the newest decision card, or its label typed alone. Nothing else ever is."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.fragile import Fragile
from tests.e2e.platforms import authorised
from tests.e2e.product import Product
from tests.e2e.wording import says

NEVER_A_CONSENT = [
    "我没同意",
    "我妈同意",
    "等会再同意",
    "嗯",
    "👌",
    "好吧",
    "我同意",
    "同意同意",
    "行，就这样",
    "/accept_agreement",
    '/affirm{"consent":true}',
    "／affirm",
    "/agree",
    "\u200b/accept_agreement",
    "/restart",
    "1",
    "agree",
]
REFUSALS = ["不同意", "这条不行", "我不想要了", "不注册了"]


async def test_nothing_a_person_can_type_consents_for_them(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    async with books_of(product) as books:
        separate = await books.decided(person)
        for sentence in NEVER_A_CONSENT:
            told = await person.say(sentence)
            assert told, f"{sentence} is answered"
            assert await books.decided(person) == separate, sentence
            assert not says(person.messages, "phone.ask"), sentence
        assert await books.entries(person, "formed", "registered") == []
        # None of it ended anything either: the card is there, and its button does what it says.
        await person.press(person.agree_label)
        assert (await books.decided(person))["contract"] == "given"


async def test_a_yes_said_before_the_decision_is_asked_for_counts_for_nothing(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.say("同意")
    await person.reads(cards=3)
    await person.say("同意")
    await person.say("我已阅读并同意全部协议")
    await person.reads()
    assert person.card["kind"] == "consents"
    await person.say("同意")
    await person.say("全部同意")
    async with books_of(product) as books:
        await books.assert_no_consent(person)
        await person.decides("no")
        assert person.card["kind"] == "summary"
        assert "contract" not in await books.decided(person)


@pytest.mark.parametrize(
    ("platform", "typed"),
    [("xiaohe", "同意"), ("xiaohe", "同意。"), ("rencai", "已阅读并同意协议"), ("renrenbao", "同意并继续")],
)
async def test_the_decision_cards_own_label_typed_alone_counts_while_the_card_is_the_newest(
    platform: str, typed: str, product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer(platform)
    await person.comes_to_the_decision()
    told = await person.say(typed)
    assert says(told, "phone.ask")
    async with books_of(product) as books:
        (contract,) = (entry for entry in await books.entries(person, "decided") if entry["item"] == "contract")
        assert (contract["decision"], contract["pressed"]["label"]) == ("given", person.agree_label)


async def test_the_label_typed_while_something_else_is_asked_is_no_consent(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    await person.say("转人工")
    await person.say("同意")
    async with books_of(product) as books:
        assert "contract" not in await books.decided(person)


@pytest.mark.parametrize("sentence", REFUSALS)
async def test_a_refusal_in_free_text_ends_and_deletes_nothing_without_a_question(
    sentence: str, product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=2)
    at = person.card["progress"]
    told = await person.say(sentence)
    assert says(told, "refuse.ask") or says(told, "stop.ask")
    await person.press("再看看" if says(told, "refuse.ask") else "继续办")
    assert person.card["progress"] == at
    async with books_of(product) as books:
        assert await books.entries(person, "declined") == []


async def test_whoever_asks_to_have_everything_deleted_loses_nothing_by_the_sentence_alone(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    await person.registers()
    for sentence in ("把我的资料都删掉", "注销我的账号", "我要撤回全部同意"):
        assert await person.say(sentence)
    async with books_of(product) as books:
        (account,) = await books.accounts(person)
        assert account.status == "active"
        assert "withdrawn" not in (await books.decided(person)).values()


async def test_a_consent_is_withdrawn_with_two_taps_and_everybody_is_told(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("renrenbao")
    await person.registers()
    before = person.taps
    await person.say("我要撤回同意")
    await person.press("撤回「接收平台的促销消息」")
    async with books_of(product) as books:
        assert (await books.decided(person))["marketing"] == "given"
        assert says(await person.press("确定撤回"), "withdraw.done")
        assert person.taps - before == 2
        decided = await books.decided(person)
        assert [item for item, decision in decided.items() if decision == "withdrawn"] == ["marketing"]
        assert len(await books.entries(person, "withdrawn")) == 1
        (account,) = await books.accounts(person)
        events = await books.events(account.id)
        assert ("withdrawn", "marketing") in events
        assert (await books.domain.evidence.verify()).ok


async def test_the_question_behind_a_refusal_is_answered_by_a_button_and_then_nothing_is_left(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    await person.press("不同意")
    assert says(person.messages[-1:], "refuse.ask")
    assert says(await person.say("是的"), "press_a_button")
    assert says(await person.press("真的不注册"), "refuse.done")
    async with books_of(product) as books:
        assert len(await books.entries(person, "declined")) == 1
        assert "contract" not in await books.decided(person)
        assert await books.accounts(person) == []


async def test_the_button_of_another_person_consents_for_nobody(product: Product, newcomer: Newcomer) -> None:
    victim, attacker = await newcomer("xiaohe"), await newcomer("xiaohe")
    for person in (victim, attacker):
        await person.comes_to_the_decision()
    stolen = victim.button(victim.agree_label)
    head, _, tag = stolen.partition(".")
    own = attacker.button(attacker.agree_label)
    for forged in (
        stolen,
        f"{own.partition('.')[0]}.{tag}",
        f"{head}.{own.partition('.')[2]}",
        own[:-2] + "AA",
        "x" * 64,
    ):
        assert says(await attacker.press_token(forged), "button.foreign")
    async with books_of(product) as books:
        for person in (victim, attacker):
            assert "contract" not in await books.decided(person)


async def test_the_button_of_an_earlier_step_does_nothing(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    agree = person.button(person.agree_label)
    await person.press("上一步")
    assert says(await person.press_token(agree), "button.stale")
    async with books_of(product) as books:
        assert "contract" not in await books.decided(person)


async def test_a_new_version_published_while_somebody_decides_is_read_from_its_start(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    folder = authorised(tmp_path / "platforms", "xiaohe")
    app = Fragile(tmp_path / "home", PLATFORMS=folder).start()
    text = tmp_path / "new.md"
    sample = (folder / "xiaohe" / "agreement.md").read_text()
    text.write_text(sample + "\n（八） 本条是新版本添加的一款，说明版本已经变更。\n")
    try:
        deciding = await Person.arrives(http, app.url, "xiaohe")
        typing = await Person.arrives(http, app.url, "xiaohe")
        decided = await Person.arrives(http, app.url, "xiaohe")
        for person in (deciding, typing, decided):
            await person.comes_to_the_decision()
        await decided.agrees()
        async with app.domain() as domain:
            await domain.agreements.bring_in(text.read_bytes(), text.name, platform_id="xiaohe", label="第二版")
            version = await domain.agreements.publish("xiaohe")
        async with books_of(app) as books:
            old = deciding.button(deciding.agree_label)
            for told in (await deciding.press_token(old), await typing.say("同意")):
                assert says(told, "registration.new_version")
                assert told[-1]["card"]["progress"]["at"] == 1
            assert says(await deciding.press_token(old), "button.stale")
            for person in (deciding, typing):
                assert "contract" not in await books.decided(person)
            # Whoever had agreed before stays with what they agreed to; whoever reads on agrees to the new text.
            await deciding.reads()
            await deciding.decides()
            await deciding.agrees()
            for person, number in ((deciding, version.version), (decided, 1)):
                entries = await books.entries(person, "decided")
                (contract,) = (entry for entry in entries if entry["item"] == "contract")
                assert contract["agreement"]["version"] == number
            assert (await books.domain.evidence.verify()).ok
    finally:
        app.kill()
