"""Publishing a version when people agreed to an earlier one: notice first, the old text counts until then.

电子商务法 34: a change of the agreement is published at least seven days before it takes effect, and nobody who does
not accept it is kept from leaving on the old terms.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.agreements.versions import Version
from domain.ambient import SHANGHAI
from domain.consent.items import CONTRACT
from domain.consent.tables import DecisionRow
from domain.errors import Conflict
from domain.evidence.entries import agreement_of
from domain.parts import Parts
from domain.renewal.comparing import Comparing
from domain.renewal.tables import RenewalRoundRow, RenewalRow

OPEN = ("planned", "told")


class NoticeTooShort(Conflict):
    """The version would count before people had the notice the law gives them."""

    code = "notice_too_short"


def subscribers(platform_id: str) -> ColumnElement[bool]:
    """Who agreed to the platform's agreement and still has the account: a condition on decisions joined accounts."""
    return and_(
        DecisionRow.platform_id == platform_id,
        DecisionRow.item == CONTRACT,
        DecisionRow.decision == "given",
        AccountRow.status != "closed",
    )


async def publish(
    session: AsyncSession,
    parts: Parts,
    comparing: Comparing,
    platform_id: str,
    version: int | None = None,
    *,
    effective_at: datetime | None = None,
    urgent: str | None = None,
) -> Version:
    """Publish a version and have everybody asked whom its changes concern.

    Args:
        effective_at: when it takes effect; else the date it was imported with. Without either, at once where nobody
            has to be asked, otherwise after the notice (`Policy.renewal_notice`).
        urgent: why it cannot wait for the notice; kept in the ledger.

    Raises:
        NotFound, Conflict: there is no such version, or it is published already.
        NoticeTooShort: it would take effect before the notice is over.
    """
    waiting = await parts.agreements.to_publish(session, platform_id, version)
    same = await comparing.same_for_readers(session, waiting)
    asked = await session.scalar(_to_ask(platform_id, same, newly=False)) or 0
    untold = await session.scalar(_to_ask(platform_id, same, newly=True)) or 0
    now = parts.clock.now()
    wanted = effective_at or waiting.effective_at
    earliest = now + parts.policy.renewal_notice if untold else await _promised(session, parts, platform_id, same, now)
    if earliest is not None and not urgent:
        if wanted is not None and wanted < earliest:
            raise NoticeTooShort(_refusal(waiting, asked, earliest, parts.policy.renewal_notice), earliest=earliest)
        wanted = wanted or earliest
    published = await parts.agreements.publish(session, platform_id, waiting.version, effective_at=wanted)
    body: dict[str, Any] = {"agreement": agreement_of(published)}
    if published.effective_at is not None:
        body["effective_at"] = published.effective_at.isoformat(timespec="seconds")
    if asked:
        body["asked"] = asked
    if urgent:
        body["urgent"] = urgent
    await parts.ledger.append(session, platform_id, "version_published", "platform", body)
    is_newest = (await parts.agreements.newest(session, platform_id)).id == published.id
    if is_newest and await _anybody(session, platform_id):
        await session.execute(delete(RenewalRoundRow).where(RenewalRoundRow.platform_id == platform_id))
        session.add(
            RenewalRoundRow(
                platform_id=platform_id, agreement_id=published.id, sweep_at=now, asked=asked, published_at=now
            )
        )
        await session.flush()
    return published


def _to_ask(platform_id: str, same: list[str], *, newly: bool) -> Select[int]:
    """How many agreed to something else. Whoever refused this very text is not asked again.

    Args:
        newly: without those who know of these words already, because a version that says the same was published.
    """
    states = ("refused", *OPEN) if newly else ("refused",)
    knows = exists().where(
        RenewalRow.account_id == DecisionRow.account_id,
        RenewalRow.agreement_id.in_(same),
        RenewalRow.state.in_(states),
    )
    return (
        select(func.count())
        .select_from(DecisionRow)
        .join(AccountRow, AccountRow.id == DecisionRow.account_id)
        .where(subscribers(platform_id), DecisionRow.agreement_id.not_in(same), ~knows)
    )


async def _anybody(session: AsyncSession, platform_id: str) -> bool:
    found = (
        select(DecisionRow.account_id)
        .join(AccountRow, AccountRow.id == DecisionRow.account_id)
        .where(subscribers(platform_id))
        .limit(1)
    )
    return await session.scalar(found) is not None


async def _promised(
    session: AsyncSession, parts: Parts, platform_id: str, same: list[str], now: datetime
) -> datetime | None:
    """A corrected print of a version that was announced for a day to come takes effect on that day at the earliest."""
    days = [
        v.effective_at
        for v in await parts.agreements.list(session, platform_id)
        if v.id in same and v.published_at is not None and v.effective_at is not None and v.effective_at > now
    ]
    return max(days, default=None)


def _refusal(version: Version, asked: int, earliest: datetime, notice: timedelta) -> str:
    day = earliest.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return (
        f"version {version.version} of {version.platform_id} changes what {asked} people agreed to: it takes effect on "
        f"{day} (China) at the earliest, {notice.days} days after it is published (电子商务法 34). Give a later "
        "--effective, or none; where the law allows less, --urgent REASON"
    )
