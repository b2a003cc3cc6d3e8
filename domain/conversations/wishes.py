"""What the engine understood, carried out. Nothing here consents, ends or deletes."""

from __future__ import annotations

from domain.conversations import notes
from domain.conversations.errands import Errands
from domain.conversations.notes import Notes
from domain.conversations.talk import MENU, Talk
from domain.conversations.values import Values
from domain.conversations.words import asks, named_field, points_here, wanted_errand
from domain.flows.events import Wish, Wished
from domain.flows.say import Button, Say
from domain.flows.tables import FlowRow
from domain.messaging.turn import Turn
from domain.registration.service import Registrations
from domain.selfservice.state import Errand
from domain.selfservice.steps.questions import FREE_TEXT

_OF_THE_FLOW: dict[str, Wish] = {
    "accept": "accept", "affirm": "affirm", "deny": "deny", "go_back": "go_back", "repeat": "repeat",
    "why": "why", "stop": "stop", "refuse": "refuse", "resend": "resend",
}  # fmt: skip


# The wishes that are errands of an account's owner.
_ERRANDS: dict[str, Errand] = {
    "reset_password": "reset_password",
    "report_stolen_account": "report_stolen",
    "update_profile": "change",
    "correct": "change",
    "cancel_account": "cancel",
}
# What is no answer where a flow asked for a few words of one's own.
_BESIDE_WORDS = {
    "stop", "deny", "go_back", "repeat", "human", "why", "resend", "menu", "start", "choose_platform",
    "withdraw_consent",
}  # fmt: skip


class Wishes:
    def __init__(self, talk: Talk, errands: Errands, notes: Notes, values: Values) -> None:
        self._talk = talk
        self._errands = errands
        self._notes = notes
        self._values = values

    async def wish(self, turn: Turn, name: str, text: str) -> None:
        """Do what a sentence was understood to want."""
        turn.conversation.misunderstood = 0
        if notes.awaited(turn.conversation) and await self._notes.settle(turn, name, text):
            return
        flow = await self._talk.flow(turn)
        if flow is not None and await self._words_of_their_own(turn, flow, name, text):
            return
        errand = wanted_errand(text, name) or _ERRANDS.get(name)
        if errand == "change" and named_field(text) == "password":
            errand = "reset_password"
        filling = flow is not None and (flow.kind in Registrations.kinds or flow.step.startswith("change/"))
        if flow is not None and name in {"explain", "question"} and points_here(text):
            await self._talk.flows.feed(turn, flow.id, Wished("explain"))
        elif flow is not None and name in _OF_THE_FLOW:
            await self._talk.flows.feed(turn, flow.id, Wished(_OF_THE_FLOW[name], named_field(text)))
        elif flow is not None and filling and (name == "correct" or errand == "change"):
            await self._talk.flows.feed(turn, flow.id, Wished("correct", named_field(text)))
        elif errand is not None:
            await self._errands.errand(turn, errand, text)
        elif name in _OF_THE_FLOW and name != "repeat":
            await self._talk.say(turn, Say(f"no_flow.{name}", buttons=MENU))
        else:
            await self._beside(turn, name, text)

    async def _words_of_their_own(self, turn: Turn, flow: FlowRow, name: str, text: str) -> bool:
        """Where a flow asked for a few words, whatever is no clear wish beside it is the answer."""
        _flow, field = await self._values.awaited(turn)
        if field not in FREE_TEXT or name in _BESIDE_WORDS or asks(text) or not text.strip():
            return False
        await self._values.take(turn, flow, str(field), text)
        return True

    async def clarify(self, turn: Turn, text: str, guesses: list[str]) -> None:
        """Not understood: first 您是想…？ with buttons, then an example, then a human; never the same twice."""
        conversation = turn.conversation
        if notes.awaited(conversation):
            await self._notes.take(turn, text)
            return
        if await self._values.guessed(turn, text):
            return
        conversation.misunderstood += 1
        step = min(conversation.misunderstood, 3)
        guessed = tuple(Button(f"c.wish:{guess}", f"wish_{guess}") for guess in guesses[:2]) if step == 1 else ()
        others = (Button("c.human", "human"),) if conversation.flow_id else MENU
        await self._talk.say(turn, Say(f"clarify.{step}", buttons=(*guessed, *others)))
        await self._talk.prompt(turn)

    async def _beside(self, turn: Turn, name: str, text: str) -> None:
        match name:
            case "start":
                await self._errands.start_registration(turn, text)
            case "choose_platform":
                await self._errands.choose_platform(turn, self._talk.platform_in(text))
            case "read":
                await self._errands.read_agreement(turn)
            case "question" | "explain":
                await self._errands.question(turn, text)
            case "value":
                await self._values.offered(turn, text)
            case "human":
                await self._notes.ask(turn)
            case "guardian":
                await self._errands.guardian(turn)
            case "status":
                await self._errands.status(turn)
            case "menu" | "repeat":
                await self._talk.menu(turn)
            case "withdraw_consent":
                await self._errands.consents.withdraw(turn, text=text)
            case _:
                await self._notes.ask(turn, name)
