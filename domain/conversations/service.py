"""A conversation: what a button or a sentence does before, beside and around the flows."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import SHANGHAI, new_id
from domain.consent.items import item_title
from domain.conversations import resume
from domain.conversations.answers import Answers
from domain.conversations.withdrawal import Withdrawal
from domain.conversations.words import asks, named_field, points_here
from domain.errors import Forbidden, NotFound
from domain.flows.events import Answered, NotAccepted, Pressed, Wish, Wished
from domain.flows.say import Button, PlatformsView, RenderContext, Say
from domain.flows.tables import FlowRow
from domain.identifiers.codes import claims_sms_code, parse_sms_code
from domain.identifiers.fields import FieldContext, check_field, claims
from domain.identifiers.masking import looks_like_password, mask
from domain.identifiers.platform_names import find_platform
from domain.identifiers.problems import Refused
from domain.messaging.buttons import read_token
from domain.messaging.notices import leave_notice
from domain.messaging.outbox import Shape
from domain.messaging.tables import ConversationRow, MessageRow
from domain.messaging.turn import Press, Turn
from domain.parts import Parts
from domain.registration import flow as registration
from domain.registration.service import Registrations, render_context
from domain.registration.state import State

_MENU = (
    Button("c.start", "start", style="primary"),
    Button("c.read", "read"),
    Button("c.platforms", "change_platform"),
    Button("c.human", "human", style="quiet"),
)
_FLOW_WISHES: dict[str, Wish] = {
    "accept": "accept", "affirm": "affirm", "deny": "deny", "go_back": "go_back", "repeat": "repeat",
    "why": "why", "stop": "stop", "refuse": "refuse", "resend": "resend",
}  # fmt: skip
# After so many engine turns a fresh engine session begins: its cost grows with the session (docs/decisions).
_ENGINE_TURNS = 12
# While a message for the platform's people is awaited: a short line that is one of these is no message.
_SHORT = 12
_ENDS_NOTE = {"start", "choose_platform", "read", "menu", "status", "stop", "deny", "go_back", "repeat"}

Outcome = Literal["handled", "ask_engine"]


@dataclass(frozen=True)
class ForEngine:
    """What the dialogue engine may see of a sentence."""

    text: str
    sender: str
    expects: str | None
    flow: str | None


class Conversations:
    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        self._parts = parts
        self._registrations = registrations
        self._answers = Answers(parts)
        self._withdrawal = Withdrawal(parts)

    # --- opening -----------------------------------------------------------------------------

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

    async def greet(self, turn: Turn) -> None:
        """Say who is speaking: a machine, run by whom, and what it keeps; then what can be done."""
        conversation = turn.conversation
        if await self._offer_to_resume(turn):
            return
        if conversation.platform_id is None:
            await self._platforms(turn, "greeting.choose")
        else:
            await self._say(turn, Say("greeting.platform", self._about(conversation.platform_id), _MENU))

    # --- buttons -----------------------------------------------------------------------------

    async def press(self, turn: Turn, token: str) -> None:
        """A button was pressed. Another's, a tampered or a stale one changes nothing, and says so."""
        parts, session, conversation = self._parts, turn.session, turn.conversation
        found = read_token(parts.vault.keyring, conversation.id, token)
        row = await session.get(MessageRow, found[0]) if found else None
        if found is None or row is None or row.conversation_id != conversation.id or found[1] >= len(row.choices):
            await self._say(turn, Say("button.foreign"))
            return
        await self._press(turn, row, found[1])

    async def _press(self, turn: Turn, row: MessageRow, index: int) -> None:
        conversation, session = turn.conversation, turn.session
        choice = row.choices[index]
        label = (await self._parts.outbox.labels(session, conversation, row))[index]
        turn.press = Press(choice, label, row.id, row.created_at)
        conversation.misunderstood = 0
        silent = choice.startswith("opened:")
        if not silent and not choice.startswith("c.platform:"):
            conversation.awaiting = None
        if choice.startswith("c."):
            row.chosen = index
            await self._conversation_choice(turn, choice)
            return
        flow = await self._flow(turn)
        if flow is None or row.flow_id != flow.id:
            if not silent:
                await self._say(turn, Say("button.over", buttons=_MENU if flow is None else ()))
                await self._prompt(turn)
            return
        if not await self._live(turn, row, flow, choice):
            if not silent:
                await self._say(turn, Say("button.stale"))
                await self._prompt(turn)
            return
        row.chosen = index
        await self._registrations.feed(turn, flow.id, Pressed(choice, label))

    async def _live(self, turn: Turn, row: MessageRow, flow: FlowRow, choice: str) -> bool:
        """Whether a button belongs to the standing question, on the version that is being read."""
        if row.agreement_id != flow.agreement_id:
            return False
        standing, _, asked = flow.step.partition("?")
        shown, _, over = (row.step or "").partition("?")
        return shown == standing and over in {"", asked}

    async def _conversation_choice(self, turn: Turn, choice: str) -> None:
        conversation, verb = turn.conversation, choice.removeprefix("c.")
        match verb.partition(":")[0]:
            case "platform":
                await self.choose_platform(turn, verb.partition(":")[2])
            case "start":
                await self.start_registration(turn)
            case "restart":
                await self._restart(turn)
            case "resume":
                await self._resume(turn)
            case "drop":
                await self._drop(turn)
            case "read":
                await self.read_agreement(turn)
            case "platforms":
                await self._platforms(turn, "platforms.choose")
            case "human":
                await self.contact_human(turn)
            case "elsewhere" | "web":
                await self._elsewhere(turn, on_web=verb == "web")
            case "clause":
                flow, state = await self._flow_and_state(turn)
                if conversation.platform_id is not None:
                    await self._answers.explain(turn, conversation.platform_id, verb.partition(":")[2], "", flow, state)
                    await self._prompt(turn)
            case "consents":
                await self._my_consents(turn)
            case "withdraw" | "withdrawn":
                await self._withdraw(turn, verb)
            case "cancel":
                await self._say(turn, Say("human.cancelled", buttons=() if conversation.flow_id else _MENU))
                await self._prompt(turn)
            case "wish":
                await self.wish(turn, verb.partition(":")[2], "")
            case _:
                await self._menu(turn)

    # --- sentences ---------------------------------------------------------------------------

    async def hear(self, turn: Turn, text: str) -> Outcome:
        """A sentence. Whatever is sure is done at once; the rest is for the dialogue engine."""
        conversation = turn.conversation
        if _awaits_note(conversation):
            # A short line may be a change of mind (算了，我想注册): the engine tells, see `wish`.
            if len(text) <= _SHORT:
                return "ask_engine"
            await self._take_note(turn, text)
            return "handled"
        if await self._typed_label(turn, text):
            return "handled"
        code = resume.typed_code(text)
        if code is not None and await self.take_up(turn, code):
            return "handled"
        flow, state = await self._flow_and_state(turn)
        field = await self._awaited(turn, flow, state)
        if flow is not None and field is not None and _answers(field, text):
            await self._take_value(turn, flow, field, text)
            return "handled"
        if looks_like_password(text):
            await self._say(turn, Say("secret.password"))
            await self._prompt(turn)
            return "handled"
        if any(found.kind in {"ID_NUMBER", "CREDIT_CODE"} for found in mask(text).found):
            await self._say(turn, Say("secret.number"))
            await self._prompt(turn)
            return "handled"
        if flow is not None and field == "sms_code" and state is not None and claims("phone", text):
            await self._registrations.feed(turn, flow.id, Wished("correct", "phone"))
            await self._take_value(turn, flow, "phone", text)
            return "handled"
        return "ask_engine"

    async def for_engine(self, turn: Turn, text: str) -> ForEngine:
        """The sentence as the engine may see it, and the engine session it belongs to."""
        conversation = turn.conversation
        if conversation.engine_turns >= _ENGINE_TURNS:
            conversation.engine_session += 1
            conversation.engine_turns = 0
        conversation.engine_turns += 1
        flow, state = await self._flow_and_state(turn)
        expects = await self._awaited(turn, flow, state)
        sender = f"{conversation.id}:{conversation.engine_session}"
        return ForEngine(mask(text).text, sender, expects, flow.kind if flow else None)

    async def without_engine(self, turn: Turn, text: str) -> None:
        """The engine cannot be asked: take a plausible answer, otherwise say so, with the buttons."""
        flow, state = await self._flow_and_state(turn)
        field = await self._awaited(turn, flow, state)
        if (
            flow is not None
            and field is not None
            and field not in {"phone", "sms_code"}
            and self._plausible(field, text)
        ):
            await self._take_value(turn, flow, field, text)
            return
        await self._say(turn, Say("engine.down", buttons=() if flow else _MENU))
        await self._prompt(turn)

    async def beside(self, turn: Turn, texts: list[str]) -> None:
        """Small talk the engine answered with: said, and the standing question again."""
        turn.conversation.misunderstood = 0
        for text in texts:
            await self._say(
                turn,
                Say("engine.says", {"text": text}, buttons=() if turn.conversation.flow_id else _MENU[:2] + _MENU[3:]),
            )
        await self._prompt(turn)

    # --- wishes (what the engine understood) ---------------------------------------------------

    async def wish(self, turn: Turn, name: str, text: str) -> None:
        """Do what a sentence was understood to want. Nothing here consents, ends or deletes."""
        turn.conversation.misunderstood = 0
        if _awaits_note(turn.conversation):
            if name not in _ENDS_NOTE:
                await self._take_note(turn, text)
                return
            turn.conversation.awaiting = None
            if name in {"stop", "deny", "go_back"}:
                await self._say(turn, Say("human.cancelled", buttons=() if turn.conversation.flow_id else _MENU))
                await self._prompt(turn)
                return
        flow, _state = await self._flow_and_state(turn)
        if name in {"explain", "question"} and flow is not None and points_here(text):
            await self._registrations.feed(turn, flow.id, Wished("explain"))
            return
        if name in _FLOW_WISHES:
            if flow is not None:
                await self._registrations.feed(turn, flow.id, Wished(_FLOW_WISHES[name]))
            elif name == "repeat":
                await self._repeat(turn)
            else:
                await self._say(turn, Say(f"no_flow.{name}", buttons=_MENU))
            return
        match name:
            case "start":
                await self.start_registration(turn, text)
            case "choose_platform":
                await self.choose_platform(turn, self._platform_in(text))
            case "read":
                await self.read_agreement(turn)
            case "question" | "explain":
                await self._question(turn, text)
            case "correct" if flow is not None:
                await self._registrations.feed(turn, flow.id, Wished("correct", named_field(text)))
            case "value":
                await self._value_or_prompt(turn, text)
            case "human":
                await self.contact_human(turn)
            case "guardian":
                await self._guardian(turn)
            case "status":
                await self._status(turn)
            case "menu":
                await self._menu(turn)
            case "withdraw_consent" if turn.conversation.account_id is not None:
                await self._withdraw(turn, "withdraw")
            case _:
                await self.leave_message_about(turn, name)

    async def misfit(self, turn: Turn, kind: str) -> None:
        """Something that is no sentence and no button (a picture, a foreign contact, too much text)."""
        await self._say(turn, Say(f"misfit.{kind}"))
        await self._prompt(turn)

    async def clarify(self, turn: Turn, text: str, guesses: list[str]) -> None:
        """Not understood: first 您是想…？ with buttons, then an example, then a human; never the same twice."""
        conversation = turn.conversation
        if _awaits_note(conversation):
            await self._take_note(turn, text)
            return
        flow, state = await self._flow_and_state(turn)
        field = await self._awaited(turn, flow, state)
        if flow is not None and field is not None and self._plausible(field, text):
            await self._take_value(turn, flow, field, text)
            return
        conversation.misunderstood += 1
        step = min(conversation.misunderstood, 3)
        guessed = tuple(Button(f"c.wish:{guess}", f"wish_{guess}") for guess in guesses[:2]) if step == 1 else ()
        human = (Button("c.human", "human"),)
        await self._say(turn, Say(f"clarify.{step}", buttons=(*guessed, *human) if flow else (*guessed, *_MENU)))
        await self._prompt(turn)

    async def choose_platform(self, turn: Turn, platform_id: str | None) -> None:
        conversation = turn.conversation
        if platform_id is None or platform_id not in {p.profile.id for p in self._parts.platforms}:
            await self._platforms(turn, "platforms.choose")
            return
        flow = await self._flow(turn)
        if flow is not None and flow.platform_id == platform_id:
            await self._prompt(turn)
            return
        if flow is not None:
            # The other flow is left as it is: its code or this conversation takes it up again.
            await self._say(
                turn, Say("platforms.left_open", {"at": flow.at, "of": flow.of, **self._about(flow.platform_id)})
            )
            conversation.flow_id = None
        conversation.platform_id = platform_id
        if conversation.awaiting == "start":
            conversation.awaiting = None
            await self.start_registration(turn)
        elif not await self._offer_to_resume(turn):
            await self._say(turn, Say("platforms.chosen", self._about(platform_id), _MENU))

    async def start_registration(self, turn: Turn, text: str = "") -> None:
        conversation = turn.conversation
        named = self._platform_in(text) if text else None
        if named is not None and named != conversation.platform_id:
            conversation.platform_id, conversation.flow_id = named, None
        if conversation.platform_id is None:
            conversation.awaiting = "start"
            await self._platforms(turn, "platforms.choose_to_start")
            return
        if not await self._offer_to_resume(turn):
            await self._registrations.start(turn, conversation.platform_id)

    async def read_agreement(self, turn: Turn) -> None:
        """The readable full text; inside the cards, clause by clause."""
        conversation = turn.conversation
        if conversation.platform_id is None:
            await self._platforms(turn, "platforms.choose_to_read")
            return
        flow, _ = await self._flow_and_state(turn)
        words = {"path": f"/a/{conversation.platform_id}", **self._about(conversation.platform_id)}
        await self._say(turn, Say("read.link", words, () if flow else _MENU[:1]))
        if flow is not None:
            await self._registrations.feed(turn, flow.id, Wished("repeat"))

    async def contact_human(self, turn: Turn) -> None:
        turn.conversation.awaiting = "note:message"
        await self._say(
            turn,
            Say(
                "human.ask",
                self._about(turn.conversation.platform_id),
                (Button("c.cancel", "cancel_note", style="quiet"),),
            ),
        )

    async def leave_message_about(self, turn: Turn, topic: str) -> None:
        """Something this agent does not do itself yet: said plainly, and a message is taken."""
        turn.conversation.awaiting = f"note:{topic}"
        await self._say(
            turn,
            Say(
                f"topic.{topic}",
                self._about(turn.conversation.platform_id),
                (Button("c.cancel", "cancel_note", style="quiet"),),
            ),
        )

    async def take_up(self, turn: Turn, code: str) -> bool:
        """Continue here what was begun in another channel."""
        flow = await resume.take_up(turn.session, self._parts, turn.conversation, code)
        if flow is None:
            return False
        await self._say(turn, Say("resume.moved", {"at": flow.at, "of": flow.of, **self._about(flow.platform_id)}))
        await self._prompt(turn)
        return True

    # --- inside ------------------------------------------------------------------------------

    async def _take_value(self, turn: Turn, flow: FlowRow, field: str, text: str) -> None:
        """Check an answer by the rules of its field and hand the outcome to the flow."""
        turn.conversation.misunderstood = 0
        if field == "sms_code":
            code = parse_sms_code(text)
            event = (
                NotAccepted(field, code.code, code.hint)
                if isinstance(code, Refused)
                else Answered(field, code, "······")
            )
        else:
            names = tuple(alias for p in self._parts.platforms for alias in (p.profile.name, *p.profile.aliases))
            context = FieldContext(self._parts.clock.now().astimezone(SHANGHAI).date(), names)
            checked = check_field(field, text.strip(), context)  # type: ignore[arg-type]
            event = (
                NotAccepted(field, checked.code, checked.hint)
                if isinstance(checked, Refused)
                else Answered(field, checked.value, checked.display)
            )
        await self._registrations.feed(turn, flow.id, event)

    async def _value_or_prompt(self, turn: Turn, text: str) -> None:
        flow, state = await self._flow_and_state(turn)
        field = await self._awaited(turn, flow, state)
        if flow is not None and field is not None:
            await self._take_value(turn, flow, field, text)
        elif flow is not None:
            await self._say(turn, Say("press_a_button"))
            await self._prompt(turn)
        else:
            await self._menu(turn)

    def _plausible(self, field: str, text: str) -> bool:
        """Whether a text nobody understood can stand as the answer; numbers were claimed already or are none."""
        if field in {"phone", "sms_code"} or asks(text):
            return False
        context = FieldContext(self._parts.clock.now().astimezone(SHANGHAI).date())
        return len(text) <= 100 and not isinstance(check_field(field, text.strip(), context), Refused)  # type: ignore[arg-type]

    async def _typed_label(self, turn: Turn, text: str) -> bool:
        """A button's label typed alone counts as pressing it, while it is on the newest message."""
        typed = _bare(text)
        newest = await self._parts.outbox.newest(turn.session, turn.conversation.id)
        if not typed or newest is None or newest.chosen is not None:
            return False
        labels = await self._parts.outbox.labels(turn.session, turn.conversation, newest)
        matching = [at for at, label in enumerate(labels) if _bare(label) == typed]
        if len(matching) != 1:
            return False
        await self._press(turn, newest, matching[0])
        return True

    async def _question(self, turn: Turn, text: str) -> None:
        conversation = turn.conversation
        if conversation.platform_id is None:
            await self._platforms(turn, "platforms.choose_to_ask")
            return
        flow, state = await self._flow_and_state(turn)
        await self._answers.question(turn, conversation.platform_id, text, flow, state)
        await self._prompt(turn)

    async def _offer_to_resume(self, turn: Turn) -> bool:
        """Whether a flow of this conversation's platform is open; the person is asked what to do with it."""
        conversation = turn.conversation
        flow = await self._flow(turn)
        if flow is None:
            flow = await turn.session.scalar(
                select(FlowRow)
                .where(
                    FlowRow.conversation_id == conversation.id,
                    FlowRow.outcome.is_(None),
                    FlowRow.platform_id == conversation.platform_id,
                )
                .order_by(FlowRow.updated_at.desc())
                .limit(1)
            )
        if flow is None:
            return False
        conversation.flow_id = flow.id
        words = {"at": flow.at, "of": flow.of, **self._about(flow.platform_id)}
        buttons = (
            Button("c.resume", "resume_at", vars=words, style="primary"),
            Button("c.restart", "restart"),
            Button("c.drop", "drop"),
        )
        await self._say(turn, Say("resume.ask", words, buttons))
        return True

    async def _resume(self, turn: Turn) -> None:
        if turn.conversation.flow_id is None:
            await self._menu(turn)
        await self._prompt(turn)

    async def _restart(self, turn: Turn) -> None:
        conversation = turn.conversation
        if conversation.platform_id is not None:
            await self._registrations.start(turn, conversation.platform_id)

    async def _drop(self, turn: Turn) -> None:
        flow = await self._flow(turn)
        if flow is not None:
            await self._registrations.feed(turn, flow.id, Wished("stop"))
        else:
            await self._menu(turn)

    async def _elsewhere(self, turn: Turn, *, on_web: bool) -> None:
        flow = await self._flow(turn)
        if flow is None:
            await self._menu(turn)
            return
        code = await resume.make_code(turn.session, self._parts, flow)
        minutes = self._parts.policy.resume_lifetime // timedelta(minutes=1)
        words = {"code": code, "minutes": minutes, "path": f"/?resume={code}"}
        await self._say(turn, Say("elsewhere.web" if on_web else "elsewhere.code", words))

    async def _take_note(self, turn: Turn, text: str) -> None:
        conversation = turn.conversation
        topic = (conversation.awaiting or "note:message").partition(":")[2]
        conversation.awaiting = None
        await leave_notice(
            turn.session, self._parts, conversation, topic, mask(text).text if looks_like_password(text) else text
        )
        await self._say(
            turn, Say("human.left", self._about(conversation.platform_id), () if conversation.flow_id else _MENU)
        )
        await self._prompt(turn)

    async def _guardian(self, turn: Turn) -> None:
        platform_id = turn.conversation.platform_id
        if platform_id is None:
            await self._platforms(turn, "platforms.choose_to_ask")
            return
        explain = self._parts.platforms.get(platform_id).profile.capacity.explain
        await self._say(turn, Say("guardian.help", {"explain": explain}, (Button("c.human", "human"),)))
        await self._prompt(turn)

    async def _status(self, turn: Turn) -> None:
        conversation = turn.conversation
        if conversation.account_id is not None:
            await self._my_consents(turn)
        elif not await self._offer_to_resume(turn):
            await self._say(turn, Say("status.nothing", buttons=_MENU))

    async def _withdraw(self, turn: Turn, verb: str) -> None:
        """撤回同意: the list, then the question about one, then the deed."""
        account_id = turn.conversation.account_id
        what, _, item = verb.partition(":")
        if account_id is None:
            say = Say("status.nothing", buttons=_MENU)
        elif not item:
            say = await self._withdrawal.choices(turn, account_id)
        elif what == "withdraw":
            say = await self._withdrawal.ask(turn, account_id, item)
        else:
            say = await self._withdrawal.carry_out(turn, account_id, item)
        await self._say(turn, say)
        await self._prompt(turn)

    async def _my_consents(self, turn: Turn) -> None:
        """What this conversation's account agreed to and refused."""
        account_id = turn.conversation.account_id
        if account_id is None:
            await self._say(turn, Say("status.nothing", buttons=_MENU))
            return
        account = await self._parts.accounts.get(turn.session, account_id)
        profile = self._parts.platforms.get(account.platform_id).profile
        decided = await self._parts.consents.of(turn.session, account_id)
        given = "、".join(item_title(profile, d.item) for d in decided if d.decision == "given")
        refused = "、".join(item_title(profile, d.item) for d in decided if d.decision != "given")
        words = {"account": account_id, "given": given or "–", "refused": refused or "–", "withdraw": profile.withdraw}
        await self._say(
            turn,
            Say("status.account", words, (Button("c.withdraw", "withdraw"), Button("c.menu", "menu", style="quiet"))),
        )

    async def _platforms(self, turn: Turn, message: str) -> None:
        items = tuple((p.profile.id, p.profile.name, p.profile.what_it_is) for p in self._parts.platforms)
        await self._say(turn, Say(message, view=PlatformsView(items)))

    async def _menu(self, turn: Turn) -> None:
        if turn.conversation.platform_id is None:
            await self._platforms(turn, "platforms.choose")
            return
        await self._say(
            turn,
            Say("menu", self._about(turn.conversation.platform_id), _MENU if turn.conversation.flow_id is None else ()),
        )
        await self._prompt(turn)

    async def _repeat(self, turn: Turn) -> None:
        await self._menu(turn)

    async def _prompt(self, turn: Turn) -> None:
        """The standing question of the open flow again, so that nobody loses the thread."""
        if turn.conversation.flow_id is not None:
            await self._registrations.prompt(turn, turn.conversation.flow_id)

    async def _flow(self, turn: Turn) -> FlowRow | None:
        flow_id = turn.conversation.flow_id
        row = await turn.session.get(FlowRow, flow_id) if flow_id else None
        return row if row is not None and row.outcome is None else None

    async def _flow_and_state(self, turn: Turn) -> tuple[FlowRow | None, State | None]:
        flow = await self._flow(turn)
        return (flow, await self._registrations.state(turn.session, flow)) if flow is not None else (None, None)

    async def _awaited(self, turn: Turn, flow: FlowRow | None, state: State | None) -> str | None:
        if flow is None or state is None:
            return None
        journey = await self._registrations.journey(turn.session, flow, turn.conversation.channel)
        return registration.awaited_field(state, journey)

    def _platform_in(self, text: str) -> str | None:
        aliases = {p.profile.id: (p.profile.name, *p.profile.aliases) for p in self._parts.platforms}
        return find_platform(text, aliases)

    def _about(self, platform_id: str | None) -> dict[str, object]:
        if platform_id is None:
            return {"platform": "", "title": "", "operator": ""}
        profile = self._parts.platforms.get(platform_id).profile
        return {
            "platform": profile.name,
            "title": profile.agreement_title.strip("《》"),
            "operator": profile.operator or profile.operator_note or "",
        }

    async def _say(self, turn: Turn, say: Say) -> None:
        conversation = turn.conversation
        if conversation.platform_id is not None:
            platform = self._parts.platforms.get(conversation.platform_id)
            try:
                version = await self._parts.agreements.in_force(turn.session, conversation.platform_id)
                context = render_context(platform, version, conversation.channel)
            except NotFound:
                context = RenderContext(
                    None, platform.profile.name, platform.profile.operator, True, conversation.channel
                )
        else:
            context = RenderContext(None, "", None, True, conversation.channel)
        await self._parts.outbox.say(turn, say, context, Shape())


def _awaits_note(conversation: ConversationRow) -> bool:
    return conversation.awaiting is not None and conversation.awaiting.startswith("note:")


def _answers(field: str, text: str) -> bool:
    """Whether a text is surely meant as the answer to this field."""
    return claims_sms_code(text) if field == "sms_code" else claims(field, text)  # type: ignore[arg-type]


def _token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _bare(text: str) -> str:
    """A label as people type it: width, white space and closing punctuation do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if not c.isspace()).strip("。.!！~～,，")
