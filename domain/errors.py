"""What can go wrong and is no defect. Each has a stable code; user texts for codes live in the agent's wording."""

from __future__ import annotations


class DomainError(Exception):
    """Base of every expected refusal. `code` is stable and safe to show to machines."""

    code = "refused"

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message or self.code)
        self.details = details


class NotFound(DomainError):
    code = "not_found"


class Conflict(DomainError):
    code = "conflict"


class IdentifierTaken(Conflict):
    """Another account of this platform holds this phone, login name or code."""

    code = "identifier_taken"

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} is taken", kind=kind)
        self.kind = kind


class KeyDestroyed(DomainError):
    """The data were erased: the key they were sealed with no longer exists."""

    code = "erased"


class Forbidden(DomainError):
    code = "forbidden"
