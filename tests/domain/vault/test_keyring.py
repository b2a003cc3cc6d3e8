"""The key file: made once, readable by its owner alone, never overwritten."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from domain.ambient import SystemChance
from domain.vault import Keyring, KeyringError, signature_is_good
from tests.support.ambient import SeededChance


def test_a_first_start_makes_keys_that_only_the_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    old = os.umask(0)
    try:
        Keyring.load_or_create(path, SeededChance("first"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_a_second_start_reads_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keyring.load_or_create(path, SeededChance("first"))
    before = path.read_bytes()
    second = Keyring.load_or_create(path, SeededChance("second"))
    assert path.read_bytes() == before
    assert first.public_keys() == second.public_keys()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o666])
def test_a_key_file_that_others_can_read_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    Keyring.load_or_create(path, SeededChance("first"))
    path.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600"):
        Keyring.load(path)
    with pytest.raises(KeyringError, match="chmod 600"):
        Keyring.load_or_create(path, SeededChance("second"))


def _document(path: Path) -> dict[str, dict[str, str]]:
    Keyring.load_or_create(path, SeededChance("first"))
    document: dict[str, dict[str, str]] = json.loads(path.read_text())
    return document


@pytest.mark.parametrize("purpose", ["wrap", "index", "buttons", "codes", "pages", "ledger", "pepper"])
def test_a_file_without_a_key_for_every_purpose_is_refused(tmp_path: Path, purpose: str) -> None:
    path = tmp_path / "keys.json"
    document = _document(path)
    for broken in ({k: v for k, v in document.items() if k != purpose}, {**document, purpose: {}}):
        path.write_text(json.dumps(broken))
        with pytest.raises(KeyringError):
            Keyring.load(path)


@pytest.mark.parametrize(
    "key", [base64.b64encode(b"\0" * 31).decode(), base64.b64encode(b"\0" * 33).decode(), "", "!!!!", "你好"]
)
def test_a_key_of_the_wrong_length_or_alphabet_is_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({**_document(path), "wrap": {"wrap-1": key}}))
    with pytest.raises(KeyringError):
        Keyring.load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"wrap": []}'])
def test_a_file_that_is_no_key_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyringError):
        Keyring.load_or_create(path, SeededChance("first"))
    assert path.read_bytes() == content


def test_what_a_crash_left_of_an_earlier_start_does_not_stop_this_one(tmp_path: Path) -> None:
    """In a container the process id is the same every time."""
    path = tmp_path / "keys.json"
    path.with_suffix(f".{os.getpid()}.new").write_text("half a fi")
    keyring = Keyring.load_or_create(path, SeededChance("first"))
    assert Keyring.load(path).public_keys() == keyring.public_keys()


def _start(path: Path, together: Any, told: Any) -> None:
    together.wait()
    told.put(Keyring.load_or_create(path, SystemChance()).public_keys()["ledger-1"])


def test_processes_that_start_at_once_share_one_set_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    world = multiprocessing.get_context("fork")
    together, told = world.Barrier(4), world.SimpleQueue()
    processes = [world.Process(target=_start, args=(path, together, told)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4
    assert {told.get() for _ in processes} == {Keyring.load(path).public_keys()["ledger-1"]}
    assert [file.name for file in tmp_path.iterdir()] == ["keys.json"]


def _with_newer(keyring: Keyring, purpose: str) -> Keyring:
    keys = {p: dict(k) for p, k in keyring._keys.items()}
    keys[purpose] = {"newer": SeededChance("newer").token(32), **keys[purpose]}  # type: ignore[index]
    return Keyring(keys)


def test_signatures_and_digests_of_an_older_key_stay_good() -> None:
    old = Keyring.create(SeededChance("old"))
    signature = old.sign(b"data")
    key_id, digest = old.digest("codes", b"a", b"b")
    new = _with_newer(_with_newer(old, "ledger"), "codes")
    assert signature_is_good(new.public_keys()[signature.key_id], b"data", signature.value)
    assert new.sign(b"data").key_id == "newer"
    assert new.digest_matches("codes", key_id, digest, b"a", b"b")
    assert digest in new.digests("codes", b"a", b"b")
    assert new.digest("codes", b"a", b"b") != (key_id, digest)


def test_a_digest_under_an_unknown_key_or_of_other_parts_does_not_match() -> None:
    keyring = Keyring.create(SeededChance("one"))
    key_id, digest = keyring.digest("codes", b"ab", b"c")
    assert keyring.digest_matches("codes", key_id, digest, b"ab", b"c")
    assert not keyring.digest_matches("codes", key_id, digest, b"a", b"bc")
    assert not keyring.digest_matches("codes", "retired", digest, b"ab", b"c")
    assert not keyring.digest_matches("pages", key_id, digest, b"ab", b"c")


def test_a_signature_is_bad_over_other_data_another_key_or_garbage() -> None:
    one, other = Keyring.create(SeededChance("one")), Keyring.create(SeededChance("other"))
    public = one.public_keys()["ledger-1"]
    signature = one.sign(b"data").value
    assert signature_is_good(public, b"data", signature)
    assert not signature_is_good(public, b"Data", signature)
    assert not signature_is_good(other.public_keys()["ledger-1"], b"data", signature)
    assert not signature_is_good(public, b"data", signature[:-1])
    assert not signature_is_good("not a key", b"data", signature)
