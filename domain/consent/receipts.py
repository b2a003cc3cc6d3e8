"""Receipts: made for an account from what the ledger and its decisions say, after whatever changed them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.agreements.versions import Version
from domain.consent.deck import build_deck
from domain.consent.receipt_fields import Basis, ConsentEvent, EventState, Occasion, receipt_content
from domain.consent.service import Decided
from domain.evidence.readings import Reading, readings
from domain.evidence.tables import LedgerRow
from domain.parts import Parts

_DECISIONS = ("decided", "withdrawn")


@dataclass(frozen=True)
class Issued:
    """A receipt that was made. `path` is that of its page; with .json behind it, of the signed file."""

    receipt_id: str
    sha256: str

    @property
    def path(self) -> str:
        return f"/r/{self.receipt_id}"


async def receipt_for(
    session: AsyncSession,
    parts: Parts,
    account_id: str,
    *,
    occasion: Occasion = "other",
    entry_id: str | None = None,
    evidence: dict[str, Any] | None = None,
) -> Issued:
    """Make, sign, keep and record a receipt of an account's decisions as they stand now.

    It needs nothing but the account: what was decided is read from its decisions, what was shown and explained from
    the ledger, which text from each decision's version. Call it after the decisions were written.

    Args:
        occasion: what the receipt is issued for.
        entry_id: the ledger entry of that, if it is one decision.
        evidence: more fields of the ledger's `receipt_issued` entry (channel, flow).

    Raises:
        NotFound: there is no such account.
        KeyDestroyed: its evidence was erased.
    """
    account = await parts.accounts.get(session, account_id)
    row = await session.get_one(AccountRow, account_id)
    # What was decided for the first time after the registration belongs to the account as well.
    await parts.consents.belong_to(session, row.flow_id, account_id)
    decided = await parts.consents.of(session, account_id)
    version = await parts.agreements.get(session, account.agreement_id)
    platform = parts.platforms.get(account.platform_id)
    tree = await parts.agreements.tree(session, version.id)
    entries = await _entries(session, row.evidence_subject)
    previous = await newest_receipt(session, account_id)
    basis = Basis(
        profile=platform.profile,
        account=account,
        record_id=row.evidence_subject,
        version=version,
        versions=await _versions(session, parts, decided),
        decided=decided,
        events=consent_events(entries),
        deck=build_deck(platform.cards, tree, account.subject),
        readings=await _readings(session, row.evidence_subject, decided, entries),
        occasion=occasion,
        entry_id=entry_id,
        previous=previous,
        now=parts.clock.now(),
    )
    receipt_id, sha256 = await parts.consents.issue_receipt(
        session,
        account_id=account_id,
        platform_id=account.platform_id,
        key_id=row.evidence_key_id,
        content=receipt_content(basis),
    )
    body = {**(evidence or {}), "account": account_id, "receipt": receipt_id, "receipt_sha256": sha256}
    await parts.ledger.append(session, account.platform_id, "receipt_issued", row.evidence_subject, body)
    return Issued(receipt_id, sha256)


async def newest_receipt(session: AsyncSession, account_id: str) -> str | None:
    """The id of the account's newest receipt, by the order of the ledger."""
    row = await session.get_one(AccountRow, account_id)
    entry = await session.scalar(
        select(LedgerRow.entry)
        .where(LedgerRow.subject == row.evidence_subject, LedgerRow.type == "receipt_issued")
        .order_by(LedgerRow.seq.desc())
        .limit(1)
    )
    return str(json.loads(entry)["receipt"]) if entry is not None else None


def consent_events(entries: Iterable[dict[str, Any]]) -> list[ConsentEvent]:
    """The decisions in entries of the ledger, oldest first; what was invalidated never counted.

    A yes to what stood as given is `renewed` (ISO/IEC TS 27560, event state).
    """
    found: list[ConsentEvent] = []
    flows: dict[str, str | None] = {}
    for entry in entries:
        if entry["type"] == "invalidated":
            # Of a renewal that was not gone through with, its own decisions; of a registration, everything.
            items, flow = entry.get("items"), entry.get("flow")
            found = [] if items is None else [e for e in found if e.item not in items or flows[e.entry_id] != flow]
        elif entry["type"] in _DECISIONS and "item" in entry:
            state: EventState = entry["decision"] if entry["type"] == "decided" else "withdrawn"
            before = next((e.state for e in reversed(found) if e.item == entry["item"]), None)
            if state == "given" and before in {"given", "renewed"}:
                state = "renewed"
            flows[entry["id"]] = entry.get("flow")
            guardian = (entry.get("actor") or {}).get("role") == "guardian"
            found.append(
                ConsentEvent(
                    item=entry["item"],
                    state=state,
                    at=datetime.fromisoformat(entry["at"]),
                    entry_id=entry["id"],
                    given_by="guardian" if guardian else "self",
                    channel=(entry.get("channel") or {}).get("kind"),
                    dwell_ms=(entry.get("pressed") or {}).get("dwell_ms"),
                )
            )
    return found


async def _entries(session: AsyncSession, subject: str) -> list[dict[str, Any]]:
    rows = await session.scalars(
        select(LedgerRow.entry)
        .where(LedgerRow.subject == subject, LedgerRow.type.in_((*_DECISIONS, "invalidated")))
        .order_by(LedgerRow.seq)
    )
    return [json.loads(row) for row in rows]


async def _versions(session: AsyncSession, parts: Parts, decided: Iterable[Decided]) -> dict[str, Version]:
    return {id: await parts.agreements.get(session, id) for id in {d.agreement_id for d in decided}}


async def _readings(
    session: AsyncSession, subject: str, decided: Iterable[Decided], entries: Iterable[dict[str, Any]]
) -> dict[str, Reading]:
    """What was shown before the decisions that stand, whoever made them; of each thing the first time."""
    by_id = {entry["id"]: entry for entry in entries}
    served: dict[str, None] = {}
    for decision in decided:
        entry = by_id.get(decision.entry_id)
        while entry is not None and entry["type"] == "withdrawn":
            # A withdrawal rests on the consent it takes back.
            entry = by_id.get(entry["withdraws"])
        if entry is not None and entry.get("served"):
            served[entry["served"]] = None
    found: dict[str, Reading] = {}
    for each in served:
        for uid, reading in (await readings(session, subject, each)).items():
            merged = found.setdefault(uid, Reading())
            for name, at in vars(reading).items():
                known = getattr(merged, name)
                if at is not None and (known is None or at < known):
                    setattr(merged, name, at)
    return found
