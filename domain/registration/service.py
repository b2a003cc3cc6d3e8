"""Runs registrations: what the main journey's own effects do, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import Account
from domain.accounts.tables import AccountRow
from domain.agreements.versions import Version
from domain.consent.deck import ReadClause
from domain.consent.decks import Decks
from domain.consent.items import CONTRACT, CROSS_BORDER, item_title
from domain.consent.receipt_fields import Occasion
from domain.consent.receipts import receipt_for
from domain.errors import IdentifierTaken
from domain.evidence import EntryType
from domain.evidence.entries import agreement_of, channel_of, pressed_of
from domain.flows import effects as fx
from domain.flows.events import Event, Free, Pressed, Registered, Started, Taken
from domain.flows.runner import Run, Runner, forget
from domain.flows.say import RenderContext, Say
from domain.flows.tables import FlowRow
from domain.guardians.effects import GuardianSaid, Looked, PhoneOfGuardian
from domain.guardians.service import GuardianEffects
from domain.guardians.state import Guarding
from domain.guardians.tables import GuardianshipRow
from domain.messaging.notices import tell_systems
from domain.messaging.turn import Turn
from domain.parts import CHANNELS_ABROAD, Parts
from domain.platforms import LoadedPlatform
from domain.registration import flow as registration
from domain.registration.state import Journey, State

KIND = "registration"
GUARDIAN = "guardian"
"""Somebody reads and decides as the guardian of the person of another registration."""
OF_AGE = "of_age"
"""Somebody who was a ward decides anew."""
# Whoever goes need not read the newest version first.
_LEAVING = {"really_refuse", "really_stop"}


@dataclass
class RegistrationRun(Run):
    """`subject` is whom the ledger's entries are about: for a guardian the ward's registration."""

    state: State
    journey: Journey
    platform: LoadedPlatform
    version: Version
    subject: str


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


class Registrations(Runner[RegistrationRun]):
    kind = KIND
    kinds = (KIND, GUARDIAN, OF_AGE)

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._decks = Decks(parts.platforms)
        self.guardians = GuardianEffects(parts, self)

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

    async def begin_guarding(self, turn: Turn, guardianship: GuardianshipRow) -> None:
        """Somebody opened a guardian's invitation, or sits beside the ward: what this is about, and who they are."""
        platform = self._parts.platforms.get(guardianship.platform_id)
        guarding = Guarding(
            guardianship=guardianship.id,
            band=guardianship.band,
            beside=guardianship.code_digest is None,
        )
        state = State(subject="person", guarding=guarding)
        await self._begin(turn, platform, GUARDIAN, state)

    async def begin_of_age(self, turn: Turn, account: Account) -> None:
        """Somebody who was a ward reads and decides anew for itself."""
        platform = self._parts.platforms.get(account.platform_id)
        await self._begin(turn, platform, OF_AGE, State(subject="person", of_age=account.id))

    async def _begin(self, turn: Turn, platform: LoadedPlatform, kind: str, state: State) -> FlowRow | None:
        version = await self._parts.agreements.in_force(turn.session, platform.profile.id)
        if await not_authorised(turn, self._parts, platform, version):
            return None
        turn.conversation.platform_id = platform.profile.id
        row = await self.open(turn, platform.profile.id, version.id, kind)
        row.sealed = await self._parts.vault.seal(
            turn.session, row.key_id, f"flows|{row.id}", state.model_dump_json().encode()
        )
        run = await self.load(turn, row)
        await self.move(run, Started(await self._serve(run)))
        return row

    async def feed(self, turn: Turn, row: FlowRow, event: Event) -> None:
        run = await self.load(turn, row)
        # What a guardian or staff decided happened, whatever is in force by now.
        leaves = isinstance(event, GuardianSaid | Looked) or (isinstance(event, Pressed) and event.choice in _LEAVING)
        if not run.state.decided and not leaves and await self._overtaken(run):
            await self._begin_on_new_version(run)
        else:
            await self.move(run, event)

    async def _overtaken(self, run: RegistrationRun) -> bool:
        """Whether another version came into force while the person was reading."""
        return (await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)).id != run.version.id

    async def _begin_on_new_version(self, run: RegistrationRun) -> None:
        """Nobody consents to a version that no longer counts: read the new one; what was filled in stays."""
        version = await self._parts.agreements.in_force(run.turn.session, run.row.platform_id)
        if await not_authorised(run.turn, self._parts, run.platform, version):
            run.turn.conversation.flow_id = None
            await forget(run.turn.session, self._parts, run.row.id, "not_authorised")
            return
        run.row.agreement_id = version.id
        state = run.state.but(leaf=0, every=None, unfolded=(), decisions={}, reviewing=False, asking=None)
        if state.ward is not None and state.ward.stage == "given":
            # The guardian read the old text: the new one is theirs to decide as well.
            state = state.but(ward=state.ward.but(stage="ask"))
            await self.guardians.call_off(run.turn.session, run.row.id)
        renewed = await self.load(run.turn, run.row)
        renewed.state = state
        await self.say(renewed, Say("registration.new_version", {"label": version.label}))
        await self.move(renewed, Started(await self._serve(renewed)))

    async def _serve(self, run: RegistrationRun) -> str:
        """Record which text is put before the person."""
        body = {**_evidence(run), "documents_missing": [d.id for d in run.journey.missing_documents()]}
        return (await self._parts.ledger.append(run.turn.session, run.row.platform_id, "served", run.subject, body)).id

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

    async def load(self, turn: Turn, row: FlowRow) -> RegistrationRun:
        platform = self._parts.platforms.get(row.platform_id)
        version = await self._parts.agreements.get(turn.session, row.agreement_id or "")
        state = await self.state(turn.session, row)
        journey = await self.journey(turn.session, row, turn.conversation.channel)
        context = render_context(platform, version, turn.conversation.channel)
        return RegistrationRun(
            turn, row, context, state, journey, platform, version, await self._subject(turn.session, row, state)
        )

    async def _subject(self, session: AsyncSession, row: FlowRow, state: State) -> str:
        if state.guarding is not None:
            return (await session.get_one(GuardianshipRow, state.guarding.guardianship)).ward_flow_id
        return (await session.get_one(AccountRow, state.of_age)).evidence_subject if state.of_age else row.id

    def apply(self, run: RegistrationRun, event: Event) -> Sequence[fx.Effect]:
        run.state, effects = registration.apply(run.state, event, run.journey)
        return effects

    def standing(self, run: RegistrationRun) -> Sequence[fx.Effect]:
        step = registration.current(run.state, run.journey)
        return step.prompt(run.state, run.journey) if step is not None else ()

    def step_key(self, run: RegistrationRun) -> str:
        return registration.step_key(run.state, run.journey)

    def position(self, run: RegistrationRun) -> tuple[int, int]:
        return registration.position(run.state, run.journey)

    def awaited_field(self, run: RegistrationRun) -> str | None:
        return registration.awaited_field(run.state, run.journey)

    def dump(self, run: RegistrationRun) -> bytes:
        return run.state.model_dump_json().encode()

    async def carry_out_own(self, run: RegistrationRun, effect: fx.Effect) -> Event | None:
        parts, session = self._parts, run.turn.session
        match effect:
            case fx.Shown(say, type, clauses, extra):
                said, message_id = await self.say(run, say)
                await self.record(run, type, clauses, {**extra, "rendered_sha256": said, "message": message_id})
            case fx.Record(type, clauses, extra):
                await self.record(run, type, clauses, extra)
                if type == "invalidated":
                    await parts.consents.discard(session, run.subject)
            case fx.Decide(item, decision, label, clauses):
                extra = {"item": item, "decision": decision, "button": label, "clauses_relied_on": list(clauses)}
                entry_id = await self.record(run, "decided", (), extra)
                if item == CROSS_BORDER and _is_guardians_own_matter(run):
                    return None
                await parts.consents.decide(
                    session,
                    flow_id=run.subject,
                    platform_id=run.row.platform_id,
                    item=item,
                    decision=decision,
                    agreement_id=run.version.id,
                    entry_id=entry_id,
                    given_by="guardian" if run.state.guarding else "self",
                )
            case fx.CheckFree("phone", value) if await self.guardians.is_guardians_phone(run, value):
                return PhoneOfGuardian()
            case fx.CheckFree(field, value):
                taken = await parts.accounts.is_taken(session, run.row.platform_id, field, value)
                return Taken(field) if taken else Free(field)
            case fx.CreateAccount():
                return await self._register(run)
            case _:
                return await self.guardians.carry_out(run, effect)
        return None

    async def ending(self, run: RegistrationRun, effect: fx.End) -> None:
        parts, session = self._parts, run.turn.session
        registering = run.row.kind == KIND
        if registering and effect.outcome != "registered" and await parts.consents.of_flow(session, run.row.id):
            # What was agreed to was agreed to for this registration; it ends with it.
            await self.record(run, "invalidated", (), {"reason": effect.outcome})
            await parts.consents.discard(session, run.row.id)
        if run.state.challenge:
            await parts.verification.void(session, run.state.challenge)
        await self.guardians.ended(run, effect.outcome)

    async def record(
        self, run: RegistrationRun, type: EntryType, clauses: Sequence[ReadClause], extra: Mapping[str, Any]
    ) -> str:
        body = {
            **_evidence(run),
            "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses],
            **extra,
            **pressed_of(run.turn, self._parts.clock.now()),
        }
        entry = await self._parts.ledger.append(run.turn.session, run.row.platform_id, type, run.subject, body)
        return entry.id

    async def _register(self, run: RegistrationRun) -> Event:
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
        await self.record(
            run,
            "registered",
            (),
            {"account": account.id, "identity": {"phone": "sms_code", "challenge": state.challenge}},
        )
        profile = run.platform.profile
        if profile.consent.formed == "registration":
            await self.record(
                run,
                "formed",
                (),
                {"by": "registration", "account": account.id, "clauses_relied_on": list(profile.consent.clauses)},
            )
        decided = await parts.consents.of_flow(session, row.id)
        await self.guardians.registered(run, account.id)
        receipt_path = await self.issue_receipt(run, account)
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
        return Registered(account.id, receipt_path, display)

    async def issue_receipt(self, run: RegistrationRun, account: Account) -> str:
        """Sign a receipt of what was decided and read in this flow. Returns the path of its page."""
        evidence = {**_evidence(run), "clauses": [], **pressed_of(run.turn, self._parts.clock.now())}
        occasion: Occasion = "of_age" if run.state.of_age else "registered"
        issued = await receipt_for(run.turn.session, self._parts, account.id, occasion=occasion, evidence=evidence)
        return issued.path


def _is_guardians_own_matter(run: RegistrationRun) -> bool:
    """A guardian in a chat of their own speaks for their own words there; on the ward's device, or where they do
    everything, for the ward's too.
    """
    guarding = run.state.guarding
    return guarding is not None and not guarding.beside and not run.journey.needs(run.state).agent


def _actor(run: RegistrationRun) -> dict[str, Any]:
    """Who acts, and by which rule they may."""
    state = run.state
    actor: dict[str, Any] = {
        "role": "guardian" if state.guarding else "self",
        "declared": state.subject or "undeclared",
        "capacity_rule": run.platform.profile.capacity.rule,
    }
    if state.guarding:
        actor |= {"guardianship": state.guarding.guardianship, "ward_band": state.guarding.band}
    if state.ward:
        actor |= {"band": state.ward.band, "guardianship": state.ward.guardianship}
    return actor


def _evidence(run: RegistrationRun) -> dict[str, Any]:
    """The fields every entry of a registration carries."""
    return {
        "flow": run.row.id,
        "served": run.state.served or None,
        "actor": _actor(run),
        "identity": {"phone": "sms_code" if run.state.phone_proven else "none"},
        "agreement": agreement_of(run.version),
        "language": "zh-CN",
        "channel": channel_of(run.turn),
    }
