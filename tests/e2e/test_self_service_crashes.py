"""The app ends at every step of a reset and of a cancellation, and on PostgreSQL: nothing is lost, nothing twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from domain.messaging.tables import ShortMessageRow
from tests.e2e.books import Books, books_of
from tests.e2e.client import Person
from tests.e2e.fragile import AFTER_COMMIT, BEFORE_COMMIT, PAGE_AFTER_COMMIT, PAGE_BEFORE_COMMIT, Fragile
from tests.e2e.test_self_service import NEW, NEW_PASSWORD, account_of, elsewhere, lets_in
from tests.e2e.wording import says
from tests.support.postgres import Postgres

PLATFORM = "xiaohe"
# Nobody understands sentences here, so the errand begins by the button that is offered then.
SENTENCE = "我有点事情想请你们帮忙看看"
BUTTONS = {"reset_password": "找回密码", "cancel": "注销账号"}


async def registered(http: aiohttp.ClientSession, app: Fragile) -> Person:
    person = await Person.arrives(http, app.url, PLATFORM)
    await person.registers()
    app.forward(minutes=3)
    return person


def next_step(person: Person, errand: str, code: str | None) -> dict[str, str] | None:
    """What somebody who goes straight on does now; None when nothing is left to be done in the chat."""
    card = (person.last["card"] or {}).get("kind")
    if card == "link" or says(person.messages[-1:], "self.leave.closed"):
        return None
    if card == "summary":
        return {"button": person.button("确认注销")}
    if person.expects == "account_name":
        return {"text": person.details.phone}
    if person.expects == "sms_code":
        assert code is not None
        return {"text": code}
    if BUTTONS[errand] in person.labels():
        return {"button": person.button(BUTTONS[errand])}
    return {"text": SENTENCE}


async def code_if_asked(person: Person, sent: int) -> str | None:
    return await person.sms_code(after=sent) if person.expects == "sms_code" else None


async def sms_of(books: Books) -> Counter[str]:
    """How many SMS of each kind were ever to go out."""
    async with books.domain.database.reading() as session:
        rows = await session.scalars(select(ShortMessageRow).where(ShortMessageRow.state != "withheld"))
        return Counter(row.template for row in rows)


async def assert_changed_once(app: Fragile, first: Person) -> None:
    await first.hears("news.password_changed")
    heard = [m for m in await first.transcript() if says([m], "news.password_changed")]
    assert len(heard) == 1
    async with books_of(app) as books:
        account = (await account_of(books, first)).id
        assert [type for type, _ in await books.events(account)].count("password_changed") == 1
        assert await lets_in(books, first, PLATFORM, NEW_PASSWORD) == "ok"
        assert await sms_of(books) == {"code": 1, "code_account": 1, "password_changed": 1}
        assert (await books.domain.evidence.verify()).ok


async def assert_closed_once(app: Fragile, first: Person) -> None:
    await first.hears("news.cancelled")
    heard = [m for m in await first.transcript() if says([m], "news.cancelled")]
    assert len(heard) == 1
    async with books_of(app) as books:
        account = (await account_of(books, first)).id
        assert (await books.domain.accounts.get(account)).status == "closed"
        assert [type for type, _ in await books.events(account)].count("cancelled") == 1
        assert await sms_of(books) == {"code": 1, "code_account": 1, "cancelled": 1}
        assert (await books.domain.evidence.verify()).ok


@pytest.mark.parametrize("errand", ["reset_password", "cancel"])
async def test_killed_after_every_reply_the_errand_goes_on_where_it_was(
    errand: str, fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    first = await registered(http, fragile)
    second = await elsewhere(first, PLATFORM)
    sent = len(await second.sms())
    while True:
        code = await code_if_asked(second, sent)
        fragile.kill()
        fragile.start()
        # What was sent before is in the memory of the demonstration's courier alone.
        sent = 0
        body = next_step(second, errand, code)
        if body is None:
            break
        answer = await second.post(body)
        assert answer.status == 200
        second.messages += answer.messages
    if errand == "cancel":
        await assert_closed_once(fragile, first)
    else:
        assert (await second.fill_page(**NEW)).status == 200
        await assert_changed_once(fragile, first)


@pytest.mark.parametrize("errand", ["reset_password", "cancel"])
async def test_crashed_in_the_middle_of_every_turn_of_an_errand_the_retried_message_is_answered_once(
    errand: str, fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    first = await registered(http, fragile)
    second = await elsewhere(first, PLATFORM)
    sent = len(await second.sms())
    body = next_step(second, errand, None)
    for at in itertools.count():
        if body is None:
            break
        place = BEFORE_COMMIT if at % 2 else AFTER_COMMIT
        fragile.kill()
        fragile.start(crash_at=place)
        with pytest.raises(aiohttp.ClientError):
            await second.post(body, key=f"step-{at}")
        assert fragile.has_crashed()
        fragile.start()
        once, twice = await second.post(body, key=f"step-{at}"), await second.post(body, key=f"step-{at}")
        assert once.status == twice.status == 200
        assert [m["id"] for m in once.messages] == [m["id"] for m in twice.messages] != []
        second.messages += once.messages
        body = next_step(second, errand, await code_if_asked(second, 0))
    assert sent == 1
    if errand == "cancel":
        await assert_closed_once(fragile, first)
    else:
        assert (await second.fill_page(**NEW)).status == 200
        await assert_changed_once(fragile, first)


@pytest.mark.parametrize("place", [PAGE_BEFORE_COMMIT, PAGE_AFTER_COMMIT])
async def test_crashed_while_the_new_password_is_taken_it_is_set_once_and_the_owner_hears_once(
    place: str, fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    first = await registered(http, fragile)
    second = await elsewhere(first, PLATFORM)
    await reaches_the_page(second)
    link = str(second.card["url"])
    fragile.kill()
    fragile.start(crash_at=place)
    with pytest.raises(aiohttp.ClientError):
        await second.fill_page(link, **NEW)
    assert fragile.has_crashed()
    fragile.start()
    again = await second.fill_page(link, **NEW)
    assert again.status == (200 if place == PAGE_BEFORE_COMMIT else 410)
    await second.catch_up()
    assert says(second.messages, "self.reset.done")
    await assert_changed_once(fragile, first)


async def reaches_the_page(person: Person) -> None:
    await person.say(SENTENCE)
    await person.press(BUTTONS["reset_password"])
    await person.proves(person.details.phone)


@pytest.fixture
def on_postgres(postgres: Postgres, tmp_path: Path) -> Iterator[Fragile]:
    name = postgres.create()
    app = Fragile(tmp_path / "home", DATABASE_URL=postgres.url(name))
    yield app.start()
    app.kill()
    postgres.drop(name)


async def test_a_reset_and_a_cancellation_on_postgresql_through_a_restart(
    on_postgres: Fragile, http: aiohttp.ClientSession
) -> None:
    first = await registered(http, on_postgres)
    second = await elsewhere(first, PLATFORM)
    await reaches_the_page(second)
    on_postgres.kill()
    on_postgres.start()
    assert (await second.fill_page(**NEW)).status == 200
    await assert_changed_once(on_postgres, first)

    on_postgres.forward(minutes=3)
    third = await elsewhere(first, PLATFORM)
    await third.say(SENTENCE)
    await third.press(BUTTONS["cancel"])
    sent = len(await third.sms())
    await third.say(first.details.phone)
    code = await third.sms_code(after=sent)
    on_postgres.kill()
    on_postgres.start()
    await third.say(code)
    assert says(await third.press("确认注销"), "self.leave.closed")
    await first.hears("news.cancelled")
    async with books_of(on_postgres) as books:
        assert (await account_of(books, first)).status == "closed"
        assert (await books.domain.evidence.verify()).ok
