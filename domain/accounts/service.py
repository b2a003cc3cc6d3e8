"""Accounts of persons and organisations: made once, found by blind indexes, sealed with their own key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountAddressRow, AccountIdentifierRow, AccountRow, UploadRow
from domain.ambient import Chance, Clock, new_id
from domain.errors import IdentifierTaken, NotFound
from domain.platforms.model import Subject
from domain.vault import Vault

# Each names one account of a platform, as canonical text.
IDENTIFIERS = ("phone", "login_name", "member_name", "email", "id_number", "credit_code")
# The phone before the last change, while that can be taken back: it names the account for its owner alone.
OLD_PHONE = "old_phone"

Status = Literal["active", "frozen", "suspended", "closed"]


@dataclass(frozen=True)
class Account:
    id: str
    platform_id: str
    subject: Subject
    status: Status
    agreement_id: str
    created_at: datetime
    sessions_valid_from: datetime


class Accounts:
    def __init__(self, vault: Vault, clock: Clock, chance: Chance) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance

    async def is_taken(self, session: AsyncSession, platform_id: str, kind: str, canonical: str) -> bool:
        return await self.named(session, platform_id, kind, canonical) is not None

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
                        sessions_valid_from=self._clock.now(),
                        phone_proven_at=self._clock.now(),
                    )
                )
                await session.flush()
                for kind in IDENTIFIERS:
                    if kind in values:
                        session.add(self._identifier(account_id, platform_id, kind, values[kind]))
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
        return _account(await session.get_one(AccountRow, account_id))

    def _identifier(self, account_id: str, platform_id: str, kind: str, canonical: str) -> AccountIdentifierRow:
        blind = self._vault.blind(f"{platform_id}|{kind}", canonical.casefold())
        return AccountIdentifierRow(account_id=account_id, kind=kind, platform_id=platform_id, blind=blind)

    async def get(self, session: AsyncSession, account_id: str) -> Account:
        row = await session.get(AccountRow, account_id)
        if row is None:
            raise NotFound(account_id)
        return _account(row)

    async def row(self, session: AsyncSession, account_id: str) -> AccountRow:
        """The account locked for a change. Raises NotFound."""
        row = await session.get(AccountRow, account_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound(account_id)
        return row

    async def of_conversation(self, session: AsyncSession, conversation_id: str, platform_id: str | None) -> str | None:
        """The newest live account this conversation may speak for, of this platform if one is named."""
        query = (
            select(AccountRow.id)
            .join(AccountAddressRow, AccountAddressRow.account_id == AccountRow.id)
            .where(
                AccountAddressRow.conversation_id == conversation_id,
                AccountAddressRow.trusted,
                AccountRow.status != "closed",
            )
            .order_by(AccountRow.created_at.desc())
            .limit(1)
        )
        if platform_id is not None:
            query = query.where(AccountRow.platform_id == platform_id)
        return await session.scalar(query)

    async def all_of_conversation(self, session: AsyncSession, conversation_id: str) -> list[Account]:
        """Every live account this conversation may speak for, the newest first."""
        rows = await session.scalars(
            select(AccountRow)
            .join(AccountAddressRow, AccountAddressRow.account_id == AccountRow.id)
            .where(
                AccountAddressRow.conversation_id == conversation_id,
                AccountAddressRow.trusted,
                AccountRow.status != "closed",
            )
            .order_by(AccountRow.created_at.desc())
        )
        return [_account(row) for row in rows]

    async def bind(self, session: AsyncSession, account_id: str, conversation_id: str) -> None:
        """The person has proven in this conversation that the account is theirs."""
        row = await session.get(AccountAddressRow, (account_id, conversation_id))
        if row is None:
            row = AccountAddressRow(account_id=account_id, conversation_id=conversation_id, bound_at=self._clock.now())
            session.add(row)
        row.trusted = True
        await session.flush()

    async def is_trusted(self, session: AsyncSession, account_id: str, conversation_id: str) -> bool:
        """Whether the account was proven in this conversation, and nothing since asks for a new proof."""
        row = await session.get(AccountAddressRow, (account_id, conversation_id))
        return row is not None and row.trusted

    async def addresses(self, session: AsyncSession, account_id: str) -> Sequence[str]:
        """Every conversation of this account's person, trusted or not: where news of it are told."""
        rows = await session.scalars(
            select(AccountAddressRow.conversation_id)
            .where(AccountAddressRow.account_id == account_id)
            .order_by(AccountAddressRow.bound_at)
        )
        return rows.all()

    async def revoke_sessions(self, session: AsyncSession, row: AccountRow, *, but: str | None = None) -> None:
        """Whatever was opened before this moment counts no more, and every conversation but one proves itself anew."""
        row.sessions_valid_from = self._clock.now()
        await session.execute(
            update(AccountAddressRow)
            .where(AccountAddressRow.account_id == row.id, AccountAddressRow.conversation_id != (but or ""))
            .values(trusted=False)
        )

    async def find(self, session: AsyncSession, platform_id: str, kind: str, canonical: str) -> Account | None:
        """The account a platform knows by this identifier (or by its own id: kind account_id)."""
        row = await self.named(session, platform_id, kind, canonical)
        return _account(row) if row is not None else None

    async def named(
        self, session: AsyncSession, platform_id: str, kind: str, canonical: str, *, old_phones: bool = False
    ) -> AccountRow | None:
        """The same as a row, in one statement whether it exists or not.

        Args:
            old_phones: a phone that was changed lately still names its account.
        """
        query = select(AccountRow).where(AccountRow.platform_id == platform_id)
        if kind == "account_id":
            return await session.scalar(query.where(AccountRow.id == canonical, AccountRow.status != "closed"))
        kinds = [kind, OLD_PHONE] if old_phones and kind == "phone" else [kind]
        known_as = [
            blind for each in kinds for blind in self._vault.blinds(f"{platform_id}|{each}", canonical.casefold())
        ]
        found = (
            query.join(AccountIdentifierRow, AccountIdentifierRow.account_id == AccountRow.id)
            .where(AccountIdentifierRow.kind.in_(kinds), AccountIdentifierRow.blind.in_(known_as))
            # Whoever holds the phone now comes before whoever held it.
            .order_by((AccountIdentifierRow.kind == OLD_PHONE).asc())
            .limit(1)
        )
        return await session.scalar(found)

    async def phones(self, session: AsyncSession, row: AccountRow) -> tuple[str, str | None]:
        """The phone of a live account (E.164), and the one before it while the change can be taken back."""
        data = await self.data(session, row.id)
        if row.old_phone is None or row.undo_until is None or self._clock.now() >= row.undo_until:
            return data["phone"], None
        old = await self._vault.unseal(session, row.key_id, f"accounts.old_phone|{row.id}", row.old_phone)
        return data["phone"], old.decode()

    async def change(self, session: AsyncSession, row: AccountRow, field: str, value: str) -> None:
        """Change one value that was registered. Raises IdentifierTaken; nothing was changed then."""
        data = await self.data(session, row.id)
        if field in IDENTIFIERS and data.get(field, "").casefold() != value.casefold():
            if await self.is_taken(session, row.platform_id, field, value):
                raise IdentifierTaken(field)
            try:
                async with session.begin_nested():
                    await self._forget_identifier(session, row.id, field)
                    session.add(self._identifier(row.id, row.platform_id, field, value))
                    await session.flush()
            except IntegrityError as error:
                raise IdentifierTaken(field) from error
        changed = {**data, field: value}
        row.sealed = await self._vault.seal_json(session, row.key_id, f"accounts|{row.id}", changed)
        await session.flush()

    async def change_phone(self, session: AsyncSession, row: AccountRow, phone: str, undo: timedelta) -> None:
        """Change the phone; the one before can be put back for a while. Raises IdentifierTaken.

        While a change can be taken back, a further one does not put that out of reach: whoever changes twice in a
        row leaves the first phone as the one to go back to.
        """
        before, standing = await self.phones(session, row)
        old = standing or before
        await self.change(session, row, "phone", phone)
        await self._forget_identifier(session, row.id, OLD_PHONE)
        now = self._clock.now()
        row.old_phone = await self._vault.seal(session, row.key_id, f"accounts.old_phone|{row.id}", old.encode())
        row.undo_until, row.phone_changed_at, row.phone_proven_at, row.reset_waits_from = now + undo, now, now, None
        identifier = self._identifier(row.id, row.platform_id, OLD_PHONE, old)
        # Somebody else may have left the same number behind lately: whoever left it last may take it back.
        await session.execute(
            delete(AccountIdentifierRow).where(
                AccountIdentifierRow.platform_id == row.platform_id,
                AccountIdentifierRow.kind == OLD_PHONE,
                AccountIdentifierRow.blind == identifier.blind,
            )
        )
        session.add(identifier)
        await session.flush()

    async def undo_phone(self, session: AsyncSession, row: AccountRow) -> str | None:
        """Put the phone before the last change back. Returns it; None when it is too late or taken by now."""
        _phone, old = await self.phones(session, row)
        if old is None:
            return None
        try:
            await self.change(session, row, "phone", old)
        except IdentifierTaken:
            return None
        await self.forget_old_phone(session, row)
        row.phone_changed_at = None
        await session.flush()
        return old

    async def forget_old_phone(self, session: AsyncSession, row: AccountRow) -> None:
        await self._forget_identifier(session, row.id, OLD_PHONE)
        row.old_phone = row.undo_until = None
        await session.flush()

    async def _forget_identifier(self, session: AsyncSession, account_id: str, kind: str) -> None:
        await session.execute(
            delete(AccountIdentifierRow).where(
                AccountIdentifierRow.account_id == account_id, AccountIdentifierRow.kind == kind
            )
        )

    async def erase(self, session: AsyncSession, row: AccountRow) -> None:
        """Close the account: its key is destroyed, and with it everything personal; its evidence has its own key."""
        await session.execute(delete(UploadRow).where(UploadRow.key_id == row.key_id))
        await session.execute(delete(AccountIdentifierRow).where(AccountIdentifierRow.account_id == row.id))
        await session.execute(
            update(AccountAddressRow).where(AccountAddressRow.account_id == row.id).values(trusted=False)
        )
        row.status, row.ended_at, row.password_hash, row.old_phone = "closed", self._clock.now(), "", None
        row.sealed, row.undo_until = b"", None
        await self._vault.destroy(session, row.key_id)
        await session.flush()

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


def _account(row: AccountRow) -> Account:
    return Account(
        row.id,
        row.platform_id,
        row.subject,  # type: ignore[arg-type]
        row.status,  # type: ignore[arg-type]
        row.agreement_id,
        row.created_at,
        row.sessions_valid_from,
    )
