"""The same product on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.engine import Bench
from tests.e2e.fragile import Fragile
from tests.e2e.people import PERSON
from tests.e2e.proofs import assert_proven
from tests.e2e.wording import says
from tests.support.postgres import Postgres


@pytest.fixture
def on_postgres(postgres: Postgres, shared_bench: Bench, tmp_path: Path) -> Iterator[Fragile]:
    name = postgres.create()
    app = Fragile(tmp_path / "home", DATABASE_URL=postgres.url(name), **shared_bench.settings)
    shared_bench.serve(app.url)
    yield app.start()
    app.kill()
    postgres.drop(name)


async def test_someone_registers_on_postgresql_through_a_restart(
    on_postgres: Fragile, http: aiohttp.ClientSession
) -> None:
    app = on_postgres
    person = await Person.arrives(http, app.url, "xiaohe")
    assert says(await person.say("我要注册一个账号"), "who.ask")
    await person.press(PERSON)
    await person.reads(cards=2)
    app.kill()
    app.start()
    assert (await person.say("我的信息会给别人吗"))[0]["card"]["kind"] == "answer"
    await person.reads()
    await person.decides()
    await person.agrees()
    await person.proves_the_phone()
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(app) as books:
        await assert_proven(books, http, person, "xiaohe")
