"""A conversation: opened, greeted, and what a button or a sentence does in it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import new_id
from domain.conversations import notes
from domain.conversations.errands import Errands
from domain.conversations.notes import Notes
from domain.conversations.presses import Presses
from domain.conversations.talk import CONSENTS, MENU, Talk
from domain.conversations.values import Values
from domain.conversations.wishes import Wishes
from domain.conversations.words import consents_command, says_understood
from domain.errors import Forbidden
from domain.flows.codes import typed_code
from domain.flows.events import Wished
from domain.flows.runner import Flows
from domain.flows.say import Button, Say, Style
from domain.identifiers.fields import claims
from domain.identifiers.masking import could_be_password, looks_like_password, mask, without_passwords
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.registration.service import KIND as REGISTRATION
from domain.registration.service import Registrations
from domain.renewal.service import Renewals
from domain.selfservice.service import SelfService

# After so many engine turns a fresh engine session begins: its cost grows with the session (docs/decisions).
_ENGINE_TURNS = 12
# Where the one-time page asks for a password.
_PASSWORD_STEPS = {"page", "reset_password/password"}
# While sentences are not understood, every errand that needs no registration begins by a button.
_BY_BUTTON = (
    *MENU[:2],
    Button("c.errand:report_stolen", "wish_report_stolen_account"),
    Button("c.errand:reset_password", "wish_reset_password"),
    Button("c.errand:change", "wish_update_profile"),
    Button("c.errand:cancel", "wish_cancel_account"),
    Button("c.access", "my_data"),
    CONSENTS,
    *MENU[2:],
)

Outcome = Literal["handled", "ask_engine"]


@dataclass(frozen=True)
class ForEngine:
    """What the dialogue engine may see of a sentence."""

    text: str
    sender: str
    expects: str | None
    flow: str | None


class Conversations:
    def __init__(
        self, parts: Parts, registrations: Registrations, selfservice: SelfService, renewals: Renewals, flows: Flows
    ) -> None:
        self._parts = parts
        self._talk = Talk(parts, registrations, selfservice, renewals, flows)
        self._errands = Errands(self._talk)
        self._notes = Notes(self._talk)
        self._values = Values(self._talk)
        self._wishes = Wishes(self._talk, self._errands, self._notes, self._values)
        self._presses = Presses(self._talk, self._errands, self._notes, self._wishes)

    async def open(
        self, session: AsyncSession, *, channel: str, address: str | None = None, platform_id: str | None = None
    ) -> tuple[ConversationRow, str | None]:
        """The conversation of this address, made on first contact.

        Returns it with its bearer token when the channel has no sender identity of its own (web,
        terminal: `address` is None); the token is shown once and only its digest is kept.
        """
        parts = self._parts
        if address is not None:
            row = await session.scalar(
                select(ConversationRow).where(ConversationRow.channel == channel, ConversationRow.address == address)
            )
            if row is not None:
                return row, None
        conversation_id, token = new_id("c", parts.chance), None
        if address is None:
            token = parts.chance.token(24).hex()
        now = parts.clock.now()
        row = ConversationRow(
            id=conversation_id,
            channel=channel,
            address=address or conversation_id,
            token_digest=_token_digest(token) if token else None,
            key_id=await parts.vault.new_key(session, conversation_id),
            platform_id=platform_id if platform_id in {p.profile.id for p in parts.platforms} else None,
            created_at=now,
            seen_at=now,
        )
        session.add(row)
        await session.flush()
        return row, token

    async def authenticate(self, session: AsyncSession, conversation_id: str, token: str) -> ConversationRow:
        """The conversation whose bearer token this is. Raises Forbidden, the same for unknown and wrong."""
        row = await session.get(ConversationRow, conversation_id)
        known = row.token_digest if row is not None and row.token_digest is not None else b""
        if not hmac.compare_digest(known, _token_digest(token)) or row is None:
            raise Forbidden("unknown conversation or token")
        return row

    async def greet(self, turn: Turn, resume_code: str | None = None, platform_id: str | None = None) -> None:
        """Say who is speaking: a machine, run by whom, and what it keeps; then what can be done.

        With the code of a flow that was begun elsewhere, go on with that instead; with a platform (a link can
        carry it), speak for that one.
        """
        conversation = turn.conversation
        if resume_code is not None:
            if await self.take_up(turn, resume_code):
                return
            await self._talk.say(turn, Say("resume.bad"))
        if platform_id is not None and platform_id != conversation.platform_id:
            if conversation.flow_id is not None:
                await self._errands.choose_platform(turn, platform_id)
                return
            conversation.platform_id = platform_id
        if await self._errands.offer_to_resume(turn):
            return
        if conversation.platform_id is None:
            await self._talk.platforms(turn, "greeting.choose")
        else:
            about = self._talk.about(conversation.platform_id)
            await self._talk.say(turn, Say("greeting.platform", about, MENU))

    async def take_up(self, turn: Turn, code: str) -> bool:
        """Continue here what was begun in another channel; False when the code is no good."""
        return await self._errands.take_up(turn, code)

    async def press(self, turn: Turn, token: str) -> None:
        """A button was pressed."""
        await self._presses.press(turn, token)

    async def hear(self, turn: Turn, text: str) -> Outcome:
        """A sentence. Whatever is sure is done at once; the rest is for the dialogue engine."""
        command = consents_command(text)
        if command is None and notes.awaited(turn.conversation):
            if len(text) <= notes.SHORT:
                return "ask_engine"
            await self._notes.take(turn, text)
            return "handled"
        if await self._presses.typed(turn, text):
            return "handled"
        if command is not None:
            await self._errands.consents.command(turn, command)
            return "handled"
        flow = await self._talk.flow(turn)
        if flow is not None and flow.step.startswith("reading:") and says_understood(text):
            await self._talk.say(turn, Say("press_understood"))
            await self._talk.prompt(turn)
            return "handled"
        code = typed_code(text)
        if code is not None and await self.take_up(turn, code):
            return "handled"
        if code is not None and "-" in text:
            await self._talk.say(turn, Say("resume.bad", buttons=() if turn.conversation.flow_id else MENU))
            await self._talk.prompt(turn)
            return "handled"
        if (
            await self._values.claimed(turn, text)
            or await self._secret(turn, text)
            or await self._other_phone(turn, text)
        ):
            return "handled"
        return "ask_engine"

    async def for_engine(self, turn: Turn, text: str) -> ForEngine:
        """The sentence as the engine may see it, and the engine session it belongs to."""
        conversation = turn.conversation
        if conversation.engine_turns >= _ENGINE_TURNS:
            conversation.engine_session += 1
            conversation.engine_turns = 0
        conversation.engine_turns += 1
        flow, expects = await self._values.awaited(turn)
        sender = f"{conversation.id}:{conversation.engine_session}"
        return ForEngine(mask(without_passwords(text)).text, sender, expects, flow.kind if flow else None)

    async def without_engine(self, turn: Turn, text: str) -> None:
        """The engine cannot be asked: take a plausible answer, otherwise say so, with the buttons."""
        if notes.awaited(turn.conversation):
            await self._notes.take(turn, text)
        elif not await self._values.guessed(turn, text):
            await self._talk.say(turn, Say("engine.down", buttons=() if turn.conversation.flow_id else _BY_BUTTON))
            await self._talk.prompt(turn)

    async def beside(self, turn: Turn, texts: list[str]) -> None:
        """Small talk the engine answered with: said, and the standing question again."""
        turn.conversation.misunderstood = 0
        buttons = () if turn.conversation.flow_id else MENU[:2] + MENU[3:]
        for text in texts:
            await self._talk.say(turn, Say("engine.says", {"text": text}, buttons))
        await self._talk.prompt(turn)

    async def wish(self, turn: Turn, name: str, text: str) -> None:
        """Do what a sentence was understood to want. Nothing of it consents, ends or deletes."""
        await self._wishes.wish(turn, name, text)

    async def clarify(self, turn: Turn, text: str, guesses: list[str]) -> None:
        """A sentence that was not understood; `guesses` are the likeliest wishes."""
        await self._wishes.clarify(turn, text, guesses)

    async def misfit(self, turn: Turn, kind: str) -> None:
        """Something that is no sentence and no button (a picture, a foreign contact, too much text)."""
        await self._talk.say(turn, Say(f"misfit.{kind}"))
        await self._talk.prompt(turn)

    async def tell(
        self, turn: Turn, message: str, words: Mapping[str, str], buttons: Sequence[tuple[str, str, Style]]
    ) -> None:
        """Say what happened elsewhere (`Inbox.tell`); the standing question follows, so that no thread is lost."""
        offered = tuple(Button(choice, label, style=style) for choice, label, style in buttons)
        await self._talk.say(turn, Say(message, words, offered))
        await self._talk.prompt(turn)

    async def code_exposed(self, turn: Turn) -> None:
        """The person posted a code where others read along: what is still open ends, and they are told."""
        if await self._parts.verification.void_all(turn.session, turn.conversation.id):
            await self._talk.say(turn, Say("secret.code_exposed"))
            await self._talk.prompt(turn)

    async def guardian_said(self, turn: Turn, guardianship_id: str, outcome: str) -> None:
        """In a ward's conversation: what became of the guardian's decision."""
        await self._talk.registrations.guardians.hear_of_it(turn, guardianship_id, outcome)

    async def guardian_looked_at(self, turn: Turn, guardianship_id: str, granted: bool) -> None:
        """In a guardian's conversation: staff have looked at what no rule can decide."""
        await self._talk.registrations.guardians.hear_looked(turn, guardianship_id, granted=granted)

    async def gives_password(self, turn: Turn, text: str) -> bool:
        """Whether a text gives a password away, or may be the one that the one-time page was just opened for."""
        if looks_like_password(text):
            return True
        flow = await self._talk.flow(turn)
        asked = flow is not None and flow.step.partition("?")[0] in _PASSWORD_STEPS
        return asked and could_be_password(text)

    async def _secret(self, turn: Turn, text: str) -> bool:
        """A password or a document's number typed in the chat: not used, and said so."""
        if await self.gives_password(turn, text):
            message = "secret.password"
        elif any(found.kind in {"ID_NUMBER", "CREDIT_CODE"} for found in mask(text).found):
            message = "secret.number"
        else:
            return False
        await self._talk.say(turn, Say(message))
        await self._talk.prompt(turn)
        return True

    async def _other_phone(self, turn: Turn, text: str) -> bool:
        """Another phone typed where a code is awaited: the person noticed a mistake."""
        flow, awaited = await self._values.awaited(turn)
        if flow is None or flow.kind != REGISTRATION or awaited != "sms_code" or not claims("phone", text):
            return False
        await self._talk.flows.feed(turn, flow.id, Wished("correct", "phone"))
        await self._values.take(turn, flow, "phone", text)
        return True


def _token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
