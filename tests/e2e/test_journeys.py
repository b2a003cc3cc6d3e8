"""The whole way from 我想注册 to the receipt, on every built-in platform, over the HTTP interface."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.conftest import Newcomer
from tests.e2e.people import COMPANY, PERSON, WHO
from tests.e2e.product import Product
from tests.e2e.proofs import assert_proven, open_receipt
from tests.e2e.wording import says

MOST_TAPS, MOST_CARDS = 20, 10


@pytest.mark.parametrize(("platform", "who"), WHO)
async def test_someone_registers_and_everything_about_it_can_be_proven(
    platform: str, who: str, product: Product, newcomer: Newcomer, http: aiohttp.ClientSession
) -> None:
    person = await newcomer(platform)
    await person.registers(who)
    assert person.cards_read <= MOST_CARDS
    if (platform, who) == ("xiaohe", PERSON):
        assert person.taps <= MOST_TAPS
    async with books_of(product) as books:
        receipt = await assert_proven(books, http, person, platform)
    assert receipt["agreement"]["source"] == "sample"


async def test_whoever_begins_without_a_platform_and_says_no_to_all_that_is_optional_registers_too(
    product: Product, newcomer: Newcomer, http: aiohttp.ClientSession
) -> None:
    person = await newcomer()
    assert says(person.messages, "greeting.choose")
    await person.say("我想注册")
    await person.press_in_card("weigongbao", "choose")
    await person.press(PERSON)
    await person.reads()
    items = {item["id"]: item["tag"] for item in person.card["items"]}
    assert "必需" not in items.values()
    await person.decides("no")
    await person.agrees()
    await person.proves_the_phone()
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(product) as books:
        await assert_proven(books, http, person, "weigongbao")
        decided = await books.decided(person)
        assert {decided[item] for item in items} == {"refused"}
        told = await books.domain.notices.all("weigongbao")
        assert {notice.topic for notice in told if notice.conversation_id == person.id} == {"refused_demand"}


async def test_a_company_only_platform_registers_no_individual(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("zhiyonggong")
    await person.press("我想注册")
    assert PERSON not in person.labels()
    assert COMPANY in person.labels()
    assert says(await person.press("个人 / 其他"), "who.companies_only")
    async with books_of(product) as books:
        await books.assert_no_consent(person)


async def test_the_receipt_and_the_ledger_verify_from_the_command_line(
    product: Product, newcomer: Newcomer, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    person = await newcomer("renrenbao")
    await person.registers()
    signed = await open_receipt(http, person)
    honest, forged = tmp_path / "honest.json", tmp_path / "forged.json"
    honest.write_text(json.dumps(signed, ensure_ascii=False))
    signed["receipt"]["decisions"][0]["decision"] = "refused"
    forged.write_text(json.dumps(signed, ensure_ascii=False))

    assert json.loads(product.command("receipt", "verify", str(honest), "--json").stdout)["ok"] is True
    refused = product.command("receipt", "verify", str(forged), "--json")
    assert refused.returncode != 0
    assert json.loads(refused.stdout)["ok"] is False
    verdict = json.loads(product.command("ledger", "verify", "--json").stdout)
    assert verdict["ok"] is True
    assert verdict["first_bad"] is None
    assert verdict["entries"] > 20
