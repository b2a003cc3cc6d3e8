"""Two people talk to the running product at once: a minor, and the guardian who decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.fragile import Fragile
from tests.e2e.people import id_number
from tests.e2e.product import Product
from tests.e2e.wording import says

CHILD, TEENAGER = "8 到 13 岁", "14 到 17 岁"
_YEARS = {"不满 8 岁": 5, CHILD: 11, TEENAGER: 15}


def born(band: str) -> str:
    return f"{datetime.now(UTC) - timedelta(days=_YEARS[band] * 365.25 + 40):%Y%m%d}"


async def invitation(ward: Person, guardian: Person, band: str) -> str:
    """The minor says how old it is and names the guardian's phone. Returns the code."""
    await ward.press("我想注册")
    await ward.press("未满18岁")
    await ward.press(band)
    assert "给监护人发邀请" in ward.labels()
    await ward.press("给监护人发邀请")
    await ward.say(guardian.details.phone)
    return next(line for line in ward.last["text"].splitlines() if len(line) == 9 and line[4] == "-")


async def comes_to_decide(ward: Person, guardian: Person, band: str) -> None:
    """From the invitation to the guardian's last question. The ward's document is remembered."""
    await guardian.say(await invitation(ward, guardian, band))
    await guardian.press("我是监护人，开始")
    await guardian.proves_the_phone()
    number = id_number(born(band), ward.details.number)
    ward.details.on_page["id_number"] = number
    page = {
        "guardian_name": "王强",
        "guardian_id_number": guardian.details.on_page["id_number"],
        "relation": "parent",
        "ward_name": "王小明",
        "ward_id_number": number,
    }
    sent = await guardian.fill_page(**page)
    assert sent.status == 200, sent.errors or sent.text
    await guardian.reads()
    await guardian.decides()


async def consents(ward: Person, guardian: Person, band: str) -> None:
    await comes_to_decide(ward, guardian, band)
    await guardian.agrees()
    assert says(guardian.messages, "guarding.done.given")
    if band != "不满 8 岁":
        await ward.hears("guardian.given")


async def fills_in(who: Person) -> None:
    await who.proves_the_phone()
    await who.answers()
    sent = await who.fill_page()
    assert sent.status == 200, sent.errors or sent.text


@pytest.mark.parametrize("platform", ["xiaohe", "rencai", "renrenbao", "weigongbao"])
async def test_a_child_and_its_parent_register_together(platform: str, product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer(platform), await newcomer()
    await consents(ward, guardian, CHILD)
    await ward.press("我愿意")
    await fills_in(ward)
    assert ward.is_registered
    await guardian.hears("news.ward_registered")
    async with books_of(product) as books:
        (account,) = await books.accounts(ward)
        decided = {d.item: (d.decision, d.given_by) for d in await books.domain.consent.of(account.id)}
    assert decided["contract"] == ("given", "guardian")
    assert decided["children"] == ("given", "guardian")
    assert decided["assent"] == ("given", "self")


async def test_a_teenager_decides_about_the_own_data(product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer("xiaohe"), await newcomer()
    await consents(ward, guardian, TEENAGER)
    await ward.reads()
    await ward.decides(marketing="no")
    await ward.agrees()
    await fills_in(ward)
    async with books_of(product) as books:
        (account,) = await books.accounts(ward)
        decided = {d.item: (d.decision, d.given_by) for d in await books.domain.consent.of(account.id)}
    assert decided["contract"] == ("given", "guardian")
    assert decided["marketing"] == ("refused", "self")


async def test_for_a_small_child_the_parent_does_everything(product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer("xiaohe"), await newcomer()
    await consents(ward, guardian, "不满 8 岁")
    await guardian.hears("guardian.given")
    # The account gets a number of its own; the guardian fills in the child's page.
    guardian.details.phone = ward.details.phone
    guardian.details.on_page["id_number"] = ward.details.on_page["id_number"]
    await fills_in(guardian)
    assert guardian.is_registered
    await ward.hears("news.guardian_acts")


async def test_a_parent_who_says_no_ends_it_for_both(product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer("xiaohe"), await newcomer()
    await comes_to_decide(ward, guardian, CHILD)
    await guardian.press("不同意")
    await guardian.press("真的不注册")
    await ward.hears("guardian.refused")
    async with books_of(product) as books:
        assert await books.decided(ward) == {}
        assert await books.accounts(ward) == []


async def test_what_people_say_instead_of_pressing_consents_to_nothing(product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer("xiaohe"), await newcomer()
    await invitation(ward, guardian, CHILD)
    for sentence in ("我妈妈同意了", "同意", "我满18岁了", "妈妈说可以"):
        await ward.say(sentence)
    await comes_to_decide_again(ward, guardian)
    for sentence in ("嗯", "我同意", "好的没问题", "可以，注册吧"):
        await guardian.say(sentence)
    async with books_of(product) as books:
        assert await books.accounts(ward) == []
        assert "contract" not in await books.decided(ward)


async def comes_to_decide_again(ward: Person, guardian: Person) -> None:
    """The same, on a new invitation to the same phone."""
    await ward.press("重新发邀请")
    await ward.say(guardian.details.phone)
    code = next(line for line in ward.last["text"].splitlines() if len(line) == 9 and line[4] == "-")
    await guardian.say(code)
    await guardian.press("我是监护人，开始")
    await guardian.proves_the_phone()
    sent = await guardian.fill_page(
        guardian_name="王强",
        guardian_id_number=guardian.details.on_page["id_number"],
        relation="parent",
        ward_name="王小明",
        ward_id_number=id_number(born(CHILD), ward.details.number),
    )
    assert sent.status == 200, sent.errors
    await guardian.reads()
    await guardian.decides()


async def test_a_parent_sees_and_takes_back_what_was_consented(product: Product, newcomer: Newcomer) -> None:
    ward, guardian = await newcomer("xiaohe"), await newcomer()
    await consents(ward, guardian, CHILD)
    await ward.press("我愿意")
    await fills_in(ward)
    await guardian.hears("news.ward_registered")
    await guardian.press("监护人的事")
    await guardian.press("王小明（小禾企服网）")
    assert "《小禾企服网用户注册协议》" in guardian.told()
    await guardian.press("撤回同意")
    await guardian.press("确定撤回")
    await ward.hears("news.guardian_withdrew")
    async with books_of(product) as books:
        (account,) = await books.accounts(ward)
    assert account.status == "suspended"


async def test_two_processes_later_the_wait_goes_on(fragile: Fragile, http: aiohttp.ClientSession) -> None:
    """Killed between the guardian's decision and the ward's hearing of it: both go on where they were, once."""
    fragile.start()
    ward = await Person.arrives(http, fragile.url, "xiaohe")
    guardian = await Person.arrives(http, fragile.url)
    await comes_to_decide(ward, guardian, CHILD)
    fragile.kill()
    fragile.start()
    await guardian.agrees()
    fragile.kill()
    fragile.start()
    await ward.hears("guardian.given")
    await ward.press("我愿意")
    await fills_in(ward)
    assert ward.is_registered
    assert sum(says([m], "guardian.given") for m in ward.messages) == 1
