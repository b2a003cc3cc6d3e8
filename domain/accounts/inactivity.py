"""A reminder before an account that nobody uses may be taken back (微工宝 第二条/6: six months without a log-in)."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.news import announce, record
from domain.accounts.tables import AccountRow
from domain.ambient import SHANGHAI
from domain.parts import Parts

# A month is enough to log in once.
_AHEAD = timedelta(days=30)
_AT_ONCE = 200


async def remind_inactive(session: AsyncSession, parts: Parts) -> int:
    """Remind whoever has not logged in for all but a month of the time their platform allows. Returns how many.

    Only for platforms that feed their log-ins, and only accounts that were seen at least once: of others nobody here
    knows when they were last used. Each silence is told of once.
    """
    now = parts.clock.now()
    reminded = 0
    for platform in parts.platforms:
        rule = platform.profile.account.inactivity
        if rule is None or not rule.fed:
            continue
        before = months_ago(now.astimezone(SHANGHAI), rule.months).astimezone(now.tzinfo) + _AHEAD
        rows = await session.scalars(
            select(AccountRow)
            .where(
                AccountRow.platform_id == platform.profile.id,
                AccountRow.status == "active",
                AccountRow.seen_at < before,
                AccountRow.reminded_at.is_(None),
            )
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        for row in rows.all():
            row.reminded_at = now
            entry = await record(
                session, parts, row, "reminded", {"months": rule.months, "clauses": list(rule.clauses)}
            )
            words = {"months": str(rule.months)}
            await announce(session, parts, row, entry, event="reminded", data={}, message="news.inactive", words=words)
            reminded += 1
    return reminded


def months_ago(moment: datetime, months: int) -> datetime:
    """The same day so many months before; the last day of the month where there is no such day."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
