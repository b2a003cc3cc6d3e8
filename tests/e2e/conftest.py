"""The running product, and people who use it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.client import Person
from tests.e2e.engine import Bench, OwnEngine, Relay
from tests.e2e.fragile import NOBODY, Fragile
from tests.e2e.product import ROOT, Product, free_port

Newcomer = Callable[..., Awaitable[Person]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def trained() -> None:
    """The engine's model of the sources as they are; trained once for each content."""
    built = subprocess.run(
        [str(ROOT / ".engine" / "bin" / "python"), "-m", "nlu.inside_rasa.build", "--models", "models"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="session")
def product(trained: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product with its own engine, shared by all tests that leave it running."""
    running = Product(tmp_path_factory.mktemp("product") / "home", ENGINE__PORT=free_port()).start(with_engine=True)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shared_bench(trained: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    to_app = Relay(NOBODY)
    engine = OwnEngine(tmp_path_factory.mktemp("engine") / "engine.log", to_app)
    to_engine = Relay(engine.url)
    yield Bench(engine, to_engine, to_app)
    engine.kill()
    to_engine.stop()
    to_app.stop()


@pytest.fixture
def bench(shared_bench: Bench, tmp_path: Path) -> Iterator[tuple[Bench, Fragile]]:
    """An app of its own with an engine the test may break and kill, and that sees all that passes between them."""
    app = Fragile(tmp_path / "home", **shared_bench.settings, LOG_LEVEL="debug")
    shared_bench.serve(app.url)
    yield shared_bench, app.start()
    app.kill()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Fragile]:
    """An app without an engine, not started yet, that the test may end as it likes."""
    app = Fragile(tmp_path / "home")
    yield app
    app.kill()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    # No connection is kept: behind a crash the next request must not meet a dead one.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=40)) as session:
        yield session


@pytest.fixture
def newcomer(product: Product, http: aiohttp.ClientSession) -> Newcomer:
    """Somebody opens a conversation with the shared product: `await newcomer("xiaohe")`."""

    async def arrive(platform: str | None = None, *, resume: str | None = None) -> Person:
        return await Person.arrives(http, product.url, platform, resume=resume)

    return arrive
