"""Runs renewals: what their own effects do, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.agreements.versions import Version
from domain.consent.deck import ReadClause
from domain.consent.items import CONTRACT, item_title
from domain.consent.receipts import receipt_for
from domain.consent.service import Decided
from domain.errors import NotFound
from domain.evidence import Entry, EntryType
from domain.evidence.entries import agreement_of, channel_of, pressed_of
from domain.flows import effects as fx
from domain.flows.events import Event, Started
from domain.flows.runner import Run, Runner
from domain.flows.say import Button, RenderContext, Say
from domain.flows.tables import FlowRow
from domain.guardians.rules import requirement
from domain.guardians.tables import GuardianshipRow
from domain.messaging.notices import tell_systems
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.platforms import LoadedPlatform
from domain.platforms.model import SeparateConsent
from domain.registration.service import render_context
from domain.renewal import effects as own
from domain.renewal import flow as renewal
from domain.renewal import planning
from domain.renewal.comparing import Comparing
from domain.renewal.planning import Renewal, agreed_to, changes_path, day
from domain.renewal.state import Journey, State
from domain.renewal.tables import RenewalRow

KIND = "renewal"
_MENU = Button("c.menu", "menu", style="quiet")
_HUMAN = (Button("c.human", "human"), _MENU)


@dataclass
class _Run(Run):
    state: State
    journey: Journey
    platform: LoadedPlatform
    version: Version
    before: Version
    account: AccountRow
    body: Mapping[str, Any]
    guardianship: GuardianshipRow | None
    """Whoever decides here is the guardian of the account's person."""


class Renewals(Runner[_Run]):
    kind = KIND

    def __init__(self, parts: Parts, comparing: Comparing) -> None:
        super().__init__(parts)
        self._comparing = comparing

    # --- beginning, putting off, looking -------------------------------------------------------------

    async def open_here(self, session: AsyncSession, conversation_id: str) -> list[Renewal]:
        """What the people of this conversation have still to decide, for their own accounts and those of wards."""
        accounts = await self._parts.accounts.all_of_conversation(session, conversation_id)
        wards = await session.scalars(
            select(GuardianshipRow.ward_account_id).where(
                GuardianshipRow.guardian_conversation_id == conversation_id, GuardianshipRow.state == "consented"
            )
        )
        theirs = [account_id for account_id in wards if account_id is not None]
        return await planning.open_for(session, [*(account.id for account in accounts), *theirs])

    async def start(self, turn: Turn, account_id: str = "", agreement_id: str = "") -> None:
        """Begin to decide, or go on with it.

        Args:
            account_id: whose; otherwise the first one of this conversation that has something to decide.
            agreement_id: the version a button was shown for: of an older one it is stale.
        """
        parts, session, here = self._parts, turn.session, turn.conversation.id
        if not account_id:
            waiting = await self.open_here(session, here)
            if not waiting:
                await self._say(turn, Say("renewal.nothing", buttons=(_MENU,)))
                return
            account_id = waiting[0].account_id
        if not await self._is_asked(turn, account_id):
            await self._say(turn, Say("button.over", buttons=(_MENU,)))
            return
        account = await parts.accounts.row(session, account_id)
        profile = parts.platforms.get(account.platform_id).profile
        turn.conversation.platform_id = account.platform_id
        refused = await self._not_here(turn, account)
        if refused is not None:
            await self._say(turn, refused)
            return
        version = await parts.agreements.newest(session, account.platform_id)
        if agreement_id and agreement_id != version.id:
            await self._say(turn, Say("button.stale"))
        before = await parts.agreements.get(session, await agreed_to(session, account_id) or account.agreement_id)
        words = {"platform": profile.name, "version": version.label, "path": changes_path(before, version)}
        if not await self._comparing.asks_again(session, before.id, version):
            message = "renewal.already" if before.id == version.id else "renewal.nothing"
            await self._say(turn, Say(message, words, (Button("c.consents", "my_consents"), _MENU)))
            return
        if not (version.is_sample or profile.channel.authorised):
            await self._say(turn, Say("renewal.not_authorised", words, _HUMAN))
            return
        await self._asked(session, account, version)
        begun = await self._begun(turn, account)
        turn.conversation.flow_id = None
        if begun is not None:
            turn.conversation.flow_id = begun.id
            await self.prompt(turn, begun)
            return
        row = await self.open(turn, account.platform_id, version.id)
        run = await self._run(turn, row, State(account_id=account_id, before=before.id))
        await self.move(run, Started(await self._serve(run)))

    async def put_off(self, turn: Turn, account_id: str, agreement_id: str) -> None:
        """以后再说 below the notice: nothing is decided, and it stays open."""
        row = await turn.session.get(RenewalRow, (account_id, agreement_id))
        if row is None or not await self._is_asked(turn, account_id) or row.state not in {"told", "planned"}:
            await self._say(turn, Say("button.over", buttons=(_MENU,)))
            return
        version = await self._parts.agreements.get(turn.session, agreement_id)
        profile = self._parts.platforms.get(row.platform_id).profile
        counts = version.effective_at is None or version.effective_at <= self._parts.clock.now()
        words = {"platform": profile.name, "version": version.label, "since": day(version), "leave": profile.leave}
        buttons = (Button(f"c.renewal:{account_id}:{agreement_id}", "see_changes", style="primary"), *_HUMAN)
        await self._say(turn, Say("renewal.later_now" if counts else "renewal.later", words, buttons))

    async def _is_asked(self, turn: Turn, account_id: str) -> bool:
        """Whether this conversation is one of the account's person, or of the guardian who consented for them."""
        here = turn.conversation.id
        mine = here in await self._parts.accounts.addresses(turn.session, account_id)
        return mine or await planning.guardian_of(turn.session, account_id, here) is not None

    async def _not_here(self, turn: Turn, account: AccountRow) -> Say | None:
        """Why this conversation's person cannot decide for the account now; None where they can."""
        words = {"platform": self._parts.platforms.get(account.platform_id).profile.name, "account": account.id}
        if account.status == "closed":
            return Say("button.over", buttons=(_MENU,))
        if account.status != "active":
            return Say("renewal.frozen" if account.status == "frozen" else "renewal.suspended", words, _HUMAN)
        if await planning.guardian_of(turn.session, account.id, turn.conversation.id) is not None:
            return None
        if not await self._parts.accounts.is_trusted(turn.session, account.id, turn.conversation.id):
            # What ended the sessions asks for a new proof; any errand of the account gives it.
            return Say("renewal.prove", words, (Button("c.access", "prove_account", style="primary"), *_HUMAN))
        contract = await self._contract(turn.session, account.id)
        if contract is not None and contract.given_by == "guardian":
            return Say("renewal.guardian", words, _HUMAN)
        return None

    async def _contract(self, session: AsyncSession, account_id: str) -> Decided | None:
        return next((d for d in await self._parts.consents.of(session, account_id) if d.item == CONTRACT), None)

    async def _asked(self, session: AsyncSession, account: AccountRow, version: Version) -> None:
        """That this account is asked is on record, also where its person came before the planning did."""
        if await session.get(RenewalRow, (account.id, version.id)) is None:
            await planning.plan_one(session, self._parts, self._comparing, account.id, version)
        row = await session.get(RenewalRow, (account.id, version.id))
        now = self._parts.clock.now()
        if row is None:
            row = RenewalRow(
                account_id=account.id,
                agreement_id=version.id,
                platform_id=version.platform_id,
                state="told",
                planned_at=now,
                told_at=now,
            )
            session.add(row)
        elif row.state == "planned":
            row.state, row.told_at = "told", now
        await session.flush()

    async def _begun(self, turn: Turn, account: AccountRow) -> FlowRow | None:
        """The renewal of this account that stands open in this conversation."""
        rows = await turn.session.scalars(
            select(FlowRow)
            .where(
                FlowRow.conversation_id == turn.conversation.id,
                FlowRow.kind == KIND,
                FlowRow.platform_id == account.platform_id,
                FlowRow.outcome.is_(None),
            )
            .order_by(FlowRow.updated_at.desc())
        )
        for row in rows.all():
            if (await self._state(turn.session, row)).account_id == account.id:
                return row
        return None

    async def _say(self, turn: Turn, say: Say) -> None:
        platform_id = turn.conversation.platform_id
        if platform_id is None:
            await self._parts.outbox.say(turn, say, RenderContext(None, "", None, True, turn.conversation.channel))
            return
        platform = self._parts.platforms.get(platform_id)
        version = await self._parts.agreements.in_force(turn.session, platform_id)
        await self._parts.outbox.say(turn, say, render_context(platform, version, turn.conversation.channel))

    # --- the runner's ----------------------------------------------------------------------------------

    async def feed(self, turn: Turn, row: FlowRow, event: Event) -> None:
        run = await self.load(turn, row)
        if not await self._overtaken(run):
            await self.move(run, event)

    async def prompt(self, turn: Turn, row: FlowRow) -> None:
        run = await self.load(turn, row)
        if not await self._overtaken(run):
            await self.settle(run, self.standing(run))

    async def _overtaken(self, run: _Run) -> bool:
        """Whether something else came first: the account's state, a decision elsewhere, a further version.

        Then the person heard so, and nothing else happens: nobody consents to a text that is not the newest.
        """
        session = run.turn.session
        refused = await self._not_here(run.turn, run.account)
        if refused is not None:
            await self.settle(run, (refused, fx.End("stopped", forget=True)))
            return True
        agreed = await agreed_to(session, run.account.id)
        newest = await self._parts.agreements.newest(session, run.row.platform_id)
        if newest.id == run.version.id and agreed == run.before.id:
            return False
        if agreed is None or not await self._comparing.asks_again(session, agreed, newest):
            message = "renewal.already" if agreed == newest.id else "renewal.called_off"
            over = Say(message, {**run.journey.words, "version": newest.label}, (_MENU,))
            await self.settle(run, (over, fx.End("done", forget=True)))
            return True
        await self._begin_on(run, newest, agreed)
        return True

    async def _begin_on(self, run: _Run, version: Version, agreed: str) -> None:
        """A further version came while the person was reading: read that one, from its start."""
        if run.state.entries:
            await self._record(run, "invalidated", (), {"reason": "new_version", "items": sorted(run.state.entries)})
        run.row.agreement_id = version.id
        if not (version.is_sample or run.platform.profile.channel.authorised):
            words = {**run.journey.words, "version": version.label}
            await self.settle(run, (Say("renewal.not_authorised", words, _HUMAN), fx.End("stopped", forget=True)))
            return
        await self._asked(run.turn.session, run.account, version)
        renewed = await self._run(run.turn, run.row, State(account_id=run.account.id, before=agreed))
        await self.say(renewed, Say("renewal.newer", renewed.journey.words))
        await self.move(renewed, Started(await self._serve(renewed)))

    async def _state(self, session: AsyncSession, row: FlowRow) -> State:
        assert row.sealed is not None
        raw = await self._parts.vault.unseal(session, row.key_id, f"flows|{row.id}", row.sealed)
        return State.model_validate_json(raw)

    async def load(self, turn: Turn, row: FlowRow) -> _Run:
        return await self._run(turn, row, await self._state(turn.session, row))

    async def _run(self, turn: Turn, row: FlowRow, state: State) -> _Run:
        parts, session = self._parts, turn.session
        platform = parts.platforms.get(row.platform_id)
        version = await parts.agreements.get(session, row.agreement_id or "")
        before = await parts.agreements.get(session, state.before)
        account = await parts.accounts.row(session, state.account_id)
        found = await self._comparing.changes(session, before, version, account.subject)  # type: ignore[arg-type]
        counts = version.effective_at is None or version.effective_at <= parts.clock.now()
        guardianship = await planning.guardian_of(session, account.id, turn.conversation.id)
        journey = Journey(
            profile=platform.profile,
            label=version.label,
            leaves=found.leaves(),
            cosmetic=len(found.cosmetic),
            consents=await self._consents(session, platform, account, version, guardianship),
            since="" if counts else day(version),
            path=changes_path(before, version),
        )
        body = {
            "from": agreement_of(before),
            "changes": {
                "added": [c.after.uid for c in found.substantive if c.after and not c.before],
                "removed": [c.before.uid for c in found.substantive if c.before and not c.after],
                "reworded": [[c.before.uid, c.after.uid] for c in found.substantive if c.before and c.after],
            },
        }
        context = render_context(platform, version, turn.conversation.channel)
        return _Run(turn, row, context, state, journey, platform, version, before, account, body, guardianship)

    async def _consents(
        self,
        session: AsyncSession,
        platform: LoadedPlatform,
        account: AccountRow,
        version: Version,
        guardianship: GuardianshipRow | None,
    ) -> tuple[SeparateConsent, ...]:
        """New separate consents, and those whose clauses changed since they were decided; all others stand.

        Never about a document whose text is not there. Children's data are their guardian's matter (PIPL 31).
        """
        profile = platform.profile
        if guardianship is not None and requirement(profile.capacity, guardianship.band).own_data:  # type: ignore[arg-type]
            return ()  # From 14 on the ward's own data are the ward's own matter.
        supplied = {document.id for document in profile.documents if document.file is not None}
        decided = {d.item: d for d in await self._parts.consents.of(session, account.id)}
        asked = []
        for consent in profile.separate_consents:
            if consent.item == "children" or account.subject not in consent.subjects:
                continue
            if consent.document is not None and consent.document not in supplied:
                continue
            known = decided.get(consent.item)
            if known is None or await self._changed(session, known, consent, version):
                asked.append(consent)
        return tuple(asked)

    async def _changed(self, session: AsyncSession, known: Decided, consent: SeparateConsent, version: Version) -> bool:
        try:
            before = await self._parts.agreements.get(session, known.agreement_id)
        except NotFound:
            return True
        return (await self._comparing.changes(session, before, version, None)).touches(consent)

    def apply(self, run: _Run, event: Event) -> Sequence[fx.Effect]:
        run.state, effects = renewal.apply(run.state, event, run.journey)
        return effects

    def standing(self, run: _Run) -> Sequence[fx.Effect]:
        return renewal.prompt(run.state, run.journey)

    def step_key(self, run: _Run) -> str:
        return renewal.step_key(run.state, run.journey)

    def position(self, run: _Run) -> tuple[int, int]:
        return renewal.position(run.state, run.journey)

    def awaited_field(self, run: _Run) -> str | None:
        return None

    def dump(self, run: _Run) -> bytes:
        return run.state.model_dump_json().encode()

    async def carry_out_own(self, run: _Run, effect: fx.Effect) -> Event | None:
        match effect:
            case fx.Shown(say, type, clauses, extra):
                said, message_id = await self.say(run, say)
                await self._record(run, type, clauses, {**extra, "rendered_sha256": said, "message": message_id})
            case fx.Record(type, clauses, extra):
                await self._record(run, type, clauses, extra)
            case fx.Decide(item, decision, label, clauses):
                entry_id = await self._decided(run, item, decision, label, clauses)
                run.state = run.state.but(entries={**run.state.entries, item: entry_id})
            case own.PutOff():
                run.turn.conversation.flow_id = None
            case own.Accept(label):
                return await self._accept(run, label)
            case own.Refuse(label):
                await self._refuse(run, label)
        return None

    # --- what is decided ---------------------------------------------------------------------------------

    async def _accept(self, run: _Run, label: str) -> Event:
        """The person agreed: the decisions rest on the new version from now on, and a receipt says so."""
        parts, session, account = self._parts, run.turn.session, run.account
        profile = run.platform.profile
        contract = await self._decided(run, CONTRACT, "given", label, profile.consent.clauses)
        entries = {**run.state.entries, CONTRACT: contract}
        for item, entry_id in entries.items():
            await parts.consents.decide(
                session,
                flow_id=account.flow_id,
                platform_id=account.platform_id,
                item=item,
                decision=run.state.decisions.get(item, "given"),
                agreement_id=run.version.id,
                entry_id=entry_id,
                given_by="guardian" if run.guardianship is not None else "self",
            )
        await parts.consents.belong_to(session, account.flow_id, account.id)
        account.agreement_id = run.version.id
        await session.flush()
        await planning.decide(session, account.id, run.version.id, "accepted", parts.clock.now())
        decided = await parts.consents.of(session, account.id)
        receipt_path = await self._receipt(run, contract)
        for item, entry_id in entries.items():
            kind = "refused" if run.state.decisions.get(item) == "refused" else "consented"
            await self._tell_systems(run, kind, item, entry_id)
        given = [item_title(profile, d.item) for d in decided if d.decision == "given" and d.item != CONTRACT]
        refused = [item_title(profile, d.item) for d in decided if d.decision != "given"]
        display = {
            "account": account.id,
            "agreement": f"《{run.journey.title}》{run.version.label}",
            "consents": "、".join(given) or "–",
            "refused": "、".join(refused) or "–",
        }
        return own.Accepted(receipt_path, display)

    async def _receipt(self, run: _Run, contract: str) -> str:
        evidence = {**self._evidence(run), **pressed_of(run.turn, self._parts.clock.now())}
        issued = await receipt_for(
            run.turn.session, self._parts, run.account.id, occasion="renewed", entry_id=contract, evidence=evidence
        )
        return issued.path

    async def _refuse(self, run: _Run, label: str) -> None:
        """The person said no: the terms agreed to before stay on record, and nothing else follows from it here."""
        entry_id = await self._record(run, "declined", (), {"item": CONTRACT, "button": label})
        if run.state.entries:
            await self._record(run, "invalidated", (), {"reason": "declined", "items": sorted(run.state.entries)})
        now = self._parts.clock.now()
        await planning.decide(run.turn.session, run.account.id, run.version.id, "refused", now)
        await self._tell_systems(run, "refused", CONTRACT, entry_id)

    async def _tell_systems(self, run: _Run, kind: str, item: str, entry_id: str) -> None:
        data = {"item": item, "entry": entry_id, "agreement": run.version.id}
        await tell_systems(run.turn.session, self._parts, kind, run.account.platform_id, run.account.id, data)

    async def _decided(self, run: _Run, item: str, decision: str, label: str, clauses: Sequence[str]) -> str:
        extra = {"item": item, "decision": decision, "button": label, "clauses_relied_on": list(clauses)}
        return await self._record(run, "decided", (), extra)

    async def _serve(self, run: _Run) -> str:
        """Record which text is put before the person, and which one they had agreed to."""
        body = {**self._evidence(run), **run.body}
        return (await self._append(run, "served", body)).id

    async def _record(self, run: _Run, type: EntryType, clauses: Sequence[ReadClause], extra: Mapping[str, Any]) -> str:
        body = {
            **self._evidence(run),
            "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses],
            **extra,
            **pressed_of(run.turn, self._parts.clock.now()),
        }
        return (await self._append(run, type, body)).id

    async def _append(self, run: _Run, type: EntryType, body: Mapping[str, Any]) -> Entry:
        return await self._parts.ledger.append(
            run.turn.session, run.row.platform_id, type, run.account.evidence_subject, body
        )

    def _evidence(self, run: _Run) -> dict[str, Any]:
        """The fields every entry of a renewal carries."""
        return {
            "flow": run.row.id,
            "served": run.state.served or None,
            "account": run.account.id,
            "actor": {
                "role": "self" if run.guardianship is None else "guardian",
                "declared": run.account.subject,
                "capacity_rule": run.platform.profile.capacity.rule,
                **({"guardianship": run.guardianship.id} if run.guardianship is not None else {}),
            },
            "identity": {"account": "proven_here" if run.guardianship is None else "guardian_proven_here"},
            "agreement": agreement_of(run.version),
            "language": "zh-CN",
            "channel": channel_of(run.turn),
        }
