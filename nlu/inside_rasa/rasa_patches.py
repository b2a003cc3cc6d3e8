"""Three changes to Rasa 3.6.21, each closing a hole at its root.

They rest on the inside of one exact version, so `install` refuses any other.

1. A failed remote action fails the turn. Stock Rasa logs the exception, counts the action as done and goes on with the
   next step: with the action server down, a person who wanted to register was told that it worked.
2. The schema of action answers is compiled once. Stock Rasa checks the schema itself after every action, for 20 ms.
3. Nothing typed is an intent. Stock Rasa takes any text that starts with a slash for an intent, entities included.
"""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import Any, Awaitable, Callable, Dict, List, Optional

import rasa
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

SUPPORTED = "3.6.21"
# Stock Rasa waits five minutes; the app cuts an action off well before this.
ACTION_SECONDS = 20.0


class ActionFailed(BaseException):
    """A remote action did not do its work; nothing of the turn may be kept.

    Not an `Exception`: `MessageProcessor` swallows those and goes on with the rule.
    """

    def __init__(self, action: str, cause: BaseException) -> None:
        super().__init__(action)
        self.action = action
        self.cause = type(cause).__name__


class Answer(OutputChannel):
    """Collects what one turn said and which actions did it."""

    def __init__(self) -> None:
        self.messages: List[Dict[str, Any]] = []
        self.actions: List[str] = []
        self.acted = False  # a remote action ran: its replies went another way

    @classmethod
    def name(cls) -> str:
        """The channel's name, by which responses may be varied."""
        return "door"

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        """Keep the parts of a reply that say something, without splitting its text."""
        if message.get("utter_action"):
            self.actions.append(message["utter_action"])
        parts = ("text", "buttons", "quick_replies", "custom", "image", "attachment", "elements")
        reply = {part: message[part] for part in parts if message.get(part)}
        if reply:
            self.messages.append(reply)


Run = Callable[..., Awaitable[List[Event]]]


def _failing_closed(stock: Run) -> Run:
    @wraps(stock)
    async def run(
        self: RemoteAction,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        try:
            events = await asyncio.wait_for(stock(self, output_channel, nlg, tracker, domain), ACTION_SECONDS)
        except Exception as error:
            # No `from error`: its text may hold the whole action call, messages included.
            raise ActionFailed(self.name(), error) from None
        if isinstance(output_channel, Answer):
            output_channel.actions.append(self.name())
            output_channel.acted = True
        return events

    return run


def _compiled_check() -> Callable[[RemoteAction, Optional[Dict[str, Any]]], bool]:
    # An answer without `events` did not come from an action executor, whatever its status says.
    spec = {**RemoteAction.action_response_format_spec(), "required": ["events"]}
    validator = validator_for(spec)(spec)

    def _validate_action_result(self: RemoteAction, result: Optional[Dict[str, Any]]) -> bool:
        validator.validate(result)
        return True

    return _validate_action_result


def _plain_text_only(
    self: RegexMessageHandler, messages: List[Message], domain: Optional[Domain] = None
) -> List[Message]:
    return messages


def install() -> None:
    """Apply the changes to this process, once.

    Raises:
        RuntimeError: this is not the Rasa they were written and tested for.
    """
    if rasa.__version__ != SUPPORTED:
        raise RuntimeError(f"the engine needs Rasa {SUPPORTED}, not {rasa.__version__}: its safeguards rest on it")
    if hasattr(RemoteAction.run, "__wrapped__"):
        return
    RemoteAction.run = _failing_closed(RemoteAction.run)  # type: ignore[method-assign]
    RemoteAction._validate_action_result = _compiled_check()  # type: ignore[method-assign]
    RegexMessageHandler.process = _plain_text_only  # type: ignore[method-assign]
