"""Server-rendered pages: the one-time form, the readable agreement, the receipt."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import BodyPartReader, web
from ruamel.yaml import YAML

from bot.http import Problem
from bot.pages.receipts import ReceiptPage
from bot.turns.hub import Hub
from bot.turns.worker import OUTBOX
from bot.wording.catalogue import Catalogue
from bot.wording.render import Renderer
from domain import Domain, NotFound
from domain.ambient import SHANGHAI
from domain.consent.deck import build_deck
from domain.flows.pages import PageForm, PageGone
from domain.registration.images import MAX_BYTES, Upload
from domain.registration.page import UPLOADS
from domain.renewal.changes import ClauseChange
from domain.selfservice.data import Data

_HERE = Path(__file__).parent
_MAX_FIELD = 2000


class Pages:
    """Args:
    public_url: where others reach these pages; None when nobody has said, and then nothing printed points here.
    """

    def __init__(self, domain: Domain, renderer: Renderer, hub: Hub, public_url: str | None = None) -> None:
        self._domain = domain
        self._renderer = renderer
        self._hub = hub
        raw = YAML(typ="safe").load(_HERE / "words.yml")
        self._fields: dict[str, dict[str, str]] = raw.pop("fields")
        self._options: dict[str, str] = raw.pop("options")
        self._words = Catalogue(raw)
        self._receipt_page = ReceiptPage(self._words, self._fields, public_url)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/s/{token}", self.form),
            web.post("/s/{token}", self.send),
            web.get("/s/{token}/data", self.data_gate),
            web.post("/s/{token}/data", self.data),
            web.get("/a/{platform}", self.agreement),
            web.get(r"/a/{platform}/changes/{before:[0-9]{1,6}}/{after:[0-9]{1,6}}", self.changes),
            web.get(r"/r/{id:r_[a-z0-9]+}", self.receipt),
            web.get(r"/r/{id:r_[a-z0-9]+}.json", self.receipt_json),
        ]

    async def form(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        try:
            form = await self._domain.pages.show(token)
        except PageGone:
            return self._page("secure_expired.html", 410)
        return self._form(token, form, {}, {})

    async def send(self, request: web.Request) -> web.Response:
        """Take what was sent. The page is spent once everything on it was in order."""
        token = request.match_info["token"]
        try:
            form = await self._domain.pages.show(token)
            texts, uploads = await _read(request, {spec.field for spec in form.fields})
        except PageGone:
            return self._page("secure_expired.html", 410)
        if not hmac.compare_digest(texts.pop("csrf_token", "").encode(), self._csrf(token).encode()):
            return self._page("secure_expired.html", 403)
        try:
            outcome = await self._domain.pages.send(token, texts, uploads)
        except PageGone:
            return self._page("secure_expired.html", 410)
        if outcome.errors:
            return self._form(token, form, texts, dict(outcome.errors), status=422)
        if outcome.conversation_id:
            self._hub.signal(outcome.conversation_id)
            self._hub.signal(OUTBOX)
        lines = [self._words.text(f"done.{form.kind}")]
        return self._page(
            "secure_done.html", title=self._words.text("done.title"), platform=form.profile.name, lines=lines
        )

    async def data_gate(self, request: web.Request) -> web.Response:
        """What a link to stored data shows when it is only looked at: a button, no data."""
        token = request.match_info["token"]
        try:
            data = await self._domain.pages.data(token)
        except PageGone:
            return self._page("secure_expired.html", 410)
        text = self._words.text
        return self._page(
            "data_gate.html",
            title=text("data.title"),
            platform=data.platform,
            purpose=text("data.purpose", {"platform": data.platform}),
            expires_at=data.expires_at.astimezone(SHANGHAI),
            csrf_token=self._csrf(token),
            show_label=text("data.show"),
            json_label=text("data.json"),
        )

    async def data(self, request: web.Request) -> web.Response:
        """Everything that is stored about the person, as a page or as JSON."""
        token = request.match_info["token"]
        texts, _uploads = await _read(request, {"as"})
        if not hmac.compare_digest(texts.get("csrf_token", "").encode(), self._csrf(token).encode()):
            return self._page("secure_expired.html", 403)
        try:
            data = await self._domain.pages.data(token)
        except PageGone:
            return self._page("secure_expired.html", 410)
        if texts.get("as") == "json":
            text = json.dumps(data.document(), ensure_ascii=False, indent=1)
            disposition = f'attachment; filename="mingshi-{data.account_id}.json"'
            return web.json_response(text=text, headers={"Content-Disposition": disposition})
        return self._page("data.html", **self._data_words(data, token))

    def _data_words(self, data: Data, token: str) -> dict[str, Any]:
        text = self._words.text

        def when(moment: datetime) -> str:
            return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")

        def row(label: str, value: str) -> dict[str, str]:
            return {"label": label, "value": value}

        account = [
            row(text("data.account"), data.account_id),
            row(text("data.status"), text(f"data.status_{data.status}")),
            row(text("data.registered_at"), when(data.created_at)),
        ]
        values = [row(self._fields[name]["label"], value) for name, value in data.values.items()]
        files = [
            row(self._fields[f.field]["label"], f"{f.media_type}，{f.size // 1024 + 1} KB，{when(f.created_at)}")
            for f in data.uploads
        ]
        consents = [row(d.title, f"{text(f'data.decision_{d.decision}')}，{when(d.at)}") for d in data.decisions]
        requests = [
            row(text(f"data.request_{r.kind}"), f"{r.id}，{text(f'data.request_{r.state}')}，{when(r.created_at)}")
            for r in data.requests
        ]
        talks = [row(text("data.channels"), "、".join(text(f"data.channel_{c}") for c in data.channels) or "–")]
        talks.append(row(text("data.lines"), str(data.lines)))
        receipts = [row(text("data.receipt"), self._renderer.url(f"/r/{receipt}")) for receipt in data.receipts]
        sections = (
            ("account", account), ("values", values), ("files", files), ("consents", consents),
            ("receipts", receipts), ("requests", requests), ("talks", talks),
        )  # fmt: skip
        return {
            "title": text("data.title"),
            "platform": data.platform,
            "sections": [
                {"heading": text(f"data.heading_{name}"), "rows": rows, "empty": text("data.empty")}
                for name, rows in sections
            ],
            "note": text("data.note"),
            "csrf_token": self._csrf(token),
            "json_label": text("data.json"),
        }

    async def agreement(self, request: web.Request) -> web.Response:
        platform_id = request.match_info["platform"]
        try:
            version, tree = await self._domain.agreements.in_force(platform_id)
            platform = self._domain.platforms.get(platform_id)
        except (NotFound, KeyError):
            title = self._words.text("agreement.not_found")
            return self._page(
                "error.html", 404, status=404, title=title, detail=self._words.text("agreement.not_found_detail")
            )
        deck = build_deck(platform.cards, tree, None)
        lines = {
            clause.uid: card.card.line
            for leaf in deck.leaves
            for card in leaf.cards
            for clause in card.clauses
            if not card.draft
        }
        return self._page(
            "agreement.html",
            platform=platform.profile.name,
            agreement=tree,
            lines=lines,
            version=version.label,
            effective=version.effective_at.astimezone(SHANGHAI).date() if version.effective_at else None,
            digest=version.sha256,
            sample=version.is_sample,
        )

    async def changes(self, request: web.Request) -> web.Response:
        """What changed between two published versions, old and new words beside each other."""
        asked = request.match_info
        try:
            platform = self._domain.platforms.get(asked["platform"])
            before, after, changes = await self._domain.renewals.changes(
                platform.id, int(asked["before"]), int(asked["after"])
            )
        except (NotFound, KeyError):
            title = self._words.text("agreement.not_found")
            return self._page(
                "error.html", 404, status=404, title=title, detail=self._words.text("agreement.not_found_detail")
            )
        text = self._words.text
        since = after.effective_at or after.published_at or after.imported_at
        edition = [
            {"label": text("changes.before"), "value": before.label},
            {"label": text("changes.after"), "value": after.label},
            {"label": text("changes.since"), "value": since.astimezone(SHANGHAI).strftime("%Y-%m-%d")},
        ]
        return self._page(
            "changes.html",
            platform=platform.profile.name,
            title=text("changes.title"),
            agreement=f"《{platform.profile.agreement_title.strip('《》')}》",
            edition=edition,
            sample=after.is_sample,
            changes=[self._change(change) for change in changes.substantive],
            cosmetic=list(dict.fromkeys(change.number for change in changes.cosmetic)),
            words={
                "legend": text("changes.legend"),
                "none": text("changes.none"),
                "cosmetic_heading": text("changes.cosmetic"),
                "exit_heading": text("changes.exit"),
                "exit": platform.profile.leave,
                "full_text": text("changes.full_text"),
            },
            read_url=f"/a/{platform.id}",
        )

    def _change(self, change: ClauseChange) -> dict[str, Any]:
        before = after = None
        if change.before is not None:
            label = self._words.text("changes.side_before", {"number": change.before.number})
            before = {"label": label, "parts": _parts(change.before.text, change.before_marks)}
        if change.after is not None:
            label = self._words.text("changes.side_after", {"number": change.after.number})
            after = {"label": label, "parts": _parts(change.after.text, change.after_marks)}
        return {
            "kind": change.kind,
            "tag": self._words.text(f"changes.{change.kind}"),
            "number": change.number,
            "before": before,
            "after": after,
            "line": change.card.card.line if change.card is not None else "",
        }

    async def receipt(self, request: web.Request) -> web.Response:
        try:
            signed = await self._domain.consent.receipt(request.match_info["id"])
        except NotFound:
            title = self._words.text("receipt.not_found")
            return self._page(
                "error.html", 404, status=404, title=title, detail=self._words.text("receipt.not_found_detail")
            )
        name = self._domain.platforms.get(signed["receipt"]["platform"]).profile.name
        claimed = request.query.get("sha256")
        return self._page("receipt.html", **self._receipt_page.words_of(signed, name, claimed))

    async def receipt_json(self, request: web.Request) -> web.Response:
        try:
            receipt = await self._domain.consent.receipt(request.match_info["id"])
        except NotFound:
            raise web.HTTPNotFound() from None
        name = f"{receipt['receipt']['receipt_id']}.json"
        # Unescaped: an escape could be spelled in two ways, and a changed byte must not verify.
        text = json.dumps(receipt, ensure_ascii=False)
        disposition = f'attachment; filename="{name}"'
        return web.json_response(text=text, headers={"Content-Disposition": disposition})

    def _form(
        self, token: str, form: PageForm, texts: dict[str, str], errors: dict[str, tuple[str, str]], status: int = 200
    ) -> web.Response:
        fields = []
        for spec in form.fields:
            words = self._fields[spec.field]
            field: dict[str, Any] = {"name": spec.field, **words, "why": spec.why, "required": not spec.optional}
            if spec.options:
                labels = self._options
                field["options"] = [{"value": option, "label": labels.get(option, option)} for option in spec.options]
            if spec.field not in {"password", "id_tail", *UPLOADS}:
                field["value"] = texts.get(spec.field, "")
            if spec.field in errors:
                code, hint = errors[spec.field]
                field["error"] = self._renderer.refusal(code, hint)
            fields.append(field)
        return self._page(
            "secure_form.html",
            status,
            title=self._words.text(f"form.{form.kind}.title"),
            platform=form.profile.name,
            purpose=self._words.text(f"form.{form.kind}.purpose", {"platform": form.profile.name}),
            expires_at=form.expires_at.astimezone(SHANGHAI),
            fields=fields,
            csrf_token=self._csrf(token),
            submit_label=self._words.text("form.submit"),
            privacy=self._words.text(f"form.{form.kind}.privacy", {"platform": form.profile.name}),
        )

    def _csrf(self, token: str) -> str:
        """Bound to the page's own unguessable token: a form on another site cannot know it."""
        return self._domain.parts.vault.keyring.digest("pages", b"csrf", token.encode())[1].hex()

    def _page(self, template: str, status: int = 200, /, **words: Any) -> web.Response:
        html = self._templates.get_template(template).render(**words)
        return web.Response(text=html, status=status, content_type="text/html")


def _parts(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text in order, each part with whether it differs."""
    parts, at = [], 0
    for start, end in marks:
        parts += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [part for part in (*parts, (text[at:], False)) if part[0]]


async def _read(request: web.Request, fields: set[str]) -> tuple[dict[str, str], dict[str, Upload]]:
    """The texts and files of these fields. Raises Problem when this is no form, or forms within forms without end."""
    try:
        return await _texts_and_files(request, fields)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_request") from None


async def _texts_and_files(request: web.Request, fields: set[str]) -> tuple[dict[str, str], dict[str, Upload]]:
    """Each field once; a file is cut off one byte behind the limit, so that it is refused as too large. Whatever else
    was sent is passed over unread.

    Raises:
        ValueError: this is no form.
    """
    fields = fields | {"csrf_token", "password_again"}
    texts: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    if request.content_type != "multipart/form-data":
        posted = await request.post()
        return {k: v[:_MAX_FIELD] for k, v in posted.items() if isinstance(v, str)}, {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or part.name not in fields or part.name in {*texts, *uploads}:
            continue
        data = bytearray()
        while chunk := await part.read_chunk():
            if len(data) <= MAX_BYTES:
                data += chunk
        if part.filename is not None:
            uploads[part.name] = Upload(part.filename, bytes(data))
        else:
            texts[part.name] = bytes(data[: _MAX_FIELD * 4]).decode(errors="replace")[:_MAX_FIELD]
    return texts, uploads
