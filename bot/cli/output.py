"""What the commands print: JSON for programs, plain or rich text for people."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.channels.terminal.plain import printable
from domain.ambient import SHANGHAI

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


# Line ends and terminal commands to some readers; JSON itself lets them stand.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029]")


def show_json(value: Any) -> None:
    """Print a value as JSON on exactly one line; moments become ISO 8601."""
    line = json.dumps(value, ensure_ascii=False, default=_plain)
    typer.echo(_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", line))


_PIPE_COLUMNS = 160


def console() -> Console:
    """Where people read. Long lines are left to the terminal, so that what is copied stays whole."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)


def text(words: object, style: str = "") -> Text:
    """Words from a file or a person as they are: neither markup nor terminal commands in them work."""
    return Text(printable(str(words)), style=style)


def table(*headings: str, long: str | None = None) -> Table:
    """An empty table; only the column `long`, else the last one, is broken into lines."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading != (long or headings[-1]))
    return made


def day(moment: datetime | None) -> str:
    """The day of a moment in China, or nothing."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d") if moment else ""


def minute(moment: datetime | None) -> str:
    """A moment in China to the minute, or nothing."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else ""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
