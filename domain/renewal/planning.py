"""Who is asked about a new version, and when they are told: a few accounts a transaction, resumed where it stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountAddressRow, AccountRow
from domain.agreements.tables import AgreementRow
from domain.agreements.versions import Version
from domain.ambient import SHANGHAI
from domain.consent.items import CONTRACT
from domain.consent.tables import DecisionRow
from domain.errors import NotFound
from domain.guardians.tables import GuardianshipRow
from domain.messaging.tables import ConversationRow
from domain.parts import Parts
from domain.renewal.comparing import Comparing
from domain.renewal.publishing import OPEN, subscribers
from domain.renewal.tables import RenewalRoundRow, RenewalRow
from domain.storage.locks import hold

BATCH = 500
"""Accounts planned in one transaction."""
TOLD_AT_ONCE = 50
"""People told in one transaction."""
_RETRY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Planned:
    """What one transaction did: how many accounts it looked at, how many of them are asked."""

    walked: int
    asked: int


async def plan_some(session: AsyncSession, parts: Parts, comparing: Comparing, size: int = BATCH) -> Planned | None:
    """Go on with the planning by at most `size` accounts. None when nothing is left to plan now.

    How far it is stands in the same transaction: a process that dies loses a batch, and the next one does it again.
    """
    now = parts.clock.now()
    plan = await session.scalar(
        select(RenewalRoundRow)
        .where(RenewalRoundRow.sweep_at <= now)
        .order_by(RenewalRoundRow.sweep_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if plan is None:
        return None
    version = await parts.agreements.get(session, plan.agreement_id)
    rows = (
        await session.execute(
            select(DecisionRow.account_id, DecisionRow.agreement_id)
            .join(AccountRow, AccountRow.id == DecisionRow.account_id)
            .where(subscribers(plan.platform_id), DecisionRow.account_id > plan.cursor)
            .order_by(DecisionRow.account_id)
            .limit(size)
        )
    ).all()
    agreed = {account_id: agreement_id for account_id, agreement_id in rows if account_id is not None}
    asked = await _plan(session, parts, comparing, version, agreed, now)
    if len(rows) == size:
        plan.cursor = max(agreed)
    else:
        _end_sweep(plan, version, parts, now)
    await session.flush()
    return Planned(len(rows), asked)


def _end_sweep(plan: RenewalRoundRow, version: Version, parts: Parts, now: datetime) -> None:
    """Once more when the old text ends, and when the last registration begun on it is over: people still join on it."""
    effective = version.effective_at or plan.published_at
    later = [effective, effective + parts.policy.flow_lifetime]
    plan.cursor, plan.sweep = "", plan.sweep + 1
    plan.sweep_at = next((moment for moment in later[plan.sweep - 1 :] if moment > now), None)


async def _plan(
    session: AsyncSession,
    parts: Parts,
    comparing: Comparing,
    version: Version,
    agreed: dict[str, str],
    now: datetime,
) -> int:
    """Ask these accounts (account -> the text it agreed to) about a version. Returns how many."""
    if not agreed:
        return 0
    same = await comparing.same_for_readers(session, version)
    known: defaultdict[str, list[RenewalRow]] = defaultdict(list)
    for row in await session.scalars(select(RenewalRow).where(RenewalRow.account_id.in_(agreed))):
        known[row.account_id].append(row)
    fresh = []
    for account_id, agreement_id in agreed.items():
        rows = known[account_id]
        if any(row.agreement_id == version.id for row in rows):
            continue
        carried = next((r for r in rows if r.agreement_id in same and r.state in OPEN), None)
        refused = any(row.agreement_id in same and row.state == "refused" for row in rows)
        if agreement_id not in same and not refused:
            fresh.append(_renewal(account_id, version, now, carried))
        for row in rows:
            if row.state in OPEN:
                row.state, row.decided_at = "superseded", now
    await session.flush()
    if fresh:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        await session.execute(
            insert(RenewalRow).on_conflict_do_nothing(index_elements=["account_id", "agreement_id"]), fresh
        )
    return len(fresh)


def _renewal(account_id: str, version: Version, now: datetime, carried: RenewalRow | None) -> dict[str, object]:
    """The row of an account; what is carried over from a version that says the same need not be told again."""
    return {
        "account_id": account_id,
        "agreement_id": version.id,
        "platform_id": version.platform_id,
        "state": carried.state if carried else "planned",
        "conversation_id": carried.conversation_id if carried else None,
        "planned_at": now,
        "tried_at": None,
        "told_at": carried.told_at if carried else None,
        "reminded_at": carried.reminded_at if carried else None,
        "decided_at": None,
    }


async def plan_one(
    session: AsyncSession, parts: Parts, comparing: Comparing, account_id: str, version: Version
) -> None:
    """Plan a single account at once: its person is here before the planning came to it."""
    agreement_id = await agreed_to(session, account_id)
    if agreement_id is not None:
        await _plan(session, parts, comparing, version, {account_id: agreement_id}, parts.clock.now())


async def agreed_to(session: AsyncSession, account_id: str) -> str | None:
    """The text an account's person agreed to last."""
    return await session.scalar(
        select(DecisionRow.agreement_id).where(
            DecisionRow.account_id == account_id, DecisionRow.item == CONTRACT, DecisionRow.decision == "given"
        )
    )


# --- telling ---------------------------------------------------------------------------------------


async def tell_some(session: AsyncSession, parts: Parts, comparing: Comparing, at_most: int = TOLD_AT_ONCE) -> int:
    """Tell the next people, and remind those whose new version counts by now. Returns how many were seen to.

    Never more in a minute than `Policy.renewals_a_minute`, in all processes together.
    """
    await hold(session, "renewals told")
    now = parts.clock.now()
    since = now - _MINUTE
    lately = 0
    for moment in (RenewalRow.told_at, RenewalRow.reminded_at):
        lately += await session.scalar(select(func.count()).where(moment > since)) or 0
    room = min(at_most, parts.policy.renewals_a_minute - lately)
    if room <= 0:
        return 0
    current = RenewalRow.agreement_id == RenewalRoundRow.agreement_id
    query = (
        select(RenewalRow)
        .join(RenewalRoundRow, current)
        .join(AccountRow, AccountRow.id == RenewalRow.account_id)
        .join(AgreementRow, AgreementRow.id == RenewalRow.agreement_id)
        .where(
            AccountRow.status != "closed",
            or_(
                and_(
                    RenewalRow.state == "planned",
                    or_(RenewalRow.tried_at.is_(None), RenewalRow.tried_at <= now - _RETRY),
                ),
                and_(
                    RenewalRow.state == "told",
                    RenewalRow.reminded_at.is_(None),
                    AgreementRow.effective_at <= now,
                    RenewalRow.told_at < AgreementRow.effective_at,
                ),
            ),
        )
        .order_by(RenewalRow.agreement_id, RenewalRow.account_id)
        .limit(room)
        .with_for_update(of=RenewalRow, skip_locked=True)
    )
    rows = (await session.scalars(query)).all()
    for row in rows:
        await _tell(session, parts, comparing, row, now)
    await session.flush()
    return len(rows)


async def _tell(session: AsyncSession, parts: Parts, comparing: Comparing, row: RenewalRow, now: datetime) -> None:
    where = await newest_address(session, row.account_id)
    if where is None:
        # Nobody can be reached: the person finds it in the menu, and it is tried again another day.
        if row.state == "told":
            row.reminded_at = now
        row.tried_at = now
        return
    version = await parts.agreements.get(session, row.agreement_id)
    profile = parts.platforms.get(row.platform_id).profile
    before = await parts.agreements.get(session, await agreed_to(session, row.account_id) or row.agreement_id)
    found = await comparing.changes(session, before, version, None)
    counts = version.effective_at is None or version.effective_at <= now
    here = version.is_sample or profile.channel.authorised
    reminding = row.state == "told"
    words = {
        "platform": profile.name,
        "account": row.account_id,
        "version": version.label,
        "since": day(version),
        "count": str(len(found.substantive)),
        "leave": profile.leave,
        "path": changes_path(before, version),
    }
    message = "news.renewal_reminder" if reminding else "news.renewal_now" if counts else "news.renewal"
    buttons = [
        (f"c.renewal:{row.account_id}:{version.id}", "see_changes", "primary"),
        (f"c.renewal_later:{row.account_id}:{version.id}", "decide_later", "default"),
    ]
    if not here:
        # Nobody decides here about a text whose platform has not authorised this channel.
        message, buttons = "news.renewal_elsewhere", [("c.human", "human", "quiet")]
    key = f"{'reminder' if reminding else 'renewal'}:{version.id}:{row.account_id}"
    await parts.inbox.tell(session, where, key=key, message=message, words=words, buttons=buttons)
    if reminding:
        row.reminded_at = now
    else:
        row.state, row.told_at, row.conversation_id = "told", now, where


async def guardian_of(
    session: AsyncSession, account_id: str, conversation_id: str | None = None
) -> GuardianshipRow | None:
    """The guardian who consented to an account's contract and still stands for it; of one conversation if named."""
    query = (
        select(GuardianshipRow)
        .join(DecisionRow, DecisionRow.account_id == GuardianshipRow.ward_account_id)
        .where(
            GuardianshipRow.ward_account_id == account_id,
            GuardianshipRow.state == "consented",
            DecisionRow.item == CONTRACT,
            DecisionRow.given_by == "guardian",
        )
        .limit(1)
    )
    if conversation_id is not None:
        query = query.where(GuardianshipRow.guardian_conversation_id == conversation_id)
    return await session.scalar(query)


async def newest_address(session: AsyncSession, account_id: str) -> str | None:
    """The newest conversation of an account's person that can be reached; one that has proven the account first.

    What a guardian consented to is the guardian's to decide: then theirs.
    """
    guardianship = await guardian_of(session, account_id)
    if guardianship is not None and guardianship.guardian_conversation_id is not None:
        theirs = await session.get(ConversationRow, guardianship.guardian_conversation_id)
        return theirs.id if theirs is not None and theirs.reachable else None
    return await session.scalar(
        select(AccountAddressRow.conversation_id)
        .join(ConversationRow, ConversationRow.id == AccountAddressRow.conversation_id)
        .where(AccountAddressRow.account_id == account_id, ConversationRow.reachable)
        .order_by(AccountAddressRow.trusted.desc(), AccountAddressRow.bound_at.desc())
        .limit(1)
    )


def day(version: Version) -> str:
    """The day a version takes effect, as people in China count days; of one that always counted the day it came."""
    moment = version.effective_at or version.published_at or version.imported_at
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d")


def changes_path(before: Version, after: Version) -> str:
    return f"/a/{after.platform_id}/changes/{before.version}/{after.version}"


# --- looking ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Renewal:
    """Where one account stands with one version."""

    account_id: str
    platform_id: str
    agreement_id: str
    state: str
    told_at: datetime | None
    reminded_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Counts:
    """Where a platform's people stand with one version.

    `asked` is how many had to be asked when it was published; `planning` tells that not all of them are planned yet.
    `unreachable` are those of `planned` whose person has no conversation that can be reached.
    """

    platform_id: str
    agreement_id: str
    version: int
    label: str
    effective_at: datetime | None
    asked: int
    planning: bool
    planned: int = 0
    unreachable: int = 0
    told: int = 0
    accepted: int = 0
    refused: int = 0
    superseded: int = 0


async def of_account(session: AsyncSession, account_id: str) -> list[Renewal]:
    """Everything an account was asked about, the newest last."""
    rows = await session.scalars(
        select(RenewalRow).where(RenewalRow.account_id == account_id).order_by(RenewalRow.planned_at)
    )
    return [_public(row) for row in rows]


async def open_for(session: AsyncSession, accounts: Sequence[str]) -> list[Renewal]:
    """What these accounts have still to decide."""
    if not accounts:
        return []
    rows = await session.scalars(
        select(RenewalRow)
        .join(RenewalRoundRow, RenewalRow.agreement_id == RenewalRoundRow.agreement_id)
        .where(RenewalRow.account_id.in_(accounts), RenewalRow.state.in_(OPEN))
        .order_by(RenewalRow.planned_at.desc())
    )
    return [_public(row) for row in rows]


async def counts(session: AsyncSession, parts: Parts, platform_id: str | None = None) -> list[Counts]:
    """A line for each version anybody was asked about, the newest last."""
    query = select(RenewalRow.agreement_id, RenewalRow.state, func.count(), func.count(RenewalRow.tried_at)).group_by(
        RenewalRow.agreement_id, RenewalRow.state
    )
    rounds = select(RenewalRoundRow)
    if platform_id is not None:
        query = query.where(RenewalRow.platform_id == platform_id)
        rounds = rounds.where(RenewalRoundRow.platform_id == platform_id)
    states: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for agreement_id, state, number, tried in (await session.execute(query)).all():
        states[agreement_id][state] = number
        if state == "planned":
            states[agreement_id]["unreachable"] = tried
    current = {row.agreement_id: row for row in await session.scalars(rounds)}
    found = []
    for agreement_id in {*states, *current}:
        version = await parts.agreements.get(session, agreement_id)
        row = current.get(agreement_id)
        numbers = states[agreement_id]
        found.append(
            Counts(
                platform_id=version.platform_id,
                agreement_id=agreement_id,
                version=version.version,
                label=version.label,
                effective_at=version.effective_at,
                asked=row.asked if row else sum(n for state, n in numbers.items() if state != "unreachable"),
                planning=row is not None and row.sweep == 0,
                **numbers,
            )
        )
    return sorted(found, key=lambda c: (c.platform_id, c.version))


async def decide(session: AsyncSession, account_id: str, agreement_id: str, state: str, now: datetime) -> None:
    """Keep what an account's person decided. Raises NotFound when they were never asked."""
    row = await session.get(RenewalRow, (account_id, agreement_id), with_for_update=True)
    if row is None:
        raise NotFound(f"{account_id} was not asked about {agreement_id}")
    row.state, row.decided_at = state, now
    await session.execute(
        update(RenewalRow)
        .where(
            RenewalRow.account_id == account_id,
            RenewalRow.agreement_id != agreement_id,
            RenewalRow.state.in_(OPEN),
        )
        .values(state="superseded", decided_at=now)
    )


def _public(row: RenewalRow) -> Renewal:
    return Renewal(
        row.account_id, row.platform_id, row.agreement_id, row.state, row.told_at, row.reminded_at, row.decided_at
    )
