"""Whoever changes the ledger behind the service's back is found out, and the first bad row is named."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain import Domain, Keyring
from domain.evidence import SignedHead, Verdict, verify
from domain.evidence.ledger import canonical, chain_hash
from tests.domain.evidence.chains import (
    PLATFORM,
    append_questions,
    change,
    column,
    length,
    remove,
    renumber,
    take_triggers_off,
)  # fmt: skip
from tests.support.ambient import SeededChance

ENTRIES = 9  # eight questions behind the published version
_slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class _Undo(Exception):
    pass


async def _verdict_on(domain: Domain, tamper: Any) -> Verdict:
    """Tamper, verify, and leave everything as it was."""
    verdict: Verdict | None = None
    try:
        async with domain.transaction() as session:
            await take_triggers_off(session)
            await tamper(session)
            session.expire_all()
            verdict = await verify(session, domain.parts.vault.keyring.public_keys(), domain.evidence.heads.last())
            raise _Undo
    except _Undo:
        pass
    assert verdict is not None
    return verdict


@pytest.fixture
async def chain(domain: Domain) -> Domain:
    await append_questions(domain, ENTRIES - 1)
    await domain.evidence.keep_heads()
    verdict = await domain.evidence.verify()
    assert verdict.ok
    return domain


@_slow
@given(seq=st.integers(1, ENTRIES), data=st.data())
async def test_a_changed_row_is_named(chain: Domain, seq: int, data: st.DataObject) -> None:
    async def tamper(session: Any) -> None:
        name = data.draw(
            st.sampled_from(["entry", "hash", "prev_hash", "type", "subject", "entry_id", "signature", "signed_with"])
        )
        value = await column(session, seq, name)
        if isinstance(value, bytes):
            at = data.draw(st.integers(0, len(value) - 1))
            other: Any = value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]
        else:
            at = data.draw(st.integers(0, len(str(value)) - 1))
            new = data.draw(st.sampled_from('0123456789abcdef{}"x ').filter(lambda c: c != str(value)[at]))
            other = str(value)[:at] + new + str(value)[at + 1 :]
        await change(session, seq, name, other)

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.platform, verdict.first_bad.seq) == (PLATFORM, seq)


@_slow
@given(
    seq=st.integers(1, ENTRIES),
    entry=st.sampled_from(["", "1", "null", "[]", "{}", '"x"', "NaN", '{"a":NaN}', "{", "[" * 3000]),
)
async def test_a_row_that_is_no_entry_at_all_is_named(chain: Domain, seq: int, entry: str) -> None:
    verdict = await _verdict_on(chain, lambda session: change(session, seq, "entry", entry))
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == seq


@_slow
@given(seq=st.integers(1, ENTRIES))
async def test_a_missing_row_is_named(chain: Domain, seq: int) -> None:
    verdict = await _verdict_on(chain, lambda session: remove(session, seq))
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == seq
    assert verdict.first_bad.reason == ("cut off" if seq == ENTRIES else "missing")


@_slow
@given(seq=st.integers(2, ENTRIES), count=st.integers(1, ENTRIES))
async def test_a_chain_cut_off_at_its_end_is_noticed(chain: Domain, seq: int, count: int) -> None:
    async def tamper(session: Any) -> None:
        for gone in range(seq, ENTRIES + 1):
            await remove(session, gone)

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, verdict.first_bad.reason) == (seq, "cut off")


@_slow
@given(seq=st.integers(2, ENTRIES))
async def test_cutting_the_end_off_and_setting_the_head_back_is_noticed_by_the_kept_head(
    chain: Domain, seq: int
) -> None:
    async def tamper(session: Any) -> None:
        for gone in range(seq, ENTRIES + 1):
            await remove(session, gone)
        last = await column(session, seq - 1, "hash")
        await session.execute(
            text("UPDATE ledger_heads SET seq = :s, hash = :h WHERE platform_id = :p"),
            {"s": seq - 1, "h": last, "p": PLATFORM},
        )

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, verdict.first_bad.reason) == (seq, "cut off")


@_slow
@given(pair=st.tuples(st.integers(1, ENTRIES), st.integers(1, ENTRIES)).filter(lambda p: p[0] < p[1]))
async def test_two_swapped_rows_are_noticed_at_the_first_of_them(chain: Domain, pair: tuple[int, int]) -> None:
    async def tamper(session: Any) -> None:
        first, second = pair
        await renumber(session, first, 1000)
        await renumber(session, second, first)
        await renumber(session, 1000, second)

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == pair[0]


@_slow
@given(seq=st.integers(2, ENTRIES + 1))
async def test_an_inserted_row_is_named(chain: Domain, seq: int) -> None:
    """Also when it is chained and hashed properly: nobody but the service can sign it."""

    async def tamper(session: Any) -> None:
        for old in range(ENTRIES, seq - 1, -1):
            await renumber(session, old, old + 1)
        await _forge(session, seq, Keyring.create(SeededChance("a stranger")))

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == seq


async def test_a_chain_rewritten_with_other_keys_is_not_signed_by_this_service(chain: Domain) -> None:
    stranger = Keyring.create(SeededChance("a stranger"))

    async def tamper(session: Any) -> None:
        for seq in range(1, ENTRIES + 1):
            await remove(session, seq)
        for seq in range(1, ENTRIES + 1):
            await _forge(session, seq, stranger)

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, verdict.first_bad.reason) == (1, "not signed by this service")


async def test_rows_of_a_platform_that_has_no_head_are_noticed(chain: Domain) -> None:
    async def tamper(session: Any) -> None:
        await session.execute(text("UPDATE ledger SET platform_id = 'elsewhere' WHERE platform_id = 'rencai'"))
        await session.execute(text("DELETE FROM ledger_heads WHERE platform_id = 'rencai'"))

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert verdict.first_bad.platform in {"elsewhere", "rencai"}


async def test_a_forged_head_in_the_database_is_noticed(chain: Domain) -> None:
    async def tamper(session: Any) -> None:
        await session.execute(
            text("UPDATE ledger_heads SET hash = :h WHERE platform_id = :p"), {"h": "f" * 64, "p": PLATFORM}
        )

    verdict = await _verdict_on(chain, tamper)
    assert verdict.first_bad is not None
    assert verdict.first_bad.platform == PLATFORM


@pytest.mark.parametrize("hash", ["f" * 64, "not hexadecimal", ""])
@pytest.mark.parametrize("seq", [1, ENTRIES, ENTRIES + 5])
async def test_a_forged_kept_head_is_noticed(chain: Domain, hash: str, seq: int) -> None:
    forged = {PLATFORM: SignedHead(PLATFORM, seq, hash, "ledger-1", b"\0" * 64)}
    async with chain.database.reading() as session:
        verdict = await verify(session, chain.parts.vault.keyring.public_keys(), forged)
    assert verdict.first_bad is not None
    assert verdict.first_bad.reason == "the kept head is not signed by this service"


async def test_a_kept_head_of_another_history_names_the_row_where_they_part(chain: Domain) -> None:
    keys = chain.parts.vault.keyring
    hash = hashlib.sha256(b"another history").hexdigest()
    signature = keys.sign(bytes.fromhex(hash))
    other = {PLATFORM: SignedHead(PLATFORM, 4, hash, signature.key_id, signature.value)}
    async with chain.database.reading() as session:
        verdict = await verify(session, keys.public_keys(), other)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.platform, verdict.first_bad.seq) == (PLATFORM, 4)


async def test_entries_written_while_the_chain_is_verified_raise_no_alarm(chain: Domain) -> None:
    class Interrupted:
        """A session beside which another process appends after the first look."""

        def __init__(self, session: Any) -> None:
            self._session, self._done = session, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        async def execute(self, *args: Any, **kwargs: Any) -> Any:
            found = await self._session.execute(*args, **kwargs)
            if not self._done:
                self._done = True
                await append_questions(chain, 3)
            return found

    async with chain.database.reading() as session:
        verdict = await verify(Interrupted(session), chain.parts.vault.keyring.public_keys(), {})  # type: ignore[arg-type]
    assert verdict.ok, verdict.first_bad


async def test_older_signing_keys_still_verify_after_rotation(chain: Domain) -> None:
    older, newer = chain.parts.vault.keyring, Keyring.create(SeededChance("newer"))
    both = {**older.public_keys(), "ledger-2": newer.public_keys()["ledger-1"]}
    async with chain.database.reading() as session:
        assert (await verify(session, both, chain.evidence.heads.last())).ok
        assert not (await verify(session, newer.public_keys(), chain.evidence.heads.last())).ok


async def test_the_tamper_helpers_do_tamper(chain: Domain) -> None:
    """Guards the tests above: an untouched chain inside the same scaffolding is whole."""

    async def nothing(session: Any) -> None:
        assert await length(session) == ENTRIES

    assert (await _verdict_on(chain, nothing)).ok


async def _forge(session: Any, seq: int, keys: Keyring) -> None:
    found = await session.execute(
        text("SELECT hash FROM ledger WHERE platform_id = :p AND seq = :s"), {"p": PLATFORM, "s": seq - 1}
    )
    prev = found.scalar_one_or_none() or "0" * 64
    entry_id = f"00000000-0000-7000-8000-{seq:012d}"
    entry = canonical(
        {
            "schema": 1,
            "id": entry_id,
            "platform": PLATFORM,
            "seq": seq,
            "type": "question",
            "subject": "f",
            "commitments": {},
        }
    )
    hash = chain_hash(prev, entry)
    signature = keys.sign(bytes.fromhex(hash))
    await session.execute(
        text(
            "INSERT INTO ledger (platform_id, seq, entry_id, type, subject, entry, prev_hash, hash, signed_with, signature) "
            "VALUES (:p, :s, :i, 'question', 'f', :e, :prev, :h, :k, :sig)"
        ),
        {
            "p": PLATFORM,
            "s": seq,
            "i": entry_id,
            "e": entry.decode(),
            "prev": prev,
            "h": hash,
            "k": signature.key_id,
            "sig": signature.value,
        },
    )
