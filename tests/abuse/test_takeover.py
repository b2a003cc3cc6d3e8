"""C01-C12, A20, B07, B16, H05, H06: whose account is it, and who can make it theirs.

Elsewhere:
    C01 in tests/domain/conversations/test_nobody_learns_who_is_registered.py.
    C06 (which phone is a weak proof, and what is asked then) in tests/domain/selfservice/test_reset.py.
    C10 in tests/domain/selfservice/test_changes.py and test_stolen.py. C11 in tests/domain/accounts/test_sign_in.py.
    C13 (somebody else's contact card) and C14 (who opens a page) in tests/channels/telegram/test_intake.py and
    test_hostile.py, and tests/domain/flows/test_one_time_links.py.
    H07 (a clock that steps back) in tests/domain/verification/test_clock.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, func, select

from domain import Domain
from domain.accounts.passwords import hash_password
from domain.accounts.tables import AccountRow
from domain.flows.pages import PageGone
from domain.messaging.tables import ShortMessageRow
from domain.selfservice.state import ERRANDS, Errand
from tests.domain.accounts.test_accounts import create
from tests.domain.selfservice.owners import (
    NEW_PASSWORD,
    NEW_PHONE,
    PHONE,
    THIRD_PHONE,
    VIRTUAL_PHONE,
    account_id,
    owner,
    phone_of,
    sms,
    status_of,
    words,
)
from tests.support.ambient import FakeClock
from tests.support.person import ADULT_ID, CREDIT_CODE, PASSWORD, Person, buttons_of, everything_in, sms_codes

# What stands between the whole world and an account: known and alive, frozen, closed, or never there.
STANDINGS = ("active", "frozen", "closed", "unknown")
_AREA = "110105"


def id_number(order: int) -> str:
    """A valid ID number of an adult; another `order` (0-99), another person."""
    body = f"{_AREA}19800101{order * 10 + 1:03d}"
    weights = [2 ** (17 - at) % 11 for at in range(17)]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def credit_code(order: int) -> str:
    """A valid unified social credit code (GB 32100-2015); another `order`, another company."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91350100M{order:08d}"
    total = sum(letters.index(c) * pow(3, at, 31) for at, c in enumerate(body))
    return body + letters[-total % 31]


@dataclass(frozen=True)
class Names:
    """What one account can be called, by kind; `account_id` of an unknown one has the right form."""

    by_kind: dict[str, str]

    @property
    def phone(self) -> str:
        return self.by_kind["phone"]


async def four_accounts(domain: Domain, clock: FakeClock, platform: str, subject: str = "person") -> dict[str, Names]:
    """The names of an account of every standing."""
    names = {}
    for at, standing in enumerate(STANDINGS):
        values = {
            "phone": f"+861381234567{at}",
            "login_name": f"somebody_{at}",
            "member_name": f"某人第{at}号",
            "email": f"somebody{at}@example.com",
            "real_name": "王芳",
            **({"id_number": id_number(at)} if subject == "person" else {"credit_code": credit_code(at)}),
        }
        account = f"a_{'0123456789abcdefghjk'[::-1]}"
        if standing != "unknown":
            account = (await create(domain, f"f_{at}", platform, **values)).id
        if standing == "frozen":
            await domain.accounts.freeze(account, by="staff")
        if standing == "closed":
            async with domain.transaction() as session:
                await domain.parts.accounts.erase(session, await domain.parts.accounts.row(session, account))
        names[standing] = Names({**values, "phone": values["phone"].removeprefix("+86"), "account_id": account})
    clock.forward(days=2)
    return names


def seen(messages: list[dict[str, Any]]) -> list[Any]:
    """Everything a person or a client sees of messages, but ids and tokens."""
    return [
        (everything_in(m), [(b["label"], b["style"]) for b in buttons_of(m)], m["expects"], m["card"] is None)
        for m in messages
    ]


async def tries(domain: Domain, clock: FakeClock, platform: str, errand: Errand, kind: str, name: str) -> list[Any]:
    """Whatever an attacker can try with a name they do not hold the phone of; what they see."""
    person = await Person.arrives(domain, platform)
    await person.wants(errand)
    if kind in {"id_number", "credit_code"}:
        outcome = await person.names_on_page(**{kind: name})
        assert not outcome.errors, outcome.errors
    else:
        await person.says(f"会员名是{name}" if kind == "member_name" else name)
    await person.says("为什么要验证", wish="why")
    await person.says("12345", wish="value")
    await person.says("000000")
    await person.says("没收到", wish="resend")
    clock.forward(seconds=61)
    await person.presses("重新发送")
    for _ in range(5):
        await person.says("000001")
    await person.says("查一下进度", wish="status")
    await person.says("上一步", wish="go_back")
    return seen(person.messages)


# --- nobody learns whether an account exists ---------------------------------------------------------------

CHAT_KINDS = [
    ("xiaohe", "phone"),
    ("xiaohe", "login_name"),
    ("xiaohe", "account_id"),
    ("weigongbao", "email"),
    ("weigongbao", "member_name"),
]
PAGE_KINDS = [("xiaohe", "phone"), ("xiaohe", "id_number"), ("xiaohe", "credit_code")]


@pytest.mark.parametrize(("platform", "kind"), [*CHAT_KINDS, *PAGE_KINDS[1:]])
async def test_a_name_that_is_known_frozen_closed_or_unknown_gets_the_same_replies(
    domain: Domain, clock: FakeClock, platform: str, kind: str
) -> None:
    """C02, I8"""
    names = await four_accounts(domain, clock, platform, "organisation" if kind == "credit_code" else "person")
    replies = {}
    for standing in STANDINGS:
        replies[standing] = await tries(domain, clock, platform, "reset_password", kind, names[standing].by_kind[kind])
        clock.forward(days=1)
    assert replies["active"] == replies["frozen"] == replies["closed"] == replies["unknown"]
    assert len(replies["active"]) > 10


@pytest.mark.parametrize("errand", [e for e in ERRANDS if e not in {"reset_password", "transfer", "dissolution"}])
async def test_every_errand_keeps_what_it_knows_to_itself(
    sqlite_domain: Domain, clock: FakeClock, errand: Errand
) -> None:
    """C02"""
    names = await four_accounts(sqlite_domain, clock, "xiaohe")
    replies = []
    for standing in STANDINGS:
        replies.append(await tries(sqlite_domain, clock, "xiaohe", errand, "phone", names[standing].phone))
        clock.forward(days=1)
    assert replies[0] == replies[1] == replies[2] == replies[3]


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize(("platform", "kind"), PAGE_KINDS)
async def test_the_page_answers_alike_too(
    sqlite_domain: Domain, clock: FakeClock, platform: str, kind: str, channel: str
) -> None:
    """C02"""
    subject = "organisation" if kind == "credit_code" else "person"
    names = await four_accounts(sqlite_domain, clock, platform, subject)
    answers = []
    for standing in STANDINGS:
        person = await Person.arrives(sqlite_domain, platform, channel=channel)
        await person.wants("reset_password")
        outcome = await person.names_on_page(**{kind: names[standing].by_kind[kind]})
        answers.append((dict(outcome.errors), seen(person.messages)))
        clock.forward(days=1)
    assert answers[0] == answers[1] == answers[2] == answers[3]


@contextmanager
def statements(domain: Domain) -> Iterator[list[str]]:
    """The SQL that was sent to the database meanwhile, without its values."""
    sent: list[str] = []
    engine = domain.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_known_and_unknown_names_take_the_same_work(domain: Domain, clock: FakeClock) -> None:
    """C03: what cannot be seen in the words cannot be seen in the time; the SMS goes out later, by somebody else."""
    names = await four_accounts(domain, clock, "xiaohe")
    work: dict[str, list[list[str]]] = {}
    for standing in STANDINGS:
        person = await Person.arrives(domain, "xiaohe")
        await person.wants("reset_password")
        work[standing] = []
        for step in (names[standing].phone, "000000", "重新发送"):
            with statements(domain) as sent:
                await person.says(step)
            work[standing].append(sent)
            clock.forward(seconds=61)
        clock.forward(days=1)
    assert all(len(sent) > 10 for sent in work["active"])
    for standing in STANDINGS[1:]:
        assert work[standing] == work["active"], standing


async def test_an_unknown_log_in_takes_the_same_statements_as_a_wrong_password(domain: Domain) -> None:
    """C03"""
    hashed = await hash_password(domain.parts.vault.keyring, PASSWORD)
    await create(domain, password=hashed)
    kinds = []
    for phone in ("+8613812345678", "+8613912345678"):
        with statements(domain) as sent:
            assert (await domain.accounts.sign_in("xiaohe", "phone", phone, "wrong")).outcome == "wrong"
        kinds.append([statement.split()[0] for statement in sent])
    assert kinds[0] == kinds[1]


async def test_the_limits_count_accounts_that_do_not_exist(domain: Domain, clock: FakeClock) -> None:
    """C04: otherwise the limit itself would be the answer."""
    names = await four_accounts(domain, clock, "xiaohe")
    replies = []
    for standing in STANDINGS:
        person = await Person.arrives(domain, "xiaohe")
        await person.wants("reset_password")
        await person.names(names[standing].phone)
        for _ in range(12):
            clock.forward(minutes=31)
            await person.presses("重新发送")
        replies.append(seen(person.messages))
        clock.forward(days=1)
    assert replies[0] == replies[1] == replies[2] == replies[3]
    assert "停一停" in str(replies[0])


async def test_somebody_who_tries_one_account_after_another_is_stopped_at_the_third(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """C04, B03"""
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("reset_password")
    for number in range(4):
        await person.names(f"1381234{number}678")
        clock.forward(minutes=2)
        if number < 3:
            assert "如果小禾企服网有这个账号" in person.last["text"]
            await person.presses("换个账号")
    assert "试过的账号太多了" in person.last["text"]


async def test_not_a_digit_of_the_phone_is_shown_before_it_is_proven(sqlite_domain: Domain, clock: FakeClock) -> None:
    """C05"""
    await owner(sqlite_domain, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    login_name = (await sqlite_domain.accounts.data(account))["login_name"]
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("change")
    await person.names(login_name)
    await person.says("发到哪个手机了", wish="question")
    before = person.transcript()
    assert not re.search(r"\d{3}\*{4}\d{4}|5678", before)
    assert account not in before
    await person.proves_account(PHONE)
    await person.presses("手机号")
    assert "138****5678" in person.last["text"]


async def test_an_unknown_name_costs_no_sms(domain: Domain, clock: FakeClock) -> None:
    """B07: a row stays behind either way, and only one of them ever goes out."""
    names = await four_accounts(domain, clock, "xiaohe")
    for standing in STANDINGS:
        person = await Person.arrives(domain, "xiaohe")
        await person.wants("reset_password")
        await person.names(names[standing].phone)
    async with domain.database.reading() as session:
        rows = list(
            await session.scalars(
                select(ShortMessageRow).where(ShortMessageRow.template == "code_account").order_by(ShortMessageRow.id)
            )
        )
    assert [row.state for row in rows] == ["new", "withheld", "withheld", "withheld"]
    assert all(row.sealed is not None and len(row.sealed) > 40 for row in rows)
    assert [to for template, to in await sms(domain) if template == "code_account"] == [names["active"].phone]


# --- codes of accounts that stopped -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["frozen", "closed"])
async def test_a_code_is_not_accepted_once_its_account_was_frozen_or_closed(
    domain: Domain, clock: FakeClock, how: str
) -> None:
    """A20: and it says no more than that the code is spent."""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await first.gets_to("cancel", PHONE)
    clock.forward(minutes=2)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.wants("reset_password")
    await thief.names(PHONE)
    code = (await sms_codes(domain, PHONE))[-1]
    if how == "frozen":
        await domain.accounts.freeze(account, by="staff")
    else:
        await first.presses("确认注销")
    await thief.is_told()
    await thief.says(code)
    assert thief.last["text"] == "这个验证码已经失效了。请点「重新发送」，用新的那一条。"
    assert thief.last["expects"] == "sms_code"
    assert account not in words(await thief.says("查一下进度", wish="status"))


async def test_a_code_of_the_phone_before_is_worth_nothing_after_the_change(domain: Domain, clock: FakeClock) -> None:
    """A10"""
    first = await owner(domain, "xiaohe")
    clock.forward(days=1)
    await first.gets_to("change", PHONE)
    await first.presses("手机号")
    clock.forward(minutes=2)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.wants("reset_password")
    await thief.names(PHONE)
    code = (await sms_codes(domain, PHONE))[-1]
    await first.proves(NEW_PHONE)
    await thief.says(code)
    assert "已经失效了" in thief.last["text"]


# --- a number that changed hands ------------------------------------------------------------------------------------


async def recycled(domain: Domain, clock: FakeClock, platform: str = "xiaohe") -> tuple[Person, str]:
    """The person who registered long ago, and the account; somebody else got their number meanwhile."""
    first = await owner(domain, platform)
    account = await account_id(domain, platform)
    clock.forward(days=200)
    return first, account


@pytest.mark.parametrize("platform", ["xiaohe", "renrenbao"])
@pytest.mark.parametrize("errand", ["reset_password", "change", "cancel", "access", "report_stolen"])
async def test_whoever_gets_a_number_anew_sees_nothing_of_its_last_owner(
    domain: Domain, clock: FakeClock, platform: str, errand: str
) -> None:
    """C06, C12: a code to the phone is all they can give."""
    _first, account = await recycled(domain, clock, platform)
    data = await domain.accounts.data(account)
    person = await Person.arrives(domain, platform)
    await person.gets_to(errand, PHONE)
    for text, wish in (("查一下进度", "status"), ("我同意了什么", "status"), ("我要撤回同意", "withdraw_consent")):
        await person.says(text, wish=wish)
    told = person.transcript()
    assert account not in told
    for name, value in data.items():
        if name not in {"phone", "is_legal_representative"}:
            assert value not in told, name
    assert not any(m["card"] and str(m["card"].get("url", "")).endswith("/data") for m in person.messages)
    assert (await domain.accounts.data(account)) == data
    assert await status_of(domain, account) == ("frozen" if errand == "report_stolen" else "active")


async def test_the_number_is_no_way_round_by_changing_the_phone_first(domain: Domain, clock: FakeClock) -> None:
    """Changed today, "proven" today, good enough tomorrow: so the change itself needs the second proof."""
    _first, account = await recycled(domain, clock)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("change", PHONE)
    assert "最后 6 位" in thief.last["text"]
    assert "手机号" not in thief.offers()
    for _ in range(6):
        await thief.sends(id_tail="123456")
    assert await phone_of(domain, account) == PHONE
    assert "请在一次性网页上" in thief.last["text"]


async def test_the_last_six_of_the_number_bring_the_real_owner_in(sqlite_domain: Domain, clock: FakeClock) -> None:
    _first, account = await recycled(sqlite_domain, clock)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("access", PHONE)
    assert (await sqlite_domain.pages.show(person.page)).kind == "proof"
    assert (await person.sends(id_tail=ADULT_ID[-6:])).errors == {}
    assert any(m["card"] and str(m["card"].get("url", "")).endswith("/data") for m in person.messages[-1:])
    assert account in words(await person.says("查一下进度", wish="status"))


async def test_a_password_is_not_weighed_before_the_second_proof(sqlite_domain: Domain, clock: FakeClock) -> None:
    """C12: 密码里有您的生日 would tell whoever has the number now when its last owner was born."""
    await recycled(sqlite_domain, clock)
    thief = await Person.arrives(sqlite_domain, "xiaohe")
    await thief.gets_to("reset_password", PHONE)
    answers = [
        dict((await thief.sends(id_tail="000000", password=guess, password_again=guess)).errors)
        for guess in ("19491231 garden", "19500101 garden")
    ]
    assert answers[0] == answers[1] == {"id_tail": ("tail_wrong", "")}


async def test_registering_with_a_number_of_somebody_else_shows_nothing_of_them(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """C12"""
    _first, account = await recycled(sqlite_domain, clock)
    data = await sqlite_domain.accounts.data(account)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.reaches_decision()
    await person.agrees()
    await person.proves(PHONE)
    assert "已经注册过" in person.last["text"]
    told = person.transcript()
    assert account not in told
    assert not any(data[name] in told for name in ("real_name", "email", "login_name", "id_number"))


async def test_a_virtual_operators_number_registers_and_is_a_weak_proof_from_the_first_day(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """B16"""
    await owner(sqlite_domain, "xiaohe", VIRTUAL_PHONE)
    clock.forward(days=1)
    for errand in ("reset_password", "access", "change"):
        person = await Person.arrives(sqlite_domain, "xiaohe")
        await person.gets_to(errand, VIRTUAL_PHONE)
        assert "最后 6 位" in person.last["text"], errand
        clock.forward(minutes=15)


# --- after somebody has won -------------------------------------------------------------------------------------------


async def resets(person: Person) -> None:
    await person.gets_to("reset_password", PHONE)
    outcome = await person.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD)
    assert not outcome.errors


async def test_a_new_password_ends_what_others_had_open_and_they_prove_themselves_anew(
    domain: Domain, clock: FakeClock
) -> None:
    """C07"""
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("change", PHONE)
    phone = thief.button("手机号")
    clock.forward(minutes=5)
    await resets(first)
    assert "刚刚换了密码" in words(await thief.is_told())
    said = words(await thief.presses_token(phone))
    assert "手机号发给我" not in said
    assert account not in words(await thief.says("查一下进度", wish="status"))
    assert await phone_of(domain, account) == PHONE
    await thief.wants("access")
    assert thief.last["expects"] == "account_name"


async def test_a_page_that_was_open_when_the_password_changed_sets_none(domain: Domain, clock: FakeClock) -> None:
    """C07: of two links that were out, the second must not undo the first."""
    first = await owner(domain, "xiaohe")
    clock.forward(days=1)
    thief = await Person.arrives(domain, "xiaohe")
    await thief.gets_to("reset_password", PHONE)
    clock.forward(minutes=2)
    await resets(first)
    with pytest.raises(PageGone):
        await thief.sends(password="thiefs garden 99 火", password_again="thiefs garden 99 火")
    assert (await domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", NEW_PASSWORD)).outcome == "ok"


async def test_an_application_cannot_be_filed_for_an_account_that_was_frozen_meanwhile(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    first = await owner(sqlite_domain, "rencai")
    account = await account_id(sqlite_domain, "rencai")
    clock.forward(days=1)
    await first.gets_to("cancel", PHONE)
    clock.forward(minutes=1)
    await sqlite_domain.accounts.freeze(account, by="staff")
    said = words(await first.presses("申请注销"))
    assert "刚刚有了变化" in said
    assert await sqlite_domain.requests.list() == []


async def test_two_who_set_a_password_at_once_leave_one_of_the_two(domain: Domain, clock: FakeClock) -> None:
    await owner(domain, "xiaohe")
    clock.forward(days=1)
    people = []
    for _ in range(2):
        person = await Person.arrives(domain, "xiaohe")
        await person.gets_to("reset_password", PHONE)
        people.append(person)
        clock.forward(minutes=2)
    passwords = ["garden number 1 山", "garden number 2 水"]
    await asyncio.gather(
        *(p.sends(password=w, password_again=w) for p, w in zip(people, passwords, strict=True)), return_exceptions=True
    )
    outcomes = [(await domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", w)).outcome for w in passwords]
    assert sorted(outcomes) == ["ok", "wrong"]
    assert (await domain.evidence.verify()).ok


# --- new passwords --------------------------------------------------------------------------------------------------------

BAD_PASSWORDS = {
    PASSWORD: "the one before",
    "1234567": "too short",
    "password": "known to everybody",
    "13812345678": "the phone",
    "王芳王芳王芳王芳": "the name",
    "19491231": "the day of birth",
    "小禾企服网2026": "the platform",
    "a long sentence " * 9: "too long",
}


@pytest.mark.parametrize("password", BAD_PASSWORDS, ids=lambda p: BAD_PASSWORDS[p])
async def test_a_password_others_would_guess_is_refused_with_a_reason(
    sqlite_domain: Domain, clock: FakeClock, password: str
) -> None:
    """C08"""
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    errors = dict((await person.sends(password=password, password_again=password)).errors)
    assert set(errors) == {"password"}
    assert (await sqlite_domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", PASSWORD)).outcome == "ok"
    assert not (await person.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD)).errors


@pytest.mark.parametrize(
    "password",
    ["/restart tea garden", "取消 1 不办了 再见", "🔋🐎🌧🗻🍵🧊🪵🧲", " 前后有空格的密码 ", "长长短短的一句话" * 16],
    ids=["slash", "wish", "emoji", "spaces", "long"],
)
async def test_on_the_page_a_password_is_taken_as_it_is_typed(
    sqlite_domain: Domain, clock: FakeClock, password: str
) -> None:
    """C08, C09"""
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    assert (await person.sends(password=password, password_again=password)).errors == {}
    signs_in = sqlite_domain.accounts.sign_in
    assert (await signs_in("xiaohe", "phone", f"+86{PHONE}", password)).outcome == "ok"
    assert (await signs_in("xiaohe", "phone", f"+86{PHONE}", password[:-1])).outcome == "wrong"


async def test_two_passwords_that_differ_are_refused(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    outcome = await person.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD + "x")
    assert outcome.errors == {"password": ("password_differs", "")}


# --- the same identifier at once ----------------------------------------------------------------------------------------------


async def at_the_page(domain: Domain, clock: FakeClock, platform: str, who: str, phones: list[str]) -> list[Person]:
    """People who only have their page left to send."""
    people = []
    for phone in phones:
        person = await Person.arrives(domain, platform)
        await person.reaches_decision(who)
        await person.agrees()
        await person.proves(phone)
        await person.fills_chat()
        people.append(person)
        clock.forward(minutes=2)
    return people


async def accounts_there_are(domain: Domain) -> int:
    async with domain.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(AccountRow)) or 0


async def test_of_two_who_register_one_phone_at_once_one_has_the_account(domain: Domain, clock: FakeClock) -> None:
    """H05, I3"""
    people = await at_the_page(domain, clock, "renrenbao", "本人已满18岁", [PHONE, PHONE])
    await asyncio.gather(*(person.sends_page() for person in people))
    assert await accounts_there_are(domain) == 1
    said = sorted("注册成功" in words(person.messages[-3:]) for person in people)
    assert said == [False, True]
    loser = next(p for p in people if "注册成功" not in words(p.messages[-3:]))
    assert "已经注册过" in loser.transcript()
    assert await loser.flow() is not None
    assert (await domain.evidence.verify()).ok


async def test_of_two_who_register_one_company_at_once_one_has_the_account(domain: Domain, clock: FakeClock) -> None:
    """H06, I3"""
    people = await at_the_page(domain, clock, "xiaohe", "单位", [PHONE, THIRD_PHONE])
    await asyncio.gather(*(person.sends_page(credit_code=CREDIT_CODE) for person in people))
    assert await accounts_there_are(domain) == 1
    loser = next(p for p in people if "注册成功" not in words(p.messages[-3:]))
    assert await loser.flow() is not None
    assert loser.offers() or loser.last["card"]


async def test_of_two_accounts_that_change_to_one_phone_at_once_one_gets_it(domain: Domain, clock: FakeClock) -> None:
    """H05"""
    owners = [await owner(domain, "renrenbao", phone) for phone in (PHONE, THIRD_PHONE)]
    clock.forward(days=1)
    people = []
    for person, phone in zip(owners, (PHONE, THIRD_PHONE), strict=True):
        await person.gets_to("change", phone)
        await person.presses("手机号")
        await person.says(NEW_PHONE)
        people.append((person, (await sms_codes(domain, NEW_PHONE))[-1]))
        clock.forward(seconds=90)
    await asyncio.gather(*(person.says(code) for person, code in people))
    said = [person.last["text"] for person, _ in people]
    assert sum("手机号换好了" in text for text in said) == 1
    assert sum("已经有账号了" in text for text in said) == 1
