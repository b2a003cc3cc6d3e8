"""The rows of SMS that wait: claiming them for one worker, and writing down what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.couriers.port import NotForSms, OutgoingText, Report, plain_code, variables_of
from bot.metrics import SHORT_MESSAGES
from bot.wording.catalogue import Catalogue, MissingWords
from domain import Domain, KeyDestroyed
from domain.ambient import new_id
from domain.messaging.tables import ConversationRow, ShortMessageRow
from domain.platforms import UnknownPlatform
from domain.storage.locks import hold

log = structlog.get_logger()

State = Literal["new", "sent", "delivered", "undelivered", "limited", "failed", "unknown", "expired"]

# Longer than two providers may take together: a lease that ends in the middle of a call would send twice.
_LEASE = timedelta(seconds=60)
# A worker that died may or may not have sent. Once more is bearable for a person who waits; twice is not.
_LOST_AT_MOST = 1
_PER = timedelta(seconds=1)
# When a provider is asked what became of an SMS whose answer got lost; the operators report within minutes.
_LOOKS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
_STATES: Mapping[bool | None, State] = {None: "sent", True: "delivered", False: "undelivered"}
_TOLD = {"limited": "code.not_delivered.limited", "failed": "code.not_delivered.failed"}


@dataclass(frozen=True)
class Claimed:
    """A message this worker has to send. `attempt` tells its claim from a later one."""

    id: int
    attempt: int
    text: OutgoingText
    not_after: datetime
    rejected_by: frozenset[str]


@dataclass(frozen=True)
class Call:
    """A provider that was asked, and the outcome in one word."""

    provider: str
    outcome: str
    code: str = ""


@dataclass(frozen=True)
class Lost:
    """A message whose answer got lost, to be looked for at its provider."""

    id: int
    ticket: str
    phone: str = field(repr=False)
    since: datetime


class Queue:
    """Args:
    a_second: how many messages may be claimed in a second by all workers of this database.
    """

    def __init__(self, domain: Domain, a_second: int) -> None:
        self._domain = domain
        self._a_second = a_second
        self._words = Catalogue.read("sms.yml")

    async def is_empty(self) -> bool:
        """Whether nothing waits to be sent: a quiet service asks this every second, and it takes no lock."""
        async with self._domain.database.reading() as session:
            return not await session.scalar(select(exists().where(ShortMessageRow.state == "new")))

    async def has_lost(self) -> bool:
        """Whether an answer got lost that may still be found."""
        waits = (ShortMessageRow.state == "unknown") & ShortMessageRow.not_before.is_not(None)
        async with self._domain.database.reading() as session:
            return bool(await session.scalar(select(exists().where(waits))))

    async def expire(self) -> int:
        """End every open message that is too old to be of use; what a worker has in hand is its own."""
        now = self._domain.parts.clock.now()
        async with self._domain.transaction() as session:
            ended = await session.execute(
                update(ShortMessageRow)
                .where(
                    ShortMessageRow.state == "new",
                    ShortMessageRow.not_after <= now,
                    or_(ShortMessageRow.leased_until.is_(None), ShortMessageRow.leased_until < now),
                )
                .values(state="expired", sealed=None, leased_until=None, finished_at=now)
                .execution_options(synchronize_session=False)
            )
        count = int(ended.rowcount)  # type: ignore[attr-defined]
        SHORT_MESSAGES.labels("expired").inc(count)
        return count

    async def claim(self, at_most: int) -> list[Claimed]:
        """Take the oldest open messages for a while, as many as the rate allows."""
        claimed: list[Claimed] = []
        async with self._domain.transaction() as session:
            # The rate is counted in the rows; two workers that count at once would each see room.
            await hold(session, "short messages")
            now = self._domain.parts.clock.now()
            begun = await session.scalar(
                select(func.count()).select_from(ShortMessageRow).where(ShortMessageRow.claimed_at > now - _PER)
            )
            room = min(at_most, self._a_second - (begun or 0))
            if room <= 0:
                return []
            rows = await session.scalars(
                select(ShortMessageRow)
                .where(
                    ShortMessageRow.state == "new",
                    ShortMessageRow.not_after > now,
                    or_(ShortMessageRow.leased_until.is_(None), ShortMessageRow.leased_until < now),
                    or_(ShortMessageRow.not_before.is_(None), ShortMessageRow.not_before <= now),
                )
                .order_by(ShortMessageRow.id)
                .limit(room)
                .with_for_update(skip_locked=True)
            )
            for row in rows.all():
                message = await self._take(session, row, now)
                if message is not None:
                    claimed.append(message)
        return claimed

    async def _take(self, session: AsyncSession, row: ShortMessageRow, now: datetime) -> Claimed | None:
        if row.leased_until is not None:
            _note(row, [Call(row.provider or "", "lost")], now)
            if sum(call["outcome"] == "lost" for call in row.calls or ()) > _LOST_AT_MOST:
                await self._doubt(session, row, now)
                return None
        text = await self._open(session, row, now)
        if text is None:
            return None
        row.attempts += 1
        row.leased_until, row.claimed_at = now + _LEASE, now
        rejected = frozenset(call["provider"] for call in row.calls or () if call["outcome"] == "rejected")
        return Claimed(row.id, row.attempts, text, row.not_after, rejected)

    async def _open(self, session: AsyncSession, row: ShortMessageRow, now: datetime) -> OutgoingText | None:
        """The message as it goes out; None when it cannot be, and its row is ended."""
        parts = self._domain.parts
        row.ticket = row.ticket or new_id("t", parts.chance)
        try:
            if row.sealed is None:
                raise KeyDestroyed(row.key_id)
            words = await parts.vault.unseal_json(session, row.key_id, _context(row.id), row.sealed)
            platform = parts.platforms.get(row.platform_id).profile.name
            variables = variables_of(words)
            text = self._words.text(row.template, {**variables, "platform": platform})
        except (KeyDestroyed, UnknownPlatform):
            # The person or the platform is gone, and with it the reason to write.
            self._end(row, "expired", now)
        except (MissingWords, NotForSms, ValueError) as error:
            log.error("sms cannot be written", message=row.id, template=row.template, exc=error)
            await self._end_and_tell(session, row, "failed", now)
        else:
            return OutgoingText(row.ticket, words["phone"], row.template, variables, text)
        return None

    async def settle(
        self,
        claimed: Claimed,
        state: State,
        calls: Sequence[Call],
        *,
        reference: str | None,
        again_in: timedelta | None,
    ) -> bool:
        """Write down how it went. Whether a conversation was told.

        Args:
            state: `new` gives it back, to be tried again after `again_in`.
        """

        async def write(session: AsyncSession) -> bool:
            row = await session.get(ShortMessageRow, claimed.id, with_for_update=True, populate_existing=True)
            if row is None:
                return False
            if row.attempts != claimed.attempt and state != "sent":
                # The lease ran out, another worker has it now. Only that it was taken is still worth knowing.
                log.warning("sms settled too late", message=claimed.id, state=state)
                return False
            now = self._domain.parts.clock.now()
            _note(row, calls, now)
            row.provider = calls[-1].provider if calls else row.provider
            row.provider_ref = reference or row.provider_ref
            row.leased_until = None
            if row.state != "new":
                return False  # its delivery report came before this
            if state == "new":
                row.not_before = now + again_in if again_in else None
                return False
            if state == "unknown":
                await self._doubt(session, row, now)
                return False
            return await self._end_and_tell(session, row, state, now)

        return await self._domain.database.run(write)

    async def _doubt(self, session: AsyncSession, row: ShortMessageRow, now: datetime) -> None:
        """Nobody knows whether it was sent: only the phone is kept, to ask the provider about it."""
        parts = self._domain.parts
        phone = None
        try:
            if row.sealed is not None:
                phone = (await parts.vault.unseal_json(session, row.key_id, _context(row.id), row.sealed))["phone"]
        except KeyDestroyed:
            pass
        self._end(row, "unknown", now)
        if phone is not None:
            row.sealed = await parts.vault.seal_json(session, row.key_id, _context(row.id), {"phone": phone})
            row.not_before = now + _LOOKS[0]

    def _end(self, row: ShortMessageRow, state: State, now: datetime) -> None:
        SHORT_MESSAGES.labels(state).inc()
        row.state, row.sealed, row.finished_at = state, None, now
        row.leased_until = row.not_before = None

    async def _end_and_tell(self, session: AsyncSession, row: ShortMessageRow, state: State, now: datetime) -> bool:
        self._end(row, state, now)
        message = _TOLD.get(state)
        # Without a conversation nobody is told: to say that no SMS went out would say that there is an account.
        if message is None or row.conversation_id is None:
            return False
        if await session.get(ConversationRow, row.conversation_id) is None:
            return False
        try:
            await self._domain.parts.inbox.tell(
                session, row.conversation_id, key=f"sms-{row.id}", message=message, words={}
            )
        except KeyDestroyed:
            return False
        return True

    async def lost(self, at_most: int) -> list[Lost]:
        """Messages whose answer got lost and that are to be looked for now; each is looked for a few times."""
        parts, found = self._domain.parts, []
        async with self._domain.transaction() as session:
            now = parts.clock.now()
            rows = await session.scalars(
                select(ShortMessageRow)
                .where(ShortMessageRow.state == "unknown", ShortMessageRow.not_before <= now)
                .order_by(ShortMessageRow.id)
                .limit(at_most)
                .with_for_update(skip_locked=True)
            )
            for row in rows.all():
                looks = 1 + sum(call["outcome"] == "looked" for call in row.calls or ())
                _note(row, [Call(row.provider or "", "looked")], now)
                sealed, since = row.sealed, row.claimed_at or row.created_at
                row.not_before = now + _LOOKS[looks] if looks < len(_LOOKS) else None
                if row.not_before is None:
                    row.sealed = None
                if sealed is None or row.ticket is None:
                    continue
                try:
                    words = await parts.vault.unseal_json(session, row.key_id, _context(row.id), sealed)
                except KeyDestroyed:
                    row.sealed = row.not_before = None
                    continue
                found.append(Lost(row.id, row.ticket, words["phone"], since))
        return found

    async def resolve(self, lost: Lost, provider: str, reports: Sequence[Report]) -> bool:
        """Find a lost message among what a provider took. Whether it was found."""
        async with self._domain.transaction() as session:
            report = next((each for each in reports if each.ticket == lost.ticket), None)
            if report is None:
                # A provider that does not echo our ticket: the only message to this phone that no other row knows.
                nameless = {each.reference: each for each in reports if not each.ticket and each.reference}
                known = await session.scalars(
                    select(ShortMessageRow.provider_ref).where(ShortMessageRow.provider_ref.in_(nameless))
                )
                unknown = set(nameless) - set(known.all())
                if len(unknown) != 1:
                    return False
                report = nameless[unknown.pop()]
            row = await session.get(ShortMessageRow, lost.id, with_for_update=True, populate_existing=True)
            if row is None or row.state != "unknown":
                return False
            row.provider, row.provider_ref = provider, report.reference
            now = self._domain.parts.clock.now()
            _note(row, [Call(provider, "found", report.code)], now)
            self._end(row, _STATES[report.delivered], now)
            return True

    async def report(self, provider: str, reports: Iterable[Report]) -> int:
        """Take in delivery reports. How many changed something.

        Unknown ones, repeated ones and those that come late change nothing: an SMS that arrived stays arrived.
        """
        ordered = sorted(reports, key=lambda each: (each.ticket or "", each.reference or ""))

        async def write(session: AsyncSession) -> int:
            return sum([await self._report(session, provider, each) for each in ordered])

        return await self._domain.database.run(write)

    async def _report(self, session: AsyncSession, provider: str, report: Report) -> bool:
        if report.delivered is None:
            return False
        named = [ShortMessageRow.ticket == report.ticket] if report.ticket else []
        if report.reference:
            of_provider = (ShortMessageRow.provider == provider) & (ShortMessageRow.provider_ref == report.reference)
            named.append(of_provider)
        if not named:
            return False
        row = await session.scalar(
            select(ShortMessageRow)
            .where(or_(*named))
            .order_by(ShortMessageRow.id)
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if row is None or row.state == "delivered":
            return False
        # A message that was claimed twice has two reports: that one of them arrived is what counts.
        if not report.delivered and row.state not in {"sent", "unknown"}:
            return False
        now = self._domain.parts.clock.now()
        _note(row, [Call(provider, "reported", report.code)], now)
        if not row.provider_ref and report.reference:
            row.provider, row.provider_ref = provider, report.reference
        leased_until = row.leased_until
        self._end(row, "delivered" if report.delivered else "undelivered", now)
        row.leased_until = leased_until
        return True


def _note(row: ShortMessageRow, calls: Sequence[Call], now: datetime) -> None:
    noted: list[dict[str, Any]] = [
        {"at": now.isoformat(), "provider": call.provider, "outcome": call.outcome, "code": plain_code(call.code)}
        for call in calls
    ]
    row.calls = [*(row.calls or ()), *noted]


def _context(message_id: int) -> str:
    return f"short_messages|{message_id}"
