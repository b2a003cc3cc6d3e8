"""A client of the HTTP interface: one conversation of a running app."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

_SECONDS = aiohttp.ClientTimeout(total=40)  # the app waits 25 s for a turn

Message = Mapping[str, Any]


class Offline(Exception):
    """Nobody answers there, or something answers that is not this product."""


class Refusal(Exception):
    """The app refused a request. The text is what it says to the person."""

    def __init__(self, status: int, detail: str, retry_after: int | None) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class Ticket:
    """What opens a conversation again: its id and its bearer token."""

    id: str
    token: str


class Client:
    """Args:
    url: the app's address, without a closing slash.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def open(self, platform: str | None) -> tuple[Ticket, list[Message]]:
        """A new conversation and its greeting. Raises Offline, Refusal."""
        body = {"channel": "terminal", **({"platform": platform} if platform else {})}
        opened = await self._ask("POST", "/api/conversations", json=body)
        return Ticket(opened["id"], opened["token"]), opened["messages"]

    async def send(self, ticket: Ticket, body: Mapping[str, str], key: str) -> list[Message]:
        """Say {"text"} or press {"button"}; the same `key` again is the same act. Raises Offline, Refusal."""
        headers = {"Idempotency-Key": key, **_bearer(ticket)}
        path = f"/api/conversations/{ticket.id}/messages"
        said: list[Message] = (await self._ask("POST", path, json=dict(body), headers=headers))["messages"]
        return said

    async def since(self, ticket: Ticket, after: int) -> list[Message]:
        """The lines behind number `after`. Raises Offline, Refusal."""
        path = f"/api/conversations/{ticket.id}/messages?after={after}"
        lines: list[Message] = (await self._ask("GET", path, headers=_bearer(ticket)))["messages"]
        return lines

    async def events(self, ticket: Ticket, after: int) -> AsyncIterator[Message]:
        """Lines as they are said, until the connection ends. Raises Offline."""
        url = f"{self._url}/api/conversations/{ticket.id}/events?after={after}"
        try:
            async with self._session.ws_connect(url, protocols=("mingshi", ticket.token), heartbeat=30) as socket:
                async for frame in socket:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        message = json.loads(frame.data)
                        if "id" in message:
                            yield message
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Offline(self._url) from error

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            async with self._session.request(method, self._url + path, timeout=_SECONDS, **options) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
                if response.status < 400:
                    return answer
                wait = response.headers.get("Retry-After", "")
                raise Refusal(response.status, answer["detail"], int(wait) if wait.isdecimal() else None)
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError) as error:
            raise Offline(self._url) from error


def _bearer(ticket: Ticket) -> dict[str, str]:
    return {"Authorization": f"Bearer {ticket.token}"}
