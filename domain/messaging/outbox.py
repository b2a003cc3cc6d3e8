"""What is said: rendered once, sealed, numbered, and kept until the channel has taken it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Chance, Clock, new_id
from domain.flows.say import Render, RenderContext, Say
from domain.messaging.buttons import make_token
from domain.messaging.tables import ConversationRow, MessageRow
from domain.messaging.turn import Turn
from domain.vault import Vault

_PULLED = {"web", "terminal"}
_BLOT = "••••••"


@dataclass(frozen=True)
class Enqueued:
    row: MessageRow
    rendered_sha256: str


@dataclass(frozen=True)
class Shape:
    """Where a message belongs: its flow, the step whose question it is, the agreement it was shown for."""

    flow_id: str | None = None
    step: str | None = None
    agreement_id: str | None = None
    replaces: str | None = None


class Outbox:
    def __init__(self, vault: Vault, clock: Clock, chance: Chance, render: Render) -> None:
        self._vault = vault
        self._clock = clock
        self._chance = chance
        self._render = render

    async def say(self, turn: Turn, say: Say, context: RenderContext, shape: Shape = Shape()) -> Enqueued:
        """Put one message behind the others of its conversation."""
        rendered = self._render(say, context)
        body = {
            "text": rendered.text,
            "buttons": [{"label": label, "style": style} for label, _choice, style in rendered.buttons],
            "own": rendered.own,
            "card": rendered.card,
            "expects": say.expects,
        }
        row = await self._add(
            turn,
            sender="bot",
            body=body,
            choices=[choice for _label, choice, _style in rendered.buttons],
            shape=shape,
        )
        return Enqueued(row, hashlib.sha256(visible_words(body).encode()).hexdigest())

    async def hear(self, turn: Turn, text: str) -> MessageRow:
        """Keep the person's own line, already masked, for the transcript."""
        body = {"text": text, "buttons": [], "own": 0, "card": None, "expects": None}
        return await self._add(turn, sender="user", body=body, choices=[], shape=Shape())

    async def answers(self, turn: Turn, flow_id: str) -> None:
        """The person's line of this turn answered a flow's question: it will be forgotten with the flow."""
        await turn.session.execute(
            update(MessageRow)
            .where(MessageRow.turn == turn.inbox_id, MessageRow.sender == "user")
            .values(flow_id=flow_id)
        )

    async def blot_out(self, session: AsyncSession, conversation_id: str, flow_id: str) -> None:
        """Forget what the person answered a flow in this conversation."""
        await self._blot(session, conversation_id, MessageRow.flow_id == flow_id, MessageRow.sender == "user")

    async def blot_out_person(self, session: AsyncSession, conversation_id: str, flows: Sequence[str]) -> None:
        """Forget every line the person wrote in this conversation, and whatever was said in these flows."""
        await self._blot(session, conversation_id, or_(MessageRow.sender == "user", MessageRow.flow_id.in_(flows)))

    async def _blot(self, session: AsyncSession, conversation_id: str, *which: ColumnElement[bool]) -> None:
        conversation = await session.get_one(ConversationRow, conversation_id)
        lines = await session.scalars(select(MessageRow).where(MessageRow.conversation_id == conversation_id, *which))
        for row in lines:
            body = {"text": _BLOT, "buttons": [], "own": 0, "card": None, "expects": None}
            row.sealed = await self._vault.seal_json(session, conversation.key_id, f"messages|{row.id}", body)
            row.choices = []
        await session.flush()

    async def _add(
        self, turn: Turn, *, sender: str, body: Mapping[str, Any], choices: Sequence[str], shape: Shape
    ) -> MessageRow:
        conversation = turn.conversation
        conversation.last_seq += 1
        message_id = new_id("m", self._chance)
        row = MessageRow(
            id=message_id,
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            turn=turn.inbox_id,
            sender=sender,
            sealed=await self._vault.seal_json(turn.session, conversation.key_id, f"messages|{message_id}", dict(body)),
            choices=list(choices),
            flow_id=shape.flow_id,
            step=shape.step,
            agreement_id=shape.agreement_id,
            replaces=shape.replaces,
            created_at=self._clock.now(),
            delivery="pulled" if conversation.channel in _PULLED or sender == "user" else "new",
        )
        turn.session.add(row)
        await turn.session.flush()
        if sender == "bot":
            turn.replies.append(row)
        return row

    async def newest(self, session: AsyncSession, conversation_id: str) -> MessageRow | None:
        """The bot's last message that has buttons."""
        rows = await session.scalars(
            select(MessageRow)
            .where(MessageRow.conversation_id == conversation_id, MessageRow.sender == "bot")
            .order_by(MessageRow.seq.desc())
            .limit(3)
        )
        return next((row for row in rows if row.choices), None)

    async def labels(self, session: AsyncSession, conversation: ConversationRow, row: MessageRow) -> list[str]:
        body = await self._vault.unseal_json(session, conversation.key_id, f"messages|{row.id}", row.sealed)
        return [button["label"] for button in body["buttons"]]

    async def public(self, session: AsyncSession, conversation: ConversationRow, row: MessageRow) -> dict[str, Any]:
        """The message as a client of the HTTP interface reads it, its buttons with their tokens."""
        body = await self._vault.unseal_json(session, conversation.key_id, f"messages|{row.id}", row.sealed)
        buttons = [
            {**button, "token": make_token(self._vault.keyring, conversation.id, row.id, index)}
            for index, button in enumerate(body["buttons"])
        ]
        chosen = buttons[row.chosen]["token"] if row.chosen is not None and row.chosen < len(buttons) else None
        return {
            "id": row.id,
            "seq": row.seq,
            "from": row.sender,
            "at": row.created_at.isoformat(),
            "text": body["text"],
            "buttons": buttons[: body["own"]],
            "card": _with_buttons(body["card"], buttons),
            "replaces": row.replaces,
            "expects": body["expects"],
            "chosen": chosen,
        }

    async def since(
        self, session: AsyncSession, conversation: ConversationRow, after: int, *, limit: int = 200
    ) -> list[dict[str, Any]]:
        """The lines of a conversation behind number `after`, at most `limit`, the newest ones."""
        rows = await session.scalars(
            select(MessageRow)
            .where(MessageRow.conversation_id == conversation.id, MessageRow.seq > after)
            .order_by(MessageRow.seq.desc())
            .limit(limit)
        )
        return [await self.public(session, conversation, row) for row in reversed(rows.all())]

    async def of_turn(
        self, session: AsyncSession, conversation: ConversationRow, inbox_id: int
    ) -> list[dict[str, Any]]:
        """What was said to one inbound update, also when it is delivered a second time."""
        rows = await session.scalars(
            select(MessageRow)
            .where(
                MessageRow.turn == inbox_id, MessageRow.sender == "bot", MessageRow.conversation_id == conversation.id
            )
            .order_by(MessageRow.seq)
        )
        return [await self.public(session, conversation, row) for row in rows]


def visible_words(body: Mapping[str, Any]) -> str:
    """All words a person can see in the message, in a fixed order: what the ledger's hash covers."""
    words: list[str] = [str(body["text"])]

    def collect(value: Any) -> None:
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, Mapping):
            for key in sorted(value):
                collect(value[key])
        elif isinstance(value, Sequence):
            for item in value:
                collect(item)

    collect(body["card"])
    words += [button["label"] for button in body["buttons"]]
    return "\n".join(words)


def _with_buttons(card: Any, buttons: Sequence[Mapping[str, Any]]) -> Any:
    if isinstance(card, Mapping):
        if "$button" in card:
            return dict(buttons[card["$button"]])
        return {key: _with_buttons(value, buttons) for key, value in card.items()}
    if isinstance(card, list):
        return [_with_buttons(item, buttons) for item in card]
    return card
