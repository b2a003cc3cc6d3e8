"""The product's own keys: they live in a file (or a secret store), never in the database.

Every key has an id; the first of a purpose is the current one, older ones still open and verify.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.ambient import Chance

Purpose = Literal["wrap", "index", "buttons", "codes", "pages", "ledger", "pepper"]
_PURPOSES: tuple[Purpose, ...] = ("wrap", "index", "buttons", "codes", "pages", "ledger", "pepper")


class KeyringError(Exception):
    """The key file is missing a key, unreadable, or open to others."""


@dataclass(frozen=True)
class Signature:
    key_id: str
    value: bytes


class Keyring:
    """Wraps data keys, signs, and makes keyed digests.

    Args:
        keys: purpose -> {key id: 32 bytes}; insertion order counts, the first is current.
    """

    def __init__(self, keys: Mapping[Purpose, Mapping[str, bytes]]) -> None:
        for purpose in _PURPOSES:
            if not keys.get(purpose):
                raise KeyringError(f"no key for {purpose}")
            if any(len(key) != 32 for key in keys[purpose].values()):
                raise KeyringError(f"a key for {purpose} is not 32 bytes long")
        self._keys = {purpose: dict(keys[purpose]) for purpose in _PURPOSES}

    @classmethod
    def create(cls, chance: Chance) -> Keyring:
        return cls({purpose: {f"{purpose}-1": chance.token(32)} for purpose in _PURPOSES})

    @classmethod
    def load(cls, path: Path) -> Keyring:
        try:
            document = json.loads(path.read_text())
            keys = {p: {i: base64.b64decode(k, validate=True) for i, k in document[p].items()} for p in _PURPOSES}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyringError(f"{path}: not a key file ({type(error).__name__})") from error
        if path.stat().st_mode & 0o077:
            raise KeyringError(f"{path} can be read by others: chmod 600 {path}")
        return cls(keys)

    @classmethod
    def load_or_create(cls, path: Path, chance: Chance) -> Keyring:
        """The keys in `path`; on a first start they are made, and never overwritten afterwards."""
        if path.exists():
            return cls.load(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        keyring = cls.create(chance)
        draft = keyring._drafted(path, chance)
        try:
            # A link fails when another process was first; then its keys are the ones that count.
            os.link(draft, path)
        except FileExistsError:
            return cls.load(path)
        finally:
            draft.unlink()
        return keyring

    @classmethod
    def rotate(cls, path: Path, purpose: Purpose, chance: Chance) -> str:
        """Put a new key before those of a purpose; the older ones go on to open and verify. Returns its id.

        A process that is running works with the keys it has read until it is started again. Raises KeyringError, also
        when another rotation was faster.
        """
        before = path.read_bytes() if path.exists() else b""
        keyring = cls.load(path)
        numbers = [int(each.rpartition("-")[2]) for each in keyring._keys[purpose] if each.rpartition("-")[2].isdigit()]
        key_id = f"{purpose}-{max(numbers, default=0) + 1}"
        keyring._keys[purpose] = {key_id: chance.token(32), **keyring._keys[purpose]}
        draft = keyring._drafted(path, chance)
        try:
            with path.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                if path.read_bytes() != before:
                    raise KeyringError(f"{path} was changed meanwhile: look at it, and rotate again if it is needed")
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return key_id

    def _drafted(self, path: Path, chance: Chance) -> Path:
        """These keys in a file beside `path`, whole on the disk and for its owner alone."""
        document = {p: {i: base64.b64encode(k).decode() for i, k in ks.items()} for p, ks in self._keys.items()}
        # Not the process id: in a container it is always the same, and a crash may have left a draft behind.
        draft = path.with_suffix(f".{chance.token(8).hex()}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _current(self, purpose: Purpose) -> tuple[str, bytes]:
        return next(iter(self._keys[purpose].items()))

    def wrap(self, key: bytes, bound_to: bytes, nonce: bytes) -> tuple[str, bytes]:
        """Seal a data key with the current wrapping key. Returns (key id, nonce and ciphertext)."""
        key_id, wrapping = self._current("wrap")
        return key_id, nonce + AESGCM(wrapping).encrypt(nonce, key, bound_to)

    def unwrap(self, key_id: str, wrapped: bytes, bound_to: bytes) -> bytes:
        try:
            return AESGCM(self._keys["wrap"][key_id]).decrypt(wrapped[:12], wrapped[12:], bound_to)
        except (KeyError, InvalidTag) as error:
            raise KeyringError(f"wrapping key {key_id} does not open this data key") from error

    def digest(self, purpose: Purpose, *parts: bytes) -> tuple[str, bytes]:
        """HMAC-SHA256 with the current key over length-prefixed parts. Returns (key id, 32 bytes)."""
        key_id, key = self._current(purpose)
        return key_id, _digest(key, parts)

    def digests(self, purpose: Purpose, *parts: bytes) -> list[bytes]:
        """The same under every key of the purpose, the current one first: for looking up and verifying."""
        return [_digest(key, parts) for key in self._keys[purpose].values()]

    def digest_matches(self, purpose: Purpose, key_id: str, expected: bytes, *parts: bytes) -> bool:
        key = self._keys[purpose].get(key_id)
        return key is not None and hmac.compare_digest(_digest(key, parts)[: len(expected)], expected)

    def sign(self, data: bytes) -> Signature:
        """Ed25519 with the current ledger key."""
        key_id, seed = self._current("ledger")
        return Signature(key_id, Ed25519PrivateKey.from_private_bytes(seed).sign(data))

    def public_keys(self) -> dict[str, str]:
        """Ledger key id -> raw public key in base64: all a verifier needs."""
        return {
            key_id: base64.b64encode(
                Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            ).decode()
            for key_id, seed in self._keys["ledger"].items()
        }


def signature_is_good(public_key: str, data: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds under a raw base64 public key."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _digest(key: bytes, parts: tuple[bytes, ...]) -> bytes:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8))
        mac.update(part)
    return mac.digest()
