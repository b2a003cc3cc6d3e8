"""Registered persons and organisations."""

from domain.accounts.service import Account, Accounts

__all__ = ["Account", "Accounts"]
