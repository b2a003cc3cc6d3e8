"""The versions of each platform's agreement: imported, published, never changed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements.model import ParsedAgreement
from domain.agreements.tables import AgreementRow
from domain.ambient import Chance, Clock, new_id
from domain.errors import Conflict, NotFound
from domain.storage.locks import hold

Source = Literal["sample", "official"]
_CACHE = 32


@dataclass(frozen=True)
class Version:
    """A version as others see it. `sha256` covers the bytes that came in, `text_sha256` the words."""

    id: str
    platform_id: str
    version: int
    label: str
    source: Source
    sha256: str
    text_sha256: str
    effective_at: datetime | None
    imported_at: datetime
    published_at: datetime | None

    @property
    def is_sample(self) -> bool:
        return self.source == "sample"


class Agreements:
    def __init__(self, clock: Clock, chance: Chance) -> None:
        self._clock = clock
        self._chance = chance
        self._trees: OrderedDict[str, ParsedAgreement] = OrderedDict()

    async def bring_in(
        self,
        session: AsyncSession,
        *,
        platform_id: str,
        raw: bytes,
        file_name: str,
        parsed: ParsedAgreement,
        source: Source,
        label: str | None = None,
        effective_at: datetime | None = None,
    ) -> Version:
        """Store a text as the platform's next version, unpublished.

        Raises:
            Conflict: the very same bytes are a version of this platform already, or another text was first.
        """
        await hold(session, "agreements", platform_id)
        sha256 = hashlib.sha256(raw).hexdigest()
        same = await session.scalar(
            select(AgreementRow).where(AgreementRow.platform_id == platform_id, AgreementRow.sha256 == sha256)
        )
        if same is not None:
            raise Conflict(f"this file is version {same.version} of {platform_id} already", version=same.version)
        last = await session.scalar(
            select(func.max(AgreementRow.version)).where(AgreementRow.platform_id == platform_id)
        )
        number = (last or 0) + 1
        row = AgreementRow(
            id=new_id("g", self._chance),
            platform_id=platform_id,
            version=number,
            label=label or f"第{number}版",
            source=source,
            file_name=file_name,
            raw=raw,
            sha256=sha256,
            text_sha256=text_hash(parsed),
            tree=parsed.model_dump_json(),
            effective_at=effective_at,
            imported_at=self._clock.now(),
        )
        session.add(row)
        try:
            await session.flush()
        except IntegrityError as error:
            raise Conflict(f"another version {number} of {platform_id} came in at the same moment") from error
        return _version(row)

    async def publish(
        self,
        session: AsyncSession,
        platform_id: str,
        version: int | None = None,
        *,
        effective_at: datetime | None = None,
    ) -> Version:
        """Put a version (the newest by default) in force from its effective date on.

        Args:
            effective_at: takes the place of the date it was imported with.

        Who agreed to an earlier version is asked by `domain.renewal.publishing`, which calls this.

        Raises:
            NotFound, Conflict: there is no such version, or it is published already.
        """
        row = await self._unpublished(session, platform_id, version)
        row.published_at = self._clock.now()
        if effective_at is not None:
            row.effective_at = effective_at
        await session.flush()
        return _version(row)

    async def to_publish(self, session: AsyncSession, platform_id: str, version: int | None = None) -> Version:
        """The version `publish` would publish, held so that nobody else publishes it meanwhile. Raises as it does."""
        await hold(session, "agreements", platform_id)
        return _version(await self._unpublished(session, platform_id, version))

    async def _unpublished(self, session: AsyncSession, platform_id: str, version: int | None) -> AgreementRow:
        query = select(AgreementRow).where(AgreementRow.platform_id == platform_id)
        query = query.where(AgreementRow.version == version) if version else query.order_by(AgreementRow.version.desc())
        row = (await session.scalars(query.limit(1))).one_or_none()
        if row is None:
            raise NotFound(f"{platform_id} has no version {version or ''}".strip())
        if row.published_at is not None:
            raise Conflict(f"version {row.version} of {platform_id} is published already")
        return row

    async def newest(self, session: AsyncSession, platform_id: str) -> Version:
        """The newest published version, whether it counts already or only from a day to come. Raises NotFound."""
        row = (
            await session.scalars(
                select(AgreementRow)
                .where(AgreementRow.platform_id == platform_id, AgreementRow.published_at.is_not(None))
                .order_by(AgreementRow.version.desc())
                .limit(1)
            )
        ).one_or_none()
        if row is None:
            raise NotFound(f"{platform_id} has no published agreement")
        return _version(row)

    async def in_force(self, session: AsyncSession, platform_id: str) -> Version:
        """The version that counts now: the newest published one whose effective date has come."""
        now = self._clock.now()
        row = (
            await session.scalars(
                select(AgreementRow)
                .where(
                    AgreementRow.platform_id == platform_id,
                    AgreementRow.published_at.is_not(None),
                    or_(AgreementRow.effective_at.is_(None), AgreementRow.effective_at <= now),
                )
                .order_by(AgreementRow.version.desc())
                .limit(1)
            )
        ).one_or_none()
        if row is None:
            raise NotFound(f"{platform_id} has no agreement in force")
        return _version(row)

    async def get(self, session: AsyncSession, agreement_id: str) -> Version:
        row = await session.get(AgreementRow, agreement_id)
        if row is None:
            raise NotFound(agreement_id)
        return _version(row)

    async def list(self, session: AsyncSession, platform_id: str | None = None) -> list[Version]:
        query = select(AgreementRow).order_by(AgreementRow.platform_id, AgreementRow.version)
        if platform_id is not None:
            query = query.where(AgreementRow.platform_id == platform_id)
        return [_version(row) for row in await session.scalars(query)]

    async def tree(self, session: AsyncSession, agreement_id: str) -> ParsedAgreement:
        """The clauses of a version, as they were read when it was imported."""
        if agreement_id not in self._trees:
            tree = await session.scalar(select(AgreementRow.tree).where(AgreementRow.id == agreement_id))
            if tree is None:
                raise NotFound(agreement_id)
            self._trees[agreement_id] = ParsedAgreement.model_validate_json(tree)
            if len(self._trees) > _CACHE:
                self._trees.popitem(last=False)
        return self._trees[agreement_id]


def text_hash(parsed: ParsedAgreement) -> str:
    """SHA-256 over all words of the text; white space and character width do not count."""
    words = parsed.title + "".join(clause.heading or "" for clause in parsed.walk())
    words += "".join(clause.number + clause.text for clause in parsed.walk())
    return hashlib.sha256(re.sub(r"\s+", "", unicodedata.normalize("NFKC", words)).encode()).hexdigest()


def _version(row: AgreementRow) -> Version:
    return Version(
        id=row.id,
        platform_id=row.platform_id,
        version=row.version,
        label=row.label,
        source=row.source,  # type: ignore[arg-type]
        sha256=row.sha256,
        text_sha256=row.text_sha256,
        effective_at=row.effective_at,
        imported_at=row.imported_at,
        published_at=row.published_at,
    )
