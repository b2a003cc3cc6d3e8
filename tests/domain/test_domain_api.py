"""The door other systems of a platform use: open, ask, listen, verify."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import domain as package
from domain import Domain, KeyDestroyed, Keyring, NotFound
from domain.evidence.tables import LedgerRow
from tests.support.ambient import FakeClock, SeededChance
from tests.support.databases import Place, keyring, open_domain
from tests.support.person import Person

PHONE = "+8613812345678"


async def test_a_back_office_follows_what_happened_from_where_it_left_off(place: Place) -> None:
    """The twenty lines of docs/domain-api.md."""
    async with open_domain(place) as domain:
        person = await Person.arrives(domain, "xiaohe")
        await person.registers("13812345678")
    seen = []
    async with Domain.open(place.url, keyring(), heads=place.heads) as d:
        cursor = 0
        while events := await d.events.since(cursor, limit=2):
            seen += events
            cursor = events[-1].cursor
        assert [event.type for event in seen][0] == "registered"
        account = await d.accounts.find("xiaohe", "phone", PHONE)
        assert account is not None and account.id == seen[0].account_id
        assert (await d.accounts.get(account.id)).status == "active"
        assert (await d.accounts.data(account.id))["real_name"]
        assert {c.item for c in await d.consent.of(account.id)} >= {"contract"}
        assert (await d.evidence.verify()).ok
        assert await d.events.since(cursor) == []


async def test_a_first_start_puts_every_platforms_sample_in_force_and_a_second_changes_nothing(
    empty_place: Place,
) -> None:
    versions = []
    for seed in ("first", "second"):
        async with open_domain(empty_place, seed=seed) as domain:
            versions.append(await domain.agreements.list())
            assert (await domain.evidence.verify()).entries == 5
    assert versions[0] == versions[1]
    assert [v.version for v in versions[0]] == [1] * 5
    assert all(v.is_sample and v.published_at for v in versions[0])


async def test_an_official_text_in_force_is_not_overtaken_by_the_sample(place: Place) -> None:
    async with open_domain(place) as domain:
        raw = domain.platforms.get("xiaohe").sample_bytes + "\n正式。\n".encode()
        await domain.agreements.bring_in(raw, "official.md", platform_id="xiaohe")
        await domain.agreements.publish("xiaohe")
    async with open_domain(place, seed="again") as domain:
        assert (await domain.agreements.in_force("xiaohe"))[0].source == "official"
        assert (await domain.agreements.version("xiaohe", 1))[0].source == "sample"
        with pytest.raises(NotFound):
            await domain.agreements.version("xiaohe", 3)


async def test_without_a_wording_a_message_is_its_id(place: Place) -> None:
    clock = FakeClock()
    async with Domain.open(place.url, keyring(), heads=place.heads, clock=clock, chance=SeededChance("office")) as d:
        person = await Person.arrives(d, "xiaohe")
        assert person.last["text"] == "greeting.platform"


async def test_other_keys_open_nothing_and_say_that_the_ledger_is_not_theirs(place: Place) -> None:
    async with open_domain(place) as domain:
        person = await Person.arrives(domain, "renrenbao")
        await person.registers("13812345678")
        account = await domain.accounts.find("renrenbao", "phone", PHONE)
    assert account is not None
    strangers = Keyring.create(SeededChance("strangers"))
    async with open_domain(place, keys=strangers, seed="strangers") as domain:
        assert await domain.accounts.find("renrenbao", "phone", PHONE) is None
        assert not (await domain.evidence.verify()).ok


async def test_after_erasure_the_data_are_gone_and_the_chain_is_whole(domain: Domain) -> None:
    from domain.accounts.tables import AccountRow

    person = await Person.arrives(domain, "xiaohe")
    await person.registers("13812345678")
    account = await domain.accounts.find("xiaohe", "phone", PHONE)
    assert account is not None
    async with domain.transaction() as session:
        row = await session.get_one(AccountRow, account.id)
        await domain.parts.vault.destroy(session, row.key_id)
    with pytest.raises(KeyDestroyed):
        await domain.accounts.data(account.id)
    assert (await domain.evidence.verify()).ok


async def test_entries_are_stamped_with_the_software_that_wrote_them(domain: Domain) -> None:
    import json

    from sqlalchemy import select

    async with domain.database.reading() as session:
        entry = json.loads((await session.scalars(select(LedgerRow.entry).limit(1))).one())
    assert entry["software"] == f"mingshi {package.VERSION}"
    assert entry["at"].startswith("2026-03-02T02:00:00")


def test_the_public_names_are_what_is_promised() -> None:
    assert {
        "Domain",
        "Keyring",
        "DomainError",
        "NotFound",
        "Conflict",
        "IdentifierTaken",
        "KeyDestroyed",
        "Forbidden",
    } <= set(package.__all__)
    for name in package.__all__:
        assert hasattr(package, name)


def test_time_and_chance_are_handed_in() -> None:
    """Nothing but `ambient.py` asks the machine for the time or for random numbers."""
    forbidden = {
        "now",
        "utcnow",
        "today",
        "time",
        "monotonic",
        "token_bytes",
        "randbelow",
        "uuid4",
        "random",
        "randint",
        "choice",
        "urandom",
    }
    owners = {"datetime", "date", "time", "secrets", "uuid", "random", "os"}
    found = []
    for file in sorted(Path(package.__file__).parent.rglob("*.py")):
        calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
        for called in calls:
            match called:
                case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in forbidden and owner in owners:
                    found.append(f"{file.name}:{called.lineno} {owner}.{name}")
    assert [place for place in found if not place.startswith("ambient.py:")] == []
    assert found, "the scan must find what ambient.py does"
