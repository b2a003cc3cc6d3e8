"""Requests to the platform's people: filed once, decided once, told to whoever asked."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from domain import Conflict, Domain, NotFound
from domain.requests import Request
from domain.requests.tables import RequestRow
from tests.domain.selfservice.owners import PHONE, account_id, events, owner, words
from tests.support.ambient import FakeClock
from tests.support.person import Person

WORDS = {"story": "昨天少了两份材料"}


async def file(
    domain: Domain, person: Person, kind: str = "stolen", account: str | None = None, **more: object
) -> Request:
    conversation = await person.conversation()
    async with domain.transaction() as session:
        return await domain.parts.requests.file(
            session, kind=kind, platform_id="rencai", account_id=account, conversation_id=conversation.id,
            key_id=conversation.key_id, words=WORDS, **more,
        )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
async def person(domain: Domain) -> Person:
    return await Person.arrives(domain, "rencai")


async def test_what_was_filed_can_be_read_and_is_sealed(domain: Domain, person: Person) -> None:
    filed = await file(domain, person, due=date(2026, 3, 24))
    (read,) = await domain.requests.list("rencai")
    assert read == filed
    assert (read.words, read.state, read.due) == (WORDS, "open", date(2026, 3, 24))
    async with domain.database.reading() as session:
        row = (await session.scalars(select(RequestRow))).one()
    assert WORDS["story"].encode() not in row.sealed
    assert WORDS["story"] not in repr(read)


async def test_urgent_ones_come_first_then_the_oldest(domain: Domain, clock: FakeClock, person: Person) -> None:
    filed = []
    for urgent in (False, False, True):
        filed.append((await file(domain, person, urgent=urgent)).id)
        clock.forward(minutes=1)
    assert [r.id for r in await domain.requests.list()] == [filed[2], filed[0], filed[1]]


async def test_the_same_wish_for_the_same_account_is_one_request_until_it_is_decided(
    domain: Domain, person: Person
) -> None:
    first = await file(domain, person, "cancel", "a_1")
    assert (await file(domain, person, "cancel", "a_1")).id == first.id
    assert (await file(domain, person, "transfer", "a_1")).id != first.id
    assert (await file(domain, person, "cancel", "a_2")).id != first.id
    await domain.requests.decide(first.id, granted=False, answer="", by="staff")
    assert (await file(domain, person, "cancel", "a_1")).id != first.id


async def test_a_request_is_decided_once_also_when_two_decide_at_once(domain: Domain, person: Person) -> None:
    filed = await file(domain, person)
    outcomes = await asyncio.gather(
        *(
            domain.requests.decide(filed.id, granted=n % 2 == 0, answer=f"answer {n}", by=f"staff {n}")
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(o, Request) for o in outcomes) == 1
    assert sum(isinstance(o, Conflict) for o in outcomes) == 5
    assert len(await person.is_told()) == 1
    assert len(await events(domain, "request_decided")) == 1
    assert await domain.requests.list() == []
    assert len(await domain.requests.list(closed=True)) == 1


@pytest.mark.parametrize(("granted", "said"), [(True, "平台同意了"), (False, "平台没有同意")])
async def test_the_person_is_told_in_the_chat_they_asked_in(
    domain: Domain, person: Person, granted: bool, said: str
) -> None:
    filed = await file(domain, person)
    decided = await domain.requests.decide(filed.id, granted=granted, answer="请带身份证到前台。", by="staff")
    assert (decided.state, decided.answer) == ("granted" if granted else "refused", "请带身份证到前台。")
    told = words(await person.is_told())
    assert said in told and "请带身份证到前台。" in told and filed.id in told and "账号被盗" in told
    assert (await domain.evidence.verify()).ok


async def test_the_news_come_between_two_questions_and_the_standing_one_follows(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await owner(domain, "rencai")
    account = await account_id(domain, "rencai")
    filed = await file(domain, person, account=account)
    clock.forward(days=1)
    await person.wants("change")
    await person.presses("发验证码")
    await domain.requests.decide(filed.id, granted=True, answer="查过了。", by="staff")
    told = await person.is_told()
    assert "查过了。" in told[0]["text"]
    assert person.last["expects"] == "sms_code"
    await person.proves_account(PHONE)
    assert "手机号" in person.offers()


async def test_an_unknown_request_is_not_found(domain: Domain) -> None:
    with pytest.raises(NotFound):
        await domain.requests.decide("q_nothing", granted=True, answer="", by="staff")


async def test_another_persons_request_is_in_nobody_elses_list(domain: Domain, person: Person) -> None:
    filed = await file(domain, person)
    stranger = await Person.arrives(domain, "rencai")
    assert filed.id not in words(await stranger.says("查一下进度", wish="status"))
    assert filed.id in words(await person.says("查一下进度", wish="status"))
