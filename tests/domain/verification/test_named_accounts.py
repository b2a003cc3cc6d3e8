"""A code for the account that is named so: nobody can tell whether there is one (C02, C03, C04)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from domain.verification import Proven, Refused, Sent, Wrong
from tests.domain.verification.texting import OTHER_PHONE, PHONE, Texting, phone_number

LOGIN, OTHER_LOGIN = ("login_name", "wf_1"), ("login_name", "wf_2")


async def _proof(texting: Texting, sent: Sent | Refused, code: str = "000000") -> Proven | Wrong:
    assert isinstance(sent, Sent)
    return await texting.check(sent, code, purpose="reset_password")


def _seen(outcome: Sent | Refused | Proven | Wrong) -> Any:
    """What the asker can notice of an answer."""
    return ("sent", outcome.lifetime, outcome.resend_after) if isinstance(outcome, Sent) else outcome


async def test_the_code_for_an_account_proves_its_phone(texting: Texting) -> None:
    sent = await texting.send_to_account(LOGIN, PHONE)
    assert isinstance(sent, Sent) and sent.code is not None
    assert await _proof(texting, sent, sent.code) == Proven(sent.challenge_id)


async def test_nothing_is_sent_for_an_account_that_is_not_there_and_no_code_fits(texting: Texting) -> None:
    sent = await texting.send_to_account(LOGIN, None)
    assert isinstance(sent, Sent) and sent.code is None
    assert [await _proof(texting, sent, f"{n:06d}") for n in range(5)] == [
        Wrong(4), Wrong(3), Wrong(2), Wrong(1), Wrong(0),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["phone", "login_name"])
async def test_a_whole_story_looks_the_same_with_and_without_an_account(texting: Texting, kind: str) -> None:
    """Answers, waits, tries left and statements, one by one, through everything an asker can do."""

    async def story(canonical: str, phone: str | None, person: str) -> tuple[list[Any], list[str]]:
        seen: list[Any] = []
        start = texting.clock.now()
        named = (kind, canonical)
        with texting.statements() as said:
            for round in range(5):
                outcome = await texting.send_to_account(named, phone, f"f_{person}", person=person)
                seen.append(_seen(outcome))
                seen.append(_seen(await texting.send_to_account(named, phone, f"f_{person}", person=person)))
                if isinstance(outcome, Sent):
                    for _ in range(round + 2):
                        wrong = await texting.check(
                            outcome, "12345x", subject=f"f_{person}", person=person, purpose="reset_password"
                        )
                        seen.append(_seen(wrong))
                texting.clock.forward(minutes=11)
        texting.clock.set(start)
        return seen, said

    # Phones of different prefixes; the person without an account comes on the next day, so as not to meet the other.
    known = await story(PHONE if kind == "phone" else "wf_1", PHONE, "c_1")
    texting.clock.forward(days=2)
    unknown = await story(OTHER_PHONE if kind == "phone" else "wf_2", None, "c_2")
    assert unknown[0] == known[0]
    assert unknown[1] == known[1]
    assert any(isinstance(answer, Refused) for answer in known[0])


@pytest.mark.parametrize("kind", ["phone", "login_name"])
async def test_known_unknown_and_used_up_make_the_same_statements_in_the_same_order(
    texting: Texting, kind: str
) -> None:
    """C03"""
    texting.limited(a_day=1, resend_after=(60,))
    used_up, known = phone_number(1), phone_number(2)
    await texting.send_to_account(("member_name", "wf"), used_up, person="c_0")
    names = {"used up": used_up, "known": known, "unknown": phone_number(3)}
    said: dict[str, list[str]] = {}
    codes: dict[str, str | None] = {}
    for number, (case, phone) in enumerate(names.items()):
        named = (kind, phone if kind == "phone" else f"login_{number}")
        with texting.statements() as said[case]:
            sent = await texting.send_to_account(
                named, None if case == "unknown" else phone, FLOW_OF[number], person=f"c_{number + 1}"
            )
            assert isinstance(sent, Sent)
            wrong = await texting.check(
                sent, "12345x", subject=FLOW_OF[number], person=f"c_{number + 1}", purpose="reset_password"
            )
        assert wrong == Wrong(4)
        codes[case] = sent.code
    assert [code is None for code in codes.values()] == [True, False, True]
    assert said["known"] == said["unknown"] == said["used up"]
    assert sum(bool(re.match("INSERT", statement)) for statement in said["known"]) == 1
    assert len(said["known"]) <= 12


FLOW_OF = ("f_a", "f_b", "f_c")


async def test_the_limits_count_accounts_that_are_not_there(texting: Texting) -> None:
    """C04"""
    await texting.send_to_account(LOGIN, None)
    assert await texting.send_to_account(LOGIN, None, "f_2", person="c_2") == Refused("too_soon", timedelta(seconds=60))
    await texting.send_to_account(OTHER_LOGIN, None)
    await texting.send_to_account(("phone", PHONE), None)
    refused = await texting.send_to_account(("login_name", "wf_4"), None)
    assert isinstance(refused, Refused) and refused.reason == "too_many_phones"


async def test_a_phone_has_one_wait_whether_it_is_named_for_an_account_or_for_itself(texting: Texting) -> None:
    for phone, registered in ((PHONE, PHONE), (OTHER_PHONE, None)):
        await texting.send_to_account(("phone", phone), registered)
        assert await texting.send(phone, "f_2", person="c_2") == Refused("too_soon", timedelta(seconds=60))


async def test_the_wait_of_a_phone_does_not_tell_whose_login_name_it_belongs_to(texting: Texting) -> None:
    """An attacker asks for a reset of wf_1, then for a code to a phone that might be its: the answers must not differ."""
    await texting.send_to_account(LOGIN, PHONE)
    belongs = await texting.send(PHONE, "f_2", person="c_2")
    stranger = await texting.send(OTHER_PHONE, "f_2", person="c_3")
    assert _seen(belongs) == _seen(stranger)
    assert isinstance(belongs, Sent) and belongs.code is None


async def test_a_phone_gets_no_more_codes_because_it_has_several_names(texting: Texting) -> None:
    codes = []
    for number in range(8):
        sent = await texting.send_to_account(("login_name", f"wf_{number}"), PHONE, f"f_{number}", person=f"c_{number}")
        assert isinstance(sent, Sent)
        codes.append(sent.code)
        texting.clock.forward(minutes=5)
    assert sum(code is not None for code in codes) <= 5


async def test_a_phone_bears_no_more_failures_because_it_has_several_names(texting: Texting) -> None:
    texting.limited(failures_a_day=6)
    for number in range(3):
        named, flow, person = ("login_name", f"wf_{number}"), f"f_{number}", f"c_{number}"
        sent = await texting.send_to_account(named, PHONE, flow, person=person)
        assert isinstance(sent, Sent)
        if sent.code is None:
            break
        await texting.fail(sent, 5, subject=flow, person=person, purpose="reset_password")
        texting.clock.forward(minutes=10)
    else:
        pytest.fail("a third name brought further guesses")


async def test_a_right_code_does_not_work_once_other_names_used_up_the_failures_of_its_phone(texting: Texting) -> None:
    texting.limited(failures_a_day=5)
    first = await texting.send_to_account(LOGIN, PHONE, "f_1")
    texting.clock.forward(minutes=2)
    second = await texting.send_to_account(OTHER_LOGIN, PHONE, "f_2", person="c_2")
    assert isinstance(first, Sent) and isinstance(second, Sent) and second.code is not None
    await texting.fail(second, 5, subject="f_2", person="c_2", purpose="reset_password")
    assert await _proof(texting, first, first.code or "") == Wrong(4)


async def test_the_newest_code_for_an_account_is_the_only_one(texting: Texting) -> None:
    old = await texting.send_to_account(LOGIN, PHONE)
    texting.clock.forward(minutes=2)
    new = await texting.send_to_account(("phone", PHONE), PHONE)
    assert isinstance(old, Sent) and isinstance(new, Sent)
    assert await _proof(texting, old, old.code or "") == Wrong(0)
    assert isinstance(await _proof(texting, new, new.code or ""), Proven)
