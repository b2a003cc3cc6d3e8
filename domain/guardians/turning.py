"""What time does to guardianships: silence is a refusal, birthdays end what a guardian decided for a minor."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.ambient import SHANGHAI
from domain.guardians.guardianships import REFUSAL_STANDS, SILENCE, Waiting
from domain.guardians.rules import ADULT, OWN_CONSENT, age
from domain.guardians.service import GuardianEffects, note_turning_point
from domain.guardians.tables import GuardianshipRow
from domain.messaging.notices import tell_systems
from domain.parts import Parts

_AT_ONCE = 200


async def turn_of_time(session: AsyncSession, parts: Parts, guardians: GuardianEffects) -> int:
    """End what nobody answered, and ask anew who has come of age. Returns how many guardianships changed."""
    changed = await _silent(session, parts, guardians) + await _of_age(session, parts, guardians)
    await _closed(session, guardians)
    await _forget(session, parts)
    return changed


async def _silent(session: AsyncSession, parts: Parts, guardians: GuardianEffects) -> int:
    before = parts.clock.now() - SILENCE
    rows = await session.scalars(
        select(GuardianshipRow)
        .where(GuardianshipRow.state.in_(Waiting), GuardianshipRow.created_at < before)
        .limit(_AT_ONCE)
        .with_for_update()
    )
    found = rows.all()
    for row in found:
        await guardians.rows.end(session, row, "expired")
        await guardians.tell_ward(session, row, "silent")
    return len(found)


async def _of_age(session: AsyncSession, parts: Parts, guardians: GuardianEffects) -> int:
    """All whose turning point is due this month, a few at a time: most of them only come to it later in the month."""
    today = parts.clock.now().astimezone(SHANGHAI).date()
    changed, last = 0, ""
    while True:
        rows = await session.scalars(
            select(GuardianshipRow)
            .where(
                GuardianshipRow.state == "consented",
                GuardianshipRow.turns_in <= f"{today:%Y-%m}",
                GuardianshipRow.id > last,
            )
            .order_by(GuardianshipRow.id)
            .limit(_AT_ONCE)
            .with_for_update()
        )
        batch = rows.all()
        for row in batch:
            changed += await _turn(session, parts, guardians, row, today)
        if len(batch) < _AT_ONCE:
            return changed
        last = batch[-1].id


async def _turn(
    session: AsyncSession, parts: Parts, guardians: GuardianEffects, row: GuardianshipRow, today: date
) -> bool:
    """Whether the ward of this one has come of age by today."""
    birth = await guardians.rows.birth(session, row)
    if birth is None:
        row.turns_in = None
        return False
    years = age(birth, today)
    if years >= ADULT:
        await _ends(session, parts, guardians, row)
    elif years >= OWN_CONSENT and row.band in {"under_8", "from_8"}:
        row.band = "from_14"
        await note_turning_point(session, guardians.rows, row, parts)
        await _ask_anew(session, parts, row, "news.of_age_14")
    else:
        return False
    return True


async def _ends(session: AsyncSession, parts: Parts, guardians: GuardianEffects, row: GuardianshipRow) -> None:
    """At eighteen the guardian's part is over: they no longer see or decide anything."""
    account_id, there = row.ward_account_id, row.guardian_conversation_id
    body = {"guardianship": row.id, "account": account_id, "reason": "of_age"}
    await parts.ledger.append(session, row.platform_id, "guardian_ended", row.ward_flow_id, body)
    await _ask_anew(session, parts, row, "news.of_age_18")
    await guardians.rows.end(session, row, "ended")
    await tell_systems(session, parts, "guardian_ended", row.platform_id, account_id, {"guardianship": row.id})
    if there is not None and account_id is not None:
        platform = parts.platforms.get(row.platform_id).profile.name
        await parts.inbox.tell(
            session, there, key=f"{row.id}:ended", message="news.guardian_ended",
            words={"platform": platform, "account": account_id},
        )  # fmt: skip


async def _ask_anew(session: AsyncSession, parts: Parts, row: GuardianshipRow, message: str) -> None:
    account = await session.get(AccountRow, row.ward_account_id or "")
    if account is None or account.status == "closed":
        return
    words = {"platform": parts.platforms.get(row.platform_id).profile.name, "account": account.id}
    buttons = ((f"c.of_age:{account.id}", "of_age", "primary"),)
    addresses = await parts.accounts.addresses(session, account.id)
    # On a shared device, or where the guardian did everything, theirs is the only one.
    own = [c for c in addresses if c != row.guardian_conversation_id] or addresses
    for conversation_id in own:
        await parts.inbox.tell(
            session, conversation_id, key=f"{row.id}:{message}", message=message, words=words, buttons=buttons
        )


async def _closed(session: AsyncSession, guardians: GuardianEffects) -> None:
    """With the account the guardian's identity is no longer needed."""
    rows = await session.scalars(
        select(GuardianshipRow)
        .join(AccountRow, AccountRow.id == GuardianshipRow.ward_account_id)
        .where(AccountRow.status == "closed", GuardianshipRow.state == "consented")
        .limit(_AT_ONCE)
    )
    for row in rows.all():
        await guardians.rows.end(session, row, "ended")


async def _forget(session: AsyncSession, parts: Parts) -> None:
    """The indexes of a refusal are gone once it may be asked again; those of a dispute with the time for it."""
    refused = select(GuardianshipRow).where(
        GuardianshipRow.state == "refused",
        GuardianshipRow.decided_at < parts.clock.now() - max(REFUSAL_STANDS, SILENCE),
        GuardianshipRow.phone_index.is_not(None),
    )
    for row in (await session.scalars(refused.limit(_AT_ONCE))).all():
        row.phone_index = row.guardian_index = row.ward_index = None
