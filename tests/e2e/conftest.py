"""The running product, and people who use it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.client import Person
from tests.e2e.product import ROOT, Product

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
    from tests.e2e.product import free_port

    running = Product(tmp_path_factory.mktemp("product") / "home", ENGINE__PORT=free_port()).start(with_engine=True)
    yield running
    running.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as session:
        yield session


@pytest.fixture
def newcomer(product: Product, http: aiohttp.ClientSession) -> Newcomer:
    """Somebody opens a conversation with the shared product: `await newcomer("xiaohe")`."""

    async def arrive(platform: str | None = None, *, resume: str | None = None) -> Person:
        return await Person.arrives(http, product.url, platform, resume=resume)

    return arrive
