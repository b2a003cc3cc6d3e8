"""The flow walked as a pure function: whatever a person does, only the button agrees, and there is always a way on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wording.render import Renderer
from domain.agreements import parse
from domain.consent.deck import build_deck
from domain.flows import effects as fx
from domain.flows.events import Event, Pressed, Started, Wished
from domain.flows.say import RenderContext, Say
from domain.platforms.model import SeparateConsent
from domain.renewal import flow
from domain.renewal.changes import changes
from domain.renewal.effects import Accept, Accepted, PutOff, Refuse
from domain.renewal.state import Journey, State
from tests.support.databases import PUBLIC_URL, platforms

PLATFORMS = ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"]
WISHES = ["go_back", "repeat", "why", "correct", "stop", "refuse", "accept", "affirm", "deny", "resend", "read_every",
          "fill_page", "explain"]  # fmt: skip
RENDER = Renderer(PUBLIC_URL)
BEGUN = State(account_id="a_1", before="g_1", served="e_1")


def journey(
    platform: str, *, since: str = "2026-03-09", consents: tuple[SeparateConsent, ...] | None = None
) -> Journey:
    loaded = platforms().get(platform)
    raw = loaded.sample_bytes.decode().replace("。", "，另有规定的除外。", 5)
    after = parse(raw.encode(), "a.md")
    found = changes(loaded.sample, after, build_deck(loaded.cards, after, None))
    return Journey(
        profile=loaded.profile,
        label="第2版",
        leaves=found.leaves(),
        cosmetic=len(found.cosmetic),
        consents=loaded.profile.separate_consents[:2] if consents is None else consents,
        since=since,
        path="/a/x/changes/1/2",
    )


class Walk:
    """One person; what is shown is rendered, so that a missing word fails here."""

    def __init__(self, world: Journey) -> None:
        self.world, self.state = world, BEGUN
        self.effects: tuple[fx.Effect, ...] = ()
        self.said: list[Say] = []
        self.done: list[fx.Effect] = []

    def go(self, event: Event) -> Walk:
        self.state, self.effects = flow.apply(self.state, event, self.world)
        self.done += self.effects
        for effect in self.effects:
            say = effect.say if isinstance(effect, fx.Shown) else effect if isinstance(effect, Say) else None
            if say is not None:
                self.said.append(say)
                assert RENDER(say, RenderContext("x", "平台", None, True, "web")).text.strip()
        return self

    def press(self, choice: str) -> Walk:
        label = self.world.profile.consent.label if choice == "agree" else choice
        return self.go(Pressed(choice, label))

    def choices(self) -> list[str]:
        """Everything that can be pressed on the newest message that has buttons of the flow."""
        for say in reversed(self.said):
            shown = RENDER(say, RenderContext("x", "平台", None, True, "web"))
            found = [choice for _label, choice, _style in shown.buttons if not choice.startswith("c.")]
            if found:
                return found
        return []

    @property
    def over(self) -> bool:
        return any(isinstance(e, Accept | Refuse | fx.End | PutOff) for e in self.done)


def begun(platform: str = "renrenbao", **more: Any) -> Walk:
    return Walk(journey(platform, **more)).go(Started("e_1"))


def read(walk: Walk) -> Walk:
    while flow.current(walk.state, walk.world) == "changes":
        walk.press("next")
    return walk


def answer(walk: Walk, verb: str = "yes") -> Walk:
    for consent in walk.world.consents:
        walk.press(f"{verb}:{consent.item}")
    return walk


@pytest.mark.parametrize("platform", PLATFORMS)
def test_straight_through_every_change_is_shown_once_and_the_button_accepts(platform: str) -> None:
    walk = answer(read(begun(platform)))
    shown = [e for e in walk.done if isinstance(e, fx.Shown)]
    assert len(shown) == len(walk.world.leaves)
    assert len([e for e in walk.done if isinstance(e, fx.Record) and e.type == "acknowledged"]) == len(shown)
    assert not walk.over
    walk.press("agree")
    assert [e for e in walk.effects if isinstance(e, Accept)] == [Accept(walk.world.profile.consent.label)]
    walk.go(Accepted("/r/r_1", {"account": "a_1", "agreement": "x", "consents": "–", "refused": "–"}))
    assert any(isinstance(e, fx.End) and e.outcome == "done" for e in walk.effects)


@pytest.mark.parametrize("since", ["2026-03-09", ""])
def test_the_decision_says_that_silence_and_use_agree_to_nothing(since: str) -> None:
    walk = read(begun(since=since, consents=()))
    text = RENDER(walk.said[-1], RenderContext("x", "平台", None, True, "web")).text
    assert "继续使用，都不算同意" in text
    assert ("2026-03-09" in text) == bool(since)


def test_a_no_is_asked_about_once_and_can_be_taken_back() -> None:
    walk = read(begun(consents=())).press("disagree")
    assert not walk.over and flow.step_key(walk.state, walk.world) == "decision?refuse"
    walk.press("look_again")
    assert flow.step_key(walk.state, walk.world) == "decision" and not walk.over
    walk.press("disagree").press("really_refuse")
    assert [type(e) for e in walk.effects] == [Refuse, Say, fx.End]


def test_a_no_to_something_indispensable_explains_and_lets_one_go_on_or_leave() -> None:
    consent = platforms().get("renrenbao").profile.separate_consents[0].model_copy(update={"indispensable": True})
    walk = read(begun(consents=(consent,))).press(f"no:{consent.item}")
    assert flow.step_key(walk.state, walk.world) == f"consents?need:{consent.item}"
    assert not walk.over
    walk.press("agree")
    assert not walk.over, "the decision cannot be reached while it stands refused"
    walk.press("disagree_all").press("look_again").press(f"yes:{consent.item}")
    assert flow.current(walk.state, walk.world) == "decision"


def test_the_same_answer_twice_is_one_decision() -> None:
    walk = read(begun())
    item = walk.world.consents[0].item
    walk.press(f"no:{item}").press(f"no:{item}")
    assert len([e for e in walk.done if isinstance(e, fx.Decide)]) == 1


def test_going_back_leads_through_every_question_to_the_first_and_no_further() -> None:
    walk = answer(read(begun()))
    seen = [flow.step_key(walk.state, walk.world)]
    for _ in range(len(walk.world.leaves) + 3):
        walk.go(Wished("go_back"))
        seen.append(flow.step_key(walk.state, walk.world))
    assert seen[0] == "decision" and seen[1] == "consents" and seen[-1] == "changes:0"


def test_the_position_goes_up_to_the_whole() -> None:
    walk = begun()
    places = [flow.position(walk.state, walk.world)]
    while flow.current(walk.state, walk.world) == "changes":
        walk.press("next")
        places.append(flow.position(walk.state, walk.world))
    answer(walk)
    places.append(flow.position(walk.state, walk.world))
    assert [at for at, _ in places] == list(range(1, len(places) + 1))
    assert {of for _, of in places} == {len(places)}


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_said_and_pressed_only_the_decisions_button_accepts(platform: str, data: st.DataObject) -> None:
    walk = begun(platform)
    for _ in range(data.draw(st.integers(1, 25))):
        step = flow.step_key(walk.state, walk.world)
        event: Event = data.draw(
            st.one_of(
                st.sampled_from([Wished(wish) for wish in WISHES]),  # type: ignore[arg-type]
                st.sampled_from(walk.choices() or ["next"]).map(lambda choice: Pressed(choice, choice)),
                st.sampled_from([Pressed("nonsense", "?"), Pressed("yes:nothing", "?"), Pressed("agree", "?")]),
            )
        )
        walk.go(event)
        if any(isinstance(e, Accept) for e in walk.effects):
            assert isinstance(event, Pressed) and event.choice == "agree" and step.startswith("decision")
        assert walk.effects, "no event is a dead end"
        if walk.over:
            break
        assert walk.said[-1].prompt or walk.said[-1].buttons
