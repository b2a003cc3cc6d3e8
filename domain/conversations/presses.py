"""Buttons: whose they are, whether they still count, and what they do."""

from __future__ import annotations

import unicodedata

from domain.conversations.errands import Errands
from domain.conversations.notes import Notes
from domain.conversations.talk import MENU, Talk
from domain.conversations.wishes import Wishes
from domain.flows.events import Pressed
from domain.flows.say import Say
from domain.flows.tables import FlowRow
from domain.messaging.buttons import read_token
from domain.messaging.tables import MessageRow
from domain.messaging.turn import Press, Turn

# These delete, take back or agree: they count only on the newest message, and once.
_GRAVE = {"restart", "withdrawn", "agreed_again", "ward_withdrawn", "ward_deleted"}
# These take effect late, from a message that told of something; after a while they no longer do.
_LATE = {"not_me", "undo_phone"}
# A separate consent is given by its button alone: 同意 typed beside several of them names none.
_ONLY_PRESSED = ("yes:", "cross:yes", "c.agreed_again:")


class Presses:
    def __init__(self, talk: Talk, errands: Errands, notes: Notes, wishes: Wishes) -> None:
        self._talk = talk
        self._errands = errands
        self._notes = notes
        self._wishes = wishes

    async def press(self, turn: Turn, token: str) -> None:
        """A button was pressed. Another's, a tampered or a stale one changes nothing, and says so."""
        session, conversation = turn.session, turn.conversation
        found = read_token(self._talk.parts.vault.keyring, conversation.id, token)
        row = await session.get(MessageRow, found[0]) if found else None
        if found is None or row is None or row.conversation_id != conversation.id or found[1] >= len(row.choices):
            await self._talk.say(turn, Say("button.foreign"))
            return
        await self._press(turn, row, found[1])

    async def typed(self, turn: Turn, text: str) -> bool:
        """A button's label typed alone counts as pressing it, while it is on the newest message."""
        typed = _bare(text)
        newest = await self._talk.parts.outbox.newest(turn.session, turn.conversation.id)
        if not typed or newest is None or newest.chosen is not None:
            return False
        labels = await self._talk.parts.outbox.labels(turn.session, turn.conversation, newest)
        matching = [
            at
            for at, label in enumerate(labels)
            if _bare(label) == typed and not newest.choices[at].startswith(_ONLY_PRESSED)
        ]
        if len(matching) != 1:
            return False
        await self._press(turn, newest, matching[0])
        return True

    async def _press(self, turn: Turn, row: MessageRow, index: int) -> None:
        conversation, session = turn.conversation, turn.session
        choice = row.choices[index]
        label = (await self._talk.parts.outbox.labels(session, conversation, row))[index]
        turn.press = Press(choice, label, row.id, row.created_at)
        conversation.misunderstood = 0
        # The web page's quiet note that a clause was unfolded: it never gets an answer.
        silent = choice.startswith("opened:")
        if not silent and not choice.startswith("c.platform:"):
            conversation.awaiting = None
        flow = await self._talk.flow(turn)
        refused = await self._refusal(turn, row, choice, flow)
        if refused is None:
            row.chosen = index
            if choice.startswith("c."):
                await self._beside(turn, choice.removeprefix("c."))
            elif flow is not None:
                await self._talk.flows.feed(turn, flow.id, Pressed(choice, label))
        elif not silent:
            await self._talk.say(turn, Say(refused, buttons=() if flow else MENU))
            await self._talk.prompt(turn)

    async def _refusal(self, turn: Turn, row: MessageRow, choice: str, flow: FlowRow | None) -> str | None:
        """Why a button no longer counts, as a message id; None when it does.

        A flow's button counts while its question stands, on the version that is being read.
        """
        if choice.startswith("c."):
            newest = await self._talk.parts.outbox.newest(turn.session, turn.conversation.id)
            verb = choice[2:].partition(":")[0]
            if verb in _LATE:
                old = self._talk.parts.clock.now() - row.created_at > self._talk.parts.policy.not_me
                return "button.stale" if old else None
            spent = newest is None or newest.id != row.id or row.chosen is not None
            return "button.stale" if verb in _GRAVE and spent else None
        if flow is None or row.flow_id != flow.id:
            return "button.over"
        standing, _, asked = flow.step.partition("?")
        shown, _, over = (row.step or "").partition("?")
        lives = row.agreement_id == flow.agreement_id and shown == standing and over in {"", asked}
        return None if lives else "button.stale"

    async def _beside(self, turn: Turn, verb: str) -> None:
        """A choice that belongs to the conversation, not to a flow."""
        errands = self._errands
        name, _, detail = verb.partition(":")
        match name:
            case "platform":
                await errands.choose_platform(turn, detail)
            case "start":
                await errands.start_registration(turn)
            case "restart":
                await errands.restart(turn)
            case "resume":
                await errands.resume(turn)
            case "drop":
                await errands.drop(turn)
            case "read":
                await errands.read_agreement(turn)
            case "platforms":
                await self._talk.platforms(turn, "platforms.choose")
            case "human":
                await self._notes.ask(turn)
            case "cancel":
                await self._notes.cancel(turn)
            case "elsewhere" | "web":
                await errands.elsewhere(turn, on_web=name == "web")
            case "clause":
                await errands.clause(turn, detail)
            case "consents":
                await errands.consents.show(turn, detail)
            case "withdraw":
                await errands.consents.withdraw(turn, detail)
            case "withdrawn":
                await errands.consents.withdrawn(turn, detail)
            case "again":
                await errands.consents.again(turn, detail)
            case "agreed_again":
                await errands.consents.agreed_again(turn, detail)
            case "wish":
                await self._wishes.wish(turn, detail, "")
            case "errand":
                await errands.errand(turn, detail)
            case "access":
                await errands.errand(turn, "access")
            case "status":
                await errands.status(turn)
            case "wards":
                await errands.guardian(turn)
            case "ward" | "ward_withdraw" | "ward_withdrawn" | "ward_delete" | "ward_deleted":
                await errands.ward(turn, name, detail)
            case "of_age":
                await errands.of_age(turn, detail)
            case "renewal" | "renewal_later":
                await errands.renewal(turn, name, detail)
            case "not_me":
                await errands.not_me(turn, detail)
            case "undo_phone":
                await errands.undo_phone(turn, detail)
            case _:
                await self._talk.menu(turn)


def _bare(text: str) -> str:
    """A label as people type it: width, white space and closing punctuation do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if not c.isspace()).strip("。.!！~～,，")
