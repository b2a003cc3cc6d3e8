"""SMS challenges and their budgets."""

from domain.verification.challenges import Verification
from domain.verification.limits import Limits
from domain.verification.model import Alarm, Asker, Proven, Purpose, Refused, Sent, Wrong

__all__ = ["Alarm", "Asker", "Limits", "Proven", "Purpose", "Refused", "Sent", "Verification", "Wrong"]
