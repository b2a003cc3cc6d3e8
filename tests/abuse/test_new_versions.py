"""G01 (and D04): a version published while somebody reads, waits or decides never gets a yes that was not given to it.

Elsewhere: whoever registers meanwhile, in tests/domain/conversations/test_versions.py and
tests/e2e/test_consent_safety.py. G02 (a text changed without a new version) cannot happen: a version's bytes are kept in
the database, and a changed sample is another version.
"""

from __future__ import annotations

import asyncio

import pytest

from domain import Domain
from tests.domain.renewal.newer import (
    LATER,
    SEE,
    agreed_to,
    asked,
    entries,
    planned_and_told,
    publish,
    reads_the_changes,
    text_of,
)
from tests.domain.selfservice.owners import account_id
from tests.support.ambient import FakeClock
from tests.support.person import Person, buttons_of

THIRD = "平台每年收取会员费一百元。"


async def _at_the_decision(domain: Domain) -> Person:
    person = await asked(domain, "renrenbao")
    await person.presses(SEE)
    await reads_the_changes(person)
    await person.answers_consents()
    return person


async def _yeses(domain: Domain, version: int) -> int:
    return len(
        [
            e
            for e in await entries(domain, "decided")
            if e["agreement"]["version"] == version and e["item"] == "contract"
        ]
    )


async def test_a_yes_pressed_for_the_second_version_is_none_for_the_third(domain: Domain) -> None:
    person = await _at_the_decision(domain)
    agree = person.button(person.agree_label)
    await publish(domain, "renrenbao", text_of(domain, "renrenbao", more=THIRD))
    for _ in range(3):
        await person.presses_token(agree)
    await person.says(person.agree_label)
    assert await _yeses(domain, 2) == await _yeses(domain, 3) == 0
    assert (
        await agreed_to(domain, await account_id(domain, "renrenbao"))
        == (await domain.agreements.list("renrenbao"))[0].id
    )


async def test_no_button_ever_shown_for_the_second_version_agrees_to_the_third(domain: Domain) -> None:
    person = await _at_the_decision(domain)
    shown = [button["token"] for message in person.messages for button in buttons_of(message)]
    await publish(domain, "renrenbao", text_of(domain, "renrenbao", more=THIRD))
    await planned_and_told(domain)
    await person.is_told()
    for token in shown:
        await person.presses_token(token)
    assert await _yeses(domain, 2) == await _yeses(domain, 3) == 0


async def test_two_presses_at_once_are_one_yes(domain: Domain) -> None:
    person = await _at_the_decision(domain)
    agree = person.button(person.agree_label)
    for _ in range(2):
        await person.presses_token(agree)
    assert await _yeses(domain, 2) == 1
    account = await account_id(domain, "renrenbao")
    assert [r.state for r in await domain.renewals.of(account)] == ["accepted"]
    issued = [e for e in await entries(domain, "receipt_issued") if e["agreement"]["version"] == 2]
    assert len(issued) == 1


async def test_a_yes_in_one_conversation_leaves_nothing_to_decide_in_the_other(domain: Domain) -> None:
    person = await _at_the_decision(domain)
    account = await account_id(domain, "renrenbao")
    other = await Person.arrives(domain, "renrenbao")
    async with domain.transaction() as session:
        await domain.parts.accounts.bind(session, account, other.conversation_id)
    await other.says("能做什么", wish="menu")
    await other.presses(SEE)
    await reads_the_changes(other)
    await other.answers_consents()
    await other.presses(other.agree_label)
    said = await person.presses(person.agree_label)
    assert "已经同意过" in said[0]["text"]
    assert await _yeses(domain, 2) == 1


async def test_publishing_while_somebody_agrees_ends_with_a_yes_to_what_they_saw_or_with_none(domain: Domain) -> None:
    person = await _at_the_decision(domain)
    agree = person.button(person.agree_label)
    await asyncio.gather(
        person.presses_token(agree), publish(domain, "renrenbao", text_of(domain, "renrenbao", more=THIRD))
    )
    assert await _yeses(domain, 3) == 0
    versions = await domain.agreements.list("renrenbao")
    agreed = await agreed_to(domain, await account_id(domain, "renrenbao"))
    assert agreed == versions[1 if await _yeses(domain, 2) else 0].id
    assert (await domain.evidence.verify()).ok


@pytest.mark.parametrize("then", [LATER, None])
async def test_whoever_never_answers_has_agreed_to_nothing_whatever_time_passes(
    domain: Domain, clock: FakeClock, then: str | None
) -> None:
    person = await asked(domain, "renrenbao")
    if then:
        await person.presses(then)
    for days in (7, 30, 400):
        clock.forward(days=days)
        await planned_and_told(domain)
        await person.is_told()
    assert await _yeses(domain, 2) == 0
    account = await account_id(domain, "renrenbao")
    assert await agreed_to(domain, account) == (await domain.agreements.list("renrenbao"))[0].id


async def test_a_notice_cannot_be_shortened_by_a_date_in_the_past(domain: Domain, clock: FakeClock) -> None:
    from datetime import timedelta

    from domain.renewal.publishing import NoticeTooShort

    await asked(domain, "renrenbao")
    clock.forward(days=8)
    raw = text_of(domain, "renrenbao", more=THIRD)
    for days in (-400, -1, 0, 6):
        with pytest.raises(NoticeTooShort):
            await publish(
                domain, "renrenbao", raw + b"\n" * (500 + days), effective_at=clock.now() + timedelta(days=days)
            )
    assert (await domain.agreements.in_force("renrenbao"))[0].version == 2
