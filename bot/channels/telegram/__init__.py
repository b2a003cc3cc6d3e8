"""The Telegram channel: the same conversation as on the web, in a private chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BotCommand

from bot.channels.telegram.delivery import Delivery
from bot.channels.telegram.ingress import Ingress
from bot.channels.telegram.pacing import Pace
from bot.channels.telegram.patience import Patience
from bot.channels.telegram.polling import ALLOWED_UPDATES, Polling
from bot.channels.telegram.screen import Artist
from bot.channels.telegram.sending import Sender
from bot.channels.telegram.webhook import PATH, Webhook
from bot.channels.telegram.words import Words

if TYPE_CHECKING:
    from bot.app import App
    from bot.wording.render import Renderer

log = structlog.get_logger()

__all__ = ["telegram_channel"]

# A call that hangs is given up well before another process may take its message over.
_CALL_SECONDS = 20


@asynccontextmanager
async def telegram_channel(app: App) -> AsyncIterator[None]:
    """Take in updates by polling or by webhook, as the settings say, and deliver replies.

    Telegram need not be reachable when this begins; it is tried until it is.

    Raises:
        aiogram.utils.token.TokenValidationError: the token has not the form of one.
    """
    settings = app.settings.telegram
    assert settings.token is not None
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.api_base), timeout=_CALL_SECONDS)
    bot = Bot(settings.token.get_secret_value(), session=session)
    words = Words.read()
    ingress = Ingress(app.domain, app.doorway, app.hub, bot, words, messages_a_minute=app.settings.messages_a_minute)
    sender = Sender(bot, Pace(asyncio.get_running_loop().time), words)
    delivery = Delivery(app.domain, app.hub, Artist(words), sender)
    introduce = partial(_introduce, bot, ingress, words, app.renderer)
    if settings.mode == "webhook":
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
        app.web.router.add_post(PATH, Webhook(ingress, secret).handle)
        app.spawn(_by_webhook(bot, f"{app.settings.public}{PATH}", secret, introduce), "telegram set-up")
    else:
        app.spawn(_by_polling(bot, ingress, introduce), "telegram updates")
    app.spawn(delivery.run(), "telegram delivery")
    try:
        yield
    finally:
        await ingress.close()
        await session.close()


async def _by_polling(bot: Bot, ingress: Ingress, introduce: Callable[[], Coroutine[Any, Any, None]]) -> None:
    patience = Patience()
    # What came in while the process was down is kept: nobody's message is dropped.
    await patience.until_done(partial(bot.delete_webhook, drop_pending_updates=False), "webhook not deleted")
    introduction = asyncio.create_task(introduce())
    try:
        await Polling(bot, ingress, patience).run()
    finally:
        introduction.cancel()


async def _by_webhook(bot: Bot, url: str, secret: str, introduce: Callable[[], Coroutine[Any, Any, None]]) -> None:
    if not url.startswith("https://"):
        log.warning("webhook address is not https", hint="Telegram's own servers refuse it: set MINGSHI_PUBLIC_URL")
    setting = partial(
        bot.set_webhook, url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False
    )
    await Patience().until_done(setting, "webhook not set")
    await introduce()


async def _introduce(bot: Bot, ingress: Ingress, words: Words, renderer: Renderer) -> None:
    """Learn the bot's own name, for links that open it, and put up its menu of commands."""
    patience = Patience()

    async def learn() -> None:
        ingress.username = renderer.bot_name = (await bot.me()).username

    await patience.until_done(learn, "own name not learnt")
    commands = [BotCommand(command=name, description=text) for name, text in words.commands.items()]
    await patience.until_done(partial(bot.set_my_commands, commands), "commands not set")
