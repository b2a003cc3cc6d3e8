"""Whether a phone is registered is told to whoever has proven it, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from domain import Domain
from tests.support.ambient import FakeClock
from tests.support.person import Person, everything_in, sms_code

KNOWN, UNKNOWN = "13812345678", "13812345679"


def visible(messages: list[dict[str, Any]], phone: str) -> list[Any]:
    """What a person sees of messages, the phone's own digits and the tokens aside."""
    return [
        (
            everything_in(m).replace(f"{phone[:3]}****{phone[-4:]}", "PHONE"),
            [(b["label"], b["style"]) for b in m["buttons"]],
            m["expects"],
        )
        for m in messages
    ]


async def at_the_phone(domain: Domain) -> Person:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    await person.agrees()
    return person


@pytest.fixture
async def known(domain: Domain, clock: FakeClock) -> None:
    person = await Person.arrives(domain, "renrenbao")
    await person.registers(KNOWN)
    clock.forward(days=2)


@pytest.mark.usefixtures("known")
async def test_a_registered_phone_gets_the_same_replies_until_its_code_is_proven(
    domain: Domain, clock: FakeClock
) -> None:
    """C01, C05"""
    seen = {}
    for phone in (KNOWN, UNKNOWN):
        person = await at_the_phone(domain)
        said = await person.says(phone)
        said += await person.says("为什么要手机号", wish="why")
        said += await person.presses("重新发送")
        said += await person.says("12345")
        code = await sms_code(domain, phone)
        said += await person.says(f"{(int(code) + 1) % 1_000_000:06d}")
        clock.forward(seconds=61)
        said += await person.presses("重新发送")
        said += await person.says("没收到", wish="resend")
        seen[phone] = visible(said, phone)
        before_proof = len(said)
        said += await person.says(await sms_code(domain, phone))
        assert len(seen[phone]) == before_proof
        assert ("已经注册过" in said[-1]["text"]) is (phone == KNOWN)
    assert seen[KNOWN] == seen[UNKNOWN]


@pytest.mark.usefixtures("known")
async def test_the_limits_count_registered_and_other_phones_alike(domain: Domain, clock: FakeClock) -> None:
    """C04"""
    seen = {}
    for phone in (KNOWN, UNKNOWN):
        person = await at_the_phone(domain)
        said = await person.says(phone)
        for _ in range(12):
            clock.forward(minutes=31)
            said += await person.says("重新发送")
        seen[phone] = visible(said, phone)
    assert seen[KNOWN] == seen[UNKNOWN]
    assert any("太多" in text for text, _, _ in seen[KNOWN])


@pytest.mark.usefixtures("known")
async def test_after_the_proof_the_way_on_is_another_phone_or_a_human(domain: Domain) -> None:
    person = await at_the_phone(domain)
    await person.proves(KNOWN)
    assert {"换个手机号", "转人工"} <= set(person.labels())
    await person.presses("换个手机号")
    await person.proves(UNKNOWN)
    assert person.last["expects"] == "login_name"


@pytest.mark.usefixtures("known")
async def test_another_persons_phone_in_a_message_for_people_tells_nothing(domain: Domain) -> None:
    seen = []
    for phone in (KNOWN, UNKNOWN):
        person = await Person.arrives(domain, "renrenbao")
        said = await person.says("我要找回密码", wish="reset_password")
        said += await person.says(f"手机号是{phone}，请帮我看看有没有账号")
        said += await person.says("查一下进度", wish="status")
        seen.append(visible(said, phone))
    assert seen[0] == seen[1]


@pytest.mark.usefixtures("known")
async def test_a_whole_phone_number_is_never_said_back(domain: Domain) -> None:
    person = await at_the_phone(domain)
    await person.proves(UNKNOWN)
    await person.fills_chat()
    await person.sends_page()
    assert UNKNOWN not in person.transcript()
