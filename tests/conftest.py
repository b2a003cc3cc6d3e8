"""What every test may ask for: a clock, databases of both kinds, the domain on one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain import Domain
from tests.support.ambient import FakeClock, SeededChance
from tests.support.databases import Databases, Place, open_domain
from tests.support.postgres import Postgres

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres()
    except Exception as error:
        pytest.skip(f"no PostgreSQL here: {type(error).__name__}: {error}")
    yield server
    server.stop()


@pytest.fixture(scope="session", params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """The same tests on both databases."""
    postgres = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    return Databases(tmp_path_factory.mktemp(f"template-{request.param}"), postgres)


@pytest.fixture
def place(databases: Databases, tmp_path: Path) -> Iterator[Place]:
    """A database as a freshly installed product has it."""
    place = databases.fresh(tmp_path)
    yield place
    databases.drop(place)


@pytest.fixture
def empty_place(databases: Databases, tmp_path: Path) -> Iterator[Place]:
    """A database without a single table."""
    place = databases.empty(tmp_path)
    yield place
    databases.drop(place)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("template-file"), None)


@pytest.fixture
def sqlite_place(sqlite_databases: Databases, tmp_path: Path) -> Place:
    """SQLite only: for what a second database would not tell anything new about."""
    return sqlite_databases.fresh(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def chance() -> SeededChance:
    return SeededChance("chance")


@pytest.fixture
async def domain(place: Place, clock: FakeClock) -> AsyncIterator[Domain]:
    async with open_domain(place, clock=clock) as domain:
        yield domain


@pytest.fixture
async def sqlite_domain(sqlite_place: Place, clock: FakeClock) -> AsyncIterator[Domain]:
    async with open_domain(sqlite_place, clock=clock) as domain:
        yield domain
