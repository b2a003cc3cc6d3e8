"""The one-time page: secrets are given here alone, all at once or not at all."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import func, select

from domain import Domain
from domain.accounts.tables import AccountRow, UploadRow
from domain.flows.pages import PageGone
from domain.flows.tables import PageRow
from domain.registration.images import Upload
from tests.domain.messaging.test_presses import entries
from tests.support.ambient import FakeClock
from tests.support.papers import PDF, id_number, jpeg, png
from tests.support.person import ADULT_ID, CREDIT_CODE, PASSWORD, Person, flow_row

PHONE = "13812345678"


async def at_the_page(
    domain: Domain, platform: str = "xiaohe", who: str = "本人已满18岁", phone: str = PHONE, **answers: str
) -> Person:
    person = await Person.arrives(domain, platform)
    await person.reaches_decision(who)
    await person.agrees()
    await person.proves(phone)
    await person.fills_chat(**answers)
    return person


async def accounts(domain: Domain) -> int:
    async with domain.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(AccountRow)) or 0


@pytest.fixture
async def person(domain: Domain) -> Person:
    return await at_the_page(domain)


@pytest.fixture
async def writer(sqlite_domain: Domain) -> Person:
    """The same on SQLite alone, for the long lists of values."""
    return await at_the_page(sqlite_domain)


async def test_the_page_asks_for_what_is_still_missing(person: Person) -> None:
    form = await person.domain.pages.show(person.page)
    assert [spec.field for spec in form.fields] == ["id_number", "password"]
    assert PHONE not in str(form)


async def test_looking_uses_nothing_up(person: Person) -> None:
    """Messengers fetch links for previews."""
    for _ in range(3):
        await person.domain.pages.show(person.page)
    outcome = await person.sends_page()
    assert outcome.errors == {}
    assert outcome.conversation_id == person.conversation_id
    assert "注册成功" in person.last["text"]


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "../../etc/passwd", "\0", "好" * 10])
async def test_an_unknown_link_is_gone(person: Person, token: str) -> None:
    with pytest.raises(PageGone):
        await person.domain.pages.show(token)
    with pytest.raises(PageGone):
        await person.domain.pages.send(token, {"password": PASSWORD}, {})


async def test_a_link_works_once(person: Person) -> None:
    token = person.page
    await person.sends_page()
    with pytest.raises(PageGone):
        await person.domain.pages.show(token)
    with pytest.raises(PageGone):
        await person.domain.pages.send(token, {"password": PASSWORD, "id_number": ADULT_ID}, {})
    assert await accounts(person.domain) == 1


async def test_two_sends_at_once_register_once(person: Person) -> None:
    texts = {"password": PASSWORD, "password_again": PASSWORD, "id_number": ADULT_ID}
    sends = [person.domain.pages.send(person.page, texts, {}) for _ in range(3)]
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert sum(isinstance(outcome, PageGone) for outcome in outcomes) == 2, outcomes
    assert await accounts(person.domain) == 1


@pytest.mark.parametrize(("age", "works"), [(599, True), (600, False), (3600, False)])
async def test_a_link_works_for_ten_minutes_to_the_second(
    person: Person, clock: FakeClock, age: int, works: bool
) -> None:
    clock.forward(seconds=age)
    if works:
        assert (await person.sends_page()).errors == {}
    else:
        with pytest.raises(PageGone):
            await person.domain.pages.show(person.page)
        with pytest.raises(PageGone):
            await person.domain.pages.send(person.page, {"password": PASSWORD, "id_number": ADULT_ID}, {})
        assert await accounts(person.domain) == 0


async def test_an_older_link_works_on_until_one_of_them_was_used_and_then_none_does(person: Person) -> None:
    """Somebody may be typing on the older page."""
    old = person.page
    await person.presses("重新打开网页")
    new = person.page
    assert new != old
    await person.domain.pages.show(old)
    assert (await person.sends_page()).errors == {}
    for token in (old, new):
        with pytest.raises(PageGone):
            await person.domain.pages.show(token)
        with pytest.raises(PageGone):
            await person.domain.pages.send(token, {"password": PASSWORD, "id_number": ADULT_ID}, {})
    assert await accounts(person.domain) == 1


async def test_a_link_dies_with_its_registration(person: Person) -> None:
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    with pytest.raises(PageGone):
        await person.domain.pages.show(person.page)


async def test_only_a_digest_of_the_link_is_stored(person: Person) -> None:
    async with person.domain.database.reading() as session:
        rows = list(await session.scalars(select(PageRow)))
    assert rows
    assert all(person.page.encode() not in row.digest for row in rows)


@pytest.mark.parametrize(
    ("texts", "errors"),
    [
        ({"id_number": ""}, {"id_number": "field_missing"}),
        ({"id_number": "110105194912310021"}, {"id_number": "id_check_digit"}),
        ({"id_number": "11010519491231002"}, {"id_number": "id_length"}),
        ({"id_number": CREDIT_CODE}, {"id_number": "id_is_credit_code"}),
        ({"id_number": id_number(date(2030, 1, 1))}, {"id_number": "id_birth_in_future"}),
        ({"password": "", "password_again": ""}, {"password": "password_too_short"}),
        ({"password": "short", "password_again": "short"}, {"password": "password_too_short"}),
        ({"password": "12345678", "password_again": "12345678"}, {"password": None}),
        ({"password": "password", "password_again": "password"}, {"password": None}),
        ({"password": PHONE, "password_again": PHONE}, {"password": "password_personal"}),
        ({"password": "19491231", "password_again": "19491231"}, {"password": "password_personal"}),
        ({"password": "x" * 129, "password_again": "x" * 129}, {"password": None}),
        ({"password_again": "something else"}, {"password": "password_differs"}),
        ({"id_number": "", "password": ""}, {"id_number": "field_missing", "password": "password_too_short"}),
    ],
)
async def test_what_is_wrong_is_told_by_field_and_nothing_is_taken(
    writer: Person, texts: dict[str, str], errors: dict[str, str | None]
) -> None:
    before = await writer.state()
    outcome = await writer.sends_page(**texts)
    assert set(outcome.errors) == set(errors)
    for field, code in errors.items():
        assert code is None or outcome.errors[field][0] == code
    assert await writer.state() == before
    assert await accounts(writer.domain) == 0
    assert (await writer.sends_page()).errors == {}


@pytest.mark.parametrize(
    "password",
    [
        "/start 取消 1",
        "取消取消取消取消取消",
        "  spaces stay  ",
        "🙂🙃🐟🐠🐡🦈🐬🐳",
        "长长的汉字密码也可以用",
        "n" * 100 + "önicht",
    ],
)
async def test_a_password_is_taken_literally(writer: Person, password: str) -> None:
    outcome = await writer.sends_page(password=password, password_again=password)
    if outcome.errors:
        assert "repeated" in outcome.errors["password"][0], outcome.errors
        return
    async with writer.domain.database.reading() as session:
        stored = (await session.scalars(select(AccountRow.password_hash))).one()
    from domain.accounts.passwords import password_matches

    keys = writer.domain.parts.vault.keyring
    assert await password_matches(keys, stored, password)
    assert not await password_matches(keys, stored, password + "x")
    assert not await password_matches(keys, stored, password[:-1])
    assert password not in stored


async def test_fields_nobody_asked_for_are_ignored(person: Person) -> None:
    more = {
        "phone": "+8613900000000",
        "decided": "true",
        "subject": "organisation",
        "credit_code": CREDIT_CODE,
        "real_name": "冒名",
    }
    assert (await person.sends_page(**more)).errors == {}
    async with person.domain.database.reading() as session:
        account = (await session.scalars(select(AccountRow))).one()
    data = await person.domain.accounts.data(account.id)
    assert data["phone"] == f"+86{PHONE}"
    assert data["real_name"] != "冒名"
    assert "credit_code" not in data
    assert "password" not in data


async def test_a_minors_id_number_ends_everything_and_discards_the_consents(domain: Domain, person: Person) -> None:
    flow = await person.flow()
    assert flow is not None
    outcome = await person.sends_page(id_number=id_number(date(2010, 5, 5)))
    assert outcome.errors == {}
    assert "还没满 18 岁" in person.last["text"]
    assert await accounts(domain) == 0
    assert (await flow_row(domain, flow.id)).outcome == "guardian_needed"
    assert [e["reason"] for e in await entries(domain, "invalidated")] == ["minor"]
    async with domain.database.reading() as session:
        assert await domain.parts.consents.of_flow(session, flow.id) == []
    assert await domain.accounts.find("xiaohe", "phone", f"+86{PHONE}") is None
    assert (await domain.evidence.verify()).ok


@pytest.mark.parametrize(("birth", "adult"), [(date(2008, 3, 1), True), (date(2008, 3, 3), False)])
async def test_adults_are_told_from_minors_by_the_day_in_shanghai(domain: Domain, birth: date, adult: bool) -> None:
    person = await at_the_page(domain)
    await person.sends_page(id_number=id_number(birth))
    assert await accounts(domain) == int(adult)


async def test_an_identifier_somebody_holds_is_refused_by_field_and_nothing_is_taken(
    domain: Domain, person: Person
) -> None:
    assert (await person.sends_page()).errors == {}
    other = await at_the_page(domain, phone="13912345678")
    outcome = await other.sends_page()
    assert outcome.errors == {"id_number": ("field_taken", "")}
    outcome = await other.sends_page(id_number=id_number(date(1990, 1, 1)))
    assert outcome.errors == {}
    assert await accounts(domain) == 2


async def _uploads(domain: Domain) -> list[UploadRow]:
    async with domain.database.reading() as session:
        return list(await session.scalars(select(UploadRow).order_by(UploadRow.field)))


async def test_files_are_sealed_and_go_to_the_account(domain: Domain) -> None:
    person = await at_the_page(domain, "zhiyonggong", "单位")
    flow = await person.flow()
    files = {"licence_image": Upload("执照.jpg", jpeg()), "authority_letter": Upload("授权.pdf", PDF)}
    assert (await person.sends_page(uploads=files)).errors == {}
    letter, licence = await _uploads(domain)
    assert (letter.media_type, licence.media_type) == ("application/pdf", "image/jpeg")
    async with domain.database.reading() as session:
        account = (await session.scalars(select(AccountRow))).one()
        opened = await domain.parts.vault.unseal(session, licence.key_id, f"uploads|{licence.id}", licence.sealed)
    assert opened == jpeg()
    assert licence.key_id == account.key_id
    assert flow is not None and licence.key_id != flow.key_id
    assert jpeg()[:8] not in licence.sealed


async def test_a_missing_or_unfit_file_is_told_and_nothing_is_taken(domain: Domain) -> None:
    person = await at_the_page(domain, "zhiyonggong", "单位")
    wrong = {"licence_image": Upload("执照.jpg", b"MZ not a picture"), "authority_letter": Upload("授权.pdf", PDF)}
    assert (await person.sends_page(uploads=wrong)).errors == {"licence_image": ("upload_type", "")}
    bomb = {"licence_image": Upload("执照.png", png(50_000, 50_000))}
    assert (await person.sends_page(uploads=bomb)).errors == {"licence_image": ("upload_pixels", "")}
    assert (await person.sends_page(without=("licence_image",))).errors == {"licence_image": ("upload_missing", "")}
    assert await _uploads(domain) == []
    assert await accounts(domain) == 0


async def test_a_file_that_may_be_left_out_may_be_left_out(domain: Domain) -> None:
    person = await at_the_page(domain, "zhiyonggong", "单位")
    assert (await person.sends_page(without=("authority_letter",))).errors == {}
    assert [row.field for row in await _uploads(domain)] == ["licence_image"]
    assert await accounts(domain) == 1


async def test_filling_everything_on_the_page_skips_the_questions_in_chat(domain: Domain) -> None:
    person = await Person.arrives(domain, "weigongbao")
    await person.reaches_decision()
    await person.agrees()
    await person.proves(PHONE)
    await person.presses("一次填完")
    form = await domain.pages.show(person.page)
    assert [spec.field for spec in form.fields] == [
        "member_name",
        "real_name",
        "email",
        "address",
        "role",
        "sanctions_free",
        "password",
    ]
    texts = {
        "member_name": "小芳8888", "real_name": "王芳", "email": "wf@example.com", "address": "浙江省杭州市西湖区文三路 100 号",
        "role": "雇主", "sanctions_free": "我确认",
    }  # fmt: skip
    wrong = await person.sends_page(**{**texts, "role": "老板", "sanctions_free": "我不能确认", "real_name": ""})
    assert {k: v[0] for k, v in wrong.errors.items()} == {
        "role": "option_missing",
        "sanctions_free": "option_refused",
        "real_name": "field_missing",
    }
    assert (await person.sends_page(**texts)).errors == {}
    assert "注册成功" in person.last["text"]


async def test_the_page_of_one_person_says_nothing_of_another(domain: Domain, person: Person) -> None:
    other = await at_the_page(domain, phone="13912345678")
    theirs, mine = [await domain.pages.show(p.page) for p in (other, person)]
    assert theirs.personal.phone == "13912345678"  # type: ignore[attr-defined]
    assert mine.personal.phone == "13812345678"  # type: ignore[attr-defined]


async def test_a_phone_withdrawn_while_the_page_is_open_is_asked_for_again_after_it(
    domain: Domain, person: Person
) -> None:
    await person.says("手机号填错了", wish="correct")
    assert (await person.sends_page()).errors == {}
    assert await accounts(domain) == 0
    assert person.last["expects"] == "phone"
    # The registration goes on, its link does not: a second send could change what was given.
    with pytest.raises(PageGone):
        await domain.pages.send(person.page, {"password": PASSWORD, "id_number": ADULT_ID}, {})
    await person.proves("13712345678")
    assert await accounts(domain) == 1
    assert await domain.accounts.find("xiaohe", "phone", "+8613712345678") is not None


@pytest.mark.parametrize(
    ("text", "wish"),
    [("为什么要身份证号", "why"), ("会给谁", "question"), ("嗯", "affirm"), ("再说一遍", "repeat"), ("哈哈", None)],
)
async def test_talking_while_the_page_is_open_does_not_take_it_away(
    writer: Person, text: str, wish: str | None
) -> None:
    said = await writer.says(text, wish=wish)
    assert "重新打开网页" in [b["label"] for m in said for b in m["buttons"]]
    assert (await writer.sends_page()).errors == {}
    assert "注册成功" in writer.last["text"]


async def test_a_page_that_was_lost_can_be_opened_again_after_its_time(person: Person, clock: FakeClock) -> None:
    clock.forward(hours=1)
    await person.says("网页打不开了", wish="affirm")
    await person.presses("重新打开网页")
    assert (await person.sends_page()).errors == {}
