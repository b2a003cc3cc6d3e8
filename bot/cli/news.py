"""`mingshi notices` and `mingshi events`: word to the platform's people and to its systems."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.output import Json, console, minute, show_json, table, text
from bot.cli.settings import settings
from bot.cli.stored import opened
from domain.messaging.notices import DomainEvent, Notice

_PAGE = 500


def notices(
    platform: Annotated[str | None, typer.Option("--platform", metavar="P", help="Only this platform.")] = None,
    as_json: Json = False,
) -> None:
    """List what people left for the platform to read: messages, and demands of the text they refused."""
    chosen = settings()

    async def work() -> list[Notice]:
        async with opened(chosen) as domain:
            if platform is not None:
                domain.platforms.get(platform)
            return await domain.notices.all(platform)

    found = asyncio.run(work())
    if as_json:
        show_json([asdict(notice) for notice in found])
        return
    made = table("when", "platform", "topic", "words")
    for notice in found:
        made.add_row(minute(notice.created_at), text(notice.platform_id or ""), text(notice.topic), text(notice.text))
    console().print(made if found else "nothing was left")


def events(
    since: Annotated[int, typer.Option(min=0, help="Only what came after this cursor.")] = 0, as_json: Json = False
) -> None:
    """List what happened, for other systems of the platform: registered, consented, refused and so on."""
    chosen = settings()

    async def work() -> list[DomainEvent]:
        found: list[DomainEvent] = []
        async with opened(chosen) as domain:
            while page := await domain.events.since(found[-1].cursor if found else since, _PAGE):
                found += page
        return found

    found = asyncio.run(work())
    if as_json:
        show_json([asdict(event) for event in found])
        return
    made = table("cursor", "when", "platform", "what", "account", "details")
    for event in found:
        details = ", ".join(f"{name}={value}" for name, value in event.data.items())
        made.add_row(
            str(event.cursor),
            minute(event.at),
            text(event.platform_id),
            event.type,
            event.account_id or "",
            text(details),
        )
    console().print(made if found else "nothing happened")
