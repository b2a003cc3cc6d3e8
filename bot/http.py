"""What every HTTP handler shares: problems as JSON in Chinese, security headers, client addresses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from bot.wording.catalogue import Catalogue

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A sentence, a button or a choice: nothing a client says needs more.
_MAX_JSON = 64 * 1024

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Problem(Exception):
    """A request that is refused. `code` names the sentence in problems.yml."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers or {}


class Problems:
    """Turns problems and defects into application/problem+json; nothing of the request is quoted."""

    def __init__(self) -> None:
        self._words = Catalogue.read("problems.yml")

    def response(self, problem: Problem) -> web.Response:
        body = {
            "type": "about:blank",
            "title": problem.code,
            "status": problem.status,
            "detail": self._words.text(problem.code),
        }
        return web.Response(
            status=problem.status,
            text=json.dumps(body, ensure_ascii=False),
            content_type="application/problem+json",
            headers=problem.headers,
        )

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Problem as problem:
            response = self.response(problem)
        except web.HTTPRequestEntityTooLarge:
            response = self.response(Problem(413, "too_large"))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = self.response(Problem(error.status, "not_found" if error.status == 404 else "bad_request"))
        except Exception as error:
            log.error("request failed", route=_route(request), exc=error)
            response = self.response(Problem(500, "failed"))
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            if not request.path.startswith("/static/"):
                response.headers.setdefault("Cache-Control", "no-store")
        return response


def _route(request: web.Request) -> str:
    """The pattern, not the path: a path can hold a token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"


async def bounded_body(request: web.Request, most: int) -> bytes:
    """The whole body, however many pieces it comes in. Raises Problem when it is longer than `most` bytes."""
    if (request.content_length or 0) > most:
        raise Problem(413, "too_large")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            raise Problem(413, "too_large")
    return bytes(body)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. Raises Problem."""
    if request.content_type != "application/json":
        raise Problem(415, "not_json")
    raw = await bounded_body(request, _MAX_JSON)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError, LookupError):
        raise Problem(400, "not_json") from None
    if not isinstance(body, dict):
        raise Problem(400, "not_json")
    return body


def client_address(request: web.Request, trusted_proxies: tuple[str, ...]) -> str:
    """Who sent this: the peer, or what a proxy we trust says (the right-most address of the last header: some proxies
    add to the header that came, some add one more).
    """
    peer = request.remote or ""
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    return forwarded.rsplit(",", 1)[-1].strip() if peer in trusted_proxies and forwarded else peer
