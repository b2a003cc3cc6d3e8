"""What was typed is gone when a person does not go on: the key is destroyed, and nothing lies about in clear."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from domain import Domain, KeyDestroyed
from domain.flows.tables import FlowRow
from domain.messaging.tables import InboxRow, ShortMessageRow
from tests.domain.messaging.test_presses import entries
from tests.support.databases import Place
from tests.support.person import ADULT_ID, PASSWORD, Person, flow_row, sms_codes

PHONE, NAME, EMAIL = "13812345678", "欧阳娜娜", "secret.person@example.com"


async def filled_in(domain: Domain) -> Person:
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision()
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat(real_name=NAME, email=EMAIL)
    return person


async def refuses_before_the_decision(domain: Domain) -> Person:
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision()
    await person.presses("不同意")
    await person.presses("真的不注册")
    return person


async def test_really_stopping_destroys_what_was_typed(domain: Domain) -> None:
    person = await filled_in(domain)
    flow = await person.flow()
    assert flow is not None and flow.sealed is not None
    sealed = flow.sealed
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    row = await flow_row(domain, flow.id)
    assert (row.outcome, row.sealed) == ("stopped", None)
    async with domain.database.reading() as session:
        with pytest.raises(KeyDestroyed):
            await domain.parts.vault.unseal(session, row.key_id, f"flows|{row.id}", sealed)
    assert await domain.events.since(0) == []
    assert (await domain.evidence.verify()).ok


async def test_the_sms_that_were_waiting_go_with_it(domain: Domain) -> None:
    person = await filled_in(domain)
    assert await sms_codes(domain, PHONE)
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    assert await sms_codes(domain, PHONE) == []
    async with domain.database.reading() as session:
        assert list(await session.scalars(select(ShortMessageRow.id)))


async def test_really_refusing_leaves_the_record_of_a_refusal_and_nothing_else(domain: Domain) -> None:
    person = await refuses_before_the_decision(domain)
    (declined,) = await entries(domain, "declined")
    assert declined["button"] == "真的不注册"
    assert declined["served"]
    async with domain.database.reading() as session:
        (row,) = list(await session.scalars(select(FlowRow)))
    assert (row.outcome, row.sealed) == ("declined", None)
    assert await person.flow() is None
    assert "我想注册" in person.labels() or "重新来一次" in person.labels()


async def test_the_code_of_a_stopped_registration_is_dead(domain: Domain) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    await person.agrees()
    await person.says(PHONE)
    (code,) = await sms_codes(domain, PHONE)
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    await person.says(code)
    assert await person.flow() is None
    assert await domain.accounts.find("renrenbao", "phone", f"+86{PHONE}") is None


async def test_the_evidence_can_still_be_opened_after_the_person_left(domain: Domain) -> None:
    """What was asked belongs to the evidence, not to the form."""
    person = await filled_in(domain)
    flow = await person.flow()
    assert flow is not None
    await person.says("我的信息会给谁", wish="question")
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    async with domain.database.reading() as session:
        await domain.parts.vault.seal(session, flow.evidence_key_id, "x", b"still there")


def _bytes_of(place: Place) -> bytes:
    files: list[Path] = sorted(place.file.parent.glob("*"))
    assert any(file.name.endswith("-wal") for file in files), "the write-ahead log was to be read too"
    return b"".join(file.read_bytes() for file in files)


def _forms(secret: str) -> list[bytes]:
    return [secret.encode(), secret.encode("utf-16-le"), secret.encode().hex().encode()]


@pytest.mark.parametrize("ends", ["really_stop", "registered", "not at all"])
async def test_no_file_holds_what_was_typed_in_clear(sqlite_domain: Domain, sqlite_place: Place, ends: str) -> None:
    person = await filled_in(sqlite_domain)
    codes = await sms_codes(sqlite_domain, PHONE)
    await person.says("我叫欧阳娜娜，电话13812345678，邮箱secret.person@example.com，会给谁", wish="question")
    await person.says("转人工", wish="human")
    await person.says("请打13812345678找欧阳娜娜，这是一段够长的留言")
    if ends == "really_stop":
        await person.says("不办了", wish="stop")
        await person.presses("不办了，删掉")
    elif ends == "registered":
        assert (await person.sends_page()).errors == {}
    content = _bytes_of(sqlite_place)
    for secret in (PHONE, f"+86{PHONE}", NAME, EMAIL, ADULT_ID, PASSWORD):
        for form in _forms(secret):
            assert form not in content, secret
    # A name is found where it may be: the scan itself works.
    assert b"xiaohe" in content
    async with sqlite_domain.database.reading() as session:
        assert all(row.sealed is None for row in await session.scalars(select(InboxRow)))
    assert codes and all(f'"{code}"'.encode() not in content for code in codes)


async def test_after_stopping_the_transcript_does_not_give_the_typed_words_back(domain: Domain) -> None:
    """The person was told that it was deleted."""
    person = await filled_in(domain)
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    conversation = await person.conversation()
    async with domain.database.reading() as session:
        lines = await domain.parts.outbox.since(session, conversation, 0, limit=500)
    text = "\n".join(str(line["text"]) + str(line["card"]) for line in lines)
    for secret in (PHONE, NAME, EMAIL):
        assert secret not in text
