"""What a registration leaves behind: one account, its evidence, a receipt, and word to other systems."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from domain import Domain, KeyDestroyed
from domain.accounts.tables import AccountRow
from domain.evidence.ledger import canonical
from domain.evidence.tables import LedgerRow
from domain.flows.tables import FlowRow
from domain.messaging.outbox import visible_words
from domain.messaging.tables import ConversationRow, MessageRow, ShortMessageRow
from domain.vault import signature_is_good
from tests.domain.messaging.test_presses import entries
from tests.domain.registration.test_page import at_the_page
from tests.support.ambient import FakeClock
from tests.support.person import ADULT_ID, CREDIT_CODE, PASSWORD, Person, flow_row, sms_code, sms_codes
from tests.support.versions import publish

PHONE = "13812345678"


async def accounts(domain: Domain) -> list[AccountRow]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(AccountRow)))


async def ledger(domain: Domain) -> list[dict[str, Any]]:
    async with domain.database.reading() as session:
        return [
            json.loads(e)
            for e in await session.scalars(select(LedgerRow.entry).order_by(LedgerRow.platform_id, LedgerRow.seq))
        ]


async def registered(
    domain: Domain, platform: str = "xiaohe", who: str = "本人已满18岁", phone: str = PHONE, **answers: str
) -> Person:
    person = await Person.arrives(domain, platform)
    await person.registers(phone, who, **answers)
    return person


@pytest.mark.parametrize(
    ("platform", "who"),
    [
        ("rencai", "本人已满18岁"), ("rencai", "单位"), ("xiaohe", "本人已满18岁"), ("xiaohe", "单位"),
        ("renrenbao", "本人已满18岁"), ("weigongbao", "本人已满18岁"), ("weigongbao", "单位"), ("zhiyonggong", "单位"),
    ],
)  # fmt: skip
async def test_everyone_can_register_on_every_platform(domain: Domain, platform: str, who: str) -> None:
    person = await registered(domain, platform, who)
    account = (await accounts(domain))[0]
    assert "注册成功" in person.last["text"]
    assert account.subject == ("organisation" if who == "单位" else "person")
    assert await domain.accounts.find(platform, "phone", f"+86{PHONE}") is not None
    data = await domain.accounts.data(account.id)
    profile = domain.platforms.get(platform).profile
    asked = {s.field for s in getattr(profile.registration, account.subject) if not s.optional}
    assert asked - {"password"} <= set(data)
    assert (await domain.evidence.verify()).ok


async def test_every_decision_rests_on_a_text_served_before_it_in_the_same_version(domain: Domain) -> None:
    await registered(domain)
    all_entries = [e for e in await ledger(domain) if e["platform"] == "xiaohe"]
    served = {e["id"]: e for e in all_entries if e["type"] == "served"}
    resting = [
        e for e in all_entries if e["type"] in {"decided", "formed", "clause_shown", "acknowledged", "registered"}
    ]
    assert len([e for e in resting if e["type"] == "decided"]) == 4
    for entry in resting:
        rests_on = served[entry["served"]]
        assert rests_on["agreement"] == entry["agreement"]
        assert rests_on["seq"] < entry["seq"]
        assert rests_on["flow"] == entry["flow"]
        assert rests_on["channel"]["kind"] == entry["channel"]["kind"]


async def test_the_ledger_tells_which_words_stood_on_the_screen(domain: Domain) -> None:
    person = await registered(domain)
    shown = await entries(domain, "clause_shown")
    assert shown
    async with domain.database.reading() as session:
        conversation = await session.get_one(ConversationRow, person.conversation_id)
        for entry in shown:
            row = await session.get_one(MessageRow, entry["message"])
            body = await domain.parts.vault.unseal_json(session, conversation.key_id, f"messages|{row.id}", row.sealed)
            assert hashlib.sha256(visible_words(body).encode()).hexdigest() == entry["rendered_sha256"]
            for clause in entry["clauses"]:
                assert len(clause["sha256"]) == 64


async def test_a_press_is_recorded_with_its_label_and_how_long_the_card_stood(domain: Domain, clock: FakeClock) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    clock.forward(seconds=7)
    await person.presses("我已了解")
    (entry,) = await entries(domain, "acknowledged")
    assert entry["pressed"]["label"] == "我已了解"
    assert entry["pressed"]["dwell_ms"] == 7000


@pytest.mark.parametrize(
    ("platform", "who", "by"), [("renrenbao", "本人已满18岁", "decision"), ("xiaohe", "本人已满18岁", "registration")]
)
async def test_the_agreement_is_formed_when_the_platform_says_so(
    domain: Domain, platform: str, who: str, by: str
) -> None:
    person = await Person.arrives(domain, platform)
    await person.reaches_decision(who)
    await person.agrees()
    assert len(await entries(domain, "formed")) == (by == "decision")
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    assert [e["by"] for e in await entries(domain, "formed")] == [by]


async def test_no_personal_data_stands_in_the_ledger_in_clear(domain: Domain) -> None:
    person = await registered(domain)
    await person.says("我的电话13812345678你们会给谁", wish="question")
    text = json.dumps(await ledger(domain), ensure_ascii=False)
    for secret in (PHONE, ADULT_ID, "王芳", "@example.com", PASSWORD, "你们会给谁"):
        assert secret not in text


async def test_the_receipt_can_be_checked_by_anyone_with_the_public_key(domain: Domain) -> None:
    person = await registered(domain)
    receipt_id = person.card["url"].rpartition("/")[2]
    document = await domain.consent.receipt(receipt_id)
    key = domain.parts.vault.keyring.public_keys()[document["signature"]["key"]]
    body = canonical(document["receipt"])
    assert signature_is_good(key, body, bytes.fromhex(document["signature"]["value"]))
    issued = (await entries(domain, "receipt_issued"))[0]
    assert issued["receipt_sha256"] == hashlib.sha256(body).hexdigest()
    document["receipt"]["decisions"][0]["decision"] = "refused"
    assert not signature_is_good(key, canonical(document["receipt"]), bytes.fromhex(document["signature"]["value"]))


async def test_the_receipt_names_every_decision_and_no_personal_data(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision(consents="no")
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    receipt = (await domain.consent.receipt(person.card["url"].rpartition("/")[2]))["receipt"]
    assert {d["item"]: d["decision"] for d in receipt["decisions"]} == {
        "sensitive": "given", "sharing": "refused", "marketing": "refused", "contract": "given",
    }  # fmt: skip
    text = json.dumps(receipt, ensure_ascii=False)
    assert not any(secret in text for secret in (PHONE, ADULT_ID, "王芳", "example.com"))
    assert all(clause["sha256"] for clause in receipt["clauses"])


async def test_other_systems_hear_of_the_account_and_of_every_decision(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision(consents="no")
    await person.agrees()
    assert await domain.events.since(0) == []
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    events = await domain.events.since(0)
    assert events[0].type == "registered"
    assert sorted((e.type, e.data["item"]) for e in events[1:]) == [
        ("consented", "contract"), ("consented", "sensitive"), ("refused", "marketing"), ("refused", "sharing"),
    ]  # fmt: skip
    assert len({e.account_id for e in events}) == 1
    assert await domain.events.since(events[1].cursor) == events[2:]


async def test_two_registrations_of_one_phone_that_end_at_once_make_one_account(
    domain: Domain, clock: FakeClock
) -> None:
    people = []
    for number in (date_of(1990), date_of(1991)):
        person = await at_the_page(domain)
        people.append((person, number))
        clock.forward(minutes=2)
    outcomes = await asyncio.gather(*(person.sends_page(id_number=number) for person, number in people))
    assert [o.errors for o in outcomes] == [{}, {}]
    assert len(await accounts(domain)) == 1
    said = sorted(("注册成功" in p.last["text"], "已经注册过" in p.last["text"]) for p, _ in people)
    assert said == [(False, True), (True, False)]
    assert (await domain.evidence.verify()).ok


async def test_who_was_too_late_with_a_login_name_gives_another_and_is_done(domain: Domain, clock: FakeClock) -> None:
    first = await at_the_page(domain, "renrenbao", login_name="wang_fang_1")
    clock.forward(minutes=2)
    second = await at_the_page(domain, "renrenbao", phone="13912345678", login_name="wang_fang_1")
    await first.sends_page()
    await second.sends_page()
    assert "已经有人用了" in "\n".join(m["text"] for m in second.messages[-2:])
    await second.says("wang_fang_2")
    assert "注册成功" in second.last["text"]
    assert len(await accounts(domain)) == 2


async def test_the_same_company_twice_at_once_is_one_account(domain: Domain, clock: FakeClock) -> None:
    people = []
    for phone in ("13812345678", "13912345678"):
        people.append(await at_the_page(domain, "xiaohe", "单位", phone=phone))
        clock.forward(minutes=2)
    outcomes = await asyncio.gather(*(p.sends_page(credit_code=CREDIT_CODE) for p in people))
    assert len(await accounts(domain)) == 1
    late = [o.errors for o in outcomes if o.errors]
    assert late in ([], [{"credit_code": ("field_taken", "")}])


async def test_the_same_phone_may_register_on_two_platforms(domain: Domain, clock: FakeClock) -> None:
    await registered(domain, "xiaohe")
    clock.forward(minutes=2)
    await registered(domain, "renrenbao")
    assert {a.platform_id for a in await accounts(domain)} == {"xiaohe", "renrenbao"}


async def test_what_was_typed_is_forgotten_by_the_flow_once_the_account_is_made(domain: Domain) -> None:
    person = await at_the_page(domain)
    flow = await person.flow()
    assert flow is not None
    await person.sends_page()
    row = await flow_row(domain, flow.id)
    assert (row.outcome, row.sealed) == ("registered", None)
    async with domain.database.reading() as session:
        with pytest.raises(KeyDestroyed):
            await domain.parts.vault.unseal(session, row.key_id, "flows|x", b"\0" * 40)


async def test_a_code_goes_to_the_courier_sealed_and_with_an_end(domain: Domain, clock: FakeClock) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    await person.agrees()
    await person.says(PHONE)
    async with domain.database.reading() as session:
        (row,) = list(await session.scalars(select(ShortMessageRow)))
    assert row.not_after == clock.now() + timedelta(seconds=300)
    assert row.sealed is not None
    assert PHONE.encode() not in row.sealed
    assert (await sms_code(domain, PHONE)) not in person.transcript()


async def test_one_conversation_cannot_reach_ever_more_phones_by_starting_over(
    domain: Domain, clock: FakeClock
) -> None:
    """B03: three phones a day, however many registrations are begun."""
    person = await Person.arrives(domain, "renrenbao")
    sent = 0
    for number in range(5):
        phone = f"1381234560{number}"
        await person.reaches_decision()
        await person.agrees()
        await person.says(phone)
        sent += len(await sms_codes(domain, phone))
        await person.says("不办了", wish="stop")
        await person.presses("不办了，删掉")
        clock.forward(minutes=5)
    assert sent <= 3


async def test_a_flow_nobody_touched_for_a_week_is_forgotten(domain: Domain, clock: FakeClock) -> None:
    person, other = await at_the_page(domain), await Person.arrives(domain, "renrenbao")
    flow = await person.flow()
    clock.forward(days=6)
    await other.begins()
    clock.forward(days=1, seconds=1)
    async with domain.transaction() as session:
        assert await domain.flows.forget_abandoned(session) == 1
    assert await person.flow() is None
    assert await other.flow() is not None
    assert flow is not None and (await flow_row(domain, flow.id)).sealed is None
    assert "我想注册" in [b["label"] for b in (await person.says("你好"))[-1]["buttons"]]


async def test_a_turn_that_fails_leaves_no_trace(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await at_the_page(domain)
    before = await person.state()

    async def fails(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(domain.parts.consents, "issue_receipt", fails)
    token = person.page
    with pytest.raises(RuntimeError):
        await person.sends_page()
    assert await accounts(domain) == []
    assert await person.state() == before
    assert await entries(domain, "registered") == []
    monkeypatch.undo()
    assert person.page == token
    assert (await person.sends_page()).errors == {}
    assert len(await accounts(domain)) == 1


async def test_without_evidence_there_is_no_consent(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """H13"""
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    real = domain.parts.ledger.append

    async def fails(session: Any, platform: str, type: str, *rest: Any, **more: Any) -> Any:
        if type == "formed":
            raise OSError("disk full")
        return await real(session, platform, type, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(domain.parts.ledger, "append", fails)
    with pytest.raises(OSError, match="disk full"):
        await person.agrees()
    monkeypatch.undo()
    assert not (await person.state()).decided
    assert [e["item"] for e in await entries(domain, "decided") if e["item"] == "contract"] == []


async def test_starting_over_forgets_the_first_attempt(domain: Domain) -> None:
    person = await at_the_page(domain)
    first = await person.flow()
    await person.says("我要注册", wish="start")
    await person.presses("重新开始")
    second = await person.flow()
    assert first is not None and second is not None and first.id != second.id
    assert (await flow_row(domain, first.id)).outcome == "restarted"
    async with domain.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FlowRow).where(FlowRow.outcome.is_(None))) == 1


async def test_publishing_after_the_decision_leaves_the_person_on_what_was_agreed(domain: Domain) -> None:
    person = await at_the_page(domain)
    before = await person.flow()
    await publish(domain, "xiaohe")
    await person.sends_page()
    (account,) = await accounts(domain)
    assert before is not None
    assert account.agreement_id == before.agreement_id


def date_of(year: int) -> str:
    from datetime import date

    from tests.support.papers import id_number

    return id_number(date(year, 1, 1))
