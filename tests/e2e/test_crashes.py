"""The app ends at every step of the way, at every place of a turn: nothing is lost, nothing happens twice."""

from __future__ import annotations

import itertools
import re

import aiohttp
import pytest

from tests.e2e.books import Books, books_of
from tests.e2e.client import Person
from tests.e2e.engine import Bench
from tests.e2e.fragile import (
    AFTER_COMMIT,
    AFTER_ENGINE,
    BEFORE_COMMIT,
    PAGE_AFTER_COMMIT,
    PAGE_BEFORE_COMMIT,
    Fragile,
)
from tests.e2e.people import PERSON
from tests.e2e.product import Product
from tests.e2e.wording import says

PLATFORM = "renrenbao"
# In words that are on no button, so that the engine has to understand them.
WISH = "我要注册一个账号"


def next_step(person: Person, code: str | None) -> dict[str, str] | None:
    """What a person who goes straight on does now; None before the page."""
    card = person.last["card"] or {"kind": None}
    match card["kind"], person.expects:
        case "clause" | "theme", _:
            return {"button": person.button("我已了解")}
        case "consents", _:
            item = next(entry for entry in card["items"] if entry["decision"] is None)
            return {"button": item["yes"]["token"]}
        case "summary", _:
            return {"button": person.button(person.agree_label)}
        case "link", _:
            return None
        case _, "phone":
            return {"text": person.details.phone}
        case _, "sms_code":
            assert code is not None
            return {"text": code}
        case _, str() as field:
            return {"text": person.details.typed[field]}
    labels = person.labels()
    return {"button": person.button(PERSON if PERSON in labels else "我想注册")}


async def code_if_asked(person: Person) -> str | None:
    return await person.sms_code() if person.expects == "sms_code" else None


async def undisturbed(http: aiohttp.ClientSession, app: Fragile) -> Person:
    """The same way on an app that keeps running, to compare with."""
    person = await Person.arrives(http, app.url, PLATFORM)
    while (body := next_step(person, await code_if_asked(person))) is not None:
        answer = await person.post(body)
        person.messages += answer.messages
    await person.fill_page()
    return person


async def outline(person: Person) -> list[tuple[str, str, str | None]]:
    """The conversation without what differs between any two: numbers, names, times."""
    lines = await person.transcript()
    return [(m["from"], re.sub(r"[\d*•]+", "#", m["text"]), (m["card"] or {}).get("kind")) for m in lines]


async def assert_registered_once(books: Books, person: Person) -> None:
    assert len(await books.accounts(person)) == 1
    for once in ("served", "formed", "registered", "receipt_issued"):
        assert len(await books.entries(person, once)) == 1, once
    decided = [entry["item"] for entry in await books.entries(person, "decided")]
    assert len(decided) == len(set(decided)) == len(await books.decided(person))
    read = [entry["leaf"] for entry in await books.entries(person, "acknowledged")]
    assert len(read) == len(set(read)) > 0
    events = await books.domain.events.since(0)
    assert [event.type for event in events].count("registered") == len({event.account_id for event in events})
    verdict = await books.domain.evidence.verify()
    assert verdict.ok, verdict


async def test_killed_after_every_reply_the_conversation_goes_on_where_it_was(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    calm = await undisturbed(http, fragile)
    person = await Person.arrives(http, fragile.url, PLATFORM)
    while True:
        code = await code_if_asked(person)
        fragile.kill()
        fragile.start()
        body = next_step(person, code)
        if body is None:
            break
        answer = await person.post(body)
        assert answer.status == 200
        person.messages += answer.messages
    assert (await person.fill_page()).status == 200
    assert person.is_registered
    assert await outline(person) == await outline(calm)
    async with books_of(fragile) as books:
        await assert_registered_once(books, person)


async def test_crashed_in_the_middle_of_every_turn_the_retried_message_is_answered_once(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    calm = await undisturbed(http, fragile)
    person = await Person.arrives(http, fragile.url, PLATFORM)
    fragile.kill()
    place = BEFORE_COMMIT
    fragile.start(crash_at=place)
    for at in itertools.count():
        body = next_step(person, await code_if_asked(person))
        if body is None:
            break
        key = f"step-{at}"
        with pytest.raises(aiohttp.ClientError):
            await person.post(body, key=key)
        assert fragile.has_crashed()
        # What was not committed is handled at the start of the next run, before the next message.
        handled_again = int(place == BEFORE_COMMIT)
        place = AFTER_COMMIT if place == BEFORE_COMMIT else BEFORE_COMMIT
        fragile.start(crash_at=place, nth=1 + handled_again)
        first, second = await person.post(body, key=key), await person.post(body, key=key)
        assert first.status == second.status == 200
        assert [m["id"] for m in first.messages] == [m["id"] for m in second.messages] != []
        person.messages += first.messages
    assert (await person.fill_page()).status == 200
    assert await outline(person) == await outline(calm)
    async with books_of(fragile) as books:
        await assert_registered_once(books, person)


@pytest.mark.parametrize("place", [PAGE_BEFORE_COMMIT, PAGE_AFTER_COMMIT])
async def test_crashed_while_the_page_is_taken_there_is_one_account_and_the_person_learns_of_it(
    place: str, fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start(crash_at=place)
    person = await Person.arrives(http, fragile.url, PLATFORM)
    await person.comes_to_the_page()
    link = person.card["url"]
    with pytest.raises(aiohttp.ClientError):
        await person.fill_page()
    assert fragile.has_crashed()
    fragile.start()
    again = await person.fill_page(link)
    await person.catch_up()
    assert again.status == (200 if place == PAGE_BEFORE_COMMIT else 410)
    assert person.is_registered
    async with books_of(fragile) as books:
        await assert_registered_once(books, person)


async def test_what_an_action_did_before_the_crash_is_not_done_again(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    _engine, app = bench
    app.kill()
    app.start(crash_at=AFTER_ENGINE)
    person = await Person.arrives(http, app.url, PLATFORM)
    with pytest.raises(aiohttp.ClientError):
        await person.post({"text": WISH}, key="wish")
    assert app.has_crashed()
    app.start()
    answer = await person.post({"text": WISH}, key="wish")
    assert PERSON in {b["label"] for m in answer.messages for b in m["buttons"]}
    async with books_of(app) as books:
        assert len(await books.entries(person, "served")) == 1
    lines = [m["text"] for m in await person.transcript() if m["from"] == "bot"]
    assert len(lines) == len(set(lines)) == 2


async def test_the_running_product_killed_with_its_engine_is_the_same_after_a_restart(
    product: Product, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, product.url, PLATFORM)
    await person.comes_to_the_decision()
    await person.agrees()
    await person.say(person.details.phone)
    code = await person.sms_code()
    product.kill()
    product.start(with_engine=True)
    await person.say(code)
    assert says(await person.say("为什么要这个"), "why.field")
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(product) as books:
        assert len(await books.accounts(person)) == 1
        assert (await books.domain.evidence.verify()).ok
