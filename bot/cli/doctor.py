"""`mingshi doctor`: every part of this installation, ok or what is wrong and the mend."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer
from pydantic import ValidationError

from bot.cli.checks import Part, examine, wrong
from bot.cli.output import Json, console, show_json, text
from bot.cli.settings import faults, settings
from bot.settings import Settings


def doctor(as_json: Json = False) -> None:
    """Look every part over: what is wrong, and what mends it. Exit code 1 when something is wrong."""
    parts = _parts()
    ok = all(part.ok for part in parts)
    if as_json:
        show_json({"ok": ok, "parts": [asdict(part) for part in parts]})
    else:
        out = console()
        for part in parts:
            out.print(text(f"{'ok   ' if part.ok else 'wrong'}  {part.part}: {part.state}", "" if part.ok else "red"))
            if part.mend:
                out.print(text(f"       mend: {part.mend}"))
    if not ok:
        raise typer.Exit(1)


def _parts() -> list[Part]:
    try:
        Settings()
    except ValidationError as error:
        return [wrong("settings", fault, "set the variable as the message says") for fault in faults(error)]
    return asyncio.run(examine(settings()))
