"""Seals what belongs to a person with that person's key; destroying the key erases it everywhere."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.errors import KeyDestroyed
from domain.vault.keyring import Keyring
from domain.vault.tables import DataKeyRow

_CACHE = 2048


class Vault:
    """AES-256-GCM with a random 96-bit nonce; `context` (table, column, row) is authenticated."""

    def __init__(self, keyring: Keyring, clock: Clock, chance: Chance) -> None:
        self.keyring = keyring
        self._clock = clock
        self._chance = chance
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    async def new_key(self, session: AsyncSession, owner: str) -> str:
        """Make a data key for `owner` and return its id."""
        key_id, key = new_id("k", self._chance), self._chance.token(32)
        wrapped_with, wrapped = self.keyring.wrap(key, key_id.encode(), self._chance.token(12))
        session.add(
            DataKeyRow(id=key_id, owner=owner, wrapped=wrapped, wrapped_with=wrapped_with, created_at=self._clock.now())
        )
        await session.flush()
        return key_id

    async def _key(self, session: AsyncSession, key_id: str) -> bytes:
        row = await session.get(DataKeyRow, key_id)
        if row is None or row.wrapped is None or row.wrapped_with is None:
            self._cache.pop(key_id, None)
            raise KeyDestroyed(key_id)
        if key_id not in self._cache:
            self._cache[key_id] = self.keyring.unwrap(row.wrapped_with, row.wrapped, key_id.encode())
            if len(self._cache) > _CACHE:
                self._cache.popitem(last=False)
        return self._cache[key_id]

    async def seal(self, session: AsyncSession, key_id: str, context: str, data: bytes) -> bytes:
        nonce = self._chance.token(12)
        return nonce + AESGCM(await self._key(session, key_id)).encrypt(nonce, data, _bound(key_id, context))

    async def unseal(self, session: AsyncSession, key_id: str, context: str, sealed: bytes) -> bytes:
        """The data again. Raises KeyDestroyed after erasure, ValueError when the bytes were tampered with."""
        key = await self._key(session, key_id)
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], _bound(key_id, context))
        except InvalidTag as error:
            raise ValueError(f"sealed data of {context} was altered or moved") from error

    async def seal_json(self, session: AsyncSession, key_id: str, context: str, value: Any) -> bytes:
        return await self.seal(session, key_id, context, json.dumps(value, ensure_ascii=False).encode())

    async def unseal_json(self, session: AsyncSession, key_id: str, context: str, sealed: bytes) -> Any:
        return json.loads(await self.unseal(session, key_id, context, sealed))

    async def destroy(self, session: AsyncSession, key_id: str) -> None:
        """Erase everything that was sealed with this key. A backup made before still holds the key until it is gone."""
        row = await session.get(DataKeyRow, key_id)
        if row is not None and row.destroyed_at is None:
            row.wrapped = row.wrapped_with = None
            row.destroyed_at = self._clock.now()
        self._cache.pop(key_id, None)

    def blind(self, kind: str, canonical: str) -> bytes:
        """A keyed digest that finds an identifier without storing it."""
        return self.keyring.digest("index", kind.encode(), canonical.encode())[1]

    def blinds(self, kind: str, canonical: str) -> list[bytes]:
        """The same under older keys too: for finding what was stored before a rotation."""
        return self.keyring.digests("index", kind.encode(), canonical.encode())


def _bound(key_id: str, context: str) -> bytes:
    return f"{key_id}|{context}".encode()
