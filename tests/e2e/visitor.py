"""A person at the chat page, in a real browser: presses what can be seen and pressed, types, fills in the page."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.e2e.people import Details, picture

PATIENCE_MS = 20_000
LIVE = ":not(.inert):not([disabled])"
_FAULTS = (Path(__file__).parent / "faults.js").read_text()


class Visitor:
    """Args:
    page: the tab with the chat.
    complaints: what the browser's console said was wrong, in any tab.
    """

    def __init__(self, context: BrowserContext, page: Page, name: str) -> None:
        self.context, self.page, self.name = context, page, name
        self.details = Details()
        self.complaints: list[str] = []
        self._shots = 0
        context.on("page", self._watch)
        self._watch(page)

    def _watch(self, page: Page) -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None
        )

    # --- what they do ----------------------------------------------------------------------------

    async def press(self, label: str) -> None:
        await self.button(label).click()

    async def say(self, text: str) -> None:
        """Type into whichever input the page offers just now, and send."""
        await self.input.fill(text)
        await self.page.keyboard.press("Enter")

    async def reads(self, *, cards: int | None = None) -> None:
        """Go through the reading cards, all of them or so many, each once it is there."""
        _, of = await self.progress()
        for _ in range(cards or of):
            at, _ = await self.progress()
            await self.press("我已了解")
            if at < of:
                await self.sees_card(at + 1)

    async def decides(self) -> None:
        """Say yes to every consent of the panel."""
        panel = self.page.locator(".card-consents").last
        items = panel.locator("li.consent")
        await expect(items.first).to_be_visible()
        count = await items.count()
        for at in range(count):
            await items.nth(at).get_by_role("button", name="同意", exact=True).click()
            await expect(panel.locator("li.consent.given")).to_have_count(at + 1)

    async def takes_code(self) -> None:
        """Let the development page fill in the code of the newest SMS, and send it."""
        fill = self.page.get_by_role("button", name="填入")
        for _ in range(100):
            await self.page.get_by_role("button", name="演示短信").click()
            if await fill.is_visible():
                break
            await self.page.wait_for_timeout(50)
        await fill.click()
        await self.page.keyboard.press("Enter")

    async def tab_to(self, label: str) -> None:
        """Reach a button with the Tab key alone."""
        for _ in range(200):
            await self.page.keyboard.press("Tab")
            reached = "document.activeElement.matches('button') && !document.activeElement.matches('.inert')"
            if await self.page.evaluate(f"{reached} ? document.activeElement.innerText.trim() : null") == label:
                return
        raise AssertionError(f"{label} cannot be reached with the keyboard")

    async def fills_page(self) -> None:
        """Open the one-time page in its own tab, fill it in, send it and close it."""
        async with self.context.expect_page() as opening:
            await self.page.locator(".card-link a.button").last.click()
        form = await opening.value
        await form.wait_for_load_state()
        assert await faults_of(form) == []
        await self.shoot("page", form)
        for name, value in self.details.on_page.items():
            field = form.locator(f"[name={name}]")
            if await field.count():
                await field.fill(value)
        for field in await form.locator("input[type=file]").all():
            await field.set_input_files({"name": "licence.png", "mimeType": "image/png", "buffer": picture()})
        await form.get_by_role("button", name="提交").click()
        await expect(form.get_by_role("heading", level=1)).to_contain_text("收到")
        await self.shoot("page-done", form)
        await form.close()

    # --- what they see -----------------------------------------------------------------------------

    def button(self, label: str) -> Locator:
        """The newest button with this label that can be pressed."""
        return self.page.locator(f"#log button{LIVE}").filter(has=self.page.get_by_text(label, exact=True)).last

    @property
    def input(self) -> Locator:
        return self.page.locator("#composer :is(textarea, input):not([hidden])")

    async def progress(self) -> tuple[int, int]:
        """Which reading card is the newest, and of how many."""
        step = self.page.locator("#log .step span[aria-hidden]").last
        at, of = (await step.inner_text()).split("/")
        return int(at), int(of)

    async def sees_card(self, at: int) -> None:
        await expect(self.page.locator("#log .step span[aria-hidden]").last).to_have_text(re.compile(f"^{at}/"))

    async def waits_for(self, expects: str) -> None:
        """The input asks for one certain thing."""
        await expect(self.page.locator(f"#composer input[name={expects}]:not([hidden])")).to_be_visible()

    async def lines(self) -> list[str]:
        """The conversation as it stands on the screen."""
        return await self.page.locator("#log .turn .text").all_inner_texts()

    async def shoot(self, what: str, page: Page | None = None) -> None:
        """Save a picture for people to look at, if MINGSHI_E2E_SCREENSHOTS names a folder."""
        folder = os.environ.get("MINGSHI_E2E_SCREENSHOTS")
        if folder:
            self._shots += 1
            await (page or self.page).screenshot(path=f"{folder}/{self.name}-{self._shots:02d}-{what}.png")


async def faults_of(page: Page) -> list[str]:
    """What would stop somebody with a screen reader, a keyboard or a small screen."""
    found: list[str] = await page.evaluate(_FAULTS)
    return found


async def heights_of(page: Page, selector: str) -> list[float]:
    """How high everything that can be seen of `selector` is."""
    measure = "(nodes) => nodes.map((node) => node.getBoundingClientRect().height).filter((height) => height > 0)"
    found: list[float] = await page.locator(selector).evaluate_all(measure)
    return found
