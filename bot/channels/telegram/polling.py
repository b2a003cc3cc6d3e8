"""Fetches updates by long polling; the offset moves on only past what was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram.ingress import Ingress
from bot.channels.telegram.patience import Patience

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "channel_post", "callback_query", "my_chat_member"]
_HOLD_SECONDS = 25
_ATTEMPTS = 3


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates with each update as it came: one that cannot be parsed must not hold up the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


class Polling:
    def __init__(self, bot: Bot, ingress: Ingress, patience: Patience) -> None:
        self._bot = bot
        self._ingress = ingress
        self._patience = patience

    async def run(self) -> None:
        offset: int | None = None
        while True:
            for raw in await self._fetch(offset):
                await self._until_stored(raw)
                offset = int(raw["update_id"]) + 1

    async def _fetch(self, offset: int | None) -> list[dict[str, Any]]:
        """What has come in; nothing when it could not be asked for, after a while."""
        method = GetRawUpdates(offset=offset, timeout=_HOLD_SECONDS, allowed_updates=ALLOWED_UPDATES)
        try:
            updates = await self._bot(method, request_timeout=_HOLD_SECONDS + 15)
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        except TelegramConflictError as error:
            log.warning("updates are taken elsewhere", hint="another process polls, or a webhook is set")
            if "webhook" in error.message.casefold():
                await self._patience.until_done(self._bot.delete_webhook, "webhook not deleted")
            await self._patience.after_failure()
        except (TelegramUnauthorizedError, TelegramNotFound):
            log.error("the bot token was refused", hint="check MINGSHI_TELEGRAM__TOKEN and MINGSHI_TELEGRAM__API_BASE")
            await self._patience.after_failure(serious=True)
        except Exception as error:
            log.warning("no updates", exc=error)
            await self._patience.after_failure()
        else:
            self._patience.relax()
            return updates
        return []

    async def _until_stored(self, raw: Mapping[str, Any]) -> None:
        """Hold on to an update until it is in the inbox, however long the database is away."""
        failures = 0
        while True:
            try:
                await self._ingress.take(raw)
            except (SQLAlchemyError, OSError) as error:
                log.error("update not stored yet", update=raw.get("update_id"), exc=error)
            except Exception as error:
                failures += 1
                log.error("update failed", update=raw.get("update_id"), attempt=failures, exc=error)
                if failures >= _ATTEMPTS:
                    return
            else:
                self._patience.relax()
                return
            await self._patience.after_failure()
