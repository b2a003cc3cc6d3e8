"""A talk in a terminal: lines in, lines out, whatever arrives meanwhile in between."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence

from bot.channels.terminal.client import Client, Message, Offline, Refusal, Ticket
from bot.channels.terminal.plain import Choice, printable, show, words
from bot.channels.terminal.tickets import Tickets

_RECALLED = 20
_ATTEMPTS = 3
_RECONNECT_SECONDS = 2.0
_LONGEST_WAIT = 90


class Talk:
    """One person's talk with the app.

    Args:
        platform: its id, or None to choose one in the talk.
        write: takes what is to be shown, a block of lines at a time.
        echo: whether what the person does is shown too, for a transcript of piped lines.
    """

    def __init__(
        self,
        client: Client,
        tickets: Tickets,
        url: str,
        platform: str | None,
        write: Callable[[str], None],
        *,
        echo: bool,
    ) -> None:
        self._client = client
        self._tickets = tickets
        self._url = url
        self._platform = platform
        self._write = write
        self._echo = echo
        self._words = words()
        self._ticket: Ticket | None = None
        self._seen: set[str] = set()
        self._last = 0
        self._choices: Sequence[Choice] = ()
        self._listener: asyncio.Task[None] | None = None

    async def begin(self, *, fresh: bool = False) -> None:
        """Take the last talk up again, or open one. Raises Offline, Refusal."""
        self._ticket = None if fresh else self._tickets.find(self._url, self._platform)
        if self._ticket is not None:
            try:
                lines = await self._client.since(self._ticket, 0)
            except Refusal as refusal:
                if refusal.status != 401:
                    raise
                self._ticket = None
            else:
                self._write(self._words.text("taken_up"))
                self._take(lines[-_RECALLED:], own_too=True)
        if self._ticket is None:
            await self._open()
        self._listen()

    async def say(self, line: str) -> None:
        """A line of the person: a number presses the button that has it, /new starts again, the rest is said."""
        line = line.strip()
        if not line:
            return
        if line == "/new":
            await self._stop_listening()
            self._write(self._words.text("new"))
            await self.begin(fresh=True)
            return
        pressed = self._pressed(line)
        if pressed is None:
            self._tell_own("said", {"text": line}, typed=True)
            await self._send({"text": line})
        else:
            number, choice = pressed
            self._tell_own("pressed", {"number": number, "label": choice.label})
            await self._send({"button": choice.token})

    async def catch_up(self) -> None:
        """Show what has been said and was not shown yet."""
        if self._ticket is not None:
            with contextlib.suppress(Offline, Refusal):
                self._take(await self._client.since(self._ticket, self._last))

    async def end(self) -> None:
        await self._stop_listening()

    async def _open(self) -> None:
        ticket, messages = await self._client.open(self._platform)
        self._seen, self._last, self._choices = set(), 0, ()
        self._ticket = ticket
        self._tickets.keep(self._url, self._platform, ticket)
        self._take(messages)

    def _pressed(self, line: str) -> tuple[int, Choice] | None:
        """The button a number means: of the newest message that has any."""
        if not line.isdecimal() or len(line) > 3 or not 0 < int(line) <= len(self._choices):
            return None
        return int(line), self._choices[int(line) - 1]

    def _tell_own(self, id: str, filled: Mapping[str, object], *, typed: bool = False) -> None:
        """Show what the person did: the label of a number always, typed words only where nothing echoes them."""
        if self._echo or not typed:
            self._write(printable(self._words.text(id, filled)))

    async def _send(self, body: Mapping[str, str]) -> None:
        """Send, again when that can help: the key makes a second time the same act. Raises Offline at last."""
        key = secrets.token_hex(16)
        for attempt in range(1, _ATTEMPTS + 1):
            assert self._ticket is not None
            try:
                self._take(await self._client.send(self._ticket, body, key))
                return
            except Offline:
                if attempt == _ATTEMPTS:
                    self._write(self._words.text("offline"))
                    raise
                self._write(self._words.text("retrying"))
                await asyncio.sleep(attempt)
            except Refusal as refusal:
                self._write(printable(str(refusal)))
                if refusal.status == 401:
                    self._tickets.forget(self._url, self._platform)
                    await self._stop_listening()
                    await self._open()
                    self._listen()
                    return
                if refusal.retry_after is None or refusal.retry_after > _LONGEST_WAIT:
                    return
                self._write(self._words.text("waiting", {"seconds": refusal.retry_after}))
                await asyncio.sleep(refusal.retry_after)

    def _take(self, messages: Sequence[Message], *, own_too: bool = False) -> None:
        """Show what was not shown yet; the person's own lines only when an old talk is recalled."""
        for message in messages:
            self._last = max(self._last, message["seq"])
            if message["id"] in self._seen:
                continue
            self._seen.add(message["id"])
            if message["from"] == "user" and not own_too:
                continue
            shown = show(message, self._words)
            if shown.choices:
                self._choices = shown.choices
            self._write(shown.text)

    def _listen(self) -> None:
        self._listener = asyncio.create_task(self._follow(), name="arriving messages")

    async def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None

    async def _follow(self) -> None:
        """Show what arrives, for as long as the talk lasts."""
        assert self._ticket is not None
        while True:
            with contextlib.suppress(Offline):
                async for message in self._client.events(self._ticket, self._last):
                    self._take([message])
            await asyncio.sleep(_RECONNECT_SECONDS)
