"""Forged, repeated, stale and oversized messages of the channels (D01-D20). What is asserted elsewhere:

D01: tests/channels/telegram/test_hostile.py::test_anothers_button_and_a_tampered_one_change_nothing,
     tests/domain/messaging/test_presses.py::test_another_persons_button_changes_nothing_for_either,
     tests/e2e/test_self_service.py::test_the_button_works_when_the_engine_is_down_and_only_for_whom_it_was_meant
D02: tests/domain/messaging/test_button_tokens.py, tests/domain/messaging/test_presses.py::test_a_forged_button_…
D03: tests/channels/telegram/test_hostile.py::test_buttons_of_a_finished_registration_are_taken_away_and_do_nothing,
     tests/domain/selfservice/test_leaving.py::test_the_button_that_closes_works_only_while_its_question_stands
D04: tests/domain/conversations/test_versions.py, tests/e2e/test_consent_safety.py::test_a_new_version_published_…
D05: tests/domain/messaging/test_presses.py::test_two_presses_on_agree_at_the_same_moment_are_one_decision,
     tests/channels/telegram/test_hostile.py::test_a_double_click_moves_on_once; of an errand: below
D06: tests/channels/telegram/test_hostile.py::test_the_same_update_twice_is_one_message,
     tests/domain/messaging/test_inbox.py::test_the_same_update_delivered_ten_times_at_once_is_one_row
D07: tests/e2e/test_delivery.py::test_ten_messages_at_once_…, tests/turns/test_another_process.py
D08: tests/channels/telegram/test_intake.py::test_only_telegram_may_post_updates, …::test_without_a_secret_there_is_no_webhook
D09: tests/channels/telegram/test_intake.py::test_the_same_post_again_is_accepted_and_handled_once
D11: tests/channels/telegram/test_intake.py::test_what_is_no_update_is_refused_and_the_app_goes_on,
     tests/e2e/test_http.py::test_a_malformed_message_is_refused_and_changes_nothing; of the pages: below
D13: tests/channels/telegram/test_hostile.py::test_where_others_read_along_there_is_only_a_pointer_and_one_at_a_time,
     tests/channels/telegram/test_reading.py::test_where_others_read_along_nothing_is_heard_but_that_somebody_spoke
D14: tests/channels/telegram/test_delivery.py::test_a_person_who_blocked_the_bot_is_left_alone_until_they_return
D15: tests/channels/telegram/test_delivery.py::test_too_many_requests_are_waited_out_and_the_order_is_kept
D19: tests/engine/test_door.py::test_a_typed_slash_is_never_a_command,
     tests/domain/identifiers/test_masking.py::test_a_leading_slash_is_never_a_command_however_it_is_hidden
D20: tests/channels/telegram/test_hostile.py::test_an_edited_message_changes_nothing
D16 and D17 belong to messengers this product does not speak to; the like of D16 for the web page is
tests/e2e/test_delivery.py::test_the_same_message_sent_twice_is_handled_once_and_answered_the_same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import Mock

import aiohttp
import pytest
from aiogram.types import Update
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.channels.telegram.reading import Meaning, Reader
from bot.http import client_address
from domain import Domain
from domain.flows.pages import PageGone
from domain.messaging.tables import ConversationRow
from domain.messaging.turn import Turn
from tests.cli.serving import serving, without_engine
from tests.domain.conversations.test_resuming import with_code
from tests.domain.selfservice.owners import NEW_PASSWORD, PHONE, account_id, events, owner, sms, status_of
from tests.e2e.client import Person as WebPerson
from tests.support.ambient import FakeClock
from tests.support.person import Person, everything_in

CODE = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")
PROXY, ATTACKER, VICTIM = "10.0.0.7", "203.0.113.66", "198.51.100.4"


def seen_as(peer: str, *headers: str, trusted: tuple[str, ...] = (PROXY,)) -> str:
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: (peer, 50_000) if name == "peername" else default
    forwarded = CIMultiDict([("X-Forwarded-For", value) for value in headers])
    return client_address(make_mocked_request("GET", "/", headers=forwarded, transport=transport), trusted)


@pytest.mark.parametrize("spoofed", [VICTIM, f"{VICTIM}, {PROXY}", "127.0.0.1", "", "nonsense"])
def test_whoever_comes_straight_cannot_say_to_be_another(spoofed: str) -> None:
    """D10"""
    assert seen_as(ATTACKER, spoofed) == ATTACKER
    assert seen_as(ATTACKER, spoofed, trusted=()) == ATTACKER


@pytest.mark.parametrize(
    "headers",
    [
        (ATTACKER,),
        (f"{VICTIM}, {ATTACKER}",),
        (f"{VICTIM},{VICTIM} , {ATTACKER}",),
        (VICTIM, ATTACKER),
        (f"{VICTIM}, {VICTIM}", f"{VICTIM}, {ATTACKER}"),
    ],
    ids=["alone", "behind a spoofed one", "behind two", "in a header of its own", "two headers"],
)
def test_of_all_addresses_only_the_one_our_proxy_added_counts(headers: tuple[str, ...]) -> None:
    """D10: proxies add to the header that came or add a second one; the attacker's own stands before in either case."""
    assert seen_as(PROXY, *headers) == ATTACKER


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[str]:
    """The running app, which opens few conversations a minute for one address."""
    settings = without_engine(tmp_path / "home", conversations_a_minute=3)
    async with serving(settings):
        yield settings.public


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_another_forwarded_address_each_time_opens_no_more_conversations(
    web: str, http: aiohttp.ClientSession
) -> None:
    """D10"""
    statuses = []
    for number in range(6):
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        async with http.post(f"{web}/api/conversations", json={}, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [201, 201, 201, 429, 429, 429]


async def test_a_page_that_is_sent_what_it_cannot_swallow_goes_on_working(
    web: str, http: aiohttp.ClientSession
) -> None:
    """D11: ten megabytes, a form in a form, no form at all."""
    person = await WebPerson.arrives(http, web, "renrenbao")
    await person.comes_to_the_page()
    link = str(person.card["url"])
    form = "multipart/form-data; boundary=x"
    hostile: list[tuple[bytes, str, set[int]]] = [
        (b"password=" + b"a" * 10 * 1024 * 1024, "application/x-www-form-urlencoded", {403, 413}),
        (b"\x00" * 4096, form, {400, 403}),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 2000, form, {400, 403}),
        (b"x", "multipart/form-data", {400}),
        (b"[" * 100_000, "application/json", {400, 403, 415}),
        (b"\xff\xfe=\xff&csrf_token=\xff", "application/x-www-form-urlencoded", {400, 403}),
    ]
    for address in (link, f"{link}/data"):
        for body, kind, refused in hostile:
            async with http.post(address, data=body, headers={"Content-Type": kind}) as response:
                assert response.status in refused, (kind, body[:10], address)
    assert (await person.fill_page()).status == 200
    assert person.is_registered


# --- D05 of the errands -------------------------------------------------------------------------------------


async def test_of_two_times_the_same_page_at_once_one_sets_the_password(domain: Domain, clock: FakeClock) -> None:
    """D05: a double click on 提交, or the victim's form sent along with the thief's."""
    await owner(domain, "xiaohe")
    clock.forward(minutes=2)
    person = await Person.arrives(domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    passwords = [NEW_PASSWORD, f"{NEW_PASSWORD} 2"]
    outcomes = await asyncio.gather(
        *(domain.pages.send(person.page, {"password": p, "password_again": p}, {}) for p in passwords),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, PageGone) for outcome in outcomes) == [False, True]
    (winner,) = (p for p, outcome in zip(passwords, outcomes, strict=True) if not isinstance(outcome, BaseException))
    assert [
        (await domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", p)).outcome == "ok" for p in passwords
    ] == [p == winner for p in passwords]
    assert len(await events(domain, "password_changed")) == 1
    assert [template for template, _ in await sms(domain)].count("password_changed") == 1


async def test_not_me_pressed_twice_at_once_freezes_once_and_opens_one_case(domain: Domain, clock: FakeClock) -> None:
    """D05"""
    first = await owner(domain, "xiaohe")
    clock.forward(minutes=2)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("reset_password", PHONE)
    await thief.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD)
    await first.is_told()
    token = first.button("不是我操作")
    await asyncio.gather(first.presses_token(token), first.presses_token(token))
    assert await status_of(domain, await account_id(domain, "xiaohe")) == "frozen"
    assert len(await events(domain, "frozen")) == 1
    await first.says("有人改了我的密码，我没有改过", wish="question")
    await first.presses_token(token)
    assert len(await domain.requests.list("xiaohe")) == 1


async def test_closing_pressed_in_two_conversations_at_once_is_one_end(domain: Domain, clock: FakeClock) -> None:
    """D05: both belong to the owner; the second hears that the account is gone."""
    await owner(domain, "xiaohe")
    people = []
    for _ in range(2):
        clock.forward(minutes=6)
        people.append(await Person.arrives(domain, "xiaohe"))
        await people[-1].gets_to("cancel", PHONE)
    await asyncio.gather(*(person.presses("确认注销") for person in people))
    assert len(await events(domain, "cancelled")) == 1
    assert (await domain.evidence.verify()).ok


# --- D12, D18 -----------------------------------------------------------------------------------------------------


async def test_every_bad_code_reads_the_same(domain: Domain, clock: FakeClock) -> None:
    """D12: made up, used, replaced, expired, of a flow that ended, and what no code can be."""
    walker, replaced = await with_code(domain)
    await walker.presses("换个地方继续")
    (used,) = {code for code in CODE.findall(walker.transcript()) if code != replaced}
    await greeted(domain, used)
    ended, of_ended = await with_code(domain)
    await ended.says("不办了", wish="stop")
    await ended.presses("不办了，删掉")
    _late, expired = await with_code(domain)
    clock.forward(minutes=31)
    hostile = ["ZZZZZZZZ", "' OR 1=1 --", "%" * 16, "../../etc/pwd", "\u202e12345678", "A" * 64]
    answers = {code: await greeted(domain, code) for code in (replaced, used, of_ended, expired, *hostile)}
    assert len(set(answers.values())) == 1, answers


async def greeted(domain: Domain, code: str) -> str:
    """What somebody reads who opens a link with this code."""
    newcomer = await Person.arrives(domain, "xiaohe")
    newcomer.messages.clear()
    seen = (await newcomer.conversation()).last_seq
    async with domain.transaction() as session:
        conversation = await session.get_one(ConversationRow, newcomer.conversation_id)
        await domain.conversations.greet(Turn(session, conversation), code.replace("-", ""))
    await newcomer.catches_up()
    return "\n".join(everything_in(message) for message in newcomer.messages if message["seq"] > seen)


@pytest.mark.parametrize(
    "name",
    [
        "系统管理员 请点击 http://evil.example",
        "<b>平台客服</b>",
        "\u202e员理管统系",
        "A" * 4000,
        "{platform}",
        "«phone»",
    ],
)
def test_what_somebody_calls_themselves_is_not_even_read(name: str) -> None:
    """D18: a display name can say anything, so nothing shows it and nothing keeps it."""
    assert understood(name) == understood("小明")
    assert name not in repr(understood(name))


def understood(name: str) -> Meaning | None:
    who = {"id": 4711, "is_bot": False, "first_name": name[:64], "last_name": name, "username": "admin_official"}
    chat = {"id": 4711, "type": "private", "first_name": name[:64]}
    body = {"message_id": 5, "date": 1_780_000_000, "chat": chat, "from": who, "text": "我想注册"}
    return Reader({}, frozenset()).read(Update.model_validate({"update_id": 1, "message": body}))
