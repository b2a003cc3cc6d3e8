"""What the phone alone does not open: a number that changed hands brings nobody into the account of its last owner."""

from __future__ import annotations

from domain.flows.effects import Effect, End, OpenPage
from domain.flows.events import Event, PageFilled, PageOpened, Pressed, Wished
from domain.flows.say import Button, Say
from domain.selfservice.effects import BeginNotice, Trusted, TrustHere
from domain.selfservice.rules import ID_TAIL
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import HUMAN, STOP, Outcome, Silent
from domain.selfservice.steps.proving import link


class SecondProof(Silent):
    """The end of a registered number on the one-time page, or a day's notice (see `rules.hurdle`).

    Before anything of the account is shown, changed or ended; freezing does no harm and needs none. Once passed it
    holds until the errand ends: a phone that is changed on the way asks for nothing twice.
    """

    def done(self, state: State, world: World) -> bool:
        return state.strong or (world.holder is not None and world.holder.hurdle == "none")

    def key(self, state: State, world: World) -> str:
        return "second"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        assert world.holder is not None
        if world.holder.hurdle == "wait":
            waits = Say("self.second.wait", {}, (Button("c.menu", "menu", style="quiet"), HUMAN))
            return (BeginNotice(), waits, End("done", forget=True))
        if state.page_open:
            return (Say("page.waiting", {}, (Button("page", "page_again"), STOP), prompt=True),)
        return (OpenPage((ID_TAIL,)),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Pressed("page", _) | Wished("fill_page"):
                return state, (OpenPage((ID_TAIL,)),)
            case PageOpened():
                return state.but(page_open=True), (link(event, "self.second.page", HUMAN, STOP),)
            case PageFilled(values) if ID_TAIL in values:
                return state.but(page_open=False), (TrustHere(),)
            case Trusted():
                return state.but(strong=True), ()
        return None
