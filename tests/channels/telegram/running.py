"""The real app with the Telegram channel, against a Bot API server on loopback."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import select

from bot.app import App, open_app
from bot.settings import Engine, Settings, Telegram
from bot.wording.catalogue import Catalogue
from domain.messaging.tables import ConversationRow, MessageRow
from tests.fakes.bot_api import BotApi
from tests.fakes.bot_api_people import FakeUser

SECRET = "a-secret_of-the-webhook"


class MovedClock:
    """The machine's time, moved on by the test."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward(self, **span: float) -> None:
        self._ahead += timedelta(**span)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(
    home: Path, api: BotApi, *, mode: str = "polling", clock: Any = None, **changes: Any
) -> AsyncIterator[App]:
    """The app, listening, with an engine that does not answer: buttons and expected answers work all the same."""
    port = free_port()
    telegram = Telegram.model_validate(
        {
            "token": api.token,
            "api_base": api.base,
            "mode": mode,
            "webhook_secret": SECRET if mode == "webhook" else None,
        }
    )
    settings = Settings(
        home=home, port=port, dev=True, telegram=telegram, engine=Engine(url="http://127.0.0.1:9"), **changes
    )
    async with open_app(settings, clock=clock) as app:
        runner = web.AppRunner(app.web, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield app
        finally:
            await runner.cleanup()


def words(id: str) -> str:
    """The longest stretch of a sentence that is always the same, whatever is filled in."""
    return max(re.split(r"\{\w+\}|\n", _MESSAGES.text(id, _Unfilled(platform="{platform}"))), key=len)


class _Unfilled(dict[str, str]):
    """Leaves every variable as it stands."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


_MESSAGES = Catalogue.read("messages.yml")


def here(app: App) -> str:
    """Where the app listens."""
    return f"http://127.0.0.1:{app.settings.port}"


async def code_sent_to(app: App, phone: str) -> str:
    """The newest SMS code of a number."""
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            async with session.get(f"{here(app)}/dev/sms", params={"phone": phone}) as response:
                messages = (await response.json())["messages"]
            if messages:
                return re.findall(r"\d{6}", messages[0]["text"])[0]
            await asyncio.sleep(0.02)
    raise AssertionError("no SMS was sent")


async def fill_page(url: str, values: dict[str, str]) -> int:
    """Open a one-time page and send what it asks for; the status of the answer."""
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            page = await response.text()
        names = set(re.findall(r'<input[^>]*\sname="(\w+)"', page)) - {"csrf_token"}
        form = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]}
        form |= {name: values[name] for name in names}
        async with session.post(url, data=form) as response:
            return response.status


async def conversation_of(app: App, user: FakeUser) -> ConversationRow | None:
    async with app.domain.database.reading() as session:
        return await session.scalar(
            select(ConversationRow).where(
                ConversationRow.channel == "telegram", ConversationRow.address == str(user.id)
            )
        )


async def rows_of(app: App, user: FakeUser) -> list[MessageRow]:
    conversation = await conversation_of(app, user)
    if conversation is None:
        return []
    async with app.domain.database.reading() as session:
        query = select(MessageRow).where(MessageRow.conversation_id == conversation.id).order_by(MessageRow.seq)
        return list(await session.scalars(query))
