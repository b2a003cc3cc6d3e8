"""Password hashes: Argon2id with a keyed pre-digest, so that a stolen database alone gives nothing."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from domain.vault import Keyring

# OWASP's floor for Argon2id (19 MiB, two passes, one lane): about 30 ms, and bounded memory under load.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two threads of their own: bounded whatever event loop asks, and no other work waits behind them.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def _peppered(keyring: Keyring, password: str) -> tuple[str, bytes]:
    return keyring.digest("pepper", unicodedata.normalize("NFKC", password).encode())


async def hash_password(keyring: Keyring, password: str) -> str:
    """`key id:argon2 string`. Runs in a thread, two at a time."""
    key_id, peppered = _peppered(keyring, password)
    hashed = await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, peppered)
    return f"{key_id}:{hashed}"


async def password_matches(keyring: Keyring, stored: str, password: str) -> bool:
    """Whether `password` is the one that was hashed, under whichever pepper key it was."""
    _key_id, _, hashed = stored.partition(":")
    loop = asyncio.get_running_loop()
    for peppered in keyring.digests("pepper", unicodedata.normalize("NFKC", password).encode()):
        try:
            return await loop.run_in_executor(_THREADS, _HASHER.verify, hashed, peppered)
        except VerifyMismatchError:
            continue
        except (InvalidHashError, VerificationError):
            return False
    return False
