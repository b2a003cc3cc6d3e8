"""Whose consents a conversation may look at and change."""

from __future__ import annotations

from dataclasses import dataclass

from domain.accounts.tables import AccountRow
from domain.consent.service import Decided
from domain.conversations.talk import Talk
from domain.messaging.turn import Turn
from domain.platforms import Profile
from domain.registration.service import KIND as REGISTRATION


@dataclass(frozen=True)
class Holding:
    """The consents of an account, or of a registration that is not finished (`account_id` is None).

    `flow_id` is what the decisions stand under, `subject` whom the ledger's entries are about.
    """

    id: str
    profile: Profile
    flow_id: str
    subject: str
    decided: tuple[Decided, ...]
    account_id: str | None = None
    active: bool = True

    def of(self, item: str) -> Decided | None:
        return next((d for d in self.decided if d.item == item), None)


class Holdings:
    """Finds them: only accounts that were proven in this conversation, and its own open registration."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._parts = talk.parts

    async def all(self, turn: Turn) -> list[Holding]:
        """The accounts, the newest first, and the open registration once something was decided in it."""
        session, parts = turn.session, self._parts
        found: list[Holding] = []
        for account in await parts.accounts.all_of_conversation(session, turn.conversation.id):
            row = await session.get_one(AccountRow, account.id)
            found.append(
                Holding(
                    id=account.id,
                    profile=parts.platforms.get(account.platform_id).profile,
                    flow_id=row.flow_id,
                    subject=row.evidence_subject,
                    decided=tuple(await parts.consents.of(session, account.id)),
                    account_id=account.id,
                    active=account.status == "active",
                )
            )
        flow = await self._talk.flow(turn)
        if flow is not None and flow.kind == REGISTRATION:
            decided = tuple(await parts.consents.of_flow(session, flow.id))
            if decided:
                profile = parts.platforms.get(flow.platform_id).profile
                found.append(Holding(flow.id, profile, flow.id, flow.id, decided))
        return found

    async def get(self, turn: Turn, id: str) -> Holding | None:
        """One of them; None when it is not, or no longer, this conversation's."""
        return next((held for held in await self.all(turn) if held.id == id), None)
