"""A new version published by command while the product runs: people are told, read what changed, and decide."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import async_playwright

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.fragile import Fragile
from tests.e2e.platforms import authorised
from tests.e2e.test_browser import CHROMIUM, DESK, PHONE
from tests.e2e.wording import says

SEE = "看看改了什么"


def newer_text(folder: Path, more: str) -> Path:
    file = folder / f"new-{len(more)}.md"
    file.write_text((folder / "platforms" / "xiaohe" / "agreement.md").read_text().rstrip() + more + "\n")
    return file


def publish(app: Fragile, file: Path, *more: str) -> str:
    """As an operator does it: by command, beside the running product."""
    for arguments in (
        ("import", str(file), "--platform", "xiaohe"),
        ("publish", "--platform", "xiaohe", *more),
    ):
        done = app.command("agreements", *arguments)
        assert done.returncode == 0, done.stderr
    return done.stdout


async def read_and_reach_the_decision(person: Person) -> None:
    await person.press(SEE)
    while (person.last["card"] or {}).get("kind") == "changes":
        await person.press("我已了解")
    await person.decides()


async def test_people_are_told_of_a_new_version_and_one_agrees_while_another_leaves_and_a_third_says_nothing(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    app = Fragile(tmp_path / "home", PLATFORMS=authorised(tmp_path / "platforms", "xiaohe")).start()
    try:
        agrees, leaves, silent = [await Person.arrives(http, app.url, "xiaohe") for _ in range(3)]
        for person in (agrees, leaves, silent):
            await person.registers()
        told = publish(app, newer_text(tmp_path, "平台每年收取会员费一百元。"))
        assert "3 people" in told
        for person in (agrees, leaves, silent):
            await person.hears("news.renewal")

        await read_and_reach_the_decision(agrees)
        assert says([agrees.last], "renewal.ask")
        await agrees.say("我同意新版")
        async with books_of(app) as books:
            (account,) = await books.accounts(agrees)
            assert [r.state for r in await books.domain.renewals.of(account.id)] == ["told"]
        await agrees.agrees()
        assert (agrees.last["card"] or {})["kind"] == "receipt"
        async with http.get(agrees.last["card"]["json_url"]) as receipt:
            assert (await receipt.json())["receipt"]["agreement"]["version"] == 2

        await read_and_reach_the_decision(leaves)
        await leaves.press("不同意")
        assert says(await leaves.press("不接受新版"), "renewal.refused")
        assert "注销账号" in leaves.labels()

        async with books_of(app) as books:
            states = {}
            for name, person in (("agrees", agrees), ("leaves", leaves), ("silent", silent)):
                (account,) = await books.accounts(person)
                (renewal,) = await books.domain.renewals.of(account.id)
                agreed = next(d for d in await books.domain.consent.of(account.id) if d.item == "contract")
                version = await books.domain.agreements.list("xiaohe")
                states[name] = renewal.state, next(v.version for v in version if v.id == agreed.agreement_id)
            assert states == {"agrees": ("accepted", 2), "leaves": ("refused", 1), "silent": ("told", 1)}
            assert (await books.domain.evidence.verify()).ok
    finally:
        app.kill()


async def test_whoever_was_to_be_told_when_the_process_ended_is_told_by_the_next_and_once(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    app = Fragile(tmp_path / "home", PLATFORMS=authorised(tmp_path / "platforms", "xiaohe")).start()
    try:
        person = await Person.arrives(http, app.url, "xiaohe")
        await person.registers()
        app.kill()
        publish(app, newer_text(tmp_path, "平台每年收取会员费一百元。"))
        async with app.domain() as domain:
            assert await domain.renewals.plan() == 1
        app.start()
        await person.hears("news.renewal")
        app.kill()
        app.start()
        await person.say("在吗")
        lines = await person.transcript()
        assert len([line for line in lines if says([line], "news.renewal")]) == 1
    finally:
        app.kill()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}")
async def test_the_page_of_changes_stands_side_by_side_on_a_desk_and_fits_a_phone(tmp_path: Path) -> None:
    app = Fragile(tmp_path / "home", PLATFORMS=authorised(tmp_path / "platforms", "xiaohe")).start()
    try:
        publish(app, newer_text(tmp_path, "平台每年收取会员费一百元。"))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            for width, height in (PHONE, DESK):
                tab = await browser.new_page(viewport={"width": width, "height": height})
                await tab.goto(f"{app.url}/a/xiaohe/changes/1/2")
                assert await tab.evaluate("document.documentElement.scrollWidth") <= width
                before = await tab.locator(".side.before").first.bounding_box()
                after = await tab.locator(".side.after").first.bounding_box()
                assert before is not None and after is not None
                if width == PHONE[0]:
                    assert after["y"] >= before["y"] + before["height"], "on a phone the new words stand below"
                else:
                    assert abs(after["y"] - before["y"]) < 2 and after["x"] > before["x"]
                assert "会员费" in await tab.locator("ins").first.inner_text()
                await tab.screenshot(path=str(tmp_path / f"changes-{width}.png"), full_page=True)
            await browser.close()
    finally:
        app.kill()
