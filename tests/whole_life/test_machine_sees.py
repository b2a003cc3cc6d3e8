"""The machine does what its rules say, and its promises can be broken: each planted defect is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from domain.accounts.service import Accounts
from domain.flows import pages as flow_pages
from domain.flows.events import CodeNotSent
from domain.flows.tables import PageRow
from domain.selfservice import service as selfservice
from domain.storage.database import Database
from domain.vault import Vault
from domain.verification import challenges
from tests.whole_life.machine import WholeLife
from tests.whole_life.world import (
    NEW_PHONE,
    OWNER_ID,
    OWNER_PHONE,
    PASSWORDS,
    PLATFORMS,
    SECOND_ID,
    SECOND_PHONE,
    Template,
)

Step = tuple[str, Sequence[Any]]


@pytest.fixture
def life(templates: dict[str, Template]) -> Iterator[WholeLife]:
    machine: WholeLife = type("Life", (WholeLife,), {"templates": templates})()
    yield machine
    if hasattr(machine, "world"):
        machine.world.close()


def walk(life: WholeLife, platform: str, *steps: Step) -> list[str]:
    """Take these steps, look after each, and tell what came into the ledger."""
    if not hasattr(life, "world"):
        life.begins(platform)
        life.every_promise_is_kept()
    before = len(life.world.memory.ledger)
    for name, arguments in steps:
        getattr(life, name)(*arguments)
        life.every_promise_is_kept()
    return [entry["type"] for entry in life.world.memory.ledger[before:]]


RESET: Step = ("forgets_the_password_and_sets_a_new_one", ("owner", PASSWORDS[0]))
AT_THE_PAGE: Step = ("proves_an_account", ("owner", "reset_password", 0))
LATER: Step = ("time_passes", (timedelta(days=1),))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_way_of_an_account_can_be_gone(life: WholeLife, platform: str) -> None:
    assert "password_changed" in walk(life, platform, RESET)
    assert "data_shown" in walk(life, platform, LATER, ("proves_an_account", ("owner", "access", 0)))
    assert "withdrawn" in walk(life, platform, ("takes_a_consent_back", ()))
    changed = walk(life, platform, LATER, ("changes_the_phone", ("owner", NEW_PHONE)))
    assert changed.count("changed") == 1
    registers = ("the_second_person_registers", (SECOND_PHONE, SECOND_ID))
    assert "registered" in walk(life, platform, LATER, registers)
    closed = walk(life, platform, LATER, ("closes_the_account", ("owner",)))
    assert closed[-1] == ("cancelled" if platform == "xiaohe" else "request_filed")
    if platform != "xiaohe":
        assert "cancelled" in walk(life, platform, ("staff_decides_a_request", (True,)))
    assert "frozen" in walk(life, platform, ("staff_freezes_or_frees_an_account", ("sleeper", False)))


def test_the_process_may_die_anywhere_on_the_way(life: WholeLife) -> None:
    dies: Step = ("the_process_dies", ())
    begin: Step = ("wants", ("owner", "reset_password"))
    before_commit: Step = ("the_process_dies_before_it_commits", ("owner", "errand", 0))
    walk(life, "renrenbao", before_commit, dies, begin, ("presses", ("owner", "发验证码")), dies)
    proven = walk(life, "renrenbao", ("the_process_dies_before_it_commits", ("owner", "code", 0)))
    assert proven == ["phone_proven"]
    taken = walk(life, "renrenbao", ("the_process_dies_while_a_page_is_taken", ("owner", PASSWORDS[1], True)))
    assert taken == ["password_changed"]


# --- planted defects ------------------------------------------------------------------------------------------


def _no_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenges, "over_recipient", lambda *_: None)
    monkeypatch.setattr(challenges, "over_person", lambda *_: None)


def _frozen_accounts_may_be_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = frozenset({"active", "frozen", "suspended"})
    monkeypatch.setattr(selfservice, "_ALLOWED", dict.fromkeys(selfservice._ALLOWED, everything))


def _keys_are_not_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def keep(*_: object) -> None:
        pass

    monkeypatch.setattr(Vault, "destroy", keep)


def _nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    mark, real = b"CLEAR ", Vault.unseal

    async def clear(_self: Vault, _session: object, _key: str, _context: str, data: bytes) -> bytes:
        return mark + data

    async def read(self: Vault, session: Any, key: str, context: str, sealed: bytes) -> bytes:
        marked = sealed.startswith(mark)
        return sealed.removeprefix(mark) if marked else await real(self, session, key, context, sealed)

    monkeypatch.setattr(Vault, "seal", clear)
    monkeypatch.setattr(Vault, "unseal", read)


def _pages_never_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(session: Any, parts: Any, token: str, **_: object) -> PageRow:
        return await session.get_one(PageRow, flow_pages._digest(parts, token))  # type: ignore[no-any-return]

    for place in ("domain.domain", "domain.selfservice.page", "domain.selfservice.data"):
        monkeypatch.setattr(f"{place}.find_page", find)


def _phones_are_not_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    async def free(*_: object) -> bool:
        return False

    identifier = Accounts._identifier

    def unlike(self: Accounts, account_id: str, platform_id: str, kind: str, canonical: str) -> Any:
        return identifier(self, account_id, platform_id, kind, canonical + account_id)

    monkeypatch.setattr(Accounts, "is_taken", free)
    monkeypatch.setattr(Accounts, "_identifier", unlike)


def _failed_transactions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Database.transaction

    @asynccontextmanager
    async def kept(self: Database) -> Any:
        async with real(self) as session:
            try:
                yield session
            except BaseException:
                await session.commit()
                raise

    monkeypatch.setattr(Database, "transaction", kept)


def _the_unknown_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = selfservice.SelfService._send

    async def send(self: Any, run: Any, named: tuple[str, str]) -> Any:
        row, _ = await self._named(run.turn.session, run, named)
        return await real(self, run, named) if row is not None else CodeNotSent("too_many", timedelta(hours=1))

    monkeypatch.setattr(selfservice.SelfService, "_send", send)


PLANTED = [
    (_no_budgets, "I5", [("both_ask_for_a_code", ("access", 0)), ("both_ask_again", ("",))]),
    (
        _frozen_accounts_may_be_reset,
        "the password of a frozen account was changed",
        [("staff_freezes_or_frees_an_account", ("owner", False)), RESET],
    ),
    (_keys_are_not_destroyed, "the key of an erased account", [("closes_the_account", ("owner",))]),
    (_nothing_is_sealed, "I6", [("wants", ("owner", "access")), ("answers_the_question", ("owner",)), RESET]),
    (
        _pages_never_grow_old,
        "DID NOT RAISE",
        [AT_THE_PAGE, LATER, *[("a_stranger_opens_an_old_link", (n,)) for n in range(6)]],
    ),
    (
        _phones_are_not_unique,
        "I3: two accounts with one phone",
        [("the_second_person_registers", (OWNER_PHONE, SECOND_ID))],
    ),
    (
        _failed_transactions_are_kept,
        "left something behind",
        [("the_process_dies_before_it_commits", ("owner", "errand", 0))],
    ),
    (_the_unknown_are_told, "I8", [("both_ask_for_a_code", ("access", 0))]),
]


@pytest.mark.parametrize(
    ("plant", "broken", "steps"), PLANTED, ids=[plant.__name__.strip("_") for plant, *_ in PLANTED]
)
def test_a_planted_defect_is_found(
    life: WholeLife, monkeypatch: pytest.MonkeyPatch, plant: Any, broken: str, steps: list[Step]
) -> None:
    life.begins("xiaohe")
    life.every_promise_is_kept()
    plant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception), match=broken):
        walk(life, "xiaohe", *steps)
    assert OWNER_ID in life.world.secrets
