"""`mingshi requests` and `mingshi accounts`: what the platform's people decide until a desk does."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.cli.output import Json, console, minute, show_json, table, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.cli.stored import opened
from domain.requests import Request

requests = typer.Typer(no_args_is_help=True, help="What people asked the platform for: list and decide.")
accounts = typer.Typer(no_args_is_help=True, help="Freeze an account, or make it usable again.")

Platform = Annotated[str | None, typer.Option("--platform", metavar="P", help="Only this platform.")]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who decides, for the ledger; your login name otherwise.")]
AccountId = Annotated[str, typer.Argument(metavar="ID", help="The account, as its receipt names it: a_…")]


@requests.command("list")
def list_(
    platform: Platform = None,
    every: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List requests, urgent ones first."""
    chosen = settings()

    async def work() -> list[Request]:
        async with opened(chosen) as domain:
            if platform is not None:
                domain.platforms.get(platform)
            return await domain.requests.list(platform, closed=every)

    found = asyncio.run(work())
    if as_json:
        show_json([_plain(request) for request in found])
        return
    made = table("id", "when", "platform", "what", "account", "due", "state", "words")
    for request in found:
        words = "；".join(f"{name}: {said}" for name, said in request.words.items() if said)
        made.add_row(
            request.id,
            minute(request.created_at),
            text(request.platform_id),
            text(request.kind, "red" if request.urgent else ""),
            request.account_id or "",
            request.due.isoformat() if request.due else "",
            request.state,
            text(words),
        )
    console().print(made if found else "nothing is open")


@requests.command("decide")
def decide(
    request: Annotated[str, typer.Argument(metavar="ID", help="The request: q_…")],
    granted: Annotated[bool, typer.Option("--grant/--refuse", help="What is decided.")],
    answer: Annotated[str, typer.Option("--answer", metavar="WORDS", help="What the person is told.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Decide a request and tell the person. A granted request to close closes the account and erases it."""
    chosen = settings()
    if not answer.strip():
        raise CannotDo("--answer: say why, in the platform's words; the person is told them")

    async def work() -> Request:
        async with opened(chosen) as domain:
            return await domain.requests.decide(request, granted=granted, answer=answer, by=by or getpass.getuser())

    decided = asyncio.run(work())
    if as_json:
        show_json(_plain(decided))
        return
    console().print(f"{decided.id}: {decided.state}; the person is told as soon as the app runs")


@accounts.command("freeze")
def freeze(account: AccountId, by: By = "") -> None:
    """Stop every use of an account at once and tell its person."""
    chosen = settings()

    async def work() -> None:
        async with opened(chosen) as domain:
            await domain.accounts.freeze(account, by=by or getpass.getuser())

    asyncio.run(work())
    console().print(f"{account}: frozen")


@accounts.command("unfreeze")
def unfreeze(
    account: AccountId,
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="How the owner was made sure of.")],
    by: By = "",
) -> None:
    """Make a frozen or suspended account usable again, after the owner was made sure of."""
    chosen = settings()
    if not reason.strip():
        raise CannotDo("--reason: say how the owner was made sure of; the ledger keeps it")

    async def work() -> None:
        async with opened(chosen) as domain:
            await domain.accounts.unfreeze(account, by=by or getpass.getuser(), reason=reason)

    asyncio.run(work())
    console().print(f"{account}: active")


def _plain(request: Request) -> dict[str, Any]:
    return {**asdict(request), "due": request.due.isoformat() if request.due else None}
