"""What registrations with a guardian do beyond saying things, in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import SHANGHAI
from domain.flows import effects as fx
from domain.flows.events import Event
from domain.flows.tables import FlowRow
from domain.guardians import effects as own
from domain.guardians.guardianships import INVITATION, Guardianships, Waiting
from domain.guardians.rules import Band, next_birthday, requirement
from domain.guardians.tables import GuardianshipRow
from domain.identifiers.phones import Phone
from domain.messaging.notices import tell_systems
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Turn
from domain.parts import Parts

if TYPE_CHECKING:
    from domain.registration.service import RegistrationRun, Registrations


class GuardianEffects:
    """Carries out the effects of `domain.guardians.effects` for the registrations."""

    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        self._parts = parts
        self._registrations = registrations
        self.rows = Guardianships(parts)

    async def carry_out(self, run: RegistrationRun, effect: fx.Effect) -> Event | None:
        match effect:
            case own.Declare(band):
                await self._registrations.record(run, "declared", (), {"band": band})
            case own.Invite(phone, band):
                return await self._invite(run, effect)
            case own.Accompany(band):
                guardianship_id, _ = await self._ask(run, band, None)
                row = await self.rows.get(run.turn.session, guardianship_id)
                run.turn.conversation.flow_id = None
                await self._registrations.begin_guarding(run.turn, row)
            case own.CheckNamed(phone):
                row = await self._row(run)
                return own.Named(phone) if self.rows.named(row, phone) else own.NotNamed()
            case own.Bind():
                return await self._bind(run)
            case own.AskStaff(reasons):
                await self._ask_staff(run, await self._row(run), "review", reasons)
            case own.Consented():
                return await self._consented(run)
            case own.OfAge():
                return await self._of_age(run)
        return None

    async def ended(self, run: RegistrationRun, outcome: str) -> None:
        """What a guardian's flow that ended means for the ward; a ward's flow that ended calls its guardian off."""
        session = run.turn.session
        if run.state.guarding is None:
            if outcome != "registered" and run.state.ward is not None:
                await self.call_off(session, run.row.id)
            return
        row = await self._row(run)
        mine = row.guardian_flow_id == run.row.id
        if not mine and not run.state.guarding.beside:
            return  # Whoever opened it without proving the phone has no say.
        if outcome in {"declined", "guardian_refused"} and row.state in {*Waiting, "review"}:
            await self.refuse(session, row, "refused" if outcome == "declined" else "look_refused")
        elif row.state in {*Waiting, "review"}:
            if run.state.guarding.beside:
                await self.rows.end(session, row, "revoked")
                await self.tell_ward(session, row, "left")
            else:
                # Somebody opened it and went away: the invitation still stands, for whoever proves the phone.
                row.state, row.guardian_flow_id, row.guardian_conversation_id = "invited", None, None

    async def call_off(self, session: AsyncSession, ward_flow_id: str) -> None:
        """The ward does not go on: whoever was asked need not answer any more."""
        for row in await self.rows.of_ward_flow(session, ward_flow_id):
            if row.state in {*Waiting, "review", "held", "consented"} and row.ward_account_id is None:
                asked = row.guardian_conversation_id
                await self.rows.end(session, row, "revoked")
                if asked is not None and asked != row.ward_conversation_id:
                    await self._parts.inbox.tell(
                        session, asked, key=f"{row.id}:off", message="news.guardian_off", words=self._words(row)
                    )

    async def refuse(self, session: AsyncSession, row: GuardianshipRow, outcome: str) -> None:
        """The guardian, or staff, said no: nothing of the ward stays."""
        await self.rows.end(session, row, "refused")
        await tell_systems(
            session, self._parts, "guardian_refused", row.platform_id, None, {"guardianship": row.id, "how": outcome}
        )
        await self.tell_ward(session, row, outcome)

    async def consent(self, session: AsyncSession, row: GuardianshipRow) -> None:
        """The guardian's consent counts: the ward goes on, or the guardian in its name (民法典 20)."""
        row.state, row.decided_at = "consented", self._parts.clock.now()
        capacity = self._parts.platforms.get(row.platform_id).profile.capacity
        there = row.guardian_conversation_id
        if requirement(capacity, row.band).agent and there and there != row.ward_conversation_id:  # type: ignore[arg-type]
            await self._hand_over(session, row, there)
        await tell_systems(session, self._parts, "guardian_consented", row.platform_id, None, {"guardianship": row.id})
        await self.tell_ward(session, row, "given")

    async def tell_ward(self, session: AsyncSession, row: GuardianshipRow, outcome: str) -> None:
        """Have the ward's own conversation go on, in its own turn and order."""
        conversation = await session.get_one(ConversationRow, row.ward_conversation_id)
        payload = {"guardian": row.id, "outcome": outcome}
        await self._parts.inbox.receive(session, conversation, f"guardian:{row.id}:{outcome}", payload)

    async def hear_of_it(self, turn: Turn, guardianship_id: str, outcome: str) -> None:
        """In the ward's conversation: what became of the guardian's decision."""
        row = await turn.session.get_one(GuardianshipRow, guardianship_id)
        flow = await turn.session.get(FlowRow, row.ward_flow_id, with_for_update=True)
        if flow is None or flow.outcome is not None or flow.conversation_id != turn.conversation.id:
            return
        turn.conversation.flow_id, turn.conversation.platform_id = flow.id, flow.platform_id
        said = own.GuardianSaid(outcome, row.band)  # type: ignore[arg-type]
        await self._registrations.feed(turn, flow, said)

    async def decided(self, session: AsyncSession, request_id: str, *, granted: bool) -> None:
        """Staff have decided a request: the guardian goes on, or a dispute is settled."""
        row = await session.scalar(
            select(GuardianshipRow).where(GuardianshipRow.request_id == request_id).with_for_update()
        )
        if row is None:
            return
        if row.state == "held":
            if granted:
                await self.consent(session, row)
            else:
                await self.refuse(session, row, "look_refused")
            return
        if row.state != "review" or row.guardian_conversation_id is None:
            return
        row.state = "bound"
        conversation = await session.get_one(ConversationRow, row.guardian_conversation_id)
        payload = {"looked": row.id, "granted": granted}
        await self._parts.inbox.receive(session, conversation, f"looked:{row.id}:{row.request_id}", payload)

    async def hear_looked(self, turn: Turn, guardianship_id: str, *, granted: bool) -> None:
        """In the guardian's conversation: staff have looked at it."""
        row = await turn.session.get_one(GuardianshipRow, guardianship_id)
        flow = await turn.session.get(FlowRow, row.guardian_flow_id or "", with_for_update=True)
        if flow is None or flow.outcome is not None or flow.conversation_id != turn.conversation.id:
            return
        turn.conversation.flow_id, turn.conversation.platform_id = flow.id, flow.platform_id
        await self._registrations.feed(turn, flow, own.Looked(granted))

    async def registered(self, run: RegistrationRun, account_id: str) -> None:
        """The ward has an account now: its guardian hears so and looks after it until the ward is of age."""
        session = run.turn.session
        for row in await self.rows.of_ward_flow(session, run.row.id):
            if row.state != "consented":
                continue
            row.ward_account_id = account_id
            await note_turning_point(session, self.rows, row, self._parts)
            there = row.guardian_conversation_id
            if there is not None and there != run.turn.conversation.id:
                await self._parts.inbox.tell(
                    session, there, key=f"{row.id}:registered", message="news.ward_registered",
                    words={**self._words(row), "account": account_id}, buttons=(("c.wards", "my_wards", "default"),),
                )  # fmt: skip

    async def is_guardians_phone(self, run: RegistrationRun, phone: str) -> bool:
        """Whether a ward gives its guardian's phone as its own (only a child under eight has none of its own)."""
        if run.state.ward is None or run.journey.needs(run.state).agent:
            return False
        rows = await self.rows.of_ward_flow(run.turn.session, run.row.id)
        return any(row.phone_index is not None and self.rows.named(row, phone) for row in rows)

    # --- what the effects do ---------------------------------------------------------------------------

    async def _invite(self, run: RegistrationRun, effect: own.Invite) -> Event:
        session = run.turn.session
        if await self.rows.said_no_lately(session, run.row, effect.phone):
            return own.NotInvited()
        guardianship_id, code = await self._ask(run, effect.band, effect.phone)
        until = (self._parts.clock.now() + INVITATION).astimezone(SHANGHAI)
        return own.Invited(guardianship_id, code, f"{until.month}月{until.day}日 {until:%H:%M}")

    async def _ask(self, run: RegistrationRun, band: Band, phone: str | None) -> tuple[str, str]:
        """Ask a guardian; whoever was asked before need not answer any more. Returns (guardianship id, code)."""
        await self.call_off(run.turn.session, run.row.id)
        guardianship_id, code = await self.rows.invite(run.turn.session, run.row, band, phone)
        await self._registrations.record(run, "guardian_invited", (), {"guardianship": guardianship_id})
        return guardianship_id, code

    async def _bind(self, run: RegistrationRun) -> Event:
        session, state = run.turn.session, run.state
        row = await self._row(run)
        ward = await session.get(FlowRow, row.ward_flow_id)
        gone = ward is None or ward.outcome is not None
        if gone or not await self.rows.bind(session, row, run.row, state.values["phone"]):
            return own.NotBound()
        shown = Phone(state.values["phone"]).display
        body = {"guardianship": row.id, "beside": state.guarding.beside if state.guarding else False}
        await self._registrations.record(
            run, "guardian_bound", (), {**body, "identity": {"phone": "sms_code", "challenge": state.challenge}}
        )
        run.state = state.but(displays={**state.displays, "phone": shown})
        return own.Bound()

    async def _ask_staff(
        self, run: RegistrationRun, row: GuardianshipRow, state: str, reasons: tuple[str, ...]
    ) -> None:
        parts, session, conversation = self._parts, run.turn.session, run.turn.conversation
        names = await self.rows.identities(session, row)
        request = await parts.requests.file(
            session,
            kind="guardian",
            platform_id=row.platform_id,
            account_id=None,
            conversation_id=conversation.id,
            # Gone with the identities, should it come to a no.
            key_id=row.key_id,
            words={
                "reasons": "、".join(reasons),
                "relation": row.relation or "",
                "band": row.band,
                "guardian": names.get("guardian_name", ""),
                "ward": names.get("ward_name", ""),
            },
        )
        row.state, row.request_id = state, request.id
        await self._registrations.record(
            run, "request_filed", (), {"request": request.id, "kind": "guardian", "reasons": list(reasons)}
        )
        await tell_systems(
            session, parts, "request_filed", row.platform_id, None,
            {"request": request.id, "kind": "guardian", "urgent": False},
        )  # fmt: skip
        await self.tell_ward(session, row, "look")

    async def _consented(self, run: RegistrationRun) -> Event:
        session = run.turn.session
        row = await self._row(run)
        ward = await session.get(FlowRow, row.ward_flow_id, with_for_update=True)
        if ward is None or ward.outcome is not None or row.state != "bound":
            return own.Counted("gone")
        # Both decide about one text: the one the guardian has read.
        ward.agreement_id, row.served = run.row.agreement_id, run.state.served
        if row.request_id is None and await self.rows.others_disagree(session, row):
            await self._ask_staff(run, row, "held", ("disagreement",))
            return own.Counted("held")
        await self.consent(session, row)
        return own.Counted("given")

    async def _hand_over(self, session: AsyncSession, row: GuardianshipRow, there: str) -> None:
        """A child under eight does nothing itself: its registration goes on in the guardian's conversation."""
        flow = await session.get_one(FlowRow, row.ward_flow_id, with_for_update=True)
        left = await session.get_one(ConversationRow, row.ward_conversation_id)
        if left.flow_id == flow.id:
            left.flow_id = None
        await self._parts.inbox.tell(
            session, left.id, key=f"{row.id}:acts", message="news.guardian_acts", words=self._words(row)
        )
        await self._parts.outbox.blot_out(session, left.id, flow.id)
        flow.conversation_id = row.ward_conversation_id = there

    async def _of_age(self, run: RegistrationRun) -> Event:
        """What was decided in the flow replaces what the guardian had decided; a new receipt says so."""
        parts, session = self._parts, run.turn.session
        assert run.state.of_age is not None
        account = await parts.accounts.row(session, run.state.of_age)
        account.agreement_id = run.version.id
        path = await self._registrations.issue_receipt(run, await parts.accounts.get(session, account.id))
        await tell_systems(
            session, parts, "consented", account.platform_id, account.id, {"item": "contract", "by": "self"}
        )
        return own.OfAgeDone(path)

    async def _row(self, run: RegistrationRun) -> GuardianshipRow:
        assert run.state.guarding is not None
        return await self.rows.get(run.turn.session, run.state.guarding.guardianship)

    def _words(self, row: GuardianshipRow) -> dict[str, str]:
        return {"platform": self._parts.platforms.get(row.platform_id).profile.name}


async def note_turning_point(session: AsyncSession, rows: Guardianships, row: GuardianshipRow, parts: Parts) -> None:
    """Write down in which month the ward is to be asked anew; the day stays sealed."""
    birth = await rows.birth(session, row)
    today = parts.clock.now().astimezone(SHANGHAI).date()
    day = next_birthday(birth, today) if birth and row.band != "ward" else None
    row.turns_in = f"{day:%Y-%m}" if day else None
