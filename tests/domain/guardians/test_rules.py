"""Who needs a guardian, day by day, and who can be one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ambient import SHANGHAI
from domain.guardians.rules import (
    BANDS,
    Band,
    Identity,
    Relation,
    band_of,
    next_birthday,
    refusal,
    requirement,
    reviews,
)
from domain.platforms.model import Capacity

TODAY = date(2026, 3, 2)
_DAYS = st.dates(date(1930, 1, 1), date(2026, 3, 1))


def capacity(own_income: str = "guardian") -> Capacity:
    return Capacity(rule="statutory", explain="协议没有写，按法律规定办。", own_income=own_income)  # type: ignore[arg-type]


def person(born: date, number: str = "1", phone: str | None = None) -> Identity:
    return Identity(number, born, phone)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        # An age is reached on the day after the birthday: on the birthday itself the younger rule still holds.
        (date(2018, 3, 3), "under_8"),
        (date(2018, 3, 2), "under_8"),
        (date(2018, 3, 1), "from_8"),
        (date(2012, 3, 2), "from_8"),
        (date(2012, 3, 1), "from_14"),
        (date(2008, 3, 2), "from_14"),
        (date(2008, 3, 1), None),
        (date(2026, 3, 1), "under_8"),
        (date(2012, 2, 29), "from_14"),
    ],
)
def test_the_band_changes_on_the_day_after_the_birthday(born: date, band: Band | None) -> None:
    assert band_of(born, TODAY, "from_8") == band


def test_the_day_is_shanghais() -> None:
    born = date(2018, 3, 1)
    before = datetime(2026, 3, 1, 15, 59, tzinfo=UTC).astimezone(SHANGHAI).date()
    after = datetime(2026, 3, 1, 16, 0, tzinfo=UTC).astimezone(SHANGHAI).date()
    assert (band_of(born, before, "from_8"), band_of(born, after, "from_8")) == ("under_8", "from_8")


@pytest.mark.parametrize(
    ("born", "said", "band"),
    [
        (date(2010, 3, 1), "working", "working"),
        (date(2010, 3, 2), "working", "from_14"),  # sixteen only tomorrow
        (date(2010, 3, 1), "from_14", "from_14"),  # nobody else can know of own income
        (date(2008, 3, 1), "working", None),
        (date(1990, 1, 1), "ward", "ward"),
        (date(2015, 1, 1), "ward", "from_8"),
    ],
)
def test_what_only_the_person_knows_counts_where_the_age_allows_it(born: date, said: Band, band: Band | None) -> None:
    assert band_of(born, TODAY, said) == band


def test_own_income_counts_where_the_agreement_does_not_draw_the_line_at_eighteen() -> None:
    alone = requirement(capacity("self"), "working")
    assert (alone.guardian, alone.own_data) == (False, True)
    assert requirement(capacity("guardian"), "working").guardian
    assert all(requirement(capacity("self"), band).guardian for band in BANDS if band != "working")


def test_what_each_band_needs() -> None:
    needs = {band: requirement(capacity(), band) for band in BANDS}
    assert {band for band, need in needs.items() if need.agent} == {"under_8"}
    assert {band for band, need in needs.items() if need.child_rules} == {"under_8", "from_8"}
    assert {band for band, need in needs.items() if need.own_data} == {"from_14", "working"}
    assert {band for band, need in needs.items() if not need.asked} == {"under_8"}


@given(_DAYS, _DAYS)
def test_who_is_refused_is_refused_for_a_reason_that_is_true(guardian: date, ward: date) -> None:
    band = band_of(ward, TODAY, "from_8")
    why = refusal(person(guardian, "1"), person(ward, "2"), band, TODAY)
    adult = band_of(guardian, TODAY, "from_8") is None
    if why is None:
        assert adult
        assert guardian < ward
    elif why == "guardian_minor":
        assert not adult
    elif why == "ward_adult":
        assert band is None
    else:
        assert why == "guardian_younger"
        assert guardian >= ward


def test_one_person_or_one_phone_is_no_guardian_of_itself() -> None:
    parent, child = person(date(1985, 1, 1), "1", "+8613900139000"), person(date(2015, 1, 1), "2", "+8613900139000")
    assert refusal(parent, child, "from_8", TODAY) == "guardian_same_phone"
    assert refusal(parent, person(date(2015, 1, 1), "1"), "from_8", TODAY) == "guardian_is_ward"
    assert refusal(parent, person(date(2015, 1, 1), "2", "+8613800138000"), "from_8", TODAY) is None


def test_an_adult_may_be_guarded_by_somebody_younger() -> None:
    assert refusal(person(date(1990, 1, 1), "1"), person(date(1950, 1, 1), "2"), "ward", TODAY) is None


@pytest.mark.parametrize(
    ("guardian", "relation", "band", "wards", "why"),
    [
        (date(1985, 1, 1), "parent", "from_8", 0, ()),
        (date(1999, 1, 1), "parent", "from_8", 0, ()),
        (date(1999, 1, 2), "parent", "from_8", 0, ("gap",)),
        (date(1999, 1, 2), "grandparent", "from_8", 0, ()),
        (date(1985, 1, 1), "sibling", "from_8", 0, ("relation",)),
        (date(1985, 1, 1), "other", "from_8", 5, ("relation", "many_wards")),
        (date(1985, 1, 1), "parent", "from_8", 4, ()),
        (date(1985, 1, 1), "parent", "ward", 0, ("adult_ward",)),
    ],
)
def test_what_a_person_has_to_look_at(
    guardian: date, relation: Relation, band: Band, wards: int, why: tuple[str, ...]
) -> None:
    assert reviews(person(guardian, "1"), person(date(2015, 1, 1), "2"), relation, band, wards) == why


@given(_DAYS)
def test_the_turning_point_is_the_first_day_of_the_next_band_of_rights(born: date) -> None:
    day = next_birthday(born, TODAY)
    if day is None:
        assert band_of(born, TODAY, "from_8") is None
        return
    before, after = band_of(born, day - timedelta(days=1), "from_8"), band_of(born, day, "from_8")
    assert (before, after) in {("from_8", "from_14"), ("from_14", None)}
    assert day > TODAY


@pytest.mark.parametrize(
    ("born", "day"),
    [
        (date(2014, 1, 2), date(2028, 1, 3)),
        (date(2011, 5, 31), date(2029, 6, 1)),
        (date(2012, 2, 29), date(2030, 3, 1)),
    ],
)
def test_the_day_of_the_turning_point(born: date, day: date) -> None:
    assert next_birthday(born, TODAY) == day
