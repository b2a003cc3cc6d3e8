"""The errands of an account's owner as pure functions: every one walked, and walks nobody planned."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.flows import effects as fx
from domain.flows.events import Pressed, Wish, Wished
from domain.platforms.model import Subject
from domain.selfservice import effects as own
from domain.selfservice.flow import STEPS, awaited_field, position, step_key
from domain.selfservice.rules import Hurdle
from domain.selfservice.service import refusal
from domain.selfservice.state import ERRANDS, Errand
from tests.domain.selfservice.walking import Walk, holder_of
from tests.support.databases import platforms

WISHES: tuple[Wish, ...] = get_args(Wish)
# Everything that touches an account or shows something of it.
TOUCHING = (
    own.SetPassword,
    own.ChangeValue,
    own.CloseAccount,
    own.OpenData,
    own.Freeze,
    own.BeginNotice,
    own.TrustHere,
    fx.SendCode,
)


def _places() -> list[tuple[Errand, str, Subject]]:
    """Every errand on every platform that has it, for every kind of account."""
    return [
        (errand, platform.profile.id, subject)
        for errand in ERRANDS
        for platform in platforms()
        for subject in platform.profile.subjects
        if refusal(platform.profile, errand) is None
    ]


PLACES = _places()


def walk(errand: Errand, platform: str = "xiaohe", subject: Subject = "person", hurdle: Hurdle = "none") -> Walk:
    return Walk(errand, platform, holder_of(platform, subject, hurdle))


# --- every errand, straight through -------------------------------------------------------------


@pytest.mark.parametrize("hurdle", ["none", "number"])
@pytest.mark.parametrize("chat_allowed", [True, False], ids=["in the chat", "abroad"])
@pytest.mark.parametrize(("errand", "platform", "subject"), PLACES, ids=lambda part: str(part))
def test_whoever_just_goes_on_reaches_the_end_of_every_errand(
    errand: Errand, platform: str, subject: Subject, chat_allowed: bool, hurdle: Hurdle
) -> None:
    walked = Walk(errand, platform, holder_of(platform, subject, hurdle), chat_allowed=chat_allowed)
    for _ in range(15):
        if walked.ended or walked.step == "change/change":
            break
        if walked.page is None and awaited_field(walked.state, walked.world) is None:
            # The safe button comes first where an account is closed.
            choices = [choice for _label, choice, _style in walked.standing.buttons] if walked.standing else []
            walked.press("close" if "close" in choices else choices[0])
        else:
            walked.feed(walked.next_event())
    assert walked.ended == "done" or walked.step == "change/change"
    assert walked.state.proven


@pytest.mark.parametrize("errand", ERRANDS)
def test_the_first_question_is_always_which_account(errand: Errand) -> None:
    walked = walk(errand, "rencai", "organisation")
    assert walked.step == f"{errand}/name"
    assert awaited_field(walked.state, walked.world) == "account_name"


@pytest.mark.parametrize("errand", ERRANDS)
def test_position_climbs_and_stays_within_the_steps(errand: Errand) -> None:
    walked = walk(errand, "rencai", "organisation")
    before = position(walked.state, walked.world)
    walked.answer()
    after = position(walked.state, walked.world)
    assert before[0] < after[0] <= after[1] == len(STEPS[errand])


@pytest.mark.parametrize("errand", ERRANDS)
def test_an_account_this_chat_proved_before_is_offered_and_another_can_be_named(errand: Errand) -> None:
    walked = Walk(errand, "rencai", holder_of("rencai", "organisation"), known="a_known")
    assert walked.messages == ["self.name_known"]
    walked.press("other")
    assert walked.messages == ["self.name"]
    walked.answer("email|x@example.com")
    assert walked.did(own.SendToAccount)[-1].named == ("email", "x@example.com")


# --- proving ----------------------------------------------------------------------------------------


def test_a_wrong_code_asks_again_and_a_spent_one_offers_another() -> None:
    walked = walk("cancel")
    walked.answer()
    walked.choose = lambda options: options[1]
    walked.answer("000000")
    assert walked.messages == ["code.wrong"]
    walked.choose = lambda options: options[2]
    walked.answer("000000")
    assert walked.messages == ["code.spent"]
    assert "resend" in walked.choices
    assert not walked.state.proven


def test_a_code_that_could_not_be_sent_leaves_resending_and_another_account() -> None:
    walked = Walk("cancel", "xiaohe", holder_of("xiaohe", "person"), choose=lambda options: options[-1])
    walked.answer()
    assert walked.messages == ["self.not_sent.service_paused"]
    walked.choose = lambda options: options[0]
    walked.press("resend")
    assert walked.messages == ["self.code_sent"]


def test_going_back_from_the_code_voids_it_and_asks_for_the_account() -> None:
    walked = walk("reset_password")
    walked.answer()
    walked.feed(Wished("go_back"))
    assert walked.did(fx.VoidCode) == [fx.VoidCode("v_1")]
    assert walked.step == "reset_password/name"


def test_another_account_voids_the_code_of_the_first() -> None:
    walked = walk("access")
    walked.answer()
    walked.press("other")
    assert walked.did(fx.VoidCode) == [fx.VoidCode("v_1")]
    assert walked.state.named is None


def test_at_the_first_step_there_is_nothing_to_go_back_to_and_it_says_so() -> None:
    walked = walk("access")
    walked.feed(Wished("go_back"))
    assert walked.messages[0] == "self.no_back"


def test_a_page_opened_for_the_name_does_not_stand_for_the_page_of_the_password() -> None:
    """Otherwise the person would be told to go on with a page that asks for something else."""
    walked = walk("reset_password")
    walked.press("page")
    walked.answer()
    walked.answer()
    assert walked.messages == ["self.reset.page"]
    assert walked.page == ("password",)


# --- the second proof -------------------------------------------------------------------------------

_GUARDED: tuple[Errand, ...] = ("change", "cancel", "access", "transfer", "dissolution")


@pytest.mark.parametrize("errand", _GUARDED)
def test_where_the_phone_is_a_weak_proof_nothing_is_shown_before_the_number(errand: Errand) -> None:
    """C06, C12"""
    walked = walk(errand, "rencai", "organisation", "number")
    walked.prove()
    assert walked.page == ("id_tail",)
    assert not [e for e in walked.every if isinstance(e, TOUCHING)]
    walked.fill(id_tail="")
    assert walked.did(own.TrustHere)
    assert walked.step != f"{errand}/second"


@pytest.mark.parametrize("errand", [*_GUARDED, "reset_password"])
def test_where_no_number_is_registered_a_notice_is_given_and_nothing_else_happens(errand: Errand) -> None:
    walked = walk(errand, "rencai", "organisation", "wait")
    walked.prove()
    assert walked.ended == "done"
    assert [type(e) for e in walked.every if isinstance(e, TOUCHING)] == [own.BeginNotice]


def test_the_second_proof_is_asked_once_also_after_a_phone_that_was_changed_on_the_way() -> None:
    walked = walk("change", hurdle="none")
    walked.prove()
    walked.world = dataclasses.replace(walked.world, holder=holder_of("xiaohe", "person", "number"))
    walked.press("field:email")
    walked.answer()
    assert walked.messages == ["self.change.done"]


def test_freezing_needs_no_second_proof() -> None:
    walked = walk("report_stolen", hurdle="wait")
    walked.prove()
    assert walked.did(own.Freeze)


def test_the_number_is_asked_on_the_same_page_as_the_new_password() -> None:
    walked = walk("reset_password", hurdle="number")
    walked.prove()
    assert walked.page == ("id_tail", "password")


def test_a_lost_phone_freezes_only_where_the_account_was_proven_before() -> None:
    known = Walk("report_stolen", "xiaohe", holder_of("xiaohe", "person"), known="a_known")
    known.press("lost_phone")
    assert known.did(own.FreezeKnown)
    assert known.state.frozen
    stranger = walk("report_stolen")
    stranger.press("lost_phone")
    assert not stranger.did(own.FreezeKnown)
    assert not stranger.state.frozen


def test_a_conversation_that_lost_the_accounts_trust_reports_a_theft_like_a_stranger() -> None:
    walked = Walk("report_stolen", "xiaohe", holder_of("xiaohe", "person"), known="a_known")
    walked.choose = lambda options: options[-1]
    walked.press("lost_phone")
    assert not walked.state.frozen
    assert walked.step == "report_stolen/ask:contact"


# --- stopping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("errand", ERRANDS)
def test_stopping_is_asked_first_and_going_on_asks_the_same_again(errand: Errand) -> None:
    walked = walk(errand, "rencai", "organisation")
    walked.answer()
    before = walked.step
    walked.feed(Wished("stop"))
    assert walked.messages == ["self.stop_ask"]
    assert walked.ended is None
    walked.press("look_again")
    assert walked.step == before
    walked.press("stop")
    walked.press("really_stop")
    assert walked.ended == "stopped"
    assert fx.VoidCode("v_1") in walked.every


def test_whoever_stops_after_freezing_hears_that_it_stays_frozen() -> None:
    walked = walk("report_stolen")
    walked.prove()
    walked.feed(Wished("stop"))
    walked.press("really_stop")
    assert walked.messages == ["self.stopped_frozen"]


@pytest.mark.parametrize("wish", ["accept", "affirm"])
def test_a_sentence_never_closes_an_account(wish: Wish) -> None:
    """Consent is an act: 好的 beside 确认注销 only points at the buttons."""
    walked = walk("cancel")
    walked.prove()
    walked.feed(Wished(wish))
    assert walked.messages[0] == "press_a_button"
    assert not walked.did(own.CloseAccount)
    walked.press("close")
    assert walked.did(own.CloseAccount)


# --- walks nobody planned ------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_walk_ends_in_a_dead_end_or_touches_an_account_that_is_not_proven(data: st.DataObject) -> None:
    errand, platform, subject = data.draw(st.sampled_from(PLACES))
    hurdle: Hurdle = data.draw(st.sampled_from(get_args(Hurdle)))
    walked = Walk(
        errand,
        platform,
        holder_of(platform, subject, hurdle),
        choose=lambda options: data.draw(st.sampled_from(list(options))),
        chat_allowed=data.draw(st.booleans()),
        known=data.draw(st.sampled_from([None, "a_known"])),
    )
    for _ in range(data.draw(st.integers(1, 30))):
        proven = walked.state.proven
        event = data.draw(st.sampled_from(["on", "press", "wish", "refused", "page"]))
        field = awaited_field(walked.state, walked.world)
        if event == "press":
            choice = data.draw(st.sampled_from(sorted(c for c in walked.choices if not c.startswith("c."))))
            walked.feed(Pressed(choice, walked.choices[choice]))
        elif event == "wish":
            detail = data.draw(st.sampled_from([None, "phone", "email", "real_name", "credit_code", "nonsense"]))
            walked.feed(Wished(data.draw(st.sampled_from(WISHES)), detail))
        elif event == "refused" and field is not None:
            refused = walked.refused()
            assert refused is not None
            walked.feed(refused)
        elif event == "page" and walked.page is not None:
            walked.feed(walked.page_filled())
        else:
            walked.feed(walked.next_event())
        assert walked.said, "nothing was said"
        if not proven and not walked.state.proven:
            assert walked.state.lost_phone or not [e for e in walked.effects if isinstance(e, own.FreezeKnown)]
            assert not [e for e in walked.effects if isinstance(e, TOUCHING)]
        if hurdle != "none" and not walked.state.strong and errand not in {"report_stolen", "reset_password"}:
            assert not [e for e in walked.every if isinstance(e, TOUCHING) and not isinstance(e, own.BeginNotice)]
        if walked.ended:
            assert any(say.buttons for say in walked.said)
            return
        asked = [say for say in walked.said if say.prompt]
        assert asked, walked.step
        assert asked[-1].buttons or asked[-1].expects
        assert len(step_key(walked.state, walked.world)) <= 64


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_that_is_said_before_the_proof_depends_on_the_account(data: st.DataObject) -> None:
    """I8, C02, C05: the same steps in a world with one account, with another one and with none read the same."""
    errand, platform, subject = data.draw(st.sampled_from(PLACES))
    chat_allowed = data.draw(st.booleans())
    one, other = holder_of(platform, subject, "none", "a_one"), holder_of(platform, subject, "number", "a_other")
    walks = [
        Walk(errand, platform, one, choose=lambda options: options[-1], chat_allowed=chat_allowed, watched=watched)
        for watched in (one, other, None)
    ]
    for _ in range(data.draw(st.integers(1, 15))):
        leader = walks[0]
        pressed = [Pressed(c, label) for c, label in sorted(leader.choices.items()) if not c.startswith("c.")]
        event = data.draw(
            st.one_of(st.builds(Wished, st.sampled_from(WISHES)), st.sampled_from(pressed), st.just(None))
        )
        for walked in walks:
            walked.feed(event if event is not None else walked.next_event())
        if leader.ended or leader.state.proven:
            break
    assert walks[0].unproven == walks[1].unproven == walks[2].unproven
    assert not any(w in str(r) for r in walks[0].unproven for w in ("a_one", "a_other", "138****8000"))
