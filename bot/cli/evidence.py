"""`mingshi ledger`, `mingshi receipt`, `mingshi keys`: proofs, checked by anybody."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field

from bot.cli.output import Json, console, show_json, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.cli.stored import stored
from bot.settings import Settings
from domain import Keyring
from domain.evidence import BadRow, HeadFile, Verdict, verify
from domain.evidence.ledger import canonical
from domain.vault import signature_is_good

ledger = typer.Typer(no_args_is_help=True, help="The ledger of what was shown, asked, answered and decided.")
receipt = typer.Typer(no_args_is_help=True, help="The receipts people keep.")
keys = typer.Typer(no_args_is_help=True, help="The product's keys.")


@ledger.callback()
def _ledger() -> None:
    """The ledger of what was shown, asked, answered and decided."""


@receipt.callback()
def _receipt() -> None:
    """The receipts people keep."""


@keys.callback()
def _keys() -> None:
    """The product's keys."""


@ledger.command("verify")
def verify_ledger(as_json: Json = False) -> None:
    """Check every row against its signature, the row before it and the kept heads; exit code 1 when one is bad."""
    _show(asyncio.run(ledger_verdict(settings())), as_json)


@receipt.command("verify")
def verify_receipt(
    file: Annotated[Path, typer.Argument(help="The JSON of /r/….json.")],
    public_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What `mingshi keys public` printed; this machine's keys when left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a receipt's signature offline; exit code 1 when it does not hold."""
    document = file.read_bytes()
    known = _public_keys_in(public_key) if public_key else _own_keyring(settings()).public_keys()
    _show(receipt_verdict(document, known), as_json)


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


class _Signature(BaseModel):
    """Written in one way only, so that not even the case of a letter can be changed unnoticed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    algorithm: Literal["Ed25519"]
    key: str
    value: str = Field(pattern=r"^[0-9a-f]{128}$")


class _Receipt(BaseModel):
    """Nothing stands beside the signed part: it would look as if it were signed too."""

    model_config = ConfigDict(extra="forbid", strict=True)

    receipt: dict[str, Any]
    signature: _Signature


def receipt_verdict(document: bytes, public_keys: dict[str, str]) -> Verdict:
    """Whether a receipt is, word for word, what was signed. It is one entry; a bad one has no number.

    Args:
        document: the file's bytes.
        public_keys: key id -> raw Ed25519 public key in base64.
    """
    try:
        read = _Receipt.model_validate(_strict_json(document))
    except ValueError:
        return Verdict(1, BadRow("", 1, "not a receipt"))
    platform = str(read.receipt.get("platform", ""))
    known = public_keys.get(read.signature.key)
    if known is None:
        return Verdict(1, BadRow(platform, 1, "not signed by this service"))
    try:
        signed = canonical(read.receipt)
    except ValueError:
        return Verdict(1, BadRow(platform, 1, "changed"))
    if not signature_is_good(known, signed, bytes.fromhex(read.signature.value)):
        return Verdict(1, BadRow(platform, 1, "changed"))
    return Verdict(1, None)


def _strict_json(document: bytes) -> Any:
    """JSON in which no name is given twice: of two values, another reader might take the other one."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name is given twice")
        return found

    try:
        return json.loads(document.decode("utf-8"), object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _own_keyring(chosen: Settings) -> Keyring:
    if not chosen.keys_file.exists():
        raise CannotDo(f"there are no keys at {chosen.keys_file} (MINGSHI_HOME); the first `mingshi run` makes them")
    return Keyring.load(chosen.keys_file)


def _public_keys_in(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or not found:
            raise ValueError
        if any(len(base64.b64decode(each, validate=True)) != 32 for each in found.values()):
            raise ValueError
    except (ValueError, TypeError):
        raise CannotDo(f"{file} holds no public keys: save what `mingshi keys public` prints") from None
    return found


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
