"""`mingshi nlu`: what the agent understands, without a conversation."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any

import aiohttp
import typer

from bot.cli.lines import batches
from bot.cli.output import Json, show_json
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.engine_process import EngineProcess, free_port, running
from bot.settings import Settings
from bot.turns.engine import Engine
from bot.turns.updates import MAX_TEXT
from domain.ambient import SHANGHAI, SystemClock
from domain.identifiers.entities import recognise
from domain.identifiers.masking import mask, neutralise
from domain.identifiers.platform_names import Aliases
from domain.platforms import load_platforms

group = typer.Typer(no_args_is_help=True, help="What the agent understands of a sentence.")

_AT_ONCE = 64  # the engine's door takes no more
_START_SECONDS = 120.0
_BATCH_SECONDS = 60.0
# A parse calls no action; should one be called all the same, nobody answers here.
_NO_ACTIONS = "http://127.0.0.1:9/"


@group.callback()
def nlu() -> None:
    """What the agent understands of a sentence."""


@group.command()
def parse(
    engine: Annotated[
        str | None, typer.Option(metavar="URL", help="A running engine (its token: MINGSHI_ENGINE__TOKEN).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read messages from standard input, one a line, and print what each means as JSON, one a line.

    The messages are masked as in a chat. Without --engine an engine is started for the purpose.
    """
    chosen = settings()
    aliases = {p.id: (p.profile.name, *p.profile.aliases) for p in load_platforms(chosen.platforms)}
    today = SystemClock().now().astimezone(SHANGHAI).date()

    async def work() -> None:
        async with _engine(chosen, engine) as door:
            async for lines in batches(sys.stdin.buffer, _AT_ONCE):
                for reading in await _read(door, lines, aliases, today):
                    show_json(reading)
                sys.stdout.flush()

    asyncio.run(work())


@asynccontextmanager
async def _engine(chosen: Settings, url: str | None) -> AsyncIterator[Engine]:
    async with aiohttp.ClientSession() as session:
        if url is not None:
            if chosen.engine.token is None:
                raise CannotDo("set MINGSHI_ENGINE__TOKEN to the token of the engine at --engine")
            yield Engine(session, url, chosen.engine.token.get_secret_value(), _BATCH_SECONDS)
            return
        port, token = free_port(), secrets.token_hex(24)
        door = Engine(session, f"http://127.0.0.1:{port}", token, _BATCH_SECONDS)
        async with running(EngineProcess(port=port, token=token, actions_url=_NO_ACTIONS)):
            await _until_ready(door)
            yield door


async def _until_ready(door: Engine) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await door.ready():  # noqa: ASYNC110 - another process gets ready
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise CannotDo(f"the engine was not ready within {_START_SECONDS:.0f} s: run `mingshi doctor`") from None


async def _read(door: Engine, lines: Sequence[str], aliases: Aliases, today: date) -> list[dict[str, Any]]:
    """What each line means. A line no chat would take (empty, over-long, not text) has intent null."""
    heard = [_as_heard(line) for line in lines]
    asked = [text for text in heard if text is not None]
    parsed = iter(await door.parse(asked) if asked else [])
    readings = []
    for line, text in zip(lines, heard, strict=True):
        best = _best(next(parsed)) if text is not None else {"name": None, "confidence": 0.0}
        entities = recognise(line, aliases, today) if text is not None else []
        readings.append(
            {
                "text": line,
                "intent": best["name"],
                "confidence": best["confidence"],
                "entities": [{"entity": e.entity, "value": e.value, "start": e.start, "end": e.end} for e in entities],
            }
        )
    return readings


def _as_heard(line: str) -> str | None:
    """The message as the engine gets it in a chat, or None when a chat refuses it before."""
    clean = neutralise(line, MAX_TEXT)
    return mask(clean).text if isinstance(clean, str) and clean.strip() else None


def _best(reading: dict[str, Any]) -> dict[str, Any]:
    """The likeliest intent itself, also where the agent would ask back for want of confidence."""
    best: dict[str, Any] = (reading["ranking"] or [reading["intent"]])[0]
    return best
