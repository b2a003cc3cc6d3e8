"""One-time pages: an unguessable link to a form of one flow; only the token's digest is stored."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.flows.tables import PageRow
from domain.parts import Parts


class PageGone(DomainError):
    """The link is unknown, used up, replaced by a newer one, or too old."""

    code = "page_gone"


@dataclass(frozen=True)
class OpenedPage:
    path: str
    fields: tuple[str, ...]
    expires_at: datetime


async def open_page(session: AsyncSession, parts: Parts, flow_id: str, fields: Sequence[str]) -> OpenedPage:
    """Make a link for these fields of a flow. Earlier ones work on until one of them was used or they are too old:
    somebody may be typing there.
    """
    now = parts.clock.now()
    token = base64.urlsafe_b64encode(parts.chance.token(24)).decode()
    expires_at = now + parts.policy.page_lifetime
    session.add(
        PageRow(
            digest=_digest(parts, token),
            flow_id=flow_id,
            fields=",".join(fields),
            expires_at=expires_at,
            created_at=now,
        )
    )
    await session.flush()
    return OpenedPage(f"/s/{token}", tuple(fields), expires_at)


async def find_page(session: AsyncSession, parts: Parts, token: str, *, to_use: bool = False) -> PageRow:
    """The page of a token that can still be used; locked when it is about to be. Raises PageGone."""
    query = select(PageRow).where(PageRow.digest == _digest(parts, token))
    if to_use:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None or row.used_at is not None or parts.clock.now() >= row.expires_at:
        raise PageGone()
    return row


async def spend_pages(session: AsyncSession, parts: Parts, flow_id: str) -> None:
    """The flow has what it asked for: none of its links works any more."""
    await session.execute(
        update(PageRow).where(PageRow.flow_id == flow_id, PageRow.used_at.is_(None)).values(used_at=parts.clock.now())
    )


def _digest(parts: Parts, token: str) -> bytes:
    return parts.vault.keyring.digest("pages", token.encode())[1]
