"""The settings a command works with, and showing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot import logs
from bot.cli.output import Json, console, show_json, table, text
from bot.settings import Settings


def settings() -> Settings:
    """The settings of the environment; wrong ones end the command with the reasons, exit code 2."""
    try:
        chosen = Settings()
    except ValidationError as error:
        for reason in faults(error):
            typer.echo(f"mingshi: {reason}", err=True)
        raise typer.Exit(2) from None
    logs.configure(chosen.log_level)
    return chosen


def faults(error: ValidationError) -> list[str]:
    """What is wrong with the settings, by the names of the environment; values are not repeated."""
    return [
        f"{_name(*fault['loc']) or 'settings'}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False)
    ]


def config(as_json: Json = False) -> None:
    """Show the settings in effect, as environment variables; secrets are hidden."""
    effective = shown(settings())
    if as_json:
        show_json(effective)
        return
    made = table("variable", "value")
    for name, value in effective.items():
        made.add_row(name, text("" if value is None else value))
    console().print(made)


def shown(chosen: Settings) -> dict[str, Any]:
    """Every setting in effect by its environment variable, nothing secret in it."""
    effective = dict(_flat(chosen, ()))
    effective["MINGSHI_DATABASE_URL"] = _without_password(chosen.database)
    effective["MINGSHI_PUBLIC_URL"] = chosen.public
    return effective


def _flat(model: BaseModel, above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, BaseModel):
            yield from _flat(value, (*above, field))
        elif isinstance(value, SecretStr):
            yield _name(*above, field), "(hidden)"
        else:
            plain = value is None or isinstance(value, bool | int | float)
            yield _name(*above, field), value if plain else _listed(value) if isinstance(value, tuple) else str(value)


def _listed(values: tuple[Any, ...]) -> list[Any]:
    return [each.model_dump(mode="json") if isinstance(each, BaseModel) else each for each in values]


def _name(*parts: object) -> str:
    return "MINGSHI_" + "__".join(str(part) for part in parts).upper() if parts else ""


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(not a URL)"
