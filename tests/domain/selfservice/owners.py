"""Owners of accounts, and what the tests of their errands look at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from domain import Domain, KeyDestroyed
from domain.accounts.tables import AccountRow
from domain.messaging.tables import ShortMessageRow
from tests.support.person import Person, everything_in

PHONE, NEW_PHONE, THIRD_PHONE = "13812345678", "13987654321", "15812340000"
VIRTUAL_PHONE = "17012345678"
NEW_PASSWORD = "tea garden 2077 山"
ORGANISATIONS = {"zhiyonggong"}


async def owner(domain: Domain, platform: str, phone: str = PHONE, *, who: str | None = None, **answers: str) -> Person:
    """Somebody who registered, in the conversation they registered in."""
    person = await Person.arrives(domain, platform)
    if who is None:
        who = "单位" if platform in ORGANISATIONS else "本人已满18岁"
    await person.registers(phone, who, **answers)
    return person


async def account_id(domain: Domain, platform: str, phone: str = PHONE) -> str:
    found = await domain.accounts.find(platform, "phone", f"+86{phone}")
    assert found is not None, f"nobody registered {phone}"
    return found.id


async def account_row(domain: Domain, account: str) -> AccountRow:
    async with domain.database.reading() as session:
        return await session.get_one(AccountRow, account)


async def status_of(domain: Domain, account: str) -> str:
    return (await domain.accounts.get(account)).status


async def phone_of(domain: Domain, account: str) -> str:
    """The registered phone, its eleven digits."""
    return (await domain.accounts.data(account))["phone"].removeprefix("+86")


async def sms(domain: Domain) -> list[tuple[str, str]]:
    """Every SMS that was to go out and can still be read: (template, phone), oldest first."""
    async with domain.database.reading() as session:
        found = []
        for row in await session.scalars(select(ShortMessageRow).order_by(ShortMessageRow.id)):
            if row.state == "withheld" or row.sealed is None:
                continue
            try:
                words = await domain.parts.vault.unseal_json(
                    session, row.key_id, f"short_messages|{row.id}", row.sealed
                )
            except KeyDestroyed:
                continue
            found.append((row.template, words["phone"].removeprefix("+86")))
        return found


async def events(domain: Domain, type: str) -> list[dict[str, Any]]:
    return [dict(event.data) for event in await domain.events.since(0) if event.type == type]


def words(messages: list[dict[str, Any]]) -> str:
    return "\n".join(everything_in(message) for message in messages)
