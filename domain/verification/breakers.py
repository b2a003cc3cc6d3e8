"""The breakers of the whole service: against numbers counted through in order, and codes that nobody types in.

Nothing about them is stored: they are open as long as the challenges say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.storage.locks import hold
from domain.verification.budgets import DAY, HOUR
from domain.verification.limits import Limits
from domain.verification.model import Alarm, Refused
from domain.verification.tables import ChallengeRow

# How far back the beginning of a bad conversion is looked for.
_LOOK_BACK = 2000


@dataclass(frozen=True)
class Weather:
    """What the whole service is like.

    Args:
        high_water: the latest moment any challenge knows of.
        hour_full: since when as many codes as an hour may have were sent; None while there are fewer.
        named_full, phone_full: the same for the prefix of the phone that was named, and of the one behind it.
        proven: how many of the latest codes were typed in; None while there are too few to tell.
    """

    high_water: datetime | None
    hour_full: datetime | None
    named_full: datetime | None
    phone_full: datetime | None
    proven: int | None


async def read_weather(
    session: AsyncSession, limits: Limits, now: datetime, named_prefix: Sequence[bytes], phone_prefix: Sequence[bytes]
) -> Weather:
    """One statement, whatever the prefixes are."""
    window = now - timedelta(seconds=limits.prefix_window)
    row = (
        await session.execute(
            select(
                select(func.max(ChallengeRow.high_water)).scalar_subquery(),
                _nth_newest(limits.all_an_hour, ChallengeRow.sent_at > now - HOUR),
                _nth_newest(
                    limits.prefix_sends, ChallengeRow.sent_at > window, ChallengeRow.named_prefix.in_(named_prefix)
                ),
                _nth_newest(
                    limits.prefix_sends, ChallengeRow.sent_at > window, ChallengeRow.phone_prefix.in_(phone_prefix)
                ),
                _proven(limits, now),
            )
        )
    ).one()
    return Weather(*row)


async def paused(session: AsyncSession, limits: Limits, now: datetime, weather: Weather) -> Refused | None:
    """Why nobody who names this gets a code now; of the phone behind the name nothing is looked at."""
    if weather.hour_full is not None:
        return Refused("too_many", weather.hour_full + HOUR - now)
    if weather.named_full is not None:
        return Refused("service_paused", weather.named_full + timedelta(seconds=limits.prefix_window) - now)
    if weather.proven is None or weather.proven * 100 >= limits.conversion_percent * limits.conversion_sends:
        return None
    # Half open: one at a time. Who waited here has to look again.
    await hold(session, "half-open")
    newest = await session.scalar(select(func.max(ChallengeRow.sent_at)))
    wait = (newest or now) + timedelta(seconds=limits.half_open_every) - now
    return Refused("service_paused", wait) if wait > timedelta(0) else None


async def read_alarms(session: AsyncSession, limits: Limits, now: datetime) -> list[Alarm]:
    """Everything that is open now, for the operator."""
    found = [*await _prefix_alarms(session, limits, now), *await _conversion_alarm(session, limits, now)]
    hour = await session.scalar(select(_nth_newest(limits.all_an_hour, ChallengeRow.sent_at > now - HOUR)))
    if hour is not None:
        newest = await session.scalar(select(func.max(ChallengeRow.sent_at)).where(ChallengeRow.sent_at <= now))
        found.append(Alarm("hourly", {"sends": str(limits.all_an_hour)}, newest or hour))
    ahead = (
        await session.execute(
            select(func.count(), func.max(ChallengeRow.sent_at))
            .select_from(ChallengeRow)
            .where(ChallengeRow.sent_at > now)
        )
    ).one()
    if ahead[0]:
        found.append(Alarm("clock", {"challenges": str(ahead[0]), "latest": ahead[1].isoformat()}, now))
    return found


async def _prefix_alarms(session: AsyncSession, limits: Limits, now: datetime) -> list[Alarm]:
    window = now - timedelta(seconds=limits.prefix_window)
    alarms: dict[bytes, Alarm] = {}
    for prefix in (ChallengeRow.named_prefix, ChallengeRow.phone_prefix):
        groups = await session.execute(
            select(prefix, func.count(), func.max(ChallengeRow.sent_at))
            .where(ChallengeRow.sent_at > window, prefix.is_not(None))
            .group_by(prefix)
            .having(func.count() >= limits.prefix_sends)
        )
        for index, sends, newest in groups:
            assert index is not None
            # The index is keyed: its beginning tells two prefixes apart and gives no digit away.
            alarms.setdefault(index, Alarm("prefix", {"sends": str(sends), "index": index.hex()[:12]}, newest))
    return list(alarms.values())


async def _conversion_alarm(session: AsyncSession, limits: Limits, now: datetime) -> list[Alarm]:
    rows = (
        await session.execute(
            select(ChallengeRow.closed == "proven", ChallengeRow.sent_at, ChallengeRow.expires_at)
            .where(*_ripe(now))
            .order_by(ChallengeRow.sent_at.desc())
            .limit(_LOOK_BACK)
        )
    ).all()
    size, since, share = limits.conversion_sends, None, 0
    for start in range(len(rows) - size + 1):
        proven = sum(bool(row[0]) for row in rows[start : start + size])
        if proven * 100 >= limits.conversion_percent * size:
            break
        share = share if since else proven * 100 // size
        # It fell when the newest of these fifty could no longer be typed in.
        since = rows[start][2]
    return [Alarm("conversion", {"percent": str(share), "sends": str(size)}, since)] if since else []


def _ripe(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Codes that were really sent and whose time is over: only they tell whether anybody reads them."""
    return ChallengeRow.phone_index.is_not(None), ChallengeRow.expires_at <= now, ChallengeRow.sent_at > now - DAY


def _proven(limits: Limits, now: datetime) -> ScalarSelect[int | None]:
    latest = (
        select(case((ChallengeRow.closed == "proven", 1), else_=0).label("proven"))
        .where(*_ripe(now))
        .order_by(ChallengeRow.sent_at.desc())
        .limit(limits.conversion_sends)
        .subquery()
    )
    total = func.sum(latest.c.proven)
    return (
        select(case((func.count() >= limits.conversion_sends, total), else_=None)).select_from(latest).scalar_subquery()
    )


def _nth_newest(n: int, *where: ColumnElement[bool]) -> ScalarSelect[datetime]:
    """When the n-th newest was asked for; NULL when there are fewer."""
    return (
        select(ChallengeRow.sent_at)
        .where(*where)
        .order_by(ChallengeRow.sent_at.desc())
        .offset(n - 1)
        .limit(1)
        .scalar_subquery()
    )
