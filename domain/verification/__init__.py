"""SMS challenges and their budgets."""

from domain.verification.challenges import Limits, Proven, Refused, Sent, Verification, Wrong

__all__ = ["Limits", "Proven", "Refused", "Sent", "Verification", "Wrong"]
