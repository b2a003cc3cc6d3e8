"""What a guardian can do later: see what was consented, take it back, ask for deletion."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import deeds
from domain.accounts.news import announce
from domain.accounts.tables import AccountRow
from domain.ambient import SHANGHAI
from domain.consent.items import item_title
from domain.consent.receipts import receipt_for
from domain.evidence.entries import channel_of, pressed_of
from domain.flows.say import Button, Say, SummaryView
from domain.guardians.guardianships import Guardianships
from domain.guardians.tables import GuardianshipRow
from domain.messaging.notices import tell_systems
from domain.messaging.turn import Turn
from domain.parts import Parts

_MENU = Button("c.menu", "menu", style="quiet")
_HUMAN = Button("c.human", "human", style="quiet")
Deed = Literal["withdraw", "delete"]


class Wards:
    def __init__(self, parts: Parts, rows: Guardianships) -> None:
        self._parts = parts
        self._rows = rows

    async def list(self, turn: Turn) -> Say | None:
        """Every account this person is the guardian of; None when there is none."""
        rows = await self._rows.of_guardian(turn.session, turn.conversation.id)
        if not rows:
            return None
        buttons = []
        for row in rows:
            name = (await self._rows.identities(turn.session, row)).get("ward_name", "")
            words = {"name": name, "platform": self._platform(row)}
            buttons.append(Button(f"c.ward:{row.id}", "one_ward", vars=words))
        return Say("wards.list", {}, (*buttons, _MENU))

    async def card(self, turn: Turn, guardianship_id: str) -> Say:
        """What was decided for one of them, as it stands."""
        row = await self._mine(turn, guardianship_id)
        if row is None:
            return Say("button.over", buttons=(_MENU,))
        profile = self._parts.platforms.get(row.platform_id).profile
        account = await turn.session.get_one(AccountRow, row.ward_account_id)
        rows: list[tuple[str, str | tuple[str, dict[str, object]]]] = [
            ("receipt_account", account.id),
            ("ward_status", (f"ward_status_{account.status}", {})),
        ]
        for decided in await self._parts.consents.of(turn.session, account.id):
            day = decided.decided_at.astimezone(SHANGHAI).date().isoformat()
            rows.append(("@" + item_title(profile, decided.item), (f"ward_{decided.decision}", {"day": day})))
        buttons = (
            Button(f"c.ward_withdraw:{row.id}", "ward_withdraw", style="danger"),
            Button(f"c.ward_delete:{row.id}", "ward_delete", style="danger"),
            _HUMAN,
            _MENU,
        )
        return Say("wards.card", {"platform": profile.name}, buttons, SummaryView("wards_title", tuple(rows)))

    async def ask(self, turn: Turn, guardianship_id: str, deed: Deed) -> Say:
        """What follows, said first."""
        row = await self._mine(turn, guardianship_id)
        if row is None:
            return Say("button.over", buttons=(_MENU,))
        rules = self._parts.platforms.get(row.platform_id).profile.account.cancellation
        words = {"platform": self._platform(row), "ends": rules.ends, "kept": rules.kept}
        do = {"withdraw": "c.ward_withdrawn", "delete": "c.ward_deleted"}[deed]
        label = {"withdraw": "ward_withdraw_now", "delete": "ward_delete_now"}[deed]
        buttons = (Button(f"{do}:{row.id}", label, style="danger"), Button(f"c.ward:{row.id}", "look_again"))
        return Say(f"wards.{deed}_ask", words, buttons)

    async def withdraw(self, turn: Turn, guardianship_id: str) -> Say:
        """From now on nothing is processed: the account stands still. What was done before stays lawful (PIPL 15)."""
        row = await self._mine(turn, guardianship_id)
        if row is None:
            return Say("button.over", buttons=(_MENU,))
        await self._take_back(turn, row)
        return Say("wards.withdrawn", {"platform": self._platform(row)}, (_HUMAN, _MENU))

    async def delete(self, turn: Turn, guardianship_id: str) -> Say:
        """The guardian asks for deletion (PIPL 47; 未成年人网络保护条例 34): done where the platform closes at once."""
        parts, session = self._parts, turn.session
        row = await self._mine(turn, guardianship_id)
        if row is None:
            return Say("button.over", buttons=(_MENU,))
        account = await self._take_back(turn, row)
        profile = parts.platforms.get(row.platform_id).profile
        words: dict[str, object] = {"platform": profile.name}
        if profile.account.cancellation.mode == "at_once":
            await deeds.close(
                session, parts, account, channel=channel_of(turn), here=turn.conversation.id,
                sms_key=turn.conversation.key_id,
            )  # fmt: skip
            return Say("wards.deleted", words, (_MENU,))
        request = await parts.requests.file(
            session,
            kind="cancel",
            platform_id=row.platform_id,
            account_id=account.id,
            conversation_id=turn.conversation.id,
            key_id=turn.conversation.key_id,
            words={"by": "guardian"},
        )
        await parts.ledger.append(
            session, row.platform_id, "request_filed", row.ward_flow_id,
            {"request": request.id, "kind": "cancel", "by": "guardian", "account": account.id},
        )  # fmt: skip
        return Say("wards.delete_asked", {**words, "request": request.id}, (Button("c.status", "status"), _MENU))

    async def _take_back(self, turn: Turn, row: GuardianshipRow) -> AccountRow:
        """Every consent the guardian gave is withdrawn and the account suspended; the ward and its people hear so."""
        parts, session, now = self._parts, turn.session, self._parts.clock.now()
        account = await parts.accounts.row(session, row.ward_account_id or "")
        where = {"channel": channel_of(turn), **pressed_of(turn, now)}
        entry_id = ""
        for decided in await parts.consents.of(session, account.id):
            if decided.given_by != "guardian" or decided.decision != "given":
                continue
            body = {
                "served": decided.entry_id, "withdraws": decided.entry_id, "account": account.id,
                "item": decided.item, "actor": {"role": "guardian", "guardianship": row.id}, **where,
            }  # fmt: skip
            entry = await parts.ledger.append(session, row.platform_id, "withdrawn", account.evidence_subject, body)
            entry_id = entry.id
            await parts.consents.decide(
                session, flow_id=account.flow_id, platform_id=row.platform_id, item=decided.item, decision="withdrawn",
                agreement_id=decided.agreement_id, entry_id=entry.id, given_by="guardian",
            )  # fmt: skip
            data = {"item": decided.item, "entry": entry.id, "by": "guardian"}
            await tell_systems(session, parts, "withdrawn", row.platform_id, account.id, data)
        if entry_id:
            await receipt_for(session, parts, account.id, occasion="withdrawn", entry_id=entry_id, evidence=where)
        account.status = "suspended"
        suspended = await parts.ledger.append(
            session, row.platform_id, "suspended", account.evidence_subject,
            {"account": account.id, "reason": "guardian_withdrew", "because": entry_id, **where},
        )  # fmt: skip
        await announce(
            session, parts, account, suspended, event="suspended", data={"reason": "guardian_withdrew"},
            message="news.guardian_withdrew", here=turn.conversation.id,
        )  # fmt: skip
        await self._rows.end(session, row, "withdrawn")
        return account

    async def _mine(self, turn: Turn, guardianship_id: str) -> GuardianshipRow | None:
        """The guardianship, if it is this person's, stands, and has an account."""
        row = await turn.session.get(GuardianshipRow, guardianship_id, with_for_update=True)
        if row is None or row.guardian_conversation_id != turn.conversation.id or row.state != "consented":
            return None
        account = await turn.session.get(AccountRow, row.ward_account_id or "")
        return row if account is not None and account.status != "closed" else None

    def _platform(self, row: GuardianshipRow) -> str:
        return self._parts.platforms.get(row.platform_id).profile.name


async def is_of_age(session: AsyncSession, rows: Guardianships, account_id: str) -> bool:
    """Whether the account's person may decide for itself now: no guardian any more, or 14 and older."""
    return all(row.band == "from_14" for row in await rows.of_account(session, account_id))
