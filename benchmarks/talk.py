"""One person in one conversation, over the HTTP interface."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from typing import Any

import aiohttp

from bot.wording.catalogue import Catalogue

Message = dict[str, Any]

PLATFORM = "rencai"
NAME = "王芳"
_SMS_TRIES = 100
_WORDS = Catalogue.read("messages.yml")
# An answer with one of these was not the turn that was to be measured.
_MISSED = {_WORDS.text(name) for name in ("engine.down", "misfit.failed", "clarify.1", "clarify.2", "clarify.3")}


class WentWrong(Exception):
    """The product did not answer as the benchmark expects; a figure taken now would mean nothing."""


class Talk:
    """Args:
    messages: what was said last.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, opened: dict[str, Any]) -> None:
        self._session = session
        self._url = url
        self._address = f"{url}/api/conversations/{opened['id']}/messages"
        self._headers = {"Authorization": f"Bearer {opened['token']}"}
        self.messages: list[Message] = opened["messages"]

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, url: str) -> Talk:
        async with session.post(f"{url}/api/conversations", json={"platform": PLATFORM}) as response:
            if response.status != 201:
                raise WentWrong(f"no conversation: status {response.status}")
            return cls(session, url, await response.json())

    async def say(self, text: str) -> None:
        await self._send({"text": text})

    async def press(self, label: str) -> None:
        """Press the newest button with this label."""
        await self.press_token(self._token(label))

    async def press_token(self, token: str) -> None:
        await self._send({"button": token})

    async def reach_cards(self) -> None:
        """As far as the second card, from where one can go on and back."""
        await self.press("我想注册")
        await self.press("本人已满18岁")
        await self.press("我已了解")

    async def reach_name(self) -> None:
        """Read everything, agree, prove a phone, and be asked for a name."""
        await self.press("我想注册")
        await self.press("本人已满18岁")
        while self.card in {"clause", "theme"}:
            await self.press("我已了解")
        while self.card == "consents":
            undecided = next(item for item in self.messages[-1]["card"]["items"] if item["decision"] is None)
            await self.press_token(undecided["yes"]["token"])
        await self.press_token(self.messages[-1]["buttons"][0]["token"])
        phone = f"138{random.randrange(10**8):08d}"
        await self.say(phone)
        await self.say(await self._code(phone))
        if self.expects != "real_name":
            raise WentWrong(f"a name should be asked for now, not {self.expects}")

    @property
    def card(self) -> str | None:
        card = self.messages[-1]["card"]
        return card["kind"] if card is not None else None

    @property
    def expects(self) -> str | None:
        expected: str | None = self.messages[-1]["expects"]
        return expected

    async def _send(self, body: dict[str, str]) -> None:
        async with self._session.post(self._address, json=body, headers=self._headers) as response:
            if response.status != 200:
                raise WentWrong(f"status {response.status}")
            self.messages = (await response.json())["messages"]
        missed = [message["text"] for message in self.messages if message["text"] in _MISSED]
        if missed or not self.messages:
            raise WentWrong(f"answered with {missed}")

    async def _code(self, phone: str) -> str:
        """The code as the development courier delivered it."""
        for _ in range(_SMS_TRIES):
            async with self._session.get(f"{self._url}/dev/sms", params={"phone": phone}) as response:
                sent = (await response.json())["messages"]
            if sent and (found := re.search(r"\d{6}", sent[-1]["text"])):
                return found[0]
            await asyncio.sleep(0.1)
        raise WentWrong("no SMS code arrived")

    def _token(self, label: str) -> str:
        for message in reversed(self.messages):
            for button in _buttons(message):
                if button["label"] == label:
                    return str(button["token"])
        raise WentWrong(f"no button {label}")


def _buttons(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "token" in value:
            yield value
        else:
            for part in value.values():
                yield from _buttons(part)
    elif isinstance(value, list):
        for part in value:
            yield from _buttons(part)
