"""Owners of accounts at the running product: what they type, what comes to them, and what they find afterwards."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from domain.accounts.tables import AccountRow
from domain.identifiers.phones import Phone
from domain.requests import Request
from tests.e2e.books import Books, books_of
from tests.e2e.client import Person, words_of
from tests.e2e.engine import Bench
from tests.e2e.fragile import Fragile
from tests.e2e.people import COMPANY, PERSON
from tests.e2e.wording import says

NEW_PASSWORD = "秋水 heron 7 长天"
NEW = {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
# Every platform once, with somebody it takes.
EACH = [
    ("rencai", COMPANY),
    ("xiaohe", PERSON),
    ("renrenbao", PERSON),
    ("weigongbao", PERSON),
    ("zhiyonggong", COMPANY),
]
Owner = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="module")
def running(shared_bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    app = Fragile(tmp_path_factory.mktemp("owners") / "home", **shared_bench.settings)
    yield app.start()
    app.kill()


@pytest.fixture
def app(running: Fragile, shared_bench: Bench) -> Fragile:
    """The app with its engine, a day after the test before: no limit of that one counts any more."""
    shared_bench.serve(running.url)
    running.forward(hours=25)
    return running


@pytest.fixture
def owner(app: Fragile, http: aiohttp.ClientSession) -> Owner:
    """Somebody who has registered, in the conversation they registered in: `await owner("xiaohe")`."""

    async def register(platform: str, who: str = PERSON) -> Person:
        person = await Person.arrives(http, app.url, platform)
        await person.registers(who)
        app.forward(minutes=3)
        return person

    return register


async def elsewhere(owner: Person, platform: str) -> Person:
    """The same person in a new conversation, which knows nothing of the account."""
    person = await Person.arrives(owner.http, owner.url, platform)
    person.details = owner.details
    return person


async def account_of(books: Books, person: Person) -> AccountRow:
    (account,) = await books.accounts(person)
    return account


async def requests_of(books: Books, account_id: str) -> list[Request]:
    """What the platform's people have to decide about an account."""
    return [request for request in await books.domain.requests.list() if request.account_id == account_id]


async def lets_in(books: Books, person: Person, platform: str, password: str) -> str:
    """What the platform's log-in says to the phone with this password."""
    found = await books.domain.accounts.sign_in(platform, "phone", f"+86{person.details.phone}", password)
    return found.outcome


# --- what people type ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "begun"),
    [
        ("忘记密码", "reset.intro"),
        ("mm忘了", "reset.intro"),
        ("密码想不起来", "reset.intro"),
        ("账号被盗", "stolen.intro"),
        ("有人登我号", "stolen.intro"),
        ("改手机号", "change.intro"),
        ("换个邮箱", "change.intro"),
        ("注销账号", "leave.intro"),
        ("看看你们存了我什么", "access.intro"),
        ("转让账号", "transfer.intro"),
    ],
)
async def test_what_a_person_types_leads_to_the_errand_and_the_first_question_is_whose_account(
    typed: str, begun: str, app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, "weigongbao")
    told = await person.say(typed)
    assert says(told[:1], f"self.{begun}"), told
    assert says(told[1:], "self.name")
    assert person.expects == "account_name"


async def test_the_end_of_a_company_is_an_errand_where_the_agreement_knows_one_and_is_answered_elsewhere(
    app: Fragile, http: aiohttp.ClientSession
) -> None:
    knows = await Person.arrives(http, app.url, "rencai")
    assert says(await knows.say("公司注销了"), "self.name")
    silent = await Person.arrives(http, app.url, "xiaohe")
    told = await silent.say("公司注销了")
    assert says(told, "self.dissolution.silent")
    assert silent.expects is None


@pytest.mark.parametrize("platform", ["rencai", "xiaohe", "renrenbao", "zhiyonggong"])
async def test_where_accounts_are_not_handed_over_the_agreement_is_quoted_and_nobody_is_asked_for_anything(
    platform: str, app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, platform)
    (told,) = await person.say("转让账号")
    assert not told["card"]
    assert "转让" in told["text"] or "不能转给" in told["text"]
    assert person.expects is None


async def test_whoever_has_not_said_which_platform_is_asked_and_then_led_to_the_errand(
    app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url)
    told = await person.say("忘记密码")
    assert says(told, "platforms.choose_for_errand")
    assert says(await person.press("小禾企服网"), "self.reset.intro")


# --- a new password ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "who"), EACH)
async def test_a_forgotten_password_is_set_anew_on_every_platform_and_the_other_conversation_hears_of_it(
    platform: str, who: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    second = await elsewhere(first, platform)
    await second.say("忘记密码")
    await second.proves(first.details.phone)
    assert second.card["kind"] == "link"
    async with first.listening() as next_message:
        sent = await second.fill_page(**NEW)
        assert sent.status == 200, sent.errors
        news = await next_message()
    assert says([news], "news.password_changed")
    assert "不是我操作" in first.labels()
    assert says(second.messages[-1:], "self.reset.done")
    async with books_of(app) as books:
        assert await lets_in(books, first, platform, first.details.password) == "wrong"
        assert await lets_in(books, first, platform, NEW_PASSWORD) == "ok"
        assert (await books.domain.evidence.verify()).ok
    notices = [text for text in await first.sms() if not re.search(r"\d{6}", text)]
    assert len(notices) == 1


@pytest.mark.parametrize(
    ("platform", "who", "name"),
    [
        ("xiaohe", PERSON, "login_name"),
        ("weigongbao", PERSON, "member_name"),
        ("weigongbao", PERSON, "email"),
        ("zhiyonggong", COMPANY, "account_id"),
    ],
)
async def test_an_account_is_found_by_what_one_logs_in_with_and_the_code_goes_to_its_phone(
    platform: str, who: str, name: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    async with books_of(app) as books:
        typed = (await account_of(books, first)).id if name == "account_id" else first.details.typed[name]
    second = await elsewhere(first, platform)
    await second.say("密码想不起来")
    await second.proves(typed)
    assert (await second.fill_page(**NEW)).status == 200
    async with books_of(app) as books:
        assert await lets_in(books, first, platform, NEW_PASSWORD) == "ok"


@pytest.mark.parametrize(("who", "field"), [(PERSON, "id_number"), (COMPANY, "credit_code")])
async def test_a_documents_number_names_the_account_on_the_page_and_is_not_taken_in_the_chat(
    who: str, field: str, app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe", who)
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    number = first.details.on_page[field]
    told = await second.say(number)
    assert not says(told, "self.code_sent")
    assert number not in "\n".join(m["text"] for m in await second.transcript())
    await second.names_on_the_page(**{field: number})
    assert (await second.fill_page(**NEW)).status == 200
    async with books_of(app) as books:
        assert await lets_in(books, first, "xiaohe", NEW_PASSWORD) == "ok"


async def test_whoever_asks_for_an_account_that_does_not_exist_reads_the_same_as_its_owner(
    app: Fragile, owner: Owner
) -> None:
    """Down to the wording, the buttons and the tries that are left; only the phone knows the difference."""
    first = await owner("renrenbao")
    known, unknown = await elsewhere(first, "renrenbao"), await elsewhere(first, "renrenbao")
    seen = []
    for person, name in ((known, first.details.phone), (unknown, "13900139000")):
        told = await person.say("忘记密码")
        told += await person.say(name)
        for guess in ("000001", "000002", "000003", "000004", "000005", "000006"):
            told += await person.say(guess)
        told += await person.press("换个账号")
        told += await person.say(name)
        seen.append([(re.sub(r"\d+ 秒", "# 秒", m["text"]), [b["label"] for b in m["buttons"]]) for m in told])
    assert seen[0] == seen[1]
    assert await unknown.sms("13900139000") == []


async def test_the_page_of_the_password_says_what_is_wrong_works_once_and_not_for_ever(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    await second.proves(first.details.phone)
    link = str(second.card["url"])
    async with second.http.get(link) as response:
        page = await response.text()
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in response.headers["Cache-Control"]
    refused = {
        "too short": {"password": "aB3$x", "password_again": "aB3$x"},
        "common": {"password": "password123456789", "password_again": "password123456789"},
        "one's phone": {"password": f"{first.details.phone}", "password_again": f"{first.details.phone}"},
        "two different": {"password": NEW_PASSWORD, "password_again": f"{NEW_PASSWORD}!"},
        "the old one": {"password": first.details.password, "password_again": first.details.password},
    }
    for what, typed in refused.items():
        answer = await second.send_page(link, page, **typed)
        assert (answer.status, len(answer.errors)) == (422, 1), what
        assert typed["password"] not in answer.text, what
    forged = await second.send_page(link, page, **NEW, csrf_token="0" * 64)
    assert forged.status == 403
    async with books_of(app) as books:
        assert await lets_in(books, first, "xiaohe", first.details.password) == "ok"
    assert (await second.send_page(link, page, **NEW)).status == 200
    again = await second.send_page(link, page, password="另一个 password 42", password_again="另一个 password 42")
    assert again.status == 410
    async with books_of(app) as books:
        assert await lets_in(books, first, "xiaohe", NEW_PASSWORD) == "ok"
        changed = [type for type, _ in await books.events((await account_of(books, first)).id)]
        assert changed.count("password_changed") == 1


async def test_a_page_nobody_used_is_gone_after_its_time_and_a_new_one_is_a_button_away(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    await second.proves(first.details.phone)
    link = str(second.card["url"])
    app.forward(minutes=11)
    assert (await second.fill_page(link, **NEW)).status == 410
    await second.press("重新打开网页")
    assert second.card["url"] != link
    assert (await second.fill_page(**NEW)).status == 200


async def test_a_password_typed_into_the_chat_is_not_taken_and_the_page_still_works(app: Fragile, owner: Owner) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    await second.proves(first.details.phone)
    assert says(await second.say("新密码是 Heron7qiushui!"), "secret.password")
    assert "Heron7" not in "\n".join(m["text"] for m in await second.transcript())
    assert (await second.fill_page(**NEW)).status == 200


async def test_a_wrong_code_a_resent_one_and_the_right_one_at_last(app: Fragile, owner: Owner) -> None:
    first = await owner("renrenbao")
    second = await elsewhere(first, "renrenbao")
    await second.say("忘记密码")
    sent = len(await second.sms())
    await second.say(first.details.phone)
    old = await second.sms_code(after=sent)
    sent = len(await second.sms())
    told = await second.press("重新发送")
    assert says(told, "self.not_sent.too_soon")
    assert len(await second.sms()) == sent
    app.forward(minutes=2)
    await second.press("重新发送")
    new = await second.sms_code(after=sent)
    if old != new:
        assert says(await second.say(old), "code.wrong")
    await second.say(new)
    assert second.card["kind"] == "link"


async def test_a_question_in_the_middle_of_a_reset_is_answered_and_the_code_is_asked_for_again(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    sent = len(await second.sms())
    await second.say(first.details.phone)
    code = await second.sms_code(after=sent)
    assert says(await second.say("为什么要验证码"), "self.why")
    assert second.expects == "sms_code"
    assert (await second.say("我的信息会给别人吗"))[0]["card"]["kind"] == "answer"
    assert second.expects == "sms_code"
    await second.say(code)
    assert second.card["kind"] == "link"


# --- not me ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "who"), [("renrenbao", PERSON), ("zhiyonggong", COMPANY)])
async def test_whoever_did_not_change_the_password_freezes_the_account_with_one_tap(
    platform: str, who: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    thief = await elsewhere(first, platform)
    await thief.say("忘记密码")
    await thief.proves(first.details.phone)
    await thief.fill_page(**NEW)
    await first.hears("news.password_changed")
    told = await first.press("不是我操作")
    assert says(told, "self.not_me")
    async with books_of(app) as books:
        account = await account_of(books, first)
        assert account.status == "frozen"
        assert await lets_in(books, first, platform, NEW_PASSWORD) == "frozen"
    # What is left is to tell what happened; the thief hears that the account is frozen and gets no further.
    told = await first.say("早上收到短信说密码改了，我没有改过")
    assert says(told, "self.stolen.case")
    await thief.hears("news.frozen")
    app.forward(minutes=3)
    await thief.say("忘记密码")
    sent = len(await thief.sms())
    if "发验证码" in thief.labels():
        await thief.press("换个账号")
    told = await thief.say(first.details.phone)
    assert says(told, "self.code_sent")
    assert len(await thief.sms()) == sent


async def test_the_button_works_when_the_engine_is_down_and_only_for_whom_it_was_meant(
    app: Fragile, owner: Owner, shared_bench: Bench
) -> None:
    first, stranger = await owner("xiaohe"), await owner("renrenbao")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    await second.proves(first.details.phone)
    await second.fill_page(**NEW)
    await first.hears("news.password_changed")
    assert says(await stranger.press_token(first.button("不是我操作")), "button.foreign")
    async with books_of(app) as books:
        assert (await account_of(books, first)).status == "active"
    await engine_is_down(shared_bench)
    await first.press("不是我操作")
    assert says(await first.say("我没有换过密码，请马上查一查是谁"), "self.stolen.case")
    async with books_of(app) as books:
        assert (await account_of(books, first)).status == "frozen"


# --- the other errands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "who"), [("renrenbao", PERSON), ("zhiyonggong", COMPANY)])
async def test_a_stolen_account_is_frozen_before_anything_is_asked_and_people_hear_of_it(
    platform: str, who: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    second = await elsewhere(first, platform)
    await second.say("账号被盗")
    await second.proves(first.details.phone)
    async with books_of(app) as books:
        assert (await account_of(books, first)).status == "frozen"
    assert says(second.messages, "self.stolen.frozen")
    told = await second.say("昨天晚上发现的，登录不上去了，收到一条奇怪的短信")
    assert says(told, "self.stolen.case")
    await first.hears("news.frozen")
    async with books_of(app) as books:
        (request,) = await requests_of(books, (await account_of(books, first)).id)
        assert (request.kind, request.urgent) == ("stolen", True)
    told = await second.say("查进度")
    assert request.id in "\n".join(words_of(m) for m in told)


async def test_whoever_lost_the_phone_too_leaves_word_and_nothing_is_frozen_without_a_proof(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("账号被盗")
    await second.press("手机也丢了")
    await second.say("可以打我妻子的电话 13912340000")
    told = await second.say("手机昨天在地铁上被偷了，现在登录不上")
    assert says(told, "self.stolen.case_unproven")
    async with books_of(app) as books:
        assert (await account_of(books, first)).status == "active"


async def test_a_phone_is_changed_with_a_code_to_the_old_and_one_to_the_new_and_can_be_taken_back(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("xiaohe")
    old, new = first.details.phone, f"139{first.details.number:08d}"
    second = await elsewhere(first, "xiaohe")
    await second.say("改手机号")
    await second.proves(old)
    assert second.expects == "phone"
    sent = len(await second.sms(new))
    await second.say(new)
    told = await second.say(await second.sms_code(new, after=sent))
    assert says(told, "self.change.done_phone")
    async with books_of(app) as books:
        account = (await account_of(books, first)).id
        assert (await books.domain.accounts.data(account))["phone"] == f"+86{new}"
    news = await first.hears("news.phone_changed")
    assert {"不是我操作", "撤销换号"} <= set(first.labels())
    assert new not in news["text"]
    assert Phone(f"+86{new}").display in news["text"]
    assert says(await first.press("撤销换号"), "self.change.undone")
    async with books_of(app) as books:
        assert (await books.domain.accounts.data(account))["phone"] == f"+86{old}"
    # Once is enough, and afterwards there is nothing to take back.
    assert says(await first.press("撤销换号"), "self.change.undo_late")


async def test_an_email_is_changed_and_an_address_somebody_else_has_is_refused(app: Fragile, owner: Owner) -> None:
    first, other = await owner("weigongbao"), await owner("weigongbao")
    second = await elsewhere(first, "weigongbao")
    await second.say("换个邮箱")
    await second.proves(first.details.phone)
    assert second.expects == "email"
    assert says(await second.say(other.details.typed["email"]), "field.taken")
    assert says(await second.say(f"new{first.details.number}@example.com"), "self.change.done")
    await second.press("改完了")
    async with books_of(app) as books:
        data = await books.domain.accounts.data((await account_of(books, first)).id)
        assert data["email"] == f"new{first.details.number}@example.com"
    await first.hears("news.changed.email")


@pytest.mark.parametrize(("platform", "who"), EACH[:4])
async def test_an_account_is_closed_only_by_the_button_and_in_the_way_its_agreement_knows(
    platform: str, who: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    second = await elsewhere(first, platform)
    await second.say("注销账号")
    await second.proves(first.details.phone)
    assert second.card["kind"] == "summary"
    async with books_of(app) as books:
        account = await account_of(books, first)
    for words in ("同意", "确定", "好的，注销吧", "是的"):
        await second.say(words)
        async with books_of(app) as books:
            assert (await account_of(books, first)).status == "active", words
            assert await requests_of(books, account.id) == [], words
    at_once = platform == "xiaohe"
    label = "确认注销" if at_once else "申请注销"
    pressed = second.button(label)
    told = await second.press_token(pressed)
    assert says(told, "self.leave.closed" if at_once else "self.leave.filed") or says(told, "self.leave.filed_due")
    await second.press_token(pressed)
    async with books_of(app) as books:
        requests = await requests_of(books, account.id)
        assert [r.kind for r in requests] == ([] if at_once else ["cancel"])
        assert (await books.domain.accounts.get(account.id)).status == ("closed" if at_once else "active")
        for request in requests:
            await books.domain.requests.decide(request.id, granted=True, answer="已办理", by="staff-7")
        assert (await books.domain.accounts.get(account.id)).status == "closed"
        assert (await books.domain.evidence.verify()).ok
    await first.hears("news.cancelled")
    if not at_once:
        await second.hears("news.request_granted")
    # The phone is free for somebody new, and the account is not.
    app.forward(minutes=3)
    assert (await elsewhere(first, platform)).messages
    async with books_of(app) as books:
        assert await books.domain.accounts.find(platform, "phone", f"+86{first.details.phone}") is None


@pytest.mark.parametrize(("platform", "who"), [("xiaohe", PERSON), ("rencai", COMPANY)])
async def test_ones_data_are_behind_a_link_that_shows_them_only_when_asked_and_can_be_taken_along(
    platform: str, who: str, app: Fragile, owner: Owner
) -> None:
    first = await owner(platform, who)
    second = await elsewhere(first, platform)
    await second.say("看看你们存了我什么")
    await second.proves(first.details.phone)
    link = str(second.card["url"])
    async with second.http.get(link) as response:
        gate = await response.text()
        assert response.status == 200
    given = {*first.details.typed.values(), *first.details.on_page.values(), first.details.phone}
    assert not [value for value in given if value in gate]
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', gate)[0]
    async with second.http.post(link, data={"csrf_token": "x"}) as response:
        assert response.status == 403
    async with second.http.post(link, data={"csrf_token": csrf}) as response:
        shown = await response.text()
        assert response.status == 200
        assert "no-store" in response.headers["Cache-Control"]
    assert first.details.phone in shown
    async with second.http.post(link, data={"csrf_token": csrf, "as": "json"}) as response:
        assert "attachment" in response.headers["Content-Disposition"]
        document: dict[str, Any] = await response.json()
    assert document["registered"]["phone"] == f"+86{first.details.phone}"
    assert first.details.password not in shown + str(document)
    assert "argon2" not in shown + str(document)
    assert document["consents"]
    app.forward(minutes=16)
    async with second.http.post(link, data={"csrf_token": csrf}) as response:
        assert response.status == 410


async def test_a_link_to_ones_data_dies_with_a_new_password(app: Fragile, owner: Owner) -> None:
    """Whoever took the account over in between must not read on."""
    first = await owner("xiaohe")
    thief, back = await elsewhere(first, "xiaohe"), await elsewhere(first, "xiaohe")
    await thief.say("看看你们存了我什么")
    await thief.proves(first.details.phone)
    link = str(thief.card["url"])
    app.forward(minutes=3)
    await back.say("忘记密码")
    await back.proves(first.details.phone)
    assert (await back.fill_page(**NEW)).status == 200
    async with thief.http.get(link) as response:
        assert response.status == 410


async def test_an_account_is_offered_to_be_handed_over_with_reasons_and_the_platform_decides(
    app: Fragile, owner: Owner
) -> None:
    first = await owner("weigongbao")
    second = await elsewhere(first, "weigongbao")
    await second.say("转让账号")
    await second.proves(first.details.phone)
    await second.press("法院裁定")
    await second.say("王小明，我弟弟")
    await second.say("法院判给他了，判决书在手上")
    assert second.card["kind"] == "summary"
    assert "王小明" in second.told()
    assert says(await second.press("提交申请"), "self.transfer.filed")
    async with books_of(app) as books:
        (request,) = await requests_of(books, (await account_of(books, first)).id)
        assert request.kind == "transfer"
        assert (await account_of(books, first)).status == "active"
        await books.domain.requests.decide(request.id, granted=False, answer="请到线下办理", by="staff-7")
    assert "请到线下办理" in (await second.hears("news.request_refused"))["text"]


async def test_a_company_that_ends_tells_its_day_and_the_account_rests(app: Fragile, owner: Owner) -> None:
    first = await owner("rencai", COMPANY)
    second = await elsewhere(first, "rencai")
    await second.say("公司注销了")
    await second.proves(first.details.phone)
    await second.press("注销")
    await second.say("昨天")
    assert second.card["kind"] == "summary"
    assert says(await second.press("告诉平台并停用账号"), "self.dissolution.filed")
    async with books_of(app) as books:
        assert (await account_of(books, first)).status == "suspended"
    await first.hears("news.suspended")


# --- a weak phone --------------------------------------------------------------------------------------------


async def test_half_a_year_later_the_phone_alone_opens_nothing_of_the_account(app: Fragile, owner: Owner) -> None:
    """The number may belong to somebody else by now: the end of the registered number is asked for too."""
    first = await owner("xiaohe")
    app.forward(days=200)
    second = await elsewhere(first, "xiaohe")
    await second.say("看看你们存了我什么")
    await second.proves(first.details.phone)
    assert says(second.messages, "self.second.page")
    assert first.details.typed["login_name"] not in second.told(5)
    wrong = await second.fill_page(id_tail="000000")
    assert (wrong.status, len(wrong.errors)) == (422, 1)
    right = await second.fill_page(id_tail=first.details.on_page["id_number"][-6:])
    assert right.status == 200
    assert str(second.card["url"]).endswith("/data")


# --- without the engine ------------------------------------------------------------------------------------------


async def engine_is_down(bench: Bench) -> None:
    async def gone(_body: bytes) -> web.Response | None:
        return web.Response(status=502)

    bench.to_engine.instead = gone


async def test_a_reset_goes_on_by_buttons_and_answers_when_the_engine_dies(
    app: Fragile, owner: Owner, shared_bench: Bench
) -> None:
    first = await owner("xiaohe")
    second = await elsewhere(first, "xiaohe")
    await second.say("忘记密码")
    await engine_is_down(shared_bench)
    told = await second.say("今天天气怎么样啊你说说看")
    assert says(told, "engine.down") or second.expects == "account_name"
    await second.proves(first.details.typed["login_name"])
    assert (await second.fill_page(**NEW)).status == 200


async def test_every_other_errand_goes_on_too(app: Fragile, owner: Owner, shared_bench: Bench) -> None:
    first, company = await owner("weigongbao"), await owner("rencai", COMPANY)
    talks = {}
    for of, platform, typed in (
        (first, "weigongbao", "换个邮箱"), (first, "weigongbao", "转让账号"), (first, "weigongbao", "看看你们存了我什么"),
        (first, "weigongbao", "注销账号"), (company, "rencai", "公司注销了"), (company, "rencai", "账号被盗"),
    ):  # fmt: skip
        talks[typed] = await elsewhere(of, platform)
        await talks[typed].say(typed)
    await engine_is_down(shared_bench)

    async def proven(typed: str) -> Person:
        app.forward(hours=1)
        await talks[typed].proves(talks[typed].details.phone)
        return talks[typed]

    change = await proven("换个邮箱")
    assert says(await change.say(f"new{first.details.number}@example.com"), "self.change.done")
    transfer = await proven("转让账号")
    await transfer.press("法院裁定")
    await transfer.say("王小明，我弟弟")
    await transfer.say("法院判给他了，判决书在手上")
    assert says(await transfer.press("提交申请"), "self.transfer.filed")
    assert (await proven("看看你们存了我什么")).card["kind"] == "link"
    assert says(await (await proven("注销账号")).press("申请注销"), "self.leave.filed")
    ending = await proven("公司注销了")
    await ending.press("注销")
    await ending.say("昨天")
    assert says(await ending.press("告诉平台并停用账号"), "self.dissolution.filed")
    stolen = await proven("账号被盗")
    assert says(await stolen.say("早上登录不上了，密码不对，也没有改过"), "self.stolen.case")
