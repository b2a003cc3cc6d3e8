"""Nobody consents to a text that is not the one on the screen, nor on a text this channel may not use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import Conflict, Domain, NotFound
from tests.domain.messaging.test_presses import entries
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person
from tests.support.versions import authorised, publish


async def test_a_version_published_while_one_reads_is_read_from_the_start(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    agree = person.button(person.agree_label)
    old = await person.flow()
    version = await publish(domain, "renrenbao")
    said = await person.presses_token(agree)
    assert "换了新版本" in "\n".join(m["text"] for m in said)
    flow, state = await person.flow(), await person.state()
    assert old is not None and flow is not None
    assert (flow.id, flow.agreement_id) == (old.id, version.id)
    assert (state.leaf, state.decisions, state.decided) == (0, {}, False)
    assert (state.subject) == "person"
    assert [e["agreement"]["version"] for e in await entries(domain, "served")] == [1, 2]
    await person.reads()
    await person.answers_consents()
    await person.agrees()
    contract = [e for e in await entries(domain, "decided") if e["item"] == "contract"]
    assert [e["agreement"]["version"] for e in contract] == [2]


async def test_consents_given_on_the_older_text_do_not_count_for_the_newer(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    await person.reads()
    await person.decides("privacy", "yes")
    version = await publish(domain, "renrenbao")
    await person.says("继续", wish="affirm")
    await person.reads()
    await person.answers_consents()
    await person.agrees()
    flow = await person.flow()
    assert flow is not None
    async with domain.database.reading() as session:
        decided = await domain.parts.consents.of_flow(session, flow.id)
    assert {d.agreement_id for d in decided} == {version.id}


async def test_after_the_decision_a_newer_version_changes_nothing(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    await person.agrees()
    before = await person.flow()
    await publish(domain, "renrenbao")
    await person.says("13812345678")
    after = await person.flow()
    assert before is not None and after is not None
    assert before.agreement_id == after.agreement_id
    assert (await person.state()).decided


async def test_who_wants_to_leave_need_not_read_the_newer_version_first(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    await person.says("不办了", wish="stop")
    await publish(domain, "renrenbao")
    await person.presses("不办了，删掉")
    assert await person.flow() is None
    assert "换了新版本" not in person.transcript()


async def test_on_an_official_text_without_authorisation_nothing_begins(domain: Domain) -> None:
    await publish(domain, "xiaohe", source="official")
    person = await Person.arrives(domain, "xiaohe")
    said = await person.presses("我想注册")
    assert "还没有授权" in said[0]["text"]
    assert await person.flow() is None
    assert await entries(domain, "served") == []
    # It still explains.
    said = await person.says("注销以后信息怎么办", wish="question")
    assert said and said[0]["text"]


async def test_an_official_text_published_while_one_reads_ends_the_registration_without_authorisation(
    domain: Domain,
) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision()
    agree = person.button(person.agree_label)
    await publish(domain, "xiaohe", source="official")
    said = await person.presses_token(agree)
    assert "还没有授权" in said[0]["text"]
    assert await person.flow() is None
    assert [e["item"] for e in await entries(domain, "decided") if e["item"] == "contract"] == []
    assert {e["agreement"]["source"] for e in await entries(domain, "served")} == {"sample"}


async def test_with_authorisation_an_official_text_registers(place: Place) -> None:
    async with open_domain(place, platforms=authorised("xiaohe")) as domain:
        await publish(domain, "xiaohe", source="official")
        person = await Person.arrives(domain, "xiaohe")
        assert "示例文本" not in person.transcript()
        await person.registers("13812345678")
        assert "注册成功" in person.last["text"]
        assert {e["agreement"]["source"] for e in await entries(domain, "decided")} == {"official"}


async def test_a_sample_says_that_it_is_one(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    assert "示例文本（演示，不构成合同）" in person.transcript()


async def test_a_card_is_a_draft_on_a_text_it_was_not_reviewed_for(domain: Domain) -> None:
    """Only the clause itself is shown, and no explanation that nobody has approved."""
    platform = domain.platforms.get("renrenbao")
    raw = platform.sample_bytes
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    number, quote = person.card["number"], person.card["quote"]
    assert person.card["draft"] is False
    body = quote.partition(" ")[2] or quote
    line = next(part for part in body.split("\n") if len(part) > 20 and part.encode() in raw)
    changed = raw.replace(line.encode(), (line + "本条另有补充。").encode())
    assert changed != raw
    from domain.agreements import parse

    async with domain.transaction() as session:
        await domain.parts.agreements.bring_in(
            session,
            platform_id="renrenbao",
            raw=changed,
            file_name="n.md",
            parsed=parse(changed, "n.md"),
            source="sample",
        )
        await domain.parts.agreements.publish(session, "renrenbao")
    other = await Person.arrives(domain, "renrenbao")
    await other.begins()
    while other.card["kind"] == "clause" and other.card["number"] != number:
        await other.presses("我已了解")
    assert other.card["draft"] is True
    assert other.card["sections"] == []
    assert "本条另有补充" in other.card["quote"]
    assert "解释一下" not in other.labels()


async def test_a_version_counts_from_its_effective_day(domain: Domain, clock: FakeClock) -> None:
    sample = domain.platforms.get("xiaohe").sample_bytes + "\n补充。\n".encode()
    version, _parsed = await domain.agreements.bring_in(
        sample, "new.md", platform_id="xiaohe", effective_at=clock.now() + timedelta(days=7)
    )
    await domain.agreements.publish("xiaohe")
    assert (await domain.agreements.in_force("xiaohe"))[0].id != version.id
    clock.forward(days=7)
    assert (await domain.agreements.in_force("xiaohe"))[0].id == version.id


async def test_the_same_file_twice_is_a_conflict_and_publishing_twice_too(domain: Domain) -> None:
    sample = domain.platforms.get("xiaohe").sample_bytes + "\n补充。\n".encode()
    await domain.agreements.bring_in(sample, "new.md", platform_id="xiaohe")
    with pytest.raises(Conflict):
        await domain.agreements.bring_in(sample, "other name.md", platform_id="xiaohe")
    await domain.agreements.publish("xiaohe")
    with pytest.raises(Conflict):
        await domain.agreements.publish("xiaohe")
    with pytest.raises(NotFound):
        await domain.agreements.publish("xiaohe", 99)
    assert [v.source for v in await domain.agreements.list("xiaohe")] == ["sample", "official"]
