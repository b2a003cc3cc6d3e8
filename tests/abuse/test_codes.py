"""A01-A19: guessing, replaying, moving and smuggling SMS codes.

Elsewhere: A18 (no live code in a log, the database or the tracker) in tests/e2e/test_canaries.py.
"""

from __future__ import annotations

import ast
import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import given
from hypothesis import strategies as st

import bot
import domain as domain_package
from bot.channels.telegram.reading import Addressed, Meaning, Reader, Said
from domain import Domain
from domain.ambient import SystemChance
from domain.identifiers.codes import claims_sms_code, parse_sms_code
from domain.identifiers.masking import neutralise
from domain.identifiers.problems import Refused as Unreadable
from domain.verification import Proven, Purpose, Refused, Sent, Wrong
from domain.verification.tables import ChallengeRow
from tests.domain.verification.texting import OTHER_PHONE, Texting, other_than
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person, sms_code

GUESSES = 50


@pytest.fixture
async def other_process(domain: Domain, place: Place, clock: FakeClock) -> AsyncIterator[Texting]:
    """A second process of the product on the same database, with connections of its own."""
    async with open_domain(place, clock=clock, seed="other process") as other:
        yield Texting(other, clock)


# --- guessing ------------------------------------------------------------------------------------


async def test_a_guesser_who_hits_on_the_sixth_try_is_too_late(texting: Texting) -> None:
    """A01"""
    sent = await texting.sent()
    assert await texting.fail(sent, 5) == [Wrong(4), Wrong(3), Wrong(2), Wrong(1), Wrong(0)]
    assert await texting.check(sent) == Wrong(0)
    assert (await texting.row(sent)).closed == "spent"


async def test_of_fifty_guesses_at_once_at_most_five_are_compared(texting: Texting, other_process: Texting) -> None:
    """A02: guesses sent in parallel must not each read "no tries yet"."""
    sent = await texting.sent()
    wrong = other_than(sent.code)
    guesses = [
        (texting if n % 2 else other_process).check(sent, wrong if n < GUESSES else sent.code)
        for n in range(GUESSES + 1)
    ]
    answers = await asyncio.gather(*guesses)
    row = await texting.row(sent)
    assert row.tries <= 5
    assert sum(isinstance(answer, Wrong) and answer.tries_left > 0 for answer in answers) <= 4
    assert (row.closed == "proven") is any(isinstance(answer, Proven) for answer in answers)
    assert row.closed in {"proven", "spent"}


async def test_guessing_in_many_flows_at_once_brings_no_more_than_the_day_allows(
    texting: Texting, other_process: Texting
) -> None:
    """A02, A04: each flow has a challenge of its own for the same phone."""
    flows = []
    for number, wait in enumerate((60, 120, 0)):  # then all three are still alive
        subject, person = f"f_{number}", f"c_{number}"
        flows.append((await texting.sent(subject=subject, person=person), subject, person))
        texting.clock.forward(seconds=wait)
    for service in (texting, other_process):
        service.limited(failures_a_day=7)
    await asyncio.gather(
        *(
            (texting if n % 2 else other_process).check(sent, other_than(sent.code), subject=subject, person=person)
            for sent, subject, person in flows
            for n in range(5)
        )
    )
    assert sum([(await texting.row(sent)).tries for sent, *_ in flows]) == 7


async def test_of_eight_people_who_type_the_right_code_at_once_one_gets_in(
    texting: Texting, other_process: Texting
) -> None:
    """A03"""
    sent = await texting.sent()
    answers = await asyncio.gather(*((texting if n % 2 else other_process).check(sent) for n in range(8)))
    assert sum(isinstance(answer, Proven) for answer in answers) == 1


async def test_a_guesser_who_asks_for_new_codes_is_locked_out_for_the_day(texting: Texting) -> None:
    """A04: five wrong, a new code, five wrong, a new code, five wrong."""
    for _ in range(3):
        await texting.fail(await texting.sent(), 5)
        texting.clock.forward(hours=1)
    refused = await texting.send(subject="f_9", person="c_9")
    assert refused == Refused("too_many", timedelta(hours=21))
    texting.clock.forward(hours=20, minutes=59)
    assert isinstance(await texting.send(), Refused)
    texting.clock.forward(minutes=1)
    assert isinstance(await texting.send(), Sent)


# --- using a code again, late, or elsewhere ------------------------------------------------------


async def test_a_code_that_was_replaced_by_a_newer_one_is_dead(texting: Texting) -> None:
    """A05"""
    old = await texting.sent()
    texting.clock.forward(seconds=60)
    new = await texting.sent()
    assert await texting.check(old) == Wrong(0)
    assert await texting.check(new, old.code) == (Proven(new.challenge_id) if old.code == new.code else Wrong(4))
    assert isinstance(await texting.check(new), Proven)


async def test_codes_asked_for_at_once_leave_one_alive(texting: Texting, other_process: Texting) -> None:
    """A05, B01: the same phone, asked for by two processes in the same moment."""
    outcomes = await asyncio.gather(*((texting if n % 2 else other_process).send() for n in range(8)))
    assert sum(isinstance(outcome, Sent) for outcome in outcomes) == 1


@pytest.mark.parametrize(
    ("age", "works"), [(0, True), (299, True), (299.999, True), (300, False), (301, False), (86_400, False)]
)
async def test_a_code_found_later_works_until_just_before_it_expires(texting: Texting, age: float, works: bool) -> None:
    """A06"""
    sent = await texting.sent()
    texting.clock.forward(seconds=age)
    assert isinstance(await texting.check(sent), Proven) is works


async def test_a_code_that_was_used_is_worth_nothing(texting: Texting) -> None:
    """A07"""
    sent = await texting.sent()
    assert isinstance(await texting.check(sent), Proven)
    assert await texting.check(sent) == Wrong(0)


@pytest.mark.parametrize("purpose", ["reset_password", "complaint", "guardian", "transfer"])
async def test_a_code_for_a_harmless_purpose_opens_no_other_one(texting: Texting, purpose: Purpose) -> None:
    """A08: and nothing is used up."""
    sent = await texting.sent()
    assert await texting.check(sent, purpose=purpose) == Wrong(0)
    assert (await texting.row(sent)).tries == 0
    assert isinstance(await texting.check(sent), Proven)


async def test_a_code_read_over_somebodys_shoulder_is_worth_nothing_to_another_person(texting: Texting) -> None:
    """A09: in another flow, or in the same one from another conversation. Nor can it be used up from there."""
    sent = await texting.sent()
    for stranger in ({"subject": "f_2"}, {"person": "c_2"}, {"subject": "f_2", "person": "c_2"}):
        for _ in range(6):
            assert await texting.check(sent, **stranger) == Wrong(0)
    assert (await texting.row(sent)).tries == 0
    assert isinstance(await texting.check(sent), Proven)


async def test_a_code_for_my_phone_does_not_prove_yours(texting: Texting) -> None:
    """A10: change the phone after the code was sent, then type the old code."""
    mine, yours = await texting.sent(), await texting.sent(OTHER_PHONE)
    if mine.code != yours.code:
        assert isinstance(await texting.check(yours, mine.code), Wrong)
    await texting.void(mine)
    assert await texting.check(mine) == Wrong(0)


async def test_somebody_who_can_write_to_the_table_cannot_move_a_digest_to_another_phone(texting: Texting) -> None:
    """A10"""
    mine, yours = await texting.sent(), await texting.sent(OTHER_PHONE)
    async with texting.domain.transaction() as session:
        source = await session.get_one(ChallengeRow, mine.challenge_id)
        target = await session.get_one(ChallengeRow, yours.challenge_id)
        target.digest = source.digest
    assert isinstance(await texting.check(yours, mine.code), Wrong)


@pytest.mark.parametrize(
    ("column", "moved"),
    [("purpose", "reset_password"), ("subject", "f_2"), ("conversation_id", "c_2"), ("channel", "telegram")],
)
async def test_nor_can_they_move_a_challenge_to_another_owner(texting: Texting, column: str, moved: str) -> None:
    """A08, A09, A11: what a code is bound to is part of its digest."""
    sent = await texting.sent()
    async with texting.domain.transaction() as session:
        setattr(await session.get_one(ChallengeRow, sent.challenge_id), column, moved)
    words = {"purpose": "purpose", "subject": "subject", "conversation_id": "person", "channel": "channel"}
    assert await texting.check(sent, **{words[column]: moved}) == Wrong(4)  # type: ignore[arg-type]


async def test_a_code_asked_for_in_telegram_does_not_work_on_the_web(texting: Texting) -> None:
    """A11: a flow that moved to another channel has to ask for a new one."""
    sent = await texting.sent(channel="telegram")
    assert await texting.check(sent, channel="web") == Wrong(0)
    texting.clock.forward(seconds=60)
    again = await texting.sent(channel="web", person="c_web")
    assert await texting.check(sent, channel="telegram") == Wrong(0)
    assert isinstance(await texting.check(again, channel="web", person="c_web"), Proven)


async def test_a_challenge_that_was_made_up_is_simply_wrong(texting: Texting) -> None:
    await texting.sent()
    made_up = Sent("v_unknown", "123456", timedelta(), timedelta())
    assert await texting.check(made_up) == Wrong(0)


# --- what is typed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "１２３４５６",
        "12 34 56",
        "123-456",
        "一二三四五六",
        "幺二三四五六",
        "验证码是123456。",
        "我收到的验证码：123456",
    ],
)
def test_a_code_in_another_script_is_the_same_code(text: str) -> None:
    """A12"""
    assert parse_sms_code(text) == "123456"
    assert claims_sms_code(text)


@pytest.mark.parametrize("text", ["十二万三千四百五十六", "12345", "1234567", "123456 654321", "123456或654321"])
def test_what_is_not_one_code_of_six_digits_is_a_format_error_and_no_try(text: str) -> None:
    """A12"""
    assert isinstance(parse_sms_code(text), Unreadable)


async def test_a_code_with_leading_zeros_cannot_be_shortened(texting: Texting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A13"""
    monkeypatch.setattr(texting.domain.parts.chance, "below", lambda bound: 123)
    sent = await texting.sent()
    assert sent.code == "000123"
    assert await texting.check(sent, "123") == Wrong(4)
    assert await texting.check(sent, " 000123") == Wrong(3)
    assert await texting.check(sent, "000123") == Proven(sent.challenge_id)


HOSTILE = [
    "'; DROP TABLE challenges; --",
    "' OR 1=1",
    "🙂" * 100,
    "0" * 10_000,
    "１" * 5,
    "\0" * 6,
    "\ud83d",
    "%s%s%n",
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_no_code(text: str) -> None:
    """A14: a format error, no try spent."""
    assert isinstance(parse_sms_code(text), Unreadable)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_six_digits_or_a_format_error(text: str) -> None:
    """A14"""
    outcome = parse_sms_code(text)
    assert isinstance(outcome, Unreadable) or (len(outcome) == 6 and outcome.isascii() and outcome.isdigit())


def test_a_text_too_long_to_be_read_never_reaches_the_code_step() -> None:
    """A14"""
    assert isinstance(neutralise("1" * 10_000, 1000), Unreadable)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_that_reached_the_comparison_would_be_one_wrong_try(texting: Texting, text: str) -> None:
    """A14"""
    sent = await texting.sent()
    assert await texting.check(sent, text) == Wrong(4)
    assert isinstance(await texting.check(sent), Proven)


# --- what Telegram brings ------------------------------------------------------------------------

ME = {"id": 4711, "is_bot": False, "first_name": "小明"}
PRIVATE = {"id": 4711, "type": "private", "first_name": "小明"}
GROUP = {"id": -100, "type": "supergroup", "title": "群"}


def read(kind: str = "message", **fields: Any) -> Meaning | None:
    body = {"message_id": 5, "date": 1_780_000_000, "chat": PRIVATE, "from": ME, "text": "123456", **fields}
    return Reader({}, frozenset()).read(Update.model_validate({"update_id": 1, kind: body}))


def test_a_code_typed_in_the_private_chat_is_read() -> None:
    meaning = read()
    assert isinstance(meaning, Said) and meaning.payload == {"text": "123456"}


@pytest.mark.parametrize(
    "smuggled",
    [
        {"forward_origin": {"type": "user", "date": 1_780_000_000, "sender_user": {**ME, "id": 815}}},
        {"forward_origin": {"type": "hidden_user", "date": 1_780_000_000, "sender_user_name": "某人"}},
        {"via_bot": {"id": 99, "is_bot": True, "first_name": "bot"}},
    ],
    ids=["forwarded", "forwarded by a hidden user", "inline bot"],
)
def test_a_code_that_somebody_else_typed_is_refused_with_a_reason(smuggled: dict[str, Any]) -> None:
    """A15: a victim is talked into sending a code to the attacker, who forwards it."""
    meaning = read(**smuggled)
    assert isinstance(meaning, Said)
    assert meaning.payload == {"misfit": "forwarded"}


def test_a_code_posted_in_a_group_is_not_read() -> None:
    """A16: the person is pointed to the private chat instead."""
    meaning = read(chat=GROUP)
    assert isinstance(meaning, Addressed)
    assert "123456" not in repr(meaning)
    assert meaning.exposed_by == ME["id"]
    harmless = read(chat=GROUP, text="大家好，群里有人吗")
    assert isinstance(harmless, Addressed) and harmless.exposed_by is None


async def test_a_code_posted_in_a_group_ends_and_the_person_hears_so(domain: Domain) -> None:
    """A16: whoever read it there has nothing to type."""
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision()
    await person.agrees()
    await person.says("13812345678")
    await person.receives({"exposed": True})
    assert "已经作废" in "\n".join(m["text"] for m in person.messages[-2:])
    code = await sms_code(domain, "13812345678")
    await person.says(code)
    assert not (await person.state()).phone_proven
    domain.parts.clock.forward(minutes=2)  # type: ignore[attr-defined]
    await person.presses("重新发送")
    await person.says(await sms_code(domain, "13812345678"))
    assert (await person.state()).phone_proven


async def test_digits_in_a_group_say_nothing_to_who_waits_for_no_code(domain: Domain) -> None:
    """A16: a number in a group is nobody's business here."""
    person = await Person.arrives(domain, "xiaohe")
    assert await person.receives({"exposed": True}) == []


@pytest.mark.parametrize("kind", ["edited_message", "edited_channel_post"])
def test_a_code_smuggled_into_an_old_message_is_ignored(kind: str) -> None:
    """A17"""
    assert read(kind, edit_date=1_780_000_100) is None


# --- chance --------------------------------------------------------------------------------------


async def test_every_code_is_drawn_evenly_from_a_million(texting: Texting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A19"""
    asked: list[int] = []

    def below(bound: int) -> int:
        asked.append(bound)
        return bound - 1

    monkeypatch.setattr(texting.domain.parts.chance, "below", below)
    assert (await texting.sent()).code == "999999"
    assert asked == [1_000_000]


def test_the_products_chance_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """A19"""
    monkeypatch.setattr(secrets, "randbelow", lambda bound: 7)
    monkeypatch.setattr(secrets, "token_bytes", lambda nbytes: b"7" * nbytes)
    assert SystemChance().below(1_000_000) == 7
    assert SystemChance().token(2) == b"77"


def test_no_module_of_the_product_can_be_predicted() -> None:
    """A19: the module `random` is seeded and repeatable; nothing of the product may use it."""
    guilty = []
    for package in (bot, domain_package):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom) and not node.level
                    else []
                )
                guilty += [f"{path}: {name}" for name in names if name.split(".")[0] == "random"]
    assert guilty == []
