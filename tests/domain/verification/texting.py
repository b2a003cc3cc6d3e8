"""The verification service as a flow uses it, each call in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from domain import Domain
from domain.verification import Alarm, Asker, Limits, Proven, Purpose, Refused, Sent, Verification, Wrong
from domain.verification.tables import ChallengeRow
from tests.support.ambient import FakeClock

PHONE, OTHER_PHONE = "+8613800138000", "+8613900139000"
FLOW, PERSON = "f_1", "c_1"


def other_than(code: str | None) -> str:
    """A wrong code."""
    assert code is not None
    return f"{(int(code) + 1) % 1_000_000:06d}"


def phone_number(n: int) -> str:
    """Phones that do not share their first seven digits."""
    return f"+86139{n:04d}0000"


class Texting:
    def __init__(self, domain: Domain, clock: FakeClock) -> None:
        self.domain, self.clock = domain, clock
        self.service: Verification = domain.parts.verification

    def limited(self, **limits: Any) -> None:
        """Go on with other limits."""
        parts = self.domain.parts
        self.service = Verification(parts.vault, self.clock, parts.chance, Limits(**limits))

    async def send(
        self,
        phone: str = PHONE,
        subject: str = FLOW,
        *,
        person: str = PERSON,
        channel: str = "web",
        purpose: Purpose = "register",
    ) -> Sent | Refused:
        asker = Asker(subject, person, channel)
        return await self.domain.database.run(
            lambda session: self.service.send(session, purpose=purpose, phone=phone, asker=asker)
        )

    async def sent(self, phone: str = PHONE, subject: str = FLOW, **more: Any) -> Sent:
        outcome = await self.send(phone, subject, **more)
        assert isinstance(outcome, Sent), outcome
        assert outcome.code is not None
        return outcome

    async def send_to_account(
        self,
        named: tuple[str, str],
        phone: str | None,
        subject: str = FLOW,
        *,
        person: str = PERSON,
        channel: str = "web",
        purpose: Purpose = "reset_password",
    ) -> Sent | Refused:
        asker = Asker(subject, person, channel)
        return await self.domain.database.run(
            lambda session: self.service.send_to_account(
                session, purpose=purpose, named=named, phone=phone, asker=asker
            )
        )

    async def check(
        self,
        sent: Sent,
        code: str | None = None,
        *,
        subject: str = FLOW,
        person: str = PERSON,
        channel: str = "web",
        purpose: Purpose = "register",
    ) -> Proven | Wrong:
        typed = sent.code if code is None else code
        assert typed is not None
        return await self.domain.database.run(
            lambda session: self.service.check(
                session,
                challenge_id=sent.challenge_id,
                purpose=purpose,
                asker=Asker(subject, person, channel),
                code=typed,
            )
        )

    async def fail(self, sent: Sent, times: int, **more: Any) -> list[Proven | Wrong]:
        """Type wrong codes."""
        return [await self.check(sent, other_than(sent.code), **more) for _ in range(times)]

    async def void(self, sent: Sent) -> None:
        await self.domain.database.run(lambda session: self.service.void(session, sent.challenge_id))

    async def bar(self, phone: str, **span: float) -> None:
        """The provider lets nothing through to this phone for a while: the arguments of `timedelta`."""
        async with self.domain.transaction() as session:
            await self.service.bar(session, phone, timedelta(**span))

    async def alarms(self) -> list[Alarm]:
        async with self.domain.database.reading() as session:
            return await self.service.alarms(session)

    async def row(self, sent: Sent) -> ChallengeRow:
        async with self.domain.database.reading() as session:
            return await session.get_one(ChallengeRow, sent.challenge_id)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is said to the database meanwhile, in order."""
        said: list[str] = []

        def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            said.append(statement)

        engine = self.domain.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", listen)
        try:
            yield said
        finally:
            event.remove(engine, "before_cursor_execute", listen)
