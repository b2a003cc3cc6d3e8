"""A person at the HTTP interface: types, presses what stands on a button, opens the page, reads what comes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.e2e.people import PERSON, Details, picture
from tests.e2e.wording import says

Message = dict[str, Any]
UPLOADS = {"licence_image", "authority_letter"}
# What an account can be named by on the one-time page, of which exactly one is filled in.
NAMES = ("phone", "login_name", "member_name", "email", "id_number", "credit_code", "account_id")


class NoSuchButton(AssertionError):
    """What the person looks for is on no button they were shown."""


@dataclass(frozen=True)
class Answer:
    """What came back for a request that is looked at as such."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    @property
    def messages(self) -> list[Message]:
        found: list[Message] = self.json["messages"]
        return found

    @property
    def errors(self) -> list[str]:
        """What a page says is wrong with single fields."""
        return re.findall(r'<p class="error"[^>]*>([^<]+)</p>', self.text)


class Person:
    """One person in one conversation.

    Args:
        messages: everything they were told so far, oldest first.
        taps: how often they pressed something: buttons, decisions, the link of the page and its sending.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, id: str, token: str, messages: list[Message]) -> None:
        self.http, self.url, self.id, self.token = http, url, id, token
        self.messages = messages
        self.taps = 0
        self.cards_read = 0
        self.details = Details()

    @classmethod
    async def arrives(
        cls, http: aiohttp.ClientSession, url: str, platform: str | None = None, *, resume: str | None = None
    ) -> Person:
        """Open a conversation and be greeted."""
        body = {"platform": platform, "resume": resume}
        asked = {name: value for name, value in body.items() if value is not None}
        async with http.post(f"{url}/api/conversations", json=asked) as response:
            assert response.status == 201, await response.text()
            opened = await response.json()
        return cls(http, url, opened["id"], opened["token"], opened["messages"])

    # --- what a person can do ------------------------------------------------------------------

    async def say(self, text: str, *, key: str | None = None) -> list[Message]:
        return await self._told(await self.post({"text": text}, key=key))

    async def press(self, label: str, *, key: str | None = None) -> list[Message]:
        """Press the newest button with this label."""
        return await self.press_token(self.button(label), key=key)

    async def press_in_card(self, item: str, answer: str, *, key: str | None = None) -> list[Message]:
        """Press a button inside the newest card: `answer` (yes, no, choose, unfold) of the item with this id."""
        entry = next(entry for entry in self.card["items"] if item in {entry.get("id"), entry.get("title")})
        return await self.press_token(entry[answer]["token"], key=key)

    async def press_token(self, token: str, *, key: str | None = None) -> list[Message]:
        self.taps += 1
        return await self._told(await self.post({"button": token}, key=key))

    async def sms_code(self, phone: str | None = None, *, after: int = 0) -> str:
        """The code in the newest SMS to the person's phone, once one beyond `after` has come."""
        for _ in range(400):
            sent = await self.sms(phone)
            if len(sent) > after:
                found = re.search(r"(?<!\d)\d{6}(?!\d)", sent[0])
                assert found, sent[0]
                return found[0]
            await asyncio.sleep(0.02)
        raise AssertionError("no SMS came")

    async def sms(self, phone: str | None = None) -> list[str]:
        async with self.http.get(f"{self.url}/dev/sms", params={"phone": phone or self.details.phone}) as response:
            return [sent["text"] for sent in (await response.json())["messages"]]

    async def fill_page(self, url: str | None = None, **other: str | bytes) -> Answer:
        """Open the one-time page, fill in what it asks for and send it. `other` replaces own details."""
        self.taps += 2
        url = url or str(self.card["url"])
        async with self.http.get(url) as response:
            page = await response.text()
            if response.status != 200:
                return Answer(response.status, dict(response.headers), page, None)
        answer = await self.send_page(url, page, **other)
        await self.catch_up()
        return answer

    async def send_page(self, url: str, page: str, **other: str | bytes) -> Answer:
        """Send a form that was opened before."""
        form_of_it = page.partition("<form")[2]
        asked = dict.fromkeys(re.findall(r'name="(\w+)"', form_of_it))
        given = {**self.details.typed, **self.details.on_page, "csrf_token": _csrf(page), **other}
        form = aiohttp.FormData()
        for name in asked:
            if name in UPLOADS:
                data = other.get(name, picture())
                assert isinstance(data, bytes)
                form.add_field(name, data, filename="scan.png", content_type="image/png")
            elif name in given:
                form.add_field(name, given[name])
            else:
                form.add_field(name, _first_option(page, name))
        if "password" in asked and "password_again" not in asked:
            form.add_field("password_again", given["password_again"])
        async with self.http.post(url, data=form) as response:
            return Answer(response.status, dict(response.headers), await response.text(), None)

    async def catch_up(self) -> list[Message]:
        """Read what was said of its own accord."""
        fresh = [m for m in await self.transcript(after=self.seq) if m["from"] != "user"]
        self.messages += fresh
        return fresh

    async def hears(self, id: str) -> Message:
        """Wait for the sentence with this id to be said of its own accord."""
        for _ in range(400):
            for message in await self.catch_up():
                if says([message], id):
                    return message
            await asyncio.sleep(0.02)
        raise AssertionError(f"{id} was not said: {self.told(3)}")

    async def transcript(self, after: int = 0) -> list[Message]:
        """The conversation as the server keeps it, the person's own lines too."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.url}/api/conversations/{self.id}/messages"
        async with self.http.get(address, params={"after": str(after)}, headers=headers) as response:
            assert response.status == 200, await response.text()
            found: list[Message] = (await response.json())["messages"]
            return found

    async def post(self, body: Mapping[str, Any], *, key: str | None = None) -> Answer:
        """One message as it goes over the wire; nothing is expected of the answer."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        address = f"{self.url}/api/conversations/{self.id}/messages"
        async with self.http.post(address, json=body, headers=headers) as response:
            return Answer(response.status, dict(response.headers), await response.text(), await response.json())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Callable[[], Awaitable[Message]]]:
        """An open page's WebSocket; what is handed out waits for the next message it brings."""
        address = f"{self.url}/api/conversations/{self.id}/events"
        async with self.http.ws_connect(
            address, params={"after": str(self.seq)}, protocols=("mingshi", self.token)
        ) as socket:

            async def next_message() -> Message:
                message: Message = await socket.receive_json(timeout=20)
                self.messages.append(message)
                return message

            yield next_message

    async def _told(self, answer: Answer) -> list[Message]:
        assert answer.status == 200, answer.text
        known = {message["id"] for message in self.messages}
        self.messages += [message for message in answer.messages if message["id"] not in known]
        return answer.messages

    # --- what they see ---------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        return max(int(message["seq"]) for message in self.messages)

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def card(self) -> dict[str, Any]:
        """The newest card."""
        return next(message["card"] for message in reversed(self.messages) if message["card"] is not None)

    @property
    def expects(self) -> str | None:
        """What the newest question waits for."""
        found: str | None = self.last["expects"]
        return found

    def labels(self) -> list[str]:
        """What stands on the buttons below the newest message that has any, its card's apart."""
        return next(([b["label"] for b in m["buttons"]] for m in reversed(self.messages) if m["buttons"]), [])

    def button(self, label: str) -> str:
        """The token of the newest button with this label."""
        for message in reversed(self.messages):
            for button in buttons_of(message):
                if button["label"] == label:
                    return str(button["token"])
        raise NoSuchButton(f"{label!r} stands on none of {self.labels()}")

    def told(self, count: int = 1) -> str:
        """The words of the newest messages, their cards' too."""
        return "\n".join(words_of(message) for message in self.messages[-count:])

    # --- the way through a registration ------------------------------------------------------------

    async def begins(self, who: str = PERSON) -> None:
        await self.press("我想注册")
        await self.press(who)

    async def reads(self, *, cards: int | None = None) -> None:
        """Go through the cards, all of them or so many."""
        while self.last["card"] and self.last["card"]["kind"] in {"clause", "theme"} and cards != 0:
            await self.press("我已了解")
            self.cards_read += 1
            cards = None if cards is None else cards - 1

    async def decides(self, answer: str = "yes", **other: str) -> None:
        """Give the same answer to every consent but those in `other`; what is indispensable is always given."""
        while self.last["card"] and self.last["card"]["kind"] == "consents":
            item = next((entry for entry in self.last["card"]["items"] if entry["decision"] is None), None)
            if item is None:
                await self.press("继续")
                return
            chosen = "yes" if item["tag"] == "必需" else other.get(item["id"], answer)
            await self.press_in_card(item["id"], chosen)

    async def comes_to_the_decision(self, who: str = PERSON, *, consents: str = "yes") -> None:
        await self.begins(who)
        await self.reads()
        await self.decides(consents)
        assert self.last["card"]["kind"] == "summary", self.told()

    @property
    def agree_label(self) -> str:
        """What stands on the button that consents, as the newest summary shows it."""
        summary = next(m for m in reversed(self.messages) if m["card"] and m["card"]["kind"] == "summary")
        return str(summary["buttons"][0]["label"])

    async def agrees(self) -> None:
        await self.press(self.agree_label)

    async def proves_the_phone(self) -> None:
        sent = len(await self.sms())
        await self.say(self.details.phone)
        await self.say(await self.sms_code(after=sent))

    async def answers(self) -> None:
        """Give every field that is asked for in the chat, until the page is offered."""
        for _ in range(16):
            if self.last["card"] and self.last["card"]["kind"] == "link":
                return
            if self.expects:
                await self.say(self.details.typed[self.expects])
            else:
                await self.press(self.labels()[0])
        raise AssertionError(f"the page is not reached: {self.told(3)}")

    async def comes_to_the_page(self, who: str = PERSON, *, consents: str = "yes") -> None:
        await self.comes_to_the_decision(who, consents=consents)
        await self.agrees()
        await self.proves_the_phone()
        await self.answers()

    async def registers(self, who: str = PERSON, *, consents: str = "yes") -> dict[str, Any]:
        """The whole way. Returns the receipt's card."""
        await self.comes_to_the_page(who, consents=consents)
        sent = await self.fill_page()
        assert sent.status == 200, sent.errors or sent.text
        return self.receipt

    # --- the way through an errand of the account's owner --------------------------------------------

    async def proves(self, name: str, phone: str | None = None) -> None:
        """Name the account in the chat and type the code that comes to its registered phone."""
        sent = len(await self.sms(phone))
        await self.say(name)
        await self.say(await self.sms_code(phone, after=sent))

    async def names_on_the_page(self, phone: str | None = None, **field: str) -> None:
        """The same with a document's number, which is typed on the one-time page."""
        await self.press("到网页上填")
        sent = len(await self.sms(phone))
        answer = await self.fill_page(**{**dict.fromkeys(NAMES, ""), **field})
        assert answer.status == 200, answer.errors or answer.text
        await self.say(await self.sms_code(phone, after=sent))

    @property
    def receipt(self) -> dict[str, Any]:
        assert (self.last["card"] or {}).get("kind") == "receipt", self.told(3)
        found: dict[str, Any] = self.last["card"]
        return found

    @property
    def is_registered(self) -> bool:
        return any(m["card"] and m["card"]["kind"] == "receipt" for m in self.messages)


def buttons_of(message: Message) -> Iterator[dict[str, Any]]:
    """Every button of a message, those inside its card too."""
    yield from message["buttons"]
    yield from _buttons_in(message["card"])


def words_of(message: Message) -> str:
    """Everything of a message that can be read."""
    return "\n".join([message["text"], *_words_in(message["card"]), *(b["label"] for b in message["buttons"])])


def _buttons_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "token" in value:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _buttons_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _buttons_in(inner)


def _words_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and "token" not in value:
        for inner in value.values():
            yield from _words_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words_in(inner)


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the form has no csrf token"
    return found[1]


def _first_option(page: str, name: str) -> str:
    found = re.search(rf'type="radio" name="{name}" value="([^"]*)"', page)
    assert found, f"the page asks for {name}, and nobody knows it"
    return found[1]
