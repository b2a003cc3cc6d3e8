"""Pressing: only a live button of this very conversation moves anything, and only once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from domain import Domain
from domain.evidence.tables import LedgerRow
from domain.messaging.buttons import make_token
from tests.support.person import Person


async def snapshot(domain: Domain, person: Person) -> tuple[Any, ...]:
    """All that a press could change beside what is said: where the flow stands, what was decided, what was recorded."""
    flow = await person.flow()
    async with domain.database.reading() as session:
        entries = list(await session.scalars(select(LedgerRow.hash).where(LedgerRow.type.not_in(["clause_shown"]))))
        decisions = await domain.parts.consents.of_flow(session, flow.id) if flow else []
    state = await person.state() if flow else None
    return flow and flow.step, state, tuple(entries), tuple(decisions)


async def entries(domain: Domain, kind: str) -> list[dict[str, Any]]:
    async with domain.database.reading() as session:
        rows = await session.scalars(select(LedgerRow.entry).where(LedgerRow.type == kind).order_by(LedgerRow.seq))
        return [json.loads(row) for row in rows]


@pytest.fixture
async def person(domain: Domain) -> Person:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    return person


async def test_another_persons_button_changes_nothing_for_either(domain: Domain, person: Person) -> None:
    other = await Person.arrives(domain, "renrenbao")
    await other.begins()
    before = await snapshot(domain, person), await snapshot(domain, other)
    said = await other.presses_token(person.button("我已了解"))
    assert "不属于这个对话" in said[0]["text"]
    assert (await snapshot(domain, person), await snapshot(domain, other)) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:-3],
        lambda token: token[:20],
        lambda token: "",
        lambda token: token + "x" * 64,
        lambda token: "同意" + token[2:],
        lambda token: token.upper(),
    ],
)
async def test_a_forged_button_changes_nothing(domain: Domain, person: Person, change: Any) -> None:
    before = await snapshot(domain, person)
    said = await person.presses_token(change(person.button("我已了解")))
    assert "什么都没有改变" in said[0]["text"]
    assert await snapshot(domain, person) == before


@pytest.mark.parametrize("index", [9, 50, 200])
async def test_an_index_no_button_has_is_refused_even_when_signed(domain: Domain, person: Person, index: int) -> None:
    message = next(m for m in reversed(person.messages) if m["buttons"])
    token = make_token(
        domain.parts.vault.keyring, person.conversation_id, message["id"], index + len(message["buttons"])
    )
    before = await snapshot(domain, person)
    assert "什么都没有改变" in (await person.presses_token(token))[0]["text"]
    assert await snapshot(domain, person) == before


async def test_a_token_of_a_message_that_never_was_is_refused(domain: Domain, person: Person) -> None:
    token = make_token(domain.parts.vault.keyring, person.conversation_id, "m_00000000000000000000", 0)
    before = await snapshot(domain, person)
    assert "什么都没有改变" in (await person.presses_token(token))[0]["text"]
    assert await snapshot(domain, person) == before


async def test_a_button_of_an_earlier_card_is_stale_and_the_standing_card_comes_back(
    domain: Domain, person: Person
) -> None:
    stale = person.button("我已了解")
    await person.presses("我已了解")
    before = await snapshot(domain, person)
    said = await person.presses_token(stale)
    assert "之前步骤" in said[0]["text"]
    assert said[-1]["card"] is not None
    assert await snapshot(domain, person) == before


async def test_a_button_of_a_finished_flow_is_over(domain: Domain, person: Person) -> None:
    old = person.button("我已了解")
    await person.presses("不办了" if "不办了" in person.labels() else "我已了解")
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    before = await snapshot(domain, person)
    said = await person.presses_token(old)
    assert "已经结束" in said[0]["text"]
    assert await snapshot(domain, person) == before
    assert await person.flow() is None


async def test_a_button_of_an_earlier_registration_does_not_count_in_the_next(domain: Domain, person: Person) -> None:
    old = person.button("我已了解")
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    await person.begins()
    before = await snapshot(domain, person)
    said = await person.presses_token(old)
    assert "已经结束" in said[0]["text"]
    assert await snapshot(domain, person) == before


async def test_an_answer_to_a_withdrawn_question_is_stale(domain: Domain, person: Person) -> None:
    await person.says("不办了", wish="stop")
    delete = person.button("不办了，删掉")
    await person.presses("继续办")
    await person.presses_token(delete)
    assert await person.flow() is not None


async def test_acknowledging_a_card_twice_moves_one_card_and_records_it_once(domain: Domain, person: Person) -> None:
    token = person.button("我已了解")
    for _ in range(2):
        await person.presses_token(token)
    assert (await person.state()).leaf == 1
    assert len(await entries(domain, "acknowledged")) == 1


async def test_a_double_press_on_agree_is_one_decision(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    token = person.button(person.agree_label)
    for _ in range(2):
        await person.presses_token(token)
    contract = [e for e in await entries(domain, "decided") if e["item"] == "contract"]
    assert len(contract) == 1
    assert len(await entries(domain, "formed")) == 1


async def test_two_presses_on_agree_at_the_same_moment_are_one_decision(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    token = person.button(person.agree_label)
    await asyncio.gather(person.presses_token(token), person.presses_token(token))
    contract = [e for e in await entries(domain, "decided") if e["item"] == "contract"]
    assert len(contract) == 1


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_a_double_press_on_a_separate_consent_is_one_decision(domain: Domain, answer: str) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    await person.reads()
    token = next(i for i in person.card["items"] if i["id"] == "marketing")[answer]["token"]
    for _ in range(2):
        await person.presses_token(token)
    assert [e["item"] for e in await entries(domain, "decided")] == ["marketing"]
    assert len(await domain.notices.all()) == (1 if answer == "no" else 0)
    assert person.last["card"]["kind"] == "consents"


async def test_changing_ones_mind_on_the_panel_is_two_decisions(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    await person.reads()
    await person.decides("marketing", "no")
    await person.decides("marketing", "yes")
    assert [(e["item"], e["decision"]) for e in await entries(domain, "decided")] == [
        ("marketing", "refused"),
        ("marketing", "given"),
    ]


async def test_a_refused_crossing_pressed_twice_is_one_decision(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao", channel="telegram")
    await person.presses("我想注册")
    token = person.button("不同意")
    for _ in range(2):
        await person.presses_token(token)
    assert [(e["item"], e["decision"]) for e in await entries(domain, "decided")] == [("cross_border", "refused")]


async def test_unfolding_a_clause_on_the_page_is_recorded_and_gets_no_answer(domain: Domain, person: Person) -> None:
    """On a card of its own its words were unfolded, on a themed card the explanation of a clause was."""
    assert person.card["kind"] == "clause"
    assert await person.presses_token(person.card["opened"]["token"]) == []
    assert len(await entries(domain, "clause_opened")) == 1
    while person.card["kind"] == "clause":
        await person.presses("我已了解")
    assert await person.presses_token(person.card["items"][0]["opened"]["token"]) == []
    assert [e["opened_on_page"] for e in await entries(domain, "explained")] == [True]


async def test_a_restart_pressed_twice_forgets_one_flow(domain: Domain, person: Person) -> None:
    await person.presses("我已了解")
    await person.says("我要注册", wish="start")
    restart = person.button("重新开始")
    await person.presses_token(restart)
    first = await person.flow()
    await person.presses_token(restart)
    second = await person.flow()
    assert first is not None and second is not None
    assert first.id == second.id
