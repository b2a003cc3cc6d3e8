"""Walks a registration as a pure function: no database, no clock; the outside world answers as told."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from bot.wording.render import Renderer
from domain.consent.deck import build_deck
from domain.flows import effects as fx
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeProven,
    CodeSent,
    CodeWrong,
    Event,
    Free,
    PageFilled,
    PageOpened,
    Pressed,
    Registered,
    Started,
    Taken,
)  # fmt: skip
from domain.flows.say import RenderContext, Rendered, Say
from domain.guardians.effects import Accompany, GuardianSaid, Invite, Invited, NotInvited
from domain.platforms import LoadedPlatform
from domain.registration import flow
from domain.registration.state import Journey, State
from tests.support.ambient import START
from tests.support.databases import PUBLIC_URL, platforms

Choose = Callable[[Sequence[Any]], Any]
ON_PAGE = {
    "password": "key:$argon2id$",
    "id_number": "11010519491231002X",
    "credit_code": "91350100M000100Y43",
    "licence_image": "u_1",
    "authority_letter": "u_2",
}


@functools.cache
def renderer() -> Renderer:
    return Renderer(PUBLIC_URL)


@functools.cache
def journey_of(platform_id: str, abroad: bool = False) -> Journey:
    platform = platforms().get(platform_id)
    return Journey(
        profile=platform.profile,
        decks={subject: build_deck(platform.cards, platform.sample, subject) for subject in platform.profile.subjects},
        agreement_id="g_1",
        abroad=abroad,
        **({"authorised": True} if "authorised" in Journey.__dataclass_fields__ else {}),
        supplied=frozenset(d.id for d in platform.profile.documents if d.file is not None),
    )


def loaded(platform_id: str) -> LoadedPlatform:
    return platforms().get(platform_id)


def first(options: Sequence[Any]) -> Any:
    """The kindest world: of the possible outcomes always the first, which is the good one."""
    return options[0]


class Walk:
    """One registration under way.

    Args:
        choose: how the outside world turns out, from a list with the good outcome first.
        asked_to_register: the state at every moment an account was to be made.
        choices: everything a button ever offered, with its label; a person may press any of them.
    """

    def __init__(self, journey: Journey, choose: Choose = first) -> None:
        self.journey, self.choose = journey, choose
        self.state = State()
        self.ended: str | None = None
        self.created = False
        self.asked_to_register: list[State] = []
        self.page: tuple[str, ...] | None = None
        self.choices: dict[str, str] = {}
        self.standing: Rendered | None = None
        self.said: list[Say] = []
        self.effects: list[fx.Effect] = []
        self.codes = 0
        self.feed(Started("entry-1"))

    @property
    def step(self) -> str:
        return flow.step_key(self.state, self.journey)

    @property
    def position(self) -> tuple[int, int]:
        return flow.position(self.state, self.journey)

    def feed(self, event: Event) -> None:
        """Let something happen, and everything that follows from it."""
        assert self.ended is None
        self.said, self.effects = [], []
        self.standing = None if not isinstance(event, Pressed) else self.standing
        events: deque[Event] = deque([event])
        rounds = 0
        while events and self.ended is None:
            rounds += 1
            assert rounds < 20, "the flow and the world answer each other without end"
            self.state, effects = flow.apply(self.state, events.popleft(), self.journey)
            for effect in effects:
                self.effects.append(effect)
                follow = self._carry_out(effect)
                if follow is not None:
                    events.append(follow)

    def press(self, choice: str) -> None:
        self.feed(self._pressed(choice))

    def forward(self) -> None:
        """Do the natural next thing."""
        self.feed(self.next_event())

    def next_event(self) -> Event:
        """What a person does who just goes on: says yes, gives what is asked, fills the page."""
        step = flow.current(self.state, self.journey)
        assert step is not None
        key = self.step.partition("?")[0]
        if self.state.every is not None:
            return self._pressed("leave_every")
        if key == "phone":
            return Answered("phone", "+8613800138000", "138****8000")
        if key.startswith("code:"):
            return Answered("sms_code", "123456", "")
        if step.name == "fields":
            spec = self.journey.spec(self.state, key.removeprefix("field:"))
            assert spec is not None
            if spec.options:
                return self._pressed("option:0")
            return Answered(spec.field, f"value of {spec.field}", f"shown {spec.field}")
        if step.name == "page":
            return self._pressed("page") if self.page is None else self.page_filled()
        undecided = [
            c.item
            for c in self.journey.consents(self.state)
            if c.item not in self.state.decisions or (c.indispensable and self.state.decisions[c.item] == "refused")
        ]
        if key == "guardian:phone":
            return Answered("phone", "+8613900139000", "139****9000")
        if key.startswith("guardian:") and key != "guardian:ask":
            return GuardianSaid("given")
        choices = {
            "age": "band:from_8",
            "guardian": "invite",
            "assent": "assent",
            "crossing": "cross:yes",
            "who": f"who:{self.journey.profile.subjects[0]}",
            "reading": "next",
            "consents": f"yes:{undecided[0]}" if undecided else "continue",
            "decision": "agree",
        }
        return self._pressed(choices[step.name])

    def page_filled(self, *, minor: bool = False) -> PageFilled:
        """The one-time page, sent with everything it asks for."""
        assert self.page is not None
        values = {name: ON_PAGE.get(name, f"value of {name}") for name in self.page}
        shown = {name: f"shown {name}" for name in self.page if name != "password"}
        self.page = None
        return PageFilled(values, shown, (), minor)

    def _pressed(self, choice: str) -> Pressed:
        return Pressed(choice, self.choices.get(choice, "?"))

    def answers(self) -> list[str]:
        """What stands on the buttons of the standing question."""
        return [choice for _label, choice, _style in self.standing.buttons] if self.standing else []

    def _carry_out(self, effect: fx.Effect) -> Event | None:
        match effect:
            case Say():
                self._say(effect)
            case fx.Shown(say):
                self._say(say)
            case fx.SendCode(phone):
                self.codes += 1
                good = CodeSent(f"v_{self.codes}", "138****8000", timedelta(minutes=5), timedelta(minutes=1))
                bad = [
                    CodeNotSent(reason, timedelta(minutes=3)) for reason in ("too_soon", "too_many", "too_many_phones")
                ]
                assert phone
                return self.choose([good, *bad])  # type: ignore[no-any-return]
            case fx.CheckCode(challenge_id):
                return self.choose([CodeProven(challenge_id), CodeWrong(3), CodeWrong(0)])  # type: ignore[no-any-return]
            case fx.CheckFree(field):
                return self.choose([Free(field), Taken(field)])  # type: ignore[no-any-return]
            case Invite():
                invited = Invited("w_1", "ABCD-EFGH", "3月5日 18:00")
                return self.choose([invited, NotInvited()])  # type: ignore[no-any-return]
            case Accompany():
                return self.choose([GuardianSaid(said) for said in ("given", "left", "look", "refused")])  # type: ignore[no-any-return]
            case fx.OpenPage(fields):
                self.page = fields
                return PageOpened("/s/token", fields, 15, START)
            case fx.CreateAccount():
                taken = [
                    Taken(kind) for kind in ("phone", "email", "login_name", "id_number") if kind in self.state.values
                ]
                self.asked_to_register.append(self.state)
                display = {"account": "a_1", "agreement": "《协议》", "consents": "–", "refused": "–"}
                outcome = self.choose([Registered("a_1", "/r/r_1", display), *taken])
                self.created = self.created or isinstance(outcome, Registered)
                return outcome  # type: ignore[no-any-return]
            case fx.End(outcome):
                self.ended = outcome
        return None

    def _say(self, say: Say) -> None:
        profile = self.journey.profile
        context = RenderContext(
            profile.id, profile.name, profile.operator, True, "telegram" if self.journey.abroad else "web"
        )
        rendered = renderer()(say, context)
        self.said.append(say)
        self.choices |= {choice: label for label, choice, _style in rendered.buttons}
        if say.prompt:
            self.standing = rendered
