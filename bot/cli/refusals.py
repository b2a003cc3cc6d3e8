"""The one place where what went wrong becomes a line for the person at the keyboard."""

from __future__ import annotations

import errno
from typing import Any

import typer
from typer.core import TyperGroup


class CannotDo(Exception):
    """A command cannot do what was asked; the text says why and what mends it."""


class Commands(TyperGroup):
    """The root of the commands: an expected failure ends with exit code 1 and a plain line on stderr."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            reason = explain(error)
            if reason is None:
                raise
            typer.echo(f"mingshi: {reason}", err=True)
            raise typer.Exit(1) from None


def explain(error: Exception) -> str | None:
    """What to say about an expected failure; None for a defect, which keeps its traceback."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.engine_process import NoEngine
    from bot.turns.engine import EngineDown
    from domain import DomainError, KeyringError
    from domain.agreements import UnreadableAgreement
    from domain.platforms import BrokenPlatform, UnknownPlatform

    match error:
        case CannotDo() | NoEngine() | KeyringError() | UnreadableAgreement() | BrokenPlatform():
            return str(error)
        case UnknownPlatform():
            return f"no platform {error.args[0]}; `mingshi platforms check` names them all"
        case EngineDown():
            return f"the dialogue engine does not answer ({error}); `mingshi doctor` looks for the reason"
        case DomainError():
            return str(error)
        case SQLAlchemyError():
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()
            return f"the database refused: {reason[0] if reason else type(error).__name__}; see MINGSHI_DATABASE_URL"
        case OSError(errno=errno.EPIPE):
            return None
        case OSError(errno=errno.EADDRINUSE):
            return f"{error.strerror or error}: end what uses it, or set MINGSHI_PORT to a free port"
        case OSError() if error.filename is None:
            return f"{error.strerror or error}; if this is the database, see MINGSHI_DATABASE_URL"
        case OSError():
            return f"{error.filename}: {error.strerror}"
    return None
