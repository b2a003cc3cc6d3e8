"""A verdict is read by people and scripts: the row, the platform and the reason it names are exact."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain
from domain.evidence import BadRow, HeadFile, SignedHead, Verdict, verify
from domain.evidence.ledger import canonical, chain_hash
from tests.domain.evidence.chains import PLATFORM, append_questions, change, column, remove, take_triggers_off
from tests.support.databases import Place

ENTRIES = 5  # four questions behind the published version
Tamper = Callable[[AsyncSession], Awaitable[None]]


class _Undo(Exception):
    pass


@pytest.fixture
async def chain(sqlite_domain: Domain) -> Domain:
    await append_questions(sqlite_domain, ENTRIES - 1)
    await sqlite_domain.evidence.keep_heads()
    return sqlite_domain


async def _verdict(domain: Domain, tamper: Tamper, heads: dict[str, SignedHead] | None = None) -> Verdict:
    """Tamper, verify, and leave everything as it was."""
    found: list[Verdict] = []
    with pytest.raises(_Undo):
        async with domain.transaction() as session:
            await take_triggers_off(session)
            await tamper(session)
            session.expire_all()
            kept = domain.evidence.heads.last() if heads is None else heads
            found.append(await verify(session, domain.parts.vault.keyring.public_keys(), kept))
            raise _Undo
    return found[0]


async def _as_it_is(_session: AsyncSession) -> None:
    pass


async def test_every_entry_of_every_platform_is_counted(chain: Domain) -> None:
    platforms = len(list(chain.platforms))
    verdict = await chain.evidence.verify()
    assert verdict == Verdict(ENTRIES + platforms - 1, None)
    assert verdict.ok


async def test_what_was_read_before_a_fault_is_counted_as_well(chain: Domain) -> None:
    verdict = await _verdict(chain, lambda session: change(session, 2, "type", "answer"))
    before = sum(p.profile.id < PLATFORM for p in chain.platforms)
    assert verdict == Verdict(before + ENTRIES, BadRow(PLATFORM, 2, "changed"))
    assert not verdict.ok


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("entry", "{", "changed"),
        ("entry", '{ "a":1}', "changed"),
        ("type", "answer", "changed"),
        ("subject", "f_other", "changed"),
        ("hash", "0" * 64, "changed"),
        ("prev_hash", "0" * 64, "changed"),
        ("signed_with", "nobody's key", "not signed by this service"),
        ("signature", b"\0" * 64, "not signed by this service"),
    ],
)
async def test_each_fault_of_a_row_has_its_reason(chain: Domain, name: str, value: object, reason: str) -> None:
    verdict = await _verdict(chain, lambda session: change(session, 3, name, value))
    assert verdict.first_bad == BadRow(PLATFORM, 3, reason)


async def test_an_entry_whose_hash_and_signature_are_right_but_which_is_about_another_row_is_changed(
    chain: Domain,
) -> None:
    """Only the service's own key could make it; what it says about itself must still be true."""

    async def tamper(session: AsyncSession) -> None:
        last = json.loads(str(await column(session, ENTRIES, "entry")))
        entry = canonical({**last, "platform": "rencai"})
        hash = chain_hash(str(await column(session, ENTRIES, "prev_hash")), entry)
        await change(session, ENTRIES, "entry", entry.decode())
        await change(session, ENTRIES, "hash", hash)
        await change(session, ENTRIES, "signature", chain.parts.vault.keyring.sign(bytes.fromhex(hash)).value)

    assert (await _verdict(chain, tamper, {})).first_bad == BadRow(PLATFORM, ENTRIES, "changed")


async def test_a_missing_row_and_a_cut_end_are_named_by_the_row_that_should_be_there(chain: Domain) -> None:
    verdict = await _verdict(chain, lambda session: remove(session, 3))
    assert verdict.first_bad == BadRow(PLATFORM, 3, "missing")
    for heads in (None, {}):
        verdict = await _verdict(chain, lambda session: remove(session, ENTRIES), heads)
        assert verdict.first_bad == BadRow(PLATFORM, ENTRIES, "cut off")


async def test_a_chain_without_its_last_row_is_cut_off_even_when_the_head_is_gone_too(chain: Domain) -> None:
    async def no_head(session: AsyncSession) -> None:
        await session.execute(text("DELETE FROM ledger_heads WHERE platform_id = :p"), {"p": PLATFORM})

    assert (await _verdict(chain, no_head)).first_bad == BadRow(PLATFORM, ENTRIES + 1, "cut off")


async def test_a_chain_of_which_nothing_is_left_is_named_by_its_first_row(chain: Domain) -> None:
    async def nothing(session: AsyncSession) -> None:
        for seq in range(1, ENTRIES + 1):
            await remove(session, seq)
        await session.execute(text("DELETE FROM ledger_heads WHERE platform_id = :p"), {"p": PLATFORM})

    assert (await _verdict(chain, nothing)).first_bad == BadRow(PLATFORM, 1, "cut off")


async def test_a_kept_head_that_nobody_signed_is_named(chain: Domain) -> None:
    heads = chain.evidence.heads.last()
    heads[PLATFORM] = replace(heads[PLATFORM], signature=b"\0" * 64)
    reason = "the kept head is not signed by this service"
    assert (await _verdict(chain, _as_it_is, heads)).first_bad == BadRow(PLATFORM, ENTRIES, reason)


async def test_a_kept_head_of_another_history_names_the_row_that_differs(chain: Domain) -> None:
    heads = chain.evidence.heads.last()
    other = "ab" * 32
    signature = chain.parts.vault.keyring.sign(bytes.fromhex(other))
    heads[PLATFORM] = SignedHead(PLATFORM, 4, other, signature.key_id, signature.value)
    assert (await _verdict(chain, _as_it_is, heads)).first_bad == BadRow(PLATFORM, 4, "changed")


# --- the file of heads ------------------------------------------------------------------------------------


async def test_a_line_of_heads_holds_exactly_what_another_program_needs(
    sqlite_domain: Domain, sqlite_place: Place
) -> None:
    await append_questions(sqlite_domain, 1)
    await sqlite_domain.evidence.keep_heads()
    line = json.loads(sqlite_place.heads.read_text().splitlines()[-1])
    assert set(line) == {"platform", "seq", "hash", "key", "signature"}
    assert (line["platform"], line["seq"]) == (PLATFORM, 2)


@pytest.mark.parametrize("torn", ["", "{", '{"platform": "xiaohe", "seq": 9', "\n"])
async def test_a_new_head_stands_on_a_line_of_its_own(sqlite_domain: Domain, sqlite_place: Place, torn: str) -> None:
    whole = sqlite_place.heads.read_text()
    sqlite_place.heads.write_text(whole + torn)
    await append_questions(sqlite_domain, 1)
    await sqlite_domain.evidence.keep_heads()
    lines = sqlite_place.heads.read_text().splitlines()
    kept = [line for line in lines if line.strip() and line != torn]
    assert len(kept) == len(whole.splitlines()) + 1
    assert json.loads(kept[-1])["seq"] == 2
    assert ("" in lines) is (torn == "\n"), "an empty line was written where none was needed"


@pytest.mark.parametrize("content", ["", "{", "\n"])
async def test_heads_are_kept_behind_whatever_little_stands_in_the_file(
    sqlite_domain: Domain, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "deep" / "heads.jsonl"
    path.parent.mkdir()
    path.write_text(content)
    heads = HeadFile(path)
    async with sqlite_domain.database.reading() as session:
        await heads.keep(session, sqlite_domain.parts.vault.keyring.public_keys())
    assert set(HeadFile(path).last()) == {p.profile.id for p in sqlite_domain.platforms}
    assert path.read_text().startswith({"": '{"platform', "{": '{\n{"platform', "\n": '\n{"platform'}[content])


async def test_a_folder_that_is_not_there_is_made_for_the_file(sqlite_domain: Domain, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "heads.jsonl"
    async with sqlite_domain.database.reading() as session:
        await HeadFile(path).keep(session, sqlite_domain.parts.vault.keyring.public_keys())
        await HeadFile(path).keep(session, sqlite_domain.parts.vault.keyring.public_keys())
    assert len(path.read_text().splitlines()) == len(list(sqlite_domain.platforms))


async def test_a_head_whose_key_nobody_knows_is_not_kept(sqlite_domain: Domain, tmp_path: Path) -> None:
    path = tmp_path / "nobody.jsonl"
    async with sqlite_domain.database.reading() as session:
        await HeadFile(path).keep(session, {})
        await HeadFile(path).keep(session, {"another key": "AAAA"})
    assert not path.exists()
