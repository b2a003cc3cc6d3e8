"""Proves that a person holds a phone: a six-digit code by SMS, bound to purpose, phone, flow and channel.

An asker names a phone or an account; the code goes to the phone behind that name. Whatever the asker can notice
depends on the name and on the asker alone. When there is no phone behind it, or that phone had its share, a
challenge is written all the same that no code answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.vault import Vault
from domain.verification.breakers import paused, read_alarms, read_weather
from domain.verification.budgets import DAY, Past, barred, gap, longest, over_person, over_recipient
from domain.verification.limits import Limits
from domain.verification.model import Alarm, Asker, Proven, Purpose, Refused, Sent, Wrong
from domain.verification.tables import ChallengeRow

# "+86" and seven digits: network and area of a mainland mobile number.
_PREFIX = len("+86") + 7


@dataclass(frozen=True)
class _Known:
    """The blind indexes of something, the one under the current key first, and of its prefix when it is a phone."""

    indexes: list[bytes]
    prefixes: list[bytes]


class Verification:
    """Issues and checks challenges inside the caller's transaction."""

    def __init__(self, vault: Vault, clock: Clock, chance: Chance, limits: Limits) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._latest: datetime | None = None
        self.limits = limits

    async def send(self, session: AsyncSession, *, purpose: Purpose, phone: str, asker: Asker) -> Sent | Refused:
        """Make a new code; every earlier one of this phone, purpose and flow stops working.

        Args:
            phone: E.164, of the mainland.

        Returns:
            `Sent.code` is None when the phone had its share by codes that were asked for under another name: to say
            so would tell whose phone it is.
        """
        return await self._send(session, purpose, ("phone", phone), phone, asker, open=True)

    async def send_to_account(
        self, session: AsyncSession, *, purpose: Purpose, named: tuple[str, str], phone: str | None, asker: Asker
    ) -> Sent | Refused:
        """The same for the phone of the account that is named so; nobody learns whether there is one.

        Args:
            named: kind and canonical form of the identifier, such as ("phone", "+8613…") or ("login_name", "wf_1").
            phone: E.164, as registered for that account; None when there is none or it may not get codes.

        Returns:
            `Sent.code` is None when nothing is to be sent. Everything else is as if it were.
        """
        return await self._send(session, purpose, named, phone, asker)

    async def check(
        self, session: AsyncSession, *, challenge_id: str, purpose: Purpose, asker: Asker, code: str
    ) -> Proven | Wrong:
        """Compare a code that is six digits. Each comparison counts; the last one closes the challenge.

        A code of another purpose, flow, channel or conversation costs nothing and tells nothing.
        """
        row = await session.scalar(
            select(ChallengeRow)
            .where(ChallengeRow.id == challenge_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        now = self._now()
        owner = None if row is None else (row.purpose, row.subject, row.conversation_id, row.channel)
        if row is None or owner != (purpose, asker.subject, asker.conversation_id, asker.channel):
            return Wrong(0)
        if row.closed is not None or now < row.sent_at:
            return Wrong(0)
        # Codes of one phone in several flows share a budget: their guesses go one after another.
        behind = row.phone_index or row.id.encode()
        await _hold_all(session, b"check" + row.named_index, b"check" + behind)
        failures, failures_behind, high_water = await self._failures(session, row.named_index, behind, purpose, now)
        lifetime = row.expires_at - row.sent_at
        # The second: this moment was over once, and a clock that steps back does not bring it again.
        if now >= row.expires_at or max(now, high_water, self._latest or now) - row.high_water >= lifetime:
            row.closed = "expired"
            await session.flush()
            return Wrong(0)
        if failures >= self.limits.failures_a_day:
            return Wrong(0)
        digest = _parts(row.id, purpose, asker, row.named_index, row.phone_index, code)
        right = self._vault.keyring.digest_matches("codes", row.digest_key, row.digest, *digest)
        if right and row.phone_index is not None and failures_behind < self.limits.failures_a_day:
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

    async def bar(self, session: AsyncSession, phone: str, wait: timedelta) -> None:
        """A provider refused this phone (E.164) by a limit of its own: our budget counts it too, until that is over."""
        newest = await session.scalar(
            select(ChallengeRow)
            .where(ChallengeRow.phone_index.in_(self._vault.blinds("phone", phone)))
            .order_by(ChallengeRow.sent_at.desc())
            .limit(1)
        )
        if newest is not None:
            newest.barred_until = self._now() + min(wait, DAY)

    async def void_all(self, session: AsyncSession, conversation_id: str) -> int:
        """Whatever this person was sent stops working. Returns how many codes that were."""
        ended = await session.execute(
            update(ChallengeRow)
            .where(
                ChallengeRow.conversation_id == conversation_id,
                ChallengeRow.closed.is_(None),
                ChallengeRow.expires_at > self._now(),
            )
            .values(closed="void")
        )
        return int(ended.rowcount)  # type: ignore[attr-defined]

    async def alarms(self, session: AsyncSession) -> list[Alarm]:
        """What the operator has to know now: open breakers, a used up hour, a clock that was wrong."""
        return await read_alarms(session, self.limits, self._now())

    async def _send(
        self,
        session: AsyncSession,
        purpose: Purpose,
        named: tuple[str, str],
        phone: str | None,
        asker: Asker,
        *,
        open: bool = False,
    ) -> Sent | Refused:
        """`open`: the person named the phone itself, so what is known of it may be said."""
        now = self._now()
        name, behind = self._known(*named), self._known("phone", phone) if phone else self._known("nobody", named[1])
        # Whatever budget two askers share, they use one after the other.
        shared = (name.indexes[0], name.prefixes[0], behind.indexes[0], behind.prefixes[0])
        await _hold_all(session, asker.conversation_id.encode(), *shared)
        past = await self._past(session, name, behind, asker, now)
        by_name = [p for p in past if p.named in name.indexes]
        by_phone = [p for p in past if p.phone in behind.indexes]
        by_person = [p for p in past if p.conversation_id == asker.conversation_id]
        weather = await read_weather(session, self.limits, now, name.prefixes, behind.prefixes)
        refused = longest(
            over_recipient(self.limits, by_name, purpose, now),
            over_person(self.limits, by_person, name.indexes, now),
            barred(by_phone, now) if open else None,
        ) or await paused(session, self.limits, now, weather)
        if refused is not None:
            return refused
        await self._supersede(session, purpose, asker, name, behind)
        hidden = longest(barred(by_phone, now), over_recipient(self.limits, by_phone, purpose, now))
        full = weather.phone_full is not None or hidden is not None
        reachable = phone is not None and not full
        challenge_id = new_id("v", self._chance)
        phone_index = behind.indexes[0] if reachable else None
        # Everything is made in either case, so that neither takes longer.
        code, no_digest = f"{self._chance.below(1_000_000):06d}", self._chance.token(32)
        key, digest = self._vault.keyring.digest(
            "codes", *_parts(challenge_id, purpose, asker, name.indexes[0], phone_index, code)
        )
        lifetime = timedelta(seconds=self.limits.code_lifetime)
        await session.execute(
            insert(ChallengeRow).values(
                id=challenge_id,
                purpose=purpose,
                named_index=name.indexes[0],
                named_prefix=name.prefixes[0] if named[0] == "phone" else None,
                phone_index=phone_index,
                phone_prefix=behind.prefixes[0] if reachable else None,
                subject=asker.subject,
                conversation_id=asker.conversation_id,
                channel=asker.channel,
                digest=digest if reachable else no_digest,
                digest_key=key,
                sent_at=now,
                expires_at=now + lifetime,
                high_water=max(now, weather.high_water or now, self._latest or now),
                tries=0,
                closed=None,
            )
        )
        return Sent(challenge_id, code if reachable else None, lifetime, gap(self.limits, len(by_name) + 1))

    def _now(self) -> datetime:
        """The present moment; the latest one ever read here is remembered."""
        now = self._clock.now()
        self._latest = max(now, self._latest or now)
        return now

    def _known(self, kind: str, canonical: str) -> _Known:
        return _Known(self._vault.blinds(kind, canonical), self._vault.blinds(f"{kind}_prefix", canonical[:_PREFIX]))

    async def _past(
        self, session: AsyncSession, name: _Known, behind: _Known, asker: Asker, now: datetime
    ) -> list[Past]:
        rows = await session.execute(
            select(
                ChallengeRow.named_index,
                ChallengeRow.phone_index,
                ChallengeRow.conversation_id,
                ChallengeRow.purpose,
                ChallengeRow.sent_at,
                ChallengeRow.tries,
                ChallengeRow.barred_until,
            ).where(
                or_(
                    ChallengeRow.named_index.in_(name.indexes),
                    ChallengeRow.phone_index.in_(behind.indexes),
                    ChallengeRow.conversation_id == asker.conversation_id,
                ),
                ChallengeRow.sent_at > now - DAY,
            )
        )
        return [Past(*row) for row in rows]

    async def _supersede(self, session: AsyncSession, purpose: str, asker: Asker, name: _Known, behind: _Known) -> None:
        await session.execute(
            update(ChallengeRow)
            .where(
                or_(ChallengeRow.named_index.in_(name.indexes), ChallengeRow.phone_index.in_(behind.indexes)),
                ChallengeRow.purpose == purpose,
                ChallengeRow.subject == asker.subject,
                ChallengeRow.closed.is_(None),
            )
            .values(closed="superseded")
        )

    async def _failures(
        self, session: AsyncSession, named_index: bytes, phone_index: bytes, purpose: str, now: datetime
    ) -> tuple[int, int, datetime]:
        """Wrong codes of a day for this name and for the phone behind it, and the latest moment known.

        Asking for another code does not reset them.
        """
        named, behind = ChallengeRow.named_index == named_index, ChallengeRow.phone_index == phone_index
        found = (
            await session.execute(
                select(
                    func.sum(case((named, ChallengeRow.tries), else_=0)),
                    func.sum(case((behind, ChallengeRow.tries), else_=0)),
                    select(func.max(ChallengeRow.high_water)).scalar_subquery(),
                ).where(or_(named, behind), ChallengeRow.purpose == purpose, ChallengeRow.sent_at > now - DAY)
            )
        ).one()
        return int(found[0] or 0), int(found[1] or 0), found[2]


async def _hold_all(session: AsyncSession, *names: bytes) -> None:
    """Until this transaction ends nobody else holds any of the names.

    One statement, always as long, in an order everybody keeps: two that want the same names cannot block each other.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    numbers = sorted(int.from_bytes(hashlib.sha256(b"challenges|" + name).digest()[:8], signed=True) for name in names)
    await session.execute(select(*(func.pg_advisory_xact_lock(number) for number in numbers)))


def _parts(
    challenge_id: str, purpose: str, asker: Asker, named: bytes, phone: bytes | None, code: str
) -> tuple[bytes, ...]:
    """What a code is bound to."""
    bound = (challenge_id, purpose, asker.subject, asker.conversation_id, asker.channel, code)
    # Half a surrogate pair is no text, yet somebody may type it: it is compared like any other wrong code.
    return named, phone or b"", *(part.encode(errors="surrogatepass") for part in bound)
