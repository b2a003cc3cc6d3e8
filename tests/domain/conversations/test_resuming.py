"""A registration can be left and taken up again: later, elsewhere, and beside another one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from domain import Domain
from domain.flows.codes import typed_code
from domain.parts import Policy
from tests.support.ambient import FakeClock
from tests.support.databases import Place, open_domain
from tests.support.person import Person


async def with_code(domain: Domain) -> tuple[Person, str]:
    """Somebody half-way, with a code for another place."""
    person = await Person.arrives(domain, "xiaohe")
    await person.begins()
    await person.presses("我已了解")
    await person.says("先停一下", wish="stop")
    await person.presses("先放着")
    await person.presses("换个地方继续")
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", person.last["text"])
    assert found is not None
    return person, found[0]


@pytest.mark.parametrize("form", ["{}", "{} ", "续办码：{}", "resume {}", "X-{}"])
async def test_a_code_continues_in_another_channel_where_one_was(domain: Domain, form: str) -> None:
    person, code = await with_code(domain)
    flow, state = await person.flow(), await person.state()
    other = await Person.arrives(domain, channel="web")
    said = await other.says(form.format(code))
    assert "接上了" in said[0]["text"]
    assert (await other.state()) == state
    moved = await other.flow()
    assert flow is not None and moved is not None and moved.id == flow.id
    assert await person.flow() is None


async def test_a_code_typed_without_its_dash_or_in_lower_case_works(domain: Domain) -> None:
    _person, code = await with_code(domain)
    other = await Person.arrives(domain)
    await other.says(code.replace("-", "").lower())
    assert await other.flow() is not None


async def test_a_code_works_once(domain: Domain) -> None:
    _person, code = await with_code(domain)
    first, second = await Person.arrives(domain), await Person.arrives(domain)
    await first.says(code)
    await second.says(code)
    assert await first.flow() is not None
    assert await second.flow() is None


@pytest.mark.parametrize(("age", "works"), [(1799, True), (1800, False)])
async def test_a_code_works_for_half_an_hour_to_the_second(
    domain: Domain, clock: FakeClock, age: int, works: bool
) -> None:
    person, code = await with_code(domain)
    clock.forward(seconds=age)
    other = await Person.arrives(domain)
    await other.says(code)
    assert (await other.flow() is not None) is works
    assert (await person.flow() is None) is works


async def test_a_newer_code_replaces_the_older(domain: Domain) -> None:
    person, old = await with_code(domain)
    await person.presses("换个地方继续")
    other = await Person.arrives(domain)
    await other.says(old)
    assert await other.flow() is None


async def test_a_wrong_code_is_no_code(domain: Domain) -> None:
    person, code = await with_code(domain)
    other = await Person.arrives(domain)
    wrong = ("A" if code[0] != "A" else "B") + code[1:]
    await other.says(wrong)
    assert await other.flow() is None
    assert await person.flow() is not None


async def test_the_code_of_a_registration_that_ended_is_dead(domain: Domain) -> None:
    person, code = await with_code(domain)
    await person.says("不办了", wish="stop")
    await person.presses("不办了，删掉")
    other = await Person.arrives(domain)
    await other.says(code)
    assert await other.flow() is None


async def test_the_old_places_buttons_are_over_once_the_registration_moved(domain: Domain) -> None:
    person, code = await with_code(domain)
    old = person.button("我已了解")
    other = await Person.arrives(domain)
    await other.says(code)
    state = await other.state()
    said = await person.presses_token(old)
    assert "已经结束" in said[0]["text"]
    assert await other.state() == state


async def test_moving_abroad_asks_for_the_crossing_first_and_loses_nothing(domain: Domain) -> None:
    person, code = await with_code(domain)
    leaf = (await person.state()).leaf
    other = await Person.arrives(domain, channel="telegram")
    await other.says(code)
    assert "换网页办理" in other.labels()
    await other.presses("同意")
    assert (await other.state()).leaf == leaf
    assert other.card["kind"] in {"clause", "theme"}


async def test_from_abroad_the_web_takes_it_up(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe", channel="telegram")
    await person.presses("我想注册")
    await person.presses("换网页办理")
    found = re.search(r"resume=([2-9A-Z]{4}-[2-9A-Z]{4})", person.last["text"])
    assert found is not None
    web = await Person.arrives(domain)
    await web.receives({"open": True, "resume": found[1].replace("-", "")})
    assert "本人已满18岁" in web.labels()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "你好",
        "12345678",
        "13812345678",
        "我的码是 2345-6789",
        "2345-678",
        "2345-67890",
        "OOOO-1111",
        "2345-6789 2345-6789",
    ],
)
def test_what_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert typed_code(text) is None


async def test_every_code_that_is_given_out_is_read_again(domain: Domain) -> None:
    """Also those that happen to be all letters or all digits."""
    for code in ("ABCD-EFGH", "2345-6789", "WXYZ-2222"):
        assert typed_code(code) == code.replace("-", "")


async def test_a_word_that_only_looks_like_a_code_is_a_sentence(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    said = await person.says("PASSWDHX", wish="menu")
    assert "接上了" not in said[0]["text"]
    assert said[0]["buttons"]


async def test_going_to_another_platform_leaves_the_registration_where_it_was(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.begins()
    await person.presses("我已了解")
    left, state = await person.flow(), await person.state()
    await person.says("我想看看人人保", wish="choose_platform")
    assert "先给您留着" in person.transcript()
    assert await person.flow() is None
    await person.begins()
    other = await person.flow()
    assert left is not None and other is not None
    assert (other.platform_id, other.id == left.id) == ("renrenbao", False)
    await person.says("还是办小禾吧", wish="choose_platform")
    await person.presses(next(label for label in person.labels() if label.startswith("继续填写")))
    back = await person.flow()
    assert back is not None and back.id == left.id
    assert await person.state() == state


async def test_coming_back_later_one_is_asked_and_continues_where_one_was(place: Place) -> None:
    clock = FakeClock()
    async with open_domain(place, clock=clock) as domain:
        person = await Person.arrives(domain, "xiaohe")
        await person.begins()
        await person.presses("我已了解")
        state = await person.state()
    clock.forward(days=3)
    async with open_domain(place, clock=clock, seed="three days later") as domain:
        person.domain = domain
        said = await person.receives({"open": True})
        assert "还没办完" in said[0]["text"]
        await person.presses(next(label for label in person.labels() if label.startswith("继续填写")))
        assert await person.state() == state


async def test_what_is_asked_again_can_be_dropped_only_after_a_question(domain: Domain) -> None:
    person = await Person.arrives(domain, "xiaohe")
    await person.begins()
    await person.says("我要注册", wish="start")
    await person.presses("不用了")
    assert await person.flow() is not None
    await person.presses("不办了，删掉")
    assert await person.flow() is None


async def test_the_lifetimes_are_settings(place: Place) -> None:
    clock = FakeClock()
    policy = Policy(resume_lifetime=timedelta(minutes=2), page_lifetime=timedelta(minutes=3))
    async with open_domain(place, clock=clock, policy=policy) as domain:
        person, code = await with_code(domain)
        assert "2 分钟" in person.last["text"]
        clock.forward(minutes=2)
        other = await Person.arrives(domain)
        await other.says(code)
        assert await other.flow() is None
