"""What comes in: committed before it is acknowledged, handled first-in-first-out in each conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import Clock
from domain.messaging.tables import CommandRow, ConversationRow, InboxRow
from domain.vault import Vault

_LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Received:
    inbox_id: int
    is_new: bool


class Inbox:
    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    async def receive(
        self, session: AsyncSession, conversation: ConversationRow, update_id: str, payload: Mapping[str, Any]
    ) -> Received:
        """Store an update once; the same (channel, update id) again is the same row."""
        dialect = session.get_bind().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        context = f"inbox|{conversation.channel}|{update_id}"
        sealed = await self._vault.seal_json(session, conversation.key_id, context, dict(payload))
        inserted = await session.scalar(
            insert(InboxRow)
            .values(
                channel=conversation.channel,
                update_id=update_id,
                conversation_id=conversation.id,
                sealed=sealed,
                state="new",
                attempts=0,
                received_at=self._clock.now(),
            )
            .on_conflict_do_nothing(index_elements=["channel", "update_id"])
            .returning(InboxRow.id)
        )
        if inserted is not None:
            return Received(inserted, True)
        known = await session.scalar(
            select(InboxRow.id).where(InboxRow.channel == conversation.channel, InboxRow.update_id == update_id)
        )
        assert known is not None
        return Received(known, False)

    async def tell(
        self,
        session: AsyncSession,
        conversation_id: str,
        *,
        key: str,
        message: str,
        words: Mapping[str, str],
        buttons: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """Have the agent say something in another conversation, in that conversation's own turn and order.

        Args:
            key: names what is told: the same key again in this conversation tells nothing.
            message: id of the words.
            words: variables of the message.
            buttons: (choice, label id, style) of each button.
        """
        conversation = await session.get_one(ConversationRow, conversation_id)
        payload = {"tell": message, "words": dict(words), "buttons": [list(button) for button in buttons]}
        await self.receive(session, conversation, f"tell:{key}:{conversation_id}", payload)

    async def waiting(self, session: AsyncSession) -> list[str]:
        """Conversations with something unhandled."""
        rows = await session.scalars(select(InboxRow.conversation_id).where(InboxRow.state == "new").distinct())
        return list(rows)

    async def next(self, session: AsyncSession, conversation_id: str) -> InboxRow | None:
        """The oldest unhandled update of a conversation."""
        return (
            await session.scalars(
                select(InboxRow)
                .where(InboxRow.conversation_id == conversation_id, InboxRow.state == "new")
                .order_by(InboxRow.id)
                .limit(1)
            )
        ).one_or_none()

    async def open(self, session: AsyncSession, conversation: ConversationRow, row: InboxRow) -> dict[str, Any]:
        assert row.sealed is not None
        context = f"inbox|{row.channel}|{row.update_id}"
        payload: dict[str, Any] = await self._vault.unseal_json(session, conversation.key_id, context, row.sealed)
        return payload

    async def finish(self, session: AsyncSession, inbox_id: int, state: str = "done") -> None:
        """The update was handled: its text is wiped."""
        await session.execute(
            update(InboxRow)
            .where(InboxRow.id == inbox_id)
            .values(state=state, sealed=None, handled_at=self._clock.now())
        )

    async def is_done(self, session: AsyncSession, inbox_id: int) -> bool:
        return await session.scalar(select(InboxRow.state).where(InboxRow.id == inbox_id)) != "new"

    async def claim(self, session: AsyncSession, conversation_id: str, owner: str) -> bool:
        """Become the only one who handles this conversation for a while."""
        now = self._clock.now()
        claimed = await session.execute(
            update(ConversationRow)
            .where(
                ConversationRow.id == conversation_id,
                or_(
                    ConversationRow.leased_until.is_(None),
                    ConversationRow.leased_until < now,
                    ConversationRow.leased_by == owner,
                ),
            )
            .values(leased_by=owner, leased_until=now + _LEASE)
        )
        return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]

    async def release(self, session: AsyncSession, conversation_id: str, owner: str) -> None:
        await session.execute(
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id, ConversationRow.leased_by == owner)
            .values(leased_by=None, leased_until=None)
        )

    async def release_all(self, session: AsyncSession) -> None:
        """At the start of the only process of a database: nobody else holds a lease."""
        await session.execute(update(ConversationRow).values(leased_by=None, leased_until=None))

    async def was_carried_out(self, session: AsyncSession, inbox_id: int) -> bool:
        """Whether a command of this update was committed already."""
        return await session.scalar(select(CommandRow.turn).where(CommandRow.turn == inbox_id).limit(1)) is not None

    async def first_time(self, session: AsyncSession, inbox_id: int, ordinal: int, name: str) -> bool:
        """Whether command `ordinal` of this update is carried out for the first time; marks it so."""
        dialect = session.get_bind().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        marked = await session.scalar(
            insert(CommandRow)
            .values(turn=inbox_id, ordinal=ordinal, name=name)
            .on_conflict_do_nothing(index_elements=["turn", "ordinal"])
            .returning(CommandRow.turn)
        )
        return marked is not None
