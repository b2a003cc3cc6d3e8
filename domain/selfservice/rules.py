"""Decisions of the errands, with their sources."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from domain.accounts.tables import AccountRow
from domain.identifiers.phones import Phone
from domain.parts import Policy
from domain.platforms.model import FieldName, LoginKind, Profile, Subject
from domain.working_days import deadline

# none: the proven phone is enough. number: the last six of a registered number as well. wait: a day's notice first.
Hurdle = Literal["none", "number", "wait"]

# The page's field for the last six characters of a registered number.
ID_TAIL = "id_tail"
# Kinds that are typed on the one-time page only.
PAGE_KINDS: tuple[LoginKind, ...] = ("id_number", "credit_code")
# What an owner corrects alone once the phone is proven; whatever else is registered stays a matter for people.
CHANGEABLE: tuple[FieldName, ...] = (
    "phone", "email", "member_name", "login_name", "real_name", "company_name", "legal_representative", "position",
    "address", "role",
)  # fmt: skip


def login_kinds(profile: Profile) -> tuple[LoginKind, ...]:
    """What an account of this platform can be named by: how one logs in there, its phone and its own id."""
    return tuple(dict.fromkeys((*profile.registration.login_with, "phone", "account_id")))


def hurdle(row: AccountRow, phone: str, has_number: bool, policy: Policy, now: datetime) -> Hurdle:
    """What a new password needs beside the code (signs of a SIM that changed hands; NIST SP 800-63B-4, 3.1.3.3).

    A phone that was changed lately, that was proven long ago, or that belongs to a virtual operator is a weak proof
    alone. The last six characters of the registered number make it strong; where none is registered, every address of
    the account is told and a day passes, so that the owner can say no.
    """
    changed_lately = row.phone_changed_at is not None and now - row.phone_changed_at < policy.reset_after_change
    weak = changed_lately or Phone(phone).virtual_operator or now - row.phone_proven_at > policy.phone_proof_lasts
    if not weak:
        return "none"
    if has_number:
        return "number"
    return "none" if has_waited(row, policy, now) else "wait"


def has_waited(row: AccountRow, policy: Policy, now: datetime) -> bool:
    """Whether the day's notice was given and nobody said no; it does not count for ever."""
    begun = row.reset_waits_from
    return begun is not None and policy.reset_notice <= now - begun < 7 * policy.reset_notice


def changeable(profile: Profile, subject: Subject, registered: set[str]) -> tuple[FieldName, ...]:
    """The fields of a registered account its owner may change here."""
    fixed = set(profile.account.changes.fixed)
    asked = {spec.field for spec in getattr(profile.registration, subject)}
    return tuple(name for name in CHANGEABLE if name in registered and name in asked and name not in fixed)


def dissolution_deadline(event: date, working_days: int) -> date:
    """The last day to tell the platform (人才 3.1.4: five working days from the event, which does not count itself)."""
    return deadline(event, working_days)


def undo_deadline(policy: Policy, now: datetime) -> datetime:
    return now + policy.undo_phone


def notice_before(months: int) -> timedelta:
    """How long before an account may be taken back its owner is reminded: a month."""
    return timedelta(days=30 * (months - 1))
