"""What holds after every step, whoever did what. The numbers are those of docs/testing.md."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import KeyDestroyed
from domain.accounts.tables import AccountIdentifierRow, AccountRow
from domain.ambient import SHANGHAI
from domain.evidence.tables import LedgerRow
from domain.identifiers.ages import age_on
from domain.identifiers.id_numbers import IdNumber, parse_id_number
from domain.vault.tables import DataKeyRow
from tests.whole_life.world import World

# What an owner does to an account only after the phone was proven for just that.
_NEEDS_PROOF = {"password_changed": "reset_password", "changed": "change", "data_shown": "access"}
_GAP, _HOUR, _DAY = timedelta(seconds=60), timedelta(hours=1), timedelta(days=1)
_UNIQUE = ("phone", "credit_code", "login_name", "member_name", "email")


async def hold(world: World, *, at_the_end: bool = False) -> None:
    """Raises AssertionError with the promise that was broken.

    Args:
        at_the_end: the evidence is read from its start once more; else only after a step that added to it.
    """
    domain, memory = world.domain, world.memory
    async with domain.database.reading() as session:
        accounts = list(await session.scalars(select(AccountRow)))
        # What was read before cannot have changed: `evidence.verify` reads all of it again.
        rows = await session.scalars(
            select(LedgerRow.entry)
            .where(LedgerRow.platform_id == world.platform, LedgerRow.seq > len(memory.ledger))
            .order_by(LedgerRow.seq)
        )
        fresh = [json.loads(entry) for entry in rows]
        memory.ledger += fresh
        ledger = memory.ledger
        data = {}
        for account in accounts:
            if account.status == "closed":
                await _erased(world, session, account)
            else:
                data[account.id] = await domain.parts.accounts.data(session, account.id)
        await _found_once(session, data)
    assert await world.watches_codes() <= 1, "I4: one step used up two codes"
    _one_code_a_success(world, ledger)
    for account in accounts:
        _rests_on_consent(world, account, ledger)
    _nobody_under_age(world, data)
    _sends_within_caps(world)
    _changes_rest_on_proofs(ledger)
    for account in accounts:
        before = memory.statuses.get(account.id), memory.passwords.get(account.id)
        if before[0] == "frozen" and account.status == "frozen":
            assert account.password_hash == before[1], "the password of a frozen account was changed"
        assert before[0] != "closed" or account.status == "closed", "a closed account came back"
        memory.statuses[account.id], memory.passwords[account.id] = account.status, account.password_hash
    _no_secret_in_clear(world)
    if fresh or at_the_end:
        await _evidence_verifies(world)


def _rests_on_consent(world: World, account: AccountRow, ledger: list[dict[str, Any]]) -> None:
    """I1: an account rests on a proven phone, and on a yes to the text that was in force when it was said."""
    registered = [e for e in ledger if e["type"] == "registered" and e["account"] == account.id]
    assert len(registered) == 1, f"I1: {account.id} was registered {len(registered)} times"
    assert registered[0]["identity"]["phone"] == "sms_code" and registered[0]["identity"]["challenge"]
    agreed = [
        e
        for e in ledger
        if e["type"] == "decided" and e["subject"] == account.evidence_subject and e["item"] == "contract"
    ]
    assert agreed and agreed[-1]["decision"] == "given", f"I1: {account.id} without a yes to the agreement"
    first = [e for e in agreed if e["seq"] < registered[0]["seq"]][-1:]
    assert first, f"I1: {account.id} was registered before its yes"
    assert agreed[-1]["agreement"]["id"] == account.agreement_id
    published = [e for e in ledger if e["type"] == "version_published"]
    for said in (*first, *(e for e in agreed if e["seq"] > registered[0]["seq"])):
        before = [e for e in published if e["seq"] < said["seq"]]
        if said["seq"] < registered[0]["seq"]:
            at = _moment(said["at"])
            counts = [e for e in before if "effective_at" not in e or _moment(e["effective_at"]) <= at]
            assert said["agreement"]["id"] == counts[-1]["agreement"]["id"], f"I1: {account.id} and a text not in force"
        else:
            # Who has an account decides about the newest text, also before it takes effect.
            assert said["agreement"]["id"] == before[-1]["agreement"]["id"], f"I1: {account.id} and an old text"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _nobody_under_age(world: World, data: dict[str, dict[str, str]]) -> None:
    """I2, as far as this agent goes today: nobody who is under age by their own number has an account."""
    for account, values in data.items():
        if "id_number" in values:
            number = parse_id_number(values["id_number"], world.clock.now().astimezone(SHANGHAI).date())
            assert isinstance(number, IdNumber)
            assert age_on(number.birth, world.clock.now().astimezone(SHANGHAI).date()) >= 18, f"I2: {account}"


async def _found_once(session: AsyncSession, data: dict[str, dict[str, str]]) -> None:
    """I3: one live account a phone, credit code and name; and each is found by what it has, by nothing else."""
    for kind in _UNIQUE:
        known = Counter(values[kind].casefold() for values in data.values() if kind in values)
        assert not [value for value, count in known.items() if count > 1], f"I3: two accounts with one {kind}"
    identifiers = (await session.execute(select(AccountIdentifierRow.account_id, AccountIdentifierRow.kind))).all()
    assert {row.account_id for row in identifiers} <= set(data), "I3: an erased account can still be found"
    for account, values in data.items():
        kinds = {row.kind for row in identifiers if row.account_id == account} - {"old_phone"}
        assert kinds == set(values) & {*_UNIQUE, "id_number"}, f"I3: {account} is found by {kinds}"


def _one_code_a_success(world: World, ledger: list[dict[str, Any]]) -> None:
    """I4: a success uses up exactly one code (`World.watches_codes` sees each of them used up, and never again)."""
    named = [e["challenge"] for e in ledger if e["type"] == "phone_proven"]
    named += [e["identity"]["challenge"] for e in ledger if e["type"] == "registered"]
    assert len(named) == len(set(named)), "I4: two successes rest on one code"
    assert {world.memory.closed[challenge] for challenge in named} <= {"proven"}, "I4: a success without a code"
    for entry in ledger:
        if entry["type"] == "phone_proven":
            conversation = entry["channel"]["conversation"]
            assert conversation not in world.strangers, "a stranger proved a phone they do not have"


def _sends_within_caps(world: World) -> None:
    """I5: as time truly passes, no phone gets more codes than the limits allow."""
    limits = world.domain.parts.verification.limits
    for phone in {sent.phone_index for sent in world.memory.sent}:
        at = sorted(sent.at for sent in world.memory.sent if sent.phone_index == phone)
        for earlier, later in itertools.pairwise(at):
            assert later - earlier >= _GAP, "I5: two codes to one phone within a minute"
        for most, span in ((limits.a_hour, _HOUR), (limits.a_day, _DAY)):
            for first, beyond in zip(at, at[most:], strict=False):
                assert beyond - first >= span, f"I5: more than {most} codes to one phone within {span}"


def _changes_rest_on_proofs(ledger: list[dict[str, Any]]) -> None:
    """Whatever changes an account follows a proof of its phone for just that, in the same conversation; a proof is
    good for one new password, and a change of phone is taken back at most once.
    """
    proofs: Counter[tuple[str, str, str]] = Counter()
    phone_changes: Counter[str] = Counter()
    for entry in ledger:
        account, channel = str(entry.get("account")), entry.get("channel")
        # Staff's decisions have a channel without a conversation.
        here = str(channel.get("conversation", "")) if isinstance(channel, dict) else ""
        match entry["type"]:
            case "phone_proven":
                proofs[account, here, entry["errand"]] += 1
            case "changed" if entry.get("undone"):
                phone_changes[account] -= 1
                assert phone_changes[account] >= 0, "a change of phone was taken back twice"
            case "frozen" if entry["phone_undone"]:
                phone_changes[account] -= 1
                assert phone_changes[account] >= 0, "a change of phone was taken back twice"
            case "password_changed" | "changed" | "data_shown" as done:
                key = (account, here, _NEEDS_PROOF[done])
                assert proofs[key] > 0, f"{done} without a phone that was proven for it"
                if done == "password_changed":
                    proofs[key] -= 1
                phone_changes[account] += done == "changed" and entry["field"] == "phone"
            case "cancelled" if here:
                assert proofs[account, here, "cancel"] > 0, "closed without a phone that was proven for it"
            case _:
                pass


async def _evidence_verifies(world: World) -> None:
    """I7: every chain is whole, signed, and reaches the head that is kept outside the database."""
    verdict = await world.domain.evidence.verify()
    assert verdict.ok, f"I7: the evidence does not verify: {verdict.first_bad}"


async def _erased(world: World, session: AsyncSession, account: AccountRow) -> None:
    """What was erased never opens again, whatever is tried."""
    assert account.sealed == b"" and account.password_hash == "" and account.old_phone is None
    key = await session.get_one(DataKeyRow, account.key_id)
    assert key.wrapped is None and key.destroyed_at is not None, "the key of an erased account is still there"
    with pytest.raises(KeyDestroyed):
        await world.domain.parts.accounts.data(session, account.id)


def _no_secret_in_clear(world: World) -> None:
    """I6: no byte of the database's files shows a phone, a document's number, a password or a code."""
    file = world.place.file
    # Beside the file stand its write-ahead log and index; both are read from the disk like a thief would.
    paths = (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm"))
    stored = b"\n".join(path.read_bytes() for path in paths if path.exists())
    for secret in world.secrets:
        assert secret.encode() not in stored, f"I6: {secret} stands in the database in clear"
    for code in world.codes:
        if code.encode() in stored:
            # Six digits also occur inside hashes and moments: a code would stand between something else than figures.
            alone = re.search(rb"(?<![0-9A-Za-z.])" + code.encode() + rb"(?![0-9A-Za-z])", stored)
            assert alone is None, f"I6: the code {code} stands in the database in clear"
