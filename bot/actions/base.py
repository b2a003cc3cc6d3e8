"""What every Rasa action is: a wish handed to the domain, once per message, and nothing else.

An action says nothing itself and returns no events: its words are in the outbox, and where the
person stands is the domain's to know. When it raises, the engine's whole turn fails (the door sees
to that), so no rule can go on and claim what did not happen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.turns.updates import open_update
from domain import Domain
from domain.messaging.turn import Turn

Work = Callable[[Turn, str], Awaitable[None]]


class DomainAction(Action):
    """Args:
    domain: where the wish is carried out. One instance serves all conversations: no state here.
    """

    action: str
    wish: str

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    def name(self) -> str:
        return self.action

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        await self._once(tracker, lambda turn, text: self._domain.conversations.wish(turn, self.wish, text))
        return []

    async def _once(self, tracker: Tracker, work: Work) -> None:
        """Do the work of this message in one transaction; the same message again does nothing."""
        inbox_id = int(tracker.latest_message["metadata"]["turn"])
        async with self._domain.transaction() as session:
            opened = await open_update(self._domain, session, inbox_id)
            if opened is None or not await self._domain.parts.inbox.first_time(session, inbox_id, 0, self.action):
                return
            turn, payload = opened
            await work(turn, payload.get("text", ""))
