"""Handles what came in: one update of a conversation at a time, in order, each once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

import structlog
from sqlalchemy import exists, select

from bot.metrics import ENGINE_FAILURES, TURN_SECONDS, TURNS
from bot.turns.engine import Engine, EngineDown
from bot.turns.hub import Hub, news
from bot.turns.updates import open_update
from domain import Domain
from domain.ambient import new_id
from domain.identifiers.masking import BLOT, mask
from domain.messaging.tables import MessageRow
from domain.messaging.turn import Turn

log = structlog.get_logger()

INBOX = "inbox"
OUTBOX = "outbox"
_ATTEMPTS = 3
# Fewer than the connections of the database pool: requests need some too.
_CONVERSATIONS_AT_ONCE = 10
_IDLE_SECONDS = 2.0

_Outcome = Literal["handled", "nothing", "later"]


class Worker:
    """Args:
    engine: asked about free text.
    crash: called at named places of a turn; tests stop the process there.
    """

    def __init__(
        self, domain: Domain, engine: Engine, hub: Hub, crash: Callable[[str], None] = lambda _place: None
    ) -> None:
        self._domain = domain
        self._engine = engine
        self._hub = hub
        self._crash = crash
        self._owner = new_id("w", domain.parts.chance)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._at_once_at_most = asyncio.Semaphore(_CONVERSATIONS_AT_ONCE)

    async def run(self) -> None:
        """Work until cancelled; what is in hand is finished by `drain`."""
        if self._domain.database.is_sqlite:
            async with self._domain.transaction() as session:
                await self._domain.parts.inbox.release_all(session)
        async with self._hub.listening(INBOX) as event:
            while True:
                try:
                    async with self._domain.database.reading() as session:
                        waiting = await self._domain.parts.inbox.waiting(session)
                    for conversation_id in waiting:
                        self.wake(conversation_id)
                except Exception as error:
                    log.error("inbox not read", exc=error)
                await news(event, _IDLE_SECONDS)

    def wake(self, conversation_id: str) -> None:
        """See to a conversation, unless somebody here already does."""
        if conversation_id not in self._busy:
            task = asyncio.create_task(self._see_to(conversation_id), name=f"turns of {conversation_id}")
            self._busy[conversation_id] = task

    async def drain(self) -> None:
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _see_to(self, conversation_id: str) -> None:
        outcome: _Outcome = "later"
        try:
            async with self._at_once_at_most:
                while (outcome := await self._next(conversation_id)) == "handled":
                    pass
        except Exception as error:
            log.error("turns failed", conversation=conversation_id, exc=error)
        finally:
            self._busy.pop(conversation_id, None)
            self._hub.signal(conversation_id)
        if outcome == "later":
            return  # asking again at once would be asking without end until the other is done: `run` looks later
        # An update may have come in between the last look and now.
        async with self._domain.database.reading() as session:
            if await self._domain.parts.inbox.next(session, conversation_id) is not None:
                self._hub.signal(INBOX)

    async def _next(self, conversation_id: str) -> _Outcome:
        """Handle the oldest open update, unless there is none, or another process is at this conversation."""
        inbox = self._domain.parts.inbox
        async with self._domain.transaction() as session:
            if not await inbox.claim(session, conversation_id, self._owner):
                return "later"
            row = await inbox.next(session, conversation_id)
            if row is None:
                await inbox.release(session, conversation_id, self._owner)
                return "nothing"
            row.attempts += 1
            attempt, inbox_id = row.attempts, row.id
        started = time.perf_counter()
        kind = "unknown"
        try:
            kind = await self._handle(inbox_id)
            TURNS.labels(kind, "done").inc()
            TURN_SECONDS.labels(kind).observe(time.perf_counter() - started)
        except Exception as error:
            TURNS.labels(kind, "failed").inc()
            log.error("turn failed", turn=inbox_id, attempt=attempt, exc=error)
            if attempt >= _ATTEMPTS:
                await self._give_up(inbox_id)
            else:
                await asyncio.sleep(0.2 * attempt)
        self._hub.signal(conversation_id)
        self._hub.signal(OUTBOX)
        return "handled"

    async def _handle(self, inbox_id: int) -> str:
        """First what is sure, in one transaction; only then, outside of any, the engine. Returns the kind of turn."""
        async with self._domain.transaction() as session:
            opened = await open_update(self._domain, session, inbox_id)
            if opened is None:
                return "repeated"
            turn, payload = opened
            await self._hear_out(turn, payload)
            if await self._domain.parts.inbox.was_carried_out(session, inbox_id):
                # An action of this very sentence was committed before the process ended: its words stand.
                asked = None
            else:
                asked = await self._at_once(turn, payload)
            if asked is None:
                await self._done(turn)
        self._crash("after first transaction")
        if asked is None:
            return "at once"
        try:
            understood = await self._engine.turn(turn=str(inbox_id), **asked)
        except EngineDown as error:
            ENGINE_FAILURES.inc()
            log.warning("engine down", turn=inbox_id, reason=str(error))
            understood = None
        self._crash("after engine")
        async with self._domain.transaction() as session:
            opened = await open_update(self._domain, session, inbox_id)
            if opened is None:
                return "repeated"
            turn, payload = opened
            conversations = self._domain.conversations
            if understood is None:
                # An action may have been carried out before the engine failed; then its words stand.
                if not await self._spoken(turn):
                    await conversations.without_engine(turn, payload["text"])
            elif understood.texts:
                await conversations.beside(turn, list(understood.texts))
            await self._done(turn)
        return "engine"

    async def _at_once(self, turn: Turn, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Do what needs no engine. Returns what to ask the engine otherwise."""
        conversations = self._domain.conversations
        if "open" in payload:
            await conversations.greet(turn, payload.get("resume"), payload.get("platform"))
            return None
        if "button" in payload:
            await conversations.press(turn, payload["button"])
            return None
        if "misfit" in payload:
            await conversations.misfit(turn, payload["misfit"])
            return None
        if "tell" in payload:
            await conversations.tell(turn, payload["tell"], payload["words"], payload["buttons"])
            return None
        if "exposed" in payload:
            await conversations.code_exposed(turn)
            return None
        if "guardian" in payload:
            await conversations.guardian_said(turn, payload["guardian"], payload["outcome"])
            return None
        if "looked" in payload:
            await conversations.guardian_looked_at(turn, payload["looked"], payload["granted"])
            return None
        text = payload["text"]
        if await conversations.hear(turn, text) == "handled":
            return None
        masked = await conversations.for_engine(turn, text)
        return {"sender": masked.sender, "text": masked.text, "expects": masked.expects, "flow": masked.flow}

    async def _hear_out(self, turn: Turn, payload: dict[str, Any]) -> None:
        """Put the person's own line, masked, into the transcript, once."""
        if "text" in payload and not await self._spoken(turn, sender="user"):
            text = payload["text"]
            secret = await self._domain.conversations.gives_password(turn, text)
            await self._domain.parts.outbox.hear(turn, BLOT if secret else _for_transcript(text))

    async def _spoken(self, turn: Turn, sender: str = "bot") -> bool:
        query = select(exists().where(MessageRow.turn == turn.inbox_id, MessageRow.sender == sender))
        return bool(await turn.session.scalar(query))

    async def _done(self, turn: Turn) -> None:
        assert turn.inbox_id is not None
        await self._domain.parts.inbox.finish(turn.session, turn.inbox_id)

    async def _give_up(self, inbox_id: int) -> None:
        """A turn that keeps failing: say so, change nothing, and let the next one have its turn."""
        try:
            async with self._domain.transaction() as session:
                opened = await open_update(self._domain, session, inbox_id)
                if opened is not None:
                    await self._domain.conversations.misfit(opened[0], "failed")
        except Exception as error:
            log.error("failure not said", turn=inbox_id, exc=error)
        async with self._domain.transaction() as session:
            await self._domain.parts.inbox.finish(session, inbox_id, "failed")


def _for_transcript(text: str) -> str:
    """What the person typed, with every identifier blotted out."""
    masked = mask(text)
    shown, at = [], 0
    for found in sorted(masked.found, key=lambda f: f.start):
        shown += [text[at : found.start], BLOT]
        at = found.end
    return "".join([*shown, text[at:]])
