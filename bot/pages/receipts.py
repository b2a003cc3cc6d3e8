"""What the page of a receipt shows: of the schema of today and of the first one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import segno

from bot.wording.catalogue import Catalogue
from domain.ambient import SHANGHAI
from domain.consent.deck import spoken_uid
from domain.evidence.ledger import canonical

Document = Mapping[str, Any]


def digest_of(receipt: Document) -> str:
    """SHA-256 of the signed record: what the ledger's entry about the receipt holds as well."""
    return hashlib.sha256(canonical(receipt)).hexdigest()


def code_of(receipt_id: str, digest: str, public_url: str | None) -> str:
    """What the printed code says: where the receipt is with its fingerprint, or only what it is.

    Args:
        public_url: where others reach this service; None when nobody has said.
    """
    if public_url is None:
        return f"{receipt_id} sha256:{digest}"
    return f"{public_url.rstrip('/')}/r/{receipt_id}?sha256={digest}"


def svg_of(code: str) -> str:
    """The code as an inline SVG: no address, no style and no script in it, so the strict policy lets it stand."""
    drawn: str = segno.make(code, error="m", micro=False).svg_inline(
        omitsize=True, border=2, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return drawn


class ReceiptPage:
    """Args:
    words: those of words.yml.
    fields: the names of the fields people fill in.
    public_url: where others reach this service; None when nobody has said.
    """

    def __init__(self, words: Catalogue, fields: Mapping[str, Mapping[str, str]], public_url: str | None) -> None:
        self._words = words
        self._fields = fields
        self._public_url = public_url

    def words_of(self, signed: Document, platform_name: str, claimed: str | None) -> dict[str, Any]:
        """The template's variables.

        Args:
            signed: the receipt with its signature.
            claimed: the fingerprint the code on a print brought along.
        """
        receipt, text = signed["receipt"], self._text
        agreement, digest = receipt["agreement"], digest_of(receipt)
        return {
            "title": text("title"),
            "platform": platform_name,
            "number": receipt["receipt_id"],
            "issued_at": _when(receipt["issued_at"]),
            "rows": self._rows(receipt),
            "clauses": [self._clause(clause) for clause in receipt["clauses"]],
            "consents": [self._consent(decision) for decision in receipt["decisions"]],
            "purposes": [self._purpose(purpose) for purpose in receipt.get("purposes", ())],
            "purposes_heading": text("purposes"),
            "digest": digest,
            "code": svg_of(code_of(receipt["receipt_id"], digest, self._public_url)),
            "code_label": text("code"),
            "claim": None if claimed is None else text("claim_good" if claimed == digest else "claim_bad"),
            "verify": text("verify", key=signed["signature"]["key"]),
            "withdraw": receipt["withdrawal"],
            "leave": receipt.get("leave", ""),
            "json_url": f"/r/{receipt['receipt_id']}.json",
            "sample": agreement["source"] == "sample",
        }

    def _text(self, id: str, **variables: object) -> str:
        return self._words.text(f"receipt.{id}", variables)

    def _rows(self, receipt: Document) -> list[dict[str, str]]:
        agreement = receipt["agreement"]
        named = f"《{agreement['title'].strip('《》')}》{agreement['label']}"
        rows = [("account", receipt["pii_principal_id"]), ("agreement", named)]
        if "parties" in receipt:
            (controller,) = receipt["parties"]
            rows += [
                ("operator", self._stated(controller["party_name"])),
                ("address", self._stated(controller["party_address"])),
                ("contact", self._stated(controller["party_contact"])),
            ]
        else:
            rows.append(("operator", receipt["pii_controllers"][0]["name"] or self._text("not_stated")))
        rows.append(("formed", self._text(f"formed_{receipt['formed_by']}")))
        if "issued_for" in receipt:
            rows.append(("occasion", self._text(f"occasion_{receipt['issued_for']['occasion']}")))
            rows.append(("record", receipt["record_id"]))
            if receipt["previous_receipt"]:
                rows.append(("previous", receipt["previous_receipt"]))
        if receipt["documents_missing"]:
            rows.append(("missing", "、".join(receipt["documents_missing"])))
        return [{"label": self._text(id), "value": value} for id, value in rows]

    def _clause(self, clause: Document) -> dict[str, Any]:
        return {
            "number": clause["number"],
            "line": clause["line"],
            "shown_at": _when(clause["shown_at"]) if clause["shown_at"] else None,
            "opened": bool(clause["opened_at"] or clause["explained_at"]),
        }

    def _consent(self, decision: Document) -> dict[str, Any]:
        version = decision.get("agreement")
        events = decision.get("events", ())
        return {
            "title": decision["title"],
            "decision": decision["decision"],
            "at": _when(decision["at"]),
            "by": self._text(f"by_{decision.get('given_by', 'self')}"),
            "version": version["label"] if version else "",
            "history": [
                f"{_when(e['event_time']):%Y-%m-%d %H:%M} {self._text('state_' + e['event_state'])}" for e in events
            ] if len(events) > 1 else [],
        }  # fmt: skip

    def _purpose(self, purpose: Document) -> dict[str, Any]:
        basis = "、".join(spoken_uid(uid) for uid in purpose["clauses"])
        recipients = {**purpose["recipients"]}
        if recipients["stated"]:
            recipients["value"] = [self._text(f"through_{channel}") for channel in recipients["value"]]
        rows: list[tuple[str, str]] = [
            ("purpose", self._stated(purpose["purpose"])),
            ("pii_types", self._stated(purpose["pii_types"], self._field)),
            ("storage", self._stated(purpose["storage_locations"])),
            ("retention", self._stated(purpose["retention_period"])),
            ("recipients", self._stated(recipients)),
        ]
        if basis:
            rows.append(("basis", basis))
        return {"title": purpose["title"], "rows": [{"label": self._text(id), "value": value} for id, value in rows]}

    def _stated(self, field: Document, name: Callable[[str], str] = str) -> str:
        """What the agreement says, or that it does not."""
        if not field["stated"]:
            return self._text("not_stated")
        value = field["value"]
        return "、".join(name(each) for each in value) if isinstance(value, list) else str(value)

    def _field(self, name: str) -> str:
        return self._fields[name]["label"] if name in self._fields else self._text(f"pii_{name}")


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)
