"""The page with all changes, and how a chat shows one: old words and new ones apart, and no text nobody published."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.telegram.screen import Artist
from bot.channels.telegram.words import Words
from bot.channels.terminal.plain import show, words
from bot.pages.handlers import Pages
from bot.turns.hub import Hub
from bot.wording.render import Renderer
from domain import Domain
from tests.domain.renewal.newer import SEE, asked, bring_in, publish, text_of
from tests.fakes.bot_api_html import parse_html
from tests.support.databases import PUBLIC_URL


async def page(domain: Domain, path: str) -> tuple[int, str]:
    application = web.Application()
    application.add_routes(Pages(domain, Renderer(PUBLIC_URL), Hub()).routes())
    async with TestClient(TestServer(application)) as client:
        response = await client.get(path)
        return response.status, await response.text()


async def test_the_page_shows_old_and_new_words_with_what_differs_marked_and_the_way_out(
    sqlite_domain: Domain,
) -> None:
    sample = sqlite_domain.platforms.get("renrenbao")
    raw = sample.sample_bytes.decode().rstrip() + "另行通知 & 3 < 5。\n"
    await publish(sqlite_domain, "renrenbao", raw.encode())
    status, html = await page(sqlite_domain, "/a/renrenbao/changes/1/2")
    assert status == 200
    assert re.search(r"<ins>.*另行通知 &amp; 3 &lt; 5.*</ins>", html), "what a text contains is never markup"
    assert html.count('class="side before"') == html.count('class="side after"') == 1
    assert sample.profile.leave[:12] in html
    assert "第2版" in html and "示例文本" in html


@pytest.mark.parametrize(
    "path",
    ["/a/xiaohe/changes/1/2", "/a/xiaohe/changes/2/1", "/a/xiaohe/changes/1/1", "/a/xiaohe/changes/1/99",
     "/a/nobody/changes/1/2", "/a/xiaohe/changes/1/x"],
)  # fmt: skip
async def test_a_text_that_is_not_published_and_pairs_that_are_none_are_not_shown(
    sqlite_domain: Domain, path: str
) -> None:
    await bring_in(sqlite_domain, "xiaohe", text_of(sqlite_domain, "xiaohe", more="尚未公布的一句。"))
    status, html = await page(sqlite_domain, path)
    assert status == 404
    assert "尚未公布" not in html


async def test_a_newer_print_of_the_same_words_says_that_nothing_changed(sqlite_domain: Domain) -> None:
    sample = sqlite_domain.platforms.get("xiaohe").sample_bytes.decode()
    await publish(sqlite_domain, "xiaohe", sample.replace("。", "。 ").encode())
    status, html = await page(sqlite_domain, "/a/xiaohe/changes/1/2")
    assert status == 200 and "说的是一回事" in html


async def _card(domain: Domain) -> dict[str, Any]:
    person = await asked(domain, "xiaohe")
    await person.presses(SEE)
    return person.last


async def test_telegram_shows_the_old_words_above_the_new_ones_and_what_differs_in_bold(sqlite_domain: Domain) -> None:
    screen = Artist(Words.read()).draw(await _card(sqlite_domain))
    html = "".join(piece.html for piece in screen.pieces)
    text = parse_html(html)[0]
    assert text.index("原来（") < text.index("现在（")
    assert "<b>另行通知。</b>" in html
    assert "https://mingshi.test/a/xiaohe/changes/1/2" in html
    assert "以后再说" in [key.label for row in screen.rows for key in row]


async def test_the_terminal_shows_them_with_what_differs_between_signs(sqlite_domain: Domain) -> None:
    shown = "\n".join(show(await _card(sqlite_domain), words()).lines)
    assert shown.index("原来（") < shown.index("现在（")
    assert "【另行通知。】" in shown
