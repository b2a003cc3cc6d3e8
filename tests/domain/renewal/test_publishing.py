"""A version that changes what people agreed to: seven days' notice, the old text until then, nobody asked for a typo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import Domain
from domain.renewal.publishing import NoticeTooShort
from tests.domain.renewal.newer import asked, bring_in, entries, planned_and_told, publish, text_of
from tests.domain.selfservice.owners import account_id, owner
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain


async def test_without_a_date_a_changed_text_takes_effect_seven_days_later_and_the_old_one_counts_until_then(
    domain: Domain, clock: FakeClock
) -> None:
    await owner(domain, "xiaohe")
    old = (await domain.agreements.in_force("xiaohe"))[0]
    version = await publish(domain, "xiaohe")
    assert version.effective_at == clock.now() + timedelta(days=7)
    clock.forward(days=6, hours=23)
    assert (await domain.agreements.in_force("xiaohe"))[0].id == old.id
    clock.forward(hours=1)
    assert (await domain.agreements.in_force("xiaohe"))[0].id == version.id
    (entry,) = [e for e in await entries(domain, "version_published") if e["agreement"]["id"] == version.id]
    assert entry["asked"] == 1
    assert entry["effective_at"].startswith("2026-03-09")


async def test_an_earlier_date_is_refused_and_nothing_is_published(domain: Domain, clock: FakeClock) -> None:
    await owner(domain, "xiaohe")
    await bring_in(domain, "xiaohe", text_of(domain, "xiaohe"), effective_at=clock.now() + timedelta(days=6))
    with pytest.raises(NoticeTooShort, match=r"1 people agreed to.*2026-03-09 10:00.*--urgent"):
        await domain.agreements.publish("xiaohe")
    assert [v.published_at is not None for v in await domain.agreements.list("xiaohe")] == [True, False]
    assert await domain.renewals.counts("xiaohe") == []
    version = await domain.agreements.publish("xiaohe", effective_at=clock.now() + timedelta(days=8))
    assert version.effective_at == clock.now() + timedelta(days=8)


async def test_what_cannot_wait_is_published_at_once_with_its_reason_in_the_ledger(domain: Domain) -> None:
    await owner(domain, "xiaohe")
    version = await publish(domain, "xiaohe", urgent="主管部门要求立即停用该功能")
    assert (await domain.agreements.in_force("xiaohe"))[0].id == version.id
    (entry,) = [e for e in await entries(domain, "version_published") if e["agreement"]["id"] == version.id]
    assert entry["urgent"] == "主管部门要求立即停用该功能"
    assert (await domain.evidence.verify()).ok


async def test_where_nobody_agreed_to_anything_a_new_version_counts_at_once(domain: Domain) -> None:
    await owner(domain, "renrenbao")
    version = await publish(domain, "xiaohe")
    assert (await domain.agreements.in_force("xiaohe"))[0].id == version.id
    assert await domain.renewals.plan() == 0
    assert await domain.renewals.counts("xiaohe") == []


@pytest.mark.parametrize("what", ["signs", "spaces", "renumbered"])
async def test_a_cosmetic_change_asks_nobody_and_needs_no_notice(domain: Domain, what: str) -> None:
    sample = domain.platforms.get("weigongbao").sample_bytes.decode()
    changed = {
        "signs": sample.replace("；", "。"),
        "spaces": sample.replace("。", "。 "),
        "renumbered": sample.replace("第十三条", "第十四条"),
    }[what]
    assert changed != sample
    person = await owner(domain, "weigongbao")
    version = await publish(domain, "weigongbao", changed.encode())
    assert (await domain.agreements.in_force("weigongbao"))[0].id == version.id
    assert await planned_and_told(domain) == 0
    assert await person.is_told() == []
    assert await domain.renewals.of(await account_id(domain, "weigongbao")) == []


async def test_a_sample_that_changed_with_an_update_of_the_product_asks_its_people_too(
    place: Place, clock: FakeClock
) -> None:
    from dataclasses import replace

    from domain.agreements import parse
    from domain.platforms import Platforms
    from tests.support.databases import platforms

    async with open_domain(place, clock=clock) as domain:
        await owner(domain, "xiaohe")
        old = (await domain.agreements.in_force("xiaohe"))[0]
        raw = text_of(domain, "xiaohe")
    newer = Platforms(
        [replace(p, sample=parse(raw, "a.md"), sample_bytes=raw) if p.id == "xiaohe" else p for p in platforms()]
    )
    async with open_domain(place, clock=clock, platforms=newer, seed="update") as domain:
        assert (await domain.agreements.in_force("xiaohe"))[0].id == old.id
        assert await domain.renewals.plan() == 1


async def test_a_misprint_mended_in_a_version_that_is_to_come_does_not_bring_its_day_forward(
    domain: Domain, clock: FakeClock
) -> None:
    person = await asked(domain, "xiaohe")
    second = (await domain.agreements.list("xiaohe"))[-1]
    mended = text_of(domain, "xiaohe").decode().replace("另行通知。", "另行通知 。").encode()
    clock.forward(days=2)
    third = await publish(domain, "xiaohe", mended)
    assert third.effective_at == second.effective_at
    assert await planned_and_told(domain) == 0, "who knows of these words is not told of them again"
    assert await person.is_told() == []
    states = {r.agreement_id: r.state for r in await domain.renewals.of(await account_id(domain, "xiaohe"))}
    assert states == {second.id: "superseded", third.id: "told"}
