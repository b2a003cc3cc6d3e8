"""`mingshi courier`: the SMS courier alone, on a host from which the provider takes calls."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Annotated

import structlog
import typer
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.cli.stored import opened
from bot.couriers.choice import couriers, lacks
from bot.couriers.receipts import Receipts
from bot.couriers.worker import CourierWorker
from bot.http import Problems
from bot.settings import Settings
from bot.turns.hub import Hub
from domain import Domain

log = structlog.get_logger()


def courier(
    serve: Annotated[
        bool, typer.Option("--serve", help="Listen too: delivery reports, /healthz and /metrics.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Send the SMS of an app that runs elsewhere (there MINGSHI_SMS__ELSEWHERE=true) on the same database."""
    chosen = settings()
    if chosen.sms.provider == "console":
        raise CannotDo("the console courier sends nothing: set MINGSHI_SMS__PROVIDER to aliyun or tencent")
    able(chosen)
    asyncio.run(_until_told(chosen if port is None else chosen.model_copy(update={"port": port}), serve))


def able(chosen: Settings) -> None:
    """Raises CannotDo when the chosen providers lack a setting or their package."""
    lacking = lacks(chosen.sms)
    if lacking:
        raise CannotDo(f"SMS by {' and '.join(chosen.sms.chosen)}: {'; '.join(lacking)}")


async def _until_told(chosen: Settings, serve: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        domain = await stack.enter_async_context(opened(chosen))
        sms = chosen.sms
        worker = CourierWorker(
            domain,
            couriers(sms, domain.parts.clock),
            Hub(),
            at_once=sms.at_once,
            a_second=sms.a_second,
            timeout=sms.timeout,
        )
        stack.push_async_callback(worker.close)
        if serve:
            runner = web.AppRunner(_web(chosen, domain), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, chosen.host, chosen.port).start()
        working = asyncio.create_task(worker.run(), name="courier")
        log.info("courier works", providers=list(sms.chosen), serving=serve)
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        # What is in hand is finished: a call that is cut off is an SMS nobody knows about.
        working.cancel()
        await asyncio.gather(working, told, return_exceptions=True)


def _web(chosen: Settings, domain: Domain) -> web.Application:
    application = web.Application(middlewares=[Problems().middleware])
    application.add_routes(Receipts(domain, chosen.sms, chosen.trusted_proxies).routes())

    async def healthy(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application.router.add_get("/healthz", healthy)
    application.router.add_get("/metrics", metrics)
    return application
