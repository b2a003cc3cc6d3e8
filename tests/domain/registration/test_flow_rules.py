"""The rules of the registration one by one, at every place of every platform's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.flows import effects as fx
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeProven,
    CodeWrong,
    Event,
    Free,
    NotAccepted,
    PageFilled,
    Pressed,
    Taken,
    Wished,
)  # fmt: skip
from domain.flows.say import Say
from domain.registration import flow
from domain.registration.state import Journey, State
from tests.domain.registration.test_flow_walks import FIELDS, WAYS, WISHES
from tests.support.walking import Walk, journey_of


def straight(platform: str, subject: str, abroad: bool = False) -> Iterator[Walk]:
    """The walk at every place of the straight way."""
    walk = Walk(journey_of(platform, abroad))
    while walk.ended is None:
        yield walk
        if walk.step == "who":
            walk.press(f"who:{subject}")
        else:
            walk.forward()


def at(platform: str, place: str, subject: str = "person", abroad: bool = False) -> Walk:
    """The walk where the standing question begins with `place`."""
    return next(walk for walk in straight(platform, subject, abroad) if walk.step.startswith(place))


def _everything_but_agreeing(walk: Walk) -> Iterator[Event]:
    yield from (Wished(wish) for wish in WISHES)  # type: ignore[arg-type]
    yield from (Wished("correct", field) for field in FIELDS)
    for field in ("phone", "sms_code", "real_name", "email", "role", "agree", "contract"):
        yield Answered(field, "同意", "同意")
        yield NotAccepted(field, "text_invalid")
    yield from (Pressed(choice, "同意") for choice in walk.choices if choice != "agree")
    yield from (
        CodeProven("v"),
        CodeWrong(0),
        Free("phone"),
        Taken("phone"),
        PageFilled({"decided": "true"}, {}),
        Pressed("", ""),
    )


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_nothing_but_the_agree_button_ever_decides(platform: str, subject: str, abroad: bool) -> None:
    for walk in straight(platform, subject, abroad):
        for event in _everything_but_agreeing(walk):
            state, effects = flow.apply(walk.state, event, walk.journey)
            assert state.decided == walk.state.decided, f"{event} at {walk.step}"
            assert not any(isinstance(e, fx.Decide) and e.item == "contract" for e in effects)


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_the_agree_button_decides_nowhere_but_at_the_decision(platform: str, subject: str, abroad: bool) -> None:
    for walk in straight(platform, subject, abroad):
        state, _effects = flow.apply(walk.state, Pressed("agree", "同意"), walk.journey)
        assert state.decided == (walk.state.decided or walk.step == "decision")


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_going_back_as_far_as_it_goes_ends_at_the_first_question_and_undoes_no_decision(
    platform: str, subject: str, abroad: bool
) -> None:
    for walk in straight(platform, subject, abroad):
        state, seen = walk.state, [walk.position[0]]
        for _ in range(60):
            state, _effects = flow.apply(state, Wished("go_back"), walk.journey)
            assert state.decided == walk.state.decided
            seen.append(flow.position(state, walk.journey)[0])
        assert seen == sorted(seen, reverse=True)
        if not walk.state.decided:
            assert flow.step_key(state, walk.journey) in {"who", "crossing"}


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_every_step_back_is_undone_by_going_on(platform: str, subject: str, abroad: bool) -> None:
    """Where one goes back to, the same answer leads on to where one was."""
    for walk in straight(platform, subject, abroad):
        back, _effects = flow.apply(walk.state, Wished("go_back"), walk.journey)
        if back == walk.state or walk.state.challenge:
            continue
        assert flow.position(back, walk.journey) != walk.position or flow.step_key(back, walk.journey) != walk.step, (
            walk.step
        )


def test_back_from_an_untouched_consent_panel_leads_to_the_last_card() -> None:
    walk = at("renrenbao", "consents")
    walk.feed(Wished("go_back"))
    assert walk.step == f"reading:{len(walk.journey.deck(walk.state).leaves) - 1}"


def test_back_from_the_decision_opens_the_consent_panel_with_its_answers() -> None:
    walk = at("renrenbao", "decision")
    decided = walk.state.decisions
    walk.feed(Wished("go_back"))
    assert walk.step == "consents"
    assert walk.state.decisions == decided
    walk.press("continue")
    assert walk.step == "decision"


def test_back_behind_the_decision_says_that_it_is_made() -> None:
    walk = at("renrenbao", "phone")
    walk.feed(Wished("go_back"))
    assert [say.message for say in walk.said][0] == "back.decided"
    assert walk.step == "phone"


def test_back_while_a_code_is_awaited_forgets_the_phone_and_kills_the_code() -> None:
    walk = at("renrenbao", "code")
    challenge = walk.state.challenge
    walk.feed(Wished("go_back"))
    assert walk.step == "phone"
    assert "phone" not in walk.state.values
    assert fx.VoidCode(str(challenge)) in walk.effects


@pytest.mark.parametrize("press", ["stop", "refuse"])
@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_a_wish_to_end_only_asks(platform: str, subject: str, abroad: bool, press: str) -> None:
    for walk in straight(platform, subject, abroad):
        state, effects = flow.apply(walk.state, Wished(press), walk.journey)  # type: ignore[arg-type]
        assert not any(isinstance(e, (fx.End, fx.Record, fx.Decide, fx.VoidCode)) for e in effects)
        assert state.but(asking=None) == walk.state
        again, _ = flow.apply(state, Pressed("look_again", ""), walk.journey)
        assert again == walk.state


def test_ending_forgets_and_records_a_refusal_but_not_a_mere_stop() -> None:
    refused, stopped = at("xiaohe", "decision"), at("xiaohe", "field")
    refused.press("disagree")
    refused.press("really_refuse")
    assert refused.ended == "declined"
    assert [e.type for e in refused.effects if isinstance(e, fx.Record)] == ["declined"]
    stopped.press("stop") if "stop" in stopped.choices else stopped.feed(Wished("stop"))
    stopped.press("really_stop")
    assert stopped.ended == "stopped"
    for walk in (refused, stopped):
        assert [e.forget for e in walk.effects if isinstance(e, fx.End)] == [True]


def test_after_the_decision_a_refusal_explains_the_ways_out_instead() -> None:
    walk = at("xiaohe", "phone")
    walk.feed(Wished("refuse"))
    assert walk.said[0].message == "refuse.after_decision"
    assert walk.ended is None


@pytest.mark.parametrize("who", ["minor", "ward"])
@pytest.mark.parametrize("platform", ["rencai", "xiaohe", "renrenbao", "weigongbao"])
def test_minors_and_wards_give_nothing_before_their_guardian_has_decided(platform: str, who: str) -> None:
    walk = at(platform, "who")
    walk.press(f"who:{who}")
    if who == "minor":
        assert walk.step == "age"
        walk.press("band:from_8")
    assert walk.step == "guardian:ask"
    assert flow.awaited_field(walk.state, walk.journey) is None
    assert not any(isinstance(e, (fx.Decide, fx.CreateAccount, fx.SendCode)) for e in walk.effects)
    walk.press("invite")
    walk.feed(walk.next_event())
    assert walk.step == "guardian:wait:ABCD-EFGH"
    assert walk.state.values == {}
    assert not any(isinstance(e, (fx.Decide, fx.CreateAccount, fx.SendCode)) for e in walk.effects)


def test_a_platform_for_organisations_takes_no_person() -> None:
    walk = at("zhiyonggong", "who")
    state, effects = flow.apply(walk.state, Pressed("who:person", "本人已满18岁"), walk.journey)
    assert state.subject is None
    walk.press("who:other")
    assert walk.said[0].message == "who.companies_only"
    assert walk.state.subject is None
    assert not any(isinstance(e, fx.End) for e in effects)


def test_a_birth_date_that_makes_a_minor_invalidates_what_was_agreed() -> None:
    walk = at("xiaohe", "page")
    walk.feed(walk.page_filled(minor=True))
    assert walk.ended == "guardian_needed"
    assert [e.type for e in walk.effects if isinstance(e, fx.Record)] == ["invalidated"]
    assert not walk.created


def test_whether_a_phone_is_registered_is_asked_only_after_its_proof() -> None:
    walk = at("xiaohe", "phone")
    for event in (
        Answered("phone", "+8613800138000", "138****8000"),
        Wished("resend"),
        Answered("sms_code", "000000", ""),
    ):
        walk.choose = lambda options: next((o for o in options if isinstance(o, CodeWrong)), options[0])
        walk.feed(event)
        assert not any(isinstance(e, fx.CheckFree) for e in walk.effects)
    walk.choose = lambda options: options[0]
    walk.feed(Answered("sms_code", "123456", ""))
    assert fx.CheckFree("phone", "+8613800138000") in walk.effects


def test_a_taken_phone_must_be_another_and_proven_again() -> None:
    walk = at("xiaohe", "code")
    walk.choose = lambda options: next((o for o in options if isinstance(o, Taken)), options[0])
    walk.feed(Answered("sms_code", "123456", ""))
    assert walk.said[-1].message == "phone.taken"
    assert not walk.state.phone_proven
    assert "phone" not in walk.state.values


def test_changing_a_proven_phone_asks_for_a_new_proof() -> None:
    walk = at("xiaohe", "field")
    walk.feed(Wished("correct", "phone"))
    assert walk.step == "phone"
    assert not walk.state.phone_proven
    assert walk.state.decided


def test_the_proof_of_another_challenge_proves_nothing() -> None:
    walk = at("xiaohe", "code")
    state, _effects = flow.apply(walk.state, CodeProven("v_of_somebody_else"), walk.journey)
    assert not state.phone_proven


def test_a_refused_code_leaves_no_phone_behind_that_was_never_texted() -> None:
    walk = at("xiaohe", "phone")
    walk.choose = lambda options: next((o for o in options if isinstance(o, CodeNotSent)), options[0])
    walk.feed(Answered("phone", "+8613800138000", "138****8000"))
    assert walk.step == "phone"
    assert "phone" not in walk.state.values


def test_a_refused_resend_keeps_the_code_that_is_out() -> None:
    walk = at("xiaohe", "code")
    before = walk.state
    walk.choose = lambda options: next((o for o in options if isinstance(o, CodeNotSent)), options[0])
    walk.press("resend")
    assert walk.state == before


def test_a_sent_code_names_the_challenge_in_the_standing_question() -> None:
    walk = at("xiaohe", "code")
    old = walk.step
    walk.press("resend")
    assert walk.step.startswith("code:")
    assert walk.step != old


@pytest.mark.parametrize(
    ("platform", "subject", "field"),
    [
        ("weigongbao", "person", "sanctions_free"),
        ("weigongbao", "organisation", "legal_personality"),
        ("zhiyonggong", "organisation", "purpose"),
        ("zhiyonggong", "organisation", "not_competitor"),
        ("zhiyonggong", "organisation", "authority"),
    ],
)
def test_the_last_option_of_a_condition_is_explained_and_does_not_go_on(
    platform: str, subject: str, field: str
) -> None:
    walk = at(platform, f"field:{field}", subject)
    spec = walk.journey.spec(walk.state, field)
    assert spec is not None and spec.refused
    walk.press(f"option:{len(spec.options) - 1}")
    assert walk.step == f"field:{field}"
    assert field not in walk.state.values
    assert walk.said[-1].vars["refused"] == spec.refused
    walk.press("option:0")
    assert walk.state.values[field] == spec.options[0]


def test_a_no_to_something_indispensable_is_recorded_explained_and_ends_nothing() -> None:
    walk = at("renrenbao", "consents")
    walk.press("no:privacy")
    assert [(e.item, e.decision) for e in walk.effects if isinstance(e, fx.Decide)] == [("privacy", "refused")]
    assert walk.said[-1].message == "consents.needed"
    assert walk.ended is None
    walk.press("yes:privacy")
    assert walk.state.decisions["privacy"] == "given"


def test_with_something_indispensable_refused_the_decision_is_out_of_reach() -> None:
    walk = at("renrenbao", "consents")
    for consent in walk.journey.consents(walk.state):
        walk.press(f"no:{consent.item}")
    for event in (Pressed("continue", ""), Pressed("agree", "同意并继续"), Wished("accept"), Wished("repeat")):
        walk.feed(event)
        assert walk.step.startswith("consents")
        assert not walk.state.decided


def test_a_refused_demand_is_told_to_the_operator_and_does_not_hinder() -> None:
    walk = at("weigongbao", "consents")
    for consent in walk.journey.consents(walk.state):
        walk.press(f"no:{consent.item}")
        assert [e.topic for e in walk.effects if isinstance(e, fx.TellOperator)] == [
            "refused_demand"
        ] * consent.demanded
    assert walk.step == "decision"


def test_the_summary_tells_every_single_answer() -> None:
    walk = at("weigongbao", "consents")
    consents = walk.journey.consents(walk.state)
    walk.press(f"no:{consents[0].item}")
    for consent in consents[1:]:
        walk.press(f"yes:{consent.item}")
    view = walk.said[-1].view
    rows = dict(view.rows)  # type: ignore[union-attr]
    assert rows["@" + consents[0].title] == ("value_refused", {})
    assert all(rows["@" + consent.title] == ("value_given", {}) for consent in consents[1:])


def test_nobody_is_asked_about_a_document_whose_text_is_missing() -> None:
    walk = at("xiaohe", "consents")
    asked = {consent.item for consent in walk.journey.consents(walk.state)}
    missing = {document.id for document in walk.journey.missing_documents()}
    assert missing
    assert not any(c.document in missing for c in walk.journey.profile.separate_consents if c.item in asked)
    given = Journey(**{**walk.journey.__dict__, "supplied": frozenset(d.id for d in walk.journey.profile.documents)})
    assert len(given.consents(walk.state)) > len(asked)


def test_switching_to_an_organisation_before_the_decision_starts_the_reading_anew() -> None:
    walk = at("xiaohe", "decision")
    walk.feed(Wished("correct", "subject"))
    assert walk.step == "who"
    walk.press("who:organisation")
    assert walk.step == "reading:0"


def test_the_subject_cannot_be_switched_once_it_was_agreed() -> None:
    walk = at("xiaohe", "phone")
    walk.feed(Wished("correct", "subject"))
    assert walk.state.subject == "person"


@pytest.mark.parametrize("answer", ["cross:yes", "cross:no"])
def test_abroad_nothing_is_asked_before_the_crossing_was_consented_to(answer: str) -> None:
    walk = Walk(journey_of("xiaohe", True))
    assert walk.step == "crossing"
    walk.press(answer)
    assert (walk.step == "who") is (answer == "cross:yes")
    assert [e.item for e in walk.effects if isinstance(e, fx.Decide)] == ["cross_border"]


def test_reading_every_clause_leads_back_to_the_card_it_was_begun_from() -> None:
    walk = at("xiaohe", "reading:0")
    walk.press("every")
    clauses = walk.journey.deck(walk.state).every
    for number in range(len(clauses)):
        assert walk.step == f"every:{number}"
        walk.press("next")
    assert walk.step == "reading:0"


def test_the_password_is_shown_nowhere() -> None:
    for walk in straight("xiaohe", "person"):
        for say in walk.said:
            assert "argon2" not in repr(say)


@pytest.mark.parametrize(("platform", "subject", "abroad"), WAYS)
def test_asking_why_is_answered_everywhere_and_moves_nothing(platform: str, subject: str, abroad: bool) -> None:
    for walk in straight(platform, subject, abroad):
        before: State = walk.state
        state, effects = flow.apply(before, Wished("why"), walk.journey)
        assert state == before
        said = [e for e in effects if isinstance(e, Say)]
        assert said and said[0].message.startswith("why.")
