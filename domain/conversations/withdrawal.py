"""Taking a consent back: as easy as giving it, per item, with what follows from it said first (PIPL 15)."""

from __future__ import annotations

from domain.accounts.tables import AccountRow
from domain.consent.items import CONTRACT, item_title
from domain.flows.say import Button, Say
from domain.messaging.notices import leave_notice, tell_systems
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.platforms import Profile, SeparateConsent

_MENU = Button("c.menu", "menu", style="quiet")


class Withdrawal:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def choices(self, turn: Turn, account_id: str) -> Say:
        """What can be taken back, a button each. The contract itself ends with the account, not here."""
        given = [
            d
            for d in await self._parts.consents.of(turn.session, account_id)
            if d.decision == "given" and d.item != CONTRACT
        ]
        leave = (await self._profile(turn, account_id)).leave
        if not given:
            return Say("withdraw.nothing", {"leave": leave}, (Button("c.human", "human"), _MENU))
        titles = [(d.item, await self._title(turn, account_id, d.item)) for d in given]
        buttons = tuple(Button(f"c.withdraw:{item}", "withdraw_item", vars={"title": title}) for item, title in titles)
        return Say("withdraw.choose", {"leave": leave}, (*buttons, _MENU))

    async def ask(self, turn: Turn, account_id: str, item: str) -> Say:
        """What follows from taking this one back, and the question."""
        consent = await self._consent(turn, account_id, item)
        words = {"title": await self._title(turn, account_id, item)}
        buttons = (Button(f"c.withdrawn:{item}", "withdraw_now", style="danger"), Button("c.consents", "keep_consent"))
        message = "withdraw.ask_needed" if consent is not None and consent.indispensable else "withdraw.ask"
        return Say(message, words, buttons)

    async def carry_out(self, turn: Turn, account_id: str, item: str) -> Say:
        """Record it, stop relying on it from now on, and tell the platform's people and systems."""
        parts, session = self._parts, turn.session
        decided = next((d for d in await parts.consents.of(session, account_id) if d.item == item), None)
        title = await self._title(turn, account_id, item)
        if decided is None or decided.decision != "given" or item == CONTRACT:
            return Say("withdraw.already", {"title": title}, (_MENU,))
        account = await session.get_one(AccountRow, account_id)
        body = {
            "served": decided.entry_id,
            "account": account_id,
            "item": item,
            "withdraws": decided.entry_id,
            "button": turn.press.label if turn.press else None,
            "channel": {
                "kind": turn.conversation.channel,
                "conversation": turn.conversation.id,
                "update": turn.update_id,
            },
        }
        entry = await parts.ledger.append(session, account.platform_id, "withdrawn", account.evidence_subject, body)
        await parts.consents.decide(
            session,
            flow_id=account.flow_id,
            platform_id=account.platform_id,
            item=item,
            decision="withdrawn",
            agreement_id=decided.agreement_id,
            entry_id=entry.id,
        )
        await tell_systems(
            session, parts, "withdrawn", account.platform_id, account_id, {"item": item, "entry": entry.id}
        )
        await leave_notice(session, parts, turn.conversation, "withdrawn", f"{account_id} {title}")
        return Say("withdraw.done", {"title": title}, (Button("c.consents", "my_consents"), _MENU))

    async def _profile(self, turn: Turn, account_id: str) -> Profile:
        account = await self._parts.accounts.get(turn.session, account_id)
        return self._parts.platforms.get(account.platform_id).profile

    async def _consent(self, turn: Turn, account_id: str, item: str) -> SeparateConsent | None:
        profile = await self._profile(turn, account_id)
        return next((c for c in profile.separate_consents if c.item == item), None)

    async def _title(self, turn: Turn, account_id: str, item: str) -> str:
        return item_title(await self._profile(turn, account_id), item)
