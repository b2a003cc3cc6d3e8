"""What a person can want beside answering the standing question."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from domain.consent.items import item_title
from domain.conversations import resume
from domain.conversations.answers import Answers
from domain.conversations.talk import MENU, Talk
from domain.conversations.withdrawal import Withdrawal
from domain.flows.events import Wished
from domain.flows.say import Button, Say
from domain.flows.tables import FlowRow
from domain.messaging.turn import Turn


class Errands:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._parts = talk.parts
        self._registrations = talk.registrations
        self._answers = Answers(talk.parts)
        self._withdrawal = Withdrawal(talk.parts)

    async def choose_platform(self, turn: Turn, platform_id: str | None) -> None:
        conversation = turn.conversation
        if platform_id is None or platform_id not in {p.profile.id for p in self._parts.platforms}:
            await self._talk.platforms(turn, "platforms.choose")
            return
        flow = await self._talk.flow(turn)
        if flow is not None and flow.platform_id == platform_id:
            await self._talk.prompt(turn)
            return
        if flow is not None:
            # The other flow is left as it is: its code or this conversation takes it up again.
            await self._talk.say(
                turn, Say("platforms.left_open", {"at": flow.at, "of": flow.of, **self._talk.about(flow.platform_id)})
            )
            conversation.flow_id = None
        conversation.platform_id = platform_id
        if conversation.awaiting == "start":
            conversation.awaiting = None
            await self.start_registration(turn)
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
            await self._registrations.feed(turn, flow.id, Wished("repeat"))

    async def question(self, turn: Turn, text: str) -> None:
        conversation = turn.conversation
        if conversation.platform_id is None:
            await self._talk.platforms(turn, "platforms.choose_to_ask")
            return
        if not text.strip():
            await self._talk.say(turn, Say("answer.which"))
            return
        flow, state = await self._talk.flow_and_state(turn)
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
                )
                .order_by(FlowRow.updated_at.desc())
                .limit(1)
            )
        if flow is None:
            return False
        conversation.flow_id = flow.id
        words = {"at": flow.at, "of": flow.of, **self._talk.about(flow.platform_id)}
        buttons = (
            Button("c.resume", "resume_at", vars=words, style="primary"),
            Button("c.restart", "restart"),
            Button("c.drop", "drop"),
        )
        await self._talk.say(turn, Say("resume.ask", words, buttons))
        return True

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
            await self._registrations.feed(turn, flow.id, Wished("stop"))
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
            return False
        await self._talk.say(
            turn, Say("resume.moved", {"at": flow.at, "of": flow.of, **self._talk.about(flow.platform_id)})
        )
        await self._talk.prompt(turn)
        return True

    async def guardian(self, turn: Turn) -> None:
        platform_id = turn.conversation.platform_id
        if platform_id is None:
            await self._talk.platforms(turn, "platforms.choose_to_ask")
            return
        explain = self._parts.platforms.get(platform_id).profile.capacity.explain
        await self._talk.say(turn, Say("guardian.help", {"explain": explain}, (Button("c.human", "human"),)))
        await self._talk.prompt(turn)

    async def status(self, turn: Turn) -> None:
        if await self.account(turn) is not None:
            await self.my_consents(turn)
        elif (flow := await self._talk.flow(turn)) is not None:
            words = {"at": flow.at, "of": flow.of, **self._talk.about(flow.platform_id)}
            await self._talk.say(turn, Say("status.going", words))
            await self._talk.prompt(turn)
        elif not await self.offer_to_resume(turn):
            await self._talk.say(turn, Say("status.nothing", buttons=MENU))

    async def account(self, turn: Turn) -> str | None:
        """The account registered in this conversation: the one of the platform that is spoken of, else the newest."""
        accounts, conversation = self._parts.accounts, turn.conversation
        here = await accounts.of_conversation(turn.session, conversation.id, conversation.platform_id)
        return here or await accounts.of_conversation(turn.session, conversation.id, None)

    async def my_consents(self, turn: Turn) -> None:
        """What this conversation's account agreed to and refused."""
        account_id = await self.account(turn)
        if account_id is None:
            await self._talk.say(turn, Say("status.nothing", buttons=MENU))
            return
        account = await self._parts.accounts.get(turn.session, account_id)
        profile = self._parts.platforms.get(account.platform_id).profile
        decided = await self._parts.consents.of(turn.session, account_id)
        given = "、".join(item_title(profile, d.item) for d in decided if d.decision == "given")
        refused = "、".join(item_title(profile, d.item) for d in decided if d.decision != "given")
        words = {"account": account_id, "given": given or "–", "refused": refused or "–", "withdraw": profile.withdraw}
        await self._talk.say(
            turn,
            Say("status.account", words, (Button("c.withdraw", "withdraw"), Button("c.menu", "menu", style="quiet"))),
        )

    async def withdraw(self, turn: Turn, verb: str) -> None:
        """撤回同意: the list, then the question about one, then the deed."""
        account_id = await self.account(turn)
        what, _, item = verb.partition(":")
        if account_id is None:
            say = Say("status.nothing", buttons=MENU)
        elif not item:
            say = await self._withdrawal.choices(turn, account_id)
        elif what == "withdraw":
            say = await self._withdrawal.ask(turn, account_id, item)
        else:
            say = await self._withdrawal.carry_out(turn, account_id, item)
        await self._talk.say(turn, say)
        await self._talk.prompt(turn)

    async def clause(self, turn: Turn, uid: str) -> None:
        """One clause that was offered beside an answer."""
        flow, state = await self._talk.flow_and_state(turn)
        if turn.conversation.platform_id is not None:
            await self._answers.explain(turn, turn.conversation.platform_id, uid, "", flow, state)
            await self._talk.prompt(turn)
