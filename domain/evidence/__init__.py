"""The ledger, its signed heads, and how anyone checks them."""

from domain.evidence.heads import HeadFile, SignedHead
from domain.evidence.ledger import Entry, EntryType, Ledger
from domain.evidence.verify import BadRow, Verdict, verify

__all__ = ["BadRow", "Entry", "EntryType", "HeadFile", "Ledger", "SignedHead", "Verdict", "verify"]
