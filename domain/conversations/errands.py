"""What a person can want beside answering the standing question."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from domain.accounts import deeds
from domain.accounts.news import not_me
from domain.accounts.tables import AccountRow
from domain.conversations import resume
from domain.conversations.answers import Answers
from domain.conversations.consents import ConsentErrands
from domain.conversations.talk import MENU, Talk
from domain.conversations.wards import WardErrands
from domain.conversations.words import named_field
from domain.evidence.entries import channel_of
from domain.flows.events import Wished
from domain.flows.say import Button, Say, SummaryView
from domain.flows.tables import FlowRow
from domain.messaging.turn import Turn
from domain.registration.service import KIND as REGISTRATION
from domain.renewal.planning import day
from domain.renewal.service import KIND as RENEWAL
from domain.requests import Request
from domain.selfservice.state import ERRANDS


class Errands:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._parts = talk.parts
        self._registrations = talk.registrations
        self._answers = Answers(talk.parts)
        self._wards = WardErrands(talk)
        self.consents = ConsentErrands(talk, self._wards)

    async def choose_platform(self, turn: Turn, platform_id: str | None) -> None:
        conversation = turn.conversation
        if platform_id is None or platform_id not in {p.profile.id for p in self._parts.platforms}:
            await self._talk.platforms(turn, "platforms.choose")
            return
        flow = await self._talk.flow(turn)
        awaiting, conversation.awaiting = conversation.awaiting or "", None
        if flow is not None and flow.platform_id == platform_id:
            await self._talk.prompt(turn)
            return
        if flow is not None:
            # The other flow is left as it is: its code or this conversation takes it up again.
            await self._talk.say(turn, Say(f"platforms.left_open.{flow.kind}", self._where(flow)))
            conversation.flow_id = None
        conversation.platform_id = platform_id
        if awaiting == "start":
            await self.start_registration(turn)
        elif awaiting.startswith("errand:"):
            await self.errand(turn, awaiting.removeprefix("errand:"))
        elif not await self.offer_to_resume(turn):
            await self._talk.say(turn, Say("platforms.chosen", self._talk.about(platform_id), MENU))

    async def start_registration(self, turn: Turn, text: str = "") -> None:
        conversation = turn.conversation
        named = self._talk.platform_in(text) if text else None
        if named is not None and named != conversation.platform_id:
            conversation.platform_id, conversation.flow_id = named, None
        if conversation.platform_id is None:
            conversation.awaiting = "start"
            await self._talk.platforms(turn, "platforms.choose_to_start")
            return
        if not await self.offer_to_resume(turn):
            await self._registrations.start(turn, conversation.platform_id)

    async def read_agreement(self, turn: Turn) -> None:
        """The readable full text; inside the cards, clause by clause."""
        conversation = turn.conversation
        if conversation.platform_id is None:
            await self._talk.platforms(turn, "platforms.choose_to_read")
            return
        flow, _ = await self._talk.flow_and_state(turn)
        words = {"path": f"/a/{conversation.platform_id}", **self._talk.about(conversation.platform_id)}
        await self._talk.say(turn, Say("read.link", words, () if flow else MENU[:1]))
        if flow is not None:
            await self._talk.flows.feed(turn, flow.id, Wished("repeat"))

    async def question(self, turn: Turn, text: str) -> None:
        conversation = turn.conversation
        if conversation.platform_id is None:
            await self._talk.platforms(turn, "platforms.choose_to_ask")
            return
        if not text.strip():
            await self._talk.say(turn, Say("answer.which"))
            return
        flow, state = await self._talk.reading(turn)
        await self._answers.question(turn, conversation.platform_id, text, flow, state)
        await self._talk.prompt(turn)

    async def offer_to_resume(self, turn: Turn) -> bool:
        """Whether a flow of this conversation's platform is open; the person is asked what to do with it."""
        conversation = turn.conversation
        flow = await self._talk.flow(turn)
        if flow is None:
            flow = await turn.session.scalar(
                select(FlowRow)
                .where(
                    FlowRow.conversation_id == conversation.id,
                    FlowRow.outcome.is_(None),
                    FlowRow.platform_id == conversation.platform_id,
                    # Deciding about a new version can wait: it keeps nobody from anything else.
                    FlowRow.kind != RENEWAL,
                )
                .order_by(FlowRow.updated_at.desc())
                .limit(1)
            )
        if flow is None:
            return False
        conversation.flow_id = flow.id
        words = self._where(flow)
        registering = flow.kind == REGISTRATION
        buttons = (
            Button("c.resume", "resume_at" if registering else "resume", vars=words, style="primary"),
            *((Button("c.restart", "restart"),) if registering else ()),
            Button("c.drop", "drop"),
        )
        await self._talk.say(turn, Say(f"resume.ask.{flow.kind}", words, buttons))
        return True

    def _where(self, flow: FlowRow) -> dict[str, object]:
        """How far an open flow is, and what it is about."""
        return {"at": flow.at, "of": flow.of, "errand": errand_of(flow), **self._talk.about(flow.platform_id)}

    async def errand(self, turn: Turn, name: str, text: str = "") -> None:
        """What an account's owner wants done: begun, or gone on with when it stands open."""
        conversation = turn.conversation
        errand = next((e for e in ERRANDS if e == name), None)
        if errand is None:
            await self._talk.menu(turn)
            return
        if conversation.platform_id is None:
            account_id = await self.account(turn)
            if account_id is None:
                conversation.awaiting = f"errand:{errand}"
                await self._talk.platforms(turn, "platforms.choose_for_errand")
                return
            conversation.platform_id = (await self._parts.accounts.get(turn.session, account_id)).platform_id
        flow = await self._talk.flow(turn)
        if flow is not None and flow.step.startswith(f"{errand}/"):
            await self._talk.prompt(turn)
            return
        await self._talk.selfservice.start(turn, conversation.platform_id, errand, named_field(text))

    async def not_me(self, turn: Turn, account_id: str) -> None:
        """Somebody else did it: the account is frozen at once, then the person is asked what happened."""
        row = await self._addressed(turn, account_id)
        if row is None:
            return
        channel = channel_of(turn)
        await deeds.freeze(turn.session, self._parts, row, reason="not_me", channel=channel, here=turn.conversation.id)
        await self._talk.say(turn, Say("self.not_me", self._talk.about(row.platform_id)))
        await self._talk.selfservice.begin_stolen(turn, row)

    async def undo_phone(self, turn: Turn, account_id: str) -> None:
        """Take a change of phone back, while that is possible."""
        row = await self._addressed(turn, account_id)
        if row is None:
            return
        here = turn.conversation.id
        old = await deeds.undo_phone(turn.session, self._parts, row, channel=channel_of(turn), here=here)
        message = "self.change.undone" if old else "self.change.undo_late"
        await self._talk.say(turn, Say(message, {"phone": old or ""}, (not_me_button(account_id), *MENU[3:])))
        await self._talk.prompt(turn)

    async def _addressed(self, turn: Turn, account_id: str) -> AccountRow | None:
        """The live account, if this conversation is one of its addresses; otherwise the person is told."""
        row = None
        if turn.conversation.id in await self._parts.accounts.addresses(turn.session, account_id):
            row = await self._parts.accounts.row(turn.session, account_id)
        if row is None or row.status == "closed":
            await self._talk.say(turn, Say("button.over", buttons=MENU))
            return None
        return row

    async def resume(self, turn: Turn) -> None:
        if turn.conversation.flow_id is None:
            await self._talk.menu(turn)
        await self._talk.prompt(turn)

    async def restart(self, turn: Turn) -> None:
        conversation = turn.conversation
        if conversation.platform_id is not None:
            await self._registrations.start(turn, conversation.platform_id)

    async def drop(self, turn: Turn) -> None:
        flow = await self._talk.flow(turn)
        if flow is not None:
            await self._talk.flows.feed(turn, flow.id, Wished("stop"))
        else:
            await self._talk.menu(turn)

    async def elsewhere(self, turn: Turn, *, on_web: bool) -> None:
        flow = await self._talk.flow(turn)
        if flow is None:
            await self._talk.menu(turn)
            return
        code = await resume.make_code(turn.session, self._parts, flow)
        minutes = self._parts.policy.resume_lifetime // timedelta(minutes=1)
        words = {"code": code, "minutes": minutes, "path": f"/?resume={code}"}
        await self._talk.say(turn, Say("elsewhere.web" if on_web else "elsewhere.code", words))

    async def take_up(self, turn: Turn, code: str) -> bool:
        """Continue here what was begun in another channel."""
        flow = await resume.take_up(turn.session, self._parts, turn.conversation, code)
        if flow is None:
            return await self._wards.open_invitation(turn, code)
        await self._talk.say(turn, Say(f"resume.moved.{flow.kind}", self._where(flow)))
        await self._talk.prompt(turn)
        return True

    async def guardian(self, turn: Turn) -> None:
        """The wards of whoever has some; for others what a guardian has to do with it, and how to begin."""
        if await self._wards.offered(turn):
            return
        platform_id = turn.conversation.platform_id
        if platform_id is None:
            await self._talk.platforms(turn, "platforms.choose_to_ask")
            return
        explain = self._parts.platforms.get(platform_id).profile.capacity.explain
        buttons = (*(() if turn.conversation.flow_id else MENU[:1]), Button("c.human", "human"))
        await self._talk.say(turn, Say("guardian.help", {"explain": explain}, buttons))
        await self._talk.prompt(turn)

    async def status(self, turn: Turn) -> None:
        """查进度: every open flow, account and request of this person."""
        session, conversation = turn.session, turn.conversation
        open_flows = await session.scalars(
            select(FlowRow)
            .where(FlowRow.conversation_id == conversation.id, FlowRow.outcome.is_(None))
            .order_by(FlowRow.updated_at.desc())
        )
        flows = open_flows.all()
        accounts = await self._parts.accounts.all_of_conversation(session, conversation.id)
        requests = await self._parts.requests.of_person(session, conversation.id, [a.id for a in accounts])
        if not (flows or accounts or requests):
            await self._talk.say(turn, Say("status.nothing", buttons=MENU))
            return
        name = {p.profile.id: p.profile.name for p in self._parts.platforms}
        waiting = [
            (each, await self._parts.agreements.get(session, each.agreement_id))
            for each in await self._talk.renewals.open_here(session, conversation.id)
        ]
        rows: list[tuple[str, tuple[str, dict[str, object]]]] = [
            *(
                (name[each.platform_id], ("renewal_waits", dict[str, object](version=v.label, since=day(v))))
                for each, v in waiting
            ),
            *((name[flow.platform_id], (f"status_flow_{flow.kind}", self._where(flow))) for flow in flows),
            *((name[a.platform_id], (f"status_account_{a.status}", dict[str, object](account=a.id))) for a in accounts),
            *((name[request.platform_id], _standing(request)) for request in requests),
        ]
        buttons: tuple[Button, ...] = (
            *((Button("c.resume", "resume", style="primary"),) if conversation.flow_id else ()),
            *((Button("c.renewal", "see_changes"),) if waiting else ()),
            *((Button("c.consents", "my_consents"), Button("c.access", "my_data")) if accounts else ()),
            Button("c.menu", "menu", style="quiet"),
        )
        await self._talk.say(
            turn,
            Say(
                "status.all",
                {},
                buttons,
                SummaryView("status_title", tuple(("@" + platform, said) for platform, said in rows)),
            ),
        )
        await self._talk.prompt(turn)

    async def ward(self, turn: Turn, verb: str, detail: str) -> None:
        """What a guardian looks at or takes back."""
        await self._wards.do(turn, verb, detail)

    async def of_age(self, turn: Turn, account_id: str) -> None:
        """Somebody who had a guardian decides anew."""
        await self._wards.of_age(turn, account_id)

    async def renewal(self, turn: Turn, verb: str, detail: str) -> None:
        """A new version of the agreement: look at what changed and decide, or another time."""
        account_id, _, agreement_id = detail.partition(":")
        if verb == "renewal_later":
            await self._talk.renewals.put_off(turn, account_id, agreement_id)
            await self._talk.prompt(turn)
        else:
            await self._talk.renewals.start(turn, account_id, agreement_id)

    async def account(self, turn: Turn) -> str | None:
        """The account registered in this conversation: the one of the platform that is spoken of, else the newest."""
        accounts, conversation = self._parts.accounts, turn.conversation
        here = await accounts.of_conversation(turn.session, conversation.id, conversation.platform_id)
        return here or await accounts.of_conversation(turn.session, conversation.id, None)

    async def clause(self, turn: Turn, uid: str) -> None:
        """One clause that was offered beside an answer."""
        flow, state = await self._talk.reading(turn)
        if turn.conversation.platform_id is not None:
            await self._answers.explain(turn, turn.conversation.platform_id, uid, "", flow, state)
            await self._talk.prompt(turn)


def errand_of(flow: FlowRow) -> str:
    """A placeholder the wording fills with the errand's name."""
    return f"«errand_{flow.step.partition('/')[0]}»" if flow.kind not in {REGISTRATION, RENEWAL} else ""


def _standing(request: Request) -> tuple[str, dict[str, object]]:
    """Where a request stands, as a value of a card's row."""
    due = "_due" if request.state == "open" and request.due else ""
    words: dict[str, object] = {
        "kind": f"«request_{request.kind}»",
        "request": request.id,
        "due": request.due.isoformat() if request.due else "",
        "answer": request.answer,
    }
    return f"status_request_{request.state}{due}", words


def not_me_button(account_id: str) -> Button:
    choice, label, _style = not_me(account_id)
    return Button(choice, label, style="danger")
