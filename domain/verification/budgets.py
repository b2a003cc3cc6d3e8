"""How often a code may be sent: pure rules over what was sent in the last day.

What lies in the future was sent before the clock stepped back. It counts as if it had just been sent, and so a
wrong clock can make somebody wait but hands out nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.verification.limits import Limits
from domain.verification.model import Refused

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Past:
    """One challenge of the last day, as the budgets see it."""

    named: bytes
    phone: bytes | None
    conversation_id: str
    purpose: str
    sent_at: datetime
    tries: int
    barred_until: datetime | None = None


def barred(past: Sequence[Past], now: datetime) -> Refused | None:
    """Whether an SMS provider said that it lets nothing through to this phone for a while."""
    until = max((p.barred_until for p in past if p.barred_until is not None), default=now)
    return longest(Refused("too_many", until - now))


def gap(limits: Limits, sends: int) -> timedelta:
    """How long to wait after so many codes in a day; 0 for none."""
    ladder = limits.resend_after
    return timedelta(seconds=ladder[min(sends, len(ladder)) - 1]) if sends else timedelta(0)


def over_recipient(limits: Limits, past: Sequence[Past], purpose: str, now: datetime) -> Refused | None:
    """Whether one phone, or one name of an account, had its share.

    Args:
        past: its challenges of the last day, all purposes together.
        purpose: failures are counted for this one.
    """
    moments = [p.sent_at for p in past]
    failures = [p.sent_at for p in past if p.purpose == purpose for _ in range(p.tries)]
    return longest(
        Refused("too_soon", max(moments, default=now) + gap(limits, len(past)) - now),
        Refused("too_many", _until_below(moments, limits.a_hour, HOUR, now)),
        Refused("too_many", _until_below(moments, limits.a_day, DAY, now)),
        Refused("too_many", _until_below(failures, limits.failures_a_day, DAY, now)),
    )


def over_person(limits: Limits, past: Sequence[Past], known_as: Sequence[bytes], now: datetime) -> Refused | None:
    """Whether one person had their share.

    Args:
        past: the challenges of their conversation in the last day.
        known_as: what they name now, under every index key.
    """
    many = Refused("too_many", _until_below([p.sent_at for p in past], limits.sends_a_day, DAY, now))
    if any(p.named in known_as for p in past):
        return longest(many)
    last_named = {p.named: p.sent_at for p in sorted(past, key=lambda p: p.sent_at)}
    return longest(many, Refused("too_many_phones", _until_below(last_named.values(), limits.phones_a_day, DAY, now)))


def longest(*refusals: Refused | None) -> Refused | None:
    """The one that lasts longest, so that who waits as told is not refused again; None when all waits are over."""
    standing = [refusal for refusal in refusals if refusal is not None and refusal.wait > timedelta(0)]
    return max(standing, key=lambda refusal: refusal.wait, default=None)


def _until_below(moments: Iterable[datetime], limit: int, span: timedelta, now: datetime) -> timedelta:
    """How long until fewer than `limit` of the moments lie within `span`; zero or less when they do already."""
    newest_first = sorted(moments, reverse=True)
    return newest_first[limit - 1] + span - now if len(newest_first) >= limit else timedelta(0)
