"""Taking a consent back: as easy as giving it, per item, with what follows from it said first (PIPL 15)."""

from __future__ import annotations

from domain.consent.items import CONTRACT, CROSS_BORDER, item_title
from domain.consent.receipt_fields import separate_consent
from domain.consent.receipts import receipt_for
from domain.conversations.holdings import Holding
from domain.conversations.talk import Talk
from domain.evidence.entries import channel_of, pressed_of
from domain.flows.say import Button, ReceiptView, Say
from domain.flows.tables import FlowRow
from domain.messaging.notices import leave_notice, tell_systems
from domain.messaging.turn import Turn
from domain.registration.state import State

MENU_BUTTON = Button("c.menu", "menu", style="quiet")
_CANCEL = Button("c.errand:cancel", "wish_cancel_account")


def withdrawable(held: Holding) -> list[str]:
    """What was given and stands, in the order it was decided. The contract itself ends with the account, not here."""
    return [d.item for d in held.decided if d.decision == "given" and d.item != CONTRACT]


class Withdrawal:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._parts = talk.parts

    def choices(self, held: Holding) -> Say:
        """What can be taken back, a button each."""
        items = withdrawable(held)
        leave = {"leave": held.profile.leave}
        if not items:
            return Say("withdraw.nothing", leave, (Button("c.human", "human"), MENU_BUTTON))
        return Say("withdraw.choose", leave, (*withdraw_buttons(held, items), MENU_BUTTON))

    def ask(self, held: Holding, item: str) -> Say:
        """What follows from taking this one back, and the question."""
        decided = held.of(item)
        title = item_title(held.profile, item)
        if decided is None or decided.decision != "given" or item == CONTRACT:
            return Say("withdraw.already", {"title": title}, (Button("c.consents", "my_consents"), MENU_BUTTON))
        consent = separate_consent(held.profile, item)
        needed = consent is not None and consent.indispensable
        words = {"title": title, "if_refused": consent.if_refused if consent else ""}
        buttons = (
            Button(f"c.withdrawn:{held.id}/{item}", "withdraw_now", style="danger"),
            Button(f"c.consents:{held.id}", "keep_consent"),
            *((_CANCEL,) if needed and held.account_id else ()),
        )
        message = (
            "withdraw.ask_crossing" if item == CROSS_BORDER
            else "withdraw.ask_open" if held.account_id is None
            else "withdraw.ask_needed" if needed
            else "withdraw.ask"
        )  # fmt: skip
        return Say(message, words, buttons)

    async def carry_out(self, turn: Turn, held: Holding, item: str) -> Say:
        """Record it, stop relying on it from now on, issue a receipt, and tell the platform's people and systems."""
        parts, session = self._parts, turn.session
        decided = held.of(item)
        if decided is None or decided.decision != "given" or item == CONTRACT:
            return self.ask(held, item)
        title = item_title(held.profile, item)
        body = {
            "served": decided.entry_id,
            "account": held.account_id,
            "item": item,
            "withdraws": decided.entry_id,
            "button": turn.press.label if turn.press else None,
            "actor": {"role": "self"},
            "channel": channel_of(turn),
            **pressed_of(turn, parts.clock.now()),
        }
        entry = await parts.ledger.append(session, held.profile.id, "withdrawn", held.subject, body)
        await parts.consents.decide(
            session,
            flow_id=held.flow_id,
            platform_id=held.profile.id,
            item=item,
            decision="withdrawn",
            agreement_id=decided.agreement_id,
            entry_id=entry.id,
            given_by=decided.given_by,
        )
        if held.account_id is None:
            await self._unsettle(turn, held, item)
            return Say("withdraw.done_open", {"title": title})
        data = {"item": item, "entry": entry.id}
        await tell_systems(session, parts, "withdrawn", held.profile.id, held.account_id, data)
        await leave_notice(session, parts, turn.conversation, "withdrawn", f"{held.account_id} {title}")
        issued = await receipt_for(session, parts, held.account_id, occasion="withdrawn", entry_id=entry.id)
        consent = separate_consent(held.profile, item)
        needed = consent is not None and consent.indispensable
        buttons = (*((_CANCEL,) if needed else ()), Button(f"c.consents:{held.id}", "my_consents"), MENU_BUTTON)
        view = ReceiptView((("@" + title, ("consent_withdrawn_now", {})),), issued.path, "consent_receipt")
        return Say("withdraw.done_needed" if needed else "withdraw.done", {"title": title}, buttons, view)

    async def _unsettle(self, turn: Turn, held: Holding, item: str) -> None:
        """In a registration under way the answer becomes a no; what cannot do without it asks again by itself."""
        row = await turn.session.get_one(FlowRow, held.flow_id)
        state: State = await self._talk.registrations.state(turn.session, row)
        if item == CROSS_BORDER:
            state = state.but(crossing="refused", asking=None)
        else:
            state = state.but(decisions={**state.decisions, item: "refused"}, asking=None)
        row.sealed = await self._parts.vault.seal(
            turn.session, row.key_id, f"flows|{row.id}", state.model_dump_json().encode()
        )
        await turn.session.flush()


def withdraw_buttons(held: Holding, items: list[str]) -> tuple[Button, ...]:
    return tuple(
        Button(f"c.withdraw:{held.id}/{item}", "withdraw_item", vars={"title": item_title(held.profile, item)})
        for item in items
    )
