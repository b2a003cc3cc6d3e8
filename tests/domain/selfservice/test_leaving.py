"""Closing an account: what goes and what stays is said first, and afterwards nothing personal opens any more."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from domain import Conflict, Domain, KeyDestroyed
from domain.accounts.tables import AccountIdentifierRow, AccountRow, UploadRow
from domain.consent.tables import ReceiptRow
from domain.evidence.tables import LedgerDetailRow
from domain.flows.tables import FlowRow
from domain.messaging.tables import ConversationRow, InboxRow, MessageRow, NoticeRow, ShortMessageRow
from domain.requests.tables import RequestRow
from domain.retention import purge
from tests.domain.selfservice.owners import (
    NEW_PHONE,
    PHONE,
    account_id,
    account_row,
    events,
    owner,
    sms,
    status_of,
    words,
)
from tests.support.ambient import FakeClock
from tests.support.person import ADULT_ID, CREDIT_CODE, PASSWORD, Person, chat_answers

MODES = [
    ("xiaohe", "确认注销", "八（二）", None),
    ("rencai", "申请注销", "3.2.2", "协议没有写明多久"),
    ("weigongbao", "申请注销", "要平台审核同意", "协议没有写明多久"),
    ("renrenbao", "申请注销", "最迟15个工作日", "2026-03-24"),
    ("zhiyonggong", "申请注销", "最迟15个工作日", "2026-03-24"),
]


async def everything_that_opens(domain: Domain) -> list[tuple[str, bytes]]:
    """Every sealed column of the database that can be read with the keys there are: (table, in clear)."""
    async with domain.database.reading() as session:
        keys = dict((await session.execute(select(ConversationRow.id, ConversationRow.key_id))).all())
        sealed: list[tuple[str, str, str, bytes | None]] = []
        for row in await session.scalars(select(MessageRow)):
            sealed.append(("messages", keys[row.conversation_id], f"messages|{row.id}", row.sealed))
        for row in await session.scalars(select(InboxRow)):
            context = f"inbox|{row.channel}|{row.update_id}"
            sealed.append(("inbox", keys[row.conversation_id], context, row.sealed))
        for row in await session.scalars(select(AccountRow)):
            sealed.append(("accounts", row.key_id, f"accounts|{row.id}", row.sealed))
            sealed.append(("accounts", row.key_id, f"accounts.old_phone|{row.id}", row.old_phone))
        for row in await session.scalars(select(RequestRow)):
            sealed.append(("requests", row.key_id, f"requests|{row.id}", row.sealed))
            sealed.append(("requests", row.key_id, f"requests.answer|{row.id}", row.answer))
        for table in (FlowRow, NoticeRow, UploadRow, ReceiptRow):
            name = table.__tablename__
            sealed += [
                (name, row.key_id, f"{name}|{row.id}", row.sealed) for row in await session.scalars(select(table))
            ]
        for row in await session.scalars(select(LedgerDetailRow)):
            sealed.append(("ledger_details", row.key_id, f"ledger_details|{row.entry_id}", row.sealed))
        for row in await session.scalars(select(ShortMessageRow).where(ShortMessageRow.state != "withheld")):
            table = f"short_messages {row.template}"
            sealed.append((table, row.key_id, f"short_messages|{row.id}", row.sealed))
        opened = []
        for name, key_id, context, value in sealed:
            if not value:
                continue
            try:
                opened.append((name, await domain.parts.vault.unseal(session, key_id, context, value)))
            except KeyDestroyed:
                continue
        return opened


def holding(opened: list[tuple[str, bytes]], secrets: set[str]) -> set[tuple[str, str]]:
    """Which tables hold which of these words."""
    texts = [(table, text.decode(errors="replace")) for table, text in opened]
    return {(table, secret) for table, text in texts for secret in secrets if secret in text}


@pytest.mark.parametrize(("platform", "label", "clause", "due"), MODES)
async def test_each_platform_closes_the_way_its_agreement_says(
    domain: Domain, clock: FakeClock, platform: str, label: str, clause: str, due: str | None
) -> None:
    person = await owner(domain, platform)
    account = await account_id(domain, platform)
    clock.forward(days=1)
    said = words(await person.gets_to("cancel", PHONE))
    assert clause in said
    assert "会没有的" in said and "会留下的" in said
    assert label in person.offers()
    assert await status_of(domain, account) == "active"
    said = words(await person.presses(label))
    if due is None:
        assert "账号已经注销" in said
        assert await status_of(domain, account) == "closed"
        assert await domain.requests.list(platform, closed=True) == []
        return
    assert due in said
    assert await status_of(domain, account) == "active"
    (request,) = await domain.requests.list(platform)
    assert (request.kind, request.account_id) == ("cancel", account)
    assert request.due is None or request.due.isoformat() == due


async def test_keeping_the_account_changes_nothing(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    before = await sqlite_domain.accounts.data(account)
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("先不注销")
    assert await status_of(sqlite_domain, account) == "active"
    assert await sqlite_domain.accounts.data(account) == before
    assert await person.flow() is None


async def test_the_button_that_closes_works_only_while_its_question_stands(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    token = person.button("确认注销")
    await person.presses("先不注销")
    await person.presses_token(token)
    assert await status_of(sqlite_domain, account) == "active"


@pytest.mark.parametrize("text", ["好的", "注销吧", "确定", "我要注销账号"])
async def test_what_is_typed_never_closes_an_account(sqlite_domain: Domain, clock: FakeClock, text: str) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    for wish in ("affirm", "accept", "cancel_account"):
        await person.says(text, wish=wish)
    assert await status_of(sqlite_domain, account) == "active"


async def test_asking_twice_is_one_application(domain: Domain, clock: FakeClock) -> None:
    """Also from two conversations in the same moment."""
    people = [await owner(domain, "rencai")]
    account = await account_id(domain, "rencai")
    for _ in range(2):
        clock.forward(hours=12)
        people.append(await Person.arrives(domain, "rencai"))
    for person in people:
        clock.forward(hours=1)
        await person.gets_to("cancel", account, PHONE)
    await asyncio.gather(*(person.presses("申请注销") for person in people))
    requests = await domain.requests.list("rencai")
    assert len(requests) == 1
    assert all(requests[0].id in person.last["text"] for person in people)


# --- erasure ------------------------------------------------------------------------------------------------


async def _leaves(domain: Domain, clock: FakeClock, who: str | None = None) -> tuple[Person, str, set[str]]:
    """Somebody who did a good deal and then leaves: the person, the account, every word that was theirs."""
    person = await owner(domain, "xiaohe", who=who)
    account = await account_id(domain, "xiaohe")
    secrets = {
        value.removeprefix("+86") for name, value in (await domain.accounts.data(account)).items() if len(value) > 4
    }
    secrets |= {chat_answers(person.conversation_id)["address"], PASSWORD, "王芳"}
    clock.forward(days=1)
    await person.gets_to("change", PHONE)
    await person.presses("姓名")
    await person.says("欧阳娜娜")
    await person.presses("邮箱")
    await person.says("second.address@example.com")
    await person.presses("手机号")
    await person.proves(NEW_PHONE)
    await person.presses("改完了")
    secrets |= {"欧阳娜娜", "second.address@example.com", NEW_PHONE}
    clock.forward(days=2)
    await person.says("转人工", wish="human")
    await person.says("请你们回电，我的电话是 13812345678，我叫欧阳娜娜")
    return person, account, secrets


@pytest.mark.parametrize("who", ["本人已满18岁", "单位"])
async def test_after_closing_nothing_personal_opens_any_more(domain: Domain, clock: FakeClock, who: str) -> None:
    """G11: read every sealed column there is."""
    person, account, secrets = await _leaves(domain, clock, who)
    assert {table for table, _ in holding(await everything_that_opens(domain), secrets)} >= {"accounts", "notices"}
    receipt = next(r for r in await _receipts(domain, account))
    await person.gets_to("cancel", NEW_PHONE)
    await person.presses("确认注销")
    # The last SMS knows its phone until the courier has sent it.
    left = holding(await everything_that_opens(domain), secrets)
    assert left == {("short_messages cancelled", NEW_PHONE)}
    with pytest.raises(KeyDestroyed):
        await domain.accounts.data(account)
    async with domain.database.reading() as session:
        assert list(await session.scalars(select(UploadRow.id))) == []
        assert list(await session.scalars(select(AccountIdentifierRow.kind))) == []
        assert await domain.notices.all() == []
    assert (await account_row(domain, account)).password_hash == ""
    assert (await domain.evidence.verify()).ok
    assert (await domain.consent.receipt(receipt))["receipt"]["pii_principal_id"] == account
    assert await domain.consent.of(account)
    assert [e["entry"] for e in await events(domain, "cancelled")]
    assert ("cancelled", NEW_PHONE) in await sms(domain)


async def _receipts(domain: Domain, account: str) -> list[str]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(ReceiptRow.id).where(ReceiptRow.account_id == account)))


async def test_a_closed_account_is_known_by_none_of_its_names_and_they_are_free_again(
    domain: Domain, clock: FakeClock
) -> None:
    person = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    data = await domain.accounts.data(account)
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("确认注销")
    for kind, value in (("phone", f"+86{PHONE}"), ("login_name", data["login_name"]), ("id_number", ADULT_ID)):
        assert await domain.accounts.find("xiaohe", kind, value) is None
    assert await domain.accounts.find("xiaohe", "account_id", account) is None
    assert (await domain.accounts.sign_in("xiaohe", "phone", f"+86{PHONE}", PASSWORD)).outcome == "wrong"
    clock.forward(days=1)
    await owner(domain, "xiaohe", PHONE)
    assert await account_id(domain, "xiaohe") != account


async def test_closing_in_one_conversation_ends_the_errands_of_the_others(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    clock.forward(days=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("reset_password", PHONE)
    clock.forward(minutes=5)
    await first.gets_to("cancel", PHONE)
    await first.presses("确认注销")
    told = words(await other.is_told())
    assert "已经注销" in told
    assert "刚刚有了变化" in told
    assert await other.flow() is None
    assert await other.says("还在吗", wish="repeat")


async def test_an_account_that_was_offered_by_its_id_can_be_closed_elsewhere_meanwhile(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    clock.forward(days=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("cancel", PHONE)
    await first.wants("report_stolen")
    assert "发验证码" in first.offers()
    await other.presses("确认注销")
    assert "已经注销" in words(await first.is_told())
    assert await first.says("再说一遍", wish="repeat")
    await first.presses("手机也丢了")
    assert first.last["expects"] == "contact"


async def test_the_key_of_the_evidence_goes_three_years_after_the_account(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """民法典 188: claims lapse after three years; the chain verifies for ever."""
    domain = sqlite_domain
    person = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    (receipt,) = await _receipts(domain, account)
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("确认注销")
    closed = clock.now()
    for days, opens in ((3 * 365, True), (3 * 365 + 2, False)):
        clock.set(closed)
        clock.forward(days=days)
        async with domain.transaction() as session:
            await purge(session, domain.parts)
        if opens:
            assert await domain.consent.receipt(receipt)
        else:
            with pytest.raises(KeyDestroyed):
                await domain.consent.receipt(receipt)
    assert (await domain.evidence.verify()).ok


async def test_the_evidence_of_an_account_that_lives_is_kept(sqlite_domain: Domain, clock: FakeClock) -> None:
    domain = sqlite_domain
    await owner(domain, "xiaohe")
    (receipt,) = await _receipts(domain, await account_id(domain, "xiaohe"))
    clock.forward(days=20 * 365)
    async with domain.transaction() as session:
        await purge(session, domain.parts)
    assert await domain.consent.receipt(receipt)


async def test_a_name_left_behind_by_a_change_is_forgotten_once_it_cannot_be_taken_back(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("change", PHONE)
    await person.presses("手机号")
    await person.proves(NEW_PHONE)
    for hours, left in ((23, True), (2, False)):
        clock.forward(hours=hours)
        async with domain.transaction() as session:
            await purge(session, domain.parts)
        assert ((await account_row(domain, account)).old_phone is not None) is left
    async with domain.database.reading() as session:
        assert "old_phone" not in list(await session.scalars(select(AccountIdentifierRow.kind)))


async def test_a_granted_application_closes_and_erases_and_the_person_is_told(domain: Domain, clock: FakeClock) -> None:
    person = await owner(domain, "rencai", who="单位")
    account = await account_id(domain, "rencai")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("申请注销")
    (request,) = await domain.requests.list("rencai")
    clock.forward(days=3)
    await domain.requests.decide(request.id, granted=True, answer="已经办好，感谢使用。", by="staff")
    told = words(await person.is_told())
    assert "平台同意了" in told and "已经办好，感谢使用。" in told
    assert "已经注销" in told
    assert await status_of(domain, account) == "closed"
    left = holding(await everything_that_opens(domain), {PHONE, CREDIT_CODE})
    assert left == {("short_messages cancelled", PHONE)}
    with pytest.raises(Conflict):
        await domain.requests.decide(request.id, granted=False, answer="", by="staff")
    assert (await domain.evidence.verify()).ok


async def test_a_refused_application_leaves_the_account_and_says_what_else_can_be_done(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("申请注销")
    (request,) = await domain.requests.list("weigongbao")
    await domain.requests.decide(request.id, granted=False, answer="还有未结清的订单。", by="staff")
    told = words(await person.is_told())
    assert "平台没有同意" in told and "还有未结清的订单。" in told
    assert "也可以向有关部门反映" in told
    assert await status_of(domain, account) == "active"
