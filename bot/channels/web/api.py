"""The HTTP interface of a conversation: open one, say something, press a button, follow what arrives."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import weakref
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.http import Problem, client_address, json_body
from bot.limits import RateLimit
from bot.settings import Settings
from bot.turns.doorway import Doorway
from bot.turns.hub import Hub, news
from domain import Domain, Forbidden
from domain.messaging.tables import ConversationRow

MAX_TEXT = 4096
_CHANNELS = {"web", "terminal"}
_POLL_SECONDS = 5.0


class ConversationApi:
    def __init__(self, domain: Domain, doorway: Doorway, hub: Hub, settings: Settings) -> None:
        self._domain = domain
        self._doorway = doorway
        self._hub = hub
        self._settings = settings
        self._openings = RateLimit(domain.parts.clock, settings.conversations_a_minute)
        self._messages = RateLimit(domain.parts.clock, settings.messages_a_minute)
        self._sockets: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/platforms", self.platforms),
            web.post("/api/conversations", self.open),
            web.post("/api/conversations/{id}/messages", self.say),
            web.get("/api/conversations/{id}/messages", self.transcript),
            web.get("/api/conversations/{id}/events", self.events),
        ]

    async def platforms(self, _request: web.Request) -> web.Response:
        found = [
            {"id": p.profile.id, "name": p.profile.name, "what_it_is": p.profile.what_it_is}
            for p in self._domain.platforms
        ]
        return web.json_response({"platforms": found})

    async def open(self, request: web.Request) -> web.Response:
        """A new conversation, greeted; its token is shown this once."""
        wait = self._openings.admit(client_address(request, self._settings.trusted_proxies))
        if wait:
            raise Problem(429, "too_fast", {"Retry-After": str(wait)})
        body = await json_body(request)
        platform, resume, channel = body.get("platform"), body.get("resume"), body.get("channel", "web")
        if not isinstance(platform, str | None) or not isinstance(resume, str | None):
            raise Problem(400, "bad_request")
        if not isinstance(channel, str) or channel not in _CHANNELS:
            raise Problem(400, "bad_request")
        if platform is not None and platform not in self._domain.platforms:
            raise Problem(404, "unknown_platform")
        async with self._domain.transaction() as session:
            conversation, token = await self._domain.conversations.open(session, channel=channel, platform_id=platform)
        code = resume.replace("-", "").upper()[:16] if resume else None
        payload = {"open": True, "resume": code}
        inbox_id = await self._doorway.receive(conversation.id, f"{conversation.id}:open", payload)
        messages = await self._replies(conversation.id, inbox_id)
        return web.json_response({"id": conversation.id, "token": token, "messages": messages}, status=201)

    async def say(self, request: web.Request) -> web.Response:
        """A sentence or a button; answers with what was said to it."""
        conversation = await self._authenticated(request)
        wait = self._messages.admit(conversation.id)
        if wait:
            raise Problem(429, "too_fast", {"Retry-After": str(wait)})
        body = await json_body(request)
        text, button = body.get("text"), body.get("button")
        payload: dict[str, Any]
        if isinstance(button, str) and 0 < len(button) <= 64 and text is None:
            payload = {"button": button}
        elif isinstance(text, str) and button is None:
            if not text.strip():
                raise Problem(400, "nothing_said")
            if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
                raise Problem(400, "bad_request")
            if len(text) > MAX_TEXT:
                raise Problem(413, "too_long")
            payload = {"text": text}
        else:
            raise Problem(400, "nothing_said")
        key = request.headers.get("Idempotency-Key")
        unique = hashlib.sha256(key.encode()).hexdigest()[:32] if key else self._domain.parts.chance.token(16).hex()
        inbox_id = await self._doorway.receive(conversation.id, f"{conversation.id}:{unique}", payload)
        return web.json_response({"messages": await self._replies(conversation.id, inbox_id)})

    async def transcript(self, request: web.Request) -> web.Response:
        conversation = await self._authenticated(request)
        async with self._domain.database.reading() as session:
            messages = await self._domain.parts.outbox.since(session, conversation, _after(request))
        return web.json_response({"messages": messages})

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        """Whatever is said later, as it is said; first what came after `after`."""
        offered = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        token = next((p for p in offered if p and p != "mingshi"), "")
        conversation = await self._authenticate(request.match_info["id"], token)
        after = _after(request)
        socket = web.WebSocketResponse(protocols=("mingshi",), heartbeat=30, max_msg_size=4096)
        await socket.prepare(request)
        self._sockets.add(socket)
        sender = asyncio.create_task(self._stream(socket, conversation, after))
        try:
            async for message in socket:
                if message.type in {WSMsgType.ERROR, WSMsgType.CLOSE}:
                    break
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
        return socket

    async def close_sockets(self, _app: web.Application) -> None:
        """At the end: pages reconnect by themselves, an open socket would hold the shutdown up."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _stream(self, socket: web.WebSocketResponse, conversation: ConversationRow, after: int) -> None:
        try:
            async with self._hub.listening(conversation.id) as event:
                while not socket.closed:
                    async with self._domain.database.reading() as session:
                        messages = await self._domain.parts.outbox.since(session, conversation, after)
                    for message in messages:
                        await socket.send_json(message)
                        after = message["seq"]
                    await news(event, _POLL_SECONDS)
        finally:
            # A page with a closed socket connects again; with a silent one it would wait for ever.
            await socket.close()

    async def _replies(self, conversation_id: str, inbox_id: int) -> list[dict[str, Any]]:
        try:
            return await self._doorway.replies(conversation_id, inbox_id)
        except TimeoutError:
            raise Problem(504, "still_working") from None

    async def _authenticated(self, request: web.Request) -> ConversationRow:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return await self._authenticate(request.match_info["id"], token if scheme == "Bearer" else "")

    async def _authenticate(self, conversation_id: str, token: str) -> ConversationRow:
        async with self._domain.database.reading() as session:
            try:
                return await self._domain.conversations.authenticate(session, conversation_id, token)
            except Forbidden:
                raise Problem(401, "unauthorised") from None


def _after(request: web.Request) -> int:
    try:
        return max(0, int(request.query.get("after", "0")))
    except ValueError:
        raise Problem(400, "bad_request") from None
