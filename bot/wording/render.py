"""Turns what a flow says into words, buttons and a card: the same for every channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.wording.catalogue import Catalogue
from domain.consent.deck import DeckCard, ReadClause, spoken_uid
from domain.flows.say import (
    AnswerView,
    Button,
    ChangesView,
    ClauseView,
    ConsentsView,
    EveryClauseView,
    LinkView,
    PlatformsView,
    Progress,
    ReceiptView,
    RenderContext,
    Rendered,
    Say,
    Style,
    SummaryView,
    ThemeView,
    View,
)
from domain.renewal.changes import ClauseChange

_TERM = re.compile("«([a-z_]+)»")
_ONLY_TERMS = re.compile("«[a-z_]+»(?:、«[a-z_]+»)*")


class Renderer:
    """Args:
    public_url: where the pages of this service are reached, without a closing slash.
    """

    def __init__(self, public_url: str, messages: Catalogue | None = None, labels: Catalogue | None = None) -> None:
        self._public_url = public_url.rstrip("/")
        self.bot_name: str | None = None
        """Of the bot in Telegram, once it is known: an invitation made there opens there."""
        self._messages = messages or Catalogue.read("messages.yml")
        self._labels = labels or Catalogue.read("labels.yml")

    def __call__(self, say: Say, context: RenderContext) -> Rendered:
        words = {**self._context_words(context), **self.terms(say.vars)}
        if "path" in words:
            words["url"] = f"{self._public_url}{words['path']}"
        if "invitation" in words:
            words["url"] = self._invitation(str(words["invitation"]), context.channel)
        words["hotline_line"] = self._label("notes.hotline", words) if words.get("hotline") else ""
        buttons = [self._button(button) for button in say.buttons]
        own = len(buttons)
        card = _CardBuilder(self, buttons, context).build(say.view) if say.view is not None else None
        return Rendered(self._messages.text(say.message, words), tuple(buttons), own, card)

    def refusal(self, code: str, hint: str = "") -> str:
        """Why a value was not accepted, as a page says it."""
        return self._messages.text(f"refused.{code}", {"hint": hint})

    def label(self, id: str, words: Mapping[str, Any] | None = None) -> str:
        return self._label(id, words or {})

    def sentence(self, id: str, words: Mapping[str, Any] | None = None) -> str:
        return self._messages.text(id, words or {})

    def terms(self, words: Mapping[str, Any]) -> dict[str, Any]:
        """The same with a variable that is «name», or several with 、 between, as the words people use.

        An unknown name is no term and stays, and so does whatever stands in a text somebody wrote.
        """
        named = {k: v for k, v in words.items() if isinstance(v, str) and _ONLY_TERMS.fullmatch(v)}
        return {**words, **{k: _TERM.sub(self._term, v) for k, v in named.items()}}

    def _term(self, match: re.Match[str]) -> str:
        id = f"terms.{match[1]}"
        return self._labels.text(id) if id in self._labels else match[0]

    def _invitation(self, code: str, channel: str) -> str:
        if channel == "telegram" and self.bot_name:
            return f"https://t.me/{self.bot_name}?start=r_{code}"
        return self.url(f"/?resume={code}")

    def url(self, path: str) -> str:
        return f"{self._public_url}{path}"

    def _label(self, id: str, words: Mapping[str, Any]) -> str:
        return self._labels.text(id, words)

    def _button(self, button: Button) -> tuple[str, str, Style]:
        label = button.text if button.text is not None else self._label(f"buttons.{button.label}", button.vars)
        return label, button.choice, button.style

    def _context_words(self, context: RenderContext) -> dict[str, Any]:
        return {
            "platform": context.platform_name,
            "operator": context.operator or "",
            "run_by": self._label("notes.run_by", {"operator": context.operator}) if context.operator else "",
            "sample_note": f"\n{self._label('notes.sample', {})}" if context.sample and context.platform_id else "",
            "platform_or_operator": context.platform_name or self._label("notes.operator", {}),
            "title": "",
        }


class _CardBuilder:
    """Builds one card; its buttons are appended to the message's and referred to by index."""

    def __init__(self, renderer: Renderer, buttons: list[tuple[str, str, Style]], context: RenderContext) -> None:
        self._renderer = renderer
        self._buttons = buttons
        self._context = context

    def build(self, view: View) -> dict[str, Any]:
        match view:
            case PlatformsView(items):
                return {
                    "kind": "platforms",
                    "title": self._label("cards.platforms"),
                    "items": [
                        {"id": id, "name": name, "line": line, "choose": self._add(name, f"c.platform:{id}", "primary")}
                        for id, name, line in items
                    ],
                }
            case ClauseView(card, progress, unfolded):
                return {
                    "kind": "clause",
                    **self._clause(card),
                    "title": card.card.theme,
                    "progress": _progress(progress),
                    "unfolded": sorted(unfolded),
                    "opened": self._add("", f"opened:{card.card.id}", "quiet"),
                }
            case ThemeView(theme, cards, progress, unfolded):
                return {
                    "kind": "theme",
                    "title": theme,
                    "progress": _progress(progress),
                    "read_url": self._read_url(""),
                    "items": [
                        {
                            **self._clause(card),
                            "unfolded": card.card.id in unfolded,
                            "opened": self._add("", f"opened:{card.card.id}", "quiet"),
                            "unfold": self._add(
                                self._label("buttons.unfold", number=card.number), f"unfold:{card.card.id}", "default"
                            ),
                        }
                        for card in cards
                    ],
                }
            case EveryClauseView(clause, progress):
                return {
                    "kind": "every",
                    "number": clause.number,
                    "title": self._label(
                        "cards.every_title", number=clause.number, heading=clause.heading or ""
                    ).strip(),
                    "quote": clause.text,
                    "progress": _progress(progress),
                    "read_url": self._read_url(clause.uid),
                }
            case ChangesView(changes, progress, path):
                return {
                    "kind": "changes",
                    "title": self._label("cards.changes"),
                    "progress": _progress(progress),
                    "items": [self._change(change) for change in changes],
                    "read_url": self._renderer.url(path),
                    "read_label": self._label("cards.changes_all"),
                }
            case AnswerView(quotes, disputable):
                return {
                    "kind": "answer",
                    "quotes": [
                        {"number": q.number, "quote": q.text, "read_url": self._read_url(q.uid)} for q in quotes
                    ],
                    "note": self._label("cards.answer_note") if disputable else None,
                }
            case ConsentsView():
                return self._consents(view)
            case SummaryView(title, rows):
                return {"kind": "summary", "title": self._label(f"rows.{title}"), "rows": self._rows(rows), "lines": []}
            case LinkView(path, fields, minutes, expires_at, any_one):
                named = "、".join(self._label(f"buttons.field_{name}") for name in fields)
                return {
                    "kind": "link",
                    "form": bool(fields),
                    "title": self._label("cards.link"),
                    "body": self._label(
                        "cards.link_any" if any_one else "cards.link_body" if fields else "cards.link_data",
                        fields=named,
                        minutes=minutes,
                    ),
                    "url": self._renderer.url(path),
                    "label": self._label("cards.open_link" if fields else "cards.open_data"),
                    "expires_at": expires_at.isoformat(),
                }
            case ReceiptView(rows, path, title):
                return {
                    "kind": "receipt",
                    "title": self._label(f"cards.{title}"),
                    "rows": self._rows(rows),
                    "url": self._renderer.url(path),
                    "label": self._label("cards.download"),
                    "json_url": self._renderer.url(f"{path}.json"),
                    "json_label": self._label("cards.download_json"),
                }

    def _clause(self, card: DeckCard) -> dict[str, Any]:
        sections = (
            []
            if card.draft
            else [
                {"heading": self._label(f"cards.{name}"), "body": getattr(card.card, name)}
                for name in ("what", "means", "consequence")
            ]
        )
        note = (
            self._label("cards.draft_note")
            if card.draft
            else self._label("cards.rights_note")
            if card.card.disputable
            else None
        )
        return {
            "id": card.card.id,
            "number": card.number,
            "line": card.card.line if not card.draft else (card.clauses[0].heading or card.number),
            "quote": card.quote,
            "quote_label": self._label("cards.quote", number=card.number),
            "sections": sections,
            "note": note,
            "draft": card.draft,
            "read_url": self._read_url(card.clauses[0].uid),
        }

    def _change(self, change: ClauseChange) -> dict[str, Any]:
        """A changed clause, its old and its new words apart; `marks` are the stretches of each that differ."""
        card = change.card

        def side(name: str, clause: ReadClause | None, marks: Sequence[tuple[int, int]]) -> dict[str, Any] | None:
            if clause is None:
                return None
            return {
                "label": self._label(f"cards.{name}", number=clause.number),
                "text": clause.text,
                "marks": [list(mark) for mark in marks],
            }

        return {
            "change": change.kind,
            "number": change.number,
            "tag": self._label(f"cards.change_{change.kind}"),
            "before": side("before", change.before, change.before_marks),
            "after": side("after", change.after, change.after_marks),
            "sections": [
                {"heading": self._label(f"cards.{name}"), "body": getattr(card.card, name)}
                for name in ("what", "means", "consequence")
                if card is not None
            ],
            "note": self._label("cards.rights_note") if card is not None and card.card.disputable else None,
        }

    def _consents(self, view: ConsentsView) -> dict[str, Any]:
        return {
            "kind": "consents",
            "title": self._label("cards.consents"),
            "items": [
                {
                    "id": consent.item,
                    "title": consent.title,
                    "body": consent.body,
                    "clauses": "、".join(spoken_uid(uid) for uid in consent.clauses),
                    "tag": self._label(
                        "cards.required"
                        if consent.indispensable
                        else "cards.demanded"
                        if consent.demanded
                        else "cards.optional"
                    ),
                    "decision": decision,
                    "yes": self._add(self._label("buttons.agree"), f"yes:{consent.item}", "default"),
                    "no": self._add(self._label("buttons.disagree"), f"no:{consent.item}", "default"),
                }
                for consent, decision in view.items
            ],
            "missing": [{"title": d.title, "line": self._label("cards.missing")} for d in view.missing],
        }

    def _rows(self, rows: tuple[tuple[str, str | tuple[str, Mapping[str, Any]]], ...]) -> list[dict[str, str]]:
        """A row's name is a label id, or literal words behind "@"; a value is words or (label id, variables)."""
        return [
            {
                "label": name[1:] if name.startswith("@") else self._label(f"rows.{name}"),
                "value": value
                if isinstance(value, str)
                else self._renderer.label(f"values.{value[0]}", self._renderer.terms(value[1])),
            }
            for name, value in rows
        ]

    def _add(self, label: str, choice: str, style: Style) -> dict[str, int]:
        self._buttons.append((label, choice, style))
        return {"$button": len(self._buttons) - 1}

    def _label(self, id: str, **words: object) -> str:
        return self._renderer.label(id, words)

    def _read_url(self, uid: str) -> str:
        return self._renderer.url(f"/a/{self._context.platform_id}" + (f"#{uid}" if uid else ""))


def _progress(progress: Progress) -> dict[str, int]:
    return {"at": progress.at, "of": progress.of}
