"""Thousands are planned a few hundred a transaction; a process that dies loses nothing; people are told once, in turn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from benchmarks.renewals import PLATFORM, bring_in, subscribe
from domain import Domain
from domain.messaging.tables import ConversationRow, InboxRow
from domain.parts import Policy
from domain.renewal import planning
from domain.renewal.tables import RenewalRow
from tests.domain.renewal.newer import SEE, asked, planned_and_told, publish, text_of, words
from tests.domain.selfservice.owners import account_id, owner
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person


async def _planned(domain: Domain) -> int:
    async with domain.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(RenewalRow)) or 0


async def test_thousands_are_planned_with_a_bounded_number_of_rows_in_each_transaction(domain: Domain) -> None:
    await subscribe(domain, 2_300)
    await bring_in(domain, "另行通知。")
    await domain.agreements.publish(PLATFORM)
    assert await _planned(domain) == 0, "publishing itself plans nobody"
    written, in_each = 0, []

    def count(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        nonlocal written
        if statement.lstrip().upper().startswith("INSERT INTO RENEWALS "):
            written += len(parameters) if many else len(parameters) // 10

    def committed(_connection: Any) -> None:
        nonlocal written
        in_each.append(written)
        written = 0

    engine = domain.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", committed)
    try:
        assert await domain.renewals.plan(size=250) == 2_300
    finally:
        event.remove(engine, "before_cursor_execute", count)
        event.remove(engine, "commit", committed)
    assert await _planned(domain) == 2_300
    assert max(in_each) <= 250
    assert len([rows for rows in in_each if rows]) == 10
    (counts,) = await domain.renewals.counts(PLATFORM)
    assert (counts.asked, counts.planned, counts.planning) == (2_300, 2_300, False)
    assert await domain.renewals.plan(size=250) == 0


async def test_a_process_that_dies_while_planning_goes_on_where_it_stopped(place: Place, clock: FakeClock) -> None:
    async with open_domain(place, clock=clock) as domain:
        await subscribe(domain, 700)
        await bring_in(domain, "另行通知。")
        await domain.agreements.publish(PLATFORM)
        assert await domain.renewals.plan(batches=3, size=100) == 300
        with pytest.raises(RuntimeError, match="died"):
            async with domain.transaction() as session:
                await planning.plan_some(session, domain.parts, domain.renewals._comparing, 100)
                raise RuntimeError("died")
        assert await _planned(domain) == 300
        assert (await domain.renewals.counts(PLATFORM))[0].planning
    async with open_domain(place, clock=clock, seed="restarted") as domain:
        assert await domain.renewals.plan(size=100) == 400
        assert await _planned(domain) == 700
        assert not (await domain.renewals.counts(PLATFORM))[0].planning


async def test_whoever_was_planned_before_a_crash_is_told_after_it_and_only_once(
    place: Place, clock: FakeClock
) -> None:
    async with open_domain(place, clock=clock) as domain:
        person = await owner(domain, "xiaohe")
        await publish(domain, "xiaohe")
        await domain.renewals.plan()
        with pytest.raises(RuntimeError, match="died"):
            async with domain.transaction() as session:
                assert await planning.tell_some(session, domain.parts, domain.renewals._comparing) == 1
                raise RuntimeError("died")
        assert await person.is_told() == []
    async with open_domain(place, clock=clock, seed="restarted") as domain:
        again = Person(domain, person.conversation_id)
        again.messages = person.messages
        assert await planned_and_told(domain) == 1
        assert len(await again.is_told()) == 1
        assert await planned_and_told(domain) == 0
        assert await again.is_told() == []


async def test_no_more_people_are_told_in_a_minute_than_the_setting_allows(place: Place, clock: FakeClock) -> None:
    policy = Policy(renewals_a_minute=120)
    async with open_domain(place, clock=clock, policy=policy) as domain:
        await subscribe(domain, 300, conversations=True)
        await bring_in(domain, "另行通知。")
        await domain.agreements.publish(PLATFORM)
        await domain.renewals.plan()

        async def told() -> int:
            async with domain.database.reading() as session:
                return await session.scalar(select(func.count()).select_from(InboxRow)) or 0

        for seconds, expected in ((0, 120), (30, 120), (31, 240), (0, 240), (61, 300), (61, 300)):
            clock.forward(seconds=seconds)
            await domain.renewals.tell()
            assert await told() == expected


async def test_a_notice_says_which_version_from_when_how_much_and_how_to_leave(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    told = words([person.last])
    assert "第2版" in told and "2026-03-09" in told and "1 处" in told
    assert await account_id(domain, "xiaohe") in told
    assert domain.platforms.get("xiaohe").profile.leave in told
    assert "https://mingshi.test/a/xiaohe/changes/1/2" in told
    assert person.offers() == [SEE, "以后再说"]


async def test_the_newest_conversation_that_can_be_reached_is_told_and_no_other(
    domain: Domain, clock: FakeClock
) -> None:
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    others = []
    for _ in range(2):
        clock.forward(hours=1)
        other = await Person.arrives(domain, "xiaohe")
        async with domain.transaction() as session:
            await domain.parts.accounts.bind(session, account, other.conversation_id)
        others.append(other)
    async with domain.transaction() as session:
        newest = await session.get_one(ConversationRow, others[1].conversation_id)
        newest.reachable = False
    await publish(domain, "xiaohe")
    await planned_and_told(domain)
    assert [len(await person.is_told()) for person in (first, *others)] == [0, 1, 0]


async def test_whoever_cannot_be_reached_is_tried_again_another_day(domain: Domain, clock: FakeClock) -> None:
    person = await owner(domain, "xiaohe")
    async with domain.transaction() as session:
        (await session.get_one(ConversationRow, person.conversation_id)).reachable = False
    await publish(domain, "xiaohe")
    await planned_and_told(domain)
    (counts,) = await domain.renewals.counts("xiaohe")
    assert (counts.planned, counts.unreachable, counts.told) == (1, 1, 0)
    async with domain.transaction() as session:
        (await session.get_one(ConversationRow, person.conversation_id)).reachable = True
    assert await domain.renewals.tell() == 0
    clock.forward(days=1)
    assert await domain.renewals.tell() == 1
    assert len(await person.is_told()) == 1


async def test_a_closed_account_is_not_told_and_a_frozen_one_is(domain: Domain) -> None:
    closed = await owner(domain, "renrenbao")
    frozen = await owner(domain, "renrenbao", "13987654321")
    account = await account_id(domain, "renrenbao")
    await domain.accounts.freeze(await account_id(domain, "renrenbao", "13987654321"), by="staff")
    await frozen.is_told()
    await publish(domain, "renrenbao")
    await domain.renewals.plan()
    async with domain.transaction() as session:
        await domain.parts.accounts.erase(session, await domain.parts.accounts.row(session, account))
    assert await domain.renewals.tell() == 1
    assert await closed.is_told() == []
    assert "新版本" in words(await frozen.is_told())
    said = await frozen.presses(SEE)
    assert "冻结" in said[0]["text"]
    assert await frozen.flow() is None


async def test_a_reminder_comes_once_when_it_takes_effect_and_not_to_whoever_has_decided(
    domain: Domain, clock: FakeClock
) -> None:
    person = await asked(domain, "xiaohe")
    clock.forward(days=6)
    assert await planned_and_told(domain) == 0
    clock.forward(days=1)
    assert await planned_and_told(domain) == 1
    assert "今天起生效" in words(await person.is_told())
    clock.forward(days=1)
    assert await planned_and_told(domain) == 0
    assert await person.is_told() == []


async def test_whoever_registers_on_the_old_text_before_the_new_one_counts_is_asked_too(
    domain: Domain, clock: FakeClock
) -> None:
    await asked(domain, "renrenbao")
    clock.forward(days=3)
    late = await owner(domain, "renrenbao", "13987654321")
    # Decided on the old text before its end, registered after it.
    latest = await Person.arrives(domain, "renrenbao")
    await latest.reaches_decision()
    await latest.agrees()
    assert await domain.renewals.plan() == 0
    clock.forward(days=4)
    assert await domain.renewals.plan() == 1
    await latest.proves("15812340000")
    await latest.fills_chat()
    await latest.sends_page()
    clock.forward(days=7)
    assert await domain.renewals.plan() == 1
    await domain.renewals.tell()
    assert "已经生效" in words(await late.is_told())
    assert "已经生效" in words(await latest.is_told())


async def test_a_third_version_takes_the_place_of_one_nobody_has_decided_about(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    second = (await domain.agreements.list("xiaohe"))[-1]
    stale = person.button(SEE)
    third = await publish(domain, "xiaohe", text_of(domain, "xiaohe", more="平台每年收取会员费一百元。"))
    assert await planned_and_told(domain) == 1
    told = words(await person.is_told())
    assert "第3版" in told
    states = {r.agreement_id: r.state for r in await domain.renewals.of(await account_id(domain, "xiaohe"))}
    assert states == {second.id: "superseded", third.id: "told"}
    said = await person.presses_token(stale)
    assert "之前步骤" in said[0]["text"]


async def test_a_third_version_that_takes_the_change_back_asks_nobody_any_more(domain: Domain) -> None:
    person = await asked(domain, "xiaohe")
    third = await publish(domain, "xiaohe", domain.platforms.get("xiaohe").sample_bytes.rstrip() + b" \n")
    assert (await domain.agreements.in_force("xiaohe"))[0].id == third.id
    assert await planned_and_told(domain) == 0
    assert [r.state for r in await domain.renewals.of(await account_id(domain, "xiaohe"))] == ["superseded"]
    said = await person.presses(SEE)
    assert any("没有等您决定" in m["text"] for m in said)


async def test_everybody_who_agreed_to_whatever_older_text_is_asked_and_the_others_are_not(
    domain: Domain, clock: FakeClock
) -> None:
    await owner(domain, "renrenbao")
    second = await publish(domain, "renrenbao")
    clock.forward(days=8)
    await owner(domain, "renrenbao", "13987654321")
    third = await publish(domain, "renrenbao", text_of(domain, "renrenbao", more="另行通知。平台可以收取年费。"))
    clock.forward(days=8)
    await owner(domain, "renrenbao", "15812340000")
    assert await planned_and_told(domain) == 2
    counts = {c.agreement_id: c for c in await domain.renewals.counts("renrenbao")}
    assert counts[third.id].asked == 2 and counts[third.id].told == 2
    assert second.id not in counts
    assert timedelta(days=7) == (third.effective_at or clock.now()) - (third.published_at or clock.now())
