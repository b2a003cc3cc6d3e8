"""One-time pages: an unguessable link to a form of one flow; only the token's digest is stored."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.flows.tables import FlowRow, PageRow
from domain.messaging.tables import HELD, ConversationRow
from domain.parts import Parts
from domain.platforms.model import Profile


class PageGone(DomainError):
    """The link is unknown, used up, replaced by a newer one, or too old."""

    code = "page_gone"


class PageField(Protocol):
    """One thing a page asks for; a platform's `FieldSpec` is one."""

    @property
    def field(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def options(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Asked:
    """A field that is no platform's: its words stand with the page."""

    field: str
    why: str = ""
    optional: bool = False
    options: tuple[str, ...] = ()


FormKind = Literal["registration", "guardian", "name", "password", "proof", "value", "words"]


@dataclass(frozen=True)
class PageForm:
    """What a page shows: its fields, until when; `kind` names its words."""

    kind: FormKind
    profile: Profile
    fields: tuple[PageField, ...]
    expires_at: datetime


@dataclass(frozen=True)
class PageOutcome:
    """`errors` maps a field to (code, hint); empty means everything was taken."""

    errors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    conversation_id: str | None = None


@dataclass(frozen=True)
class OpenedPage:
    path: str
    fields: tuple[str, ...]
    expires_at: datetime


async def open_page(session: AsyncSession, parts: Parts, flow_id: str, fields: Sequence[str]) -> OpenedPage:
    """Make a link for these fields of a flow. Earlier ones work on until one of them was used or they are too old:
    somebody may be typing there.
    """
    return await _open(session, parts, flow_id, fields, None)


async def open_data_page(session: AsyncSession, parts: Parts, flow_id: str, account_id: str) -> OpenedPage:
    """Make a link that shows what is stored about the person of an account, until it is too old."""
    return await _open(session, parts, flow_id, (), account_id)


async def _open(
    session: AsyncSession, parts: Parts, flow_id: str, fields: Sequence[str], account_id: str | None
) -> OpenedPage:
    now = parts.clock.now()
    token = base64.urlsafe_b64encode(parts.chance.token(24)).decode()
    expires_at = now + parts.policy.page_lifetime
    session.add(
        PageRow(
            digest=_digest(parts, token),
            flow_id=flow_id,
            fields=",".join(fields),
            account_id=account_id,
            expires_at=expires_at,
            created_at=now,
        )
    )
    await session.flush()
    path = f"/s/{token}" if account_id is None else f"/s/{token}/data"
    return OpenedPage(path, tuple(fields), expires_at)


async def find_page(session: AsyncSession, parts: Parts, token: str, *, to_use: bool = False) -> PageRow:
    """The page of a token that can still be used; locked when it is about to be. Raises PageGone.

    A clock that steps back brings no page to life again: one of the future does not count either.
    """
    query = select(PageRow).where(PageRow.digest == _digest(parts, token))
    if to_use:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None or row.used_at is not None or not row.created_at <= parts.clock.now() < row.expires_at:
        raise PageGone()
    return row


async def flow_of_page(session: AsyncSession, parts: Parts, token: str) -> tuple[ConversationRow, FlowRow]:
    """The conversation and the open flow of a page that is about to be used, all of them locked. Raises PageGone.

    Locked in the order of a turn (conversation, flow, page), so that chat and page cannot block each other.
    """
    flow_id = (await find_page(session, parts, token)).flow_id
    conversation_id = (await session.get_one(FlowRow, flow_id)).conversation_id
    conversation = await session.get_one(ConversationRow, conversation_id, with_for_update=HELD)
    flow = await session.get_one(FlowRow, flow_id, with_for_update=True, populate_existing=True)
    await find_page(session, parts, token, to_use=True)
    if flow.outcome is not None or flow.conversation_id != conversation_id:
        raise PageGone()
    return conversation, flow


async def spend_pages(session: AsyncSession, parts: Parts, flow_id: str) -> None:
    """The flow has what it asked for: none of its links works any more."""
    await session.execute(
        update(PageRow).where(PageRow.flow_id == flow_id, PageRow.used_at.is_(None)).values(used_at=parts.clock.now())
    )


def _digest(parts: Parts, token: str) -> bytes:
    return parts.vault.keyring.digest("pages", token.encode())[1]
