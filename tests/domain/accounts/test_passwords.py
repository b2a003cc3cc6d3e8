"""Password hashes: slow to guess, worthless without the pepper, bounded in memory."""

from __future__ import annotations

import asyncio
import threading

import pytest

from domain.accounts import passwords
from domain.accounts.passwords import hash_password, password_matches
from domain.vault import Keyring
from tests.support.ambient import SeededChance
from tests.support.databases import keyring

PASSWORD = "correct horse 电池 🔋"


async def test_the_right_password_matches_and_no_other() -> None:
    stored = await hash_password(keyring(), PASSWORD)
    assert await password_matches(keyring(), stored, PASSWORD)
    for other in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1]):
        assert not await password_matches(keyring(), stored, other)


async def test_the_hash_is_argon2id_of_at_least_nineteen_mebibytes_and_salted() -> None:
    one, other = await hash_password(keyring(), PASSWORD), await hash_password(keyring(), PASSWORD)
    assert one != other
    assert "$argon2id$" in one
    memory = int(one.partition("m=")[2].partition(",")[0])
    assert memory >= 19 * 1024
    assert len(one) <= 256


async def test_a_stolen_database_is_worth_nothing_without_the_pepper() -> None:
    stored = await hash_password(keyring(), PASSWORD)
    assert not await password_matches(Keyring.create(SeededChance("a thief")), stored, PASSWORD)


async def test_passwords_outlive_a_rotation_of_the_pepper() -> None:
    stored = await hash_password(keyring(), PASSWORD)
    keys = {p: dict(k) for p, k in keyring()._keys.items()}
    keys["pepper"] = {"newer": SeededChance("newer").token(32), **keys["pepper"]}
    newer = Keyring(keys)
    assert await password_matches(newer, stored, PASSWORD)
    assert (await hash_password(newer, PASSWORD)).startswith("newer:")


async def test_long_passwords_differ_to_their_last_character() -> None:
    """bcrypt would cut at 72 bytes."""
    stored = await hash_password(keyring(), "长" * 100 + "a")
    assert not await password_matches(keyring(), stored, "长" * 100 + "b")


async def test_full_width_and_half_width_are_the_same_password() -> None:
    stored = await hash_password(keyring(), "ｐａｓｓ１２３４")
    assert await password_matches(keyring(), stored, "pass1234")


@pytest.mark.parametrize(
    "stored", ["", "x", "pepper-1:", "pepper-1:$argon2id$broken", ":$argon2id$v=19$m=8,t=1,p=1$AA$AA"]
)
async def test_a_broken_hash_matches_nothing(stored: str) -> None:
    assert not await password_matches(keyring(), stored, PASSWORD)


async def test_however_many_ask_at_once_two_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """H12: a hundred sign-ups must not take two gigabytes."""
    inside, most, lock = 0, 0, threading.Lock()
    enough = threading.Event()

    class Counting:
        def hash(self, _password: bytes) -> str:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            enough.wait(0.01)
            with lock:
                inside -= 1
            return "hash"

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    await asyncio.gather(*(hash_password(keyring(), PASSWORD) for _ in range(20)))
    assert most == 2


def test_hashing_works_from_one_event_loop_after_another() -> None:
    async def storm() -> list[str]:
        return await asyncio.gather(*(hash_password(keyring(), PASSWORD) for _ in range(4)))

    for _ in range(2):
        assert len(asyncio.run(storm())) == 4
