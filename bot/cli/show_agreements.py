"""Agreements, their key clauses, answers, versions and changes as people read them in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from bot.cli.output import console, day, table, text
from domain.agreements import Answer, Clause, Diff, KeyClause, ParsedAgreement
from domain.agreements.labels import rules
from domain.agreements.versions import Version
from domain.renewal.planning import Counts

_TIERS = {1: "card of its own", 2: "line on a card", 3: "full text"}


def agreement(parsed: ParsedAgreement) -> None:
    tree = Tree(text(parsed.title, "bold"))
    for paragraph in parsed.preamble:
        tree.add(text(paragraph))
    for clause in parsed.clauses:
        _grow(tree, clause)
    console().print(tree)
    for remark in parsed.annotations:
        console().print(text(f"remark near {remark.near} ({remark.author or 'no author'}): {remark.text}", "yellow"))
    for line in parsed.warnings:
        console().print(warning(line))


def _grow(tree: Tree, clause: Clause) -> None:
    own = text(clause.text)
    if own.plain == clause.text:  # otherwise the offsets of the marks do not fit any more
        for mark in clause.marks:
            own.stylize(mark.kind, mark.start, mark.end)
    head = text(" ".join(part for part in (clause.number, clause.heading) if part), "cyan")
    branch = tree.add(Text.assemble(head, " ", own))
    for child in clause.children:
        _grow(branch, child)


def key_clauses(found: Sequence[KeyClause]) -> None:
    names = rules().labels
    made = table("clause", "shown as", "why", "words")
    for clause in found:
        labels = "、".join(names[label].name for label in clause.labels)
        made.add_row(text(clause.uid), _TIERS[clause.tier], text(labels), text("；".join(clause.cues)))
    console().print(made)


def answer(question: str | None, found: Answer) -> None:
    """An answer as it would be said, and where each quote stands; `question` is repeated when it is given."""
    if question is not None:
        console().print(text(f"? {question}", "bold"))
    console().print(text(found.say))
    for quote in found.answers:
        console().print(text(f"  {quote.score:.2f}  {quote.uid}  {quote.quote}", "dim"))


def versions(records: Sequence[Mapping[str, Any]]) -> None:
    made = table(
        "platform", "version", "label", "source", "imported", "published", "effective", "sha256", "", long="label"
    )
    for each in records:
        made.add_row(
            text(each["platform_id"]),
            str(each["version"]),
            text(each["label"]),
            each["source"],
            day(each["imported_at"]),
            day(each["published_at"]),
            day(each["effective_at"]),
            each["sha256"][:12],
            "in force" if each.get("in_force") else "",
        )
    console().print(made)


def changes(found: Diff) -> None:
    made = table("what", "before", "after", "")
    for uid in found.added:
        made.add_row("added", "", text(uid), "substantive")
    for uid in found.removed:
        made.add_row("removed", text(uid), "", "substantive")
    for move in found.moved:
        made.add_row("moved", text(move.before), text(move.after), "")
    for change in found.changed:
        made.add_row("changed", text(change.before), text(change.after), "substantive" if change.substantive else "")
    console().print(made if made.row_count else "nothing changed")


def asked(version: Version, people: int, a_minute: int) -> Text:
    """How many are asked about a version that was just published, when, and how long it takes to tell them."""
    since = day(version.effective_at) or "now"
    minutes = -(-people // a_minute)
    return text(
        f"{people} people agreed to something else and will be asked, {a_minute} a minute (about {minutes} minutes) "
        f"while the app runs; the version takes effect {since}. `mingshi agreements renewals --platform "
        f"{version.platform_id}` tells what they say"
    )


def renewals(found: Sequence[Counts]) -> None:
    made = table(
        "version", "label", "effective", "asked", "planned", "unreachable", "told", "accepted", "refused", "superseded",
        "", long="label",
    )  # fmt: skip
    for each in found:
        numbers = (
            each.asked, each.planned, each.unreachable, each.told, each.accepted, each.refused, each.superseded
        )  # fmt: skip
        made.add_row(
            str(each.version),
            text(each.label),
            day(each.effective_at),
            *map(str, numbers),
            "planning" if each.planning else "",
        )
    console().print(made if found else "nobody was asked")


def warning(words: str) -> Text:
    return text(f"warning: {words}", "yellow")
