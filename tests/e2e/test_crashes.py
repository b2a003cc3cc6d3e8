"""The app ends at every step of the way, at every place of a turn: nothing is lost, nothing happens twice."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from typing import Any

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

PLATFORM = "renrenbao"



def pressing(label: str) -> Step:
    return lambda person: {"button": person.button(label)}


def typing(what: str) -> Step:
    return lambda person: {"text": person.details.typed[what] if what in person.details.typed else what}


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
    places = itertools.cycle([BEFORE_COMMIT, AFTER_COMMIT])
    for at in itertools.count():
        code = await code_if_asked(person)
        body = next_step(person, code)
        if body is None:
            break
        place = next(places)
        fragile.kill()
        fragile.start(crash_at=place)
        key = f"step-{at}"
        with pytest.raises(aiohttp.ClientError):
            await person.post(body, key=key)
        assert fragile.has_crashed()
        fragile.start()
        first, second = await person.post(body, key=key), await person.post(body, key=key)
        assert first.status == second.status == 200
        assert [m["id"] for m in first.messages] == [m["id"] for m in second.messages] != []
        person.messages += first.messages
    assert (await person.fill_page()).status == 200
    assert await outline(person) == await outline(calm)
    async with books_of(fragile) as books:
        await assert_registered_once(books, person)
    assert len(await person.sms()) <= 1
