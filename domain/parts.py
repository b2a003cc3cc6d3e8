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
    """

    page_lifetime: timedelta = timedelta(minutes=15)
    resume_lifetime: timedelta = timedelta(minutes=30)
    flow_lifetime: timedelta = timedelta(days=7)


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
    platforms: Platforms
    policy: Policy
