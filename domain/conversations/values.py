"""Text as the value of the field a flow waits for."""

from __future__ import annotations

from domain.ambient import SHANGHAI
from domain.conversations.talk import Talk
from domain.conversations.words import asks, is_filler
from domain.flows.events import Answered, NotAccepted
from domain.flows.say import Say
from domain.flows.tables import FlowRow
from domain.identifiers.codes import claims_sms_code, parse_sms_code
from domain.identifiers.fields import FieldContext, check_field, claims
from domain.identifiers.problems import Refused
from domain.messaging.turn import Turn

_LONGEST_GUESS = 100


class Values:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def claimed(self, turn: Turn, text: str) -> bool:
        """Take the text if it surely is the awaited answer (13800138000 is, 为什么要手机号 is not)."""
        flow, field = await self._awaited(turn)
        if flow is None or field is None:
            return False
        surely = claims_sms_code(text) if field == "sms_code" else claims(field, text)  # type: ignore[arg-type]
        if surely:
            await self.take(turn, flow, field, text)
        return surely

    async def guessed(self, turn: Turn, text: str) -> bool:
        """Take a text that nobody understood, if it can stand as the awaited answer."""
        flow, field = await self._awaited(turn)
        if (
            flow is None
            or field in {None, "phone", "sms_code"}
            or asks(text)
            or is_filler(text)
            or len(text) > _LONGEST_GUESS
        ):
            return False
        if isinstance(check_field(field, text.strip(), self._context()), Refused):  # type: ignore[arg-type]
            return False
        await self.take(turn, flow, str(field), text)
        return True

    async def offered(self, turn: Turn, text: str) -> None:
        """The engine took the text for a value: check it, or say what is wanted instead."""
        flow, field = await self._awaited(turn)
        if flow is not None and field is not None:
            await self.take(turn, flow, field, text)
        elif flow is not None:
            await self._talk.say(turn, Say("press_a_button"))
            await self._talk.prompt(turn)
        else:
            await self._talk.menu(turn)

    async def take(self, turn: Turn, flow: FlowRow, field: str, text: str) -> None:
        """Check an answer by the rules of its field and hand the outcome to the flow."""
        turn.conversation.misunderstood = 0
        event: Answered | NotAccepted
        if field == "sms_code":
            code = parse_sms_code(text)
            event = NotAccepted(field, code.code, code.hint) if isinstance(code, Refused) else Answered(field, code, "")
        else:
            checked = check_field(field, text.strip(), self._context())  # type: ignore[arg-type]
            event = (
                NotAccepted(field, checked.code, checked.hint)
                if isinstance(checked, Refused)
                else Answered(field, checked.value, checked.display)
            )
        await self._talk.parts.outbox.answers(turn, flow.id)
        await self._talk.registrations.feed(turn, flow.id, event)

    async def _awaited(self, turn: Turn) -> tuple[FlowRow | None, str | None]:
        flow, state = await self._talk.flow_and_state(turn)
        return flow, await self._talk.awaited(turn, flow, state)

    def _context(self) -> FieldContext:
        names = tuple(alias for p in self._talk.parts.platforms for alias in (p.profile.name, *p.profile.aliases))
        return FieldContext(self._talk.parts.clock.now().astimezone(SHANGHAI).date(), names)
