"""The dialogue engine as the app sees it: masked text in, understanding and small talk out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp


class EngineDown(Exception):
    """The engine did not answer, or failed this turn whole; nothing it began was kept."""


@dataclass(frozen=True)
class Understood:
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    texts: tuple[str, ...]
    actions: tuple[str, ...]


class Engine:
    """Args:
    timeout: seconds one sentence may take.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, timeout: float) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/webhooks/door"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def turn(self, *, sender: str, turn: str, text: str, expects: str | None, flow: str | None) -> Understood:
        """Let the engine handle a sentence. Raises EngineDown."""
        context = {"expects": expects, "flow": flow}
        answer = await self._post("turn", {"sender": sender, "turn": turn, "text": text, "context": context})
        return Understood(
            intent=answer["intent"]["name"],
            confidence=answer["intent"]["confidence"],
            ranking=tuple((entry["name"], entry["confidence"]) for entry in answer["ranking"]),
            texts=tuple(message["text"] for message in answer["messages"] if "text" in message),
            actions=tuple(answer["actions"]),
        )

    async def parse(self, texts: list[str]) -> list[dict[str, Any]]:
        """What each text means, without a conversation."""
        results: list[dict[str, Any]] = (await self._post("parse", {"texts": texts}))["results"]
        return results

    async def ready(self) -> bool:
        try:
            async with self._session.get(
                f"{self._url}/ready", headers=self._headers, timeout=self._timeout
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _post(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._session.post(
                f"{self._url}/{route}", json=body, headers=self._headers, timeout=self._timeout
            ) as response:
                if response.status != 200:
                    raise EngineDown(f"{route}: status {response.status}")
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EngineDown(f"{route}: {type(error).__name__}") from error
