"""`mingshi ledger`, `mingshi evidence`: proofs, checked by anybody."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.output import Json, console, minute, show_json, text
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings
from bot.cli.stored import opened, stored
from bot.settings import Settings
from bot.timestamps import authorities_of
from domain import Keyring
from domain.evidence import BadRow, HeadFile, Verdict, verify
from domain.evidence.anchors import Anchored

ledger = typer.Typer(no_args_is_help=True, help="The ledger of what was shown, asked, answered and decided.")
evidence = typer.Typer(no_args_is_help=True, help="Evidence about one person, for others to check.")


@ledger.callback()
def _ledger() -> None:
    """The ledger of what was shown, asked, answered and decided."""


@evidence.callback()
def _evidence() -> None:
    """Evidence about one person, for others to check."""


@ledger.command("verify")
def verify_ledger(as_json: Json = False) -> None:
    """Check every row against its signature, the row before it, the kept heads and the time stamps; exit code 1 when
    one is bad.
    """
    chosen = settings()
    _show(asyncio.run(ledger_verdict(chosen)), chosen, as_json)


@evidence.command("export")
def export(
    out: Annotated[Path, typer.Option(metavar="FILE.zip|FOLDER", help="Where to write it; must not be there yet.")],
    person: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="All about this account's person.")] = None,
    consent: Annotated[
        str | None,
        typer.Option(metavar="ENTRY|RECEIPT", help="All about the person of this ledger entry or receipt."),
    ] = None,
    reveal: Annotated[
        bool, typer.Option(help="Also what was registered and asked, in clear, as long as its key lives.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the evidence about one person into one bundle that anybody can check offline (python verify.py)."""
    from bot.evidence_bundle import write_bundle

    if (person is None) == (consent is None):
        raise CannotDo("name either --person ACCOUNT or --consent ENTRY_OR_RECEIPT_ID")
    if out.exists():
        raise CannotDo(f"{out} is there already: evidence is not written over")
    chosen = settings()

    async def work() -> dict[str, Any]:
        async with opened(chosen) as domain:
            bundle = await domain.evidence.bundle(account_id=person, proof_id=consent, reveal=reveal)
        await asyncio.to_thread(write_bundle, bundle, out)
        return {
            "file": str(out), "platform": bundle.platform_id, "rows": len(bundle.rows), "stamped": bundle.stamped_rows,
            "revealed": bundle.personal is not None,
        }  # fmt: skip

    if not chosen.keys_file.exists():
        raise CannotDo(f"there are no keys at {chosen.keys_file} (MINGSHI_HOME); the first `mingshi run` makes them")
    told = asyncio.run(work())
    if as_json:
        show_json(told)
        return
    console().print(text(f"{told['rows']} entries of {told['platform']} written to {out}, {told['stamped']} of them"
                         " under a time stamp"))  # fmt: skip
    console().print(text("check it with `python verify.py` in the unpacked bundle; read 摘要.html"))


async def ledger_verdict(chosen: Settings) -> Verdict:
    """Verify the ledger as it is; a database that is not there holds none, which kept heads contradict."""
    heads = HeadFile(chosen.heads_file).last()
    known = Keyring.load(chosen.keys_file).public_keys() if chosen.keys_file.exists() else {}
    async with stored(chosen) as database:
        if database is None:
            missing = min(heads, default=None)
            return Verdict(0, BadRow(missing, 1, "cut off") if missing is not None else None)
        async with database.reading() as session:
            return await verify(session, known, heads, authorities_of(chosen.evidence))


def stamps_in_words(anchored: Anchored | None, chosen: Settings) -> list[str]:
    """How the time stamps stand, a line each."""
    lines = []
    if not chosen.evidence.authorities:
        lines.append("time stamps: none are asked for (MINGSHI_EVIDENCE__AUTHORITIES): when something was written rests"
                     " on this machine's clock alone")  # fmt: skip
    if anchored is None:
        return lines
    for name, count in sorted(anchored.stamped.items()):
        lines.append(f"time stamps: {count} by {name}, the newest of {minute(anchored.newest[name])}")
    for each in anchored.waiting:
        trouble = f"tried {each.tries} times: {each.trouble}" if each.trouble else "not asked for yet"
        lines.append(f"time stamp waiting: {each.platform} entries {each.from_seq}-{each.to_seq} by {each.authority},"
                     f" {trouble}")  # fmt: skip
    return lines


def _stamps(anchored: Anchored | None, chosen: Settings) -> dict[str, Any]:
    return {
        "authorities": [each.name for each in chosen.evidence.authorities],
        "stamped": dict(anchored.stamped) if anchored else {},
        "newest": {name: at.isoformat() for name, at in anchored.newest.items()} if anchored else {},
        "waiting": [asdict(each) for each in anchored.waiting] if anchored else [],
    }


def _show(verdict: Verdict, chosen: Settings, as_json: bool) -> None:
    bad = verdict.first_bad
    if as_json:
        show_json({
            "ok": verdict.ok, "entries": verdict.entries, "first_bad": asdict(bad) if bad else None,
            "time_stamps": _stamps(verdict.anchored, chosen),
        })  # fmt: skip
    elif bad is None:
        console().print(f"ok: {verdict.entries} {'entry' if verdict.entries == 1 else 'entries'}")
    else:
        console().print(text(f"wrong: {bad.platform} entry {bad.seq}: {bad.reason}", "red"))
    if not as_json:
        for line in stamps_in_words(verdict.anchored, chosen):
            console().print(text(line))
    if not verdict.ok:
        raise typer.Exit(1)
