"""Whatever a ward or a guardian wishes at any point, there is an answer, and the way goes on from there."""

from __future__ import annotations

import pytest

from domain import Domain
from tests.support.ambient import FakeClock
from tests.support.family import GUARDIAN_PHONE, WARD_PHONE, Family
from tests.support.person import Person, sms_code

WISHES = (
    "why", "repeat", "affirm", "deny", "accept", "resend", "explain", "refuse", "stop", "correct", "go_back",
    "guardian", "status", "menu", "withdraw_consent", "question", "read", "value",
)  # fmt: skip


async def hears_everything(person: Person, *, but: tuple[str, ...] = ()) -> None:
    """Every wish gets words; none of them decides or ends anything."""
    before = (await person.conversation()).flow_id
    for wish in WISHES:
        if wish not in but:
            said = await person.says("我说点别的", wish=wish)
            assert said, wish
            assert all(m["text"] for m in said), wish
    assert (await person.conversation()).flow_id == before


@pytest.mark.parametrize("band", ["under_8", "from_8", "from_14"])
async def test_a_ward_and_a_guardian_are_answered_at_every_step(sqlite_domain: Domain, band: str) -> None:
    family = await Family.of(sqlite_domain, band=band)
    await family.ward.begins("未满18岁")
    await hears_everything(family.ward, but=("go_back", "correct"))
    await family.ward.presses({"under_8": "不满 8 岁", "from_8": "8 到 13 岁", "from_14": "14 到 17 岁"}[band])
    await hears_everything(family.ward, but=("go_back", "correct"))
    code = await family.invites()
    await hears_everything(family.ward, but=("go_back",))
    await family.opens(code)
    await hears_everything(family.guardian, but=("go_back",))
    await family.guardian.presses("我是监护人，开始")
    await hears_everything(family.guardian, but=("go_back",))
    await family.guardian.says(GUARDIAN_PHONE)
    await hears_everything(family.guardian, but=("go_back", "resend", "correct"))
    await family.guardian.says(await sms_code(sqlite_domain, GUARDIAN_PHONE))
    await hears_everything(family.guardian, but=("go_back", "correct"))
    assert not (await family.identifies()).errors
    await hears_everything(family.guardian, but=("go_back",))
    await family.reads()
    await hears_everything(family.guardian, but=("go_back",))
    await family.guardian.agrees()
    await family.ward.is_told()
    if band == "from_8":
        await hears_everything(family.ward, but=("go_back",))
    assert not any(e.type == "registered" for e in await sqlite_domain.events.since(0))


async def test_who_comes_of_age_is_answered_at_every_step(sqlite_domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(sqlite_domain, band="from_14")
    await family.registers()
    clock.set(clock.now().replace(year=2029, month=1, day=3, hour=12))
    await sqlite_domain.guardians.turn_of_time()
    await family.ward.is_told()
    await family.ward.presses("看看并决定")
    await hears_everything(family.ward, but=("go_back",))
    await family.ward.reads()
    await hears_everything(family.ward, but=("go_back",))
    await family.ward.answers_consents()
    await hears_everything(family.ward, but=("go_back",))
    await family.ward.presses("不同意")
    await family.ward.presses("真的不注册")
    assert "账号还在" in family.ward.last["text"]
    assert WARD_PHONE not in family.ward.transcript()
