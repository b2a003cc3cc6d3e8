"""A reset and a look at the other errands on the chat page of a phone, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.fragile import Fragile
from tests.e2e.test_browser import CHROMIUM, LEAST_HEIGHT, PHONE, Visits
from tests.e2e.test_self_service import NEW_PASSWORD, lets_in
from tests.e2e.visitor import Visitor, faults_of, heights_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]
PLATFORM = "xiaohe"
# Nobody understands sentences here; the errands begin by buttons.
SENTENCE = "我有点事情想请你们帮忙看看"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def owner(fragile: Fragile, http: aiohttp.ClientSession) -> Person:
    """Somebody who has registered, in a conversation of their own."""
    fragile.start()
    person = await Person.arrives(http, fragile.url, PLATFORM)
    await person.registers()
    fragile.forward(minutes=3)
    return person


@pytest.fixture
async def visits(browser: Browser, fragile: Fragile, owner: Person) -> Visits:
    """The owner opens the chat page anew on a phone."""

    async def visit(name: str) -> Visitor:
        width, height = PHONE
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        visitor = Visitor(context, await context.new_page(), name)
        visitor.details = owner.details
        await visitor.page.goto(f"{fragile.url}/?p={PLATFORM}")
        await expect(visitor.page.locator("#log .turn").first).to_be_visible()
        return visitor

    return visit


async def begins(visitor: Visitor, label: str) -> None:
    await visitor.say(SENTENCE)
    await visitor.press(label)
    await expect(visitor.button("到网页上填")).to_be_visible()


async def proves(visitor: Visitor, owner: Person) -> None:
    """Name the account by its phone and type the code, once the new one is there."""
    sent = len(await owner.sms(visitor.details.phone))
    await visitor.say(visitor.details.phone)
    await visitor.waits_for("sms_code")
    await owner.sms_code(visitor.details.phone, after=sent)
    await visitor.takes_code()


async def looks_right(visitor: Visitor, tmp_path: Path, what: str, page: Page | None = None) -> None:
    """Nothing a small screen, a keyboard or a screen reader stumbles over; a picture for whoever looks at it."""
    shown = page or visitor.page
    await shown.screenshot(path=tmp_path / f"{visitor.name}-{what}.png")
    assert await faults_of(shown) == []


async def test_a_password_is_reset_on_a_phone_with_a_password_that_is_pasted(
    visits: Visits, owner: Person, fragile: Fragile, tmp_path: Path
) -> None:
    visitor = await visits("reset")
    await begins(visitor, "找回密码")
    await looks_right(visitor, tmp_path, "name")
    await proves(visitor, owner)
    await expect(visitor.page.locator(".card-link a.button").last).to_be_visible()
    await looks_right(visitor, tmp_path, "link")
    assert min(await heights_of(visitor.page, "#log .actions button")) >= LEAST_HEIGHT

    async with visitor.context.expect_page() as opening:
        await visitor.page.locator(".card-link a.button").last.click()
    form = await opening.value
    await form.wait_for_load_state()
    await looks_right(visitor, tmp_path, "form", form)
    # A password manager's words are pasted (NIST SP 800-63B-4, 3.1.1.2: verifiers shall permit it).
    for name in ("password", "password_again"):
        field = form.locator(f"[name={name}]")
        if await field.count():
            await form.evaluate("(words) => navigator.clipboard.writeText(words)", NEW_PASSWORD)
            await field.focus()
            await form.keyboard.press("Control+V")
            assert await field.input_value() == NEW_PASSWORD
    assert await form.locator("[name=password]").get_attribute("autocomplete") == "new-password"
    await form.get_by_role("button", name="提交").click()
    await expect(form.get_by_role("heading", level=1)).to_contain_text("收到")
    await form.close()

    await expect(visitor.page.get_by_text("新密码设好了", exact=False)).to_be_visible()
    await looks_right(visitor, tmp_path, "done")
    assert visitor.complaints == []
    async with books_of(fragile) as books:
        assert await lets_in(books, owner, PLATFORM, NEW_PASSWORD) == "ok"


async def test_a_page_that_refuses_says_so_beside_the_field_and_forgets_the_password(
    visits: Visits, owner: Person, tmp_path: Path
) -> None:
    visitor = await visits("refused")
    await begins(visitor, "找回密码")
    await proves(visitor, owner)
    async with visitor.context.expect_page() as opening:
        await visitor.page.locator(".card-link a.button").last.click()
    form = await opening.value
    await form.wait_for_load_state()
    for name in ("password", "password_again"):
        if await form.locator(f"[name={name}]").count():
            await form.locator(f"[name={name}]").fill("12345678")
    await form.get_by_role("button", name="提交").click()
    await expect(form.locator("p.error")).to_be_visible()
    await looks_right(visitor, tmp_path, "refused", form)
    assert await form.locator("[name=password]").input_value() == ""
    assert "12345678" not in await form.content()
    # The status of a refusal is 422, which a browser reports on its console; nothing else may be there.
    assert [said for said in visitor.complaints if "422" not in said] == []


async def test_what_closing_means_is_read_before_the_button_and_the_link_to_ones_data_opens(
    visits: Visits, owner: Person, fragile: Fragile, tmp_path: Path
) -> None:
    visitor = await visits("leave")
    await begins(visitor, "注销账号")
    await proves(visitor, owner)
    card = visitor.page.locator(".card-summary").last
    await expect(card).to_be_visible()
    await looks_right(visitor, tmp_path, "leave")
    said = await card.inner_text()
    assert "会没有的" in said
    assert "会留下的" in said
    assert min(await heights_of(visitor.page, "#log .actions button")) >= LEAST_HEIGHT

    await visitor.press("先不注销")
    await visitor.say("查进度")
    fragile.forward(minutes=3)
    await visitor.press("看我的资料")
    await visitor.press("发验证码")
    await visitor.waits_for("sms_code")
    await visitor.takes_code()
    await expect(visitor.page.locator(".card-link a.button").last).to_be_visible()
    async with visitor.context.expect_page() as opening:
        await visitor.page.locator(".card-link a.button").last.click()
    gate = await opening.value
    await gate.wait_for_load_state()
    await looks_right(visitor, tmp_path, "gate", gate)
    assert owner.details.phone not in await gate.content()
    await gate.get_by_role("button", name="查看").click()
    await expect(gate.get_by_text(owner.details.phone, exact=False)).to_be_visible()
    await looks_right(visitor, tmp_path, "data", gate)
    assert visitor.complaints == []
