"""Accounts of persons and organisations: made once, found by blind indexes, sealed with their own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountIdentifierRow, AccountRow, UploadRow
from domain.ambient import Chance, Clock, new_id
from domain.errors import IdentifierTaken, NotFound
from domain.flows.tables import FlowRow
from domain.platforms.model import Subject
from domain.vault import Vault

# Each names one account of a platform, as canonical text.
IDENTIFIERS = ("phone", "login_name", "member_name", "email", "id_number", "credit_code")


@dataclass(frozen=True)
class Account:
    id: str
    platform_id: str
    subject: Subject
    status: str
    agreement_id: str
    created_at: datetime


class Accounts:
    def __init__(self, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance

    async def is_taken(self, session: AsyncSession, platform_id: str, kind: str, canonical: str) -> bool:
        known_as = self._vault.blinds(f"{platform_id}|{kind}", canonical.casefold())
        found = await session.scalar(
            select(AccountIdentifierRow.account_id).where(
                AccountIdentifierRow.platform_id == platform_id,
                AccountIdentifierRow.kind == kind,
                AccountIdentifierRow.blind.in_(known_as),
            )
        )
        return found is not None

    async def create(
        self,
        session: AsyncSession,
        *,
        platform_id: str,
        subject: Subject,
        values: Mapping[str, str],
        agreement_id: str,
        flow_id: str,
        evidence_key_id: str,
        evidence_subject: str,
    ) -> Account:
        """Register. `values["password"]` is the hash already.

        Raises:
            IdentifierTaken: somebody was first; nothing of this attempt stays.
        """
        for kind in IDENTIFIERS:
            if kind in values and await self.is_taken(session, platform_id, kind, values[kind]):
                raise IdentifierTaken(kind)
        account_id = new_id("a", self._chance)
        try:
            async with session.begin_nested():
                key_id = await self._vault.new_key(session, account_id)
                kept = {name: value for name, value in values.items() if name != "password"}
                session.add(
                    AccountRow(
                        id=account_id,
                        platform_id=platform_id,
                        subject=subject,
                        status="active",
                        key_id=key_id,
                        evidence_key_id=evidence_key_id,
                        evidence_subject=evidence_subject,
                        sealed=await self._vault.seal_json(session, key_id, f"accounts|{account_id}", kept),
                        password_hash=values["password"],
                        agreement_id=agreement_id,
                        flow_id=flow_id,
                        created_at=self._clock.now(),
                    )
                )
                await session.flush()
                for kind in IDENTIFIERS:
                    if kind in values:
                        session.add(
                            AccountIdentifierRow(
                                account_id=account_id,
                                kind=kind,
                                platform_id=platform_id,
                                blind=self._vault.blind(f"{platform_id}|{kind}", values[kind].casefold()),
                            )
                        )
                await session.flush()
        except IntegrityError as error:
            # Two registrations at once: the unique index has decided, find out about what.
            for kind in IDENTIFIERS:
                if kind in values and await self.is_taken(session, platform_id, kind, values[kind]):
                    raise IdentifierTaken(kind) from error
            raise
        for upload in await session.scalars(select(UploadRow).where(UploadRow.flow_id == flow_id)):
            upload_data = await self._vault.unseal(session, upload.key_id, f"uploads|{upload.id}", upload.sealed)
            upload.sealed = await self._vault.seal(session, key_id, f"uploads|{upload.id}", upload_data)
            upload.key_id = key_id
        return Account(account_id, platform_id, subject, "active", agreement_id, self._clock.now())

    async def get(self, session: AsyncSession, account_id: str) -> Account:
        row = await session.get(AccountRow, account_id)
        if row is None:
            raise NotFound(account_id)
        return Account(row.id, row.platform_id, row.subject, row.status, row.agreement_id, row.created_at)  # type: ignore[arg-type]

    async def of_conversation(self, session: AsyncSession, conversation_id: str, platform_id: str | None) -> str | None:
        """The newest account registered in this conversation, of this platform if one is named."""
        query = (
            select(AccountRow.id)
            .join(FlowRow, FlowRow.id == AccountRow.flow_id)
            .where(FlowRow.conversation_id == conversation_id)
            .order_by(AccountRow.created_at.desc())
            .limit(1)
        )
        if platform_id is not None:
            query = query.where(AccountRow.platform_id == platform_id)
        return await session.scalar(query)

    async def find(self, session: AsyncSession, platform_id: str, kind: str, canonical: str) -> Account | None:
        """The account a platform knows by this identifier."""
        known_as = self._vault.blinds(f"{platform_id}|{kind}", canonical.casefold())
        account_id = await session.scalar(
            select(AccountIdentifierRow.account_id).where(
                AccountIdentifierRow.platform_id == platform_id,
                AccountIdentifierRow.kind == kind,
                AccountIdentifierRow.blind.in_(known_as),
            )
        )
        return await self.get(session, account_id) if account_id else None

    async def data(self, session: AsyncSession, account_id: str) -> dict[str, str]:
        """What was registered, in clear. Raises KeyDestroyed after erasure."""
        row = await session.get(AccountRow, account_id)
        if row is None:
            raise NotFound(account_id)
        data: dict[str, str] = await self._vault.unseal_json(session, row.key_id, f"accounts|{row.id}", row.sealed)
        return data

    async def keep_upload(
        self, session: AsyncSession, *, flow_id: str, key_id: str, field: str, media_type: str, sha256: str, data: bytes
    ) -> str:
        """Seal a checked file under the key of its flow; it moves to the account with the registration."""
        upload_id = new_id("u", self._chance)
        session.add(
            UploadRow(
                id=upload_id,
                flow_id=flow_id,
                field=field,
                key_id=key_id,
                media_type=media_type,
                sha256=sha256,
                size=len(data),
                sealed=await self._vault.seal(session, key_id, f"uploads|{upload_id}", data),
                created_at=self._clock.now(),
            )
        )
        await session.flush()
        return upload_id
