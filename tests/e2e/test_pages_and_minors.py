"""The one-time page, and who may not register alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.fragile import Fragile
from tests.e2e.people import COMPANY, id_number
from tests.e2e.product import Product
from tests.e2e.wording import says


async def test_a_minor_found_by_the_id_number_is_not_registered_and_the_consents_are_void(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_page()
    born = datetime.now(UTC) - timedelta(days=12 * 365)
    await person.fill_page(id_number=id_number(f"{born:%Y%m%d}", person.details.number))
    assert says(person.messages, "guardian.found_minor")
    assert not person.is_registered
    async with books_of(product) as books:
        assert await books.accounts(person) == []
        (void,) = await books.entries(person, "invalidated")
        assert void["reason"] == "minor"
        assert await books.entries(person, "registered", "formed", "receipt_issued") == []
        assert await books.holders("xiaohe", person.details.phone) == 0


async def test_a_wrong_number_on_the_page_is_explained_and_the_page_can_be_sent_again(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_page()
    right = person.details.on_page["id_number"]
    wrong = right[:-2] + f"{(int(right[-2]) + 1) % 10}" + right[-1]
    refused = await person.fill_page(id_number=wrong)
    assert refused.status == 422
    assert len(refused.errors) == 1
    assert person.details.password not in refused.text
    weak = await person.fill_page(password="12345678", password_again="12345678")
    assert weak.status == 422
    assert len(weak.errors) == 1
    assert (await person.fill_page()).status == 200
    assert person.is_registered


async def test_a_page_works_once_and_looking_at_it_uses_nothing_up(
    newcomer: Newcomer, http: aiohttp.ClientSession
) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_page()
    link = person.card["url"]
    for _ in range(3):
        async with http.get(link) as looked:
            assert looked.status == 200
        async with http.head(link) as previewed:
            assert previewed.status == 200
    async with http.get(link) as opened:
        form = await opened.text()
    assert (await person.send_page(link, form)).status == 200
    assert (await person.send_page(link, form)).status == 410
    async with http.get(link) as again:
        assert again.status == 410
        assert "name=" not in (await again.text()).partition("<form")[2]


async def test_a_form_of_another_site_is_not_taken(newcomer: Newcomer) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_page()
    link = person.card["url"]
    for forged in ("", "0" * 64):
        sent = await person.fill_page(link, csrf_token=forged)
        assert sent.status == 403
    assert not person.is_registered
    assert (await person.fill_page(link)).status == 200


async def test_a_page_is_gone_after_its_time_and_a_new_one_is_a_button_away(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    person = await Person.arrives(http, fragile.url, "renrenbao")
    await person.comes_to_the_page()
    expired = person.card["url"]
    fragile.forward(minutes=16)
    assert (await person.fill_page(expired)).status == 410
    await person.press("重新打开网页")
    assert person.card["url"] != expired
    assert (await person.fill_page()).status == 200
    assert person.is_registered


async def test_of_all_links_that_were_asked_for_one_is_taken_even_when_all_are_sent_at_once(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_page()
    links = [person.card["url"]]
    for _ in range(2):
        await person.press("重新打开网页")
        links.append(person.card["url"])
    assert len(set(links)) == 3
    answers = await asyncio.gather(*(person.fill_page(link) for link in links))
    assert sorted(answer.status for answer in answers) == [200, 410, 410]
    async with books_of(product) as books:
        assert len(await books.accounts(person)) == 1
        assert len(await books.entries(person, "registered")) == 1


@pytest.mark.parametrize(
    "file", [b"", b"GIF89a" + b"\0" * 64, b"<svg onload=alert(1)>", b"%PDF-1.4 nothing", b"\x89PNG\r\n\x1a\n"]
)
async def test_a_licence_that_is_no_whole_picture_is_refused_and_nothing_is_kept(
    file: bytes, product: Product, newcomer: Newcomer
) -> None:
    person = await company_at_the_page(newcomer)
    refused = await person.fill_page(licence_image=file)
    assert refused.status == 422
    assert len(refused.errors) == 1
    async with books_of(product) as books:
        assert await books.accounts(person) == []


async def company_at_the_page(newcomer: Newcomer) -> Person:
    person = await newcomer("zhiyonggong")
    await person.comes_to_the_page(COMPANY)
    return person


async def test_everything_can_be_filled_in_on_one_page(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("weigongbao")
    await person.comes_to_the_decision()
    await person.agrees()
    await person.proves_the_phone()
    await person.press("一次填完")
    assert (await person.fill_page()).status == 200
    assert person.is_registered
    async with books_of(product) as books:
        (account,) = await books.accounts(person)
        data = await books.domain.accounts.data(account.id)
        assert data["member_name"] == person.details.typed["member_name"]
        assert data["address"] == person.details.typed["address"]
