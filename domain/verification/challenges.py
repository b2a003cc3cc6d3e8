"""Proves that a person holds a phone: a six-digit code by SMS, bound to purpose, phone and flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.storage.locks import hold
from domain.vault import Vault
from domain.verification.tables import ChallengeRow

Purpose = Literal["register"]


class Limits(BaseModel):
    """Settings of the verification service; seconds unless a name says otherwise.

    `all_an_hour` is the brake for the whole service: somebody who makes it send codes to strangers pays nothing.

    Defaults: six digits and at most ten minutes by NIST SP 800-63B-4 and OWASP ASVS 6.5;
    one a minute, five an hour, ten a day by the mainland SMS providers' own ceilings.
    """

    model_config = ConfigDict(frozen=True)

    code_lifetime: int = 300
    tries: int = 5
    failures_a_day: int = 15
    resend_after: tuple[int, ...] = (60, 120, 300, 600, 1800)
    a_hour: int = 5
    a_day: int = 10
    phones_a_day: int = 3
    all_an_hour: int = 1000


@dataclass(frozen=True)
class Sent:
    """A code is on its way. `code` goes to the courier and nowhere else."""

    challenge_id: str
    code: str
    lifetime: timedelta
    resend_after: timedelta


@dataclass(frozen=True)
class Refused:
    """No code was sent. `wait` is how long until the next may be."""

    reason: Literal["too_soon", "too_many", "too_many_phones"]
    wait: timedelta


@dataclass(frozen=True)
class Proven:
    challenge_id: str


@dataclass(frozen=True)
class Wrong:
    """`tries_left` 0 means the code is spent and a new one is needed."""

    tries_left: int


class Verification:
    """Issues and checks challenges inside the caller's transaction."""

    def __init__(self, vault: Vault, clock: Clock, chance: Chance, limits: Limits) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self.limits = limits

    async def send(
        self, session: AsyncSession, *, purpose: Purpose, phone: str, subject: str, kin: Sequence[str] = ()
    ) -> Sent | Refused:
        """Make a new code; every earlier one of this phone, purpose and subject stops working.

        Args:
            phone: E.164.
            subject: the flow that asks; a code typed in another flow does not count.
            kin: other flows of the same person: the phones tried there count against the day's limit too.
        """
        now = self._clock.now()
        index, known_as = self._vault.blind("phone", phone), self._vault.blinds("phone", phone)
        await hold(session, "phone", index)
        refused = await self._refusal(session, known_as, purpose, (subject, *kin))
        if refused is not None:
            return refused
        await session.execute(
            update(ChallengeRow)
            .where(
                ChallengeRow.phone_index.in_(known_as),
                ChallengeRow.purpose == purpose,
                ChallengeRow.subject == subject,
                ChallengeRow.closed.is_(None),
            )
            .values(closed="superseded")
        )
        challenge_id = new_id("v", self._chance)
        code = f"{self._chance.below(1_000_000):06d}"
        digest_key, digest = self._vault.keyring.digest("codes", *_parts(challenge_id, purpose, index, subject, code))
        sends = await self._sends_since(session, known_as, timedelta(days=1))
        lifetime = timedelta(seconds=self.limits.code_lifetime)
        session.add(
            ChallengeRow(
                id=challenge_id,
                purpose=purpose,
                phone_index=index,
                subject=subject,
                digest=digest,
                digest_key=digest_key,
                sent_at=now,
                expires_at=now + lifetime,
            )
        )
        await session.flush()
        return Sent(challenge_id, code, lifetime, self._gap(sends + 1))

    async def check(
        self, session: AsyncSession, *, challenge_id: str, purpose: Purpose, subject: str, code: str
    ) -> Proven | Wrong:
        """Compare a code that is six digits. Each comparison counts; the last one closes the challenge."""
        row = (
            await session.execute(
                select(ChallengeRow)
                .where(ChallengeRow.id == challenge_id)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).scalar_one_or_none()
        now = self._clock.now()
        usable = (
            row is not None
            and row.purpose == purpose
            and row.subject == subject
            and row.closed is None
            and now < row.expires_at
        )
        if row is None or not usable:
            return Wrong(0)
        failures = await self._failures(session, [row.phone_index], purpose)
        if failures >= self.limits.failures_a_day:
            return Wrong(0)
        parts = _parts(row.id, purpose, row.phone_index, subject, code)
        if self._vault.keyring.digest_matches("codes", row.digest_key, row.digest, *parts):
            row.closed = "proven"
            await session.flush()
            return Proven(row.id)
        row.tries += 1
        left = max(0, min(self.limits.tries - row.tries, self.limits.failures_a_day - failures - 1))
        if left == 0:
            row.closed = "spent"
        await session.flush()
        return Wrong(left)

    async def void(self, session: AsyncSession, challenge_id: str) -> None:
        """The phone was changed or the flow ended: the code stops working."""
        await session.execute(
            update(ChallengeRow)
            .where(ChallengeRow.id == challenge_id, ChallengeRow.closed.is_(None))
            .values(closed="void")
        )

    async def _refusal(
        self, session: AsyncSession, known_as: Sequence[bytes], purpose: Purpose, subjects: Sequence[str]
    ) -> Refused | None:
        now = self._clock.now()
        sends = await self._sends_since(session, known_as, timedelta(days=1))
        newest = select(func.max(ChallengeRow.sent_at)).where(ChallengeRow.phone_index.in_(known_as))
        last = await session.scalar(newest)
        if last is not None and sends:
            wait = last + self._gap(sends) - now
            if wait > timedelta(0):
                return Refused("too_soon", wait)
        everywhere = await session.scalar(
            select(func.count()).select_from(ChallengeRow).where(ChallengeRow.sent_at > now - timedelta(hours=1))
        )
        if (everywhere or 0) >= self.limits.all_an_hour:
            return Refused("too_many", timedelta(hours=1))
        failures = await self._failures(session, known_as, purpose)
        if sends >= self.limits.a_day or failures >= self.limits.failures_a_day:
            return Refused("too_many", timedelta(days=1))
        if await self._sends_since(session, known_as, timedelta(hours=1)) >= self.limits.a_hour:
            return Refused("too_many", timedelta(hours=1))
        phones = await session.scalars(
            select(ChallengeRow.phone_index)
            .where(ChallengeRow.subject.in_(subjects), ChallengeRow.sent_at > now - timedelta(days=1))
            .distinct()
        )
        if len({*phones.all()} - {*known_as}) >= self.limits.phones_a_day:
            return Refused("too_many_phones", timedelta(days=1))
        return None

    async def _sends_since(self, session: AsyncSession, known_as: Sequence[bytes], span: timedelta) -> int:
        count = await session.scalar(
            select(func.count())
            .select_from(ChallengeRow)
            .where(ChallengeRow.phone_index.in_(known_as), ChallengeRow.sent_at > self._clock.now() - span)
        )
        return count or 0

    async def _failures(self, session: AsyncSession, known_as: Sequence[bytes], purpose: str) -> int:
        """Wrong codes for this phone and purpose in a day: asking for another code does not reset them."""
        total = await session.scalar(
            select(func.sum(ChallengeRow.tries)).where(
                ChallengeRow.phone_index.in_(known_as),
                ChallengeRow.purpose == purpose,
                ChallengeRow.sent_at > self._clock.now() - timedelta(days=1),
            )
        )
        return int(total or 0)

    def _gap(self, sends: int) -> timedelta:
        ladder = self.limits.resend_after
        return timedelta(seconds=ladder[min(sends, len(ladder)) - 1])


def _parts(challenge_id: str, purpose: str, index: bytes, subject: str, code: str) -> tuple[bytes, ...]:
    return challenge_id.encode(), purpose.encode(), index, subject.encode(), code.encode()
