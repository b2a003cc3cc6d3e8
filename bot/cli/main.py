"""The command line: its groups, and running the product."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from bot import logs
from bot.settings import Settings

app = typer.Typer(name="mingshi", no_args_is_help=True, add_completion=False, help="Mingshi (明示): read what matters, consent explicitly, register.")


def settings() -> Settings:
    """The settings of the environment; a wrong one ends the command with the reason."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = "MINGSHI_" + "__".join(str(part) for part in fault["loc"]).upper()
            typer.echo(f"{name.rstrip('_')}: {fault['msg']}", err=True)
        raise typer.Exit(2) from None


@app.callback()
def mingshi() -> None:
    """Settings come from the environment (prefix MINGSHI_); `mingshi doctor` tells what they are."""


@app.command()
def run(port: Annotated[int | None, typer.Option(help="port to listen on")] = None) -> None:
    """Run everything: app, dialogue engine and courier."""
    from bot.app import serve
    from bot.engine_process import NoEngine
    from domain.platforms import BrokenPlatform

    chosen = settings()
    if port is not None:
        chosen = chosen.model_copy(update={"port": port})
    logs.configure(chosen.log_level)

    async def work() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(chosen, announce=lambda url: print(f"\n  明示 Mingshi  →  {url}\n", flush=True), stop=stop)

    try:
        asyncio.run(work())
    except (BrokenPlatform, NoEngine) as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


def main() -> None:
    app()
