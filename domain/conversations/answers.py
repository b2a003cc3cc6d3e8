"""Answers about the agreement: quoted from it, recorded, and never invented."""

from __future__ import annotations

from collections import OrderedDict

from domain.agreements.search import Searcher
from domain.agreements.versions import Version
from domain.consent.deck import read_alone, read_clause
from domain.consent.decks import Decks
from domain.flows.say import AnswerView, Button, Say
from domain.flows.tables import FlowRow
from domain.identifiers.clause_numbers import match_clause
from domain.messaging.outbox import Shape
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.registration.service import render_context
from domain.registration.state import State

_KEPT = 16


class Answers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._decks = Decks(parts.platforms)
        self._searchers: OrderedDict[str, Searcher] = OrderedDict()

    async def question(
        self, turn: Turn, platform_id: str, text: str, flow: FlowRow | None, state: State | None
    ) -> None:
        """Answer from the text the person is reading; what it does not say is said to be not in it."""
        version = await self._version(turn, platform_id, flow)
        tree = await self._parts.agreements.tree(turn.session, version.id)
        numbered = match_clause(text, [clause.uid for clause in tree.walk()])
        if numbered is not None:
            await self.explain(turn, platform_id, numbered, text, flow, state)
            return
        answer = (await self._searcher(turn, version)).ask(text)
        deck = self._decks.of(version, tree, None)
        clauses = [read_alone(clause) for a in answer.answers if (clause := tree.find(a.uid)) is not None]
        asked = await self._asked(turn, platform_id, version, text, flow, state)
        platform = self._parts.platforms.get(platform_id)
        hotline = platform.profile.hotline
        if answer.abstained or not clauses:
            say = Say(
                "answer.abstained",
                {"say": answer.say, "hotline": hotline.number if hotline else ""},
                (Button("c.human", "human"),),
            )
        else:
            best = deck.explaining(clauses[0].uid)
            explained = best is not None and not best.draft
            words = {"say": answer.say, "means": best.card.means if best and explained else ""}
            others = tuple(
                Button(f"c.clause:{clause.uid}", "see_clause", vars={"number": clause.number})
                for clause in clauses[1:3]
            )
            say = Say(
                "answer.explained" if explained else "answer.quoted",
                words,
                others,
                AnswerView((clauses[0],), bool(best and best.card.disputable)),
            )
        enqueued = await self._parts.outbox.say(
            turn, say, render_context(platform, version, turn.conversation.channel), Shape(None, None, version.id)
        )
        kind = "abstained" if answer.abstained or not clauses else "answer"
        body = {
            "question": asked,
            "served": state.served if state else None,
            "agreement": _named(version),
            "clauses": [{"uid": c.uid, "sha256": c.sha256} for c in clauses[:1]],
            "rendered_sha256": enqueued.rendered_sha256,
            "message": enqueued.row.id,
        }
        subject = await self._subject(turn, flow, state)
        await self._parts.ledger.append(turn.session, platform_id, kind, subject, body)  # type: ignore[arg-type]

    async def explain(
        self, turn: Turn, platform_id: str, uid: str, text: str, flow: FlowRow | None, state: State | None
    ) -> None:
        """Say what one clause says, means and leads to, with its own words."""
        version = await self._version(turn, platform_id, flow)
        tree = await self._parts.agreements.tree(turn.session, version.id)
        clause = tree.find(uid)
        if clause is None:
            return
        platform = self._parts.platforms.get(platform_id)
        card = self._decks.of(version, tree, None).explaining(uid)
        asked = await self._asked(turn, platform_id, version, text, flow, state)
        quoted = read_clause(clause)
        if card is not None and not card.draft:
            words = {
                "number": quoted.number,
                "what": card.card.what,
                "means": card.card.means,
                "consequence": card.card.consequence,
            }
            say = Say("answer.clause", words, view=AnswerView((quoted,), card.card.disputable))
        else:
            say = Say(
                "answer.clause_only", {"number": quoted.number}, (Button("c.human", "human"),), AnswerView((quoted,))
            )
        enqueued = await self._parts.outbox.say(
            turn, say, render_context(platform, version, turn.conversation.channel), Shape(None, None, version.id)
        )
        body = {
            "question": asked,
            "served": state.served if state else None,
            "agreement": _named(version),
            "clauses": [{"uid": quoted.uid, "sha256": quoted.sha256}],
            "aspects": ["concept", "content", "consequence"] if card is not None and not card.draft else [],
            "rendered_sha256": enqueued.rendered_sha256,
            "message": enqueued.row.id,
        }
        reading = state is not None and flow is not None and flow.platform_id == platform_id
        subject = await self._subject(turn, flow, state)
        await self._parts.ledger.append(turn.session, platform_id, "explained" if reading else "answer", subject, body)

    async def _asked(
        self, turn: Turn, platform_id: str, version: Version, text: str, flow: FlowRow | None, state: State | None
    ) -> str:
        """Record the question: the chain holds a commitment, the words are sealed and erasable."""
        key_id = flow.evidence_key_id if flow else turn.conversation.key_id
        body = {
            "served": state.served if state else None,
            "agreement": _named(version),
            "channel": turn.conversation.channel,
        }
        subject = await self._subject(turn, flow, state)
        entry = await self._parts.ledger.append(
            turn.session, platform_id, "question", subject, body, private={"text": text}, key_id=key_id
        )
        return entry.id

    async def _subject(self, turn: Turn, flow: FlowRow | None, state: State | None) -> str:
        """Whom it is about: whoever the text was served to, who is another than the flow when a guardian reads."""
        served = state.served if state else ""
        whom = await self._parts.ledger.subject_of(turn.session, served) if served else None
        return whom or (flow.id if flow else turn.conversation.id)

    async def _version(self, turn: Turn, platform_id: str, flow: FlowRow | None) -> Version:
        """The version of the open flow, otherwise the one in force."""
        if flow is not None and flow.agreement_id is not None and flow.platform_id == platform_id:
            return await self._parts.agreements.get(turn.session, flow.agreement_id)
        return await self._parts.agreements.in_force(turn.session, platform_id)

    async def _searcher(self, turn: Turn, version: Version) -> Searcher:
        if version.id not in self._searchers:
            self._searchers[version.id] = Searcher(await self._parts.agreements.tree(turn.session, version.id))
            if len(self._searchers) > _KEPT:
                self._searchers.popitem(last=False)
        return self._searchers[version.id]


def _named(version: Version) -> dict[str, object]:
    return {"id": version.id, "version": version.version, "sha256": version.sha256, "source": version.source}
