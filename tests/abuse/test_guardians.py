"""F01-F16: minors and wards, and those who say that they are their guardians."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from domain import Domain, KeyDestroyed
from domain.accounts.tables import AccountRow
from domain.evidence.tables import LedgerRow
from domain.guardians.tables import GuardianshipRow
from domain.requests import Request
from tests.domain.renewal import newer
from tests.support.ambient import FakeClock
from tests.support.databases import Databases
from tests.support.family import BORN, GUARDIAN_PHONE, WARD_PHONE, Family, decisions, id_number, words
from tests.support.person import Person, everything_in, sms_codes
from tests.support.versions import publish

OTHER_PHONE = "13700137000"
_PLATFORMS = ("xiaohe", "rencai", "renrenbao", "weigongbao")


@pytest.fixture(autouse=True, params=["web", "telegram"])
def guardians_channel(request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    """The guardian is on the page, or in Telegram: the minor is on the page."""
    channel: str = request.param
    if channel == "telegram" and databases.is_postgresql:
        pytest.skip("channels change nothing in the database")
    monkeypatch.setattr(Family, "guardians_channel", channel)
    return channel


async def entries(domain: Domain) -> list[dict[str, Any]]:
    async with domain.database.reading() as session:
        rows = await session.scalars(
            select(LedgerRow).where(LedgerRow.type != "version_published").order_by(LedgerRow.seq)
        )
        return [json.loads(row.entry) for row in rows]


async def row_of(family: Family) -> GuardianshipRow:
    return (await family.guardianships())[-1]


async def account_of(domain: Domain, account_id: str) -> AccountRow:
    async with domain.database.reading() as session:
        return await session.get_one(AccountRow, account_id)


async def request_of(domain: Domain) -> Request:
    return next(r for r in await domain.requests.list() if r.kind == "guardian")


def event_types(events: list[Any]) -> list[str]:
    return [event.type for event in events]


# --- F01: under eight


async def test_f01_a_small_childs_own_taps_create_nothing(domain: Domain) -> None:
    family = await Family.of(domain, band="under_8")
    await family.begins()
    await family.ward.presses("给监护人发邀请")
    await family.ward.says(GUARDIAN_PHONE)
    for sentence in ("同意", "我愿意", "已满18岁", WARD_PHONE):
        await family.ward.says(sentence, wish="accept")
    assert await family.nothing_was_made()
    assert (await family.ward.state()).values == {}
    assert await sms_codes(domain, WARD_PHONE) == []


async def test_f01_the_guardian_registers_in_the_childs_name(domain: Domain) -> None:
    family = await Family.of(domain, band="under_8")
    account_id = await family.registers()
    told = await entries(domain)
    assert {role for role, _item, _decision in decisions(told)} == {"guardian"}
    assert "children" in {item for _role, item, _decision in decisions(told)}
    assert (await domain.accounts.data(account_id))["id_number"] == id_number(BORN["under_8"], 2)
    await family.ward.is_told()
    assert "不用再做什么" in family.ward.transcript()
    assert await family.ward.flow() is None


# --- F02: eight to thirteen


@pytest.mark.parametrize("platform", _PLATFORMS)
async def test_f02_from_eight_on_the_guardian_decides_everything_and_the_child_is_asked_too(
    domain: Domain, platform: str
) -> None:
    family = await Family.of(domain, platform)
    account_id = await family.registers()
    decided = [d for d in decisions(await entries(domain)) if d[1] != "cross_border"]
    by_guardian = [item for role, item, _ in decided if role == "guardian"]
    assert by_guardian[0] == "children", "the rules for children's data come first"
    assert by_guardian[-1] == "contract"
    assert [item for role, item, _ in decided if role == "self"] == ["assent"]
    assert {d.item: d.given_by for d in await domain.consent.of(account_id)}["contract"] == "guardian"
    receipt = next(e for e in await entries(domain) if e["type"] == "receipt_issued")
    document = await domain.consent.receipt(receipt["receipt"])
    assert all(clause["shown_at"] for clause in document["receipt"]["clauses"])


async def test_f02_a_guardian_who_says_no_to_the_childs_data_cannot_go_on(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies()
    await family.guardian.reads()
    said = await family.guardian.decides("children", "no")
    assert "没法继续" in said[-1]["text"]
    assert "改为同意" in family.guardian.offers()
    assert await family.nothing_was_made()


async def test_f02_a_child_who_does_not_want_it_is_not_registered_whatever_the_guardian_said(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.consents()
    assert "你愿意" in words(family.ward)
    await family.ward.presses("我不愿意")
    assert await family.nothing_was_made()
    assert await family.ward.flow() is None
    await family.guardian.is_told()
    assert "不用您再决定了" in family.guardian.transcript()


# --- F03: fourteen to seventeen


async def test_f03_from_fourteen_on_the_own_data_are_the_minors_and_the_contract_needs_the_guardian(
    domain: Domain,
) -> None:
    family = await Family.of(domain, band="from_14")
    account_id = await family.registers()
    decided = [d for d in decisions(await entries(domain)) if d[1] != "cross_border"]
    assert [item for role, item, _ in decided if role == "guardian"] == ["contract"]
    own = {item for role, item, _ in decided if role == "self"}
    assert {"sensitive", "sharing", "marketing", "assent"} <= own
    assert "contract" not in own
    given = {d.item: d.given_by for d in await domain.consent.of(account_id)}
    assert given["contract"] == "guardian"
    assert given["sensitive"] == "self"
    assert "cross_border" not in given, "what the guardian allows for the own chat is no consent of the minor"


async def test_f03_the_minors_yes_alone_registers_nobody(domain: Domain) -> None:
    family = await Family.of(domain, band="from_14")
    await family.begins()
    for sentence in ("同意", "我自己同意", "我妈同意了"):
        await family.ward.says(sentence, wish="accept")
    assert (await family.ward.flow()).step.startswith("guardian:")  # type: ignore[union-attr]
    assert await family.nothing_was_made()


# --- F04: sixteen, living on own income


async def test_f04_who_lives_on_own_income_declares_it_and_acts_alone_where_the_law_decides(domain: Domain) -> None:
    family = await Family.of(domain, band="working")
    await family.begins()
    assert "声明" in family.ward.transcript()
    await family.ward.reads()
    await family.ward.answers_consents()
    await family.ward.agrees()
    await family.ward.proves(WARD_PHONE)
    await family.ward.fills_chat()
    outcome = await family.ward.sends_page(id_number=id_number(BORN["working"], 2))
    assert not outcome.errors
    told = await entries(domain)
    declared = next(e for e in told if e["type"] == "declared")
    assert declared["band"] == "working"
    assert any(e["type"] == "registered" for e in told)


async def test_f04_a_fifteen_year_old_who_claims_own_income_is_found_out_by_the_document(domain: Domain) -> None:
    family = await Family.of(domain, band="working")
    await family.begins()
    await family.ward.reads()
    await family.ward.answers_consents()
    await family.ward.agrees()
    await family.ward.proves(WARD_PHONE)
    await family.ward.fills_chat()
    await family.ward.sends_page(id_number=id_number("20100402", 2))
    assert await family.nothing_was_made()
    assert "还没满 18 岁" in family.ward.transcript()


async def test_f04_a_platform_that_draws_the_line_at_eighteen_wants_the_guardian_all_the_same(domain: Domain) -> None:
    family = await Family.of(domain, "weigongbao", band="working")
    await family.begins()
    assert "给监护人发邀请" in family.ward.offers()


# --- F05, F06: who cannot be a guardian


async def test_f05_the_wards_own_conversation_cannot_open_its_invitation(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    code = await family.invites()
    await family.ward.says(code)
    assert "自己的聊天里用" in family.ward.transcript()
    assert (await family.ward.flow()).kind == "registration"  # type: ignore[union-attr]


async def test_f05_nobody_is_the_own_guardian(domain: Domain) -> None:
    family = await Family.of(domain, band="from_14")
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    own = family.page["ward_id_number"]
    outcome = await family.identifies(guardian_id_number=own)
    assert outcome.errors["guardian_id_number"][0] == "guardian_is_ward"
    assert (await row_of(family)).state == "bound"


async def test_f05_the_ward_cannot_register_with_its_guardians_phone(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.consents()
    await family.ward.presses("我愿意")
    family.domain.parts.clock.forward(minutes=2)  # type: ignore[attr-defined]
    await family.ward.proves(GUARDIAN_PHONE)
    assert "监护人的手机号" in words(family.ward)
    assert await family.nothing_was_made()


@pytest.mark.parametrize(
    ("born", "problem"),
    [("20080401", "guardian_minor"), ("20150101", "guardian_minor"), ("20080303", "guardian_minor")],
)
async def test_f06_a_guardian_under_eighteen_is_refused(domain: Domain, born: str, problem: str) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    outcome = await family.identifies(guardian_id_number=id_number(born))
    assert outcome.errors == {"guardian_id_number": (problem, "")}
    assert await family.nothing_was_made()


async def test_f06_a_parent_hardly_older_than_the_child_is_looked_at_by_a_person(domain: Domain) -> None:
    family = await Family.of(domain, band="from_14")
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies(guardian_id_number=id_number("19960601"))
    assert "工作人员" in words(family.guardian)
    request = await request_of(domain)
    assert "gap" in request.words["reasons"]
    await family.ward.is_told()
    assert "工作人员" in words(family.ward)
    await domain.requests.decide(request.id, granted=True, answer="材料齐全", by="staff")
    await family.guardian.is_told()
    await family.reads()
    await family.guardian.agrees()
    assert (await row_of(family)).state == "consented"


async def test_f06_what_staff_refuse_ends_for_both(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies(relation="sibling")
    request = await request_of(domain)
    await domain.requests.decide(request.id, granted=False, answer="关系无法核实", by="staff")
    await family.guardian.is_told()
    await family.ward.is_told()
    assert await family.guardian.flow() is None
    assert await family.ward.flow() is None
    assert await family.nothing_was_made()


# --- F07, F08: invitations


async def test_f07_a_forwarded_invitation_gives_nothing_to_a_friend(domain: Domain) -> None:
    family = await Family.of(domain)
    friend = await Person.arrives(domain)
    await family.begins()
    code = await family.invites()
    await family.opens(code, friend)
    await friend.presses("我是监护人，开始")
    await friend.says(OTHER_PHONE)
    assert "没有发验证码" in words(friend)
    assert await sms_codes(domain, OTHER_PHONE) == []
    for secret in ("王小明", GUARDIAN_PHONE, "139****9000", "8 到 13"):
        assert secret not in friend.transcript()


async def test_f07_the_first_who_proves_the_phone_holds_it_alone(domain: Domain) -> None:
    family = await Family.of(domain)
    friend = await Person.arrives(domain)
    late = await Person.arrives(domain)
    await family.begins()
    code = await family.invites()
    await family.opens(code)
    await family.opens(code, friend)
    await family.proves()
    await late.says(code)
    assert "监护人" not in words(late), "who comes later sees what any wrong code gets"
    domain.parts.clock.forward(minutes=2)  # type: ignore[attr-defined]
    await family.proves(friend)
    assert "不能用了" in words(friend)
    assert (await row_of(family)).guardian_conversation_id == family.guardian.conversation_id


async def test_f08_an_invitation_ends_after_three_days(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain)
    await family.begins()
    code = await family.invites()
    clock.forward(hours=72)
    await family.opens(code)
    assert "监护人" not in words(family.guardian)
    await family.ward.presses("重新发邀请")
    await family.ward.says(GUARDIAN_PHONE)
    await family.opens(family.ward.last["text"].splitlines()[1])
    assert "我是监护人，开始" in family.guardian.offers()


async def test_f08_a_new_invitation_ends_the_old_one(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    first = await family.invites()
    second = await family.invites(OTHER_PHONE)
    assert first != second
    await family.opens(first)
    assert "我是监护人，开始" not in family.guardian.labels()
    assert sorted(r.state for r in await family.guardianships()) == ["invited", "revoked"]


async def test_f08_a_guardian_who_is_half_way_hears_that_another_was_asked(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.invites(OTHER_PHONE)
    await family.guardian.is_told()
    assert "不用您再决定了" in family.guardian.transcript()
    await family.identifies()
    assert "不能用了" in words(family.guardian)
    assert await family.guardian.flow() is None
    assert await family.nothing_was_made()


async def test_f08_the_document_must_be_the_one_the_guardian_consented_for(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.consents()
    await family.ward.presses("我愿意")
    await family.ward.proves(WARD_PHONE)
    await family.ward.fills_chat()
    outcome = await family.ward.sends_page(id_number=id_number(BORN["from_8"], 7))
    assert outcome.errors == {"id_number": ("ward_differs", "")}
    assert await family.nothing_was_made()


async def test_f08_a_code_is_used_up_with_the_decision(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    code = await family.invites()
    await family.opens(code)
    await family.proves()
    await family.identifies()
    await family.reads()
    await family.guardian.agrees()
    again = await Person.arrives(domain)
    await family.opens(code, again)
    assert "我是监护人，开始" not in again.labels()


# --- F09, F10: no, and silence


async def refuses(family: Family) -> None:
    await family.comes_to_decide()
    await family.guardian.presses("不同意")
    await family.guardian.presses("真的不注册")
    await family.ward.is_told()


async def test_f09_a_no_ends_it_and_nothing_of_the_child_stays(domain: Domain) -> None:
    family = await Family.of(domain)
    await refuses(family)
    assert "没有同意" in words(family.ward)
    assert await family.ward.flow() is None
    row = await row_of(family)
    assert (row.state, row.sealed) == ("refused", None)
    with pytest.raises(KeyDestroyed):
        async with domain.database.reading() as session:
            await domain.parts.vault.unseal(session, row.key_id, "x", b"x" * 40)
    assert await family.nothing_was_made()
    assert (await domain.evidence.verify()).ok


async def test_f09_the_same_guardian_is_not_asked_again_for_two_days(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain)
    await refuses(family)
    clock.forward(hours=47)
    await family.begins()
    await family.ward.presses("给监护人发邀请")
    await family.ward.says(GUARDIAN_PHONE)
    assert "两天之内" in words(family.ward)
    clock.forward(hours=2)
    await family.ward.presses("换一位监护人")
    await family.ward.says(GUARDIAN_PHONE)
    assert "邀请码" in words(family.ward)


async def test_f09_nor_by_another_conversation_about_the_same_child(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain)
    await refuses(family)
    clock.forward(minutes=5)
    second = await Family.of(domain)
    await second.begins()
    await second.opens(await second.invites())
    await second.proves()
    outcome = await second.identifies()
    assert outcome.errors == {"ward_id_number": ("guardian_asked_lately", "")}


@pytest.mark.parametrize("opened", [False, True])
async def test_f10_silence_for_thirty_days_is_a_refusal(domain: Domain, clock: FakeClock, opened: bool) -> None:
    family = await Family.of(domain)
    await family.begins()
    code = await family.invites()
    if opened:
        await family.opens(code)
        await family.proves()
    clock.forward(days=29, hours=23)
    async with domain.transaction() as session:
        await domain.flows.forget_abandoned(session)
    assert await domain.guardians.turn_of_time() == 0
    assert await family.ward.flow() is not None, "a week without a word does not end the wait"
    clock.forward(hours=2)
    assert await domain.guardians.turn_of_time() == 1
    await family.ward.is_told()
    assert "30 天" in words(family.ward)
    assert await family.ward.flow() is None
    assert (await row_of(family)).state == "expired"
    assert await domain.guardians.turn_of_time() == 0, "once"


# --- F11: later


async def test_f11_a_guardian_takes_it_back_in_three_taps(domain: Domain) -> None:
    family = await Family.of(domain)
    account_id = await family.registers()
    await family.guardian.says("监护人的事", wish="guardian")
    await family.guardian.presses("王小明（小禾企服网）")
    await family.guardian.presses("撤回同意")
    assert (await account_of(domain, account_id)).status == "active"
    await family.guardian.presses("确定撤回")
    assert (await account_of(domain, account_id)).status == "suspended"
    assert {d.decision for d in await domain.consent.of(account_id) if d.given_by == "guardian"} == {"withdrawn"}
    withdrawn = [e for e in await entries(domain) if e["type"] == "withdrawn"]
    assert {e["actor"]["role"] for e in withdrawn} == {"guardian"}
    assert all(e["withdraws"] for e in withdrawn), "what was consented before is pointed at, and stands"
    await family.ward.is_told()
    assert "撤回了同意" in family.ward.transcript()
    assert {"withdrawn", "suspended"} <= set(event_types(await domain.events.since(0)))


async def test_f11_a_stranger_cannot_take_it_back(domain: Domain) -> None:
    family = await Family.of(domain)
    account_id = await family.registers()
    await family.guardian.says("监护人的事", wish="guardian")
    stranger = await Person.arrives(domain, "xiaohe")
    await stranger.presses_token(family.guardian.button("王小明（小禾企服网）"))
    await stranger.says("监护人的事", wish="guardian")
    assert account_id not in stranger.transcript()
    assert "王小明" not in stranger.transcript()


@pytest.mark.parametrize(("platform", "at_once"), [("xiaohe", None), ("weigongbao", False), ("rencai", None)])
async def test_f11_a_guardian_can_ask_for_deletion(domain: Domain, platform: str, at_once: bool | None) -> None:
    family = await Family.of(domain, platform)
    account_id = await family.registers()
    profile = domain.platforms.get(platform).profile
    await family.guardian.says("监护人的事", wish="guardian")
    await family.guardian.presses(f"王小明（{profile.name}）")
    await family.guardian.presses("要求删除")
    assert profile.account.cancellation.kept[:12] in words(family.guardian)
    await family.guardian.presses("确定删除")
    status = (await account_of(domain, account_id)).status
    if profile.account.cancellation.mode == "at_once":
        assert status == "closed"
    else:
        assert status == "suspended"
        request = next(r for r in await domain.requests.list() if r.kind == "cancel")
        assert request.account_id == account_id
        await domain.requests.decide(request.id, granted=True, answer="已删除", by="staff")
        assert (await account_of(domain, account_id)).status == "closed"
    assert at_once is None or (profile.account.cancellation.mode == "at_once") == at_once


# --- F12: two guardians


async def test_f12_guardians_who_disagree_are_a_matter_for_people(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain)
    await refuses(family)
    clock.forward(minutes=5)
    mother = await Person.arrives(domain)
    await family.begins()
    code = await family.invites(OTHER_PHONE)
    await family.opens(code, mother)
    await family.proves(mother, OTHER_PHONE)
    await family.identifies(mother, guardian_name="李梅", guardian_id_number=id_number("19860302", 4))
    await family.reads(mother)
    await mother.agrees()
    assert "另一位监护人" in words(mother)
    await family.ward.is_told()
    assert await family.nothing_was_made()
    request = await request_of(domain)
    assert request.words["reasons"] == "disagreement"
    await domain.requests.decide(request.id, granted=True, answer="按法院指定", by="staff")
    await family.ward.is_told()
    assert "愿意" in words(family.ward)


# --- F13: birthdays


async def test_f13_at_fourteen_the_person_decides_about_the_own_data(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain)
    account_id = await family.registers()
    clock.set(clock.now().replace(year=2028, month=1, day=2, hour=12))  # the fourteenth birthday itself
    assert await domain.guardians.turn_of_time() == 0
    clock.forward(days=1)
    assert await domain.guardians.turn_of_time() == 1
    await family.ward.is_told()
    assert "满 14 岁" in family.ward.transcript()
    await family.ward.presses("看看并决定")
    await family.ward.reads()
    await family.ward.answers_consents("no")
    await family.ward.agrees()
    decided = {d.item: (d.decision, d.given_by) for d in await domain.consent.of(account_id)}
    assert decided["marketing"] == ("refused", "self")
    assert (await row_of(family)).state == "consented", "the contract stays the guardian's until eighteen"


async def test_f13_at_eighteen_the_guardians_part_is_over(domain: Domain, clock: FakeClock) -> None:
    family = await Family.of(domain, band="from_14")
    account_id = await family.registers()
    await family.guardian.says("监护人的事", wish="guardian")
    clock.set(clock.now().replace(year=2029, month=1, day=3, hour=12))
    assert await domain.guardians.turn_of_time() == 1
    await family.guardian.presses("王小明（小禾企服网）")
    assert "王小明" not in words(family.guardian)
    assert (await row_of(family)).sealed is None
    await family.guardian.is_told()
    assert "已满 18 岁" in family.guardian.transcript()
    await family.ward.is_told()
    await family.ward.presses("看看并决定")
    await family.ward.reads()
    await family.ward.answers_consents()
    await family.ward.agrees()
    assert {d.given_by for d in await domain.consent.of(account_id) if d.item == "contract"} == {"self"}
    assert any(e["type"] == "guardian_ended" for e in await entries(domain))


# --- F14, F15, F16: who is looked at by a person


async def test_f14_the_guardian_of_many_is_looked_at(domain: Domain, clock: FakeClock) -> None:
    for number in range(5):
        family = await Family.of(domain, ("xiaohe", "rencai", "weigongbao", "xiaohe", "rencai")[number])
        family.page["ward_id_number"] = id_number(BORN["from_8"], 20 + number)
        await family.consents()
        clock.forward(hours=3)
    sixth = await Family.of(domain)
    sixth.page["ward_id_number"] = id_number(BORN["from_8"], 40)
    clock.forward(days=1)
    await sixth.begins()
    await sixth.opens(await sixth.invites())
    await sixth.proves()
    await sixth.identifies()
    assert (await request_of(domain)).words["reasons"] == "many_wards"


async def test_f15_an_adult_without_full_capacity_has_a_way_with_papers_looked_at(domain: Domain) -> None:
    family = await Family.of(domain, "rencai", band="ward")
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies()
    assert "adult_ward" in (await request_of(domain)).words["reasons"]
    assert await family.nothing_was_made()
    await domain.requests.decide((await request_of(domain)).id, granted=True, answer="有法院判决", by="staff")
    await family.guardian.is_told()
    await family.reads()
    await family.guardian.agrees()
    await family.ward.is_told()
    assert "愿意" in words(family.ward)


async def test_f15_an_adult_who_needs_nobody_is_told_so(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    outcome = await family.identifies(ward_id_number=id_number("19990101", 2))
    assert outcome.errors == {"ward_id_number": ("ward_adult", "")}


@pytest.mark.parametrize("relation", ["other", "sibling"])
async def test_f16_a_teacher_or_a_friend_is_not_taken_at_their_word(domain: Domain, relation: str) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.opens(await family.invites())
    await family.proves()
    await family.identifies(relation=relation)
    assert (await request_of(domain)).words["reasons"] == "relation"
    assert await family.nothing_was_made()


# --- beside the ward, and what never leaks


async def test_a_guardian_beside_the_ward_takes_over_on_the_same_device(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    device = family.guardian = family.ward
    await device.presses("监护人就在旁边")
    assert "交给监护人" in words(device)
    await family.proves()
    assert not (await family.identifies()).errors
    await family.reads()
    await device.agrees()
    await device.is_told()
    assert "你愿意" in words(device)
    await device.presses("我愿意")
    await device.proves(WARD_PHONE)
    await device.fills_chat()
    assert not (await device.sends_page(id_number=family.page["ward_id_number"])).errors
    assert "registered" in event_types(await domain.events.since(0))


async def test_who_walks_away_from_the_ward_leaves_it_where_it_was(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.begins()
    await family.ward.presses("监护人就在旁边")
    await family.ward.presses("不是我，退出")
    await family.ward.is_told()
    assert "给监护人发邀请" in family.ward.offers()


async def test_no_identity_of_the_family_is_said_or_chained_in_clear(domain: Domain) -> None:
    family = await Family.of(domain)
    await family.registers()
    secrets = [
        family.page["guardian_id_number"], family.page["ward_id_number"], "王强", GUARDIAN_PHONE, WARD_PHONE,
    ]  # fmt: skip
    chain = json.dumps(await entries(domain), ensure_ascii=False)
    said = "\n".join(everything_in(m) for p in (family.ward, family.guardian) for m in p.messages)
    for secret in secrets:
        assert secret not in chain
        assert secret not in said
    assert (await domain.evidence.verify()).ok


async def test_the_law_that_was_applied_stands_in_the_ledger(domain: Domain) -> None:
    family = await Family.of(domain, "weigongbao")
    await family.consents()
    decided = [e for e in await entries(domain) if e["type"] == "decided"]
    assert {e["actor"]["capacity_rule"] for e in decided} == {"consent"}
    assert {e["actor"]["ward_band"] for e in decided} == {"from_8"}
    assert all(e["actor"]["guardianship"] and e["served"] for e in decided)


async def test_a_platform_for_companies_turns_a_minor_away_kindly(domain: Domain) -> None:
    person = await Person.arrives(domain, "zhiyonggong")
    await person.presses("我想注册")
    await person.presses("个人 / 其他")
    assert "只接受单位注册" in words(person)
    assert "转人工" in person.offers()


async def test_a_new_version_while_the_guardian_reads_is_read_from_the_start(domain: Domain) -> None:
    """D04 for guardians: nobody consents to a text that no longer counts."""

    family = await Family.of(domain)
    await family.comes_to_decide()
    await publish(domain, "xiaohe")
    await family.guardian.presses(family.guardian.agree_label)
    assert await family.nothing_was_made()
    assert (await row_of(family)).state == "bound"
    await family.reads()
    await family.guardian.agrees()
    assert (await row_of(family)).state == "consented"


async def test_a_new_version_is_the_guardians_to_decide_for_a_child(domain: Domain) -> None:
    family = await Family.of(domain)
    account_id = await family.registers()
    newest = await newer.publish(domain, "xiaohe")
    await newer.planned_and_told(domain)
    await family.ward.is_told()
    assert newer.SEE not in family.ward.labels(), "the child is not asked about what the guardian decides"
    await family.guardian.is_told()
    await family.guardian.presses(newer.SEE)
    await newer.reads_the_changes(family.guardian)
    await family.guardian.answers_consents()
    await family.guardian.agrees()
    contract = next(d for d in await domain.consent.of(account_id) if d.item == "contract")
    assert (contract.given_by, contract.agreement_id) == ("guardian", newest.id)
    decided = [e for e in await entries(domain) if e["type"] == "decided"][-1]
    assert decided["actor"]["role"] == "guardian"
