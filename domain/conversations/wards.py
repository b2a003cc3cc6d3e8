"""Guardians in a conversation: an invitation opened, the wards they have, and coming of age."""

from __future__ import annotations

from domain.accounts.tables import AccountRow
from domain.conversations.talk import MENU, Talk
from domain.flows.say import Button, Say
from domain.flows.tables import FlowRow
from domain.guardians.wards import Wards, is_of_age
from domain.messaging.turn import Turn
from domain.registration.service import GUARDIAN


class WardErrands:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._guardians = talk.registrations.guardians
        self._wards = Wards(talk.parts, self._guardians.rows)

    async def open_invitation(self, turn: Turn, code: str) -> bool:
        """Whether the code invites a guardian. The ward's own conversation cannot be the guardian's (F05)."""
        session, conversation = turn.session, turn.conversation
        row = await self._guardians.rows.by_code(session, code)
        ward = await session.get(FlowRow, row.ward_flow_id) if row is not None else None
        if row is None or ward is None or ward.outcome is not None:
            return False
        if conversation.id == row.ward_conversation_id:
            await self._talk.say(turn, Say("guarding.same_conversation"))
            await self._talk.prompt(turn)
            return True
        held = row.guardian_conversation_id is not None and row.guardian_conversation_id != conversation.id
        if held:
            # Whoever else opens it learns nothing, not even that somebody holds it.
            return False
        flow = await self._talk.flow(turn)
        if flow is not None and flow.kind == GUARDIAN:
            state = await self._talk.registrations.state(session, flow)
            if state.guarding is not None and state.guarding.guardianship == row.id:
                await self._talk.prompt(turn)
                return True
        if flow is not None:
            conversation.flow_id = None
        await self._talk.registrations.begin_guarding(turn, row)
        return True

    async def offered(self, turn: Turn) -> bool:
        """Whether this person is somebody's guardian; then the wards are offered."""
        say = await self._wards.list(turn)
        if say is None:
            return False
        await self._talk.say(turn, say)
        await self._talk.prompt(turn)
        return True

    async def do(self, turn: Turn, verb: str, guardianship_id: str) -> None:
        match verb:
            case "ward_withdraw":
                say = await self._wards.ask(turn, guardianship_id, "withdraw")
            case "ward_withdrawn":
                say = await self._wards.withdraw(turn, guardianship_id)
            case "ward_delete":
                say = await self._wards.ask(turn, guardianship_id, "delete")
            case "ward_deleted":
                say = await self._wards.delete(turn, guardianship_id)
            case _:
                say = await self._wards.card(turn, guardianship_id)
        await self._talk.say(turn, say)
        await self._talk.prompt(turn)

    async def of_age(self, turn: Turn, account_id: str) -> None:
        """The person of the account reads and decides anew, where the account was proven to be theirs."""
        session, conversation, accounts = turn.session, turn.conversation, self._talk.parts.accounts
        row = await session.get(AccountRow, account_id)
        mine = (
            row is not None
            and row.status != "closed"
            and await accounts.is_trusted(session, account_id, conversation.id)
        )
        if row is None or not mine or not await is_of_age(session, self._guardians.rows, account_id):
            await self._talk.say(
                turn, Say("button.over", buttons=(*MENU[:1], Button("c.access", "my_data"), *MENU[3:]))
            )
            return
        conversation.flow_id = None
        await self._talk.registrations.begin_of_age(turn, await accounts.get(session, account_id))
