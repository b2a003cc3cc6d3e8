"""Keys, field encryption, blind indexes, erasure."""

from domain.vault.keyring import Keyring, KeyringError, Signature, signature_is_good
from domain.vault.vault import Vault

__all__ = ["Keyring", "KeyringError", "Signature", "Vault", "signature_is_good"]
