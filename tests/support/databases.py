"""Fresh databases of both kinds, made from a template with the schema and the samples in force."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.wording.render import Renderer
from domain import Domain, Keyring
from domain.platforms import Platforms, load_platforms
from tests.support.ambient import FakeClock, SeededChance
from tests.support.postgres import Postgres

PUBLIC_URL = "https://mingshi.test"


@functools.cache
def keyring() -> Keyring:
    """The same keys in every test, so that a copied template can be opened."""
    return Keyring.create(SeededChance("keys"))


@functools.cache
def platforms() -> Platforms:
    return load_platforms()


@dataclass(frozen=True)
class Place:
    """A database and the file that keeps its signed heads."""

    url: str
    heads: Path

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))


@asynccontextmanager
async def open_domain(
    place: Place, *, clock: FakeClock | None = None, seed: str = "test", **more: Any
) -> AsyncIterator[Domain]:
    """The domain with the product's own wording, a clock that stands still and repeatable chance."""
    options = {"keys": keyring(), "platforms": platforms(), "render": Renderer(PUBLIC_URL), **more}
    async with Domain.open(
        place.url,
        options.pop("keys"),
        heads=place.heads,
        clock=clock or FakeClock(),
        chance=SeededChance(seed),
        **options,
    ) as domain:
        yield domain


def fill(place: Place) -> None:
    """Bring a database into the state every product starts in."""

    async def fill() -> None:
        async with open_domain(place, seed="template"):
            pass

    with asyncio.Runner() as runner:
        runner.run(fill())


class Databases:
    """Hands out databases and takes them back.

    Args:
        postgres: None for SQLite.
    """

    def __init__(self, folder: Path, postgres: Postgres | None) -> None:
        self._folder = folder
        self._postgres = postgres
        self._template: Place | None = None

    @property
    def is_postgresql(self) -> bool:
        return self._postgres is not None

    def empty(self, folder: Path) -> Place:
        """A database without a single table."""
        if self._postgres is None:
            return Place(f"sqlite:///{folder / 'mingshi.db'}", folder / "heads.jsonl")
        return Place(self._postgres.url(self._postgres.create()), folder / "heads.jsonl")

    def fresh(self, folder: Path) -> Place:
        """A database as a product that was just installed has it."""
        template = self._filled()
        heads = folder / "heads.jsonl"
        shutil.copyfile(template.heads, heads)
        if self._postgres is None:
            shutil.copyfile(template.file, folder / "mingshi.db")
            return Place(f"sqlite:///{folder / 'mingshi.db'}", heads)
        return Place(self._postgres.url(self._postgres.create(template=_name(template.url))), heads)

    def drop(self, place: Place) -> None:
        if self._postgres is not None:
            self._postgres.drop(_name(place.url))

    def _filled(self) -> Place:
        if self._template is None:
            template = self.empty(self._folder)
            fill(template)
            self._template = template
        return self._template


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]
