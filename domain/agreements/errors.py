"""The one refusal of this part: a file that cannot be read as an agreement."""

from __future__ import annotations

from typing import Literal

RefusalCode = Literal[
    "unknown_type",
    "empty",
    "too_large",
    "binary",
    "undecodable",
    "encrypted",
    "scanned_pdf",
    "broken_file",
    "zip_bomb",
]


class UnreadableAgreement(ValueError):
    """A file was refused.

    `code` is stable and meant for programs; the message says what is wrong and what mends it.
    """

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code
