"""`mingshi evidence export`: what is handed to others proves itself, without the service and without a network."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.app import open_domain
from bot.settings import Evidence, Settings
from bot.timestamps import TimeStamps
from domain.accounts.tables import AccountRow
from domain.evidence.bundle import verify_bundle
from tests.cli.conftest import Run
from tests.fakes.authority import Tsa, authority, honest, root_file
from tests.support.ambient import START, FakeClock, SeededChance
from tests.support.person import Person

Files = dict[str, bytes]
PHONE = "13800138000"


async def _live(folder: Path) -> dict[str, str]:
    """Two people register, mixed with each other; the first rows are stamped, the last ones not yet."""
    clock, settings = FakeClock(), Settings(home=folder / "home")
    async with open_domain(settings, clock=clock, chance=SeededChance("bundle")) as domain:
        one, other = await Person.arrives(domain, "xiaohe"), await Person.arrives(domain, "xiaohe")
        await one.begins()
        await other.begins()
        await one.says("会把我的电话给谁？", wish="question")
        await one.reads()
        await other.reads()
        await one.answers_consents()
        await one.agrees()
        await one.proves(PHONE)
        await one.fills_chat()
        async with authority(honest(clock.now), Tsa(name="ntsc")) as server, aiohttp.ClientSession() as session:
            root = root_file(server.tsa, folder)
            given = {"name": "ntsc", "url": server.url, "root": str(root)}
            evidence = Evidence.model_validate({"authorities": [given]})
            stamps = TimeStamps.of(domain.database, clock, domain.parts.chance, evidence, session)
            assert await stamps.look() == len(list(domain.platforms))
        await one.sends_page()
        await other.answers_consents()
        async with domain.database.reading() as session_:
            account = (await session_.scalars(select(AccountRow))).one()
        (folder / "keys.json").write_text(json.dumps(domain.parts.vault.keyring.public_keys()))
    return {"account": account.id, "subject": account.evidence_subject}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    (folder / "who.json").write_text(json.dumps(asyncio.run(_live(folder))))
    return folder


@pytest.fixture
def account(lived: Path, home: Path) -> str:
    """The account, in a copy of that home."""
    shutil.copytree(lived / "home", home)
    return str(json.loads((lived / "who.json").read_text())["account"])


@pytest.fixture
def bundle(mingshi: Run, account: str, tmp_path: Path) -> Path:
    out = tmp_path / "bundle"
    exported = mingshi("evidence", "export", "--person", account, "--out", out, "--json")
    assert exported.code == 0, exported.err
    assert exported.json["rows"] > exported.json["stamped"] > 10
    return out


def _check(place: Path, *options: object, program: Path | None = None) -> tuple[int, dict[str, Any]]:
    """Run the bundle's own verifier as a stranger does: a process of its own that sees nothing of this project."""
    command = [sys.executable, "-I", str(program or place / "verify.py"), str(place), *map(str, options), "--json"]
    environment = {"PATH": os.environ["PATH"]}
    ran = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert not ran.stderr, ran.stderr
    return ran.returncode, json.loads(ran.stdout)


def test_a_bundle_proves_itself_to_a_stranger(bundle: Path, lived: Path) -> None:
    code, told = _check(bundle)
    assert (code, told["ok"], told["first_bad"]) == (0, True, None)
    assert told["messages"] > 3 and told["receipts"] == 1
    rows = json.loads((bundle / "rows.json").read_text())
    assert 0 < len(told["stamped"]) < told["entries"] == len(rows)
    assert {stamp[0][:10] for stamp in told["stamped"].values()} == {"2026-03-02"}
    assert _check(bundle, "--keys", lived / "keys.json", "--root", lived / "ntsc.pem")[0] == 0


def test_the_verifier_says_in_words_what_it_rests_on(bundle: Path) -> None:
    ran = subprocess.run([sys.executable, "-I", bundle / "verify.py"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert "existed at 2026-03-02" in ran.stdout
    assert "ledger-1 SHA-256" in ran.stdout and "CN=ntsc root SHA-256" in ran.stdout


def test_keys_and_roots_of_somebody_else_are_noticed(bundle: Path, lived: Path, tmp_path: Path) -> None:
    keys = tmp_path / "other.json"
    keys.write_text(json.dumps({"ledger-1": "A" * 43 + "="}))
    assert _check(bundle, "--keys", keys)[0] == 1
    code, told = _check(bundle, "--root", root_file(Tsa(name="other"), tmp_path))
    assert (code, told["first_bad"]["reason"]) == (1, "its time stamp leads to no root that is trusted")


def test_a_zip_is_the_same_bundle(mingshi: Run, account: str, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle.zip"
    assert mingshi("evidence", "export", "--person", account, "--out", out).code == 0
    assert _check(out, program=bundle / "verify.py")[0] == 0
    assert set(zipfile.ZipFile(out).namelist()) == set(_files(bundle))


def test_nothing_of_anybody_elses_entries_is_in_it_and_nothing_personal_unless_revealed(
    mingshi: Run, account: str, bundle: Path, lived: Path, tmp_path: Path
) -> None:
    subject = json.loads((lived / "who.json").read_text())["subject"]
    entries = [json.loads(row["entry"]) for row in json.loads((bundle / "rows.json").read_text())]
    assert {entry["subject"] for entry in entries} == {subject, "platform"}
    assert {entry["type"] for entry in entries} >= {"version_published", "served", "decided", "receipt_issued"}
    everything = b"".join(_files(bundle).values())
    assert PHONE.encode() not in everything and "会把我的电话给谁".encode() not in everything
    out = tmp_path / "revealed"
    assert mingshi("evidence", "export", "--person", account, "--out", out, "--reveal").code == 0
    summary = (out / "摘要.html").read_text()
    assert PHONE in summary and "会把我的电话给谁" in summary and "王芳" in summary
    assert _check(out)[0] == 0


def test_the_summary_says_plainly_what_happened(bundle: Path) -> None:
    summary = (bundle / "摘要.html").read_text()
    for words in ("屏幕上显示了条款", "按了按钮“我已了解”", "的决定：同意", "账号注册完成", "python verify.py", "ntsc"):
        assert words in summary, words
    assert "没有证明什么" in summary and "<script" not in summary


def test_a_receipt_or_an_entry_leads_to_the_same_person(
    mingshi: Run, account: str, bundle: Path, tmp_path: Path
) -> None:
    rows = json.loads((bundle / "rows.json").read_text())
    decided = next(entry for row in rows if (entry := json.loads(row["entry"]))["type"] == "decided")
    receipt = next((bundle / "receipts").iterdir()).stem
    for number, proof in enumerate((decided["id"], receipt)):
        out = tmp_path / f"proof{number}"
        assert mingshi("evidence", "export", "--consent", proof, "--out", out).code == 0
        assert json.loads((out / "rows.json").read_text()) == rows
    assert 'class="asked"' in (tmp_path / "proof0" / "摘要.html").read_text()


def test_what_cannot_be_exported_is_said_in_one_line(mingshi: Run, account: str, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "none"
    for arguments in (["--person", "a_nobody"], ["--consent", "nothing"], [], ["--person", account, "--consent", "x"]):
        outcome = mingshi("evidence", "export", *arguments, "--out", out)
        assert outcome.code == 1 and len(outcome.err.splitlines()) == 1
        assert not out.exists()
    assert "not written over" in mingshi("evidence", "export", "--person", account, "--out", bundle).err


def test_an_erased_person_can_be_exported_still(mingshi: Run, account: str, home: Path, tmp_path: Path) -> None:
    async def erase() -> None:
        async with open_domain(Settings(home=home)) as domain, domain.transaction() as session:
            row = await session.get_one(AccountRow, account)
            await domain.parts.vault.destroy(session, row.key_id)

    asyncio.run(erase())
    out = tmp_path / "erased"
    assert mingshi("evidence", "export", "--person", account, "--out", out, "--reveal").code == 0
    assert "已经销毁" in (out / "摘要.html").read_text()
    assert _check(out)[0] == 0


# --- what was changed afterwards -----------------------------------------------------------------------------


def _files(bundle: Path) -> Files:
    return verify_bundle.read_files(bundle)


def _verdict(files: Files) -> dict[str, Any]:
    return verify_bundle.verify(files, None, [])


@pytest.fixture(scope="module")
def files(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A bundle as its files, for changes by the hundred; the same program as verify.py, in this process."""
    from bot.evidence_bundle import complete

    home = tmp_path_factory.mktemp("whole") / "home"
    shutil.copytree(lived / "home", home)
    account = json.loads((lived / "who.json").read_text())["account"]

    async def export() -> Files:
        async with open_domain(Settings(home=home)) as domain:
            return complete(await domain.evidence.bundle(account_id=account, reveal=True))

    return asyncio.run(export())


def _rows(files: Files) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files["rows.json"])
    return found


def _with(files: Files, name: str, value: Any) -> Files:
    return {**files, name: json.dumps(value, ensure_ascii=False).encode()}


_many = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_many
@given(data=st.data())
def test_whatever_is_done_to_the_rows_the_first_bad_one_is_named(files: Files, data: st.DataObject) -> None:
    rows = _rows(files)
    numbers = [row["seq"] for row in rows]
    at = data.draw(st.integers(0, len(rows) - 1))
    deed = data.draw(st.sampled_from(["rewrite", "drop", "swap", "duplicate", "truncate"]))
    bad = numbers[at]
    match deed:
        case "rewrite":
            field = data.draw(st.sampled_from(["entry", "prev_hash", "hash", "signature", "key"]))
            place = data.draw(st.integers(0, len(rows[at][field]) - 1))
            new = data.draw(st.sampled_from("0123456789abcdefXYZ").filter(lambda c: c != rows[at][field][place]))
            rows[at][field] = rows[at][field][:place] + new + rows[at][field][place + 1 :]
        case "drop":
            del rows[at]
        case "swap":
            other = data.draw(st.integers(0, len(rows) - 1).filter(lambda n: n != at))
            rows[at], rows[other] = rows[other], rows[at]
            bad = numbers[min(at, other)]
        case "duplicate":
            rows.insert(at, dict(rows[at]))
            bad = numbers[at + 1] if at + 1 < len(numbers) else numbers[at]
        case "truncate":
            del rows[at:]
    verdict = _verdict(_with(files, "rows.json", rows))
    assert not verdict["ok"]
    assert verdict["first_bad"]["seq"] == bad, (deed, verdict)


@_many
@given(data=st.data())
def test_whatever_is_done_to_any_file_it_is_noticed(files: Files, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    deed = data.draw(st.sampled_from(["flip", "cut", "remove", "add"]))
    changed = dict(files)
    match deed:
        case "flip":
            at = data.draw(st.integers(0, len(content) - 1))
            changed[name] = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
        case "cut":
            changed[name] = content[: data.draw(st.integers(0, len(content) - 1))]
        case "remove":
            del changed[name]
        case "add":
            changed[f"{name}.more"] = b"x"
    try:
        verdict = _verdict(changed)
    except verify_bundle.NoBundle:
        return
    if changed.get("manifest.sig.json") != content and name == "manifest.sig.json" and verdict["ok"]:
        # Only what JSON does not count (white space) may differ there: nothing but the signature stands in it.
        assert json.loads(changed[name]) == json.loads(content)
        return
    assert not verdict["ok"], (name, deed)
    assert verdict["first_bad"]["reason"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rows.json", lambda rows: rows[0].update(signature=rows[1]["signature"])),
        ("neighbours.json", lambda found: found.pop(next(iter(found)))),
        ("neighbours.json", lambda found: next(iter(found.values())).update(hash="0" * 64)),
        ("anchors.json", lambda found: found[0].update(nonce="0000000000000001")),
        ("anchors.json", lambda found: found[0]["paths"].update({next(iter(found[0]["paths"])): []})),
        ("messages.json", lambda found: next(iter(found.values())).update(words="别的话")),
        ("personal.json", lambda found: next(iter(found["words"].values()))["text"].update(text="别的话")),
    ],
)
def test_a_proof_that_was_exchanged_names_the_row_it_was_for(
    files: Files, name: str, change: Callable[[Any], object]
) -> None:
    value = json.loads(files[name])
    change(value)
    bad = _verdict(_with(files, name, value))["first_bad"]
    assert bad is not None and bad["seq"] in {row["seq"] for row in _rows(files)}


def test_a_text_exchanged_for_another_names_the_first_entry_that_rests_on_it(files: Files) -> None:
    raw = next(name for name in files if "/raw" in name)
    bad = _verdict({**files, raw: files[raw] + b"\n"})["first_bad"]
    rests = [row["seq"] for row in _rows(files) if "agreement" in json.loads(row["entry"])]
    assert bad["seq"] == rests[0]
    tree = next(name for name in files if name.endswith("/clauses.json"))
    changed = files[tree].replace("注册".encode(), "住册".encode())
    assert changed != files[tree]
    assert "says something else" in _verdict({**files, tree: changed})["first_bad"]["reason"]


def test_what_is_no_bundle_is_said_to_be_none(bundle: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "gone", tmp_path):
        ran = subprocess.run(
            [sys.executable, "-I", bundle / "verify.py", place], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 2 and "no bundle" in ran.stderr


def test_a_name_given_twice_in_the_list_is_no_list(files: Files) -> None:
    """Of two values another reader might take the other one."""
    twice = files["manifest.json"].replace(b'"platform"', b'"platform": "xiaohe", "platform"', 1)
    verdict = _verdict({**files, "manifest.json": twice})
    assert not verdict["ok"]


def test_the_stamps_are_all_of_the_same_moment_the_authority_told(files: Files) -> None:
    verdict = _verdict(files)
    assert verdict["ok"], verdict
    assert {at for at, _name in verdict["stamped"].values()} == {START.isoformat()}
