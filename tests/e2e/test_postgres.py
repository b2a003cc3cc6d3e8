"""The same product on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.engine import Bench
from tests.e2e.fragile import Fragile
from tests.e2e.people import PERSON
from tests.e2e.platforms import authorised
from tests.e2e.proofs import assert_proven
from tests.e2e.test_guardians import CHILD, consents, fills_in
from tests.e2e.test_new_versions import newer_text, publish, read_and_reach_the_decision
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


@pytest.fixture
def authorised_on_postgres(postgres: Postgres, tmp_path: Path) -> Iterator[Fragile]:
    """Without an engine, on a platform that has authorised this channel for its own text."""
    name = postgres.create()
    folder = authorised(tmp_path / "platforms", "xiaohe")
    app = Fragile(tmp_path / "home", DATABASE_URL=postgres.url(name), PLATFORMS=folder)
    yield app.start()
    app.kill()
    postgres.drop(name)


async def test_a_family_consents_decides_about_a_new_version_and_gets_its_evidence_on_postgresql(
    authorised_on_postgres: Fragile, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    app = authorised_on_postgres
    ward, guardian = await Person.arrives(http, app.url, "xiaohe"), await Person.arrives(http, app.url)
    await consents(ward, guardian, CHILD)
    app.kill()
    app.start()
    await ward.press("我愿意")
    await fills_in(ward)
    await guardian.hears("news.ward_registered")
    assert "1 people" in publish(app, newer_text(tmp_path, "平台每年收取会员费一百元。"))
    await guardian.hears("news.renewal")
    await read_and_reach_the_decision(guardian)
    await guardian.agrees()
    async with books_of(app) as books:
        (account,) = await books.accounts(ward)
        decided = next(d for d in await books.domain.consent.of(account.id) if d.item == "contract")
        versions = await books.domain.agreements.list("xiaohe")
    assert (decided.given_by, decided.agreement_id) == ("guardian", versions[-1].id)
    bundle = tmp_path / "case"
    exported = app.command("evidence", "export", "--person", account.id, "--out", str(bundle))
    assert exported.returncode == 0, exported.stderr
    checked = subprocess.run([sys.executable, "-I", bundle / "verify.py"], capture_output=True, text=True, cwd=bundle)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    verified = app.command("ledger", "verify")
    assert verified.returncode == 0, verified.stdout


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
