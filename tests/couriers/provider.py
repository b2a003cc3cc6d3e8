"""What the two providers' fakes share: what they took, and what goes wrong next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.engine_process import free_port


@dataclass(frozen=True)
class Taken:
    """An SMS that a person will get."""

    phone: str
    template: str
    sign_name: str
    variables: Mapping[str, str] | list[str]
    ticket: str
    reference: str


@dataclass(frozen=True)
class _Fault:
    kind: str
    code: str = ""
    message: str = ""
    status: int = 200


class ProviderServer:
    """A provider's interface on loopback.

    Args:
        taken: every SMS in the order it was taken.
        complaints: why calls were turned away that no well-made client would send.
        delivered: what the operator reported, by our ticket; a ticket that is not there is still on its way.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Taken] = []
        self.calls = 0
        self.complaints: list[str] = []
        self.delivered: dict[str, bool] = {}
        self._script: deque[_Fault] = deque()
        self._over = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, code: str, message: str = "", times: int = 1) -> None:
        """The next calls to send are answered with this code and not taken."""
        self._script.extend([_Fault("code", code, message)] * times)

    def hangs(self) -> None:
        """The next SMS is taken, and the answer never comes."""
        self._script.append(_Fault("hang"))

    def drops(self) -> None:
        """The next SMS is taken, and the connection breaks before the answer."""
        self._script.append(_Fault("drop"))

    def breaks(self, status: int) -> None:
        """Something before the service answers the next call with a page of its own."""
        self._script.append(_Fault("status", status=status))

    def fault(self) -> _Fault | None:
        return self._script.popleft() if self._script else None

    async def suffer(self, fault: _Fault, request: web.Request) -> web.Response:
        """What happens to a call after it was taken."""
        if fault.kind == "hang":
            await self._over.wait()
        elif fault.kind == "drop":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=fault.status, text="<html>Bad Gateway</html>", content_type="text/html")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/", self.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            self._over.set()
            await runner.cleanup()

    async def handle(self, request: web.Request) -> web.Response:
        raise NotImplementedError
