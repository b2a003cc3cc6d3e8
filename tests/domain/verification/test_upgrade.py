"""Challenges of an earlier version: what was used up stays used up, and codes on their way end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.storage.database import async_url
from domain.storage.migrate import downgrade, upgrade
from domain.verification import Refused, Sent
from tests.domain.verification.texting import PHONE, Texting
from tests.support.ambient import FakeClock
from tests.support.databases import Place, keyring, open_domain

_OLD = text(
    "INSERT INTO challenges (id, purpose, phone_index, subject, digest, digest_key, sent_at, expires_at, tries, closed)"
    " VALUES ('v_old', 'register', :phone, 'f_1', :phone, 'codes-1', :sent_at, :expires_at, 2, NULL)"
)


async def test_an_upgrade_resets_no_budget(empty_place: Place) -> None:
    clock = FakeClock()
    await upgrade(empty_place.url, "0001")
    engine = create_async_engine(async_url(empty_place.url))
    try:
        async with engine.begin() as connection:
            # As each driver wants a moment.
            moments = [clock.now(), clock.now() + timedelta(minutes=5)]
            values = [m.strftime("%Y-%m-%d %H:%M:%S.%f") for m in moments] if empty_place.is_sqlite else moments
            index = keyring().digest("index", b"phone", PHONE.encode())[1]
            await connection.execute(_OLD, {"phone": index, "sent_at": values[0], "expires_at": values[1]})
        await upgrade(empty_place.url)
        async with open_domain(empty_place, clock=clock) as domain:
            texting = Texting(domain, clock)
            refused = await texting.send()
            assert isinstance(refused, Refused) and refused.reason == "too_soon"
            assert (await texting.row(Sent("v_old", None, timedelta(), timedelta()))).closed == "void"
            texting.clock.forward(minutes=2)
            await texting.sent()
            await texting.send_to_account(("login_name", "nobody"), None)
        await downgrade(empty_place.url, "0001")
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM challenges")) == 2
    finally:
        await engine.dispose()


@pytest.mark.parametrize("times", [2])
async def test_up_and_down_leaves_the_earlier_table(empty_place: Place, times: int) -> None:
    for _ in range(times):
        await upgrade(empty_place.url, "0002")
        await downgrade(empty_place.url, "0001")
    engine = create_async_engine(async_url(empty_place.url))
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT phone_index, subject, closed FROM challenges"))
    finally:
        await engine.dispose()
