"""What was erased must not live on in SQLite's write-ahead log."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain import Domain
from domain.vault.tables import DataKeyRow
from tests.support.databases import Place


def _stored(place: Place) -> bytes:
    """Everything a thief of the disk would have."""
    return b"".join(path.read_bytes() for path in Path(place.file.parent).glob(f"{place.file.name}*"))


async def test_after_a_checkpoint_a_destroyed_key_is_in_no_file(sqlite_domain: Domain, sqlite_place: Place) -> None:
    vault = sqlite_domain.parts.vault
    async with sqlite_domain.transaction() as session:
        key_id = await vault.new_key(session, "somebody")
        wrapped = (await session.get_one(DataKeyRow, key_id)).wrapped
    assert wrapped is not None and wrapped in _stored(sqlite_place)
    async with sqlite_domain.transaction() as session:
        await vault.destroy(session, key_id)
    await sqlite_domain.database.checkpoint()
    assert wrapped not in _stored(sqlite_place)


async def test_a_checkpoint_empties_the_log_and_the_database_goes_on(
    sqlite_domain: Domain, sqlite_place: Place
) -> None:
    async with sqlite_domain.transaction() as session:
        key_id = await sqlite_domain.parts.vault.new_key(session, "somebody")
    log = sqlite_place.file.with_name(sqlite_place.file.name + "-wal")
    assert log.stat().st_size > 0
    await sqlite_domain.database.checkpoint()
    assert log.stat().st_size == 0
    with pytest.raises(RuntimeError):
        async with sqlite_domain.transaction() as session:
            await sqlite_domain.parts.vault.destroy(session, key_id)
            raise RuntimeError
    async with sqlite_domain.transaction() as session:
        assert (await session.get_one(DataKeyRow, key_id)).wrapped is not None
