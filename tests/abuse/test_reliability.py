"""What breaks in between, and what must not come of it (H01-H13). What is asserted elsewhere:

H01: tests/couriers/test_worker.py::test_a_worker_that_dies_before_it_sends_leaves_the_message_to_another
H02: tests/couriers/test_worker.py::test_a_worker_that_dies_after_it_sent_costs_one_more_sms_with_the_same_code
H03: tests/e2e/test_crashes.py, tests/e2e/test_self_service_crashes.py
H04: tests/channels/telegram/test_intake.py::test_an_update_that_could_not_be_stored_is_refused_and_comes_again,
     tests/couriers/test_worker.py::test_a_database_that_is_away_after_the_sms_went_out_costs_no_second_one; a page: below
H05: tests/domain/registration/test_service.py::test_two_registrations_of_one_phone_that_end_at_once_make_one_account,
     tests/e2e/test_delivery.py::test_two_people_who_register_one_phone_at_once_…; a changed phone: below
H06: tests/domain/registration/test_service.py::test_the_same_company_twice_at_once_is_one_account
H07: tests/domain/verification/test_clock.py; pages and waiting times: below
H08: tests/e2e/test_without_the_engine.py, tests/e2e/test_self_service.py (the last two tests)
H09: tests/domain/storage/test_migrations.py
H10: tests/domain/vault/test_vault.py::test_after_rotation_old_values_open_and_new_ones_use_the_new_key,
     tests/domain/accounts/test_accounts.py::test_after_a_rotation_of_the_index_key_a_phone_still_names_one_account,
     tests/domain/accounts/test_passwords.py::test_passwords_outlive_a_rotation_of_the_pepper
H11: tests/couriers/test_worker.py::test_a_restart_with_ten_thousand_old_messages_sends_none_of_them_and_…
H12: tests/domain/accounts/test_passwords.py::test_however_many_ask_at_once_two_are_hashed_at_a_time
H13: tests/domain/registration/test_service.py::test_without_evidence_there_is_no_consent; the errands: below
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot.app import App
from domain import Domain
from domain.flows.pages import PageGone
from tests.cli.serving import serving, without_engine
from tests.domain.selfservice.owners import (
    NEW_PASSWORD,
    NEW_PHONE,
    PHONE,
    account_id,
    events,
    owner,
    phone_of,
    sms,
    status_of,
)
from tests.e2e.client import Person as WebPerson
from tests.support.ambient import FakeClock
from tests.support.person import PASSWORD, Person, sms_code

OTHER_PHONE = "13712345678"


class DiskFull(Exception):
    pass


async def fails(*_args: object, **_more: object) -> None:
    raise DiskFull


async def signs_in(domain: Domain, password: str, phone: str = PHONE) -> str:
    return (await domain.accounts.sign_in("xiaohe", "phone", f"+86{phone}", password)).outcome


async def proven(domain: Domain, clock: FakeClock, errand: str, phone: str = PHONE) -> Person:
    """Somebody in a new conversation who has proven the account."""
    clock.forward(minutes=2)
    person = await Person.arrives(domain, "xiaohe")
    await person.gets_to(errand, phone)
    return person


# --- H13: nothing is done that cannot be recorded -------------------------------------------------------------


async def test_without_evidence_no_password_is_changed_and_nobody_is_told_that_it_was(
    domain: Domain, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H13"""
    first = await owner(domain, "xiaohe")
    person = await proven(domain, clock, "reset_password")
    texted = await sms(domain)
    monkeypatch.setattr(domain.parts.ledger, "append", fails)
    with pytest.raises(DiskFull):
        await person.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD)
    monkeypatch.undo()
    assert await signs_in(domain, PASSWORD) == "ok"
    assert await first.is_told() == []
    assert await sms(domain) == texted
    assert await events(domain, "password_changed") == []
    # The page is not used up: with the disk free again the same form is taken.
    assert not (await person.sends(password=NEW_PASSWORD, password_again=NEW_PASSWORD)).errors
    assert await signs_in(domain, NEW_PASSWORD) == "ok"


async def test_without_evidence_nothing_is_closed_and_nothing_erased(
    domain: Domain, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H13"""
    await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    before = await domain.accounts.data(account)
    person = await proven(domain, clock, "cancel")
    monkeypatch.setattr(domain.parts.ledger, "append", fails)
    with pytest.raises(DiskFull):
        await person.presses("确认注销")
    monkeypatch.undo()
    assert await status_of(domain, account) == "active"
    assert await domain.accounts.data(account) == before
    await person.presses("确认注销")
    assert await status_of(domain, account) == "closed"


async def test_a_code_whose_proof_cannot_be_recorded_is_not_used_up(
    domain: Domain, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H13: or the owner of a stolen account would wait for another code while the thief goes on."""
    await owner(domain, "xiaohe")
    account = await account_id(domain, "xiaohe")
    clock.forward(minutes=2)
    person = await Person.arrives(domain, "xiaohe")
    await person.wants("report_stolen")
    await person.names(PHONE)
    monkeypatch.setattr(domain.parts.ledger, "append", fails)
    with pytest.raises(DiskFull):
        await person.proves_account(PHONE)
    monkeypatch.undo()
    assert await status_of(domain, account) == "active"
    await person.proves_account(PHONE)
    assert await status_of(domain, account) == "frozen"
    assert len(await events(domain, "frozen")) == 1


# --- H05 ------------------------------------------------------------------------------------------------------------


async def test_of_two_owners_who_take_one_new_phone_at_once_one_gets_it(domain: Domain, clock: FakeClock) -> None:
    """H05: the unique index decides, and the loser's account is as it was."""
    people = []
    for phone in (PHONE, OTHER_PHONE):
        number = "11010519491231002X" if phone == PHONE else "110105198703140034"
        clock.forward(minutes=11)
        await owner(domain, "renrenbao", phone, id_number=number)
        clock.forward(minutes=2)
        person = await Person.arrives(domain, "renrenbao")
        await person.gets_to("change", phone)
        await person.presses("手机号")
        people.append(person)
    codes = []
    for person in people:
        clock.forward(minutes=2)
        await person.says(NEW_PHONE)
        codes.append(await sms_code(domain, NEW_PHONE))
    accounts = [await account_id(domain, "renrenbao", phone) for phone in (PHONE, OTHER_PHONE)]
    await asyncio.gather(*(person.says(code) for person, code in zip(people, codes, strict=True)))
    phones = {await phone_of(domain, account) for account in accounts}
    assert NEW_PHONE in phones
    assert len(phones) == 2
    assert phones - {NEW_PHONE} < {PHONE, OTHER_PHONE}
    assert len(await events(domain, "changed")) == 1


# --- H07: a clock that steps back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [5 * 60, 3600, 86_400])
async def test_a_link_that_is_over_does_not_open_again_when_the_clock_steps_back(
    back: int, sqlite_domain: Domain, clock: FakeClock
) -> None:
    """H07: a step back behind the moment the link was made."""
    await owner(sqlite_domain, "xiaohe")
    person = await proven(sqlite_domain, clock, "reset_password")
    opened = clock.now()
    clock.forward(minutes=11)
    with pytest.raises(PageGone):
        await sqlite_domain.pages.show(person.page)
    clock.set(opened)
    clock.forward(seconds=-back)
    with pytest.raises(PageGone):
        await sqlite_domain.pages.send(person.page, {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD}, {})
    assert await signs_in(sqlite_domain, PASSWORD) == "ok"


async def test_a_clock_that_steps_back_shortens_no_days_notice(sqlite_domain: Domain, clock: FakeClock) -> None:
    """H07: the day in which an owner can say no, where no document is registered that could be asked for."""
    await owner(sqlite_domain, "renrenbao")
    clock.forward(days=200)

    async def may_set_a_password() -> bool:
        person = await Person.arrives(sqlite_domain, "renrenbao")
        await person.gets_to("reset_password", PHONE)
        return any(message["card"] and message["card"]["kind"] == "link" for message in person.messages)

    assert not await may_set_a_password()
    assert len(await events(sqlite_domain, "reset_asked")) == 1
    clock.forward(hours=-1)
    clock.forward(hours=24)
    assert not await may_set_a_password()
    assert len(await events(sqlite_domain, "reset_asked")) == 1
    clock.forward(hours=2)
    assert await may_set_a_password()


# --- H04 ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with serving(without_engine(tmp_path / "home")) as app:
        yield app


async def test_a_page_sent_while_the_database_is_away_can_be_sent_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H04: one plain sentence, nothing of what was typed in it, and the link still works."""
    async with aiohttp.ClientSession() as http:
        person = await WebPerson.arrives(http, app.settings.public, "renrenbao")
        await person.comes_to_the_page()

        async def away(*_args: object, **_more: object) -> None:
            raise OperationalError("INSERT …", {}, Exception("database is away"))

        link = str(person.card["url"])
        async with http.get(link) as response:
            page = await response.text()
        monkeypatch.setattr(app.domain.database, "run", away)
        refused = await person.send_page(link, page)
        monkeypatch.undo()
        assert refused.status == 500
        assert person.details.password not in refused.text
        assert "INSERT" not in refused.text
        assert (await person.fill_page()).status == 200
        assert person.is_registered
