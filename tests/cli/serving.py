"""The app on a port of its own, inside the test's event loop or beside it in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.app import App, open_app
from bot.engine_process import free_port
from bot.settings import Engine, Settings


def without_engine(home: Path, **more: Any) -> Settings:
    """Settings of an app whose engine is down: buttons and expected answers need none."""
    engine = Engine.model_validate({"url": "http://127.0.0.1:1", "token": "nobody-listens-there"})
    return Settings(home=home, port=free_port(), dev=True, engine=engine, **more)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as app:
        runner = web.AppRunner(app.web, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        try:
            yield app
        finally:
            await runner.cleanup()


@contextmanager
def serving_beside(settings: Settings) -> Iterator[None]:
    """The same for a test that runs commands: the app works in a thread."""
    up, down = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def work() -> None:
        async with serving(settings):
            up.set()
            await down.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()), daemon=True)
    thread.start()
    try:
        assert up.wait(60), "the app did not start"
        yield
    finally:
        loop.call_soon_threadsafe(down.set)
        thread.join(60)
        loop.close()
