"""What the platform's people decide about a request, and what follows from it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import deeds
from domain.accounts.news import record
from domain.accounts.tables import AccountRow
from domain.messaging.notices import tell_systems
from domain.messaging.tables import ConversationRow
from domain.parts import Parts
from domain.requests import Request


async def decide(
    session: AsyncSession, parts: Parts, request_id: str, *, granted: bool, answer: str, by: str
) -> Request:
    """Close a request, carry out what it asked for where this agent can, and tell the person in the chat.

    Raises NotFound, Conflict.
    """
    state = "granted" if granted else "refused"
    request = await parts.requests.decide(session, request_id, state, answer)  # type: ignore[arg-type]
    row = await session.get(AccountRow, request.account_id) if request.account_id else None
    body = {"request": request.id, "kind": request.kind, "decision": state, "by": by}
    if row is not None:
        await record(session, parts, row, "request_decided", body)
    else:
        await parts.ledger.append(session, request.platform_id, "request_decided", request.conversation_id, body)
    data = {"request": request.id, "kind": request.kind, "decision": state}
    await tell_systems(session, parts, "request_decided", request.platform_id, request.account_id, data)
    words = {
        "platform": parts.platforms.get(request.platform_id).profile.name,
        "kind": f"«request_{request.kind}»",
        "request": request.id,
        "answer": answer,
    }
    await parts.inbox.tell(
        session, request.conversation_id, key=request.id, message=f"news.request_{state}", words=words
    )
    if granted and request.kind == "cancel" and row is not None and row.status != "closed":
        conversation = await session.get_one(ConversationRow, request.conversation_id)
        account = await parts.accounts.row(session, row.id)
        await deeds.close(
            session, parts, account, channel={"by": by, "request": request.id}, here=None, sms_key=conversation.key_id
        )
    return request
