"""Which account, and the proof that its phone is here. Nothing before the proof tells whether the account exists."""

from __future__ import annotations

from collections.abc import Mapping

from domain.flows.effects import Effect, OpenPage, VoidCode
from domain.flows.events import (
    Answered,
    CodeNotSent,
    CodeSent,
    CodeWrong,
    Event,
    NotAccepted,
    PageFilled,
    PageOpened,
    Pressed,
    Wished,
)
from domain.flows.say import Button, LinkView, Say
from domain.selfservice.effects import AccountProven, ProveAccount, SendToAccount
from domain.selfservice.rules import login_kinds
from domain.selfservice.state import State, World
from domain.selfservice.steps.base import HUMAN, PAGE, STOP, Outcome

NAME = "account_name"
_LOST = Button("lost_phone", "lost_phone")


def link(page: PageOpened, message: str, *buttons: Button, any_one: bool = False) -> Say:
    view = LinkView(page.path, page.fields, page.minutes, page.expires_at, any_one)
    return Say(message, {}, (Button("page", "page_again"), *buttons), view, prompt=True)


class Naming:
    """The account by any identifier the platform knows; document numbers on the one-time page only."""

    def done(self, state: State, world: World) -> bool:
        return state.named is not None or state.lost_phone

    def key(self, state: State, world: World) -> str:
        return "name"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        lost = (_LOST,) if state.errand == "report_stolen" else ()
        if state.account_id is not None:
            buttons = (Button("send", "send_code", style="primary"), Button("other", "other_account"), *lost, STOP)
            words = {"account": state.account_id, "phone": world.known_phone}
            return (Say("self.name_known", words, buttons, prompt=True),)
        if not world.chat_allowed:
            return (Say("self.name_on_page", {}, (PAGE, *lost, HUMAN, STOP), prompt=True),)
        kinds = login_kinds(world.profile)
        words = {"kinds": "、".join(f"«{kind}»" for kind in kinds if kind not in {"id_number", "credit_code"})}
        return (Say("self.name", words, (PAGE, *lost, HUMAN, STOP), expects=NAME, prompt=True),)

    def awaits(self, state: State, world: World) -> str | None:
        return NAME if state.account_id is None and world.chat_allowed else None

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case Answered("account_name", value, display):
                kind, _, canonical = value.partition("|")
                return self._send(state.but(named=(kind, canonical), display=display, page_open=False))
            case PageFilled(values) if values:
                kind, canonical = next(iter(values.items()))
                return self._send(state.but(named=(kind, canonical), page_open=False))
            case NotAccepted("account_name", code, hint):
                say = Say(f"refused.{code}", {"hint": hint or ""}, (PAGE, HUMAN, STOP), expects=NAME, prompt=True)
                return state, (say,)
            case Pressed("send", _) if state.account_id is not None:
                return self._send(state.but(named=("account_id", state.account_id)))
            case Pressed("other", _):
                return state.but(account_id=None), ()
            case Pressed("lost_phone", _) if state.errand == "report_stolen":
                return state.but(lost_phone=True), ()
            case Pressed("page", _) | Wished("fill_page"):
                kinds = tuple(kind for kind in login_kinds(world.profile) if kind != "account_id")
                return state, (OpenPage(kinds),)
            case PageOpened():
                return state.but(page_open=True), (link(event, "self.name_page", STOP, any_one=True),)
        return None

    def undo(self, state: State, world: World) -> State:
        if state.proven or state.frozen:
            return state
        return state.but(named=None, lost_phone=False, challenge=None, display="")

    def _send(self, state: State) -> Outcome:
        assert state.named is not None
        return state, (SendToAccount(state.named, state.purpose),)


class Proving:
    """The code that went to the registered phone, if the account exists: said in just these words either way."""

    def done(self, state: State, world: World) -> bool:
        return state.proven or state.lost_phone

    def key(self, state: State, world: World) -> str:
        return f"code:{state.challenge or ''}"

    def prompt(self, state: State, world: World) -> tuple[Effect, ...]:
        if state.challenge is None:
            # The code could not be sent at first; the account can be named anew or the code asked for again.
            return (self._ask("self.code_wanted", {}, state),)
        return (self._ask("self.code", {}, state),)

    def awaits(self, state: State, world: World) -> str | None:
        return "sms_code" if state.challenge else None

    def take(self, state: State, event: Event, world: World) -> Outcome | None:
        match event:
            case CodeSent(challenge_id):
                words = {**event.words, "phone": world.known_phone}
                sent = state.but(challenge=challenge_id)
                # To a conversation that has proven the account before, its phone is no secret.
                known = world.known_phone and state.named == ("account_id", state.account_id)
                message = "code.sent" if known else "self.code_sent"
                return sent, (self._ask(message, words, sent),)
            case CodeNotSent(reason):
                return state, (self._ask(f"self.not_sent.{reason}", event.words, state),)
            case Answered("sms_code", value, _) if state.challenge and state.named:
                return state, (ProveAccount(state.named, state.challenge, value, state.purpose),)
            case NotAccepted("sms_code", code, hint):
                return state, (self._ask(f"refused.{code}", {"hint": hint or ""}, state),)
            case CodeWrong(0):
                return state, (self._ask("code.spent", {}, state),)
            case CodeWrong(left):
                return state, (self._ask("code.wrong", {"left": left}, state),)
            case AccountProven(account_id):
                strong = world.holder is not None and world.holder.hurdle == "none"
                return state.but(proven=True, account_id=account_id, strong=strong), ()
            case Pressed("resend", _) | Wished("resend") if state.named:
                return state, (SendToAccount(state.named, state.purpose),)
            case Pressed("other", _):
                voided = (VoidCode(state.challenge),) if state.challenge else ()
                return state.but(named=None, challenge=None, account_id=None, display=""), voided
            case Pressed("lost_phone", _) if state.errand == "report_stolen":
                return state.but(lost_phone=True), ()
        return None

    def undo(self, state: State, world: World) -> State:
        return state

    def _ask(self, message: str, words: Mapping[str, object], state: State) -> Say:
        lost = (_LOST,) if state.errand == "report_stolen" else ()
        buttons = (Button("resend", "resend"), Button("other", "other_account"), *lost, HUMAN)
        return Say(message, words, buttons, expects="sms_code" if state.challenge else None, prompt=True)
