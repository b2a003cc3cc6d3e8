"""`mingshi ledger`, `receipt`, `keys`: whoever changes a proof is found out, also without the service."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import open_domain
from bot.settings import Evidence, Settings
from bot.timestamps import TimeStamps
from tests.cli.conftest import Run
from tests.cli.serving import serving, without_engine
from tests.fakes.authority import Tsa, authority, honest, root_file
from tests.support.person import Person

OK = {"ok": True, "entries": 1, "first_bad": None}


async def _register(settings: Settings) -> bytes:
    """Register somebody; returns the receipt as /r/….json gives it."""
    async with open_domain(settings) as domain:
        person = await Person.arrives(domain, "xiaohe")
        await person.registers("13800138000")
        url = next(m["card"]["json_url"] for m in person.messages if m["card"] and m["card"]["kind"] == "receipt")
        receipt_id = url.rpartition("/")[2].removesuffix(".json")
        return json.dumps(await domain.consent.receipt(receipt_id)).encode()


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which somebody has registered, with the receipt beside it."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "receipt.json").write_bytes(asyncio.run(_register(Settings(home=folder / "home"))))
    return folder


@pytest.fixture
def receipt(used: Path, home: Path) -> Path:
    """That receipt, in a copy of that home."""
    shutil.copytree(used, home.parent, dirs_exist_ok=True)
    return home.parent / "receipt.json"


def _changed(receipt: Path, change: Any) -> Path:
    document = json.loads(receipt.read_bytes())
    change(document)
    changed = receipt.with_name("changed.json")
    changed.write_text(json.dumps(document, ensure_ascii=False))
    return changed


def _names(receipt: Path) -> dict[str, str]:
    content = json.loads(receipt.read_bytes())["receipt"]
    return {"receipt": content["receipt_id"], "schema": content["schema_version"]}


def _reason(mingshi: Run, file: Path, *more: object) -> str:
    outcome = mingshi("receipt", "verify", file, *more, "--json")
    assert outcome.code == 1
    assert outcome.json["ok"] is False
    return str(outcome.json["first_bad"]["reason"])


def test_an_untouched_ledger_verifies(mingshi: Run, receipt: Path) -> None:
    verdict = mingshi("ledger", "verify", "--json")
    assert verdict.code == 0
    assert verdict.json["ok"] is True
    assert verdict.json["entries"] > 20
    assert verdict.json["first_bad"] is None
    assert mingshi("ledger", "verify").out.startswith("ok: ")


def _tamper(home: Path, *statements: str) -> None:
    connection = sqlite3.connect(home / "mingshi.db")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_changed_row_is_named_and_ends_with_1(mingshi: Run, receipt: Path, home: Path) -> None:
    _tamper(home, "UPDATE ledger SET entry = replace(entry, 'given', 'refused') WHERE platform_id = 'xiaohe'")
    verdict = mingshi("ledger", "verify", "--json")
    assert verdict.code == 1
    bad = verdict.json["first_bad"]
    assert (bad["platform"], bad["reason"]) == ("xiaohe", "changed")
    assert f"xiaohe entry {bad['seq']}: changed" in mingshi("ledger", "verify").out


def test_a_chain_cut_off_at_its_end_is_noticed(mingshi: Run, receipt: Path, home: Path) -> None:
    _tamper(
        home,
        "DELETE FROM ledger_details",
        "DELETE FROM ledger WHERE platform_id = 'xiaohe' AND seq > 3",
        "UPDATE ledger_heads SET seq = 3, hash = (SELECT hash FROM ledger WHERE platform_id = 'xiaohe' AND seq = 3)"
        " WHERE platform_id = 'xiaohe'",
    )
    bad = mingshi("ledger", "verify", "--json").json["first_bad"]
    assert bad == {"platform": "xiaohe", "seq": 4, "reason": "cut off"}


def test_a_database_that_was_thrown_away_is_noticed_and_not_made_again(mingshi: Run, receipt: Path, home: Path) -> None:
    for file in home.glob("mingshi.db*"):
        file.unlink()
    verdict = mingshi("ledger", "verify", "--json")
    assert verdict.code == 1
    assert verdict.json["first_bad"]["reason"] == "cut off"
    assert not list(home.glob("mingshi.db*"))


def test_a_ledger_nothing_was_ever_written_to_is_whole(mingshi: Run, home: Path) -> None:
    verdict = mingshi("ledger", "verify", "--json").json
    assert {name: verdict[name] for name in OK} == {"ok": True, "entries": 0, "first_bad": None}
    assert not home.exists()


def test_without_an_authority_it_is_said_that_nobody_stamps(mingshi: Run, receipt: Path) -> None:
    assert mingshi("ledger", "verify", "--json").json["time_stamps"] == {
        "authorities": [],
        "stamped": {},
        "newest": {},
        "waiting": [],
    }
    assert "MINGSHI_EVIDENCE__AUTHORITIES" in mingshi("ledger", "verify").out


def test_a_stamp_that_waits_is_told_by_verify_and_doctor_and_is_no_fault_of_the_ledger(
    mingshi: Run, receipt: Path, home: Path, tmp_path: Path
) -> None:
    tsa = Tsa(name="far")
    given = {"name": "far", "url": "http://127.0.0.1:1/tsr", "root": str(root_file(tsa, tmp_path))}

    async def look() -> None:
        evidence = Evidence.model_validate({"authorities": [given]})
        async with open_domain(Settings(home=home)) as domain, aiohttp.ClientSession() as session:
            parts = domain.parts
            await TimeStamps.of(domain.database, parts.clock, parts.chance, evidence, session).look()

    asyncio.run(look())
    told = mingshi("ledger", "verify", "--json", EVIDENCE__AUTHORITIES=json.dumps([given]))
    assert (told.code, told.json["ok"]) == (0, True)
    waiting = told.json["time_stamps"]["waiting"]
    assert {(each["authority"], each["tries"]) for each in waiting} == {("far", 1)}
    out = mingshi("ledger", "verify", EVIDENCE__AUTHORITIES=json.dumps([given])).out
    assert "time stamp waiting: xiaohe entries 1-" in out and "cannot be reached" in out
    assert mingshi("config", "--json", EVIDENCE__AUTHORITIES=json.dumps([given])).json[
        "MINGSHI_EVIDENCE__AUTHORITIES"
    ] == [given]
    doctor = mingshi("doctor", "--json", EVIDENCE__AUTHORITIES=json.dumps([given])).json["parts"]
    part = next(each for each in doctor if each["part"] == "time stamps")
    assert not part["ok"] and "far" in part["state"]


async def test_a_running_app_has_the_ledger_stamped(home: Path, tmp_path: Path) -> None:
    tsa = Tsa(name="near", valid=(timedelta(days=3650), timedelta(days=3650)))
    async with authority(honest(lambda: datetime.now(UTC)), tsa) as server:
        given = {"name": "near", "url": server.url, "root": str(root_file(tsa, tmp_path))}
        async with serving(without_engine(home, evidence=Evidence.model_validate({"authorities": [given]}))) as app:
            for _ in range(200):
                stamps = (await app.domain.evidence.verify()).anchored
                if stamps is not None and stamps.stamped.get("near") == len(list(app.domain.platforms)):
                    break
                await asyncio.sleep(0.05)
            else:
                pytest.fail("nothing was stamped")


@pytest.mark.parametrize(
    "given",
    [
        {"name": "a", "url": "ftp://x", "root": "root.pem"},
        {"name": "A b", "url": "https://x", "root": "root.pem"},
        {"name": "a", "url": "https://x", "root": "gone.pem"},
        {"name": "a", "url": "https://x", "root": "keys.json"},
    ],
)
def test_an_authority_that_cannot_work_is_refused_before_anything_starts(
    mingshi: Run, tmp_path: Path, given: dict[str, str]
) -> None:
    root_file(Tsa(name="root"), tmp_path)
    (tmp_path / "keys.json").write_text("{}")
    named = {**given, "root": str(tmp_path / given["root"])}
    outcome = mingshi("ledger", "verify", EVIDENCE__AUTHORITIES=json.dumps([named]))
    assert outcome.code == 2 and "MINGSHI_EVIDENCE__AUTHORITIES" in outcome.err
    twice = {"name": "a", "url": "https://x", "root": str(tmp_path / "root.pem")}
    assert "same name" in mingshi("ledger", "verify", EVIDENCE__AUTHORITIES=json.dumps([twice, twice])).err


def test_verifying_changes_nothing(mingshi: Run, receipt: Path, home: Path) -> None:
    before = (home / "heads.jsonl").read_bytes()
    _tamper(home, "UPDATE ledger SET subject = 'f_other' WHERE seq = 2")
    mingshi("ledger", "verify")
    assert (home / "heads.jsonl").read_bytes() == before


def test_a_receipt_verifies_here_and_elsewhere(mingshi: Run, receipt: Path, tmp_path: Path) -> None:
    told = {**OK, "key": "ledger-1", **_names(receipt)}
    assert mingshi("receipt", "verify", receipt, "--json").json == told
    keys = tmp_path / "keys.json"
    keys.write_text(mingshi("keys", "public").out)
    elsewhere = mingshi("receipt", "verify", receipt, "--public-key", keys, "--json", HOME=tmp_path / "elsewhere")
    assert (elsewhere.code, elsewhere.json) == (0, told)
    assert not (tmp_path / "elsewhere").exists()


def test_public_keys_are_public_and_nothing_else(mingshi: Run, receipt: Path, home: Path) -> None:
    printed = mingshi("keys", "public", "--json")
    secrets = [key for keys in json.loads((home / "keys.json").read_text()).values() for key in keys.values()]
    assert list(printed.json) == ["ledger-1"]
    assert not any(secret in printed.out for secret in secrets)


def test_a_flipped_byte_anywhere_in_what_a_receipt_says_is_noticed(mingshi: Run, receipt: Path) -> None:
    from bot.cli.receipts import receipt_verdict

    keys = json.loads(mingshi("keys", "public").out)
    signed = json.dumps(json.loads(receipt.read_bytes()), ensure_ascii=False, separators=(",", ":")).encode()
    assert receipt_verdict(signed, keys).ok
    signature = signed.index(b'"signature"')
    for at in (*range(0, signature, 11), *range(signature, len(signed))):
        for bit in (0x01, 0x20):  # 0x20 turns the case of a letter
            flipped = bytearray(signed)
            flipped[at] ^= bit
            assert not receipt_verdict(bytes(flipped), keys).ok, flipped[max(0, at - 20) : at + 20]


def test_a_receipt_with_another_decision_is_refused(mingshi: Run, receipt: Path) -> None:
    def turn(document: Any) -> None:
        document["receipt"]["decisions"][0]["decision"] = "refused"

    assert _reason(mingshi, _changed(receipt, turn)) == "changed"


def test_words_beside_the_signed_part_are_refused(mingshi: Run, receipt: Path) -> None:
    assert _reason(mingshi, _changed(receipt, lambda document: document.update(note="valid"))) == "not a receipt"


def test_a_name_given_twice_is_refused(mingshi: Run, receipt: Path) -> None:
    twice = receipt.with_name("twice.json")
    twice.write_bytes(b'{"receipt": {"decisions": []}, ' + receipt.read_bytes()[1:])
    assert _reason(mingshi, twice) == "not a receipt"


def test_a_receipt_of_another_service_is_refused(mingshi: Run, receipt: Path, tmp_path: Path) -> None:
    mingshi("agreements", "list", HOME=tmp_path / "other")
    keys = tmp_path / "other.json"
    keys.write_text(mingshi("keys", "public", HOME=tmp_path / "other").out)
    assert _reason(mingshi, receipt, "--public-key", keys) == "changed"
    keys.write_text(keys.read_text().replace("ledger-1", "ledger-9"))
    assert _reason(mingshi, receipt, "--public-key", keys) == "not signed by this service"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"null", b'{"receipt": 1, "signature": {}}', b"[" * 100_000, b'{"receipt": NaN}'],
)
def test_what_is_no_receipt_is_said_to_be_none(mingshi: Run, receipt: Path, content: bytes) -> None:
    receipt.write_bytes(content)
    assert _reason(mingshi, receipt) == "not a receipt"


def test_without_keys_the_mend_is_named(mingshi: Run, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text("{}")
    outcome = mingshi("receipt", "verify", file)
    assert outcome.code == 1
    assert "mingshi run" in outcome.err
    assert mingshi("receipt", "verify", tmp_path / "gone.json").code == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ledger-1": "short"}', '{"ledger-1": 5}'])
def test_a_file_without_public_keys_is_refused(mingshi: Run, receipt: Path, tmp_path: Path, content: str) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(content)
    outcome = mingshi("receipt", "verify", receipt, "--public-key", keys)
    assert outcome.code == 1
    assert "holds no public keys" in outcome.err


def test_keys_others_may_read_are_refused_in_one_line(mingshi: Run, receipt: Path, home: Path) -> None:
    (home / "keys.json").chmod(0o644)
    outcome = mingshi("ledger", "verify")
    assert outcome.code == 1
    assert outcome.err.startswith("mingshi: ")
    assert "chmod 600" in outcome.err
    assert len(outcome.err.splitlines()) == 1
