"""The chat page in a real browser: a phone's width and a desk's, two tabs, reload, no network, no mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e.books import Books, books_of
from tests.e2e.people import COMPANY, PERSON
from tests.e2e.product import Product
from tests.e2e.visitor import Visitor, faults_of, heights_of

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = (390, 844), (1280, 900)
# What a finger can hit (WCAG 2.2, 2.5.8: 24 px at least; the platforms' own guides ask for 44).
LEAST_HEIGHT = 40
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]

Visits = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def visits(browser: Browser, product: Product) -> Visits:
    """Somebody opens the chat page: `await visits("phone", PHONE, "xiaohe")`."""

    async def visit(name: str, size: tuple[int, int], platform: str = "") -> Visitor:
        width, height = size
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        visitor = Visitor(context, await context.new_page(), name)
        await visitor.page.goto(f"{product.url}/?p={platform}")
        await expect(visitor.page.locator("#log .turn").first).to_be_visible()
        return visitor

    return visit


async def test_a_person_registers_on_a_phone_and_reloads_in_the_middle(visits: Visits, product: Product) -> None:
    visitor = await visits("phone", PHONE, "xiaohe")
    await visitor.shoot("greeting")
    await visitor.press("我想注册")
    await visitor.press(PERSON)
    await visitor.sees_card(1)
    await visitor.shoot("first-card")
    await visitor.press("解释一下")
    await expect(visitor.page.locator(".card-clause .sections").last).to_be_visible()
    await visitor.shoot("explained")
    assert await faults_of(visitor.page) == []
    assert min(await heights_of(visitor.page, "#log .actions button")) >= LEAST_HEIGHT
    await visitor.reads(cards=3)
    await visitor.say("我的信息会给别人吗")
    await expect(visitor.page.locator(".card-answer").last).to_be_visible()
    await visitor.shoot("answer")

    before = await visitor.lines()
    chosen = await visitor.page.locator("#log button.chosen").all_inner_texts()
    await visitor.page.reload()
    await expect(visitor.page.locator("#log .turn")).to_have_count(len(before))
    assert await visitor.lines() == before
    assert await visitor.page.locator("#log button.chosen").all_inner_texts() == chosen
    await visitor.shoot("reloaded")

    at, of = await visitor.progress()
    await visitor.reads(cards=of - at)
    await visitor.shoot("last-card")
    await visitor.reads(cards=1)
    await expect(visitor.page.locator(".card-consents").last).to_be_visible()
    await visitor.shoot("consents")
    assert await faults_of(visitor.page) == []
    await visitor.decides()
    await expect(visitor.page.locator(".card-summary").last).to_be_visible()
    await visitor.shoot("decision")
    await visitor.press("同意")
    await visitor.waits_for("phone")
    await visitor.shoot("phone-asked")
    await tells_details(visitor, ["real_name", "email", "login_name"])
    await expect(visitor.page.locator(".card-link").last).to_be_visible()
    await visitor.shoot("link")
    await visitor.fills_page()
    await expect(visitor.page.locator(".card-receipt")).to_be_visible()
    await visitor.shoot("receipt")
    assert await faults_of(visitor.page) == []
    await looks_at_receipt(visitor)
    assert visitor.complaints == []
    async with books_of(product) as books:
        assert await registered(books, "xiaohe", visitor)


async def test_a_company_registers_at_a_desk(visits: Visits, product: Product) -> None:
    visitor = await visits("desk", DESK)
    await visitor.shoot("platforms")
    await visitor.page.locator(".card-platforms button", has_text="智用工").first.click()
    await visitor.press("我想注册")
    await visitor.press(COMPANY)
    await visitor.sees_card(1)
    await visitor.shoot("first-card")
    await visitor.reads()
    await visitor.decides()
    await expect(visitor.page.locator(".card-summary").last).to_be_visible()
    await visitor.shoot("decision")
    await visitor.press("同意")
    await visitor.waits_for("phone")
    await tells_details(visitor, ["company_name", "real_name", "position"])
    for option in ("招聘", "我确认", "我已获授权"):
        await visitor.press(option)
    await visitor.waits_for("email")
    await visitor.shoot("fields")
    await visitor.say(visitor.details.typed["email"])
    await expect(visitor.page.locator(".card-link").last).to_be_visible()
    await visitor.fills_page()
    await expect(visitor.page.locator(".card-receipt")).to_be_visible()
    await visitor.shoot("receipt")
    assert await faults_of(visitor.page) == []
    await looks_at_receipt(visitor)
    await looks_at_agreement(visitor, product, "zhiyonggong")
    assert visitor.complaints == []
    async with books_of(product) as books:
        assert await registered(books, "zhiyonggong", visitor)


async def test_what_is_said_without_a_network_is_sent_once_when_it_is_back(visits: Visits) -> None:
    visitor = await visits("offline", PHONE, "xiaohe")
    await visitor.press("我想注册")
    await expect(visitor.button(PERSON)).to_be_visible()
    before = len(await visitor.lines())
    await visitor.context.set_offline(True)
    await visitor.say("我的信息会给别人吗")
    await visitor.say("会收费吗")
    await expect(visitor.page.locator("#banner")).to_be_visible()
    await visitor.shoot("banner")
    await visitor.context.set_offline(False)
    await expect(visitor.page.locator("#banner")).to_be_hidden()
    await expect(visitor.page.locator("#log .turn.user[data-id]")).to_have_count(2)
    await expect(visitor.button(PERSON)).to_be_visible()
    own = await visitor.page.locator("#log .turn.user .text").all_inner_texts()
    assert own == ["我的信息会给别人吗", "会收费吗"]
    await visitor.page.reload()
    await expect(visitor.page.locator("#log .turn.user")).to_have_count(2)
    after = await visitor.lines()
    assert len(after) > before + 2
    assert [line for line in after if line in own] == own


async def test_a_reload_loses_nothing_that_was_being_written(visits: Visits) -> None:
    visitor = await visits("draft", PHONE, "xiaohe")
    await visitor.input.fill("我想先问一下，注销以后")
    await visitor.page.reload()
    await expect(visitor.input).to_have_value("我想先问一下，注销以后")


async def test_the_first_steps_need_no_mouse(visits: Visits) -> None:
    visitor = await visits("keyboard", DESK, "xiaohe")
    await visitor.page.locator("body").focus()
    for label in ("我想注册", PERSON, "我已了解", "解释一下"):
        await expect(visitor.button(label)).to_be_visible()
        await visitor.tab_to(label)
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await visitor.page.evaluate(outline) != "none", f"nobody sees where they are on {label}"
        await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator(".card-clause .sections").last).to_be_visible()
    await visitor.shoot("explained")
    assert visitor.complaints == []


async def test_two_tabs_of_one_conversation_show_the_same(visits: Visits, product: Product) -> None:
    visitor = await visits("tabs", DESK, "xiaohe")
    other = await visitor.context.new_page()
    await other.goto(f"{product.url}/?p=xiaohe")
    await visitor.press("我想注册")
    await expect(other.locator("#log button", has_text=PERSON)).to_be_visible()
    await other.locator("#log button", has_text=PERSON).click()
    await visitor.sees_card(1)
    # The button that was used up in the other tab says so and changes nothing.
    shown = len(await visitor.lines())
    await visitor.press(PERSON)
    await expect(visitor.page.locator("#log .turn .text")).to_have_count(shown + 2)
    assert (await visitor.progress())[0] == 1
    assert visitor.complaints == []


async def tells_details(visitor: Visitor, fields: list[str]) -> None:
    """The phone, its code, and the fields that are typed."""
    await visitor.say(visitor.details.phone)
    await visitor.waits_for("sms_code")
    await visitor.takes_code()
    for field in fields:
        await visitor.waits_for(field)
        await visitor.say(visitor.details.typed[field])


async def looks_at_receipt(visitor: Visitor) -> None:
    async with visitor.context.expect_page() as opening:
        await visitor.page.locator(".card-receipt a.button.primary").click()
    receipt = await opening.value
    await receipt.wait_for_load_state()
    await expect(receipt.get_by_role("heading", level=1)).to_contain_text("凭据")
    await visitor.shoot("receipt-page", receipt)
    assert await faults_of(receipt) == []
    await receipt.close()


async def looks_at_agreement(visitor: Visitor, product: Product, platform: str) -> None:
    text = await visitor.context.new_page()
    await text.goto(f"{product.url}/a/{platform}")
    await visitor.shoot("agreement", text)
    assert await faults_of(text) == []
    await text.close()


async def registered(books: Books, platform: str, visitor: Visitor) -> bool:
    return await books.holders(platform, visitor.details.phone) == 1
