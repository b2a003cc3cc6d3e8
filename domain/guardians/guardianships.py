"""Guardianships as they are kept: invited, bound, decided, ended. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import new_id
from domain.errors import KeyDestroyed
from domain.flows.codes import bare, new_code
from domain.flows.tables import FlowRow
from domain.guardians.rules import Band, Identity, Relation
from domain.guardians.tables import GuardianshipRow
from domain.parts import Parts

INVITATION = timedelta(hours=72)
"""How long an invitation can be taken. Our own choice."""
REFUSAL_STANDS = timedelta(hours=48)
"""So long a guardian who said no is not asked again (网络数据安全管理条例 22/5: 不得频繁征求同意)."""
SILENCE = timedelta(days=30)
"""Who does not answer for so long has refused (民法典 145/2)."""

Waiting = ("invited", "bound")
Ended = Literal["refused", "expired", "revoked", "withdrawn", "ended"]


class Guardianships:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # --- found ---------------------------------------------------------------------------------------

    async def get(self, session: AsyncSession, guardianship_id: str) -> GuardianshipRow:
        """The row, locked for a change."""
        return await session.get_one(GuardianshipRow, guardianship_id, with_for_update=True, populate_existing=True)

    async def by_code(self, session: AsyncSession, code: str) -> GuardianshipRow | None:
        """The guardianship an invitation is for, while it can be taken; None otherwise."""
        row = await session.scalar(select(GuardianshipRow).where(GuardianshipRow.code_digest.in_(self._digests(code))))
        if row is None or row.state not in Waiting or row.code_until is None:
            return None
        return row if self._parts.clock.now() < row.code_until else None

    async def of_flow(self, session: AsyncSession, guardian_flow_id: str) -> GuardianshipRow | None:
        return await session.scalar(
            select(GuardianshipRow).where(GuardianshipRow.guardian_flow_id == guardian_flow_id).with_for_update()
        )

    async def of_ward_flow(self, session: AsyncSession, ward_flow_id: str) -> Sequence[GuardianshipRow]:
        rows = await session.scalars(
            select(GuardianshipRow)
            .where(GuardianshipRow.ward_flow_id == ward_flow_id)
            .order_by(GuardianshipRow.created_at)
            .with_for_update()
        )
        return rows.all()

    async def of_guardian(self, session: AsyncSession, conversation_id: str) -> Sequence[GuardianshipRow]:
        """The accounts this conversation's person is the guardian of."""
        rows = await session.scalars(
            select(GuardianshipRow)
            .where(
                GuardianshipRow.guardian_conversation_id == conversation_id,
                GuardianshipRow.state == "consented",
                GuardianshipRow.ward_account_id.is_not(None),
            )
            .order_by(GuardianshipRow.created_at)
        )
        return rows.all()

    async def of_account(self, session: AsyncSession, account_id: str) -> Sequence[GuardianshipRow]:
        rows = await session.scalars(
            select(GuardianshipRow).where(
                GuardianshipRow.ward_account_id == account_id, GuardianshipRow.state == "consented"
            )
        )
        return rows.all()

    async def said_no_lately(
        self, session: AsyncSession, ward: FlowRow, phone: str, ward_number: str | None = None
    ) -> bool:
        """Whether the guardian with this phone refused this ward within the time a refusal stands."""
        since = self._parts.clock.now() - REFUSAL_STANDS
        same_ward = [GuardianshipRow.ward_conversation_id == ward.conversation_id]
        if ward_number is not None:
            same_ward.append(GuardianshipRow.ward_index.in_(self._blinds("ward", ward_number)))
        found = await session.scalar(
            select(GuardianshipRow.id)
            .where(
                GuardianshipRow.platform_id == ward.platform_id,
                GuardianshipRow.state == "refused",
                GuardianshipRow.decided_at > since,
                GuardianshipRow.phone_index.in_(self._blinds("guardian_phone", phone)),
                or_(*same_ward),
            )
            .limit(1)
        )
        return found is not None

    async def others_disagree(self, session: AsyncSession, row: GuardianshipRow) -> bool:
        """Whether another guardian of the same ward said no not long ago (民法典 31: guardians in dispute)."""
        since = self._parts.clock.now() - SILENCE
        same_ward = [
            GuardianshipRow.ward_flow_id == row.ward_flow_id,
            GuardianshipRow.ward_conversation_id == row.ward_conversation_id,
        ]
        if row.ward_index is not None:
            same_ward.append(GuardianshipRow.ward_index == row.ward_index)
        found = await session.scalar(
            select(GuardianshipRow.id)
            .where(
                GuardianshipRow.id != row.id,
                GuardianshipRow.platform_id == row.platform_id,
                GuardianshipRow.state.in_(["refused", "withdrawn"]),
                GuardianshipRow.decided_at > since,
                or_(*same_ward),
            )
            .limit(1)
        )
        return found is not None

    async def wards_of(self, session: AsyncSession, row: GuardianshipRow, number: str) -> int:
        """How many others the guardian with this number has, on every platform together."""
        wards = await session.scalars(
            select(GuardianshipRow.ward_index)
            .where(
                GuardianshipRow.guardian_index.in_(self._blinds("guardian", number)),
                GuardianshipRow.state == "consented",
                GuardianshipRow.id != row.id,
            )
            .distinct()
        )
        return len(wards.all())

    # --- changed -------------------------------------------------------------------------------------

    async def invite(self, session: AsyncSession, ward: FlowRow, band: Band, phone: str | None) -> tuple[str, str]:
        """A guardian is asked. Returns (guardianship id, code).

        Args:
            phone: E.164, of whom the ward names; None when the guardian sits beside the ward.
        """
        parts, now = self._parts, self._parts.clock.now()
        code = new_code(parts.chance)
        guardianship_id = new_id("w", parts.chance)
        session.add(
            GuardianshipRow(
                id=guardianship_id,
                platform_id=ward.platform_id,
                state="invited",
                band=band,
                ward_flow_id=ward.id,
                ward_conversation_id=ward.conversation_id,
                evidence_key_id=ward.evidence_key_id,
                key_id=await parts.vault.new_key(session, guardianship_id),
                phone_index=self._blind("guardian_phone", phone) if phone else None,
                code_digest=self._digest(code) if phone else None,
                code_until=now + INVITATION if phone else None,
                created_at=now,
            )
        )
        await session.flush()
        return guardianship_id, code

    def named(self, row: GuardianshipRow, phone: str) -> bool:
        """Whether this is the phone the ward named; beside the ward any phone is as good."""
        return row.phone_index is None or row.phone_index in self._blinds("guardian_phone", phone)

    async def bind(self, session: AsyncSession, row: GuardianshipRow, guardian: FlowRow, phone: str) -> bool:
        """Give the invitation to whoever has proved the phone; False when somebody else holds it or it is over."""
        if row.state not in Waiting or row.guardian_conversation_id not in {None, guardian.conversation_id}:
            return False
        row.state, row.guardian_flow_id, row.guardian_conversation_id = "bound", guardian.id, guardian.conversation_id
        row.phone_index = self._blind("guardian_phone", phone)
        await session.flush()
        return True

    async def identify(
        self, session: AsyncSession, row: GuardianshipRow, guardian: Identity, ward: Identity, names: dict[str, str],
        relation: Relation, band: Band,
    ) -> None:  # fmt: skip
        """Keep who both are, sealed; the indexes find them again."""
        kept = {
            **names,
            "guardian_number": guardian.number,
            "guardian_phone": guardian.phone or "",
            "ward_number": ward.number,
            "ward_birth": ward.birth.isoformat(),
        }
        row.sealed = await self._parts.vault.seal_json(session, row.key_id, f"guardianships|{row.id}", kept)
        row.guardian_index, row.ward_index = self._blind("guardian", guardian.number), self._blind("ward", ward.number)
        row.relation, row.band = relation, band
        await session.flush()

    def is_ward(self, row: GuardianshipRow, number: str) -> bool:
        """Whether the identity card with this number is the ward's."""
        return row.ward_index in self._blinds("ward", number)

    async def birth(self, session: AsyncSession, row: GuardianshipRow) -> date | None:
        """The ward's day of birth; None once the identities were destroyed."""
        try:
            known = await self.identities(session, row)
        except KeyDestroyed:
            return None
        return date.fromisoformat(known["ward_birth"]) if known else None

    async def identities(self, session: AsyncSession, row: GuardianshipRow) -> dict[str, str]:
        """guardian_name, guardian_number, guardian_phone, ward_name, ward_number, ward_birth. Raises KeyDestroyed."""
        if row.sealed is None:
            return {}
        known: dict[str, str] = await self._parts.vault.unseal_json(
            session, row.key_id, f"guardianships|{row.id}", row.sealed
        )
        return known

    async def end(self, session: AsyncSession, row: GuardianshipRow, state: Ended) -> None:
        """It is over: the identities are gone. The indexes of a refusal stay as long as the refusal stands.

        Where an account rested on it, what the ledger commits to stays with the evidence of that account, whose time
        ends later; everywhere else nothing can be opened any more.
        """
        now = self._parts.clock.now()
        row.state, row.ended_at, row.code_digest, row.sealed, row.turns_in = state, now, None, None, None
        row.decided_at = row.decided_at if state in {"ended"} else now
        if state not in {"refused", "withdrawn"}:
            row.phone_index = row.guardian_index = row.ward_index = None
        if state in {"refused", "expired", "revoked"}:
            await self._parts.vault.destroy(session, row.key_id)
        await session.flush()

    def _blind(self, kind: str, canonical: str) -> bytes:
        return self._parts.vault.blind(f"guardians|{kind}", canonical)

    def _blinds(self, kind: str, canonical: str) -> list[bytes]:
        return self._parts.vault.blinds(f"guardians|{kind}", canonical)

    def _digest(self, code: str) -> bytes:
        return self._parts.vault.keyring.digest("pages", b"guardian", bare(code).encode())[1]

    def _digests(self, code: str) -> list[bytes]:
        return self._parts.vault.keyring.digests("pages", b"guardian", bare(code).encode())
