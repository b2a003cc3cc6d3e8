"""Runs the errands of account owners: what their effects do, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import deeds
from domain.accounts.news import record
from domain.accounts.tables import AccountRow
from domain.agreements.versions import Version
from domain.ambient import SHANGHAI
from domain.consent.items import CROSS_BORDER
from domain.consent.tables import DecisionRow
from domain.errors import IdentifierTaken
from domain.evidence.entries import channel_of, pressed_of
from domain.flows import effects as fx
from domain.flows.events import CodeNotSent, CodeSent, CodeWrong, Event, Started
from domain.flows.pages import open_data_page
from domain.flows.runner import Run, Runner, forget
from domain.flows.say import Button, RenderContext, Say
from domain.flows.tables import FlowRow
from domain.identifiers.emails import display_email
from domain.identifiers.phones import Phone
from domain.messaging.notices import tell_systems
from domain.messaging.short_messages import queue_code
from domain.messaging.turn import Turn
from domain.parts import CHANNELS_ABROAD
from domain.platforms.model import Profile
from domain.registration.service import not_authorised, render_context
from domain.requests import Request
from domain.selfservice import effects as own
from domain.selfservice import flow as selfservice
from domain.selfservice.rules import hurdle
from domain.selfservice.state import Errand, Holder, State, World
from domain.vault.tables import DataKeyRow
from domain.verification import Proven, Sent
from domain.verification.tables import ChallengeRow
from domain.working_days import deadline

KIND = "selfservice"
_HUMAN = (Button("c.human", "human"), Button("c.menu", "menu", style="quiet"))
# What may be done with an account that is not active. Freezing again is harmless; all else waits for people.
_ALLOWED: dict[Errand, frozenset[str]] = {
    "reset_password": frozenset({"active"}),
    "report_stolen": frozenset({"active", "frozen", "suspended"}),
    "change": frozenset({"active"}),
    "cancel": frozenset({"active", "suspended"}),
    "access": frozenset({"active", "suspended"}),
    "transfer": frozenset({"active"}),
    "dissolution": frozenset({"active"}),
}

# Frozen, closed or proven by somebody else meanwhile: this errand has no account any more.
_GONE: tuple[fx.Effect, ...] = (Say("self.gone", {}, _HUMAN), fx.End("stopped", forget=True))


@dataclass
class _Run(Run):
    state: State
    world: World

    @property
    def here(self) -> str:
        return self.turn.conversation.id


class SelfService(Runner[_Run]):
    kind = KIND

    async def start(self, turn: Turn, platform_id: str, errand: Errand, field: str | None = None) -> None:
        """Begin an errand; where the platform's rules have no such thing, say so instead.

        Args:
            field: what the person wants to change, if they said so.

        A registration that is open in this conversation stays open: it is offered again afterwards.
        """
        parts, session = self._parts, turn.session
        platform = parts.platforms.get(platform_id)
        version = await parts.agreements.in_force(session, platform_id)
        if await not_authorised(turn, parts, platform, version):
            return
        context = render_context(platform, version, turn.conversation.channel)
        refused = refusal(platform.profile, errand)
        if refused is not None:
            await parts.outbox.say(turn, refused, context)
            return
        known = await parts.accounts.of_conversation(session, turn.conversation.id, platform_id)
        status = (await parts.accounts.get(session, known)).status if known else None
        if status is not None and status not in _ALLOWED[errand]:
            # This conversation has proven the account: it may hear why nothing can be done here now.
            await parts.outbox.say(turn, Say(f"self.not_now.{status}", {"account": known or ""}, _HUMAN), context)
            return
        await self._leave_others(turn)
        row = await self.open(turn, platform_id, version.id)
        state = State(errand=errand, account_id=known, field=field if errand == "change" else None)
        run = _Run(turn, row, context, state, await self._world(turn, row, state))
        intro = introduction(platform.profile, errand)
        if intro is not None:
            await self.say(run, intro)
        await self.move(run, Started(""))

    async def begin_stolen(self, turn: Turn, account: AccountRow) -> None:
        """The button 不是我操作: the account is frozen already, what is left is to say what happened."""
        version = await self._parts.agreements.in_force(turn.session, account.platform_id)
        platform = self._parts.platforms.get(account.platform_id)
        context = render_context(platform, version, turn.conversation.channel)
        await self._leave_others(turn)
        turn.conversation.platform_id = account.platform_id
        row = await self.open(turn, account.platform_id, version.id)
        state = State(
            errand="report_stolen",
            account_id=account.id,
            proven=True,
            proven_at=self._parts.clock.now(),
            frozen=True,
            named=("account_id", account.id),
        )
        run = _Run(turn, row, context, state, await self._world(turn, row, state))
        await self.move(run, Started(""))

    async def _leave_others(self, turn: Turn) -> None:
        """Another errand that was open here is forgotten; a registration is only left."""
        flow_id = turn.conversation.flow_id
        standing = await turn.session.get(FlowRow, flow_id) if flow_id else None
        if standing is not None and standing.kind == KIND:
            await forget(turn.session, self._parts, standing.id, "restarted")
        turn.conversation.flow_id = None

    # --- the runner's ------------------------------------------------------------------------------

    async def feed(self, turn: Turn, row: FlowRow, event: Event) -> None:
        run = await self.load(turn, row)
        await (self.settle(run, _GONE) if _is_gone(run) else self.move(run, event))

    async def prompt(self, turn: Turn, row: FlowRow) -> None:
        run = await self.load(turn, row)
        await self.settle(run, _GONE if _is_gone(run) else self.standing(run))

    async def state(self, session: AsyncSession, row: FlowRow) -> State:
        assert row.sealed is not None
        raw = await self._parts.vault.unseal(session, row.key_id, f"flows|{row.id}", row.sealed)
        return State.model_validate_json(raw)

    async def load(self, turn: Turn, row: FlowRow) -> _Run:
        platform = self._parts.platforms.get(row.platform_id)
        version: Version = await self._parts.agreements.get(turn.session, row.agreement_id or "")
        context: RenderContext = render_context(platform, version, turn.conversation.channel)
        state = await self.state(turn.session, row)
        return _Run(turn, row, context, state, await self._world(turn, row, state))

    def apply(self, run: _Run, event: Event) -> Sequence[fx.Effect]:
        run.state, effects = selfservice.apply(run.state, event, run.world)
        return effects

    def standing(self, run: _Run) -> Sequence[fx.Effect]:
        return selfservice.current(run.state, run.world).prompt(run.state, run.world)

    def step_key(self, run: _Run) -> str:
        return selfservice.step_key(run.state, run.world)

    def position(self, run: _Run) -> tuple[int, int]:
        return selfservice.position(run.state, run.world)

    def awaited_field(self, run: _Run) -> str | None:
        return selfservice.awaited_field(run.state, run.world)

    def dump(self, run: _Run) -> bytes:
        return run.state.model_dump_json().encode()

    async def ending(self, run: _Run, effect: fx.End) -> None:
        for challenge_id in (run.state.challenge, run.state.new_challenge):
            if challenge_id:
                await self._parts.verification.void(run.turn.session, challenge_id)

    async def ended(self, run: _Run) -> None:
        """A registration that was left for the errand is offered again."""
        left = await run.turn.session.scalar(
            select(FlowRow)
            .where(
                FlowRow.conversation_id == run.here,
                FlowRow.platform_id == run.row.platform_id,
                FlowRow.outcome.is_(None),
                FlowRow.kind != KIND,
            )
            .order_by(FlowRow.updated_at.desc())
            .limit(1)
        )
        if left is None:
            return
        run.turn.conversation.flow_id = left.id
        buttons = (Button("c.resume", "resume", style="primary"), Button("c.drop", "drop"))
        words = {"at": left.at, "of": left.of, "title": run.world.profile.agreement_title.strip("《》")}
        await self._parts.outbox.say(run.turn, Say(f"resume.ask.{left.kind}", words, buttons), run.context)

    async def carry_out_own(self, run: _Run, effect: fx.Effect) -> Event | None:
        parts, session = self._parts, run.turn.session
        match effect:
            case own.SendToAccount(named, _):
                return await self._send(run, named)
            case own.ProveAccount(named, challenge_id, code, _):
                return await self._prove(run, named, challenge_id, code)
            case own.FreezeKnown():
                return await self._freeze_known(run)
            case own.FileRequest() if not run.state.proven:
                known = run.state.account_id if run.state.frozen else None
                return await self._file(run, await session.get(AccountRow, known) if known else None, effect)
        row = await self._account(run)
        if row is None:
            for effect in _GONE:
                await self._carry_out(run, effect)
            return None
        channel = self._channel(run)
        match effect:
            case own.Freeze(reason):
                undone = await deeds.freeze(session, parts, row, reason=reason, channel=channel, here=run.here)
                run.state = run.state.but(proven_at=parts.clock.now())
                return own.Frozen(undone)
            case own.TrustHere():
                await parts.accounts.bind(session, row.id, run.here)
                return own.Trusted()
            case own.BeginNotice():
                await deeds.begin_notice(session, parts, row, channel=channel, here=run.here)
            case own.SetPassword(hashed):
                await deeds.set_password(session, parts, row, hashed=hashed, channel=channel, here=run.here)
                return own.PasswordSet()
            case own.ChangeValue(field, value, display):
                try:
                    await deeds.change(session, parts, row, field, value, channel=channel, here=run.here)
                except IdentifierTaken as error:
                    return own.ChangeTaken(error.kind)
                if field == "phone":
                    # The new one was proven just now.
                    run.state = run.state.but(proven_at=parts.clock.now())
                run.world = await self._world(run.turn, run.row, run.state)
                return own.Changed(field, display)
            case own.CloseAccount():
                await deeds.close(
                    session, parts, row, channel=channel, here=run.here, sms_key=run.turn.conversation.key_id
                )
                return own.Closed()
            case own.FileRequest():
                return await self._file(run, row, effect)
            case own.OpenData():
                page = await open_data_page(session, parts, run.row.id, row.id)
                await record(session, parts, row, "data_shown", {"channel": channel})
                return own.DataOpened(page.path, parts.policy.page_lifetime // timedelta(minutes=1), page.expires_at)
        return None

    async def _freeze_known(self, run: _Run) -> Event:
        """The phone is lost: being an address the account trusts is proof enough for what does no harm."""
        parts, session = self._parts, run.turn.session
        known = run.state.account_id
        if known is None or not await self._speaks_for(session, run.here, known):
            # Sessions were ended meanwhile, or the account was closed: it is a stranger's report like any other.
            return own.NotKnown()
        row = await parts.accounts.row(session, known)
        channel = self._channel(run)
        undone = await deeds.freeze(session, parts, row, reason="lost_phone", channel=channel, here=run.here)
        return own.Frozen(undone)

    # --- the account and its proof -------------------------------------------------------------------

    async def _named(self, session: AsyncSession, run: _Run, named: tuple[str, str]) -> tuple[AccountRow | None, str]:
        """The account of this name, if this errand may go on with it, and the phone that proves it.

        The same statements whether it exists or not: what cannot be seen in the words cannot be seen in the work.
        """
        kind, canonical = named
        errand = run.state.errand
        row = await self._parts.accounts.named(
            session, run.row.platform_id, kind, canonical, old_phones=errand == "report_stolen"
        )
        if row is None or row.status not in _ALLOWED[errand]:
            await session.get(DataKeyRow, "k_nobody")
            return None, ""
        phone, old = await self._parts.accounts.phones(session, row)
        if old is not None and errand == "report_stolen" and kind == "phone" and canonical == old:
            return row, old
        return row, phone

    async def _send(self, run: _Run, named: tuple[str, str]) -> Event:
        parts, session = self._parts, run.turn.session
        _row, registered = await self._named(session, run, named)
        phone = registered or None
        sent = await parts.verification.send_to_account(
            session, purpose=run.state.purpose, named=named, phone=phone, asker=run.asker
        )
        if not isinstance(sent, Sent):
            return CodeNotSent(sent.reason, sent.wait)
        await queue_code(session, parts, run.row, sent, phone, run.state.purpose, conversation_id=None)
        return CodeSent(sent.challenge_id, "", sent.lifetime, sent.resend_after)

    async def _prove(self, run: _Run, named: tuple[str, str], challenge_id: str, code: str) -> Event:
        parts, session = self._parts, run.turn.session
        checked = await parts.verification.check(
            session, challenge_id=challenge_id, purpose=run.state.purpose, asker=run.asker, code=code
        )
        row, phone = await self._named(session, run, named)
        if not isinstance(checked, Proven):
            return CodeWrong(checked.tries_left)
        challenge = await session.get_one(ChallengeRow, challenge_id)
        if row is not None:
            # Looked at again once nobody else can change it.
            await parts.accounts.row(session, row.id)
            row, phone = await self._named(session, run, named)
        if row is None or challenge.phone_index not in parts.vault.blinds("phone", phone):
            # Frozen, closed or given another phone since the code went out.
            return CodeWrong(0)
        run.turn.conversation.platform_id = row.platform_id
        body = {"challenge": challenge_id, "errand": run.state.errand, "channel": self._channel(run)}
        await record(session, parts, row, "phone_proven", body)
        run.state = run.state.but(proven_at=parts.clock.now())
        run.world = await self._world(run.turn, run.row, run.state.but(proven=True, account_id=row.id))
        if run.world.holder is not None and run.world.holder.hurdle == "none":
            # A weak proof makes this conversation no address of the account: nothing of it is told here.
            await parts.accounts.bind(session, row.id, run.here)
        return own.AccountProven(row.id)

    async def _account(self, run: _Run) -> AccountRow | None:
        """The proven account, locked; None when it may not be acted upon any more."""
        assert run.state.account_id is not None
        row = await self._parts.accounts.row(run.turn.session, run.state.account_id)
        return row if _still_proven(row, run.state) else None

    async def account_of(self, session: AsyncSession, state: State) -> AccountRow | None:
        """The account an errand has proven; None before, and when the proof counts no more."""
        row = await session.get(AccountRow, state.account_id) if state.proven and state.account_id else None
        return row if row is not None and _still_proven(row, state) else None

    async def _world(self, turn: Turn, row: FlowRow, state: State) -> World:
        profile = self._parts.platforms.get(row.platform_id).profile
        return World(
            profile=profile,
            chat_allowed=await self._chat_allowed(turn),
            today=self._parts.clock.now().astimezone(SHANGHAI).date(),
            holder=await self._holder(turn.session, state),
            known_phone=await self._known_phone(turn.session, turn.conversation.id, state),
        )

    async def _speaks_for(self, session: AsyncSession, here: str, account_id: str) -> bool:
        """Whether this conversation still is an address the account trusts, and the account lives."""
        return account_id in {account.id for account in await self._parts.accounts.all_of_conversation(session, here)}

    async def _known_phone(self, session: AsyncSession, here: str, state: State) -> str:
        """How a chat shows the phone of an account that was proven here before; nothing for any other."""
        if state.proven or state.account_id is None or not await self._speaks_for(session, here, state.account_id):
            return ""
        return Phone((await self._parts.accounts.data(session, state.account_id))["phone"]).display

    async def _chat_allowed(self, turn: Turn) -> bool:
        """Personal data are typed in a channel abroad only with the person's separate consent (PIPL 39)."""
        if turn.conversation.channel not in CHANNELS_ABROAD:
            return True
        latest = await turn.session.scalar(
            select(DecisionRow.decision)
            .join(FlowRow, FlowRow.id == DecisionRow.flow_id)
            .where(FlowRow.conversation_id == turn.conversation.id, DecisionRow.item == CROSS_BORDER)
            .order_by(DecisionRow.decided_at.desc())
            .limit(1)
        )
        return latest == "given"

    async def _holder(self, session: AsyncSession, state: State) -> Holder | None:
        parts = self._parts
        row = await self.account_of(session, state)
        if row is None:
            return None
        data = await parts.accounts.data(session, row.id)
        has_number = bool(data.get("id_number") or data.get("credit_code"))
        return Holder(
            account_id=row.id,
            subject=row.subject,  # type: ignore[arg-type]
            phone=Phone(data["phone"]).display,
            shown={name: _shown(name, value) for name, value in data.items()},
            hurdle=hurdle(row, data["phone"], has_number, parts.policy, parts.clock.now()),
        )

    # --- requests --------------------------------------------------------------------------------------

    async def _file(self, run: _Run, row: AccountRow | None, effect: own.FileRequest) -> Event:
        """`row`: the account, locked, so that of two requests of a kind the second finds the first."""
        parts, session, turn = self._parts, run.turn.session, run.turn
        today = parts.clock.now().astimezone(SHANGHAI).date()
        request: Request = await parts.requests.file(
            session,
            kind=effect.kind,
            platform_id=run.row.platform_id,
            account_id=row.id if row else None,
            conversation_id=run.here,
            key_id=row.key_id if row else turn.conversation.key_id,
            words=effect.words,
            urgent=effect.urgent,
            due=deadline(today, effect.working_days) if effect.working_days else None,
        )
        body: dict[str, Any] = {
            "request": request.id,
            "kind": effect.kind,
            "urgent": effect.urgent,
            "channel": self._channel(run),
        }
        if row is not None:
            await record(session, parts, row, "request_filed", body)
        else:
            await parts.ledger.append(session, run.row.platform_id, "request_filed", run.row.id, body)
        await tell_systems(
            session, parts, "request_filed", run.row.platform_id, row.id if row else None,
            {"request": request.id, "kind": effect.kind, "urgent": effect.urgent},
        )  # fmt: skip
        if effect.kind == "dissolution" and row is not None:
            await deeds.suspend(session, parts, row, channel=self._channel(run), here=run.here)
        return own.Filed(request.id, request.due)

    def _channel(self, run: _Run) -> dict[str, Any]:
        return {**channel_of(run.turn), **pressed_of(run.turn, self._parts.clock.now())}


def _still_proven(row: AccountRow, state: State) -> bool:
    """Whether the account may be acted upon by this proof.

    A new password, a freezing, a phone changed or changed back end every proof that was given before.
    """
    since = max(row.sessions_valid_from, row.phone_changed_at or row.sessions_valid_from)
    return row.status in _ALLOWED[state.errand] and state.proven_at is not None and since <= state.proven_at


def _is_gone(run: _Run) -> bool:
    return run.state.proven and run.world.holder is None


def refusal(profile: Profile, errand: Errand) -> Say | None:
    """What is said where the agreement has no such thing, or forbids it; None where the errand goes on."""
    rules = profile.account
    if errand == "transfer" and not rules.transfer.allowed:
        return Say("self.transfer.refused", {"explain": rules.transfer.explain}, _HUMAN)
    if errand == "dissolution" and rules.dissolution is None:
        return Say("self.dissolution.silent", {}, _HUMAN)
    return None


def introduction(profile: Profile, errand: Errand) -> Say | None:
    """What the agreement says about the matter, before anything is asked."""
    rules = profile.account
    match errand:
        case "reset_password":
            return Say("self.reset.intro", {"explain": rules.recovery.explain})
        case "report_stolen":
            return Say("self.stolen.intro", {"explain": rules.security.explain})
        case "transfer":
            return Say("self.transfer.intro", {"explain": rules.transfer.explain})
        case "dissolution":
            return Say("self.dissolution.intro", {"explain": rules.dissolution.explain if rules.dissolution else ""})
        case "change":
            return Say("self.change.intro")
        case "cancel":
            return Say("self.leave.intro")
        case "access":
            return Say("self.access.intro")


def _shown(name: str, value: str) -> str:
    """A registered value as a chat may show it to its owner."""
    if name == "phone":
        return Phone(value).display
    if name == "email":
        return display_email(value)
    if name in {"id_number", "credit_code"}:
        return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"
    return value
