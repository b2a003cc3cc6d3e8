"""The card of one's consents, as each channel shows it: what was decided, when, on which version, and what can be done."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.telegram.screen import Artist
from bot.channels.telegram.words import Words
from bot.channels.terminal.plain import show, words
from domain import Domain
from domain.ambient import SHANGHAI
from tests.domain.consent.test_withdrawal import MARKETING, PRIVACY, withdraw
from tests.domain.selfservice.owners import account_id, owner
from tests.fakes.bot_api_html import parse_html
from tests.support.ambient import FakeClock
from tests.support.person import Message


@pytest.fixture
async def message(sqlite_domain: Domain) -> Message:
    """我的同意 of somebody who took one consent back."""
    person = await owner(sqlite_domain, "renrenbao")
    await withdraw(person)
    return next(m for m in await person.says("我同意过什么") if m["card"])


def _rows(message: Message) -> dict[str, Any]:
    return {row["label"]: row["value"] for row in message["card"]["rows"]}


async def test_every_decision_stands_on_it_with_its_day_in_china_and_its_version(
    sqlite_domain: Domain, message: Message, clock: FakeClock
) -> None:
    profile = sqlite_domain.platforms.get("renrenbao").profile
    version = (await sqlite_domain.agreements.list("renrenbao"))[-1].label
    now = f"{clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    rows = _rows(message)
    assert rows["账号"] == await account_id(sqlite_domain, "renrenbao")
    title = f"《{profile.agreement_title.strip('《》')}》"
    assert rows[title] == rows[PRIVACY] == f"已同意，{now}，{version}"
    assert rows[MARKETING] == f"已撤回，{now}，{version}"


async def test_the_web_page_gets_rows_buttons_and_the_way_to_the_receipt(message: Message) -> None:
    card = message["card"]
    assert (card["kind"], card["title"]) == ("receipt", "我的同意")
    assert "/r/r_" in card["url"] and card["json_url"] == f"{card['url']}.json"
    labels = [button["label"] for button in message["buttons"]]
    assert f"撤回「{PRIVACY}」" in labels and f"再次同意「{MARKETING}」" in labels
    assert f"撤回「{MARKETING}」" not in labels


async def test_telegram_shows_the_rows_and_leads_to_the_receipt_by_buttons(message: Message) -> None:
    screen = Artist(Words.read()).draw(message)
    shown = "\n".join(parse_html(piece.html)[0] for piece in screen.pieces)
    for label, value in _rows(message).items():
        assert f"{label}：{value}" in shown
    keys = {key.label: key for row in screen.rows for key in row}
    assert keys[message["card"]["label"]].url == message["card"]["url"]
    assert keys[f"再次同意「{MARKETING}」"].data and keys[f"撤回「{PRIVACY}」"].data


async def test_the_terminal_shows_the_rows_numbers_the_buttons_and_prints_the_address(message: Message) -> None:
    shown = show(message, words())
    for label, value in _rows(message).items():
        assert f"{label}：{value}" in shown.text
    assert message["card"]["url"] in shown.text
    assert [c.label for c in shown.choices] == [b["label"] for b in message["buttons"]]
