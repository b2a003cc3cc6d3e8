"""Look a platform over before it goes live: what is wrong, what is missing, what a lawyer must see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from domain.agreements import ParsedAgreement, clause_hash
from domain.platforms.loader import CARDS, PROFILE, SAMPLE, LoadedPlatform, clauses_named
from domain.platforms.model import AccountRules, Card

MOST_ALONE = 5
"""Tier-1 cards one person is walked through one by one."""
MOST_CARDS = 10
"""Cards of both tiers, a theme counting as one: with the fields it leaves a registration below 20 taps."""
MOST_SEPARATE_CONSENTS = 4
"""Decisions of their own on the consent panel."""

NO_REMINDER = re.compile("(没法|无法|不能)[^，。；]{0,6}提醒")
"""Words that tell a person not to wait for a reminder."""

Level = Literal["error", "warning", "lawyer"]


@dataclass(frozen=True)
class Finding:
    """One thing found. error: must be mended; warning: works, but less than it could; lawyer: for review."""

    level: Level
    where: str
    message: str


def check(platform: LoadedPlatform, text: ParsedAgreement | None = None) -> list[Finding]:
    """Everything worth knowing about a platform's data against a text of its agreement.

    Args:
        platform: the platform as loaded.
        text: the text in force, for example an imported official one; the sample when None.
    """
    shown = platform.sample if text is None else text
    return [
        *_clauses(platform, shown),
        *_reviews(platform, shown),
        *_load(platform),
        *_account(platform.profile.account),
        *_gaps(platform),
        *_folder(platform),
        *(Finding("lawyer", PROFILE, item) for item in platform.profile.legal_review),
    ]


def _clauses(platform: LoadedPlatform, text: ParsedAgreement) -> Iterator[Finding]:
    there = {clause.uid for clause in text.walk()}
    for name, place, uid in clauses_named(platform.profile, platform.cards):
        if uid not in there:
            where = f"{name} {'.'.join(str(step) for step in place)}"
            yield Finding("error", where, f"clause {uid} is not in the text")
    for warning in text.warnings:
        yield Finding("warning", SAMPLE if text is platform.sample else text.title, warning)


def _reviews(platform: LoadedPlatform, text: ParsedAgreement) -> Iterator[Finding]:
    for card in platform.cards:
        drafts = [uid for uid in card.clauses if not _reviewed(card, uid, text)]
        if drafts:
            yield Finding("warning", f"{CARDS} {card.id}", f"draft: not reviewed for this text of {', '.join(drafts)}")


def _reviewed(card: Card, uid: str, text: ParsedAgreement) -> bool:
    clause = text.find(uid)
    return clause is not None and clause_hash(clause) in card.reviewed_for.get(uid, ())


def _load(platform: LoadedPlatform) -> Iterator[Finding]:
    """What one person has to read and decide, for each kind of subject the platform takes."""
    for subject in platform.profile.subjects:
        cards = [card for card in platform.cards if subject in card.subjects]
        alone = sum(card.tier == 1 for card in cards)
        themes = len({card.theme for card in cards if card.tier == 2})
        if not alone:
            yield Finding("error", CARDS, f"{subject}: no clause is shown alone")
        if alone > MOST_ALONE:
            yield Finding("error", CARDS, f"{subject}: {alone} cards shown alone, at most {MOST_ALONE}")
        if alone + themes > MOST_CARDS:
            yield Finding("error", CARDS, f"{subject}: {alone} cards and {themes} themes, at most {MOST_CARDS}")
        decisions = sum(subject in consent.subjects for consent in platform.profile.separate_consents)
        if decisions > MOST_SEPARATE_CONSENTS:
            message = f"{subject}: {decisions} separate consents, at most {MOST_SEPARATE_CONSENTS}"
            yield Finding("error", PROFILE, message)
    for card in platform.cards:
        if not set(card.subjects) & set(platform.profile.subjects):
            yield Finding("warning", f"{CARDS} {card.id}", "shown to nobody: the platform takes none of its subjects")


def _account(account: AccountRules) -> Iterator[Finding]:
    """What a person is told of an account's later life has to agree with what the program does."""
    if account.security.police and "报案" not in account.security.explain:
        message = "police: true, but explain does not say that the police must be told (报案)"
        yield Finding("error", f"{PROFILE} account.security", message)
    inactivity = account.inactivity
    if inactivity is not None and not inactivity.fed and not NO_REMINDER.search(inactivity.explain):
        message = "fed: false, so nobody can be reminded; explain has to say so (没法提醒)"
        yield Finding("error", f"{PROFILE} account.inactivity", message)
    periods = [("cancellation", "days", account.cancellation.explain, account.cancellation.days)]
    if account.dissolution is not None:
        periods.append(("dissolution", "working_days", account.dissolution.explain, account.dissolution.working_days))
    for matter, key, explain, days in periods:
        if days is not None and not re.search(rf"(?<!\d){days} ?个工作日", explain):
            message = f"{key}: {days}, but explain does not say {days}个工作日"
            yield Finding("error", f"{PROFILE} account.{matter}", message)


def _gaps(platform: LoadedPlatform) -> Iterator[Finding]:
    profile = platform.profile
    if profile.operator is None:
        yield Finding("warning", f"{PROFILE} operator", "who runs the platform is not known")
    if not profile.channel.authorised:
        message = "the channel is not authorised: the official text is explained and linked, and nobody is registered"
        yield Finding("warning", f"{PROFILE} channel", message)
    missing = {document.id for document in profile.documents if document.file is None}
    for consent in profile.separate_consents:
        if consent.indispensable and consent.document in missing:
            message = f"indispensable, but {consent.document} has no text to consent to: nobody could register"
            yield Finding("error", f"{PROFILE} separate_consents {consent.item}", message)
    for document in profile.documents:
        if document.id in missing:
            message = f"the text of {document.title} is not supplied: nobody is asked to consent to it"
            yield Finding("warning", f"{PROFILE} documents {document.id}", message)


def _folder(platform: LoadedPlatform) -> Iterator[Finding]:
    documents = {document.file for document in platform.profile.documents if document.file is not None}
    known = {PROFILE, CARDS, SAMPLE, *documents}
    for path in sorted(platform.folder.rglob("*")):
        name = path.relative_to(platform.folder).as_posix()
        if path.is_file() and name not in known:
            yield Finding("warning", name, "no part of the platform uses this file")
