"""Text as the value of the field a flow waits for."""

from __future__ import annotations

from domain.ambient import SHANGHAI
from domain.conversations import notes
from domain.conversations.talk import Talk
from domain.conversations.words import asks, is_filler
from domain.flows.events import Answered, NotAccepted
from domain.flows.say import Say
from domain.flows.tables import FlowRow
from domain.identifiers.account_names import claims_account_name, parse_account_name
from domain.identifiers.codes import claims_sms_code, parse_sms_code
from domain.identifiers.dates import parse_day
from domain.identifiers.fields import Checked, FieldContext, check_field, claims
from domain.identifiers.free_texts import parse_free_text
from domain.identifiers.problems import Refused
from domain.messaging.turn import Turn
from domain.selfservice.rules import login_kinds
from domain.selfservice.steps.questions import FREE_TEXT

_LONGEST_GUESS = 100


class Values:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def claimed(self, turn: Turn, text: str) -> bool:
        """Take the text if it surely is the awaited answer (13800138000 is, 为什么要手机号 is not)."""
        flow, field = await self.awaited(turn)
        if flow is None or field is None:
            return False
        surely = self._claims(flow, field, text)
        if surely:
            await self.take(turn, flow, field, text)
        return surely

    async def guessed(self, turn: Turn, text: str) -> bool:
        """Take a text that nobody understood, if it can stand as the awaited answer."""
        flow, field = await self.awaited(turn)
        if flow is not None and field in FREE_TEXT:
            await self.take(turn, flow, field, text)
            return True
        if (
            flow is None
            or field in {None, "phone", "sms_code", "date"}
            or asks(text)
            or is_filler(text)
            or len(text) > _LONGEST_GUESS
        ):
            return False
        if isinstance(self._check(flow, str(field), text), Refused):
            return False
        await self.take(turn, flow, str(field), text)
        return True

    async def offered(self, turn: Turn, text: str) -> None:
        """The engine took the text for a value: check it, or say what is wanted instead."""
        flow, field = await self.awaited(turn)
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
        checked = self._check(flow, field, text)
        event = (
            NotAccepted(field, checked.code, checked.hint)
            if isinstance(checked, Refused)
            else Answered(field, checked.value, checked.display)
        )
        await self._talk.parts.outbox.answers(turn, flow.id)
        await self._talk.flows.feed(turn, flow.id, event)

    async def awaited(self, turn: Turn) -> tuple[FlowRow | None, str | None]:
        """The open flow, and the field an answer in text would fill."""
        flow = await self._talk.flow(turn)
        return flow, await self._talk.awaited(turn, flow)

    def _claims(self, flow: FlowRow, field: str, text: str) -> bool:
        match field:
            case "sms_code":
                return claims_sms_code(text)
            case "account_name":
                return claims_account_name(text, self._kinds(flow))
            case "date":
                return not asks(text) and not isinstance(parse_day(text, self._context().today), Refused)
        if field in FREE_TEXT:
            return len(text) > notes.SHORT and not asks(text)
        return claims(field, text)  # type: ignore[arg-type]

    def _check(self, flow: FlowRow, field: str, text: str) -> Checked | Refused:
        """An answer by the rules of its field: the value to keep and what a chat may show, or why not."""
        if field == "account_name":
            named = parse_account_name(text, self._kinds(flow))
            return named if isinstance(named, Refused) else Checked(named.value, named.display)
        if field == "sms_code":
            return _plain(parse_sms_code(text))
        if field == "date":
            day = parse_day(text, self._context().today)
            return day if isinstance(day, Refused) else Checked(day.isoformat(), day.isoformat())
        if field in FREE_TEXT:
            return _plain(parse_free_text(text))
        return check_field(field, text.strip(), self._context())  # type: ignore[arg-type]

    def _kinds(self, flow: FlowRow) -> tuple[str, ...]:
        return login_kinds(self._talk.parts.platforms.get(flow.platform_id).profile)

    def _context(self) -> FieldContext:
        names = tuple(alias for p in self._talk.parts.platforms for alias in (p.profile.name, *p.profile.aliases))
        return FieldContext(self._talk.parts.clock.now().astimezone(SHANGHAI).date(), names)


def _plain(outcome: str | Refused) -> Checked | Refused:
    return outcome if isinstance(outcome, Refused) else Checked(outcome, outcome)
