"""`mingshi keys`: new keys sign, old ones go on to verify, and only public halves are given away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.app import open_domain
from bot.settings import Settings
from domain import Keyring, KeyringError
from domain.vault.keyring import signature_is_good
from tests.cli.conftest import Run
from tests.support.ambient import SeededChance


async def _ask(settings: Settings) -> bool:
    async with open_domain(settings) as domain:
        async with domain.transaction() as session:
            await domain.parts.ledger.append(session, "xiaohe", "question", "f_1", {})
        return (await domain.evidence.verify()).ok


def test_after_a_rotation_the_new_key_signs_and_what_the_old_one_signed_verifies(
    mingshi: Run, home: Path, settings: Settings
) -> None:
    assert asyncio.run(_ask(settings))
    rotated = mingshi("keys", "rotate", "--json")
    assert (rotated.code, rotated.json) == (0, {"key": "ledger-2", "keys": ["ledger-2", "ledger-1"]})
    assert asyncio.run(_ask(settings))
    assert mingshi("ledger", "verify", "--json").json["ok"]
    keys = Keyring.load(home / "keys.json")
    assert keys.sign(b"x").key_id == "ledger-2"
    assert mingshi("keys", "rotate").code == 0
    assert list(mingshi("keys", "public").json) == ["ledger-3", "ledger-2", "ledger-1"]


def test_a_rotation_changes_no_other_key_and_leaves_the_file_to_its_owner_alone(mingshi: Run, home: Path) -> None:
    mingshi("agreements", "list")
    before = json.loads((home / "keys.json").read_text())
    mingshi("keys", "rotate")
    after = json.loads((home / "keys.json").read_text())
    assert {name: keys for name, keys in after.items() if name != "ledger"} == {
        name: keys for name, keys in before.items() if name != "ledger"
    }
    assert after["ledger"]["ledger-1"] == before["ledger"]["ledger-1"]
    assert (home / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in home.glob("keys*")] == ["keys.json"]


def test_public_keys_are_written_into_a_file_for_others(mingshi: Run, home: Path, tmp_path: Path) -> None:
    mingshi("agreements", "list")
    mingshi("keys", "rotate")
    file = tmp_path / "public.json"
    assert mingshi("keys", "public", file).code == 0
    given = json.loads(file.read_text())
    signature = Keyring.load(home / "keys.json").sign(b"receipt")
    assert signature_is_good(given[signature.key_id], b"receipt", signature.value)
    secrets = [key for keys in json.loads((home / "keys.json").read_text()).values() for key in keys.values()]
    assert not any(secret in file.read_text() for secret in secrets)


def test_without_keys_there_is_nothing_to_rotate(mingshi: Run, home: Path) -> None:
    outcome = mingshi("keys", "rotate")
    assert outcome.code == 1
    assert "mingshi run" in outcome.err
    assert not home.exists()


def test_a_rotation_that_another_one_overtook_loses_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.json"
    Keyring.load_or_create(path, SeededChance("first"))
    real = Keyring._drafted

    def overtaken(self: Keyring, file: Path, chance: SeededChance) -> Path:
        monkeypatch.undo()
        Keyring.rotate(file, "ledger", SeededChance("other"))
        return real(self, file, chance)

    monkeypatch.setattr(Keyring, "_drafted", overtaken)
    with pytest.raises(KeyringError, match="changed meanwhile"):
        Keyring.rotate(path, "ledger", SeededChance("late"))
    assert list(Keyring.load(path).public_keys()) == ["ledger-2", "ledger-1"]
    assert [each.name for each in tmp_path.iterdir()] == ["keys.json"]
