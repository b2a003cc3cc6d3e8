"""What an errand comes to when its questions are answered: freezing, a request, a page with one's data."""

from __future__ import annotations

from dataclasses import dataclass

from domain.flows.effects import Effect, End
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, LinkView, Say, SummaryView
from domain.identifiers.dates import parse_date
from domain.identifiers.problems import Refused
from domain.selfservice.effects import DataOpened, Filed, FileRequest, Freeze, FreezeKnown, Frozen, NotKnown, OpenData
from domain.selfservice.rules import dissolution_deadline
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import BACK, HUMAN, STOP, Outcome, Silent

_MENU = Button("c.menu", "menu", style="quiet")
_STATUS = Button("c.status", "status")


class Freezing(Silent):
    """At once when the phone is proven, or lost in a conversation that knows the account: it stops before all else."""

    def done(self, state: State, world: World) -> bool:
        return state.frozen or (state.lost_phone and state.account_id is None)

    def key(self, state: State, world: World) -> str:
        return "freezing"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        return (Freeze("reported") if state.proven else FreezeKnown(),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case NotKnown():
                return state.but(account_id=None), ()
            case Frozen(undone):
                message = "self.stolen.frozen_undone" if undone else "self.stolen.frozen"
                return state.but(frozen=True), (Say(message, {"explain": world.profile.account.security.explain}),)
        return None


class StolenCase(Silent):
    """An urgent case for the platform's people, with or without a proven phone."""

    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        return "case"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        # Which account it is about, as it was named: nobody has proven it.
        named = {} if state.proven or state.named is None else {"account": " ".join(state.named)}
        return (FileRequest("stolen", {**named, **state.words}, urgent=True),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Filed(request_id, _):
                message = "self.stolen.case" if state.frozen else "self.stolen.case_unproven"
                words = {"request": request_id, "explain": world.profile.account.security.explain}
                return state, (Say(message, words, (_STATUS, HUMAN, _MENU)), End("done", forget=True))
        return None


class Data(Silent):
    """Everything that is stored about the person, behind a link for this person alone (PIPL 45)."""

    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        return "data"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        return (OpenData(),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case DataOpened(path, minutes, expires_at):
                view = LinkView(path, (), minutes, expires_at)
                buttons = (Button("c.wish:update_profile", "change_data"), _MENU)
                return state, (Say("self.access.ready", {"minutes": minutes}, buttons, view), End("done", forget=True))
        return None


@dataclass(frozen=True)
class Application(Silent):
    """A summary to look over, a button, and the request is on its way."""

    kind: str

    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        return "application"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        rows: list[tuple[str, str]] = [(f"ask_{question}", words) for question, words in state.words.items() if words]
        message, words = f"self.{self.kind}.confirm", {"explain": self._explain(world)}
        if self.kind == "dissolution":
            late, due = self._deadline(state, world)
            rows.append(("dissolution_due", due))
            message = "self.dissolution.confirm_late" if late else "self.dissolution.confirm"
        buttons = (Button("file", f"file_{self.kind}", style="primary"), BACK, STOP)
        view = SummaryView(f"{self.kind}_title", tuple(rows))
        return (Say(message, words, buttons, view, prompt=True),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Pressed("file", _):
                words = dict(state.words)
                if self.kind == "dissolution":
                    words["due"] = self._deadline(state, world)[1]
                return state, (FileRequest(self.kind, words),)  # type: ignore[arg-type]
            case Filed(request_id, _):
                said = Say(f"self.{self.kind}.filed", {"request": request_id}, (_STATUS, _MENU))
                return state, (said, End("done", forget=True))
        return None

    def _explain(self, world: World) -> str:
        rules = world.profile.account
        stipulation = rules.dissolution if self.kind == "dissolution" else rules.transfer
        return stipulation.explain if stipulation is not None else ""

    def _deadline(self, state: State, world: World) -> tuple[bool, str]:
        """Whether it has passed, and the day."""
        day = parse_date(state.words["date"], world.today)
        rule = world.profile.account.dissolution
        assert rule is not None
        assert not isinstance(day, Refused)
        due = dissolution_deadline(day, rule.working_days)
        return world.today > due, due.isoformat()


__all__ = ["HUMAN", "Application", "Data", "Freezing", "StolenCase"]
