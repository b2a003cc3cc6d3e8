"""New versions as the platform's other systems and the background work see them: each call in its own transactions."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements.versions import Version
from domain.errors import NotFound
from domain.parts import Parts
from domain.renewal import planning
from domain.renewal.changes import Changes
from domain.renewal.comparing import Comparing
from domain.renewal.planning import Counts, Planned, Renewal


class RenewalsApi:
    def __init__(self, parts: Parts, comparing: Comparing) -> None:
        self._parts = parts
        self._comparing = comparing

    async def plan(self, *, batches: int | None = None, size: int = planning.BATCH) -> int:
        """Plan who is asked, `size` accounts a transaction, until nothing is left or so many batches are done.

        Returns how many people were found to be asked. It can be stopped anywhere and called again.
        """
        asked = done = 0
        while batches is None or done < batches:

            async def some(session: AsyncSession) -> Planned | None:
                return await planning.plan_some(session, self._parts, self._comparing, size)

            planned = await self._parts.database.run(some)
            if planned is None:
                break
            asked, done = asked + planned.asked, done + 1
        return asked

    async def tell(self) -> int:
        """Tell people of new versions, and remind them when one takes effect, as many as the pace allows now.

        Returns how many were seen to.
        """
        seen_to = 0
        while seen_to < self._parts.policy.renewals_a_minute:

            async def some(session: AsyncSession) -> int:
                return await planning.tell_some(session, self._parts, self._comparing)

            told = await self._parts.database.run(some)
            seen_to += told
            if told < planning.TOLD_AT_ONCE:
                break
        return seen_to

    async def counts(self, platform_id: str | None = None) -> list[Counts]:
        """Where people stand with each version they were asked about, the newest last."""
        async with self._parts.database.reading() as session:
            return await planning.counts(session, self._parts, platform_id)

    async def of(self, account_id: str) -> list[Renewal]:
        """Everything an account was asked about, the newest last."""
        async with self._parts.database.reading() as session:
            return await planning.of_account(session, account_id)

    async def changes(self, platform_id: str, before: int, after: int) -> tuple[Version, Version, Changes]:
        """What changed from one published version to a later one. Raises NotFound for any other pair."""
        async with self._parts.database.reading() as session:
            versions = await self._parts.agreements.list(session, platform_id)
            published = {v.version: v for v in versions if v.published_at is not None}
            if before not in published or after not in published or before >= after:
                raise NotFound(f"{platform_id} has no published versions {before} and {after}")
            old, new = published[before], published[after]
            return old, new, await self._comparing.changes(session, old, new, None)
