"""What a consent receipt says (fields after ISO/IEC TS 27560 and Kantara CR 1.1, plus the clauses)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.accounts import Account
from domain.agreements.versions import Version
from domain.consent.deck import Deck
from domain.consent.items import item_title
from domain.consent.service import Decided
from domain.evidence.readings import Reading
from domain.platforms import Profile


def receipt_content(
    profile: Profile,
    version: Version,
    account: Account,
    decided: Sequence[Decided],
    deck: Deck,
    readings: Mapping[str, Reading],
    now: datetime,
) -> dict[str, Any]:
    """The receipt of one registration. It names the account and no personal data."""
    return {
        "schema_version": "mingshi-receipt-1",
        "jurisdiction": "CN",
        "language": "zh-CN",
        "issued_at": now.isoformat(timespec="seconds"),
        "collection_method": "conversation",
        "pii_principal_id": account.id,
        "pii_controllers": [{"name": profile.operator or ""}],
        "platform": profile.id,
        "agreement": {
            "title": profile.agreement_title,
            "version": version.version,
            "label": version.label,
            "source": version.source,
            "sha256": version.sha256,
            "text_sha256": version.text_sha256,
        },
        "formed_by": profile.consent.formed,
        "decisions": [
            {
                "item": d.item,
                "title": item_title(profile, d.item),
                "decision": d.decision,
                "at": d.decided_at.isoformat(timespec="seconds"),
                "ledger_entry": d.entry_id,
            }
            for d in decided
        ],
        "clauses": [
            {
                "uid": clause.uid,
                "number": clause.number,
                "sha256": clause.sha256,
                "tier": card.card.tier,
                "line": card.card.line,
                **asdict(readings.get(clause.uid, Reading())),
            }
            for leaf in deck.leaves
            for card in leaf.cards
            for clause in card.clauses
        ],
        "documents_missing": [document.title for document in profile.documents if document.file is None],
        "withdrawal": profile.withdraw,
    }
