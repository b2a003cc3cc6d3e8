"""Questions, messages for people, and withdrawal: beside a registration, without losing it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from domain import Domain
from domain.evidence.ledger import commitment
from domain.evidence.tables import LedgerDetailRow, LedgerRow
from tests.domain.messaging.test_presses import entries
from tests.support.person import ADULT_ID, CREDIT_CODE, Person

PHONE = "13812345678"


@pytest.fixture
async def person(domain: Domain) -> Person:
    person = await Person.arrives(domain, "xiaohe")
    await person.begins()
    return person


async def test_a_question_is_answered_with_the_clause_and_the_card_comes_back(domain: Domain, person: Person) -> None:
    state = await person.state()
    said = await person.says("注销账号以后我的信息怎么处理", wish="question")
    assert said[0]["card"]["kind"] == "answer"
    quote = said[0]["card"]["quotes"][0]["quote"]
    tree = domain.platforms.get("xiaohe").sample
    assert any(quote.split("\n")[0] in (clause.text or "") for clause in tree.walk())
    assert said[-1]["card"]["kind"] in {"clause", "theme"}
    assert await person.state() == state


async def test_what_the_agreement_does_not_say_is_said_to_be_not_in_it(person: Person) -> None:
    said = await person.says("客服电话是多少", wish="question")
    assert said[0]["card"] is None or said[0]["card"]["kind"] != "answer"
    assert "没有写明" in said[0]["text"]
    assert "转人工" in [b["label"] for b in said[0]["buttons"]]


async def test_a_question_is_recorded_and_its_words_are_sealed(domain: Domain, person: Person) -> None:
    text = "我的身份证会给谁看"
    await person.says(text, wish="question")
    (question,) = await entries(domain, "question")
    flow = await person.flow()
    assert flow is not None
    assert question["subject"] == flow.id
    assert question["served"]
    async with domain.database.reading() as session:
        row = await session.scalar(select(LedgerRow).where(LedgerRow.entry_id == question["id"]))
        details = await session.get_one(LedgerDetailRow, question["id"])
        opened = await domain.parts.vault.unseal_json(
            session, flow.evidence_key_id, f"ledger_details|{question['id']}", details.sealed
        )
    assert row is not None and text not in row.entry
    assert commitment(bytes.fromhex(opened["text"]["salt"]), text) == json.loads(row.entry)["commitments"]["text"]
    assert [e["question"] for kind in ("answer", "abstained", "explained") for e in await entries(domain, kind)] == [
        question["id"]
    ]


async def test_a_question_in_the_middle_of_the_form_leaves_the_field_open(person: Person) -> None:
    await person.reads()
    await person.answers_consents()
    await person.agrees()
    await person.says("手机号会给别人吗", wish="question")
    assert person.last["expects"] == "phone"
    await person.says("为什么要手机号", wish="why")
    assert person.last["expects"] == "phone"


@pytest.mark.parametrize(
    "secret", [f"我的密码是 {'Tr0ub4dor&3'}", ADULT_ID, f"身份证{ADULT_ID}", CREDIT_CODE, f"我们公司 {CREDIT_CODE}"]
)
async def test_a_secret_typed_in_the_chat_is_not_used_and_kept_nowhere(
    domain: Domain, person: Person, secret: str
) -> None:
    before = await person.state()
    said = await person.says(secret, wish="value")
    assert "我没有使用" in said[0]["text"]
    assert await person.state() == before
    for hidden in (ADULT_ID, CREDIT_CODE, "Tr0ub4dor&3"):
        assert hidden not in person.transcript()
    assert await domain.notices.all() == []


async def test_a_message_for_people_arrives_sealed_and_the_standing_question_comes_back(
    domain: Domain, person: Person
) -> None:
    state = await person.state()
    await person.says("转人工", wish="human")
    said = await person.says("我是外籍人士，没有身份证，请打电话给我，13812345678，谢谢")
    assert "留言已经转给" in said[0]["text"]
    assert said[-1]["card"] is not None
    assert await person.state() == state
    (notice,) = await domain.notices.all("xiaohe")
    assert notice.topic == "message"
    assert "外籍人士" in notice.text
    assert await domain.notices.all("renrenbao") == []


async def test_not_leaving_a_message_after_all_leaves_none(domain: Domain, person: Person) -> None:
    await person.says("转人工", wish="human")
    await person.presses("不留了")
    await person.says("这句话不再是给平台工作人员的留言了", wish="repeat")
    assert await domain.notices.all() == []


@pytest.mark.parametrize("topic", ["file_complaint", "check_complaint_status"])
async def test_what_people_do_is_said_to_be_done_by_people_and_the_message_carries_its_topic(
    domain: Domain, topic: str
) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.says("帮我办一下这件事情", wish=topic)
    await person.says("情况是这样的：上周我的账号登录不上去了，请联系我。")
    (notice,) = await domain.notices.all("xiaohe")
    assert notice.topic == topic


async def registered(domain: Domain) -> Person:
    person = await Person.arrives(domain, "xiaohe")
    await person.registers(PHONE)
    return person


async def test_a_consent_is_withdrawn_as_easily_as_given_and_only_by_its_own_button(domain: Domain) -> None:
    person = await registered(domain)
    await person.says("撤回同意", wish="withdraw_consent")
    assert await entries(domain, "withdrawn") == []
    label = next(
        label for label in person.labels() if "营销" in label or "推广" in label or "消息" in label or "撤回「" in label
    )
    await person.presses(label)
    assert await entries(domain, "withdrawn") == []
    ask = person.last
    await person.presses(ask["buttons"][0]["label"])
    (withdrawn,) = await entries(domain, "withdrawn")
    account = await domain.accounts.find("xiaohe", "phone", f"+86{PHONE}")
    assert account is not None
    standing = {d.item: d.decision for d in await domain.consent.of(account.id)}
    assert standing[withdrawn["item"]] == "withdrawn"
    assert [v for k, v in standing.items() if k != withdrawn["item"]].count("withdrawn") == 0
    last = (await domain.events.since(0))[-1]
    assert (last.type, last.data["item"]) == ("withdrawn", withdrawn["item"])
    assert "withdrawn" in [n.topic for n in await domain.notices.all("xiaohe")]
    assert (await domain.evidence.verify()).ok


async def test_withdrawing_twice_is_once(domain: Domain) -> None:
    person = await registered(domain)
    await person.says("撤回同意", wish="withdraw_consent")
    await person.presses(next(b["label"] for b in person.last["buttons"]))
    token = person.last["buttons"][0]["token"]
    for _ in range(2):
        await person.presses_token(token)
    assert len(await entries(domain, "withdrawn")) == 1


async def test_keeping_the_consent_withdraws_nothing(domain: Domain) -> None:
    person = await registered(domain)
    await person.says("撤回同意", wish="withdraw_consent")
    await person.presses(next(b["label"] for b in person.last["buttons"]))
    await person.presses(person.last["buttons"][1]["label"])
    assert await entries(domain, "withdrawn") == []


async def test_one_conversation_sees_and_withdraws_only_its_own_account(domain: Domain) -> None:
    person = await registered(domain)
    stranger = await Person.arrives(domain, "xiaohe")
    await stranger.says("我同意了什么", wish="status")
    await stranger.says("撤回同意", wish="withdraw_consent")
    account = await domain.accounts.find("xiaohe", "phone", f"+86{PHONE}")
    assert account is not None
    assert account.id not in stranger.transcript()
    await stranger.presses_token(person.button("我的同意"))
    assert account.id not in stranger.transcript()


async def test_the_greeting_says_what_speaks_and_what_it_keeps(domain: Domain) -> None:
    """PIPL 17: who, and what is kept; and that it is a machine."""
    person = await Person.arrives(domain, "xiaohe")
    assert "不是真人" in person.last["text"]
    assert "我会留下" in person.last["text"]
    operator = domain.platforms.get("xiaohe").profile.operator
    assert operator is None or operator in person.last["text"]
