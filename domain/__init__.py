"""The shared domain of Mingshi: what the agent and the platform's other systems both use.

from domain import Domain, Keyring

async with Domain.open(url, keys, heads=path) as d:
    account = await d.accounts.find("xiaohe", "phone", "+8613800138000")
"""

from domain.domain import VERSION, Domain
from domain.errors import Conflict, DomainError, Forbidden, IdentifierTaken, KeyDestroyed, NotFound
from domain.vault import Keyring, KeyringError

__all__ = [
    "VERSION",
    "Conflict",
    "Domain",
    "DomainError",
    "Forbidden",
    "IdentifierTaken",
    "KeyDestroyed",
    "Keyring",
    "KeyringError",
    "NotFound",
]
