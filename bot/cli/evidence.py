"""`mingshi ledger`, `mingshi keys`: proofs, checked by anybody."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer

from bot.cli.output import Json, console, show_json, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.cli.stored import stored
from bot.settings import Settings
from domain import Keyring
from domain.evidence import BadRow, HeadFile, Verdict, verify

ledger = typer.Typer(no_args_is_help=True, help="The ledger of what was shown, asked, answered and decided.")
keys = typer.Typer(no_args_is_help=True, help="The product's keys.")


@ledger.callback()
def _ledger() -> None:
    """The ledger of what was shown, asked, answered and decided."""


@keys.callback()
def _keys() -> None:
    """The product's keys."""


@ledger.command("verify")
def verify_ledger(as_json: Json = False) -> None:
    """Check every row against its signature, the row before it and the kept heads; exit code 1 when one is bad."""
    _show(asyncio.run(ledger_verdict(settings())), as_json)


@keys.command("public")
def public(as_json: Json = False) -> None:
    """Print the public keys that check receipts and the ledger, as JSON: key id -> Ed25519 key in base64."""
    show_json(_own_keyring(settings()).public_keys())


async def ledger_verdict(chosen: Settings) -> Verdict:
    """Verify the ledger as it is; a database that is not there holds none, which kept heads contradict."""
    heads = HeadFile(chosen.heads_file).last()
    known = Keyring.load(chosen.keys_file).public_keys() if chosen.keys_file.exists() else {}
    async with stored(chosen) as database:
        if database is None:
            missing = min(heads, default=None)
            return Verdict(0, BadRow(missing, 1, "cut off") if missing is not None else None)
        async with database.reading() as session:
            return await verify(session, known, heads)


def _own_keyring(chosen: Settings) -> Keyring:
    if not chosen.keys_file.exists():
        raise CannotDo(f"there are no keys at {chosen.keys_file} (MINGSHI_HOME); the first `mingshi run` makes them")
    return Keyring.load(chosen.keys_file)


def _show(verdict: Verdict, as_json: bool) -> None:
    bad = verdict.first_bad
    if as_json:
        show_json({"ok": verdict.ok, "entries": verdict.entries, "first_bad": asdict(bad) if bad else None})
    elif bad is None:
        console().print(f"ok: {verdict.entries} {'entry' if verdict.entries == 1 else 'entries'}")
    else:
        console().print(text(f"wrong: {bad.platform} entry {bad.seq}: {bad.reason}", "red"))
    if not verdict.ok:
        raise typer.Exit(1)
