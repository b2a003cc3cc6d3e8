"""Runs registrations: what the main journey's own effects do, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements.versions import Version
from domain.consent.deck import ReadClause
from domain.consent.decks import Decks
from domain.consent.items import CONTRACT, item_title
from domain.errors import IdentifierTaken
from domain.evidence import EntryType
from domain.evidence.entries import agreement_of, channel_of, pressed_of
from domain.evidence.readings import readings
from domain.flows import effects as fx
from domain.flows.events import Event, Free, Pressed, Registered, Started, Taken
from domain.flows.runner import Run, Runner, forget
from domain.flows.say import RenderContext, Say
from domain.flows.tables import FlowRow
from domain.messaging.notices import tell_systems
from domain.messaging.turn import Turn
from domain.parts import CHANNELS_ABROAD, Parts
from domain.platforms import LoadedPlatform
from domain.registration import flow as registration
from domain.registration.receipt import receipt_content
from domain.registration.state import Journey, State

KIND = "registration"
# Whoever goes need not read the newest version first.
_LEAVING = {"really_refuse", "really_stop"}


@dataclass
class _Run(Run):
    state: State
    journey: Journey
    platform: LoadedPlatform
    version: Version


def render_context(platform: LoadedPlatform, version: Version, channel: str) -> RenderContext:
    profile = platform.profile
    return RenderContext(profile.id, profile.name, profile.operator, version.is_sample, channel)


async def not_authorised(turn: Turn, parts: Parts, platform: LoadedPlatform, version: Version) -> bool:
    """Whether this channel may not act for people on this text; then the person hears so."""
    if version.is_sample or platform.profile.channel.authorised:
        return False
    title = platform.profile.agreement_title.strip("《》")
    context = render_context(platform, version, turn.conversation.channel)
    await parts.outbox.say(turn, Say("registration.not_authorised", {"title": title}), context)
    return True


class Registrations(Runner[_Run]):
    kind = KIND

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._decks = Decks(parts.platforms)

    async def start(self, turn: Turn, platform_id: str) -> None:
        """Begin a registration; one that was open in this conversation is forgotten.

        On an official text whose platform has not authorised this channel nothing begins: the
        person is told so, and where to read and register.
        """
        parts, session, conversation = self._parts, turn.session, turn.conversation
        version = await parts.agreements.in_force(session, platform_id)
        if await not_authorised(turn, parts, parts.platforms.get(platform_id), version):
            return
        if conversation.flow_id is not None:
            await forget(session, parts, conversation.flow_id, "restarted")
        run = await self.load(turn, await self.open(turn, platform_id, version.id))
        await self.move(run, Started(await self._serve(run)))

    async def feed(self, turn: Turn, row: FlowRow, event: Event) -> None:
        run = await self.load(turn, row)
        leaves = isinstance(event, Pressed) and event.choice in _LEAVING
        if not run.state.decided and not leaves and await self._overtaken(run):
            await self._begin_on_new_version(run)
        else:
            await self.move(run, event)

    async def _overtaken(self, run: _Run) -> bool:
        """Whether another version came into force while the person was reading."""
        return (await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)).id != run.version.id

    async def _begin_on_new_version(self, run: _Run) -> None:
        """Nobody consents to a version that no longer counts: read the new one; what was filled in stays."""
        version = await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)
        if await not_authorised(run.turn, self._parts, run.platform, version):
            run.turn.conversation.flow_id = None
            await forget(run.turn.session, self._parts, run.row.id, "not_authorised")
            return
        run.row.agreement_id = version.id
        state = run.state.but(leaf=0, every=None, unfolded=(), decisions={}, reviewing=False, asking=None)
        renewed = await self.load(run.turn, run.row)
        renewed.state = state
        await self.say(renewed, Say("registration.new_version", {"label": version.label}))
        await self.move(renewed, Started(await self._serve(renewed)))

    async def _serve(self, run: _Run) -> str:
        """Record which text is put before the person."""
        body = {**_evidence(run), "documents_missing": [d.id for d in run.journey.missing_documents()]}
        return (await self._parts.ledger.append(run.turn.session, run.row.platform_id, "served", run.row.id, body)).id

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

    async def load(self, turn: Turn, row: FlowRow) -> _Run:
        platform = self._parts.platforms.get(row.platform_id)
        version = await self._parts.agreements.get(turn.session, row.agreement_id or "")
        state = await self.state(turn.session, row)
        journey = await self.journey(turn.session, row, turn.conversation.channel)
        context = render_context(platform, version, turn.conversation.channel)
        return _Run(turn, row, context, state, journey, platform, version)

    def apply(self, run: _Run, event: Event) -> Sequence[fx.Effect]:
        run.state, effects = registration.apply(run.state, event, run.journey)
        return effects

    def standing(self, run: _Run) -> Sequence[fx.Effect]:
        step = registration.current(run.state, run.journey)
        return step.prompt(run.state, run.journey) if step is not None else ()

    def step_key(self, run: _Run) -> str:
        return registration.step_key(run.state, run.journey)

    def position(self, run: _Run) -> tuple[int, int]:
        return registration.position(run.state, run.journey)

    def awaited_field(self, run: _Run) -> str | None:
        return registration.awaited_field(run.state, run.journey)

    def dump(self, run: _Run) -> bytes:
        return run.state.model_dump_json().encode()

    async def carry_out_own(self, run: _Run, effect: fx.Effect) -> Event | None:
        parts, session = self._parts, run.turn.session
        match effect:
            case fx.Shown(say, type, clauses, extra):
                said, message_id = await self.say(run, say)
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
            case fx.CheckFree(field, value):
                taken = await parts.accounts.is_taken(session, run.row.platform_id, field, value)
                return Taken(field) if taken else Free(field)
            case fx.CreateAccount():
                return await self._register(run)
        return None

    async def ending(self, run: _Run, effect: fx.End) -> None:
        parts, session = self._parts, run.turn.session
        if effect.outcome != "registered" and await parts.consents.of_flow(session, run.row.id):
            # What was agreed to was agreed to for this registration; it ends with it.
            await self._record(run, "invalidated", (), {"reason": effect.outcome})
            await parts.consents.discard(session, run.row.id)
        if run.state.challenge:
            await parts.verification.void(session, run.state.challenge)

    async def _record(self, run: _Run, type: EntryType, clauses: Sequence[ReadClause], extra: Mapping[str, Any]) -> str:
        body = {
            **_evidence(run),
            "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses],
            **extra,
            **pressed_of(run.turn, self._parts.clock.now()),
        }
        entry = await self._parts.ledger.append(run.turn.session, run.row.platform_id, type, run.row.id, body)
        return entry.id

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
        await parts.accounts.bind(session, account.id, row.conversation_id)
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
    return {
        "flow": run.row.id,
        "served": run.state.served or None,
        "actor": {
            "role": "self",
            "declared": run.state.subject or "undeclared",
            "capacity_rule": run.platform.profile.capacity.rule,
        },
        "identity": {"phone": "sms_code" if run.state.phone_proven else "none"},
        "agreement": agreement_of(run.version),
        "language": "zh-CN",
        "channel": channel_of(run.turn),
    }
