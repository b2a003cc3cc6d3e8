"""A new password: on the one-time page, with a second proof where the phone alone is a weak one."""

from __future__ import annotations

from domain.flows.effects import Effect, End, OpenPage
from domain.flows.events import Event, PageFilled, PageOpened, Pressed, Wished
from domain.flows.say import Button, Say
from domain.selfservice.effects import BeginNotice, PasswordSet, SetPassword
from domain.selfservice.rules import ID_TAIL
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import HUMAN, STOP, Outcome, Silent
from domain.selfservice.steps.proving import link


class NewPassword(Silent):
    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        return "password"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        assert world.holder is not None
        if world.holder.hurdle == "wait":
            waits = Say("self.reset.wait", {}, (Button("c.menu", "menu", style="quiet"), HUMAN))
            return (BeginNotice(), waits, End("done", forget=True))
        if state.page_open:
            # A new link would kill the page the person may be filling in right now.
            return (Say("page.waiting", {}, (Button("page", "page_again"), STOP), prompt=True),)
        return (self._open(world),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Pressed("page", _) | Wished("fill_page"):
                return state, (self._open(world),)
            case PageOpened():
                message = "self.reset.page_number" if ID_TAIL in event.fields else "self.reset.page"
                return state.but(page_open=True), (link(event, message, STOP),)
            case PageFilled(values) if "password" in values:
                return state.but(page_open=False), (SetPassword(values["password"]),)
            case PasswordSet():
                done = Say("self.reset.done", {}, (Button("c.menu", "menu", style="quiet"),))
                return state, (done, End("done", forget=True))
        return None

    def _open(self, world: World) -> OpenPage:
        assert world.holder is not None
        return OpenPage((ID_TAIL, "password") if world.holder.hurdle == "number" else ("password",))
