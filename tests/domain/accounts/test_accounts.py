"""Accounts: found by blind indexes, sealed with their own key, one for each identifier of a platform."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from domain import Domain, IdentifierTaken, KeyDestroyed, NotFound
from domain.accounts import Account
from domain.accounts.tables import AccountIdentifierRow, AccountRow
from domain.vault.tables import DataKeyRow
from tests.domain.vault.test_vault import _rotated
from tests.support.databases import Place, open_domain

VALUES = {
    "phone": "+8613812345678",
    "login_name": "Wang_Fang",
    "email": "wf@example.com",
    "real_name": "王芳",
    "password": "key:hash",
}


async def create(domain: Domain, flow_id: str = "f_1", platform: str = "xiaohe", **values: str) -> Account:
    async with domain.transaction() as session:
        version = await domain.parts.agreements.in_force(session, platform)
        return await domain.parts.accounts.create(
            session, platform_id=platform, subject="person", values={**VALUES, **values}, agreement_id=version.id, flow_id=flow_id,
            evidence_key_id="k_evidence", evidence_subject=flow_id,
        )  # fmt: skip


async def count(domain: Domain) -> int:
    async with domain.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(AccountRow)) or 0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+8613812345678"),
        ("login_name", "Wang_Fang"),
        ("login_name", "wang_fang"),
        ("email", "WF@example.com"),
    ],
)
async def test_an_account_is_found_by_each_of_its_identifiers(domain: Domain, kind: str, value: str) -> None:
    account = await create(domain)
    assert await domain.accounts.find("xiaohe", kind, value) == account
    assert await domain.accounts.get(account.id) == account


async def test_it_is_not_found_by_another_kind_value_or_platform(domain: Domain) -> None:
    await create(domain)
    for platform, kind, value in (
        ("renrenbao", "phone", "+8613812345678"),
        ("xiaohe", "email", "+8613812345678"),
        ("xiaohe", "phone", "13812345678"),
        ("xiaohe", "phone", ""),
    ):
        assert await domain.accounts.find(platform, kind, value) is None


async def test_what_was_registered_can_be_read_but_the_password_cannot(domain: Domain) -> None:
    account = await create(domain)
    data = await domain.accounts.data(account.id)
    assert data == {k: v for k, v in VALUES.items() if k != "password"}


async def test_nothing_of_a_person_stands_in_the_rows_in_clear(domain: Domain) -> None:
    await create(domain)
    async with domain.database.reading() as session:
        row = (await session.scalars(select(AccountRow))).one()
        blinds = list(await session.scalars(select(AccountIdentifierRow.blind)))
    stored = row.sealed + b"".join(blinds)
    for secret in ("13812345678", "Wang_Fang", "wang_fang", "wf@example.com", "王芳"):
        assert secret.encode() not in stored


@pytest.mark.parametrize("kind", ["phone", "login_name", "email"])
async def test_an_identifier_names_one_account_of_a_platform(domain: Domain, kind: str) -> None:
    await create(domain)
    others = {"phone": "+8613900000000", "login_name": "other_name", "email": "other@example.com"}
    same = {**others, kind: VALUES[kind].upper()}
    with pytest.raises(IdentifierTaken) as raised:
        await create(domain, "f_2", **same)
    assert raised.value.kind == kind
    assert await count(domain) == 1
    await create(domain, "f_2", **others)
    await create(domain, "f_3", platform="renrenbao")
    assert await count(domain) == 3


async def test_of_many_at_once_one_gets_the_phone(domain: Domain) -> None:
    """H05"""
    outcomes = await asyncio.gather(
        *(create(domain, f"f_{n}", login_name=f"name_{n}", email=f"{n}@example.com") for n in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(o, Account) for o in outcomes) == 1
    assert sum(isinstance(o, IdentifierTaken) and o.kind == "phone" for o in outcomes) == 7
    assert await count(domain) == 1


async def test_the_loser_leaves_no_key_behind(domain: Domain) -> None:
    await create(domain)
    async with domain.database.reading() as session:
        before = await session.scalar(select(func.count()).select_from(DataKeyRow))
    with pytest.raises(IdentifierTaken):
        await create(domain, "f_2")
    async with domain.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(DataKeyRow)) == before


async def test_erasing_an_account_leaves_nothing_to_read(domain: Domain) -> None:
    account = await create(domain)
    async with domain.transaction() as session:
        row = await session.get_one(AccountRow, account.id)
        await domain.parts.vault.destroy(session, row.key_id)
    with pytest.raises(KeyDestroyed):
        await domain.accounts.data(account.id)


async def test_an_unknown_account_is_not_found(domain: Domain) -> None:
    with pytest.raises(NotFound):
        await domain.accounts.get("a_nobody")
    with pytest.raises(NotFound):
        await domain.accounts.data("a_nobody")


async def test_after_a_rotation_of_the_index_key_a_phone_still_names_one_account(place: Place) -> None:
    """H10"""
    async with open_domain(place) as before:
        account = await create(before)
    async with open_domain(place, keys=_rotated("index"), seed="after") as after:
        assert await after.accounts.find("xiaohe", "phone", VALUES["phone"]) == account
        with pytest.raises(IdentifierTaken):
            await create(after, "f_2", login_name="another", email="another@example.com")
        assert await count(after) == 1
