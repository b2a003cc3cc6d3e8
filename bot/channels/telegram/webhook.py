"""The route Telegram posts updates to. 200 is said only after the commit."""

from __future__ import annotations

import hmac
import json
from typing import Any

import structlog
from aiohttp import web

from bot.channels.telegram.ingress import Ingress

log = structlog.get_logger()

PATH = "/telegram/updates"
_HEADER = "X-Telegram-Bot-Api-Secret-Token"
# An update is some kilobytes; a message with every entity and button is far below this.
_MAX_BYTES = 1024 * 1024


class Webhook:
    """Args:
    secret: what Telegram sends along with every update; never empty.
    """

    def __init__(self, ingress: Ingress, secret: str) -> None:
        if not secret:
            raise ValueError("a webhook without a secret would take updates from anyone")
        self._ingress = ingress
        self._secret = secret.encode()

    async def handle(self, request: web.Request) -> web.Response:
        """401 unless it is Telegram, before the body is looked at; 503 when it must come again."""
        given = request.headers.get(_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            return web.Response(status=401)
        if request.content_type != "application/json":
            return web.Response(status=415)
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        raw = _update(body)
        if raw is None:
            return web.Response(status=400)
        try:
            await self._ingress.take(raw)
        except Exception as error:
            log.error("update not stored", update=raw["update_id"], exc=error)
            return web.Response(status=503)
        return web.Response()


async def _body(request: web.Request) -> bytes | None:
    """The body, or None when it is longer than any update."""
    if (request.content_length or 0) > _MAX_BYTES:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > _MAX_BYTES:
            return None
    return bytes(body)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and type(raw.get("update_id")) is int else None
