"""What a consent receipt says, field by field.

The names follow ISO/IEC TS 27560:2023 and Kantara Consent Receipt 1.1; docs/consent-receipt.md maps them. Beside them
stand the clauses with what was shown, explained and decided. Every value comes from the platform's profile, its
agreement or the ledger; what none of them says is `{"stated": false}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from domain.accounts import Account
from domain.agreements.versions import Version
from domain.consent.deck import Deck
from domain.consent.items import CONTRACT, CROSS_BORDER, item_title
from domain.consent.service import By, Decided, Standing
from domain.evidence.readings import Reading
from domain.guardians.children import CHILDREN
from domain.platforms import Profile
from domain.platforms.model import FieldSpec, SeparateConsent

SCHEMA = "mingshi-receipt-2"
Occasion = Literal["registered", "withdrawn", "given_again", "renewed", "of_age", "other"]
EventState = Literal["given", "refused", "withdrawn", "renewed"]

# A document's number is sensitive personal information (GB/T 35273-2020, annex B).
_SENSITIVE = ("id_number",)
# Items that are about one kind of data, whatever else the platform asks for.
_ABOUT = {"location": ("location",)}
# Items that give data to others: there the agreement's words on who that is belong to the recipients.
_GIVES_AWAY = {"sharing", "partner_marketing", "publicity"}


@dataclass(frozen=True)
class ConsentEvent:
    """One decision as the ledger holds it.

    Args:
        entry_id: the ledger's entry.
        channel: the kind of channel it was made in, if the entry names one.
        dwell_ms: milliseconds its button had been on the screen, as recorded.
    """

    item: str
    state: EventState
    at: datetime
    entry_id: str
    given_by: By = "self"
    channel: str | None = None
    dwell_ms: int | None = None


@dataclass(frozen=True)
class Basis:
    """Everything a receipt is made of.

    Args:
        version: the agreement's version the account stands on; `versions` are those decisions rest on, by id.
        events: the ledger's decisions, oldest first.
        readings: clause uid -> what happened to it.
        entry_id: the ledger entry of what the receipt is issued for, if it is one decision.
    """

    profile: Profile
    account: Account
    record_id: str
    version: Version
    versions: Mapping[str, Version]
    decided: Sequence[Decided]
    events: Sequence[ConsentEvent]
    deck: Deck
    readings: Mapping[str, Reading]
    occasion: Occasion
    entry_id: str | None
    previous: str | None
    now: datetime


def receipt_content(basis: Basis) -> dict[str, Any]:
    """The receipt's content but its id. It names the account and holds no personal data."""
    profile = basis.profile
    return {
        "schema_version": SCHEMA,
        "record_id": basis.record_id,
        "previous_receipt": basis.previous,
        "issued_at": _moment(basis.now),
        "issued_for": {"occasion": basis.occasion, "ledger_entry": basis.entry_id},
        "jurisdiction": "CN",
        "language": "zh-CN",
        "collection_method": "conversation",
        "platform": profile.id,
        "pii_principal_id": basis.account.id,
        "pii_controllers": ["controller"],
        "parties": [_controller(profile)],
        "agreement": {
            **_agreement(basis.version),
            "title": profile.agreement_title,
            "path": f"/a/{profile.id}",
            "effective_at": _moment(basis.version.effective_at) if basis.version.effective_at else None,
        },
        "documents": [
            {"id": d.id, "title": d.title, "kind": d.kind, "provided": d.file is not None} for d in profile.documents
        ],
        "documents_missing": [d.title for d in profile.documents if d.file is None],
        "formed_by": profile.consent.formed,
        "purposes": [_purpose(basis, decided) for decided in basis.decided],
        "decisions": [_decision(basis, decided) for decided in basis.decided],
        "clauses": _clauses(basis),
        "withdrawal": profile.withdraw,
        "leave": profile.leave,
    }


def stated(value: Any, clauses: Iterable[str] = ()) -> dict[str, Any]:
    """What the agreement says; None for what it does not."""
    return {"stated": False} if value is None else {"stated": True, "value": value, "clauses": list(clauses)}


def separate_consent(profile: Profile, item: str) -> SeparateConsent | None:
    """The profile's words for an item, or the law's own for children's data; None for what is no separate consent."""
    return next((c for c in (*profile.separate_consents, CHILDREN) if c.item == item), None)


def _controller(profile: Profile) -> dict[str, Any]:
    hotline = profile.hotline
    return {
        "party_id": "controller",
        "party_type": "pii_controller",
        "party_name": stated(profile.operator),
        "party_address": stated(None),
        "party_contact": stated(hotline.number, hotline.clauses) if hotline else stated(None),
        "note": profile.operator_note,
    }


def _purpose(basis: Basis, decided: Decided) -> dict[str, Any]:
    profile, item = basis.profile, decided.item
    consent = separate_consent(profile, item)
    kept = profile.account.cancellation
    return {
        "purpose_id": item,
        "title": item_title(profile, item),
        "purpose": _what_for(profile, consent, item),
        "lawful_basis": "contract" if item == CONTRACT else "consent",
        "indispensable": item == CONTRACT or bool(consent and consent.indispensable),
        "pii_types": _pii_types(basis, item),
        "sensitive": item == "sensitive",
        "storage_locations": stated(None),
        "retention_period": stated(kept.kept if kept.clauses else None, kept.clauses),
        "recipients": _recipients(basis, consent, item),
        "jurisdiction": "CN",
        "withdrawal_method": profile.leave if item == CONTRACT else profile.withdraw,
        "clauses": list(profile.consent.clauses if item == CONTRACT else consent.clauses if consent else ()),
    }


def _what_for(profile: Profile, consent: SeparateConsent | None, item: str) -> dict[str, Any]:
    if item == CONTRACT:
        return stated(profile.what_it_is, profile.consent.clauses)
    return stated(consent.body, consent.clauses) if consent else stated(None)


def _pii_types(basis: Basis, item: str) -> dict[str, Any]:
    """Which kinds of data: those the registration asks for, where the item is about them."""
    specs: tuple[FieldSpec, ...] = getattr(basis.profile.registration, basis.account.subject)
    if item in {CONTRACT, "privacy", CROSS_BORDER, CHILDREN.item}:
        asked = [s for s in specs if s.field != "password" and not (item == CROSS_BORDER and s.where == "page")]
    elif item == "sensitive":
        asked = [s for s in specs if s.field in _SENSITIVE]
    else:
        return stated(list(_ABOUT[item])) if item in _ABOUT else stated(None)
    uids = dict.fromkeys(uid for spec in asked for uid in spec.clauses)
    return stated([spec.field for spec in asked] or None, uids)


def _recipients(basis: Basis, consent: SeparateConsent | None, item: str) -> dict[str, Any]:
    if item == CROSS_BORDER:
        through = sorted({e.channel for e in basis.events if e.item == item and e.channel})
        return stated(through or None)
    said = {"said": consent.body} if consent and item in _GIVES_AWAY else {}
    return {**stated(None), **said}


def _decision(basis: Basis, decided: Decided) -> dict[str, Any]:
    version = basis.versions.get(decided.agreement_id, basis.version)
    return {
        "item": decided.item,
        "title": item_title(basis.profile, decided.item),
        "decision": decided.decision,
        "at": _moment(decided.decided_at),
        "ledger_entry": decided.entry_id,
        "given_by": decided.given_by,
        "agreement": _agreement(version),
        "events": [_event(event) for event in basis.events if event.item == decided.item],
    }


def _event(event: ConsentEvent) -> dict[str, Any]:
    """A consent event. How long it is valid no agreement here says: it stands until it is withdrawn."""
    return {
        "event_id": event.entry_id,
        "event_time": _moment(event.at),
        "event_type": "explicit",
        "event_state": event.state,
        "entity_id": "pii_principal" if event.given_by == "self" else "guardian",
        "given_by": event.given_by,
        "validity_duration": stated(None),
        "channel": event.channel,
        "dwell_ms": event.dwell_ms,
    }


def _agreement(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "label": version.label,
        "source": version.source,
        "sha256": version.sha256,
        "text_sha256": version.text_sha256,
    }


def _clauses(basis: Basis) -> list[dict[str, Any]]:
    """The extension: each clause that stands on a card, how it was shown, and the decisions that rest on it."""
    standing: dict[str, Standing] = {d.item: d.decision for d in basis.decided}
    relying: dict[str, tuple[str, ...]] = {
        c.item: c.clauses for c in basis.profile.separate_consents if c.item in standing
    }

    def decisions(uid: str) -> dict[str, Standing]:
        own: dict[str, Standing] = {item: standing[item] for item, uids in relying.items() if uid in uids}
        return own or {item: standing[item] for item in (CONTRACT,) if item in standing}

    return [
        {
            "uid": clause.uid,
            "number": clause.number,
            "sha256": clause.sha256,
            "tier": card.card.tier,
            "line": card.card.line,
            **asdict(basis.readings.get(clause.uid, Reading())),
            "decisions": decisions(clause.uid),
        }
        for leaf in basis.deck.leaves
        for card in leaf.cards
        for clause in card.clauses
    ]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
