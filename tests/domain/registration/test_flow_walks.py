"""Whatever people press, type and meet on the way, the registration keeps its promises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.flows import effects as fx
from domain.flows.events import Answered, NotAccepted, Pressed, Wished
from domain.registration import flow
from domain.registration.state import State
from tests.support.problems import field_problems
from tests.support.walking import Walk, journey_of, platforms

PLATFORMS = sorted(platform.profile.id for platform in platforms())
WISHES = [
    "go_back",
    "repeat",
    "why",
    "stop",
    "refuse",
    "accept",
    "affirm",
    "deny",
    "resend",
    "read_every",
    "fill_page",
    "explain",
]
FIELDS = [None, "subject", "phone", "real_name", "email", "role", "password", "nonsense"]
PLACES = ["crossing", "who", "reading:0", "reading:2", "consents", "decision", "phone", "code", "field", "page"]
# Steps a person goes forward by; after these the position never falls.
_FORWARD = {"agree", "continue", "skip"}
_OWN = {"assent", "no_assent"}


def goes_forward(event: Any, before: State) -> bool:
    match event:
        case Pressed(choice):
            return (
                choice in _FORWARD
                or choice.startswith(("who:", "option:", "cross:"))
                or (choice == "next" and before.every is None)
            )
        case Answered():
            return True
    return False


class Registrations(RuleBasedStateMachine):
    """A person who does anything at any time, in a world where anything may fail."""

    walk: Walk

    @initialize(
        platform=st.sampled_from(PLATFORMS),
        abroad=st.booleans(),
        place=st.sampled_from(PLACES),
        subject=st.integers(0, 1),
    )
    def begins_somewhere(self, platform: str, abroad: bool, place: str, subject: int) -> None:
        journey = journey_of(platform, abroad)
        self.walk = walk = Walk(journey)
        subjects = journey.profile.subjects
        while walk.ended is None and not walk.step.startswith(place) and not walk.step.startswith("page"):
            if walk.step == "who":
                walk.press(f"who:{subjects[subject % len(subjects)]}")
            else:
                walk.forward()

    @property
    def going(self) -> bool:
        return self.walk.ended is None

    def do(self, event: Any, data: st.DataObject) -> None:
        walk, before = self.walk, self.walk.state
        at_before = walk.position[0]
        at_decision = getattr(flow.current(before, walk.journey), "name", None) in {"decision", "assent"}
        walk.choose = lambda options: data.draw(st.sampled_from(list(options)))
        walk.feed(event)
        after = walk.state
        if after.decided and not before.decided and not walk.journey.needs(after).agent:
            assert isinstance(event, Pressed)
            assert event.choice in {"agree", "assent"}
            assert at_decision
        assert after.decided or not before.decided, "what was decided was un-decided"
        given = [e for e in walk.effects if isinstance(e, fx.Decide)]
        assert not given or isinstance(event, Pressed), "a decision without a button"
        for decide in given:
            assert isinstance(event, Pressed)
            assert event.choice in {"agree", f"yes:{decide.item}", f"no:{decide.item}", "cross:yes", "cross:no"} | _OWN
        for state in walk.asked_to_register:
            required = {s.field for s in walk.journey.fields(state) if not s.optional}
            assert state.decided
            assert state.phone_proven
            assert required <= set(state.values)
            assert all(state.decisions.get(c.item) == "given" for c in walk.journey.consents(state) if c.indispensable)
            assert {c.item for c in walk.journey.consents(state)} <= set(state.decisions)
            assert not walk.journey.abroad or state.crossing == "given"
            if state.ward is not None and walk.journey.needs(state).guardian:
                assert state.ward.stage == "given", "an account for a ward without its guardian"
        if (
            walk.ended is None
            and goes_forward(event, before)
            and not any(isinstance(e, fx.VoidCode) for e in walk.effects)
        ):
            went_on = after.subject == before.subject and after.phone_proven >= before.phone_proven
            lost = set(before.values) - set(after.values)
            if went_on and not lost:
                assert walk.position[0] >= at_before, f"{event} went from {at_before} to {walk.position[0]}"

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def presses_what_stands_there(self, data: st.DataObject) -> None:
        offered = self.walk.answers() or sorted(self.walk.choices)
        choice = data.draw(st.sampled_from(offered))
        if not choice.startswith("c."):
            self.do(Pressed(choice, self.walk.choices[choice]), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def presses_anything_ever_offered(self, data: st.DataObject) -> None:
        choice = data.draw(
            st.sampled_from(
                [*sorted(self.walk.choices), "agree", "yes:nothing", "option:99", "unfold:", "correct:", ""]
            )
        )
        if not choice.startswith("c."):
            self.do(Pressed(choice, self.walk.choices.get(choice, "?")), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), wish=st.sampled_from(WISHES))
    def wishes(self, data: st.DataObject, wish: Any) -> None:
        self.do(Wished(wish), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), field=st.sampled_from(FIELDS))
    def corrects(self, data: st.DataObject, field: str | None) -> None:
        self.do(Wished("correct", field), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def answers_the_question(self, data: st.DataObject) -> None:
        field = flow.awaited_field(self.walk.state, self.walk.journey)
        if field is not None:
            self.do(Answered(field, f"value of {field}", "shown"), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), field=st.sampled_from(["phone", "sms_code", "real_name", "email", "password"]))
    def answers_something_else(self, data: st.DataObject, field: str) -> None:
        self.do(Answered(field, f"value of {field}", "shown"), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data(), code=st.sampled_from(field_problems()))
    def answers_badly(self, data: st.DataObject, code: str) -> None:
        field = flow.awaited_field(self.walk.state, self.walk.journey)
        if field is not None:
            self.do(NotAccepted(field, code, "hint"), data)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def goes_on(self, data: st.DataObject) -> None:
        self.do(self.walk.next_event(), data)

    @precondition(lambda self: self.going and self.walk.page is not None)
    @rule(data=st.data(), minor=st.booleans())
    def sends_the_page(self, data: st.DataObject, minor: bool) -> None:
        self.do(self.walk.page_filled(minor=minor), data)
        assert not minor or (self.walk.ended == "guardian_needed" and not self.walk.created)

    @precondition(lambda self: not self.going)
    @rule()
    def is_done(self) -> None:
        """Nothing happens to a flow that has ended."""

    @invariant()
    def always_a_question_or_an_end(self) -> None:
        if not hasattr(self, "walk") or self.walk.ended is not None:
            return
        assert self.walk.standing is not None, f"nothing stands at {self.walk.step}"
        at, of = self.walk.position
        assert 1 <= at <= of

    @invariant()
    def an_account_only_at_the_end_of_everything(self) -> None:
        if hasattr(self, "walk") and self.walk.created:
            assert self.walk.ended == "registered"
            assert self.walk.state.decided
            assert self.walk.state.phone_proven

    @invariant()
    def the_state_survives_being_stored(self) -> None:
        if hasattr(self, "walk"):
            state = self.walk.state
            assert State.model_validate_json(state.model_dump_json()) == state


class TestRegistrations(Registrations.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(
        max_examples=400,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


WAYS = [
    (p.profile.id, subject, abroad) for p in platforms() for subject in p.profile.subjects for abroad in (False, True)
]


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_the_straight_way_ends_registered_within_twenty_taps(platform: str, subject: str, abroad: bool) -> None:
    walk = Walk(journey_of(platform, abroad))
    taps = 0
    while walk.ended is None:
        before = walk.position
        if flow.current(walk.state, walk.journey).name == "who":  # type: ignore[union-attr]
            walk.press(f"who:{subject}")
            taps += 1
        else:
            typed = flow.awaited_field(walk.state, walk.journey) is not None
            page = walk.page is not None
            walk.forward()
            taps += not typed and not page
        if walk.ended is None:
            assert walk.position[0] >= before[0]
    assert walk.ended == "registered"
    # The page that stands abroad is asked for one tap more: the consent to cross the border.
    assert taps <= 20 + abroad
    assert walk.state.subject == subject
