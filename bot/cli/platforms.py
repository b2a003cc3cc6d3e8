"""`mingshi platforms`: look platforms over, and pin cards to the texts they were reviewed for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.output import Json, console, show_json, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from domain.agreements import parse_file
from domain.platforms import BrokenPlatform, Finding, check, load_platforms, pin

group = typer.Typer(no_args_is_help=True, help="The platforms served.")

_STYLES = {"error": "red", "warning": "yellow", "lawyer": "dim"}


@group.command("check")
def check_(
    platforms: Annotated[list[str] | None, typer.Argument(metavar="[P]...", help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """Look platforms over: errors, what works less well than it could, what a lawyer must see.

    Exit code 1 when one has an error or cannot be read.
    """
    found = look_over(settings().platforms)
    unknown = sorted(set(platforms or ()) - set(found))
    if unknown:
        raise CannotDo(f"no platform {', '.join(unknown)}; there are {', '.join(found)}")
    parts = [
        {"platform": id, "ok": all(f.level != "error" for f in findings), "findings": [asdict(f) for f in findings]}
        for id, findings in found.items()
        if not platforms or id in platforms
    ]
    ok = all(part["ok"] for part in parts)
    if as_json:
        show_json({"ok": ok, "platforms": parts})
    else:
        _show(parts)
    if not ok:
        raise typer.Exit(1)


@group.command("pin")
def pin_(
    platform: Annotated[str, typer.Argument(metavar="ID", help="The platform.")],
    texts: Annotated[
        list[Path] | None, typer.Option("--text", metavar="FILE", help="An official text the cards were read beside.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write down that the platform's cards, as they are, were reviewed for its sample and for these texts."""
    loaded = load_platforms(settings().platforms).get(platform)
    pin(loaded.folder, [loaded.sample, *(parse_file(file) for file in texts or ())])
    if as_json:
        show_json({"platform": platform, "cards": len(loaded.cards), "texts": 1 + len(texts or ())})
    else:
        console().print(f"{len(loaded.cards)} cards of {platform} pinned for {1 + len(texts or ())} text(s)")


def look_over(extra: Path | None) -> dict[str, list[Finding]]:
    """What there is to say about each platform, by id. Where one cannot be read, only those that cannot are told."""
    try:
        return {platform.id: check(platform) for platform in load_platforms(extra)}
    except BrokenPlatform as broken:
        found: defaultdict[str, list[Finding]] = defaultdict(list)
        for problem in broken.problems:
            where = str(problem.file) if problem.line is None else f"{problem.file}:{problem.line}"
            folder = problem.file if problem.file == extra else problem.file.parent
            found[folder.name].append(Finding("error", where, problem.reason))
        return dict(found)


def _show(parts: list[dict[str, Any]]) -> None:
    out = console()
    for part in parts:
        out.print(text(f"{part['platform']}: {'ok' if part['ok'] else 'wrong'}", "bold" if part["ok"] else "bold red"))
        for finding in part["findings"]:
            out.print(
                text(f"  {finding['level']}: {finding['where']}: {finding['message']}", _STYLES[finding["level"]])
            )
