"""`mingshi keys`: the keys that sign receipts and the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import Json, console, show_json
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.settings import Settings
from domain import Keyring
from domain.ambient import SystemChance

keys = typer.Typer(no_args_is_help=True, help="The product's keys.")


@keys.callback()
def _keys() -> None:
    """The product's keys."""


@keys.command("public")
def public(
    file: Annotated[Path | None, typer.Argument(help="Where to write them; printed when left out.")] = None,
    as_json: Json = False,
) -> None:
    """The public keys that check receipts and the ledger, as JSON: key id -> Ed25519 key in base64, newest first."""
    found = own_keyring(settings()).public_keys()
    if file is None:
        show_json(found)
        return
    file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if as_json:
        show_json({"file": str(file), "keys": list(found)})
    else:
        console().print(f"{len(found)} public {'key' if len(found) == 1 else 'keys'} written to {file}", markup=False)


@keys.command("rotate")
def rotate(as_json: Json = False) -> None:
    """Make a new key that signs from now on; what older ones signed still verifies. Restart the app afterwards."""
    chosen = settings()
    own_keyring(chosen)
    made = Keyring.rotate(chosen.keys_file, "ledger", SystemChance())
    if as_json:
        show_json({"key": made, "keys": list(own_keyring(chosen).public_keys())})
    else:
        console().print(
            f"{made} signs from the next start on: restart the app, back {chosen.keys_file} up, and give others the new"
            " list (mingshi keys public FILE)",
            markup=False,
        )


def own_keyring(chosen: Settings) -> Keyring:
    """The keys of this home. Raises CannotDo when there are none."""
    if not chosen.keys_file.exists():
        raise CannotDo(f"there are no keys at {chosen.keys_file} (MINGSHI_HOME); the first `mingshi run` makes them")
    return Keyring.load(chosen.keys_file)
