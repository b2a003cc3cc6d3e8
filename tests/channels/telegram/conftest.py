"""A Bot API server and the app that talks to it, anew for every test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.app import App, open_domain
from bot.channels.telegram import pacing, patience
from bot.settings import Settings
from tests.channels.telegram.running import MovedClock, running
from tests.fakes.bot_api import BotApi
from tests.fakes.bot_api_people import FakeUser
from tests.support.databases import platforms
from tests.support.postgres import Postgres


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for (the pace and the waits are tested in test_pacing), and the platforms are read once."""
    monkeypatch.setattr(pacing, "CHAT", pacing.Rate(10_000, 10_000))
    monkeypatch.setattr(pacing, "OVERALL", pacing.Rate(10_000, 10_000))
    monkeypatch.setattr(patience, "_SHORTEST", 0.02)
    monkeypatch.setattr(patience, "_LONGEST", 0.2)
    monkeypatch.setattr("bot.app.load_platforms", lambda _folder: platforms())


@pytest.fixture
async def api(quick: None) -> AsyncIterator[BotApi]:
    async with BotApi(local=True) as api:
        yield api


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a product that was started once: its keys, its tables, its samples in force."""
    home = tmp_path_factory.mktemp("installed")

    async def install() -> None:
        async with open_domain(Settings(home=home)):
            pass

    with asyncio.Runner() as runner:
        runner.run(install())
    return home


@pytest.fixture
def home(installed: Path, tmp_path: Path) -> Path:
    """Such a home for one test."""
    return Path(shutil.copytree(installed, tmp_path / "home"))


@pytest.fixture
async def app(api: BotApi, home: Path, clock: MovedClock) -> AsyncIterator[App]:
    async with running(home, api, clock=clock) as app:
        yield app


@pytest.fixture
def user(api: BotApi) -> FakeUser:
    return FakeUser(api)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)
