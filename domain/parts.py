"""The parts of the domain, built once and handed to the capabilities that need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.accounts import Accounts
from domain.agreements.versions import Agreements
from domain.ambient import Chance, Clock
from domain.consent.service import Consents
from domain.evidence import Ledger
from domain.messaging.inbox import Inbox
from domain.messaging.outbox import Outbox
from domain.platforms import Platforms
from domain.requests import Requests
from domain.storage.database import Database
from domain.vault import Vault
from domain.verification import Verification

# Channels whose servers stand outside mainland China: data typed there cross the border (PIPL 38-39).
CHANNELS_ABROAD = frozenset({"telegram"})


@dataclass(frozen=True)
class Policy:
    """Settings of the domain.

    Args:
        page_lifetime: how long a one-time page can be opened and sent.
        resume_lifetime: how long a code that takes a flow to another channel works.
        flow_lifetime: how long an unfinished flow is kept before it is forgotten.
        undo_phone: how long a change of phone can be taken back.
        reset_after_change: so long after a change of phone a new password needs a second proof.
        phone_proof_lasts: a phone that was proven longer ago may belong to somebody else by now.
        reset_notice: how long every address is warned before a new password that has no second proof.
        evidence_after: how long evidence outlives its account (the limitation of civil claims, 民法典 188).
        not_me: how long the button that freezes an account works.
        renewal_notice: how long before it counts a changed agreement is published (电子商务法 34).
        renewals_a_minute: how many people a minute are told of a new version.
    """

    page_lifetime: timedelta = timedelta(minutes=10)
    resume_lifetime: timedelta = timedelta(minutes=30)
    flow_lifetime: timedelta = timedelta(days=7)
    undo_phone: timedelta = timedelta(hours=24)
    reset_after_change: timedelta = timedelta(hours=24)
    phone_proof_lasts: timedelta = timedelta(days=180)
    reset_notice: timedelta = timedelta(hours=24)
    evidence_after: timedelta = timedelta(days=3 * 365 + 1)
    not_me: timedelta = timedelta(days=7)
    renewal_notice: timedelta = timedelta(days=7)
    renewals_a_minute: int = 300


@dataclass(frozen=True)
class Parts:
    database: Database
    clock: Clock
    chance: Chance
    vault: Vault
    ledger: Ledger
    verification: Verification
    inbox: Inbox
    outbox: Outbox
    agreements: Agreements
    accounts: Accounts
    consents: Consents
    requests: Requests
    platforms: Platforms
    policy: Policy
