"""Walks an errand as a pure function: no database, no clock; the outside world answers as told."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from domain.flows import effects as fx
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeProven,
    CodeSent,
    CodeWrong,
    Event,
    NotAccepted,
    PageFilled,
    PageOpened,
    Pressed,
    Started,
)
from domain.flows.say import RenderContext, Rendered, Say
from domain.platforms.model import Subject
from domain.selfservice import effects as own
from domain.selfservice import flow
from domain.selfservice.rules import Hurdle
from domain.selfservice.state import Errand, Holder, State, World
from tests.support.ambient import START
from tests.support.databases import platforms
from tests.support.walking import first, renderer

Choose = Callable[[Sequence[Any]], Any]
TODAY = date(2026, 3, 2)
# What a person gives when a field is asked for.
GIVEN = {
    "account_name": "phone|+8613800138000",
    "sms_code": "123456",
    "phone": "+8613900139000",
    "email": "new@example.com",
    "date": "2026-02-27",
}
MINUTE = timedelta(minutes=1)


def holder_of(platform_id: str, subject: Subject, hurdle: Hurdle = "none", account_id: str = "a_1") -> Holder:
    """An account with everything its platform asks for."""
    specs = getattr(platforms().get(platform_id).profile.registration, subject)
    shown = {spec.field: f"{account_id} {spec.field}" for spec in specs if spec.field != "password"}
    return Holder(account_id, subject, "138****8000", {"phone": "138****8000", **shown}, hurdle)


class Walk:
    """One errand under way.

    Args:
        choose: how the outside world turns out, from a list with the good outcome first.
        known: an account this conversation had proven before.
        watched: whom the world shows before any proof, which it never should: nothing may follow from it.
        choices: everything a button ever offered, with its label; a person may press any of them.
        unproven: everything that was said before the phone was proven, as a person sees it.
    """

    def __init__(
        self,
        errand: Errand,
        platform_id: str,
        holder: Holder,
        *,
        choose: Choose = first,
        chat_allowed: bool = True,
        known: str | None = None,
        watched: Holder | None = None,
    ) -> None:
        self.profile = platforms().get(platform_id).profile
        self.holder, self.choose = holder, choose
        self.state = State(errand=errand, account_id=known)
        self.world = World(self.profile, chat_allowed, TODAY, watched)
        self.ended: str | None = None
        self.effects: list[fx.Effect] = []
        self.every: list[fx.Effect] = []
        self.said: list[Say] = []
        self.unproven: list[Rendered] = []
        self.choices: dict[str, str] = {}
        self.page: tuple[str, ...] | None = None
        self.standing: Rendered | None = None
        self.codes = 0
        self.feed(Started(""))

    @property
    def step(self) -> str:
        return flow.step_key(self.state, self.world)

    @property
    def messages(self) -> list[str]:
        return [say.message for say in self.said]

    def did(self, kind: type[fx.Effect]) -> list[Any]:
        """Every effect of this kind that was ever asked for."""
        return [effect for effect in self.every if isinstance(effect, kind)]

    def feed(self, event: Event) -> None:
        """Let something happen, and everything that follows from it."""
        assert self.ended is None
        self.said, self.effects = [], []
        events: deque[Event] = deque([event])
        rounds = 0
        while events and self.ended is None:
            rounds += 1
            assert rounds < 20, "the flow and the world answer each other without end"
            self.state, effects = flow.apply(self.state, events.popleft(), self.world)
            for effect in effects:
                self.effects.append(effect)
                self.every.append(effect)
                follow = self._carry_out(effect)
                if follow is not None:
                    events.append(follow)

    def press(self, choice: str) -> None:
        self.feed(Pressed(choice, self.choices.get(choice, "?")))

    def answer(self, value: str | None = None) -> None:
        """Give what the standing question asks for."""
        field = flow.awaited_field(self.state, self.world)
        assert field is not None, self.step
        self.feed(Answered(field, value or GIVEN.get(field, f"value of {field}"), f"shown {field}"))

    def fill(self, **values: str) -> None:
        """Send the page that was opened last."""
        assert self.page is not None
        self.feed(self.page_filled(values))

    def page_filled(self, values: dict[str, str] | None = None) -> PageFilled:
        assert self.page is not None
        given = values or {name: GIVEN.get(name, f"value of {name}") for name in self.page}
        self.page = None
        return PageFilled(given, {name: f"shown {name}" for name in given})

    def prove(self) -> None:
        """Name the account and give the code."""
        if self.state.account_id is not None:
            self.press("send")
        else:
            self.answer()
        self.answer()

    def next_event(self) -> Event:
        """What a person does who just goes on."""
        if self.page is not None:
            return self.page_filled()
        field = flow.awaited_field(self.state, self.world)
        if field is not None:
            return Answered(field, GIVEN.get(field, f"value of {field}"), f"shown {field}")
        assert self.standing is not None
        choice = self.standing.buttons[0][1]
        return Pressed(choice, self.choices[choice])

    def refused(self) -> NotAccepted | None:
        field = flow.awaited_field(self.state, self.world)
        codes = {"sms_code": "sms_code_length", "account_name": "account_name"}
        return NotAccepted(field, codes.get(field, "free_text_short")) if field else None

    def _carry_out(self, effect: fx.Effect) -> Event | None:
        match effect:
            case Say():
                self._say(effect)
            case fx.SendCode() | own.SendToAccount():
                self.codes += 1
                sent = CodeSent(f"v_{self.codes}", "139****9000", 5 * MINUTE, MINUTE)
                reasons = ("too_soon", "too_many", "too_many_phones", "service_paused")
                return self.choose([sent, *(CodeNotSent(reason, 3 * MINUTE) for reason in reasons)])  # type: ignore[no-any-return]
            case fx.CheckCode(challenge_id):
                return self.choose([CodeProven(challenge_id), CodeWrong(3), CodeWrong(0)])  # type: ignore[no-any-return]
            case own.ProveAccount():
                outcome: Event = self.choose([own.AccountProven(self.holder.account_id), CodeWrong(3), CodeWrong(0)])
                if isinstance(outcome, own.AccountProven):
                    self.world = dataclasses.replace(self.world, holder=self.holder)
                return outcome
            case fx.OpenPage(fields):
                self.page = fields
                return PageOpened("/s/token", fields, 15, START)
            case own.Freeze():
                return own.Frozen(self.choose([False, True]))
            case own.SetPassword():
                return own.PasswordSet()
            case own.ChangeValue(name, _, display):
                return self.choose([own.Changed(name, display), own.ChangeTaken(name)])  # type: ignore[no-any-return]
            case own.CloseAccount():
                return own.Closed()
            case own.FileRequest(_, _, _, days):
                return own.Filed("q_1", TODAY if days else None)
            case own.OpenData():
                return own.DataOpened("/s/token/data", 15, START)
            case fx.End(outcome_of_flow):
                self.ended = outcome_of_flow
            case own.FreezeKnown():
                return self.choose([own.Frozen(False), own.NotKnown()])  # type: ignore[no-any-return]
            case own.TrustHere():
                return own.Trusted()
            case fx.VoidCode() | own.BeginNotice():
                pass
            case _:
                raise AssertionError(f"nobody carries out {effect}")
        return None

    def _say(self, say: Say) -> None:
        context = RenderContext(self.profile.id, self.profile.name, self.profile.operator, True, "web")
        rendered = renderer()(say, context)
        self.said.append(say)
        if not self.state.proven:
            self.unproven.append(rendered)
        self.choices |= {choice: label for label, choice, _style in rendered.buttons}
        if say.prompt:
            self.standing = rendered
