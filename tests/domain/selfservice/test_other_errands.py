"""One's own data, handing an account over, a company's end, where everything stands, and an errand beside a flow."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sqlalchemy import select

from domain import Domain
from domain.ambient import SHANGHAI
from domain.evidence.tables import LedgerRow
from domain.flows.pages import PageGone
from tests.domain.selfservice.owners import PHONE, account_id, events, owner, status_of, words
from tests.support.ambient import FakeClock
from tests.support.person import CREDIT_CODE, Person, flow_row


def data_token(person: Person) -> str:
    """The token of the newest page that shows data."""
    url = next(m["card"]["url"] for m in reversed(person.messages) if m["card"] and m["card"]["kind"] == "link")
    assert url.endswith("/data")
    return str(url.removesuffix("/data").rpartition("/")[2])


# --- one's own data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong"])
async def test_the_data_page_shows_everything_that_is_stored(domain: Domain, clock: FakeClock, platform: str) -> None:
    """PIPL 45"""
    person = await owner(domain, platform)
    account = await account_id(domain, platform)
    clock.forward(days=1)
    await person.gets_to("access", PHONE)
    assert await person.flow() is None
    data = await domain.pages.data(data_token(person))
    stored = {
        k: v for k, v in (await domain.accounts.data(account)).items() if k not in {"licence_image", "authority_letter"}
    }
    assert data.values == stored
    assert data.account_id == account
    assert {d.item for d in data.decisions} == {d.item for d in await domain.consent.of(account)}
    assert len(data.receipts) == 1
    assert data.lines > 10
    assert ({u.field for u in data.uploads} == {"licence_image", "authority_letter"}) is (platform == "zhiyonggong")
    document = json.dumps(data.document(), ensure_ascii=False)
    assert all(value in document for value in stored.values())
    assert "argon2" not in document
    assert [e for e in await _entries(domain, platform) if e == "data_shown"]


async def _entries(domain: Domain, platform: str) -> list[str]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(LedgerRow.type).where(LedgerRow.platform_id == platform)))


async def test_the_data_page_lists_requests_with_their_answers(sqlite_domain: Domain, clock: FakeClock) -> None:
    domain = sqlite_domain
    person = await owner(domain, "rencai")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("申请注销")
    (request,) = await domain.requests.list("rencai")
    await domain.requests.decide(request.id, granted=False, answer="请先交回材料。", by="staff")
    clock.forward(minutes=10)
    await person.gets_to("access", PHONE)
    (shown,) = (await domain.pages.data(data_token(person))).requests
    assert (shown.id, shown.state, shown.answer) == (request.id, "refused", "请先交回材料。")


async def test_the_data_page_ends_when_it_said_it_would(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("access", PHONE)
    token = data_token(person)
    lifetime = sqlite_domain.parts.policy.page_lifetime
    assert f"{lifetime.seconds // 60} 分钟内有效" in words(person.messages[-1:])
    clock.forward(seconds=lifetime.total_seconds() - 1)
    await sqlite_domain.pages.data(token)
    clock.forward(seconds=1)
    with pytest.raises(PageGone):
        await sqlite_domain.pages.data(token)


async def test_the_link_of_ones_data_opens_no_form_and_the_link_of_a_form_no_data(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await owner(domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("access", PHONE)
    token = data_token(person)
    with pytest.raises(PageGone):
        await domain.pages.show(token)
    with pytest.raises(PageGone):
        await domain.pages.send(token, {"password": "x"}, {})
    clock.forward(minutes=5)
    await person.gets_to("reset_password", PHONE)
    with pytest.raises(PageGone):
        await domain.pages.data(person.page)


@pytest.mark.parametrize("how", ["password", "frozen", "closed"])
async def test_the_data_page_goes_blank_when_the_owner_resets_freezes_or_leaves(
    sqlite_domain: Domain, clock: FakeClock, how: str
) -> None:
    """Whoever got at the page with a borrowed phone must not go on reading."""
    domain = sqlite_domain
    first = await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    other = await Person.arrives(domain, "xiaohe")
    await other.gets_to("access", PHONE)
    token = data_token(other)
    clock.forward(minutes=3)
    await domain.pages.data(token)
    if how == "password":
        await first.gets_to("reset_password", PHONE)
        await first.sends(password="tea garden 2077 山", password_again="tea garden 2077 山")
    elif how == "frozen":
        await domain.accounts.freeze(account, by="staff")
    else:
        await first.gets_to("cancel", PHONE)
        await first.presses("确认注销")
    with pytest.raises(PageGone):
        await domain.pages.data(token)


# --- transfer -----------------------------------------------------------------------------------------------


async def test_on_weigongbao_a_transfer_is_applied_for_and_the_account_stays_until_then(
    domain: Domain, clock: FakeClock
) -> None:
    person = await owner(domain, "weigongbao")
    account = await account_id(domain, "weigongbao")
    clock.forward(days=1)
    said = words(await person.wants("transfer"))
    assert "第二条第4项" in said
    await person.presses("发验证码")
    await person.proves_account(PHONE)
    assert {"法律规定", "法院裁定", "请平台同意"} <= set(person.offers())
    await person.presses("法院裁定")
    await person.says("转给我的前夫李雷，法院把店判给了他")
    await person.says("有判决书，编号是 2026 年民初 12 号，可以给你们看")
    shown = words(person.messages[-1:])
    assert "法院裁定" in shown and "李雷" in shown
    assert await domain.requests.list("weigongbao") == []
    await person.presses("提交申请")
    (request,) = await domain.requests.list("weigongbao")
    assert (request.kind, request.account_id) == ("transfer", account)
    assert request.words["ground"] == "法院裁定" and "李雷" in request.words["to_whom"]
    assert request.id in person.last["text"]
    assert await status_of(domain, account) == "active"
    await domain.requests.decide(request.id, granted=True, answer="请双方带证件到场。", by="staff")
    assert "请双方带证件到场。" in words(await person.is_told())
    assert await status_of(domain, account) == "active"


async def test_an_answer_can_be_taken_back_before_the_application_is_filed(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    person = await owner(sqlite_domain, "weigongbao")
    clock.forward(days=1)
    await person.gets_to("transfer", PHONE)
    await person.presses("法院裁定")
    await person.says("转给我的前夫李雷，法院把店判给了他")
    await person.says("有判决书，编号是 2026 年民初 12 号，可以给你们看")
    await person.presses("上一步")
    assert person.last["expects"] == "reason"
    await person.says("有调解书，不是判决书，编号是 12 号的那一份")
    await person.presses("提交申请")
    (request,) = await sqlite_domain.requests.list("weigongbao")
    assert "调解书" in request.words["reason"]


@pytest.mark.parametrize(
    ("platform", "clause"), [("rencai", "3.2.1"), ("renrenbao", "3.5"), ("xiaohe", "三（二）"), ("zhiyonggong", "3.4")]
)
async def test_elsewhere_a_transfer_is_refused_with_its_clause(
    sqlite_domain: Domain, platform: str, clause: str
) -> None:
    person = await Person.arrives(sqlite_domain, platform)
    said = words(await person.wants("transfer"))
    assert clause in said
    assert "转人工" in person.offers()
    assert await person.flow() is None


# --- a company's end ------------------------------------------------------------------------------------------

ENDS = [
    # (today in Shanghai, the day of the event, the last day to tell, whether it has passed)
    ("2026-03-02", "2025-12-30", "2026-01-07", True),  # across New Year; Sunday 4 January is worked
    ("2026-03-02", "2026-02-13", "2026-02-27", True),  # across the Spring Festival; Saturday 14 February is worked
    ("2026-03-02", "2026-02-27", "2026-03-05", False),  # Saturday 28 February is worked
    ("2026-10-13", "2026-09-30", "2026-10-13", False),  # the last day itself; Saturday 10 October is worked
    ("2026-10-14", "2026-09-30", "2026-10-13", True),
    ("2027-01-04", "2026-12-30", "2027-01-07", False),  # into a year whose calendar nobody has announced
    ("2027-05-04", "2027-04-30", "2027-05-07", False),
]


@pytest.mark.parametrize(("today", "event", "due", "late"), ENDS)
async def test_a_companys_end_is_reported_with_the_last_day_for_it(
    sqlite_domain: Domain, clock: FakeClock, today: str, event: str, due: str, late: bool
) -> None:
    """人才 3.1.4: five working days from the event, which does not count itself."""
    domain = sqlite_domain
    person = await owner(domain, "rencai", who="单位")
    account = await account_id(domain, "rencai")
    clock.set(datetime.fromisoformat(f"{today}T10:00:00").replace(tzinfo=SHANGHAI))
    clock.forward(seconds=1 if today != "2026-03-02" else 3600)
    await _proves_strongly(person, "dissolution")
    await person.presses("解散")
    await person.says(event)
    shown = words(person.messages[-1:])
    assert due in shown
    assert ("期限已经过了" in shown) is late
    assert await status_of(domain, account) == "active"
    await person.presses("告诉平台并停用账号")
    (request,) = await domain.requests.list("rencai")
    assert request.words == {"ending": "解散", "date": event, "due": due}
    assert await status_of(domain, account) == "suspended"
    assert await events(domain, "suspended")
    assert "账号也停用了" in person.last["text"]


async def _proves_strongly(person: Person, errand: str) -> None:
    """Prove the account, with the registered number where the phone was proven long ago."""
    await person.gets_to(errand, PHONE)
    if "最后 6 位" in person.last["text"]:
        assert not (await person.sends(id_tail=CREDIT_CODE[-6:])).errors


async def test_where_the_agreement_is_silent_about_a_companys_end_it_says_so(sqlite_domain: Domain) -> None:
    for platform in ("xiaohe", "renrenbao", "weigongbao", "zhiyonggong"):
        person = await Person.arrives(sqlite_domain, platform)
        assert "协议没有写明单位解散" in words(await person.wants("dissolution"))
        assert await person.flow() is None


async def test_a_day_that_is_none_is_asked_for_again(sqlite_domain: Domain, clock: FakeClock) -> None:
    person = await owner(sqlite_domain, "rencai", who="单位")
    clock.forward(days=1)
    await person.gets_to("dissolution", PHONE)
    await person.presses("合并")
    await person.says("2026年2月30日", wish="value")
    assert person.last["expects"] == "date"
    await person.says("上周五")
    assert "2026-02-27" in words(person.messages[-1:])


# --- where everything stands ------------------------------------------------------------------------------------


async def test_status_lists_flows_accounts_and_requests(domain: Domain, clock: FakeClock) -> None:
    person = await owner(domain, "renrenbao")
    account = await account_id(domain, "renrenbao")
    clock.forward(days=1)
    await person.gets_to("cancel", PHONE)
    await person.presses("申请注销")
    (request,) = await domain.requests.list("renrenbao")
    await person.says("换小禾企服网", wish="choose_platform")
    await person.presses("我想注册")
    said = words(await person.says("查一下进度", wish="status"))
    assert f"账号 {account}，正常" in said
    assert request.id in said and "2026-03-24" in said
    assert "小禾企服网" in said and "注册，在第" in said


async def test_status_shows_how_a_request_was_decided_and_a_frozen_account_as_frozen(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    domain = sqlite_domain
    person = await owner(domain, "rencai")
    clock.forward(days=1)
    await person.gets_to("report_stolen", PHONE)
    await person.says("昨天发现登录不上去，材料少了两份，请查")
    (request,) = await domain.requests.list("rencai")
    await domain.requests.decide(request.id, granted=False, answer="没有发现异常登录。", by="staff")
    await person.is_told()
    said = words(await person.says("查一下进度", wish="status"))
    assert "已冻结" in said
    assert "没有同意 没有发现异常登录。" in said


async def test_a_stranger_has_no_status(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "rencai")
    stranger = await Person.arrives(sqlite_domain, "rencai")
    assert "还没有查到" in words(await stranger.says("查一下进度", wish="status"))


# --- beside a registration ----------------------------------------------------------------------------------------


async def test_an_errand_leaves_an_open_registration_and_offers_it_again(domain: Domain, clock: FakeClock) -> None:
    await owner(domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(domain, "xiaohe")
    await person.reaches_decision()
    registration = await person.flow()
    assert registration is not None
    await person.gets_to("access", PHONE)
    assert "还没办完" in person.last["text"]
    await person.presses("接着办")
    now = await person.flow()
    assert now is not None and now.id == registration.id and now.step == registration.step
    await person.agrees()
    assert person.last["expects"] == "phone"


async def test_one_errand_gives_way_to_another_and_its_code_dies(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("reset_password")
    await person.names(PHONE)
    first = await person.flow()
    await person.says("算了，我要改资料", wish="update_profile")
    second = await person.flow()
    assert first is not None and second is not None and first.id != second.id
    assert (await _outcome(sqlite_domain, first.id)) == "restarted"
    assert second.step.startswith("change/")


async def _outcome(domain: Domain, flow_id: str) -> str | None:
    return (await flow_row(domain, flow_id)).outcome


async def test_the_same_wish_again_asks_the_standing_question(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("reset_password")
    await person.names(PHONE)
    flow = await person.flow()
    await person.wants("reset_password")
    again = await person.flow()
    assert flow is not None and again is not None and again.id == flow.id
    assert person.last["expects"] == "sms_code"


async def test_without_a_platform_the_errand_waits_for_the_choice(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain)
    await person.wants("reset_password")
    await person.presses("小禾企服网")
    assert person.last["expects"] == "account_name"


async def test_pictures_and_voices_at_a_question_change_nothing(sqlite_domain: Domain, clock: FakeClock) -> None:
    """E22"""
    person = await owner(sqlite_domain, "xiaohe")
    clock.forward(days=1)
    await person.gets_to("report_stolen", PHONE)
    before = await person.flow()
    for kind in ("attachment", "forwarded", "contact_foreign", "too_long"):
        await person.receives({"misfit": kind})
        after = await person.flow()
        assert before is not None and after is not None and after.step == before.step
        assert person.last["expects"] == "story"
