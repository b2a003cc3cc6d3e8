"""Who needs a guardian for what, and who can be one. Pure; days are days in Asia/Shanghai.

The table rests on the Civil Code (民法典 17-24, 27-28, 31, 145), PIPL 28 and 31 (under 14: the guardian's consent and
rules of their own), 未成年人保护法 72 and the agreements themselves. 以上 includes the age named, 不满 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.identifiers.ages import age_on
from domain.platforms.model import Capacity

Band = Literal["under_8", "from_8", "from_14", "working", "ward"]
"""`working`: 16 or 17 and living on own income (民法典 18/2). `ward`: an adult without full capacity (民法典 21-22)."""
Relation = Literal["parent", "grandparent", "sibling", "other"]
BANDS: tuple[Band, ...] = ("under_8", "from_8", "from_14", "working", "ward")
RELATIONS: tuple[Relation, ...] = ("parent", "grandparent", "sibling", "other")

ADULT = 18
WORKING = 16
OWN_CONSENT = 14
"""From this age a person consents to the handling of their own data (PIPL 31 asks the guardian below it)."""
OWN_ACTS = 8
"""Below this age every act is the guardian's (民法典 20)."""
PARENT_GAP = 16
"""A parent who is less than this older than the child is looked at by a person. Our own choice."""
MANY_WARDS = 5
"""So many wards of one guardian are looked at by a person. Our own choice."""


@dataclass(frozen=True)
class Requirement:
    """What a band needs.

    Args:
        guardian: whether a guardian has to consent at all.
        agent: the guardian does everything in the ward's name (民法典 20).
        own_data: the ward decides about its own data itself (from 14, PIPL 31 read the other way round).
        asked: the ward's own wish is asked too (民法典 19, 35).
        child_rules: the rules for children's data are shown and decided (PIPL 31).
    """

    guardian: bool
    agent: bool = False
    own_data: bool = False
    asked: bool = False
    child_rules: bool = False


_TABLE: dict[Band, Requirement] = {
    "under_8": Requirement(guardian=True, agent=True, child_rules=True),
    "from_8": Requirement(guardian=True, asked=True, child_rules=True),
    "from_14": Requirement(guardian=True, own_data=True, asked=True),
    "working": Requirement(guardian=True, own_data=True, asked=True),
    "ward": Requirement(guardian=True, asked=True),
}
_SELF = Requirement(guardian=False, own_data=True)


def requirement(capacity: Capacity, band: Band) -> Requirement:
    """What a person of this band needs on a platform.

    Who is 16 or 17 and lives on own income counts as having full capacity (民法典 18/2), unless the agreement draws
    its line at 18 for everybody: the profile's `own_income` says which.
    """
    if band == "working" and capacity.own_income == "self":
        return _SELF
    return _TABLE[band]


def age(birth: date, today: date) -> int:
    """Full years: reached on the day after the birthday, the cautious reading (民法典 1259, 以上 and 不满)."""
    return age_on(birth, today)


def band_of(birth: date, today: date, said: Band) -> Band | None:
    """The band somebody born on this day is in; None for an adult who needs nobody.

    Args:
        said: what the person said of themselves: only they can know of own income or of limited capacity.
    """
    years = age(birth, today)
    if years >= ADULT:
        return "ward" if said == "ward" else None
    if years < OWN_ACTS:
        return "under_8"
    if years < OWN_CONSENT:
        return "from_8"
    return "working" if said == "working" and years >= WORKING else "from_14"


@dataclass(frozen=True)
class Identity:
    """`number`: of a resident's identity card, canonical. `phone`: E.164."""

    number: str
    birth: date
    phone: str | None = None


Refusal = Literal["guardian_is_ward", "guardian_minor", "guardian_younger", "guardian_same_phone", "ward_adult"]
Review = Literal["gap", "relation", "many_wards", "adult_ward", "disagreement"]


def refusal(guardian: Identity, ward: Identity, band: Band | None, today: date) -> Refusal | None:
    """Why somebody cannot be the guardian at all (民法典 27-28: an adult, and somebody else)."""
    if guardian.number == ward.number:
        return "guardian_is_ward"
    if guardian.phone is not None and guardian.phone == ward.phone:
        return "guardian_same_phone"
    if band is None:
        return "ward_adult"
    if age(guardian.birth, today) < ADULT:
        return "guardian_minor"
    # A spouse, a child or a sibling may be the guardian of an adult (民法典 28), whoever is older.
    if band != "ward" and guardian.birth >= ward.birth:
        return "guardian_younger"
    return None


def reviews(guardian: Identity, ward: Identity, relation: Relation, band: Band, wards: int) -> tuple[Review, ...]:
    """Why a person has to look at it first; empty when nobody has to.

    Args:
        wards: how many others this guardian already has.
    """
    found: list[Review] = []
    if relation == "parent" and band != "ward" and _years_between(guardian.birth, ward.birth) < PARENT_GAP:
        found.append("gap")
    # 民法典 27: parents, then grandparents; others only with the agreement of those who supervise guardianship.
    if relation not in {"parent", "grandparent"}:
        found.append("relation")
    if wards >= MANY_WARDS:
        found.append("many_wards")
    # Whether an adult lacks capacity is for a court to find (民法典 24): a person looks at the papers.
    if band == "ward":
        found.append("adult_ward")
    return tuple(found)


def next_birthday(birth: date, today: date) -> date | None:
    """The day on which a minor is to be asked anew: at 14 about own data, at 18 about everything. None for adults."""
    for years in (OWN_CONSENT, ADULT):
        if age(birth, today) < years:
            return _reached(birth, years)
    return None


def _reached(birth: date, years: int) -> date:
    """The first day on which `age` gives these years."""
    day = date(birth.year + years, birth.month, 1)
    while age(birth, day) < years:
        day = date.fromordinal(day.toordinal() + 1)
    return day


def _years_between(older: date, younger: date) -> int:
    return younger.year - older.year - ((younger.month, younger.day) < (older.month, older.day))
