"""The signed heads kept outside the database."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from domain import Domain
from domain.evidence import HeadFile, verify
from tests.domain.evidence.chains import PLATFORM, append_questions, take_triggers_off
from tests.support.databases import Place


async def test_the_newest_head_of_every_chain_is_kept_when_the_domain_closes(domain: Domain, place: Place) -> None:
    await append_questions(domain, 3)
    await domain.evidence.keep_heads()
    heads = HeadFile(place.heads).last()
    assert set(heads) == {p.profile.id for p in domain.platforms}
    assert heads[PLATFORM].seq == 4


async def test_lines_are_only_ever_added(domain: Domain, place: Place) -> None:
    before = place.heads.read_text()
    await append_questions(domain, 1)
    await domain.evidence.keep_heads()
    await domain.evidence.keep_heads()
    after = place.heads.read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == len(before.splitlines()) + 1


async def test_a_line_torn_by_a_power_cut_is_passed_over(sqlite_domain: Domain, sqlite_place: Place) -> None:
    whole = HeadFile(sqlite_place.heads).last()
    with sqlite_place.heads.open("a") as file:
        file.write('{"platform": "xiaohe", "seq": 99, "ha')
    assert HeadFile(sqlite_place.heads).last() == whole
    assert (await sqlite_domain.evidence.verify()).ok


async def test_a_head_kept_after_a_torn_line_can_be_read(sqlite_domain: Domain, sqlite_place: Place) -> None:
    with sqlite_place.heads.open("a") as file:
        file.write('{"platform": "xiaohe", "seq": 99, "ha')
    await append_questions(sqlite_domain, 2)
    await sqlite_domain.evidence.keep_heads()
    assert HeadFile(sqlite_place.heads).last()[PLATFORM].seq == 3


async def test_the_furthest_head_counts_wherever_its_line_stands(tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    lines = [{"platform": PLATFORM, "seq": seq, "hash": f"{seq}", "key": "k", "signature": ""} for seq in (2, 7, 3)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert HeadFile(file).last()[PLATFORM].seq == 7


def test_no_file_means_no_heads(tmp_path: Path) -> None:
    assert HeadFile(tmp_path / "none.jsonl").last() == {}


async def test_a_database_set_back_to_an_old_backup_is_noticed(sqlite_domain: Domain, sqlite_place: Place) -> None:
    await append_questions(sqlite_domain, 5)
    await sqlite_domain.evidence.keep_heads()
    ahead = sqlite_domain.evidence.heads.last()
    async with sqlite_domain.transaction() as session:
        await take_triggers_off(session)
        await session.execute(text("DELETE FROM ledger WHERE platform_id = 'xiaohe' AND seq > 2"))
        await session.execute(
            text(
                "UPDATE ledger_heads SET seq = 2, hash = (SELECT hash FROM ledger WHERE platform_id = 'xiaohe' AND seq = 2) WHERE platform_id = 'xiaohe'"
            )
        )
    async with sqlite_domain.database.reading() as session:
        verdict = await verify(session, sqlite_domain.parts.vault.keyring.public_keys(), ahead)
    assert verdict.first_bad is not None
    assert (verdict.first_bad.seq, verdict.first_bad.reason) == (3, "cut off")
