"""Closing an account: what goes and what stays is said first, and the last word is a button."""

from __future__ import annotations

from domain.flows.effects import Effect, End
from domain.flows.events import Event, Pressed
from domain.flows.say import Button, LinkView, Say, SummaryView
from domain.selfservice.effects import CloseAccount, Closed, DataOpened, Filed, FileRequest, OpenData
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import HUMAN, Outcome, Silent


class Leaving(Silent):
    def done(self, state: State, world: World) -> bool:
        return False

    def key(self, state: State, world: World) -> str:
        return "leave"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        rules = world.profile.account.cancellation
        rows: tuple[tuple[str, str], ...] = (
            ("leave_account", world.holder.account_id if world.holder else ""),
            ("leave_ends", rules.ends),
            ("leave_kept", rules.kept),
        )
        label = "close_now" if rules.mode == "at_once" else "ask_to_close"
        buttons = (
            Button("keep", "keep_account", style="primary"),
            Button("close", label, style="danger"),
            Button("data", "my_data"),
            HUMAN,
        )
        view = SummaryView("leave_title", (*rows, ("leave_evidence", ("value_evidence", {}))))
        words = {"explain": rules.explain}
        return (Say(f"self.leave.{rules.mode}", words, buttons, view, prompt=True),)

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        rules = world.profile.account.cancellation
        menu = Button("c.menu", "menu", style="quiet")
        match event:
            case Pressed("keep", _):
                return state, (Say("self.leave.kept", {}, (menu,)), End("done", forget=True))
            case Pressed("close", _) if rules.mode == "at_once":
                return state, (CloseAccount(),)
            case Pressed("close", _):
                return state, (FileRequest("cancel", working_days=rules.days),)
            case Pressed("data", _):
                return state, (OpenData(),)
            case DataOpened(path, minutes, expires_at):
                view = LinkView(path, (), minutes, expires_at)
                return state, (Say("self.access.ready", {"minutes": minutes}, (), view), *self.prompt(state, world))
            case Closed():
                return state, (Say("self.leave.closed", {}, (menu,)), End("done", forget=True))
            case Filed(request_id, due):
                message = "self.leave.filed" if due is None else "self.leave.filed_due"
                words = {"request": request_id, "due": due.isoformat() if due else ""}
                buttons = (Button("c.status", "status"), menu)
                return state, (Say(message, words, buttons), End("done", forget=True))
        return None
