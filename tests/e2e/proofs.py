"""What must be true of every registration, whoever looks: the receipt, the ledger, the account."""

from __future__ import annotations

from typing import Any

import aiohttp

from domain.accounts.passwords import password_matches
from domain.evidence.ledger import canonical
from domain.vault.keyring import signature_is_good
from tests.e2e.books import Books
from tests.e2e.client import Person

FORMED_AT_THE_CLICK = {"renrenbao", "zhiyonggong"}


async def assert_proven(books: Books, http: aiohttp.ClientSession, person: Person, platform: str) -> dict[str, Any]:
    """Everything below, for somebody who has just registered. Returns the signed receipt's content."""
    signed = await open_receipt(http, person)
    await assert_receipt_is_true(signed, books, person, platform)
    await assert_account_is_as_typed(books, person)
    await assert_formed_when_the_agreement_says(books, person, platform)
    await assert_systems_were_told(books, person)
    assert (await books.domain.evidence.verify()).ok
    content: dict[str, Any] = signed["receipt"]
    return content


async def open_receipt(http: aiohttp.ClientSession, person: Person) -> dict[str, Any]:
    """The receipt as a file, after a look at its page."""
    card = person.receipt
    async with http.get(card["url"]) as page:
        assert page.status == 200
        assert "凭据" in await page.text()
    async with http.get(card["json_url"]) as file:
        assert file.status == 200
        signed: dict[str, Any] = await file.json()
        return signed


async def assert_receipt_is_true(signed: dict[str, Any], books: Books, person: Person, platform: str) -> None:
    receipt, signature = signed["receipt"], signed["signature"]
    public = books.domain.parts.vault.keyring.public_keys()[signature["key"]]
    assert signature_is_good(public, canonical(receipt), bytes.fromhex(signature["value"]))
    version, _tree = await books.domain.agreements.in_force(platform)
    assert receipt["agreement"]["version"] == version.version
    assert receipt["agreement"]["sha256"] == version.sha256
    told = {decision["item"]: decision["decision"] for decision in receipt["decisions"]}
    assert told == await books.decided(person)
    assert told["contract"] == "given"
    assert receipt["clauses"]
    assert all(clause["shown_at"] for clause in receipt["clauses"])
    entries = {entry["id"] for entry in await books.entries(person, "decided")}
    assert {decision["ledger_entry"] for decision in receipt["decisions"]} <= entries


async def assert_account_is_as_typed(books: Books, person: Person) -> None:
    (account,) = await books.accounts(person)
    data = await books.domain.accounts.data(account.id)
    assert data["phone"] == f"+86{person.details.phone}"
    typed = {**person.details.typed, **person.details.on_page}
    for field in data.keys() & typed.keys():
        assert data[field] == typed[field], field
    assert "password" not in data
    keyring = books.domain.parts.vault.keyring
    assert await password_matches(keyring, account.password_hash, person.details.password)


async def assert_systems_were_told(books: Books, person: Person) -> None:
    (account,) = await books.accounts(person)
    word = {"given": "consented", "refused": "refused"}
    told = [(word[decision], item) for item, decision in (await books.decided(person)).items()]
    assert sorted(await books.events(account.id), key=str) == sorted([("registered", None), *told], key=str)


async def assert_formed_when_the_agreement_says(books: Books, person: Person, platform: str) -> None:
    order = [entry["type"] for entry in await books.entries(person)]
    assert order.count("formed") == order.count("registered") == 1
    (formed,) = await books.entries(person, "formed")
    at_the_click = order.index("formed") < order.index("registered")
    assert at_the_click == (platform in FORMED_AT_THE_CLICK)
    assert formed["by"] == ("decision" if at_the_click else "registration")
    (contract,) = (entry for entry in await books.entries(person, "decided") if entry["item"] == "contract")
    assert contract["decision"] == "given"
    assert contract["pressed"]["label"] == person.agree_label
    if at_the_click:
        assert formed["pressed"]["message"] == contract["pressed"]["message"]
