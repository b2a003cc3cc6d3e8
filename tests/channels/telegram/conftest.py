"""A Bot API server and the app that talks to it, anew for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App
from bot.channels.telegram import pacing, patience
from tests.channels.telegram.running import running
from tests.fakes.bot_api import BotApi


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for: the pace itself is tested in test_pacing, the waits in test_patience."""
    monkeypatch.setattr(pacing, "CHAT", pacing.Rate(10_000, 10_000))
    monkeypatch.setattr(pacing, "OVERALL", pacing.Rate(10_000, 10_000))
    monkeypatch.setattr(patience, "_SHORTEST", 0.02)
    monkeypatch.setattr(patience, "_LONGEST", 0.2)


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(local=True) as api:
        yield api


@pytest_asyncio.fixture
async def app(api: BotApi, tmp_path: Path) -> AsyncIterator[App]:
    async with running(tmp_path, api) as app:
        yield app
