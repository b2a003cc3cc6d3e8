"""What belongs to a person is sealed with that person's key, and gone when the key is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain import Domain, KeyDestroyed
from domain.vault import Keyring, KeyringError, Vault
from domain.vault.tables import DataKeyRow
from tests.support.ambient import FakeClock, SeededChance
from tests.support.databases import Place, keyring, open_domain

CONTEXT = "accounts|a_1"
_quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def _new_key(domain: Domain) -> str:
    async with domain.transaction() as session:
        return await domain.parts.vault.new_key(session, "somebody")


async def _seal(domain: Domain, key_id: str, data: bytes, context: str = CONTEXT) -> bytes:
    async with domain.transaction() as session:
        return await domain.parts.vault.seal(session, key_id, context, data)


async def _unseal(domain: Domain, key_id: str, sealed: bytes, context: str = CONTEXT) -> bytes:
    async with domain.database.reading() as session:
        return await domain.parts.vault.unseal(session, key_id, context, sealed)


async def test_what_was_sealed_opens_again(domain: Domain) -> None:
    key_id = await _new_key(domain)
    for data in (b"", "王芳".encode(), b"\0" * 100_000):
        assert await _unseal(domain, key_id, await _seal(domain, key_id, data)) == data


async def test_sealing_the_same_twice_looks_different(domain: Domain) -> None:
    key_id = await _new_key(domain)
    assert await _seal(domain, key_id, b"same") != await _seal(domain, key_id, b"same")


@_quick
@given(at=st.integers(0, 12 + 6 + 16 - 1), flip=st.integers(1, 255))
async def test_a_changed_byte_anywhere_is_refused(sqlite_domain: Domain, at: int, flip: int) -> None:
    key_id = await _new_key(sqlite_domain)
    sealed = await _seal(sqlite_domain, key_id, "王芳".encode())
    changed = sealed[:at] + bytes([sealed[at] ^ flip]) + sealed[at + 1 :]
    with pytest.raises(ValueError, match="altered or moved"):
        await _unseal(sqlite_domain, key_id, changed)


@_quick
@given(keep=st.integers(0, 33))
async def test_a_truncated_value_is_refused(sqlite_domain: Domain, keep: int) -> None:
    key_id = await _new_key(sqlite_domain)
    sealed = await _seal(sqlite_domain, key_id, "王芳".encode())
    with pytest.raises(ValueError):
        await _unseal(sqlite_domain, key_id, sealed[:keep])


async def test_a_value_moved_to_another_row_or_column_is_refused(domain: Domain) -> None:
    key_id = await _new_key(domain)
    sealed = await _seal(domain, key_id, b"secret", "accounts|a_1")
    for elsewhere in ("accounts|a_2", "uploads|a_1", "accounts", ""):
        with pytest.raises(ValueError, match="altered or moved"):
            await _unseal(domain, key_id, sealed, elsewhere)


async def test_a_value_moved_to_another_person_is_refused(domain: Domain) -> None:
    one, other = await _new_key(domain), await _new_key(domain)
    sealed = await _seal(domain, one, b"secret")
    with pytest.raises(ValueError, match="altered or moved"):
        await _unseal(domain, other, sealed)


async def test_a_data_key_moved_to_another_row_does_not_open(domain: Domain, place: Place) -> None:
    one, other = await _new_key(domain), await _new_key(domain)
    sealed = await _seal(domain, one, b"secret")
    async with domain.transaction() as session:
        stolen = await session.get_one(DataKeyRow, one)
        victim = await session.get_one(DataKeyRow, other)
        victim.wrapped, victim.wrapped_with = stolen.wrapped, stolen.wrapped_with
    async with open_domain(place, seed="another process") as elsewhere:
        with pytest.raises(KeyringError):
            await _unseal(elsewhere, other, sealed)


async def test_after_its_key_was_destroyed_nothing_opens_or_seals_anywhere(domain: Domain, place: Place) -> None:
    key_id = await _new_key(domain)
    sealed = await _seal(domain, key_id, b"secret")
    async with open_domain(place, seed="another process") as elsewhere:
        assert await _unseal(elsewhere, key_id, sealed) == b"secret"
        async with domain.transaction() as session:
            await domain.parts.vault.destroy(session, key_id)
        for process in (domain, elsewhere):
            with pytest.raises(KeyDestroyed):
                await _unseal(process, key_id, sealed)
            with pytest.raises(KeyDestroyed):
                await _seal(process, key_id, b"more")


async def test_destroying_twice_keeps_the_first_moment(domain: Domain, clock: FakeClock) -> None:
    key_id = await _new_key(domain)
    moments = []
    for _ in range(2):
        async with domain.transaction() as session:
            await domain.parts.vault.destroy(session, key_id)
        async with domain.database.reading() as session:
            moments.append((await session.get_one(DataKeyRow, key_id)).destroyed_at)
        clock.forward(hours=1)
    assert moments[0] == moments[1] is not None


async def test_a_destruction_that_is_rolled_back_did_not_happen(domain: Domain) -> None:
    key_id = await _new_key(domain)
    sealed = await _seal(domain, key_id, b"secret")
    with pytest.raises(RuntimeError):
        async with domain.transaction() as session:
            await domain.parts.vault.destroy(session, key_id)
            raise RuntimeError
    assert await _unseal(domain, key_id, sealed) == b"secret"


async def test_an_unknown_key_is_as_good_as_destroyed(domain: Domain) -> None:
    with pytest.raises(KeyDestroyed):
        await _unseal(domain, "k_nobody", b"\0" * 40)


async def test_the_bytes_of_a_destroyed_key_are_in_no_file_of_the_database(
    sqlite_domain: Domain, sqlite_place: Place
) -> None:
    """Free pages and the write-ahead log count: with the keyring they would open everything again."""
    key_ids = [await _new_key(sqlite_domain) for _ in range(30)]
    async with sqlite_domain.database.reading() as session:
        rows = await session.scalars(select(DataKeyRow).where(DataKeyRow.id.in_(key_ids)))
        wrapped = {row.id: row.wrapped for row in rows}
    async with sqlite_domain.transaction() as session:
        await sqlite_domain.parts.vault.destroy(session, key_ids[7])
    await sqlite_domain.database.close()
    left = b"".join(file.read_bytes() for file in sqlite_place.file.parent.glob("mingshi.db*"))
    assert wrapped[key_ids[8]] is not None and wrapped[key_ids[8]] in left
    assert wrapped[key_ids[7]] is not None and wrapped[key_ids[7]] not in left


def _rotated(*purposes: str) -> Keyring:
    """The same keyring with a newer current key for these purposes, as an operator would add one."""
    chance = SeededChance("rotation")
    keys = {
        purpose: ({f"{purpose}-2": chance.token(32)} if purpose in purposes else {}) | known
        for purpose, known in keyring()._keys.items()
    }
    return Keyring(keys)


async def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(place: Place) -> None:
    async with open_domain(place) as before:
        key_id = await _new_key(before)
        sealed = await _seal(before, key_id, b"secret")
    async with open_domain(place, keys=_rotated("wrap"), seed="after") as after:
        assert await _unseal(after, key_id, sealed) == b"secret"
        async with after.database.reading() as session:
            old = await session.get_one(DataKeyRow, key_id)
        newer = await _new_key(after)
        async with after.database.reading() as session:
            new = await session.get_one(DataKeyRow, newer)
    assert (old.wrapped_with, new.wrapped_with) == ("wrap-1", "wrap-2")


async def test_the_ledger_stays_whole_over_a_rotation_of_its_signing_key(place: Place) -> None:
    async with open_domain(place, keys=_rotated("ledger")) as after:
        async with after.transaction() as session:
            await after.parts.ledger.append(session, "xiaohe", "question", "f", {})
        assert (await after.evidence.verify()).ok


async def test_without_the_wrapping_key_nothing_opens(place: Place) -> None:
    async with open_domain(place) as before:
        key_id = await _new_key(before)
        sealed = await _seal(before, key_id, b"secret")
    stranger = Keyring.create(SeededChance("a stranger"))
    async with open_domain(place, keys=stranger, seed="stranger") as after:
        with pytest.raises(KeyringError):
            await _unseal(after, key_id, sealed)


def test_a_blind_index_depends_on_kind_value_and_key() -> None:
    mine = Vault(keyring(), FakeClock(), SeededChance("x"))
    other = Vault(Keyring.create(SeededChance("a stranger")), FakeClock(), SeededChance("x"))
    blind = mine.blind("phone", "+8613800138000")
    assert blind == mine.blind("phone", "+8613800138000")
    assert (
        len(
            {
                blind,
                mine.blind("email", "+8613800138000"),
                mine.blind("phone", "+8613800138001"),
                other.blind("phone", "+8613800138000"),
            }
        )
        == 4
    )


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_kind_and_value_of_a_blind_index_cannot_run_into_each_other(a: str, b: str, c: str, d: str) -> None:
    vault = Vault(keyring(), FakeClock(), SeededChance("x"))
    assert ((a, b) == (c, d)) == (vault.blind(a, b) == vault.blind(c, d))
