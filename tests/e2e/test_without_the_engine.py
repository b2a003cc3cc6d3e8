"""The engine dies, an action fails or comes too late: the way goes on, and nobody is told what did not happen."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import aiohttp
from aiohttp import web

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.engine import Bench, action_named
from tests.e2e.fragile import Fragile
from tests.e2e.people import PERSON
from tests.e2e.product import Product, until
from tests.e2e.wording import says

WISH = "我要注册一个账号"


async def test_a_registration_goes_on_by_buttons_and_answers_when_the_engine_dies_in_the_middle(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    engine, app = bench
    person = await Person.arrives(http, app.url, "xiaohe")
    await person.say(WISH)
    await person.press(PERSON)
    await person.reads(cards=2)
    engine.engine.kill()

    standing = person.card["title"]
    for sentence in ("我的信息会给别人吗", "我同意", "随便聊聊天气吧", "不想办了"):
        told = await person.say(sentence)
        assert says(told, "engine.down")
        assert person.card["title"] == standing
        assert "我已了解" in person.labels()
    await person.reads()
    await person.decides()
    async with books_of(app) as books:
        assert "contract" not in await books.decided(person)
    await person.agrees()
    await person.proves_the_phone()
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(app) as books:
        assert len(await books.accounts(person)) == 1
        assert (await books.domain.evidence.verify()).ok


async def test_a_failing_action_is_told_as_it_is_and_nothing_of_its_turn_stays(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    engine, app = bench
    called: list[str] = []

    async def fail(body: bytes) -> web.Response:
        called.append(action_named(body))
        return web.json_response({"error": "failed", "action_name": called[-1]}, status=500)

    engine.to_app.instead = fail
    person = await Person.arrives(http, app.url, "xiaohe")
    told = await person.say(WISH)
    assert called == ["action_start_registration"]
    assert [says([message], "engine.down") for message in told] == [True]
    assert "我想注册" in person.labels()
    async with books_of(app) as books:
        assert await books.entries(person) == []

    engine.to_app.instead = None
    assert says(await person.say(WISH), "who.ask")
    # The engine forgot the turn that failed: it is not part of what it goes on from.
    said = [event["text"] for event in _tracker(engine) if event["event"] == "user"]
    assert said == [WISH]


async def test_an_action_that_comes_after_the_person_was_answered_does_nothing(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    engine, app = bench
    app.kill()
    app.settings["ENGINE__TIMEOUT"] = 1
    app.start()
    came_late = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def wait(body: bytes) -> None:
        await asyncio.sleep(2)
        loop.call_soon_threadsafe(came_late.set)

    engine.to_app.instead = wait
    person = await Person.arrives(http, app.url, "xiaohe")
    assert says(await person.say(WISH), "engine.down")
    await came_late.wait()
    engine.to_app.instead = None
    said = await person.say("看协议")
    assert says(said, "read.link")
    async with books_of(app) as books:
        assert await books.entries(person) == []


async def test_an_engine_that_the_product_started_is_started_again_when_it_dies(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    (engine,) = product.children()
    os.kill(engine, signal.SIGKILL)
    assert says(await person.say(WISH), "engine.down")
    until(product.understands, "the engine comes back")
    assert says(await person.say(WISH), "who.ask")


def _tracker(engine: Bench) -> list[dict[str, object]]:
    """The events an action was last called with."""
    call = next(json.loads(body) for body in reversed(engine.to_app.seen) if b"next_action" in body)
    events: list[dict[str, object]] = call["tracker"]["events"]
    return events
