"""Consent that was none, was bundled, was rushed, was not understood, or is to be taken back (G04-G08).

Elsewhere:
    G01 in tests/domain/conversations/test_versions.py. G02 in tests/domain/platforms/test_platform_pin.py.
    G04 at the decision itself in tests/domain/conversations/test_consent_is_an_act.py and tests/e2e/test_consent_safety.py.
    G09 in tests/domain/evidence/test_verify.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from domain import Domain
from tests.domain.consent.receipts import newest_receipt, standing
from tests.domain.consent.test_withdrawal import MARKETING
from tests.domain.messaging.test_presses import entries
from tests.domain.selfservice.owners import PHONE, account_id, owner
from tests.support.ambient import FakeClock
from tests.support.person import Person, buttons_of, everything_in

PLATFORMS = ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"]


def who(platform: str) -> str:
    return "单位" if platform == "zhiyonggong" else "本人已满18岁"


@pytest.fixture
async def at_the_panel(sqlite_domain: Domain) -> Person:
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.begins()
    await person.reads()
    return person


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("同意", "accept"),
        ("全部同意", "accept"),
        ("ok", "affirm"),
        ("嗯", "affirm"),
        ("👍", "affirm"),
        ("我同意推销", "accept"),
    ],
)
async def test_nothing_typed_is_a_separate_consent(
    sqlite_domain: Domain, at_the_panel: Person, text: str, wish: str
) -> None:
    """G04"""
    await at_the_panel.says(text, wish=wish)
    assert (await at_the_panel.state()).decisions == {}
    assert await entries(sqlite_domain, "decided") == []


async def test_a_sticker_is_no_consent(sqlite_domain: Domain, at_the_panel: Person) -> None:
    """G04"""
    await at_the_panel.receives({"misfit": "attachment"})
    assert await entries(sqlite_domain, "decided") == []


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_each_item_has_its_own_question_nothing_ticked_and_its_own_refusal(
    sqlite_domain: Domain, platform: str
) -> None:
    """G05"""
    person = await Person.arrives(sqlite_domain, platform)
    await person.begins(who(platform))
    await person.reads()
    items = person.card["items"]
    assert [item["decision"] for item in items] == [None] * len(items)
    tokens = [item[side]["token"] for item in items for side in ("yes", "no")]
    assert len(set(tokens)) == 2 * len(items)
    assert not any("全部" in button["label"] for message in person.messages for button in buttons_of(message))
    await person.decides(items[0]["id"], "yes")
    (decided,) = await entries(sqlite_domain, "decided")
    assert decided["item"] == items[0]["id"]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_whoever_refuses_everything_optional_is_registered_all_the_same(
    sqlite_domain: Domain, platform: str
) -> None:
    """G05"""
    person = await Person.arrives(sqlite_domain, platform)
    await person.reaches_decision(who(platform), consents="no")
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    assert not (await person.sends_page()).errors
    decided = await standing(sqlite_domain, await account_id(sqlite_domain, platform))
    profile = sqlite_domain.platforms.get(platform).profile
    optional = {c.item for c in profile.separate_consents if not c.indispensable} & set(decided)
    assert optional and {decided[item] for item in optional} == {"refused"}


async def test_however_fast_somebody_pressed_is_on_record_as_it_was(sqlite_domain: Domain, clock: FakeClock) -> None:
    """G06"""
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.reaches_decision()
    clock.forward(milliseconds=300)
    await person.agrees()
    contract = next(e for e in await entries(sqlite_domain, "decided") if e["item"] == "contract")
    assert contract["pressed"]["dwell_ms"] == 300
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    receipt = await newest_receipt(sqlite_domain, person)
    told = {d["item"]: d["events"][-1]["dwell_ms"] for d in receipt["decisions"]}
    assert told["contract"] == 300 and told["marketing"] == 0


async def test_an_explanation_comes_from_the_reviewed_words_and_is_on_record_and_on_the_receipt(
    sqlite_domain: Domain,
) -> None:
    """G07"""
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.begins()
    card = next(c for c in sqlite_domain.platforms.get("renrenbao").cards if c.id == person.card["id"])
    said = await person.says("这条什么意思", wish="question")
    told = "\n".join(everything_in(message) for message in said)
    assert card.what in told and card.means in told and card.consequence in told
    (explained,) = await entries(sqlite_domain, "explained")
    assert {clause["uid"] for clause in explained["clauses"]} == set(card.clauses)
    await person.reads()
    await person.answers_consents()
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    receipt = await newest_receipt(sqlite_domain, person)
    assert {c["uid"] for c in receipt["clauses"] if c["explained_at"]} == set(card.clauses)


async def _nothing_open(person: Person) -> None:
    pass


async def _at_the_menu(person: Person) -> None:
    await person.says("能做什么", wish="menu")


async def _leaving_a_message(person: Person) -> None:
    await person.says("转人工", wish="human")


async def _changing_data(person: Person) -> None:
    await person.wants("change")


async def _awaiting_a_code(person: Person) -> None:
    await person.wants("change")
    await person.presses("发验证码")


async def _cancelling(person: Person) -> None:
    await person.wants("cancel")


async def _registering_elsewhere(person: Person) -> None:
    await person.says("换个平台", wish="choose_platform")
    await person.presses("微工宝")
    await person.begins()


async def _telling_a_theft(person: Person) -> None:
    await person.wants("report_stolen")


STATES = [
    _nothing_open, _at_the_menu, _leaving_a_message, _changing_data, _awaiting_a_code, _cancelling,
    _registering_elsewhere, _telling_a_theft,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.strip("_"))
async def test_a_consent_is_withdrawn_with_one_command_from_any_state(
    sqlite_domain: Domain, clock: FakeClock, state: Any
) -> None:
    """G08: no engine is asked, and what was open stays open."""
    person = await owner(sqlite_domain, "renrenbao")
    clock.forward(minutes=3)
    await state(person)
    before = await person.flow()
    await person.says("撤回同意")
    await person.presses(f"撤回「{MARKETING}」")
    assert person.offers()[0] == "确定撤回"
    await person.presses("确定撤回")
    assert (await standing(sqlite_domain, await account_id(sqlite_domain, "renrenbao")))["marketing"] == "withdrawn"
    after = await person.flow()
    assert (after and (after.id, after.step)) == (before and (before.id, before.step))
    assert await sqlite_domain.notices.all() and all(
        notice.topic == "withdrawn" for notice in await sqlite_domain.notices.all()
    )
