"""What every part of a conversation needs: to say something, to ask the standing question again."""

from __future__ import annotations

from domain.errors import NotFound
from domain.flows.runner import Flows
from domain.flows.say import Button, PlatformsView, RenderContext, Say
from domain.flows.tables import FlowRow
from domain.identifiers.platform_names import find_platform
from domain.messaging.outbox import Shape
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.registration.service import GUARDIAN, OF_AGE, Registrations, render_context
from domain.registration.service import KIND as REGISTRATION
from domain.registration.state import State
from domain.renewal.service import Renewals
from domain.selfservice.service import SelfService

MENU = (
    Button("c.start", "start", style="primary"),
    Button("c.read", "read"),
    Button("c.platforms", "change_platform"),
    Button("c.human", "human", style="quiet"),
)
# Looking at one's consents and taking them back is one tap away in any state (PIPL 15).
CONSENTS = Button("c.consents", "my_consents")


class Talk:
    def __init__(
        self, parts: Parts, registrations: Registrations, selfservice: SelfService, renewals: Renewals, flows: Flows
    ) -> None:
        self.parts = parts
        self.registrations = registrations
        self.selfservice = selfservice
        self.renewals = renewals
        self.flows = flows

    async def say(self, turn: Turn, say: Say) -> None:
        conversation = turn.conversation
        if conversation.platform_id is not None:
            platform = self.parts.platforms.get(conversation.platform_id)
            try:
                version = await self.parts.agreements.in_force(turn.session, conversation.platform_id)
                context = render_context(platform, version, conversation.channel)
            except NotFound:
                context = RenderContext(
                    None, platform.profile.name, platform.profile.operator, True, conversation.channel
                )
        else:
            context = RenderContext(None, "", None, True, conversation.channel)
        await self.parts.outbox.say(turn, say, context, Shape())

    async def prompt(self, turn: Turn) -> None:
        """The standing question of the open flow again, so that nobody loses the thread."""
        if turn.conversation.flow_id is not None:
            await self.flows.prompt(turn, turn.conversation.flow_id)

    async def menu(self, turn: Turn) -> None:
        if turn.conversation.platform_id is None:
            await self.platforms(turn, "platforms.choose")
            return
        buttons: tuple[Button, ...] = (CONSENTS,)
        if turn.conversation.flow_id is None:
            waiting = await self.renewals.open_here(turn.session, turn.conversation.id)
            changes = (Button("c.renewal", "see_changes", style="primary"),) if waiting else ()
            buttons = (*changes, *MENU[:3], CONSENTS, MENU[3])
        await self.say(turn, Say("menu", self.about(turn.conversation.platform_id), buttons))
        await self.prompt(turn)

    async def platforms(self, turn: Turn, message: str) -> None:
        items = tuple((p.profile.id, p.profile.name, p.profile.what_it_is) for p in self.parts.platforms)
        await self.say(turn, Say(message, view=PlatformsView(items)))

    async def flow(self, turn: Turn) -> FlowRow | None:
        flow_id = turn.conversation.flow_id
        row = await turn.session.get(FlowRow, flow_id) if flow_id else None
        here = row is not None and row.outcome is None and row.conversation_id == turn.conversation.id
        return row if here else None

    async def flow_and_state(self, turn: Turn) -> tuple[FlowRow | None, State | None]:
        """The open flow, and where it stands if it is a registration."""
        flow = await self.flow(turn)
        if flow is None or flow.kind != REGISTRATION:
            return flow, None
        return flow, await self.registrations.state(turn.session, flow)

    async def reading(self, turn: Turn) -> tuple[FlowRow | None, State | None]:
        """The open flow, and where it stands if an agreement is read in it: also for a ward, or anew when of age."""
        flow = await self.flow(turn)
        if flow is None or flow.kind not in {REGISTRATION, GUARDIAN, OF_AGE}:
            return flow, None
        return flow, await self.registrations.state(turn.session, flow)

    async def awaited(self, turn: Turn, flow: FlowRow | None) -> str | None:
        """The field an answer in text would fill."""
        return await self.flows.awaited(turn, flow) if flow is not None else None

    def platform_in(self, text: str) -> str | None:
        aliases = {p.profile.id: (p.profile.name, *p.profile.aliases) for p in self.parts.platforms}
        return find_platform(text, aliases)

    def about(self, platform_id: str | None) -> dict[str, object]:
        if platform_id is None:
            return {"platform": "", "title": "", "operator": ""}
        profile = self.parts.platforms.get(platform_id).profile
        return {
            "platform": profile.name,
            "title": profile.agreement_title.strip("《》"),
            "operator": profile.operator or profile.operator_note or "",
        }
