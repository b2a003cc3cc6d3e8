"""Evidence under attack (G02, G03, G09-G11). What is asserted elsewhere:

G01: tests/domain/conversations/test_versions.py; G04, G05, G08: tests/domain/conversations/test_consent_is_an_act.py
G03: tests/domain/evidence/test_resting_on_earlier.py, for every kind of entry and in the database itself; one way below
G09: tests/domain/evidence/test_verify.py (the database), tests/cli/test_evidence_bundle.py (what was handed out); below
     what an attacker with the database's own rights has to do first
G10: tests/domain/evidence/test_stamps.py (each bad answer), test_anchors.py (waiting); below over HTTP, with the alarm
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from bot.settings import Evidence
from bot.timestamps import TimeStamps
from domain import Domain
from domain.accounts.tables import AccountRow
from domain.evidence import Verdict, verify
from domain.evidence.stamps import Authority
from domain.evidence.tables import AnchorRow, LedgerRow
from domain.evidence.texts import ChangedText
from domain.platforms import load_platforms
from tests.domain.evidence.chains import take_triggers_off
from tests.fakes.authority import Answer, AuthorityServer, Tsa, authority, honest, root_file
from tests.support.ambient import START, FakeClock, SeededChance
from tests.support.databases import Place, open_domain
from tests.support.person import Person

PLATFORM = "xiaohe"


# --- G02: a text that is not the one that was published --------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agreements SET raw = 'other words' WHERE platform_id = 'xiaohe'",
        "UPDATE agreements SET tree = replace(tree, '注册', '住册') WHERE platform_id = 'xiaohe'",
        "UPDATE agreements SET tree = '{}' WHERE platform_id = 'xiaohe'",
        "UPDATE agreements SET sha256 = text_sha256 WHERE platform_id = 'xiaohe'",
    ],
    ids=["the bytes", "the clauses", "no clauses", "the hash"],
)
async def test_a_service_whose_stored_text_was_changed_does_not_start(place: Place, change: str) -> None:
    """G02"""
    if not place.is_sqlite:
        change = change.replace("'other words'", "convert_to('other words', 'UTF8')")
    async with open_domain(place) as domain, domain.transaction() as session:
        await session.execute(text(change))
    with pytest.raises(ChangedText, match="the text of xiaohe, version 1, was changed"):
        async with open_domain(place):
            pass


async def test_a_text_exchanged_with_all_its_hashes_does_not_fit_what_the_ledger_says_was_published(
    sqlite_place: Place,
) -> None:
    """G02"""
    async with open_domain(sqlite_place) as domain, domain.transaction() as session:
        await session.execute(
            text(
                "UPDATE agreements SET (raw, tree, sha256, text_sha256) = (SELECT raw, tree, sha256, text_sha256"
                " FROM agreements WHERE platform_id = 'rencai') WHERE platform_id = 'xiaohe'"
            )
        )
    with pytest.raises(ChangedText, match="after it was published"):
        async with open_domain(sqlite_place):
            pass


async def test_a_file_changed_on_disk_changes_no_version_but_becomes_the_next_one(
    sqlite_place: Place, tmp_path: Path
) -> None:
    """G02: what people agreed to stays what it was, and the new text is published with an entry of its own."""
    import shutil

    import domain.platforms as shipped

    folder = tmp_path / "platforms" / PLATFORM
    shutil.copytree(Path(shipped.__file__).parent / PLATFORM, folder)
    sample = next(folder.glob("*.md"))
    before = sample.read_bytes()
    async with open_domain(sqlite_place) as first:
        old, _tree = await first.agreements.in_force(PLATFORM)
    sample.write_bytes(before + "\n\n另外，平台可以随时改价。\n".encode())
    async with open_domain(sqlite_place, platforms=load_platforms(tmp_path / "platforms")) as second:
        versions = await second.agreements.list(PLATFORM)
        assert [version.version for version in versions] == [1, 2]
        assert versions[0].sha256 == old.sha256
        assert versions[1].sha256 != old.sha256
        async with second.database.reading() as session:
            published = await session.scalars(
                select(LedgerRow.entry).where(LedgerRow.platform_id == PLATFORM, LedgerRow.type == "version_published")
            )
            assert [versions[at].sha256 in entry for at, entry in enumerate(published)] == [True, True]


# --- G03: consent to what was never shown ----------------------------------------------------------------


async def test_a_consent_to_a_text_that_was_served_to_somebody_else_is_refused(domain: Domain) -> None:
    """G03"""
    victim, other = [await Person.arrives(domain, PLATFORM) for _ in range(2)]
    await victim.reaches_decision()
    await other.reaches_decision()
    served = (await other.state()).served
    flow = await victim.flow()
    assert flow is not None
    with pytest.raises(ValueError, match="none such of this person"):
        async with domain.transaction() as session:
            body = {"served": served, "item": "contract", "decision": "given"}
            await domain.parts.ledger.append(session, PLATFORM, "decided", flow.id, body)
    assert (await domain.evidence.verify()).ok


# --- G09: who may change a row ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET entry = replace(entry, 'refused', 'given')",
        "DELETE FROM ledger WHERE type = 'decided'",
        "UPDATE receipts SET sha256 = ''",
        "DELETE FROM receipts",
    ],
)
async def test_the_database_refuses_the_service_itself_until_its_owner_takes_the_triggers_off(
    domain: Domain, statement: str
) -> None:
    """G09"""
    person = await Person.arrives(domain, PLATFORM)
    await person.registers("13800138000")
    with pytest.raises(DBAPIError, match=r"append-only|never changed"):
        async with domain.transaction() as session:
            await session.execute(text(statement))
    assert (await domain.evidence.verify()).ok


async def test_a_decision_turned_round_by_the_databases_owner_is_named(domain: Domain) -> None:
    """G09"""
    person = await Person.arrives(domain, PLATFORM)
    await person.registers("13800138000")
    async with domain.transaction() as session:
        await take_triggers_off(session)
        row = (
            await session.scalars(select(LedgerRow).where(LedgerRow.type == "decided").order_by(LedgerRow.seq).limit(1))
        ).one()
        seq = row.seq
        await session.execute(
            text("UPDATE ledger SET entry = replace(entry, '\"given\"', '\"refused\"') WHERE entry_id = :e"),
            {"e": row.entry_id},
        )
    bad = (await domain.evidence.verify()).first_bad
    assert bad is not None
    assert (bad.platform, bad.seq, bad.reason) == (PLATFORM, seq, "changed")


# --- G10: an authority that does not answer, or lies -------------------------------------------------------


class Operator:
    """Runs time stamps against authorities on loopback, as the app does."""

    def __init__(self, domain: Domain, clock: FakeClock, folder: Path, session: aiohttp.ClientSession) -> None:
        self.domain, self.clock, self.folder, self.session = domain, clock, folder, session

    def of(self, *servers: AuthorityServer, urls: tuple[str, ...] = ()) -> TimeStamps:
        addresses = urls or tuple(server.url for server in servers)
        settings = Evidence.model_validate({
            "timeout": 0.3,
            "authorities": [
                {"name": server.tsa.name, "url": url, "root": str(root_file(server.tsa, self.folder))}
                for server, url in zip(servers, addresses, strict=True)
            ],
        })  # fmt: skip
        chance = SeededChance("nonces")
        return TimeStamps.of(self.domain.database, self.clock, chance, settings, self.session)

    async def verdict(self, *tsas: Tsa) -> Verdict:
        keys = self.domain.parts.vault.keyring.public_keys()
        trusted = [Authority(tsa.name, tsa.roots) for tsa in tsas]
        async with self.domain.database.reading() as session:
            return await verify(session, keys, self.domain.evidence.heads.last(), trusted)

    async def rows(self) -> list[AnchorRow]:
        async with self.domain.database.reading() as session:
            return list(await session.scalars(select(AnchorRow).order_by(AnchorRow.platform_id)))


@pytest.fixture
async def operator(sqlite_domain: Domain, clock: FakeClock, tmp_path: Path) -> Any:
    async with aiohttp.ClientSession() as session:
        yield Operator(sqlite_domain, clock, tmp_path, session)


ENDED = Tsa(valid=(timedelta(days=30), timedelta(days=-1)))
STRANGER = Tsa()

WRONG: dict[str, Answer] = {
    "silence": lambda _tsa, _imprint, _nonce: None,
    "HTTP 500": lambda _tsa, _imprint, _nonce: 500,
    "a redirect": lambda _tsa, _imprint, _nonce: 302,
    "garbage": lambda _tsa, _imprint, _nonce: b"<html>please sign in</html>",
    "no end": lambda _tsa, _imprint, _nonce: b"0" * 300_000,
    "the wrong nonce": lambda tsa, imprint, nonce: tsa.answer(imprint, nonce ^ 1, START),
    "the wrong imprint": lambda tsa, imprint, nonce: tsa.answer(imprint[::-1], nonce, START),
    "a refusal": lambda tsa, imprint, nonce: tsa.answer(imprint, nonce, START, status=2),
    "a stranger's signature": lambda _tsa, imprint, nonce: STRANGER.answer(imprint, nonce, START),
    "another time": lambda tsa, imprint, nonce: tsa.answer(imprint, nonce, START + timedelta(days=30)),
}


@pytest.mark.parametrize("manner", WRONG)
async def test_an_authority_that_does_not_answer_well_leaves_the_stamp_waiting_and_raises_an_alarm(
    operator: Operator, manner: str
) -> None:
    """G10: our own clock never takes its place."""
    async with authority(WRONG[manner]) as server:
        stamps = operator.of(server)
        with capture_logs() as logs:
            assert await stamps.look() == 0
        assert {line["event"] for line in logs if line["log_level"] == "error"} == {"no time stamp"}
        rows = await operator.rows()
        assert {(row.state, row.token, row.stamped_at) for row in rows} == {("waiting", None, None)}
        verdict = await operator.verdict(server.tsa)
        assert verdict.ok and verdict.anchored is not None
        assert verdict.anchored.stamped == {}
        assert all(each.trouble for each in verdict.anchored.waiting)
        assert len(verdict.anchored.waiting) == len(rows)


async def test_an_authority_whose_certificate_has_ended_is_not_believed(operator: Operator) -> None:
    """G10"""
    async with authority(honest(), ENDED) as server:
        assert await operator.of(server).look() == 0
    assert {row.trouble for row in await operator.rows()} == {"the signer's certificate was not valid then"}


async def test_an_authority_that_comes_back_is_asked_again_and_its_stamps_are_kept(
    operator: Operator, clock: FakeClock
) -> None:
    """G10"""
    manner: list[Answer] = [WRONG["HTTP 500"]]

    def answers(tsa: Tsa, imprint: bytes, nonce: int) -> bytes | int | None:
        return manner[0](tsa, imprint, nonce)

    async with authority(answers) as server:
        stamps = operator.of(server)
        platforms = len(list(operator.domain.platforms))
        assert await stamps.look() == 0
        asked = len(server.asked)
        assert await stamps.look() == 0
        assert len(server.asked) == asked == platforms
        manner[0] = honest(clock.now)
        clock.forward(minutes=5)
        assert await stamps.look() == platforms
        later = clock.now()
        verdict = await operator.verdict(server.tsa)
        assert verdict.ok and verdict.anchored is not None
        assert (verdict.anchored.stamped, verdict.anchored.newest) == ({"tsa": platforms}, {"tsa": later})
        assert verdict.anchored.waiting == []
        assert len(set(server.asked)) == len(server.asked)


async def test_when_one_of_two_authorities_is_down_the_other_one_stamps(operator: Operator) -> None:
    """G10"""
    async with authority(tsa=Tsa(name="up")) as up, authority(tsa=Tsa(name="down")) as down:
        platforms = len(list(operator.domain.platforms))
        assert await operator.of(up, down, urls=(up.url, "http://127.0.0.1:1/")).look() == platforms
        verdict = await operator.verdict(up.tsa, down.tsa)
        assert verdict.ok and verdict.anchored is not None
        assert verdict.anchored.stamped == {"up": platforms}
        assert {each.authority for each in verdict.anchored.waiting} == {"down"}


async def test_the_metrics_tell_how_many_stamps_were_asked_for_in_vain(operator: Operator) -> None:
    """G10"""
    from bot.metrics import TIME_STAMPS_WAITING

    waiting: Callable[[], float] = lambda: TIME_STAMPS_WAITING.collect()[0].samples[0].value  # noqa: E731
    async with authority(WRONG["HTTP 500"]) as server:
        await operator.of(server).look()
        assert waiting() == len(await operator.rows()) > 0
        server.manner = honest(operator.clock.now)
        operator.clock.forward(minutes=5)
        await operator.of(server).look()
        assert waiting() == 0


# --- G11: erasure ----------------------------------------------------------------------------------------


async def test_after_an_erasure_the_chain_verifies_and_the_receipt_still_names_version_and_hash(
    domain: Domain,
) -> None:
    """G11: the registered data are gone with their key; the evidence has a key of its own."""
    person = await Person.arrives(domain, PLATFORM)
    await person.registers("13800138000")
    async with domain.database.reading() as session:
        account = (await session.scalars(select(AccountRow))).one()
    receipt_id = next(m["card"]["json_url"] for m in person.messages if m["card"] and m["card"]["kind"] == "receipt")
    receipt_id = receipt_id.rpartition("/")[2].removesuffix(".json")
    version, _tree = await domain.agreements.in_force(PLATFORM)
    async with domain.transaction() as session:
        await domain.parts.vault.destroy(session, account.key_id)
    assert (await domain.evidence.verify()).ok
    receipt = (await domain.consent.receipt(receipt_id))["receipt"]
    assert version.sha256 in str(receipt)
    bundle = await domain.evidence.bundle(account_id=account.id, reveal=True)
    assert bundle.personal is not None and bundle.personal["registered"] == {}
    assert f"receipts/{receipt_id}.json" in bundle.files
    assert "13800138000" not in str(dict(bundle.files))


async def test_after_the_evidences_own_key_is_gone_the_chain_still_verifies(domain: Domain) -> None:
    """G11: three years after the account ended nothing can be read any more, and nothing looks changed."""
    person = await Person.arrives(domain, PLATFORM)
    await person.registers("13800138000")
    async with domain.transaction() as session:
        account = (await session.scalars(select(AccountRow))).one()
        for key_id in (account.key_id, account.evidence_key_id):
            await domain.parts.vault.destroy(session, key_id)
    assert (await domain.evidence.verify()).ok
    bundle = await domain.evidence.bundle(account_id=account.id, reveal=True)
    assert not [name for name in bundle.files if name.startswith("receipts/")]
    assert {entry["type"] for entry in bundle.entries} >= {"served", "decided", "registered"}
