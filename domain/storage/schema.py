"""Imports every table, so that the metadata is whole: for migrations and for the test that compares them."""

from domain.accounts import tables as _accounts
from domain.agreements import tables as _agreements
from domain.consent import tables as _consent
from domain.evidence import tables as _evidence
from domain.flows import tables as _flows
from domain.guardians import tables as _guardians
from domain.messaging import tables as _messaging
from domain.renewal import tables as _renewal
from domain.requests import tables as _requests
from domain.storage.base import Base
from domain.vault import tables as _vault
from domain.verification import tables as _verification

metadata = Base.metadata

__all__ = [
    "_accounts", "_agreements", "_consent", "_evidence", "_flows", "_guardians", "_messaging", "_renewal", "_requests",
    "_vault", "_verification", "metadata",
]  # fmt: skip
