"""`mingshi agreements`: read, judge, ask, compare and version agreements."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import show_agreements as shown
from bot.cli.lines import lines_of
from bot.cli.output import Json, console, show_json
from bot.cli.settings import settings
from bot.cli.stored import opened, text_in_force
from domain.agreements import ParsedAgreement, Searcher, diff, key, parse_file
from domain.agreements.versions import Version
from domain.ambient import SHANGHAI
from domain.platforms import LoadedPlatform, check
from domain.renewal.planning import Counts

group = typer.Typer(no_args_is_help=True, help="Read, judge, ask, compare and version agreements.")

_LONGEST_LABEL = 80
_LONGEST_REASON = 400
PlatformOption = Annotated[
    str | None, typer.Option("--platform", metavar="P", help="A platform's text in force, else its sample.")
]
ForPlatform = Annotated[str, typer.Option("--platform", metavar="P", help="The platform's id.")]


@group.command("parse")
def parse_(file: Annotated[Path, typer.Argument(help="txt, md, html, docx or pdf")], as_json: Json = False) -> None:
    """Read a file: title, opening, clauses with their numbers, reviewers' remarks, warnings."""
    parsed = parse_file(file)
    if as_json:
        show_json(parsed.model_dump(mode="json"))
    else:
        shown.agreement(parsed)


@group.command("key")
def key_(
    file: Annotated[Path | None, typer.Argument(help="An agreement's file.")] = None,
    platform: PlatformOption = None,
    as_json: Json = False,
) -> None:
    """Name the clauses that matter, with their labels, their tier and the words that gave them away."""
    found = key(_text(file, platform))
    if as_json:
        show_json([clause.model_dump(mode="json") for clause in found])
    else:
        shown.key_clauses(found)


@group.command("ask")
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    file: Annotated[Path | None, typer.Option(help="An agreement's file.")] = None,
    platform: PlatformOption = None,
    lines: Annotated[bool, typer.Option("--lines", help="Answer the questions on standard input, one a line.")] = False,
    as_json: Json = False,
) -> None:
    """Answer from the agreement's own words, or say that it does not tell."""
    if (question is None) != lines:
        raise typer.BadParameter("give either a question or --lines")
    searcher = Searcher(_text(file, platform))
    asked = [question] if question is not None else lines_of(sys.stdin.buffer)
    for one in asked:
        answer = searcher.ask(one)
        if as_json:
            show_json(answer.model_dump(mode="json"))
        else:
            shown.answer(one if lines else None, answer)
        sys.stdout.flush()


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The official text: txt, md, html, docx or pdf.")],
    platform: ForPlatform,
    label: Annotated[str | None, typer.Option(help="The version's name, for example 2026-01.")] = None,
    effective: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In force from this day on, 0:00 in China.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Store an official text as the platform's next version; `publish` puts it in force."""
    if label is not None and not 0 < len(label.strip()) <= _LONGEST_LABEL:
        raise typer.BadParameter(f"a label has 1 to {_LONGEST_LABEL} characters", param_hint="--label")
    chosen, raw = settings(), file.read_bytes()
    since = effective.replace(tzinfo=SHANGHAI) if effective else None

    async def work() -> tuple[Version, ParsedAgreement]:
        async with opened(chosen) as domain:
            return await domain.agreements.bring_in(
                raw, file.name, platform_id=platform, label=label.strip() if label else None, effective_at=since
            )

    version, parsed = asyncio.run(work())
    _show_version(version, list(parsed.warnings), as_json)
    if not as_json:
        console().print(
            f"put it in force: mingshi agreements publish --platform {platform} --version {version.version}"
        )


@group.command("publish")
def publish(
    platform: ForPlatform,
    version: Annotated[int | None, typer.Option(min=1, help="The version's number; the newest when left out.")] = None,
    effective: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="In force from this day on, 0:00 in China, whatever it came with."),
    ] = None,
    urgent: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why people get less than the notice; kept in the ledger.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a version in force, and say what it will lack.

    Whoever agreed to a text that says something else is asked; the version then takes effect seven days later at the
    earliest.
    """
    if urgent is not None and not 0 < len(urgent.strip()) <= _LONGEST_REASON:
        raise typer.BadParameter(f"a reason has 1 to {_LONGEST_REASON} characters", param_hint="--urgent")
    chosen = settings()

    async def work() -> tuple[Version, list[str], int]:
        async with opened(chosen) as domain:
            loaded = domain.platforms.get(platform)
            published = await domain.agreements.publish(
                platform,
                version,
                effective_at=effective.replace(tzinfo=SHANGHAI) if effective else None,
                urgent=urgent.strip() if urgent else None,
            )
            _, parsed = await domain.agreements.version(platform, published.version)
            counts = await domain.renewals.counts(platform)
            asked = sum(count.asked for count in counts if count.agreement_id == published.id)
            return published, _lacks(loaded, published, parsed), asked

    published, warnings, asked = asyncio.run(work())
    _show_version(published, warnings, as_json, asked)
    if asked and not as_json:
        console().print(shown.asked(published, asked, chosen.renewals_a_minute))


@group.command("renewals")
def renewals_(platform: ForPlatform, as_json: Json = False) -> None:
    """Tell how many people were asked about each version, and what they said."""
    chosen = settings()

    async def work() -> list[Counts]:
        async with opened(chosen) as domain:
            domain.platforms.get(platform)
            return await domain.renewals.counts(platform)

    found = asyncio.run(work())
    if as_json:
        show_json([asdict(count) for count in found])
    else:
        shown.renewals(found)


@group.command("list")
def list_(
    platform: Annotated[str | None, typer.Option("--platform", metavar="P", help="Only this platform.")] = None,
    as_json: Json = False,
) -> None:
    """List the versions, and which one is in force."""
    chosen = settings()

    async def work() -> list[dict[str, Any]]:
        async with opened(chosen) as domain:
            if platform is not None:
                domain.platforms.get(platform)
            versions = await domain.agreements.list(platform)
            in_force = {
                (await domain.agreements.in_force(p.id))[0].id for p in domain.platforms if platform in {None, p.id}
            }
            return [{**asdict(version), "in_force": version.id in in_force} for version in versions]

    records = asyncio.run(work())
    if as_json:
        show_json(records)
    else:
        shown.versions(records)


@group.command("diff")
def diff_(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, or with --platform a version's number.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same, newer.")],
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="P", help="Compare two versions of this platform.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what changed from A to B, clause by clause, and whether it changes what is said."""
    pair = (parse_file(before), parse_file(after)) if platform is None else _versions(platform, before, after)
    changes = diff(*pair)
    if as_json:
        show_json(changes.model_dump(mode="json", by_alias=True))
    else:
        shown.changes(changes)


def _text(file: Path | None, platform: str | None) -> ParsedAgreement:
    if file is not None and platform is None:
        return parse_file(file)
    if platform is not None and file is None:
        return asyncio.run(text_in_force(settings(), platform))
    raise typer.BadParameter("give either a file or --platform")


def _versions(platform: str, before: str, after: str) -> tuple[ParsedAgreement, ParsedAgreement]:
    if not (before.isdecimal() and after.isdecimal()):
        raise typer.BadParameter("with --platform, A and B are numbers of versions; `mingshi agreements list` has them")
    chosen = settings()

    async def work() -> tuple[ParsedAgreement, ParsedAgreement]:
        async with opened(chosen) as domain:
            domain.platforms.get(platform)
            _, old = await domain.agreements.version(platform, int(before))
            _, new = await domain.agreements.version(platform, int(after))
            return old, new

    return asyncio.run(work())


def _lacks(platform: LoadedPlatform, version: Version, parsed: ParsedAgreement) -> list[str]:
    """What this text cannot do yet: drafts among the cards, documents not supplied, no authorisation."""
    channel = "profile.yml channel"
    lacks = [
        f"{finding.where}: {finding.message}"
        for finding in check(platform, parsed)
        if finding.level != "lawyer" and finding.where != channel
    ]
    if not version.is_sample and not platform.profile.channel.authorised:
        lacks.append(f"{channel}: not authorised, so this text is explained and linked, and nobody is registered on it")
    return lacks


def _show_version(version: Version, warnings: list[str], as_json: bool, asked: int = 0) -> None:
    if as_json:
        show_json({**asdict(version), "warnings": warnings, **({"asked": asked} if asked else {})})
        return
    shown.versions([asdict(version)])
    for warning in warnings:
        console().print(shown.warning(warning))
