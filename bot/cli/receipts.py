"""`mingshi receipt`: whether a receipt is what this service signed, checked by anybody and offline."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field

from bot.cli.output import Json, console, show_json, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from domain import Keyring
from domain.evidence import BadRow, Verdict
from domain.evidence.ledger import canonical
from domain.vault import signature_is_good

receipt = typer.Typer(no_args_is_help=True, help="The receipts people keep.")


@receipt.callback()
def _receipt() -> None:
    """The receipts people keep."""


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
    known = public_keys_in(public_key) if public_key else own_public_keys()
    _show(look_at(document, known), as_json)


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


@dataclass(frozen=True)
class Look:
    """What a look at a receipt found.

    Args:
        key: the key the receipt says it is signed with; None when it is no receipt.
        known: the keys it was checked against.
        receipt_id, schema: what the receipt calls itself; empty when it does not.
    """

    verdict: Verdict
    key: str | None
    known: tuple[str, ...]
    receipt_id: str = ""
    schema: str = ""


def look_at(document: bytes, public_keys: dict[str, str]) -> Look:
    """Whether a receipt, of this or an older schema, is word for word what was signed. It is one entry; a bad one has
    no number.

    Args:
        document: the file's bytes.
        public_keys: key id -> raw Ed25519 public key in base64.
    """
    known = tuple(sorted(public_keys))
    try:
        read = _Receipt.model_validate(_strict_json(document))
    except ValueError:
        return Look(_bad("", "not a receipt"), None, known)
    key, said = read.signature.key, read.receipt
    names = {"receipt_id": str(said.get("receipt_id", "")), "schema": str(said.get("schema_version", ""))}
    platform = str(said.get("platform", ""))
    if key not in public_keys:
        return Look(_bad(platform, "not signed by this service"), key, known, **names)
    try:
        good = signature_is_good(public_keys[key], canonical(said), bytes.fromhex(read.signature.value))
    except ValueError:
        good = False
    return Look(Verdict(1, None) if good else _bad(platform, "changed"), key, known, **names)


def receipt_verdict(document: bytes, public_keys: dict[str, str]) -> Verdict:
    """The verdict alone."""
    return look_at(document, public_keys).verdict


def own_public_keys() -> dict[str, str]:
    """Those of this home. Raises CannotDo when there are none."""
    chosen = settings()
    if not chosen.keys_file.exists():
        raise CannotDo(f"there are no keys at {chosen.keys_file} (MINGSHI_HOME); the first `mingshi run` makes them")
    return Keyring.load(chosen.keys_file).public_keys()


def public_keys_in(file: Path) -> dict[str, str]:
    """What `mingshi keys public` printed into this file. Raises CannotDo when it is something else."""
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or not found:
            raise ValueError
        if any(len(base64.b64decode(each, validate=True)) != 32 for each in found.values()):
            raise ValueError
    except (ValueError, TypeError):
        raise CannotDo(f"{file} holds no public keys: save what `mingshi keys public` prints") from None
    return found


def _bad(platform: str, reason: str) -> Verdict:
    return Verdict(1, BadRow(platform, 1, reason))


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


_WHY = {
    "not a receipt": "this is no receipt: it is not the JSON that /r/….json gives, or something was put beside it",
    "not signed by this service": "it is signed with a key that is not among those given",
    "changed": "the signature does not fit: something in it was changed, or the key is another service's",
}


def _show(look: Look, as_json: bool) -> None:
    verdict, bad = look.verdict, look.verdict.first_bad
    if as_json:
        show_json({
            "ok": verdict.ok, "entries": verdict.entries, "first_bad": asdict(bad) if bad else None, "key": look.key,
            "receipt": look.receipt_id or None, "schema": look.schema or None,
        })  # fmt: skip
    elif bad is None:
        console().print(text(f"ok: receipt {look.receipt_id} ({look.schema}), signed with key {look.key}"))
    else:
        console().print(text(f"wrong: {bad.platform} entry {bad.seq}: {bad.reason}", "red"))
        named = f" (signed with key {look.key}, checked against {', '.join(look.known)})" if look.key else ""
        console().print(text(f"{_WHY[bad.reason]}{named}"))
    if not verdict.ok:
        raise typer.Exit(1)
