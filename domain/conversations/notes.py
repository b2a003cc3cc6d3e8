"""Taking a message for the platform's people: for a human, or for what this agent does not do itself."""

from __future__ import annotations

from domain.conversations.talk import MENU, Talk
from domain.conversations.words import asks
from domain.flows.say import Button, Say
from domain.identifiers.masking import without_passwords
from domain.messaging.notices import leave_notice
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Turn

# A line longer than this is surely the message; a shorter one may be a change of mind (算了，我想注册).
SHORT = 12
# Wishes that end the waiting for a message; those of the second set only that.
ENDS = {
    "start",
    "choose_platform",
    "read",
    "explain",
    "why",
    "question",
    "menu",
    "status",
    "stop",
    "deny",
    "go_back",
    "repeat",
}
_ONLY_ENDS = {"stop", "deny", "go_back"}
# What a message can be about; each is asked for in words of its own.
_TOPICS = {"file_complaint", "check_complaint_status", "supplement_complaint", "withdraw_consent"}
# Wishes this agent carries out itself: a short one is never the message.
_ERRANDS = {"reset_password", "report_stolen_account", "cancel_account", "update_profile"}
_CANCEL = (Button("c.cancel", "cancel_note", style="quiet"),)


def awaited(conversation: ConversationRow) -> bool:
    """Whether the next line is taken as a message."""
    return conversation.awaiting is not None and conversation.awaiting.startswith("note:")


class Notes:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def ask(self, turn: Turn, topic: str | None = None) -> None:
        """Ask for the message; with a topic, say first that people do this."""
        turn.conversation.awaiting = f"note:{topic or 'message'}"
        message = f"topic.{topic}" if topic else "human.ask"
        await self._talk.say(turn, Say(message, self._talk.about(turn.conversation.platform_id), _CANCEL))

    async def take(self, turn: Turn, text: str) -> None:
        """Keep the message. A password in it is blotted out."""
        conversation = turn.conversation
        topic = (conversation.awaiting or "note:message").partition(":")[2]
        conversation.awaiting = None
        await leave_notice(turn.session, self._talk.parts, conversation, topic, without_passwords(text))
        buttons = () if conversation.flow_id else MENU
        await self._talk.say(turn, Say("human.left", self._talk.about(conversation.platform_id), buttons))
        await self._talk.prompt(turn)

    async def cancel(self, turn: Turn) -> None:
        turn.conversation.awaiting = None
        await self._talk.say(turn, Say("human.cancelled", buttons=() if turn.conversation.flow_id else MENU))
        await self._talk.prompt(turn)

    async def settle(self, turn: Turn, wish: str, text: str) -> bool:
        """A short line while a message is awaited. Whether it was dealt with: as the message, or as never mind."""
        if wish in {"affirm", "accept"}:
            # 好的 is no message.
            await self._talk.say(turn, Say("human.go_on", buttons=_CANCEL))
            return True
        topic = (turn.conversation.awaiting or "").partition(":")[2]
        # 转人工, or 我要投诉 where a forgotten password was spoken of: a wish for another message, not the message.
        other = wish == "human" or wish in _ERRANDS or (wish in _TOPICS and wish != topic)
        if not other and wish not in ENDS and not asks(text):
            await self.take(turn, text)
            return True
        turn.conversation.awaiting = None
        if wish in _ONLY_ENDS:
            await self.cancel(turn)
            return True
        return False
