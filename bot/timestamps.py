"""Asks time-stamping authorities over HTTP (RFC 3161, 3.4) and keeps what they answer; run beside the app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import structlog

from bot.metrics import TIME_STAMPS, TIME_STAMPS_WAITING
from bot.settings import Evidence
from domain.ambient import Chance, Clock
from domain.evidence.anchors import Anchors, NoAnswer, Transport
from domain.evidence.stamps import Authority, BadStamp
from domain.storage.database import Database

log = structlog.get_logger()

_LOOK_SECONDS = 60.0
# A stamp with its certificates has a few kilobytes.
_LARGEST = 256 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


def authorities_of(evidence: Evidence) -> list[Authority]:
    """The authorities of the settings with their root certificates read. Raises OSError."""
    return [Authority(each.name, each.root.read_bytes()) for each in evidence.authorities]


class HttpTransport:
    """Args:
    urls: authority -> where it answers.
    timeout: seconds for one answer.
    """

    def __init__(self, session: aiohttp.ClientSession, urls: Mapping[str, str], timeout: float) -> None:
        self._session = session
        self._urls = urls
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def ask(self, authority: str, request: bytes) -> bytes:
        """Raises NoAnswer."""
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        try:
            async with self._session.post(
                self._urls[authority], data=request, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise NoAnswer(f"it answered {response.status}")
                answer = bytearray()
                async for piece in response.content.iter_chunked(16 * 1024):
                    answer += piece
                    if len(answer) > _LARGEST:
                        raise NoAnswer("its answer is too long")
                return bytes(answer)
        except TimeoutError:
            raise NoAnswer("it did not answer in time") from None
        except aiohttp.ClientError as error:
            raise NoAnswer(f"it cannot be reached ({type(error).__name__})") from None


class TimeStamps:
    """Has every chain's newest rows stamped, and says aloud when that does not work."""

    def __init__(self, database: Database, anchors: Anchors, transport: Transport) -> None:
        self._database = database
        self._anchors = anchors
        self._transport = transport

    @classmethod
    def of(
        cls, database: Database, clock: Clock, chance: Chance, evidence: Evidence, session: aiohttp.ClientSession
    ) -> TimeStamps:
        anchors = Anchors(clock, chance, authorities_of(evidence), evidence.every)
        urls = {each.name: each.url for each in evidence.authorities}
        return cls(database, anchors, HttpTransport(session, urls, evidence.timeout))

    async def run(self) -> None:
        """Look every minute, for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.error("time stamps not asked for", exc=error)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> int:
        """Plan what is due and ask for what waits. Returns how many stamps came in."""
        await self._database.run(self._anchors.plan)
        kept = 0
        for claim in await self._database.run(self._anchors.claim):
            try:
                answer = await self._transport.ask(claim.authority, claim.request)
                async with self._database.transaction() as session:
                    at = await self._anchors.keep(session, claim, answer)
            except (NoAnswer, BadStamp) as trouble:
                async with self._database.transaction() as session:
                    await self._anchors.failed(session, claim, str(trouble))
                TIME_STAMPS.labels(claim.authority, "failed").inc()
                log.error(
                    "no time stamp", authority=claim.authority, platform=claim.platform_id, entry=claim.to_seq,
                    why=str(trouble),
                )  # fmt: skip
            else:
                kept += 1
                TIME_STAMPS.labels(claim.authority, "stamped").inc()
                log.info(
                    "time stamp kept", authority=claim.authority, platform=claim.platform_id, entry=claim.to_seq,
                    at=at.isoformat(),
                )  # fmt: skip
        async with self._database.reading() as session:
            TIME_STAMPS_WAITING.set(sum(1 for each in await self._anchors.waiting(session) if each.trouble))
        return kept
