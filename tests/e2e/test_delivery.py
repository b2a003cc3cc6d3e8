"""Every message is handled once and in order, whoever sends it how often and how many at a time."""

from __future__ import annotations

import asyncio
import hashlib

import aiohttp
from sqlalchemy import select

from domain.messaging.tables import InboxRow
from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.fragile import Fragile
from tests.e2e.product import Product
from tests.e2e.wording import says


async def test_the_same_message_sent_twice_is_handled_once_and_answered_the_same(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_decision()
    body = {"button": person.button(person.agree_label)}
    together = await asyncio.gather(*(person.post(body, key="agree-once") for _ in range(3)))
    later = await person.post(body, key="agree-once")
    for answer in (*together, later):
        assert answer.status == 200
        assert [m["id"] for m in answer.messages] == [m["id"] for m in later.messages]
    assert says(later.messages, "phone.ask")
    async with books_of(product) as books:
        assert len(await books.entries(person, "formed")) == 1


async def test_a_key_of_one_person_is_not_a_key_of_another(newcomer: Newcomer) -> None:
    one, other = await newcomer("xiaohe"), await newcomer("xiaohe")
    first = await one.post({"text": "我想注册"}, key="the same")
    second = await other.post({"text": "我想注册"}, key="the same")
    assert says(first.messages, "who.ask")
    assert says(second.messages, "who.ask")
    assert {m["id"] for m in first.messages}.isdisjoint(m["id"] for m in second.messages)


async def test_ten_messages_at_once_are_answered_one_after_another_each_once(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    lines = [f"第{number}条是什么意思，第{at}次问" for at, number in enumerate("一二三四五六七八九十")]
    answers = await asyncio.gather(*(person.post({"text": line}, key=line) for line in lines))
    transcript = await person.transcript(after=person.seq)

    heard = [message["text"] for message in transcript if message["from"] == "user"]
    assert sorted(heard) == sorted(lines)
    assert heard == await in_order_of_arrival(product, person, lines)
    for line, answer in zip(lines, answers, strict=True):
        assert answer.status == 200
        at = next(at for at, message in enumerate(transcript) if message["text"] == line)
        replies = [m["id"] for m in transcript[at + 1 : at + 1 + len(answer.messages)]]
        assert [m["id"] for m in answer.messages] == replies != []


async def in_order_of_arrival(product: Product, person: Person, keys: list[str]) -> list[str]:
    """The keys as the inbox numbered the messages that came with them."""
    by_id = {f"{person.id}:{hashlib.sha256(key.encode()).hexdigest()[:32]}": key for key in keys}
    async with books_of(product) as books, books.domain.database.reading() as session:
        rows = await session.scalars(
            select(InboxRow).where(InboxRow.conversation_id == person.id).order_by(InboxRow.id)
        )
        return [by_id[row.update_id] for row in rows if row.update_id in by_id]


async def test_two_people_who_register_one_phone_at_once_get_one_account_and_the_other_is_told_why(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    people = [await Person.arrives(http, fragile.url, "renrenbao") for _ in range(2)]
    people[1].details.phone = phone = people[0].details.phone
    for person in people:
        await person.comes_to_the_page()
        fragile.forward(minutes=3)
    await asyncio.gather(*(person.fill_page() for person in people))
    for person in people:
        await person.catch_up()

    assert sorted(person.is_registered for person in people) == [False, True]
    loser = next(person for person in people if not person.is_registered)
    assert says(loser.messages, "phone.taken")
    async with books_of(fragile) as books:
        assert await books.holders("renrenbao", phone) == 1
        assert await books.accounts(loser) == []
        assert await books.entries(loser, "registered", "receipt_issued") == []
        assert (await books.domain.evidence.verify()).ok
    # The loser is not stuck: another phone, and what was typed before is still there.
    fragile.forward(minutes=3)
    await loser.press("换个手机号")
    loser.details.phone = "13900000001"
    await loser.proves_the_phone()
    assert loser.is_registered


async def test_nobody_learns_that_a_phone_is_registered_without_proving_it(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    owner = await Person.arrives(http, fragile.url, "renrenbao")
    await owner.registers()
    fragile.forward(minutes=3)
    curious = await Person.arrives(http, fragile.url, "renrenbao")
    await curious.comes_to_the_decision()
    await curious.agrees()
    curious.details.phone = owner.details.phone
    sent = len(await curious.sms())
    assert says(await curious.say(owner.details.phone), "code.sent")
    assert not says(curious.messages, "phone.taken")
    await curious.say(await curious.sms_code(after=sent))
    assert says(curious.messages, "phone.taken")
