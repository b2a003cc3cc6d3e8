"""People do not go straight on: they ask, correct, go back, stop, come back, want a human, change the platform."""

from __future__ import annotations

import re

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PERSON
from tests.e2e.product import Product
from tests.e2e.wording import says


def is_at(person: Person, card: int) -> bool:
    """Whether the newest card is the reading card with this number."""
    return bool((person.last["card"] or {}).get("progress", {}).get("at") == card)


async def test_a_question_while_reading_is_answered_from_the_text_and_the_card_comes_back(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=2)
    told = await person.say("我的信息会给别人吗")
    (quote, *_) = told[0]["card"]["quotes"]
    assert quote["quote"]
    assert is_at(person, 3)
    async with books_of(product) as books:
        _version, tree = await books.domain.agreements.in_force("xiaohe")
        assert any(quote["quote"].startswith(clause.text) for clause in tree.walk() if clause.text)
        (question,) = await books.entries(person, "question")
        (answer,) = await books.entries(person, "answer")
        assert answer["question"] == question["id"]
        assert "我的信息会给别人吗" not in str(question)
    await person.press("我已了解")
    assert is_at(person, 4)


async def test_what_the_agreement_does_not_say_is_said_to_be_not_in_it(newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    told = await person.say("你们的客服电话是多少")
    assert says(told, "answer.abstained")
    assert not re.search(r"\d{5,}", person.told())


async def test_a_question_while_a_field_is_asked_is_not_taken_for_its_answer(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    await person.agrees()
    assert says(await person.say("为什么要手机号"), "why.field")
    await person.proves_the_phone()
    await person.say(person.details.typed["real_name"])
    for asked in ("为什么要邮箱", "注册要钱吗", "你能做什么", "重复一遍"):
        await person.say(asked)
        assert person.expects == "email", asked
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(product) as books:
        (account,) = await books.accounts(person)
        assert (await books.domain.accounts.data(account.id))["email"] == person.details.typed["email"]


async def test_why_a_datum_is_wanted_is_told_for_the_one_that_is_asked_about(newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    told = await person.say("为什么要身份证")
    assert says(told, "why.field")
    assert "身份证" in told[0]["text"]
    assert is_at(person, 1)


async def test_a_phone_proven_by_mistake_can_be_corrected_and_the_new_one_counts(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_decision()
    await person.agrees()
    wrong, right = person.details.phone, person.details.phone.replace("138", "139", 1)
    await person.proves_the_phone()
    assert person.expects == "login_name"
    assert says(await person.say("手机号填错了，我要改一下手机号"), "phone.ask")
    person.details.phone = right
    await person.proves_the_phone()
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(product) as books:
        assert await books.holders("renrenbao", right) == 1
        assert await books.holders("renrenbao", wrong) == 0


async def test_an_answer_already_given_can_be_taken_back(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.comes_to_the_decision()
    await person.agrees()
    await person.proves_the_phone()
    await person.say("李小红")
    await person.say("上一步")
    assert person.expects == "real_name"
    await person.say(person.details.typed["real_name"])
    await person.say("wrong@example.com")
    await person.say("邮箱写错了")
    assert person.expects == "email"
    await person.answers()
    assert (await person.fill_page()).status == 200
    async with books_of(product) as books:
        (account,) = await books.accounts(person)
        data = await books.domain.accounts.data(account.id)
        assert {name: data[name] for name in ("real_name", "email")} == {
            name: person.details.typed[name] for name in ("real_name", "email")
        }


async def test_going_back_repeats_the_card_before_and_never_undoes_the_consent(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=2)
    await person.say("上一步")
    assert is_at(person, 2)
    await person.say("重复一遍")
    assert is_at(person, 2)
    await person.reads()
    await person.decides()
    await person.agrees()
    assert says(await person.say("上一步"), "back.decided")
    async with books_of(product) as books:
        assert (await books.decided(person))["contract"] == "given"


async def test_whoever_stops_may_leave_it_and_come_back_to_the_same_place(newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=3)
    assert says(await person.say("不办了"), "stop.ask")
    assert says(await person.press("先放着"), "park.done")
    await person.say("你好")
    assert says(await person.say("我想注册"), "resume.ask.registration")
    await person.press(next(label for label in person.labels() if label.startswith("继续")))
    assert is_at(person, 4)


async def test_whoever_stops_for_good_leaves_nothing_behind(product: Product, newcomer: Newcomer) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_decision()
    await person.agrees()
    await person.proves_the_phone()
    await person.say("不办了")
    assert says(await person.press("不办了，删掉"), "stop.done")
    async with books_of(product) as books:
        assert await books.accounts(person) == []
        assert await books.holders("renrenbao", person.details.phone) == 0
    assert says(await person.say("我想注册"), "who.ask")


async def test_a_message_for_a_human_reaches_the_platforms_people_and_the_way_goes_on(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    assert says(await person.say("转人工"), "human.ask")
    words = f"我不确定第五条是不是针对我这种个体户的，请打电话 {person.details.phone} 告诉我"
    assert says(await person.say(words), "human.left")
    assert is_at(person, 1)
    async with books_of(product) as books:
        left = [n for n in await books.domain.notices.all("xiaohe") if n.conversation_id == person.id]
    assert [(notice.topic, notice.text) for notice in left] == [("message", words)]


async def test_a_short_wish_for_another_message_is_not_sent_as_the_message(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    assert says(await person.say("密码忘了怎么办"), "self.name")
    assert says(await person.say("我要投诉"), "topic.file_complaint")
    assert says(await person.say("转人工"), "human.ask")
    assert says(await person.say("算了"), "human.cancelled")
    async with books_of(product) as books:
        assert not [n for n in await books.domain.notices.all() if n.conversation_id == person.id]


async def test_another_platform_and_back_again_is_where_one_was(newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=2)
    told = await person.say("换到人人保")
    assert says(told, "platforms.left_open.registration")
    await person.press("我想注册")
    await person.press(PERSON)
    await person.reads(cards=1)
    told = await person.say("还是先办小禾企服网吧")
    assert says(told, "platforms.left_open.registration")
    await person.press(next(label for label in person.labels() if label.startswith("继续")))
    assert is_at(person, 3)


async def test_a_registration_is_taken_along_to_another_place_with_a_code_that_works_once(
    product: Product, newcomer: Newcomer
) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_decision()
    await person.agrees()
    await person.say("不办了")
    await person.press("先放着")
    await person.press("换个地方继续")
    (code,) = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}(?=（)", person.told())

    there = await newcomer()
    assert says(await there.say(code), "resume.moved.registration")
    assert there.expects == "phone"
    thief = await newcomer()
    assert not says(await thief.say(code), "resume.moved.registration")
    there.details = person.details
    await there.proves_the_phone()
    await there.answers()
    assert (await there.fill_page()).status == 200
    assert there.is_registered
    assert not says(await person.say("接着办"), "phone.ask")
    async with books_of(product) as books:
        assert await books.holders("renrenbao", person.details.phone) == 1
        assert {e["type"] for e in await books.entries(there)} >= {"served", "decided", "registered"}


async def test_an_address_with_the_code_opens_the_same_registration(newcomer: Newcomer) -> None:
    person = await newcomer("xiaohe")
    await person.begins()
    await person.reads(cards=4)
    await person.say("先停一下")
    await person.press("先放着")
    await person.press("换个地方继续")
    (code,) = re.findall(r"\?resume=([2-9A-Z]{4}-[2-9A-Z]{4})", person.told())
    there = await newcomer(resume=code)
    assert is_at(there, 5)


async def test_a_code_typed_wrong_too_often_is_spent_and_another_helps(newcomer: Newcomer) -> None:
    person = await newcomer("renrenbao")
    await person.comes_to_the_decision()
    await person.agrees()
    await person.say(person.details.phone)
    right = await person.sms_code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(4):
        assert says(await person.say(wrong), "code.wrong")
    assert says(await person.say(wrong), "code.spent")
    assert says(await person.say(right), "code.spent")
    assert says(await person.press("重新发送"), "code.not_sent.too_soon")
