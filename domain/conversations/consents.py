"""我的同意: everything a person agreed to and refused, taken back and given again, from any state of a conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from domain.ambient import SHANGHAI
from domain.consent.deck import read_clause, spoken_uid
from domain.consent.items import CONTRACT, CROSS_BORDER, item_title
from domain.consent.receipt_fields import separate_consent
from domain.consent.receipts import newest_receipt, receipt_for
from domain.conversations.holdings import Holding, Holdings
from domain.conversations.talk import MENU, Talk
from domain.conversations.wards import WardErrands
from domain.conversations.withdrawal import MENU_BUTTON, Withdrawal, withdraw_buttons, withdrawable
from domain.conversations.words import named_items
from domain.evidence.entries import agreement_of, channel_of, pressed_of
from domain.evidence.tables import LedgerRow
from domain.flows.say import AnswerView, Button, ReceiptView, Say, SummaryView
from domain.guardians.wards import is_of_age
from domain.messaging.notices import tell_systems
from domain.messaging.outbox import Shape
from domain.messaging.turn import Turn
from domain.parts import CHANNELS_ABROAD
from domain.platforms.model import SeparateConsent
from domain.registration.service import not_authorised, render_context

Rows = tuple[tuple[str, str | tuple[str, Mapping[str, Any]]], ...]


class ConsentErrands:
    def __init__(self, talk: Talk, wards: WardErrands) -> None:
        self._talk = talk
        self._parts = talk.parts
        self._wards = wards
        self._holdings = Holdings(talk)
        self._withdrawal = Withdrawal(talk)

    async def command(self, turn: Turn, name: str) -> None:
        """What was typed alone: 我的同意 or 撤回同意."""
        turn.conversation.misunderstood, turn.conversation.awaiting = 0, None
        await (self.withdraw(turn) if name == "withdraw" else self.show(turn))

    async def show(self, turn: Turn, id: str = "") -> None:
        """The card of everything; which account, if there are several; how to prove one, if there is none."""
        held = await self._which(turn, id, "c.consents")
        if held is not None:
            await self._talk.say(turn, await self._card(turn, held))
            await self._talk.prompt(turn)

    async def withdraw(self, turn: Turn, target: str = "", text: str = "") -> None:
        """The list, or the question about one item. `target` is holding/item, `text` what the person said."""
        id, _, item = target.partition("/")
        held = await self._which(turn, id, "c.withdraw")
        if held is None:
            return
        named = [named for named in named_items(text) if named in withdrawable(held)]
        item = item or (named[0] if len(named) == 1 else "")
        say = self._withdrawal.ask(held, item) if item else self._withdrawal.choices(held)
        await self._talk.say(turn, say)
        if not item or self._is_over(say):
            # A grave button counts on the newest message alone: behind the question nothing is asked again.
            await self._talk.prompt(turn)

    async def withdrawn(self, turn: Turn, target: str) -> None:
        """The deed."""
        id, _, item = target.partition("/")
        held = await self._which(turn, id, "c.withdraw")
        if held is not None:
            await self._talk.say(turn, await self._withdrawal.carry_out(turn, held, item))
            await self._talk.prompt(turn)

    async def again(self, turn: Turn, target: str) -> None:
        """Put what is to be agreed to before the person, and record that; the button below it decides."""
        id, _, item = target.partition("/")
        held = await self._which(turn, id, "c.consents")
        if held is None:
            return
        refused = await self._not_again(turn, held, item)
        if refused is not None:
            await self._talk.say(turn, refused)
            await self._talk.prompt(turn)
            return
        parts, session = self._parts, turn.session
        platform = parts.platforms.get(held.profile.id)
        version = await parts.agreements.in_force(session, held.profile.id)
        if await not_authorised(turn, parts, platform, version):
            return
        consent = separate_consent(held.profile, item)
        tree = await parts.agreements.tree(session, version.id)
        found = [tree.find(uid) for uid in (consent.clauses if consent else ())]
        clauses = tuple(read_clause(clause) for clause in found if clause is not None)
        where = {
            "account": held.account_id, "item": item, "actor": {"role": "self"}, "language": "zh-CN",
            "agreement": agreement_of(version), "channel": channel_of(turn),
        }  # fmt: skip
        served = await parts.ledger.append(session, held.profile.id, "served", held.subject, where)
        buttons = (
            Button(f"c.agreed_again:{held.id}/{item}/{served.id}", "agree_again", style="primary"),
            Button(f"c.consents:{held.id}", "not_again"),
        )
        context = render_context(platform, version, turn.conversation.channel)
        view = AnswerView(clauses) if clauses else None
        said = await parts.outbox.say(turn, self._again_words(held, item, consent, buttons, view), context, Shape())
        shown = {
            **where, "served": served.id, "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses],
            "rendered_sha256": said.rendered_sha256, "message": said.row.id,
        }  # fmt: skip
        await parts.ledger.append(session, held.profile.id, "clause_shown", held.subject, shown)

    async def agreed_again(self, turn: Turn, target: str) -> None:
        """A new decision on what was shown; on another version than is in force by now it is shown anew."""
        id, item, served = (*target.split("/", 2), "", "")[:3]
        held = await self._which(turn, id, "c.consents")
        if held is None or turn.press is None:
            return
        refused = await self._not_again(turn, held, item)
        if refused is not None or held.account_id is None:
            await self._talk.say(turn, refused or Say("button.over", buttons=MENU))
            await self._talk.prompt(turn)
            return
        parts, session = self._parts, turn.session
        version = await parts.agreements.in_force(session, held.profile.id)
        if await self._served_version(turn, held, item, served) != version.id:
            await self._talk.say(turn, Say("again.new_version"))
            await self.again(turn, f"{id}/{item}")
            return
        consent = separate_consent(held.profile, item)
        body = {
            "served": served, "account": held.account_id, "item": item, "decision": "given",
            "button": turn.press.label, "clauses_relied_on": list(consent.clauses) if consent else [],
            "actor": {"role": "self"}, "language": "zh-CN", "agreement": agreement_of(version),
            "channel": channel_of(turn), **pressed_of(turn, parts.clock.now()),
        }  # fmt: skip
        entry = await parts.ledger.append(session, held.profile.id, "decided", held.subject, body)
        await parts.consents.decide(
            session, flow_id=held.flow_id, platform_id=held.profile.id, item=item, decision="given",
            agreement_id=version.id, entry_id=entry.id,
        )  # fmt: skip
        data = {"item": item, "entry": entry.id}
        await tell_systems(session, parts, "consented", held.profile.id, held.account_id, data)
        issued = await receipt_for(session, parts, held.account_id, occasion="given_again", entry_id=entry.id)
        title = item_title(held.profile, item)
        view = ReceiptView((("@" + title, ("consent_given_now", {})),), issued.path, "consent_receipt")
        buttons = (Button(f"c.consents:{held.id}", "my_consents"), MENU_BUTTON)
        await self._talk.say(turn, Say("again.done", {"title": title}, buttons, view))
        await self._talk.prompt(turn)

    # --- whose, and what ------------------------------------------------------------------------------

    async def _which(self, turn: Turn, id: str, verb: str) -> Holding | None:
        """The holding meant. When none or several could be, the person hears what to do and None is returned."""
        if id:
            held = await self._holdings.get(turn, id)
            if held is None:
                await self._talk.say(turn, Say("button.over", buttons=MENU))
                await self._talk.prompt(turn)
            return held
        every = await self._holdings.all(turn)
        if len(every) == 1:
            return every[0]
        if every:
            await self._talk.say(turn, Say("my_consents.which", buttons=(*self._ones(every, verb), MENU_BUTTON)))
        elif not await self._wards.offered(turn):
            buttons = (Button("c.access", "prove_mine", style="primary"), Button("c.human", "human"), MENU_BUTTON)
            await self._talk.say(turn, Say("my_consents.none", buttons=buttons))
            await self._talk.prompt(turn)
        return None

    def _ones(self, every: list[Holding], verb: str) -> tuple[Button, ...]:
        return tuple(
            Button(
                f"{verb}:{held.id}" + ("/" if verb == "c.withdraw" else ""),
                "one_account" if held.account_id else "one_registration",
                vars={"platform": held.profile.name, "account": held.account_id or ""},
            )
            for held in every
        )

    async def _card(self, turn: Turn, held: Holding) -> Say:
        again = [d.item for d in held.decided if await self._not_again(turn, held, d.item) is None]
        buttons = (
            *withdraw_buttons(held, withdrawable(held)),
            *(
                Button(f"c.again:{held.id}/{item}", "again_item", vars={"title": item_title(held.profile, item)})
                for item in again
            ),
            *((Button("c.errand:cancel", "wish_cancel_account", style="quiet"),) if held.account_id else ()),
            MENU_BUTTON,
        )
        rows = await self._rows(turn, held)
        receipt = await newest_receipt(turn.session, held.account_id) if held.account_id else None
        words = {"platform": held.profile.name, "withdraw": held.profile.withdraw}
        if receipt is None:
            return Say("my_consents.open", words, buttons, SummaryView("consents_title", rows))
        return Say("my_consents.card", words, buttons, ReceiptView(rows, f"/r/{receipt}", "my_consents"))

    async def _rows(self, turn: Turn, held: Holding) -> Rows:
        rows: list[tuple[str, str | tuple[str, Mapping[str, Any]]]] = []
        if held.account_id:
            rows.append(("receipt_account", held.account_id))
        for decided in sorted(held.decided, key=lambda d: _place(held, d.item)):
            version = await self._parts.agreements.get(turn.session, decided.agreement_id)
            words = {"day": f"{decided.decided_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", "label": version.label}
            by = "_guardian" if decided.given_by == "guardian" else ""
            rows.append(("@" + item_title(held.profile, decided.item), (f"consent_{decided.decision}{by}", words)))
        rows += [("@" + d.title, ("consent_missing", {})) for d in held.profile.documents if d.file is None]
        return tuple(rows)

    async def _not_again(self, turn: Turn, held: Holding, item: str) -> Say | None:
        """Why this cannot be agreed to (again) here and now; None when it can."""
        decided, consent = held.of(item), separate_consent(held.profile, item)
        words = {"title": item_title(held.profile, item)}
        over = Say("again.not_now", words, (Button("c.human", "human"), MENU_BUTTON))
        if held.account_id is None or not held.active or decided is None or item == CONTRACT:
            return over
        if decided.decision == "given":
            return Say("again.already", words, (Button(f"c.consents:{held.id}", "my_consents"), MENU_BUTTON))
        if item == CROSS_BORDER:
            return None if turn.conversation.channel in CHANNELS_ABROAD else over
        files = {d.id for d in held.profile.documents if d.file is not None}
        if consent is None or (consent.document is not None and consent.document not in files):
            return over
        rows = self._talk.registrations.guardians.rows
        if not await is_of_age(turn.session, rows, held.account_id):
            # Before 14 the guardian decides (PIPL 31).
            return Say("again.guardian", words, (Button("c.human", "human"), MENU_BUTTON))
        return None

    async def _served_version(self, turn: Turn, held: Holding, item: str, served: str) -> str | None:
        """The version that was put before this very person for this very item."""
        raw = await turn.session.scalar(
            select(LedgerRow.entry).where(
                LedgerRow.entry_id == served, LedgerRow.subject == held.subject, LedgerRow.type == "served"
            )
        )
        entry = json.loads(raw) if raw is not None else {}
        return entry["agreement"]["id"] if entry.get("item") == item else None

    def _again_words(
        self,
        held: Holding,
        item: str,
        consent: SeparateConsent | None,
        buttons: tuple[Button, ...],
        view: AnswerView | None,
    ) -> Say:
        words = {
            "title": item_title(held.profile, item),
            "body": consent.body if consent else "",
            "clauses": "、".join(spoken_uid(uid) for uid in consent.clauses) if consent else "",
        }
        message = "again.ask_crossing" if consent is None else "again.ask" if consent.clauses else "again.ask_bare"
        return Say(message, words, buttons, view)

    @staticmethod
    def _is_over(say: Say) -> bool:
        return say.message == "withdraw.already"


def _place(held: Holding, item: str) -> int:
    """The contract first, then the separate consents as the profile has them, then the others."""
    order = [CONTRACT, *(c.item for c in held.profile.separate_consents)]
    return order.index(item) if item in order else len(order)
