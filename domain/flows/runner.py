"""Moves flows of one kind: loads one, lets an event happen to it, carries out what follows, stores it.

All in the caller's transaction. A capability says how its flow is loaded, what an event does to it and how its own
effects are carried out; what every flow needs (saying, SMS codes, one-time pages, ending) is here.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import new_id
from domain.flows import effects as fx
from domain.flows.events import CodeNotSent, CodeProven, CodeSent, CodeWrong, Event, PageOpened
from domain.flows.pages import open_page
from domain.flows.say import RenderContext, Say
from domain.flows.tables import FlowRow
from domain.identifiers.phones import Phone
from domain.messaging.notices import leave_notice
from domain.messaging.outbox import Shape
from domain.messaging.short_messages import queue_code
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.verification import Asker, Proven, Purpose, Sent


@dataclass
class Run:
    """One flow being moved by one turn."""

    turn: Turn
    row: FlowRow
    context: RenderContext

    @property
    def asker(self) -> Asker:
        """Who asks for a code: this flow, by this person, in this channel."""
        conversation = self.turn.conversation
        return Asker(self.row.id, conversation.id, conversation.channel)


R = TypeVar("R", bound=Run)


class Runner(ABC, Generic[R]):
    """Args:
    kind: which flows are this runner's.
    kinds: all of them, where one runner moves several.
    """

    kind: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # --- what a capability says ------------------------------------------------------------------

    @abstractmethod
    async def load(self, turn: Turn, row: FlowRow) -> R: ...

    @abstractmethod
    def apply(self, run: R, event: Event) -> Sequence[fx.Effect]:
        """Let the event happen to the run's state; what is to be done."""

    @abstractmethod
    def standing(self, run: R) -> Sequence[fx.Effect]:
        """The standing question again."""

    @abstractmethod
    def step_key(self, run: R) -> str:
        """Names the standing question: a button of another one is stale."""

    @abstractmethod
    def position(self, run: R) -> tuple[int, int]:
        """The part the person is at, and how many there are."""

    @abstractmethod
    def awaited_field(self, run: R) -> str | None:
        """The field an answer in text would fill."""

    @abstractmethod
    def dump(self, run: R) -> bytes:
        """The state as it is stored."""

    @abstractmethod
    async def carry_out_own(self, run: R, effect: fx.Effect) -> Event | None:
        """Carry out an effect that only this kind of flow has."""

    async def ending(self, run: R, effect: fx.End) -> None:
        """What this kind of flow does when it ends, before what was typed in it is destroyed."""

    async def ended(self, run: R) -> None:
        """What follows an end."""

    # --- what channels and conversations use -------------------------------------------------------

    async def feed(self, turn: Turn, row: FlowRow, event: Event) -> None:
        """Let something happen to an open flow."""
        await self.move(await self.load(turn, row), event)

    async def prompt(self, turn: Turn, row: FlowRow) -> None:
        """Ask the standing question again."""
        run = await self.load(turn, row)
        await self.settle(run, self.standing(run))

    async def awaited(self, turn: Turn, row: FlowRow) -> str | None:
        return self.awaited_field(await self.load(turn, row))

    async def open(self, turn: Turn, platform_id: str, agreement_id: str | None, kind: str | None = None) -> FlowRow:
        """A new flow of this conversation, with keys of its own."""
        parts, session, now = self._parts, turn.session, self._parts.clock.now()
        flow_id = new_id("f", parts.chance)
        row = FlowRow(
            id=flow_id,
            kind=kind or self.kind,
            platform_id=platform_id,
            agreement_id=agreement_id,
            conversation_id=turn.conversation.id,
            key_id=await parts.vault.new_key(session, flow_id),
            evidence_key_id=await parts.vault.new_key(session, flow_id),
            step="",
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        await session.flush()
        turn.conversation.flow_id = flow_id
        return row

    # --- the machinery -----------------------------------------------------------------------------

    async def move(self, run: R, event: Event) -> None:
        await self.settle(run, self.apply(run, event))

    async def settle(self, run: R, effects: Sequence[fx.Effect]) -> None:
        """Carry effects out, and what follows from what they find out."""
        events = deque(await self._carry_out_all(run, effects))
        while events and run.row.outcome is None:
            events.extend(await self._carry_out_all(run, self.apply(run, events.popleft())))
        await self._save(run)

    async def _save(self, run: R) -> None:
        row, session = run.row, run.turn.session
        row.revision += 1
        row.updated_at = self._parts.clock.now()
        if row.outcome is not None:
            return
        row.step = self.step_key(run)
        row.at, row.of = self.position(run)
        row.sealed = await self._parts.vault.seal(session, row.key_id, f"flows|{row.id}", self.dump(run))
        await session.flush()

    async def _carry_out_all(self, run: R, effects: Sequence[fx.Effect]) -> list[Event]:
        follow = [await self._carry_out(run, effect) for effect in effects]
        return [event for event in follow if event is not None]

    async def _carry_out(self, run: R, effect: fx.Effect) -> Event | None:
        parts, session = self._parts, run.turn.session
        match effect:
            case Say():
                await self.say(run, effect)
            case fx.SendCode(phone, purpose):
                return await self._send_code(run, phone, purpose)
            case fx.CheckCode(challenge_id, code, purpose):
                checked = await parts.verification.check(
                    session, challenge_id=challenge_id, purpose=purpose, asker=run.asker, code=code
                )
                return CodeProven(challenge_id) if isinstance(checked, Proven) else CodeWrong(checked.tries_left)
            case fx.VoidCode(challenge_id):
                await parts.verification.void(session, challenge_id)
            case fx.OpenPage(fields):
                page = await open_page(session, parts, run.row.id, fields)
                return PageOpened(
                    page.path, page.fields, parts.policy.page_lifetime // timedelta(minutes=1), page.expires_at
                )
            case fx.TellOperator(topic, details):
                await leave_notice(
                    session, parts, run.turn.conversation, topic, json.dumps(dict(details), ensure_ascii=False)
                )
            case fx.End(outcome, _forget):
                await self.ending(run, effect)
                run.turn.conversation.flow_id = None
                await forget(session, parts, run.row.id, outcome)
                await self.ended(run)
            case _:
                return await self.carry_out_own(run, effect)
        return None

    async def say(self, run: R, say: Say) -> tuple[str, str]:
        """Returns the hash of the words and the message's id."""
        # A card shown again behind its last answer stays the card of the step that was answered.
        answered = say.replaces and not say.prompt
        step = run.row.step if answered else self.step_key(run)
        # The message a re-rendered card takes the place of: the one whose button was pressed.
        replaces = run.turn.press.message_id if say.replaces and run.turn.press else None
        shape = Shape(run.row.id, step, run.row.agreement_id, replaces)
        enqueued = await self._parts.outbox.say(run.turn, say, run.context, shape)
        return enqueued.rendered_sha256, enqueued.row.id

    async def _send_code(self, run: R, phone: str, purpose: Purpose) -> Event:
        parts, session = self._parts, run.turn.session
        sent = await parts.verification.send(session, purpose=purpose, phone=phone, asker=run.asker)
        if not isinstance(sent, Sent):
            return CodeNotSent(sent.reason, sent.wait)
        # Here the person named the phone itself: to be told that the SMS could not be sent betrays nothing.
        await queue_code(session, parts, run.row, sent, phone, purpose, conversation_id=run.row.conversation_id)
        return CodeSent(sent.challenge_id, Phone(phone).display, sent.lifetime, sent.resend_after)


class Flows:
    """Every kind of flow behind one door: the kind of a row decides who moves it."""

    def __init__(self, parts: Parts, runners: Sequence[Runner[Any]]) -> None:
        self._parts = parts
        self._runners = {kind: runner for runner in runners for kind in (runner.kinds or (runner.kind,))}

    async def _open(self, session: AsyncSession, flow_id: str) -> FlowRow | None:
        row = await session.get(FlowRow, flow_id, with_for_update=True)
        return row if row is not None and row.outcome is None else None

    async def feed(self, turn: Turn, flow_id: str, event: Event) -> None:
        """Let something happen to a flow, if it is still open."""
        row = await self._open(turn.session, flow_id)
        if row is not None:
            await self._runners[row.kind].feed(turn, row, event)

    async def prompt(self, turn: Turn, flow_id: str) -> None:
        """Ask the standing question of a flow again, if it is still open."""
        row = await self._open(turn.session, flow_id)
        if row is not None:
            await self._runners[row.kind].prompt(turn, row)

    async def awaited(self, turn: Turn, row: FlowRow) -> str | None:
        """The field an answer in text would fill."""
        return await self._runners[row.kind].awaited(turn, row)

    async def forget(self, session: AsyncSession, flow_id: str, outcome: str) -> None:
        await forget(session, self._parts, flow_id, outcome)

    async def forget_abandoned(self, session: AsyncSession) -> int:
        """Forget the flows nobody has touched for the time the policy names. Returns how many."""
        before = self._parts.clock.now() - self._parts.policy.flow_lifetime
        stale = await session.scalars(
            # Who waits for a guardian has longer: that wait has an end of its own.
            select(FlowRow)
            .where(FlowRow.outcome.is_(None), FlowRow.updated_at < before, FlowRow.step.not_like("guardian:%"))
            .limit(500)
        )
        rows = list(stale)
        for row in rows:
            conversation = await session.get_one(ConversationRow, row.conversation_id)
            if conversation.flow_id == row.id:
                conversation.flow_id = None
            await forget(session, self._parts, row.id, "abandoned")
        return len(rows)


async def forget(session: AsyncSession, parts: Parts, flow_id: str, outcome: str) -> None:
    """End a flow and destroy what was typed in it, in the transcript too. Its evidence stays."""
    row = await session.get(FlowRow, flow_id)
    if row is None or row.outcome is not None:
        return
    await parts.outbox.blot_out(session, row.conversation_id, flow_id)
    row.outcome, row.ended_at, row.sealed = outcome, parts.clock.now(), None
    await parts.vault.destroy(session, row.key_id)
