"""A forgotten password: proven by the registered phone, with a second proof where the phone alone is a weak one."""

from __future__ import annotations

import pytest

from domain import Domain
from domain.flows.pages import PageGone
from tests.domain.selfservice.owners import (
    NEW_PASSWORD,
    NEW_PHONE,
    PHONE,
    VIRTUAL_PHONE,
    account_id,
    owner,
    sms,
    status_of,
    words,
)
from tests.support.ambient import FakeClock
from tests.support.person import ADULT_ID, CREDIT_CODE, PASSWORD, Person, sms_codes

PLATFORMS = ("rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong")
TAIL = ADULT_ID[-6:]
PROVEN = "手机验证通过了"


async def signs_in(domain: Domain, platform: str, password: str, phone: str = PHONE) -> str:
    return (await domain.accounts.sign_in(platform, "phone", f"+86{phone}", password)).outcome


async def sets(person: Person, password: str = NEW_PASSWORD, **more: str) -> dict[str, tuple[str, str]]:
    """Send the password page; what was wrong with it."""
    return dict((await person.sends(password=password, password_again=password, **more)).errors)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_forgotten_password_is_set_anew_by_the_registered_phone(
    domain: Domain, clock: FakeClock, platform: str
) -> None:
    await owner(domain, platform)
    clock.forward(days=1)
    person = await Person.arrives(domain, platform)
    said = words(await person.wants("reset_password"))
    assert ("可以用手机号重置（三（四））" in said) is (platform == "xiaohe")
    assert ("协议没有写明忘了密码怎么重置" in said) is (platform != "xiaohe")
    await person.names(PHONE)
    await person.proves_account(PHONE)
    assert PROVEN in person.last["text"]
    assert await sets(person) == {}
    assert "新密码设好了" in person.last["text"]
    assert await signs_in(domain, platform, NEW_PASSWORD) == "ok"
    assert await signs_in(domain, platform, PASSWORD) == "wrong"


async def test_the_page_works_once_and_the_errand_is_over(sqlite_domain: Domain, clock: FakeClock) -> None:
    await owner(sqlite_domain, "renrenbao")
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.gets_to("reset_password", PHONE)
    assert await sets(person) == {}
    with pytest.raises(PageGone):
        await sets(person, "another garden 2078 水")
    assert await person.flow() is None
    assert await signs_in(sqlite_domain, "renrenbao", NEW_PASSWORD) == "ok"


@pytest.mark.parametrize(
    ("kind", "platform"),
    [("login_name", "xiaohe"), ("email", "weigongbao"), ("member_name", "weigongbao"), ("account_id", "rencai")],
)
async def test_an_account_can_be_named_by_whatever_its_platform_knows(
    sqlite_domain: Domain, clock: FakeClock, kind: str, platform: str
) -> None:
    await owner(sqlite_domain, platform)
    account = await account_id(sqlite_domain, platform)
    clock.forward(days=1)
    name = account if kind == "account_id" else (await sqlite_domain.accounts.data(account))[kind]
    person = await Person.arrives(sqlite_domain, platform)
    await person.wants("reset_password")
    await person.says(f"会员名是{name}" if kind == "member_name" else name)
    await person.proves_account(PHONE)
    assert PROVEN in person.last["text"]


@pytest.mark.parametrize(
    ("field", "number", "who"), [("id_number", ADULT_ID, None), ("credit_code", CREDIT_CODE, "单位")]
)
async def test_a_documents_number_names_the_account_on_the_page_and_never_in_the_chat(
    sqlite_domain: Domain, clock: FakeClock, field: str, number: str, who: str | None
) -> None:
    await owner(sqlite_domain, "xiaohe", who=who)
    clock.forward(days=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("reset_password")
    said = await person.says(number)
    assert "证件号" in words(said)
    assert await sms_codes(sqlite_domain, PHONE) == []
    await person.names_on_page(**{field: number})
    await person.proves_account(PHONE)
    assert PROVEN in person.last["text"]
    assert number not in person.transcript()


async def test_the_page_for_the_name_wants_exactly_one(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.wants("reset_password")
    assert (await person.names_on_page()).errors
    assert (await person.sends(phone=PHONE, id_number=ADULT_ID)).errors
    assert (await person.sends(id_number=ADULT_ID[:-1] + "1")).errors == {"id_number": ("id_check_digit", "")} or (
        await person.sends(id_number=ADULT_ID[:-1] + "1")
    ).errors
    assert (await person.sends(phone=PHONE)).errors == {}


# --- a second proof -------------------------------------------------------------------------------------


async def _weak_by_operator(domain: Domain, clock: FakeClock, platform: str) -> str:
    await owner(domain, platform, VIRTUAL_PHONE)
    clock.forward(days=1)
    return VIRTUAL_PHONE


async def _weak_by_age(domain: Domain, clock: FakeClock, platform: str) -> str:
    await owner(domain, platform)
    clock.forward(days=181)
    return PHONE


async def _weak_by_change(domain: Domain, clock: FakeClock, platform: str) -> str:
    person = await owner(domain, platform)
    clock.forward(days=1)
    await person.gets_to("change", PHONE)
    await person.presses("手机号")
    await person.proves(NEW_PHONE)
    clock.forward(hours=23)
    return NEW_PHONE


WEAK = [_weak_by_operator, _weak_by_age, _weak_by_change]


@pytest.mark.parametrize("weak", WEAK, ids=lambda w: w.__name__.strip("_"))
async def test_a_weak_phone_needs_the_end_of_the_registered_number_too(
    domain: Domain, clock: FakeClock, weak: object
) -> None:
    """C06, B16: a virtual operator's number, one proven long ago, one that was changed yesterday."""
    phone = await weak(domain, clock, "xiaohe")  # type: ignore[operator]
    person = await Person.arrives(domain, "xiaohe")
    await person.gets_to("reset_password", phone)
    assert "最后 6 位" in person.last["text"]
    assert await sets(person) == {"id_tail": ("tail_wrong", "")}
    assert await sets(person, id_tail="000000") == {"id_tail": ("tail_wrong", "")}
    assert await signs_in(domain, "xiaohe", PASSWORD, phone) == "ok"
    assert await sets(person, id_tail=f" {TAIL.lower()} ") == {}
    assert await signs_in(domain, "xiaohe", NEW_PASSWORD, phone) == "ok"


@pytest.mark.parametrize(("days", "asked"), [(180, False), (181, True)])
async def test_a_phone_that_was_proven_half_a_year_ago_is_still_good_and_a_day_later_no_more(
    sqlite_domain: Domain, clock: FakeClock, days: int, asked: bool
) -> None:
    await owner(sqlite_domain, "xiaohe")
    clock.forward(days=days)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    assert ("最后 6 位" in person.last["text"]) is asked


async def test_a_day_after_a_change_the_new_phone_is_enough(sqlite_domain: Domain, clock: FakeClock) -> None:
    phone = await _weak_by_change(sqlite_domain, clock, "xiaohe")
    clock.forward(hours=1)
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.gets_to("reset_password", phone)
    assert "最后 6 位" not in person.last["text"]


async def test_guesses_at_the_number_become_slow_and_a_new_errand_does_not_reset_them(
    domain: Domain, clock: FakeClock
) -> None:
    """C06, C11"""
    await owner(domain, "xiaohe")
    clock.forward(days=181)
    person = await Person.arrives(domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    for _ in range(5):
        assert await sets(person, id_tail="111111") == {"id_tail": ("tail_wrong", "")}
    assert await sets(person, id_tail=TAIL) == {"id_tail": ("tail_wait", "1")}
    other = await Person.arrives(domain, "xiaohe")
    clock.forward(seconds=25)
    await other.wants("access")
    await other.names(PHONE)
    await other.presses("换个账号")
    assert await sets(person, id_tail=TAIL) == {"id_tail": ("tail_wait", "1")}
    clock.forward(seconds=6)
    assert await sets(person, id_tail="222222") == {"id_tail": ("tail_wrong", "")}
    assert await sets(person, id_tail=TAIL) == {"id_tail": ("tail_wait", "1")}
    clock.forward(seconds=61)
    assert await sets(person, id_tail=TAIL) == {}


async def test_where_no_number_is_registered_a_day_passes_first(domain: Domain, clock: FakeClock) -> None:
    first = await owner(domain, "renrenbao")
    clock.forward(days=181)
    person = await Person.arrives(domain, "renrenbao")
    await person.gets_to("reset_password", PHONE)
    assert "24 小时内没有人说「不是我操作」" in person.last["text"]
    assert await person.flow() is None
    told = await first.is_told()
    assert "要换密码" in words(told)
    assert "不是我操作" in first.labels()
    assert ("reset_asked", PHONE) in await sms(domain)
    clock.forward(hours=23)
    await person.gets_to("reset_password", PHONE)
    assert "24 小时内没有人说" in person.last["text"]
    assert await first.is_told() == []  # a notice that runs is not told again
    clock.forward(hours=1)
    await person.gets_to("reset_password", PHONE)
    assert await sets(person) == {}
    assert await signs_in(domain, "renrenbao", NEW_PASSWORD) == "ok"


async def test_whoever_says_not_me_within_the_day_freezes_the_account(domain: Domain, clock: FakeClock) -> None:
    first = await owner(domain, "renrenbao")
    account = await account_id(domain, "renrenbao")
    clock.forward(days=181)
    thief = await Person.arrives(domain, "renrenbao")
    await thief.gets_to("reset_password", PHONE)
    await first.is_told()
    clock.forward(hours=20)
    said = await first.presses("不是我操作")
    assert "账号已经冻结" in words(said)
    assert await status_of(domain, account) == "frozen"
    clock.forward(hours=5)
    await thief.wants("reset_password")
    await thief.names(PHONE)
    assert "如果人人保有这个账号" in thief.last["text"]
    assert await sms_codes(domain, PHONE) == []
    assert await signs_in(domain, "renrenbao", PASSWORD) == "frozen"


async def test_a_notice_somebody_objected_to_counts_for_nothing_after_the_account_is_free_again(
    sqlite_domain: Domain, clock: FakeClock
) -> None:
    """Otherwise the thief would only have to wait until the platform's people have unfrozen the account."""
    domain = sqlite_domain
    first = await owner(domain, "renrenbao")
    account = await account_id(domain, "renrenbao")
    clock.forward(days=181)
    thief = await Person.arrives(domain, "renrenbao")
    await thief.gets_to("reset_password", PHONE)
    await first.is_told()
    await first.presses("不是我操作")
    clock.forward(days=2)
    await domain.accounts.unfreeze(account, by="staff", reason="the owner came with the ID card")
    await thief.gets_to("reset_password", PHONE)
    assert "24 小时内没有人说「不是我操作」" in thief.last["text"]


async def test_a_notice_does_not_count_for_ever(sqlite_domain: Domain, clock: FakeClock) -> None:
    domain = sqlite_domain
    await owner(domain, "renrenbao")
    clock.forward(days=181)
    person = await Person.arrives(domain, "renrenbao")
    await person.gets_to("reset_password", PHONE)
    clock.forward(days=7)
    await person.gets_to("reset_password", PHONE)
    assert "24 小时内没有人说「不是我操作」" in person.last["text"]


async def test_a_new_password_is_no_log_in_and_ends_every_session(sqlite_domain: Domain, clock: FakeClock) -> None:
    """C07"""
    domain = sqlite_domain
    await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(days=1)
    person = await Person.arrives(domain, "xiaohe")
    await person.gets_to("reset_password", PHONE)
    await sets(person)
    assert (await domain.accounts.get(account)).sessions_valid_from == clock.now()
    assert "请用新密码重新登录" in person.last["text"]
    assert not any(m["card"] for m in person.messages[-1:])
