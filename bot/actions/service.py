"""Help: the menu, a human, a message for what is done by people, and not having understood."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.base import DomainAction
from bot.actions.wishes import WISH_OF_INTENT

# Below this a guess is noise, and being asked about a stolen account out of the blue frightens.
_WORTH_ASKING = 0.15


class ShowMenu(DomainAction):
    action, wish = "action_show_menu", "menu"


class ContactHuman(DomainAction):
    action, wish = "action_contact_human", "human"


class LeaveMessage(DomainAction):
    """A wish of an account's owner or a complainant: the intent is the topic of the message."""

    action = "action_leave_message"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        topic = tracker.latest_message["intent"]["name"]
        await self._once(tracker, lambda turn, text: self._domain.conversations.wish(turn, topic, text))
        return []


class Clarify(DomainAction):
    action = "action_clarify"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        ranked = [
            e["name"] for e in tracker.latest_message.get("intent_ranking", []) if e["confidence"] >= _WORTH_ASKING
        ]
        guesses = list(dict.fromkeys(WISH_OF_INTENT[name] for name in ranked if name in WISH_OF_INTENT))
        await self._once(tracker, lambda turn, text: self._domain.conversations.clarify(turn, text, guesses))
        return []
