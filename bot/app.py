"""The composition root: builds the parts of the app, knows them all, and runs them together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.actions.route import PATH as ACTIONS_PATH
from bot.actions.route import ActionRoute
from bot.channels.web.api import ConversationApi
from bot.couriers.choice import couriers
from bot.couriers.console import ConsoleCourier
from bot.couriers.receipts import Receipts
from bot.couriers.worker import CourierWorker
from bot.engine_process import EngineProcess, free_port, running
from bot.http import Problems
from bot.metrics import VERIFICATION_ALARMS
from bot.openapi import openapi_document
from bot.pages.handlers import Pages
from bot.settings import Settings, is_specific
from bot.timestamps import TimeStamps
from bot.turns.doorway import Doorway
from bot.turns.engine import Engine
from bot.turns.hub import Hub
from bot.turns.worker import INBOX, Worker
from bot.wording.render import Renderer
from domain import Domain, Keyring
from domain.ambient import Chance, Clock, SystemChance, SystemClock
from domain.parts import Policy
from domain.platforms import load_platforms
from domain.retention import purge

log = structlog.get_logger()

_HERE = Path(__file__).parent
# An action call carries every event of its engine session.
_MAX_BODY = 16 * 1024 * 1024
_HEADS_SECONDS = 1.0
_FORGET_SECONDS = 3600.0
_ALARM_SECONDS = 15.0
_RENEWAL_SECONDS = 5.0


@dataclass
class App:
    """A running app. `background` holds the tasks that end with it."""

    settings: Settings
    domain: Domain
    renderer: Renderer
    hub: Hub
    engine: Engine
    worker: Worker
    doorway: Doorway
    courier: ConsoleCourier | None
    web: web.Application
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self.tasks.append(asyncio.create_task(work, name=name))


def open_keys(settings: Settings, chance: Chance) -> Keyring:
    settings.home.mkdir(parents=True, exist_ok=True)
    return Keyring.load_or_create(settings.keys_file, chance)


@asynccontextmanager
async def open_domain(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    render: Renderer | None = None,
) -> AsyncIterator[Domain]:
    """The domain as the settings describe it; also what the command line works on."""
    chance = chance or SystemChance()
    async with Domain.open(
        settings.database,
        open_keys(settings, chance),
        heads=settings.heads_file,
        render=render or Renderer(settings.public),
        platforms=load_platforms(settings.platforms),
        clock=clock or SystemClock(),
        chance=chance,
        policy=Policy(
            page_lifetime=settings.page_lifetime,
            renewal_notice=settings.renewal_notice,
            renewals_a_minute=settings.renewals_a_minute,
        ),
        limits=settings.limits,
    ) as domain:
        yield domain


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    crash: Callable[[str], None] = lambda _place: None,
) -> AsyncIterator[App]:
    """Everything but the listening socket, working until the context ends."""
    async with AsyncExitStack() as stack:
        renderer = Renderer(settings.public)
        domain = await stack.enter_async_context(open_domain(settings, clock=clock, chance=chance, render=renderer))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        token = (
            settings.engine.token.get_secret_value() if settings.engine.token else domain.parts.chance.token(24).hex()
        )
        engine_port = settings.engine.port or free_port()
        engine_url = settings.engine.url or f"http://127.0.0.1:{engine_port}"
        hub = Hub()
        engine = Engine(session, engine_url, token, settings.engine.timeout)
        worker = Worker(domain, engine, hub, crash)
        doorway = Doorway(domain, worker, hub)
        sending = [] if settings.sms.elsewhere else couriers(settings.sms, domain.parts.clock)
        courier = next((each for each in sending if isinstance(each, ConsoleCourier)), None)
        application = _web(settings, domain, hub, engine, doorway, courier, token)
        app = App(settings, domain, renderer, hub, engine, worker, doorway, courier, application)
        if settings.engine.url is None:
            host = settings.host if is_specific(settings.host) else "127.0.0.1"
            actions = f"http://{host}:{settings.port}{ACTIONS_PATH}"
            process = EngineProcess(port=engine_port, token=token, actions_url=actions)
            await stack.enter_async_context(running(process))
        app.spawn(worker.run(), "turns")
        if sending:
            sms = settings.sms
            short_messages = CourierWorker(
                domain, sending, hub, at_once=sms.at_once, a_second=sms.a_second, timeout=sms.timeout
            )
            stack.push_async_callback(short_messages.close)
            app.spawn(short_messages.run(), "courier")
        app.spawn(_keep_heads(domain), "ledger heads")
        if settings.evidence.authorities:
            parts = domain.parts
            stamps = TimeStamps.of(domain.database, parts.clock, parts.chance, settings.evidence, session)
            app.spawn(stamps.run(), "time stamps")
        app.spawn(_forget_abandoned(domain), "abandoned flows")
        app.spawn(_watch_codes(domain), "alarms of verification")
        app.spawn(_renew(domain, hub), "new versions")
        if settings.telegram.token is not None:
            from bot.channels.telegram import telegram_channel

            await stack.enter_async_context(telegram_channel(app))
        for task in app.tasks:
            task.add_done_callback(_report)
        try:
            yield app
        finally:
            await worker.drain()
            for task in app.tasks:
                task.cancel()
            await asyncio.gather(*app.tasks, return_exceptions=True)


def _web(
    settings: Settings,
    domain: Domain,
    hub: Hub,
    engine: Engine,
    doorway: Doorway,
    courier: ConsoleCourier | None,
    token: str,
) -> web.Application:
    application = web.Application(middlewares=[Problems().middleware], client_max_size=_MAX_BODY)
    conversations = ConversationApi(domain, doorway, hub, settings)
    application.add_routes(conversations.routes())
    application.on_shutdown.append(conversations.close_sockets)
    application.add_routes(Pages(domain, Renderer(settings.public), hub, settings.public_url).routes())
    application.add_routes(Receipts(domain, settings.sms, settings.trusted_proxies).routes())
    application.router.add_post(ACTIONS_PATH, ActionRoute(domain, token).handle)
    application.router.add_static("/static/web", _HERE / "channels" / "web" / "static")
    application.router.add_static("/static/pages", _HERE / "pages" / "static")

    async def chat_page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(
            _HERE / "channels" / "web" / "static" / "chat.html", headers={"Cache-Control": "no-cache"}
        )

    async def healthy(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        """Ready to serve when the database answers; the engine's state is told but does not count."""
        async with domain.database.reading() as session:
            await domain.parts.inbox.waiting(session)
        return web.json_response({"ready": True, "engine": await engine.ready()})

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def openapi(_request: web.Request) -> web.Response:
        return web.json_response(openapi_document())

    application.router.add_get("/", chat_page)
    application.router.add_get("/api/openapi.json", openapi)
    application.router.add_get("/healthz", healthy)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)

    async def dev(_request: web.Request) -> web.Response:
        return web.json_response({"dev": settings.dev})

    async def dev_sms(request: web.Request) -> web.Response:
        sent = courier.sent_to(request.query.get("phone", "")) if courier else []
        return web.json_response(
            {"messages": [{"phone": s.phone, "text": s.text, "at": s.at.isoformat()} for s in sent]}
        )

    application.router.add_get("/api/dev", dev)
    if settings.dev:
        application.router.add_get("/dev/sms", dev_sms)
    return application


async def _keep_heads(domain: Domain) -> None:
    while True:
        await asyncio.sleep(_HEADS_SECONDS)
        try:
            await domain.evidence.keep_heads()
        except Exception as error:
            log.error("heads not kept", exc=error)


async def _forget_abandoned(domain: Domain) -> None:
    """What a person began and left is forgotten after the time the agent promised."""
    while True:
        try:
            async with domain.transaction() as session:
                forgotten = await domain.flows.forget_abandoned(session)
                await purge(session, domain.parts)
            await domain.accounts.remind_inactive()
            await domain.guardians.turn_of_time()
            # The bytes of destroyed keys must not wait in the write-ahead log either.
            await domain.database.checkpoint()
            if forgotten:
                log.info("abandoned flows forgotten", count=forgotten)
        except Exception as error:
            log.error("abandoned flows not forgotten", exc=error)
        await asyncio.sleep(_FORGET_SECONDS)


async def _renew(domain: Domain, hub: Hub) -> None:
    """Plan who is asked about a new version, and tell them at a pace that leaves room for everybody else."""
    while True:
        try:
            planned = await domain.renewals.plan()
            told = await domain.renewals.tell()
            if told:
                hub.signal(INBOX)
            if planned or told:
                log.info("new version", planned=planned, told=told)
        except Exception as error:
            log.error("new version not told", exc=error)
        await asyncio.sleep(_RENEWAL_SECONDS)


async def _watch_codes(domain: Domain) -> None:
    """Tell the operator, once each, when codes are paused or a clock was wrong."""
    known: set[str] = set()
    while True:
        try:
            async with domain.database.reading() as session:
                alarms = await domain.parts.verification.alarms(session)
            for alarm in alarms:
                if alarm.kind not in known:
                    log.error("verification alarm", kind=alarm.kind, since=alarm.since.isoformat(), **alarm.detail)
            known = {alarm.kind for alarm in alarms}
            VERIFICATION_ALARMS.set(len(known))
        except Exception as error:
            log.error("verification not watched", exc=error)
        await asyncio.sleep(_ALARM_SECONDS)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background work ended", work=task.get_name(), exc=task.exception())


async def serve(settings: Settings, *, announce: Callable[[str], None], stop: asyncio.Event) -> None:
    """Run the app until `stop` is set. Announces the address once it can be used."""
    async with open_app(settings) as app:
        runner = web.AppRunner(app.web, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            await _until_ready(app, stop)
            announce(settings.public)
            await stop.wait()
        finally:
            # What is in hand may still call its actions: the listener closes after it.
            await app.worker.drain()
            with contextlib.suppress(Exception):
                await runner.cleanup()


async def _until_ready(app: App, stop: asyncio.Event) -> None:
    """Give the engine its seconds to load; the product serves without it all the same."""
    for _ in range(int(os.environ.get("MINGSHI_ENGINE_WAIT", "60"))):
        if stop.is_set() or await app.engine.ready():
            return
        await asyncio.sleep(1)
    log.warning("engine not ready yet", hint="free text waits for it; buttons and answers work")
