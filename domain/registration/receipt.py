"""A receipt's content from parts already at hand; `domain.consent.receipts.receipt_for` finds them itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.accounts import Account
from domain.agreements.versions import Version
from domain.consent import receipt_fields
from domain.consent.deck import Deck
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
    """The content of a receipt that has no history but the decisions as they stand."""
    return receipt_fields.receipt_content(
        receipt_fields.Basis(
            profile=profile, account=account, record_id=account.id, version=version, versions={version.id: version},
            decided=decided, events=(), deck=deck, readings=readings, occasion="renewed", entry_id=None,
            previous=None, now=now,
        )
    )  # fmt: skip
