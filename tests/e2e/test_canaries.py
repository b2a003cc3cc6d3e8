"""What a person typed is nowhere in clear: not in a log, a file, the database, nor on the way to the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import aiohttp

from tests.e2e.books import books_of
from tests.e2e.client import Person
from tests.e2e.engine import Bench
from tests.e2e.fragile import Fragile
from tests.e2e.people import COMPANY, PERSON, Details
from tests.e2e.wording import says

# What has a form of its own, so that a recogniser finds it in any sentence.
PROOFS = {"phone", "password", "id_number", "credit_code", "email"}
NAME, COMPANY_NAME = "欧阳竹漪", "嘉兴琥珀洲第九网络科技有限公司"


class Canaries:
    """Every spelling in which something that was typed could be found again."""

    def __init__(self) -> None:
        self._spellings: dict[str, set[bytes]] = {}

    def add(self, what: str, *texts: str) -> None:
        for text in texts:
            for form in (text, text.casefold(), text.upper(), json.dumps(text)[1:-1]):
                self._spellings.setdefault(what, set()).update(
                    (form.encode(), form.encode("utf-16-le"), form.encode("utf-16-be"))
                )

    def found_in(self, data: bytes) -> list[str]:
        return sorted(what for what, forms in self._spellings.items() if any(form in data for form in forms))


def canaries_of(details: Details) -> Canaries:
    canaries, phone = Canaries(), details.phone
    canaries.add(
        "phone", phone, f"+86{phone}", f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"
    )
    canaries.add("password", details.password)
    for field in ("email", "real_name", "address", "login_name", "company_name"):
        canaries.add(field, details.typed[field])
    for field in ("id_number", "credit_code"):
        canaries.add(field, details.on_page[field])
    return canaries


def _leaks(places: Iterator[tuple[str, bytes]], canaries: Canaries) -> list[tuple[str, str]]:
    return [(place, what) for place, data in places for what in canaries.found_in(data)]


def unusual(person: Person) -> None:
    """Give a person words that stand nowhere but where they typed them."""
    number = person.details.number
    person.details.phone = f"1770571{number:04d}"
    person.details.password = "Quill%Lantern&7Quay"
    person.details.on_page |= dict.fromkeys(("password", "password_again"), person.details.password)
    person.details.typed |= {
        "real_name": NAME,
        "company_name": COMPANY_NAME,
        "email": f"ouyang.zhuyi{number}@lantern-quay.cn",
        "login_name": f"zhuyi_lantern{number}",
        "address": f"甘肃省敦煌市月牙泉镇鸣山路 {number} 弄",
    }


async def test_nothing_that_was_typed_can_be_read_anywhere_afterwards(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    engine, app = bench
    codes: list[str] = []
    places: list[tuple[str, bytes]] = []
    for platform, who in (("xiaohe", PERSON), ("rencai", COMPANY)):
        person = await Person.arrives(http, app.url, platform)
        unusual(person)
        canaries = canaries_of(person.details)
        await types_everything_into_the_chat(person)
        await person.comes_to_the_decision(who)
        await person.agrees()
        await person.say(f"我的手机号是 {person.details.phone}")
        codes.append(await person.sms_code())
        await person.say(codes[-1])
        await person.answers()
        shown = json.dumps(await person.transcript(), ensure_ascii=False).encode()
        # The person's own words stand in their own conversation, so the search does find what is there …
        assert {"real_name", "company_name"} & set(canaries.found_in(shown))
        # … and what proves an identity is not even there.
        assert not PROOFS & set(canaries.found_in(shown))
        wrong = await person.fill_page(password="12345678", password_again="12345678")
        assert wrong.status == 422
        assert (await person.fill_page()).status == 200
        assert person.is_registered
        for place, seen in (("to the engine", engine.to_engine.seen), ("to the app", engine.to_app.seen)):
            places += [(place, body) for body in seen]
        assert _leaks(iter([*app.written().items(), ("engine.log", engine.engine.log.read_bytes())]), canaries) == []
        # A name said in a sentence has no form a recogniser knows; all that has one is gone before the engine.
        assert [(place, what) for place, what in _leaks(iter(places), canaries) if what in PROOFS] == []
        assert {"home/mingshi.db", "home/mingshi.db-wal", "home/heads.jsonl", "home.log"} <= set(app.written())
    assert len(places) > 10
    for code in codes:
        alone = re.compile(rb"(?<![0-9A-Za-z._-])%s(?![0-9A-Za-z._-])" % code.encode())
        assert [place for place, body in (*places, *app.written().items()) if alone.search(body)] == []


async def types_everything_into_the_chat(person: Person) -> None:
    """As people do: the secret, the number, the address, in the middle of a sentence and alone."""
    details = person.details
    for sentence in (
        f"我的密码是 {details.password}",
        f"身份证 {details.on_page['id_number']}",
        details.on_page["id_number"],
        f"信用代码是{details.on_page['credit_code']}",
        f"打我电话{details.phone}，或者发邮件到 {details.typed['email']}",
        f"{details.phone[:3]} {details.phone[3:7]} {details.phone[7:]} 这个号码能注册吗",
    ):
        assert await person.say(sentence), sentence
    assert says(await person.say(f"密码：{details.password}"), "secret.password")


async def test_a_message_for_a_human_and_a_question_are_sealed_too(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    engine, app = bench
    person = await Person.arrives(http, app.url, "xiaohe")
    unusual(person)
    canaries = Canaries()
    note = f"{NAME}住在{person.details.typed['address']}，想请你们回个电话"
    canaries.add("note", note, person.details.typed["address"], NAME)
    await person.begins()
    await person.say("转人工")
    assert says(await person.say(note), "human.left")
    asked = f"{NAME}问：注销以后我的资料多久删掉"
    canaries.add("question", asked)
    await person.say(asked)
    await person.press("转人工")
    canaries.add("password", "Qx7quay")
    assert says(await person.say("密码Qx7quay"), "human.left")
    assert _leaks(iter(app.written().items()), canaries) == []
    assert [body for body in engine.to_engine.seen if b"Qx7quay" in body] == []
    async with books_of(app) as books:
        assert not any("Qx7quay" in notice.text for notice in await books.domain.notices.all("xiaohe"))
