"""Versions compared once: they never change."""

from __future__ import annotations

from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements.versions import Version
from domain.consent.decks import Decks
from domain.parts import Parts
from domain.platforms.model import Subject
from domain.renewal.changes import Changes, asks_again, changes

_KEPT = 64


class Comparing:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._decks = Decks(parts.platforms)
        self._asks: OrderedDict[tuple[str, str], bool] = OrderedDict()
        self._changes: OrderedDict[tuple[str, str, Subject | None], Changes] = OrderedDict()

    async def asks_again(self, session: AsyncSession, before_id: str, after: Version) -> bool:
        """Whether whoever agreed to the one has to be asked about the other."""
        if before_id == after.id:
            return False
        key = before_id, after.id
        if key not in self._asks:
            before = await self._parts.agreements.get(session, before_id)
            self._asks[key] = before.text_sha256 != after.text_sha256 and asks_again(
                await self._parts.agreements.tree(session, before.id),
                await self._parts.agreements.tree(session, after.id),
            )
            if len(self._asks) > _KEPT:
                self._asks.popitem(last=False)
        return self._asks[key]

    async def changes(self, session: AsyncSession, before: Version, after: Version, subject: Subject | None) -> Changes:
        """Every change, explained by the cards for one kind of subject, or for everybody."""
        key = before.id, after.id, subject
        if key not in self._changes:
            tree = await self._parts.agreements.tree(session, after.id)
            self._changes[key] = changes(
                await self._parts.agreements.tree(session, before.id), tree, self._decks.of(after, tree, subject)
            )
            if len(self._changes) > _KEPT:
                self._changes.popitem(last=False)
        return self._changes[key]

    async def same_for_readers(self, session: AsyncSession, after: Version) -> list[str]:
        """The published versions of the platform that say what this one says, itself among them."""
        published = [v for v in await self._parts.agreements.list(session, after.platform_id) if v.published_at]
        return [after.id, *[v.id for v in published if not await self.asks_again(session, v.id, after)]]
