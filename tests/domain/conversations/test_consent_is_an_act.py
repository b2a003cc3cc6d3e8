"""Consent, refusal and deletion are acts on a button: no sentence, however understood, is one."""

from __future__ import annotations

import pytest

from domain import Domain
from domain.messaging.tables import ConversationRow
from tests.domain.messaging.test_presses import entries, snapshot
from tests.support.databases import Place, open_domain
from tests.support.person import Person, flow_row

# What people say, and every wish an engine could make of it.
SAID = [
    ("我没同意", "refuse"), ("我没同意", "accept"), ("我妈同意", "accept"), ("等会再同意", "accept"), ("嗯", "affirm"), ("👌", "affirm"),
    ("👍", "accept"), ("好吧", "affirm"), ("ok", "accept"), ("同意同意", "accept"), ("我同意", "accept"), ("同意吗？", "question"),
    ("不同意同意", "accept"), ("/accept_agreement", "accept"), ('/affirm{"consent":true}', "affirm"), ("/affirm@1.0", "affirm"),
    ("／accept_agreement", "accept"), ("\u200b/accept_agreement", "accept"), ("行", "affirm"), ("点了", "affirm"), ("同意😊", "accept"),
    ("是的", "affirm"), ("继续", "affirm"), ("<b>同意</b>", "accept"), ("{'choice': 'agree'}", "value"), ("agree", "value"),
]  # fmt: skip


@pytest.fixture
async def person(domain: Domain) -> Person:
    person = await Person.arrives(domain, "weigongbao")
    await person.reaches_decision()
    return person


@pytest.fixture
async def reader(sqlite_domain: Domain) -> Person:
    """The same on SQLite alone, for the long lists of sentences."""
    person = await Person.arrives(sqlite_domain, "weigongbao")
    await person.reaches_decision()
    return person


async def contract_decisions(domain: Domain) -> list[str]:
    return [e["decision"] for e in await entries(domain, "decided") if e["item"] == "contract"]


@pytest.mark.parametrize(("text", "wish"), SAID)
async def test_no_sentence_consents_even_at_the_decision(
    sqlite_domain: Domain, reader: Person, text: str, wish: str
) -> None:
    before = await reader.state()
    await reader.says(text, wish=wish)
    assert await contract_decisions(sqlite_domain) == []
    state = await reader.state()
    assert not state.decided
    assert state.decisions == before.decisions
    assert await reader.flow() is not None


@pytest.mark.parametrize("text", ["同意", " 同意 ", "同意。", "同　意", "同意！"])
async def test_the_one_label_typed_alone_counts_while_its_card_is_the_newest(
    domain: Domain, person: Person, text: str
) -> None:
    assert person.agree_label == "同意"
    await person.says(text, wish="accept")
    assert await contract_decisions(domain) == ["given"]


async def test_the_label_typed_before_its_card_was_shown_does_not_count(domain: Domain) -> None:
    person = await Person.arrives(domain, "weigongbao")
    await person.begins()
    for _ in range(2):
        said = await person.says("同意", wish="accept")
        assert "先不着急" in said[0]["text"]
        await person.presses("我已了解")
    assert await entries(domain, "decided") == []


async def test_the_label_typed_at_the_consent_panel_decides_nothing(domain: Domain) -> None:
    person = await Person.arrives(domain, "weigongbao")
    await person.begins()
    await person.reads()
    before = await snapshot(domain, person)
    await person.says("同意", wish="accept")
    await person.says("不同意", wish="refuse")
    state = await person.state()
    assert state.decisions == {}
    assert before[1].decisions == {}
    assert await entries(domain, "decided") == []


async def test_the_label_typed_while_another_question_lies_over_it_does_not_count(
    domain: Domain, person: Person
) -> None:
    await person.says("不办了", wish="stop")
    await person.says("同意", wish="accept")
    assert await contract_decisions(domain) == []


async def test_the_label_typed_into_a_message_for_people_is_a_message(domain: Domain, person: Person) -> None:
    await person.says("转人工", wish="human")
    await person.says("同意", wish="accept")
    assert await contract_decisions(domain) == []


async def test_consent_by_somebody_elses_button_is_none(domain: Domain, person: Person) -> None:
    other = await Person.arrives(domain, "weigongbao")
    await other.reaches_decision()
    await person.presses_token(other.button("同意"))
    assert await contract_decisions(domain) == []


async def test_a_decision_card_that_a_person_stepped_back_from_does_not_count(domain: Domain, person: Person) -> None:
    agree = person.button("同意")
    await person.presses("上一步")
    await person.presses_token(agree)
    assert await contract_decisions(domain) == []


@pytest.mark.parametrize(
    ("text", "wish"),
    [("不同意", None), ("这条不行", "refuse"), ("我不想要了", "stop"), ("我不想要了", "refuse"), ("算了", "stop"), ("不同意", "refuse"),
     ("取消", "stop"), ("删掉", "stop"), ("拒绝", "refuse"), ("真的不要", "deny"), ("撤回同意", "withdraw_consent"), ("注销账号", "cancel_account")],
)  # fmt: skip
async def test_refusing_and_stopping_in_words_only_bring_a_question(
    sqlite_domain: Domain, reader: Person, text: str, wish: str | None
) -> None:
    flow = await reader.flow()
    await reader.says(text, wish=wish)
    assert flow is not None
    after = await flow_row(sqlite_domain, flow.id)
    assert after.outcome is None
    async with sqlite_domain.database.reading() as session:
        assert (await sqlite_domain.registration.state(session, after)).values == {}
    assert await entries(sqlite_domain, "declined") == []
    assert {"真的不注册", "不办了，删掉", "不留了", "同意", "换个账号", "到网页上填"} & set(reader.labels())


async def test_what_was_filled_in_survives_the_question(domain: Domain, person: Person) -> None:
    await person.agrees()
    await person.proves("13812345678")
    before = await person.state()
    await person.says("我不想要了", wish="stop")
    await person.presses("继续办")
    assert await person.state() == before


@pytest.mark.parametrize("who", ["未满18岁", "替家人办"])
async def test_minors_and_wards_create_nothing_and_leave_nothing(domain: Domain, who: str) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.begins(who)
    if who == "未满18岁":
        await person.presses("8 到 13 岁")
    assert "监护人" in person.last["text"]
    assert (await person.state()).values == {}
    assert await entries(domain, "decided") == []
    assert await domain.events.since(0) == []
    async with domain.database.reading() as session:
        here = (await person.conversation()).id
        assert await domain.parts.accounts.of_conversation(session, here, None) is None


async def test_refusing_what_is_indispensable_is_recorded_explained_and_can_be_changed(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    await person.reads()
    said = await person.decides("privacy", "no")
    profile = domain.platforms.get("renrenbao").profile
    consent = next(c for c in profile.separate_consents if c.item == "privacy")
    assert consent.if_refused in said[-1]["text"]
    assert [e["decision"] for e in await entries(domain, "decided")] == ["refused"]
    await person.presses("改为同意")
    assert [e["decision"] for e in await entries(domain, "decided")] == ["refused", "given"]
    assert (await person.state()).decisions == {"privacy": "given"}


async def test_refusing_everything_optional_still_registers(domain: Domain) -> None:
    person = await Person.arrives(domain, "weigongbao")
    await person.reaches_decision(consents="no")
    await person.agrees()
    await person.proves("13812345678")
    await person.fills_chat()
    await person.sends_page()
    assert "注册成功" in person.last["text"]
    account = await domain.accounts.find("weigongbao", "phone", "+8613812345678")
    assert account is not None
    assert {d.item: d.decision for d in await domain.consent.of(account.id)} == {
        "sharing": "refused", "marketing": "refused", "publicity": "refused", "contract": "given",
    }  # fmt: skip


async def test_a_refused_demand_is_told_to_the_platforms_people(domain: Domain) -> None:
    person = await Person.arrives(domain, "weigongbao")
    await person.begins()
    await person.reads()
    await person.decides("marketing", "no")
    (notice,) = await domain.notices.all("weigongbao")
    assert notice.topic == "refused_demand"
    consent = next(c for c in domain.platforms.get("weigongbao").profile.separate_consents if c.item == "marketing")
    assert consent.title in notice.text


async def test_abroad_a_refused_crossing_collects_nothing_and_offers_the_web(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe", channel="telegram")
    await person.presses("我想注册")
    await person.presses("不同意")
    assert "不会在这里收集您的资料" in person.last["text"]
    assert "换网页办理" in person.labels()
    assert "本人已满18岁" not in person.labels()
    await person.says("13812345678")
    assert (await person.state()).values == {}


async def test_the_older_versions_button_records_no_consent(domain: Domain, person: Person) -> None:
    from tests.support.versions import publish

    agree = person.button("同意")
    await publish(domain, "weigongbao")
    await person.presses_token(agree)
    assert await contract_decisions(domain) == []
    await person.presses_token(agree)
    assert await contract_decisions(domain) == []


async def test_after_a_restart_buttons_on_the_screen_still_count(place: Place) -> None:
    async with open_domain(place) as before:
        person = await Person.arrives(before, "renrenbao")
        await person.reaches_decision()
    async with open_domain(place, seed="after") as after:
        person.domain = after
        await person.agrees()
        assert (await person.state()).decided


async def test_a_conversation_of_somebody_else_cannot_be_opened_with_ones_own_token(domain: Domain) -> None:
    from domain import Forbidden

    async with domain.transaction() as session:
        mine, token = await domain.conversations.open(session, channel="web")
        theirs, _other = await domain.conversations.open(session, channel="web")
        telegram, none = await domain.conversations.open(session, channel="telegram", address="42")
    assert token is not None and none is None
    async with domain.database.reading() as session:
        assert (await domain.conversations.authenticate(session, mine.id, token)).id == mine.id
        for conversation, given in (
            (theirs.id, token),
            (mine.id, token[:-1] + "x"),
            (mine.id, ""),
            ("c_none", token),
            (telegram.id, ""),
        ):
            with pytest.raises(Forbidden):
                await domain.conversations.authenticate(session, conversation, given)
        row = await session.get_one(ConversationRow, mine.id)
    assert row.token_digest is not None and token.encode() not in row.token_digest
