"""The door of the domain: opened once by a process, it gives the use-cases by capability."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import Account, Accounts, deeds
from domain.accounts.inactivity import remind_inactive
from domain.accounts.sign_in import SignedIn, sign_in
from domain.agreements import ParsedAgreement, parse
from domain.agreements.versions import Agreements, Version
from domain.ambient import Chance, Clock, SystemChance, SystemClock
from domain.consent.service import Consents, Decided
from domain.conversations.service import Conversations
from domain.errors import Conflict, NotFound
from domain.evidence import HeadFile, Ledger, Verdict, verify
from domain.evidence.bundle import Bundle, collect
from domain.evidence.texts import check_texts
from domain.flows.pages import PageForm, PageOutcome, find_page
from domain.flows.runner import Flows
from domain.flows.say import Render, RenderContext, Rendered, Say
from domain.flows.tables import FlowRow
from domain.guardians.page import GuardianPages
from domain.guardians.turning import turn_of_time
from domain.messaging.inbox import Inbox
from domain.messaging.notices import DomainEvent, Notice, events_since, notices
from domain.messaging.outbox import Outbox
from domain.parts import Parts, Policy
from domain.platforms import Platforms, load_platforms
from domain.registration.images import Upload
from domain.registration.page import RegistrationPages
from domain.registration.service import Registrations
from domain.renewal.api import RenewalsApi
from domain.renewal.comparing import Comparing
from domain.renewal.publishing import publish
from domain.renewal.service import Renewals
from domain.requests import Request, Requests
from domain.selfservice.data import Data, stored_about
from domain.selfservice.deciding import decide
from domain.selfservice.page import SelfServicePages
from domain.selfservice.service import SelfService
from domain.storage.database import Database
from domain.storage.migrate import upgrade
from domain.vault import Keyring, Vault
from domain.verification import Limits, Verification

VERSION = "0.1.0"


def _no_words(say: Say, _context: RenderContext) -> Rendered:
    """Without a wording a message is its id: enough for a back office, which shows none."""
    return Rendered(
        say.message,
        tuple((b.text or b.label or b.choice, b.choice, b.style) for b in say.buttons),
        len(say.buttons),
        None,
    )


class _Api:
    """Use-cases in transactions of their own, for other systems of the platform."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts


class AccountsApi(_Api):
    async def get(self, account_id: str) -> Account:
        async with self.parts.database.reading() as session:
            return await self.parts.accounts.get(session, account_id)

    async def find(self, platform_id: str, kind: str, canonical: str) -> Account | None:
        """By phone (E.164), login_name, member_name, email, id_number or credit_code."""
        async with self.parts.database.reading() as session:
            return await self.parts.accounts.find(session, platform_id, kind, canonical)

    async def data(self, account_id: str) -> dict[str, str]:
        """What was registered, in clear. Raises KeyDestroyed after erasure."""
        async with self.parts.database.reading() as session:
            return await self.parts.accounts.data(session, account_id)

    async def sign_in(self, platform_id: str, kind: str, canonical: str, password: str) -> SignedIn:
        """Check a password for the platform's log-in. Show the same words for `wrong` and `wait`."""
        return await sign_in(self.parts, platform_id, kind, canonical, password)

    async def seen(self, account_id: str, at: datetime) -> None:
        """The platform's own log-in was used: the reminder before an unused account is taken back counts from here.

        Raises NotFound.
        """
        async with self.parts.database.transaction() as session:
            row = await self.parts.accounts.row(session, account_id)
            if row.seen_at is None or row.seen_at < at:
                row.seen_at, row.reminded_at = at, None

    async def remind_inactive(self) -> int:
        """Remind people whose account may be taken back for not being used. Returns how many."""
        async with self.parts.database.transaction() as session:
            return await remind_inactive(session, self.parts)

    async def freeze(self, account_id: str, *, by: str) -> None:
        """Stop every use of an account. Raises NotFound."""
        async with self.parts.database.transaction() as session:
            row = await self.parts.accounts.row(session, account_id)
            await deeds.freeze(session, self.parts, row, reason="platform", channel={"by": by}, here=None)

    async def unfreeze(self, account_id: str, *, by: str, reason: str) -> None:
        """The platform's people have made sure of the owner. Raises NotFound, Conflict."""
        async with self.parts.database.transaction() as session:
            row = await self.parts.accounts.row(session, account_id)
            if row.status not in {"frozen", "suspended"}:
                raise Conflict(f"{account_id} is {row.status}")
            await deeds.unfreeze(session, self.parts, row, by=by, reason=reason)


class RequestsApi(_Api):
    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        super().__init__(parts)
        self._guardians = registrations.guardians

    async def list(self, platform_id: str | None = None, *, closed: bool = False) -> list[Request]:
        """Open requests, urgent ones first; with `closed` all of them."""
        async with self.parts.database.reading() as session:
            return await self.parts.requests.all(session, platform_id=platform_id, state=None if closed else "open")

    async def decide(self, request_id: str, *, granted: bool, answer: str, by: str) -> Request:
        """Decide a request and tell the person; a granted request to close closes the account and erases it.

        Args:
            answer: what the person is told, in the platform's words.

        Raises NotFound, Conflict when it was decided before.
        """
        async with self.parts.database.transaction() as session:
            decided = await decide(session, self.parts, request_id, granted=granted, answer=answer, by=by)
            if decided.kind == "guardian":
                await self._guardians.decided(session, decided.id, granted=granted)
            return decided


class GuardiansApi(_Api):
    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        super().__init__(parts)
        self._guardians = registrations.guardians

    async def turn_of_time(self) -> int:
        """End what no guardian answered for 30 days, ask anew who reached 14 or 18. Returns how many changed."""
        async with self.parts.database.transaction() as session:
            return await turn_of_time(session, self.parts, self._guardians)


class PagesApi(_Api):
    """One-time pages of every kind of flow."""

    def __init__(
        self, parts: Parts, registration: RegistrationPages, selfservice: SelfServicePages, guardians: GuardianPages
    ) -> None:
        super().__init__(parts)
        self._registration = registration
        self._guardians = guardians
        self._selfservice = selfservice

    async def show(self, token: str) -> PageForm:
        """The form behind a link. Looking uses nothing up: messengers fetch links for previews. Raises PageGone."""
        match await self._kind(token):
            case "registration":
                return await self._registration.show(token)
            case "guardian":
                return await self._guardians.show(token)
            case _:
                return await self._selfservice.show(token)

    async def send(self, token: str, texts: Mapping[str, str], uploads: Mapping[str, Upload]) -> PageOutcome:
        """Take what was sent, all of it or nothing. Raises PageGone."""
        match await self._kind(token):
            case "registration":
                return await self._registration.send(token, texts, uploads)
            case "guardian":
                return await self._guardians.send(token, texts)
            case _:
                return await self._selfservice.send(token, texts)

    async def data(self, token: str) -> Data:
        """What is stored about the person a data page belongs to. Raises PageGone."""
        async with self.parts.database.reading() as session:
            return await stored_about(session, self.parts, token)

    async def _kind(self, token: str) -> str:
        async with self.parts.database.reading() as session:
            page = await find_page(session, self.parts, token)
            return (await session.get_one(FlowRow, page.flow_id)).kind


class ConsentApi(_Api):
    async def of(self, account_id: str) -> list[Decided]:
        """Every decision of this account's person as it stands."""
        async with self.parts.database.reading() as session:
            return await self.parts.consents.of(session, account_id)

    async def receipt(self, receipt_id: str) -> dict[str, Any]:
        async with self.parts.database.reading() as session:
            return await self.parts.consents.receipt(session, receipt_id)


class EventsApi(_Api):
    async def since(self, cursor: int, limit: int = 500) -> list[DomainEvent]:
        """What happened after `cursor` (0 at first), oldest first."""
        async with self.parts.database.reading() as session:
            return await events_since(session, cursor, limit)


class NoticesApi(_Api):
    async def all(self, platform_id: str | None = None) -> list[Notice]:
        async with self.parts.database.reading() as session:
            return await notices(session, self.parts, platform_id)


class AgreementsApi(_Api):
    def __init__(self, parts: Parts, comparing: Comparing) -> None:
        super().__init__(parts)
        self._comparing = comparing

    async def bring_in(
        self,
        raw: bytes,
        file_name: str,
        *,
        platform_id: str,
        label: str | None = None,
        effective_at: datetime | None = None,
    ) -> tuple[Version, ParsedAgreement]:
        """Import an official text, unpublished. Raises UnreadableAgreement, Conflict."""
        self.parts.platforms.get(platform_id)
        parsed = parse(raw, file_name)
        async with self.parts.database.transaction() as session:
            version = await self.parts.agreements.bring_in(
                session,
                platform_id=platform_id,
                raw=raw,
                file_name=Path(file_name).name,
                parsed=parsed,
                source="official",
                label=label,
                effective_at=effective_at,
            )
        return version, parsed

    async def publish(
        self,
        platform_id: str,
        version: int | None = None,
        *,
        effective_at: datetime | None = None,
        urgent: str | None = None,
    ) -> Version:
        """Publish a version, the newest by default; `d.renewals` asks whoever agreed to something else.

        Args:
            effective_at: takes the place of the date it was imported with.
            urgent: why people get less than the seven days' notice.

        Raises NotFound, Conflict, NoticeTooShort.
        """
        async with self.parts.database.transaction() as session:
            return await publish(
                session, self.parts, self._comparing, platform_id, version, effective_at=effective_at, urgent=urgent
            )

    async def list(self, platform_id: str | None = None) -> Sequence[Version]:
        async with self.parts.database.reading() as session:
            return await self.parts.agreements.list(session, platform_id)

    async def in_force(self, platform_id: str) -> tuple[Version, ParsedAgreement]:
        async with self.parts.database.reading() as session:
            version = await self.parts.agreements.in_force(session, platform_id)
            return version, await self.parts.agreements.tree(session, version.id)

    async def version(self, platform_id: str, number: int) -> tuple[Version, ParsedAgreement]:
        """One version with its clauses. Raises NotFound."""
        async with self.parts.database.reading() as session:
            for version in await self.parts.agreements.list(session, platform_id):
                if version.version == number:
                    return version, await self.parts.agreements.tree(session, version.id)
        raise NotFound(f"{platform_id} has no version {number}")

    async def put_samples_in_force(self) -> None:
        """Give every platform without an official text its sample, and a changed sample as a new version."""
        for platform in self.parts.platforms:
            versions = await self.list(platform.profile.id)
            if any(v.source == "official" and v.published_at for v in versions):
                continue
            try:
                async with self.parts.database.transaction() as session:
                    version = await self.parts.agreements.bring_in(
                        session,
                        platform_id=platform.profile.id,
                        raw=platform.sample_bytes,
                        file_name="agreement.md",
                        parsed=platform.sample,
                        source="sample",
                        label=None,
                    )
                    await publish(session, self.parts, self._comparing, platform.profile.id, version.version)
            except Conflict:
                continue


class EvidenceApi(_Api):
    def __init__(self, parts: Parts, heads: HeadFile) -> None:
        super().__init__(parts)
        self.heads = heads

    async def verify(self) -> Verdict:
        """Check every chain against its signatures and the heads kept outside the database."""
        async with self.parts.database.reading() as session:
            return await verify(session, self.parts.vault.keyring.public_keys(), self.heads.last())

    async def bundle(
        self, *, account_id: str | None = None, proof_id: str | None = None, reveal: bool = False
    ) -> Bundle:
        """The evidence about one person: of an account, or of a ledger entry or receipt. Raises NotFound."""
        async with self.parts.database.reading() as session:
            return await collect(session, self.parts, account_id=account_id, proof_id=proof_id, reveal=reveal)

    async def keep_heads(self) -> None:
        async with self.parts.database.reading() as session:
            await self.heads.keep(session, self.parts.vault.keyring.public_keys())


class Domain:
    """`async with Domain.open(url, keys) as d:` gives d.registration, d.consent, d.accounts, d.events …"""

    def __init__(self, parts: Parts, heads: HeadFile) -> None:
        self.parts = parts
        self.registration = Registrations(parts)
        self.selfservice = SelfService(parts)
        comparing = Comparing(parts)
        renewing = Renewals(parts, comparing)
        self.flows = Flows(parts, (self.registration, self.selfservice, renewing))
        self.conversations = Conversations(parts, self.registration, self.selfservice, renewing, self.flows)
        self.pages = PagesApi(
            parts,
            RegistrationPages(parts, self.registration),
            SelfServicePages(parts, self.selfservice),
            GuardianPages(parts, self.registration),
        )
        self.requests = RequestsApi(parts, self.registration)
        self.guardians = GuardiansApi(parts, self.registration)
        self.accounts = AccountsApi(parts)
        self.consent = ConsentApi(parts)
        self.agreements = AgreementsApi(parts, comparing)
        self.renewals = RenewalsApi(parts, comparing)
        self.events = EventsApi(parts)
        self.notices = NoticesApi(parts)
        self.evidence = EvidenceApi(parts, heads)

    @property
    def platforms(self) -> Platforms:
        return self.parts.platforms

    @property
    def database(self) -> Database:
        return self.parts.database

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        keys: Keyring,
        *,
        heads: Path,
        render: Render = _no_words,
        platforms: Platforms | None = None,
        clock: Clock | None = None,
        chance: Chance | None = None,
        policy: Policy | None = None,
        limits: Limits | None = None,
    ) -> AsyncIterator[Domain]:
        """Open the database, bring its schema up to date and put the platforms' texts in force.

        Args:
            url: sqlite:///… or postgresql://…
            keys: the product's keyring.
            heads: the file outside the database that keeps the signed heads of the ledger.
            render: turns message ids into words; the default names them, which suits a back office.

        Raises ChangedText when a stored agreement is not the text that was published.
        """
        clock, chance = clock or SystemClock(), chance or SystemChance()
        await upgrade(url)
        database = Database(url)
        vault = Vault(keys, clock, chance)
        parts = Parts(
            database=database,
            clock=clock,
            chance=chance,
            vault=vault,
            ledger=Ledger(vault, clock, chance, software=f"mingshi {VERSION}"),
            verification=Verification(vault, clock, chance, limits or Limits()),
            inbox=Inbox(vault, clock),
            outbox=Outbox(vault, clock, chance, render),
            agreements=Agreements(clock, chance),
            accounts=Accounts(vault, clock, chance),
            consents=Consents(vault, clock, chance),
            requests=Requests(vault, clock, chance),
            platforms=platforms if platforms is not None else load_platforms(),
            policy=policy or Policy(),
        )
        domain = cls(parts, HeadFile(heads))
        try:
            async with database.reading() as session:
                await check_texts(session)
            await domain.agreements.put_samples_in_force()
            await domain.evidence.keep_heads()
            yield domain
            await domain.evidence.keep_heads()
        finally:
            await database.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self.parts.database.transaction() as session:
            yield session
