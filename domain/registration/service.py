"""Runs registrations: loads the flow, applies events, carries out effects, all in the caller's transaction."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements.versions import Version
from domain.ambient import new_id
from domain.consent.deck import ReadClause
from domain.consent.decks import Decks
from domain.consent.items import CONTRACT, item_title
from domain.errors import IdentifierTaken
from domain.evidence import EntryType
from domain.evidence.readings import readings
from domain.flows import effects as fx
from domain.flows.events import (
    CodeNotSent,
    CodeProven,
    CodeSent,
    CodeWrong,
    Event,
    Free,
    PageOpened,
    Pressed,
    Registered,
    Started,
    Taken,
)
from domain.flows.pages import open_page
from domain.flows.say import RenderContext, Say
from domain.flows.tables import FlowRow
from domain.identifiers.phones import Phone
from domain.messaging.notices import leave_notice, tell_systems
from domain.messaging.outbox import Shape
from domain.messaging.tables import ConversationRow, ShortMessageRow
from domain.messaging.turn import Turn
from domain.parts import CHANNELS_ABROAD, Parts
from domain.platforms import LoadedPlatform
from domain.registration import flow as registration
from domain.registration.receipt import receipt_content
from domain.registration.state import Journey, State
from domain.verification import Proven, Sent

KIND = "registration"
# Whoever goes need not read the newest version first.
_LEAVING = {"really_refuse", "really_stop"}


@dataclass
class _Run:
    """One flow being moved by one turn."""

    turn: Turn
    row: FlowRow
    state: State
    journey: Journey
    platform: LoadedPlatform
    version: Version

    @property
    def context(self) -> RenderContext:
        return render_context(self.platform, self.version, self.turn.conversation.channel)


def render_context(platform: LoadedPlatform, version: Version, channel: str) -> RenderContext:
    profile = platform.profile
    return RenderContext(profile.id, profile.name, profile.operator, version.is_sample, channel)


class Registrations:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._decks = Decks(parts.platforms)

    async def start(self, turn: Turn, platform_id: str) -> None:
        """Begin a registration; one that was open in this conversation is forgotten.

        On an official text whose platform has not authorised this channel nothing begins: the
        person is told so, and where to read and register.
        """
        parts, session, conversation = self._parts, turn.session, turn.conversation
        platform = parts.platforms.get(platform_id)
        version = await parts.agreements.in_force(session, platform_id)
        if await self._not_authorised(turn, platform, version):
            return
        if conversation.flow_id is not None:
            await self.forget(session, conversation.flow_id, "restarted")
        now = parts.clock.now()
        flow_id = new_id("f", parts.chance)
        row = FlowRow(
            id=flow_id,
            kind=KIND,
            platform_id=platform_id,
            agreement_id=version.id,
            conversation_id=conversation.id,
            key_id=await parts.vault.new_key(session, flow_id),
            evidence_key_id=await parts.vault.new_key(session, flow_id),
            step="",
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        await session.flush()
        conversation.flow_id = flow_id
        run = await self._load(turn, row)
        await self._move(run, Started(await self._serve(run)))

    async def _not_authorised(self, turn: Turn, platform: LoadedPlatform, version: Version) -> bool:
        """Whether this channel may not register people on this text; then the person hears so."""
        if version.is_sample or platform.profile.channel.authorised:
            return False
        title = platform.profile.agreement_title.strip("《》")
        context = render_context(platform, version, turn.conversation.channel)
        await self._parts.outbox.say(turn, Say("registration.not_authorised", {"title": title}), context)
        return True

    async def feed(self, turn: Turn, flow_id: str, event: Event) -> None:
        """Let something happen to an open flow."""
        row = await turn.session.get(FlowRow, flow_id, with_for_update=True)
        if row is None or row.outcome is not None:
            return
        run = await self._load(turn, row)
        leaves = isinstance(event, Pressed) and event.choice in _LEAVING
        if not run.state.decided and not leaves and await self._overtaken(run):
            await self._begin_on_new_version(run)
        else:
            await self._move(run, event)

    async def _overtaken(self, run: _Run) -> bool:
        """Whether another version came into force while the person was reading."""
        return (await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)).id != run.version.id

    async def _begin_on_new_version(self, run: _Run) -> None:
        """Nobody consents to a version that no longer counts: read the new one; what was filled in stays."""
        version = await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)
        if await self._not_authorised(run.turn, run.platform, version):
            run.turn.conversation.flow_id = None
            await self.forget(run.turn.session, run.row.id, "not_authorised")
            return
        run.row.agreement_id = version.id
        state = run.state.but(leaf=0, every=None, unfolded=(), decisions={}, reviewing=False, asking=None)
        renewed = await self._load(run.turn, run.row)
        renewed.state = state
        await self._say(renewed, Say("registration.new_version", {"label": version.label}))
        await self._move(renewed, Started(await self._serve(renewed)))

    async def _serve(self, run: _Run) -> str:
        """Record which text is put before the person."""
        body = {**_evidence(run), "documents_missing": [d.id for d in run.journey.missing_documents()]}
        return (await self._parts.ledger.append(run.turn.session, run.row.platform_id, "served", run.row.id, body)).id

    async def prompt(self, turn: Turn, flow_id: str) -> None:
        """Ask the standing question again."""
        row = await turn.session.get(FlowRow, flow_id, with_for_update=True)
        if row is not None and row.outcome is None:
            run = await self._load(turn, row)
            step = registration.current(run.state, run.journey)
            if step is not None:
                await self._settle(run, step.prompt(run.state, run.journey))

    async def state(self, session: AsyncSession, row: FlowRow) -> State:
        if row.sealed is None:
            return State()
        raw = await self._parts.vault.unseal(session, row.key_id, f"flows|{row.id}", row.sealed)
        return State.model_validate_json(raw)

    async def journey(self, session: AsyncSession, row: FlowRow, channel: str) -> Journey:
        platform = self._parts.platforms.get(row.platform_id)
        version = await self._parts.agreements.get(session, row.agreement_id or "")
        tree = await self._parts.agreements.tree(session, version.id)
        return Journey(
            profile=platform.profile,
            decks={subject: self._decks.of(version, tree, subject) for subject in platform.profile.subjects},
            agreement_id=version.id,
            abroad=channel in CHANNELS_ABROAD,
            authorised=version.is_sample or platform.profile.channel.authorised,
            supplied=frozenset(d.id for d in platform.profile.documents if d.file is not None),
        )

    async def forget(self, session: AsyncSession, flow_id: str, outcome: str) -> None:
        """End a flow and destroy what was typed in it, in the transcript too. Its evidence stays."""
        row = await session.get(FlowRow, flow_id)
        if row is None or row.outcome is not None:
            return
        await self._parts.outbox.blot_out(session, row.conversation_id, flow_id)
        row.outcome, row.ended_at, row.sealed = outcome, self._parts.clock.now(), None
        await self._parts.vault.destroy(session, row.key_id)

    async def forget_abandoned(self, session: AsyncSession) -> int:
        """Forget the flows nobody has touched for the time the policy names. Returns how many."""
        before = self._parts.clock.now() - self._parts.policy.flow_lifetime
        stale = await session.scalars(
            select(FlowRow).where(FlowRow.outcome.is_(None), FlowRow.updated_at < before).limit(500)
        )
        rows = list(stale)
        for row in rows:
            conversation = await session.get_one(ConversationRow, row.conversation_id)
            if conversation.flow_id == row.id:
                conversation.flow_id = None
            await self.forget(session, row.id, "abandoned")
        return len(rows)

    async def _load(self, turn: Turn, row: FlowRow) -> _Run:
        platform = self._parts.platforms.get(row.platform_id)
        version = await self._parts.agreements.get(turn.session, row.agreement_id or "")
        state = await self.state(turn.session, row)
        journey = await self.journey(turn.session, row, turn.conversation.channel)
        return _Run(turn, row, state, journey, platform, version)

    async def _move(self, run: _Run, event: Event) -> None:
        run.state, effects = registration.apply(run.state, event, run.journey)
        await self._settle(run, effects)

    async def _settle(self, run: _Run, effects: Sequence[fx.Effect]) -> None:
        """Carry effects out, and what follows from what they find out."""
        events = deque(await self._carry_out_all(run, effects))
        while events and run.row.outcome is None:
            run.state, effects = registration.apply(run.state, events.popleft(), run.journey)
            events.extend(await self._carry_out_all(run, effects))
        await self._save(run)

    async def _save(self, run: _Run) -> None:
        row, session = run.row, run.turn.session
        row.revision += 1
        row.updated_at = self._parts.clock.now()
        if row.outcome is not None:
            return
        row.step = registration.step_key(run.state, run.journey)
        row.at, row.of = registration.position(run.state, run.journey)
        row.sealed = await self._parts.vault.seal(
            session, row.key_id, f"flows|{row.id}", run.state.model_dump_json().encode()
        )
        await session.flush()

    async def _carry_out_all(self, run: _Run, effects: Sequence[fx.Effect]) -> list[Event]:
        follow = [await self._carry_out(run, effect) for effect in effects]
        return [event for event in follow if event is not None]

    async def _carry_out(self, run: _Run, effect: fx.Effect) -> Event | None:
        parts, session = self._parts, run.turn.session
        match effect:
            case Say():
                await self._say(run, effect)
            case fx.Shown(say, type, clauses, extra):
                said, message_id = await self._say(run, say)
                await self._record(run, type, clauses, {**extra, "rendered_sha256": said, "message": message_id})
            case fx.Record(type, clauses, extra):
                await self._record(run, type, clauses, extra)
                if type == "invalidated":
                    await parts.consents.discard(session, run.row.id)
            case fx.Decide(item, decision, label, clauses):
                extra = {"item": item, "decision": decision, "button": label, "clauses_relied_on": list(clauses)}
                entry_id = await self._record(run, "decided", (), extra)
                await parts.consents.decide(
                    session,
                    flow_id=run.row.id,
                    platform_id=run.row.platform_id,
                    item=item,
                    decision=decision,
                    agreement_id=run.version.id,
                    entry_id=entry_id,
                )
            case fx.SendCode(phone):
                return await self._send_code(run, phone)
            case fx.CheckCode(challenge_id, code):
                checked = await parts.verification.check(
                    session, challenge_id=challenge_id, purpose="register", subject=run.row.id, code=code
                )
                return CodeProven(challenge_id) if isinstance(checked, Proven) else CodeWrong(checked.tries_left)
            case fx.VoidCode(challenge_id):
                await parts.verification.void(session, challenge_id)
            case fx.CheckFree(field, value):
                taken = await parts.accounts.is_taken(session, run.row.platform_id, field, value)
                return Taken(field) if taken else Free(field)
            case fx.OpenPage(fields):
                page = await open_page(session, parts, run.row.id, fields)
                return PageOpened(
                    page.path, page.fields, parts.policy.page_lifetime // timedelta(minutes=1), page.expires_at
                )
            case fx.TellOperator(topic, details):
                await leave_notice(
                    session, parts, run.turn.conversation, topic, json.dumps(dict(details), ensure_ascii=False)
                )
            case fx.CreateAccount():
                return await self._register(run)
            case fx.End(outcome, _forget):
                if outcome != "registered" and await parts.consents.of_flow(session, run.row.id):
                    # What was agreed to was agreed to for this registration; it ends with it.
                    await self._record(run, "invalidated", (), {"reason": outcome})
                    await parts.consents.discard(session, run.row.id)
                run.turn.conversation.flow_id = None
                if run.state.challenge:
                    await parts.verification.void(session, run.state.challenge)
                await self.forget(session, run.row.id, outcome)
        return None

    async def _say(self, run: _Run, say: Say) -> tuple[str, str]:
        # A card shown again behind its last answer stays the card of the step that was answered.
        answered = say.replaces and not say.prompt
        step = run.row.step if answered else registration.step_key(run.state, run.journey)
        replaces = await self._standing_prompt(run) if say.replaces else None
        shape = Shape(run.row.id, step, run.version.id, replaces)
        enqueued = await self._parts.outbox.say(run.turn, say, run.context, shape)
        return enqueued.rendered_sha256, enqueued.row.id

    async def _standing_prompt(self, run: _Run) -> str | None:
        """The message a re-rendered card takes the place of: the one whose button was pressed."""
        return run.turn.press.message_id if run.turn.press else None

    async def _record(self, run: _Run, type: EntryType, clauses: Sequence[ReadClause], extra: Mapping[str, Any]) -> str:
        body = {**_evidence(run), "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses], **extra}
        press = run.turn.press
        if press is not None:
            dwell = self._parts.clock.now() - press.shown_at
            body["pressed"] = {
                "message": press.message_id,
                "label": press.label,
                "dwell_ms": int(dwell / timedelta(milliseconds=1)),
            }
        entry = await self._parts.ledger.append(run.turn.session, run.row.platform_id, type, run.row.id, body)
        return entry.id

    async def _send_code(self, run: _Run, phone: str) -> Event:
        parts, session = self._parts, run.turn.session
        lately = FlowRow.updated_at > parts.clock.now() - timedelta(days=1)
        kin = await session.scalars(
            select(FlowRow.id).where(FlowRow.conversation_id == run.turn.conversation.id, lately)
        )
        sent = await parts.verification.send(
            session, purpose="register", phone=phone, subject=run.row.id, kin=kin.all()
        )
        if not isinstance(sent, Sent):
            return CodeNotSent(sent.reason, sent.wait)
        now = parts.clock.now()
        message = ShortMessageRow(
            template="code",
            platform_id=run.row.platform_id,
            key_id=run.row.key_id,
            not_after=now + sent.lifetime,
            created_at=now,
        )
        session.add(message)
        await session.flush()
        words = {"phone": phone, "code": sent.code, "minutes": str(int(sent.lifetime.total_seconds() // 60))}
        message.sealed = await parts.vault.seal_json(session, run.row.key_id, f"short_messages|{message.id}", words)
        await session.flush()
        return CodeSent(sent.challenge_id, Phone(phone).display, sent.lifetime, sent.resend_after)

    async def _register(self, run: _Run) -> Event:
        """Account, agreement formed where that is when it forms, receipt, and word to other systems."""
        parts, session, row, state = self._parts, run.turn.session, run.row, run.state
        assert state.subject is not None
        try:
            account = await parts.accounts.create(
                session,
                platform_id=row.platform_id,
                subject=state.subject,
                values=state.values,
                agreement_id=run.version.id,
                flow_id=row.id,
                evidence_key_id=row.evidence_key_id,
                evidence_subject=row.id,
            )
        except IdentifierTaken as error:
            return Taken(error.kind)
        await parts.consents.belong_to(session, row.id, account.id)
        await self._record(
            run,
            "registered",
            (),
            {"account": account.id, "identity": {"phone": "sms_code", "challenge": state.challenge}},
        )
        profile = run.platform.profile
        if profile.consent.formed == "registration":
            await self._record(
                run,
                "formed",
                (),
                {"by": "registration", "account": account.id, "clauses_relied_on": list(profile.consent.clauses)},
            )
        decided = await parts.consents.of_flow(session, row.id)
        content = receipt_content(
            run.platform.profile,
            run.version,
            account,
            decided,
            run.journey.deck(state),
            await readings(session, row.id, state.served),
            parts.clock.now(),
        )
        receipt_id, sha256 = await parts.consents.issue_receipt(
            session, account_id=account.id, platform_id=row.platform_id, key_id=row.evidence_key_id, content=content
        )
        await self._record(
            run, "receipt_issued", (), {"account": account.id, "receipt": receipt_id, "receipt_sha256": sha256}
        )
        await tell_systems(
            session,
            parts,
            "registered",
            row.platform_id,
            account.id,
            {"subject": account.subject, "agreement": run.version.id},
        )
        for decision in decided:
            kind = "consented" if decision.decision == "given" else "refused"
            await tell_systems(
                session, parts, kind, row.platform_id, account.id, {"item": decision.item, "entry": decision.entry_id}
            )
        given = [item_title(profile, d.item) for d in decided if d.decision == "given" and d.item != CONTRACT]
        refused = [item_title(profile, d.item) for d in decided if d.decision == "refused"]
        display = {
            "account": account.id,
            "agreement": f"《{profile.agreement_title.strip('《》')}》{run.version.label}",
            "consents": "、".join(given) or "–",
            "refused": "、".join(refused) or "–",
        }
        return Registered(account.id, f"/r/{receipt_id}", display)


def _evidence(run: _Run) -> dict[str, Any]:
    """The fields every entry of a registration carries."""
    conversation = run.turn.conversation
    return {
        "flow": run.row.id,
        "served": run.state.served or None,
        "actor": {
            "role": "self",
            "declared": run.state.subject or "undeclared",
            "capacity_rule": run.platform.profile.capacity.rule,
        },
        "identity": {"phone": "sms_code" if run.state.phone_proven else "none"},
        "agreement": {
            "id": run.version.id,
            "version": run.version.version,
            "label": run.version.label,
            "source": run.version.source,
            "sha256": run.version.sha256,
            "text_sha256": run.version.text_sha256,
        },
        "language": "zh-CN",
        "channel": {"kind": conversation.channel, "conversation": conversation.id, "update": run.turn.update_id},
    }
