"""The command line: its groups, and running the product."""

from __future__ import annotations

import asyncio
import signal
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from bot.cli import agreements, casework, chat, courier, doctor, evidence, keys, news, nlu, platforms, receipts
from bot.cli.checks import is_bot_token
from bot.cli.refusals import CannotDo, Commands
from bot.cli.settings import config, settings
from bot.cli.stored import database_file
from bot.settings import Settings

app = typer.Typer(
    name="mingshi",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they show variables, and variables can be secrets
    help="Mingshi (明示): read what matters, consent explicitly, register.",
)
app.add_typer(agreements.group, name="agreements")
app.add_typer(nlu.group, name="nlu")
app.add_typer(platforms.group, name="platforms")
app.add_typer(evidence.ledger, name="ledger")
app.add_typer(receipts.receipt, name="receipt")
app.add_typer(evidence.evidence, name="evidence")
app.add_typer(keys.keys, name="keys")
app.add_typer(casework.requests, name="requests")
app.add_typer(casework.accounts, name="accounts")
app.command("chat")(chat.chat)
app.command("courier")(courier.courier)
app.command("doctor")(doctor.doctor)
app.command("notices")(news.notices)
app.command("events")(news.events)
app.command("config")(config)


@app.callback()
def mingshi() -> None:
    """Settings come from the environment: `mingshi config` shows them, `mingshi doctor` looks them over."""


@app.command()
def run(port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None) -> None:
    """Run everything: app, dialogue engine and courier."""
    _serve(_on(settings(), port))


@app.command("app")
def app_(port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None) -> None:
    """Run the app beside an engine that runs elsewhere (MINGSHI_ENGINE__URL, MINGSHI_ENGINE__TOKEN)."""
    chosen = settings()
    if chosen.engine.url is None or chosen.engine.token is None:
        raise CannotDo(
            "set MINGSHI_ENGINE__URL and MINGSHI_ENGINE__TOKEN to the engine's; `mingshi run` starts one itself"
        )
    _serve(_on(chosen, port))


def _on(chosen: Settings, port: int | None) -> Settings:
    return chosen if port is None else chosen.model_copy(update={"port": port})


def _serve(chosen: Settings) -> None:
    from bot.app import serve

    database_file(chosen)
    if not chosen.sms.elsewhere:
        courier.able(chosen)
    token = chosen.telegram.token
    if token is not None and not is_bot_token(token.get_secret_value()):
        raise CannotDo("MINGSHI_TELEGRAM__TOKEN is no token of a bot: copy it from @BotFather")

    async def work() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(chosen, announce=lambda url: print(f"\n  明示 Mingshi  →  {url}\n", flush=True), stop=stop)

    asyncio.run(work())


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A lone surrogate (bytes on the command line that are no text) becomes its escape, which JSON reads.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()
