"""Gathers what the service knows about one person's reading and deciding, with what proves it.

Another person's entries never come along. What stands between this person's rows is shown as far as it is needed: of
the row before each, its hash and the service's signature over it; of a stamped stretch, the Merkle path of each row.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cryptography import x509
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.tables import AccountRow
from domain.agreements.tables import AgreementRow
from domain.consent.tables import ReceiptRow
from domain.errors import KeyDestroyed, NotFound
from domain.evidence.anchors import STAMPED
from domain.evidence.merkle import Tree
from domain.evidence.tables import AnchorRow, LedgerDetailRow, LedgerRow
from domain.messaging.outbox import visible_words
from domain.messaging.tables import ConversationRow, MessageRow
from domain.parts import Parts

_SCHEMA = "mingshi-bundle-1"


@dataclass(frozen=True)
class Bundle:
    """What goes out, but for the summary, the program and the signed list, which `seal` makes.

    Args:
        asked_for: the entry that was named, None when an account was.
        entries: the entries' fields, oldest first.
        messages: entry id -> what was on the screen, as far as it can still be read.
        personal: what was revealed; None when nothing was asked to be, or nothing is left.
        keys: key id -> public key.
        files: name in the bundle -> bytes.
        stamps: entry number -> its earliest stamp, (ISO moment, authority).
        sign: signs the list of files; returns (key id, signature).
    """

    platform_id: str
    subject: str
    account_id: str | None
    asked_for: str | None
    made_at: str
    rows: Sequence[tuple[int, str]]
    entries: Sequence[Mapping[str, Any]]
    messages: Mapping[str, Mapping[str, Any]]
    personal: Mapping[str, Any] | None
    keys: Mapping[str, str]
    files: Mapping[str, bytes]
    stamps: Mapping[int, tuple[str, str]]
    parts: Parts

    @property
    def stamped_rows(self) -> int:
        return len(self.stamps)

    def seal(self, more: Mapping[str, bytes]) -> dict[str, bytes]:
        """All files, with `more` beside those there are, and the list of them signed with the current ledger key."""
        files = {**self.files, **more}
        manifest = {
            "schema": _SCHEMA,
            "platform": self.platform_id,
            "subject": self.subject,
            "account": self.account_id,
            "asked_for": self.asked_for,
            "made_at": self.made_at,
            "rows": [list(row) for row in self.rows],
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        }
        content = _json(manifest)
        signature = self.parts.vault.keyring.sign(content)
        mark = {"key": signature.key_id, "signature": base64.b64encode(signature.value).decode()}
        return {**files, "manifest.json": content, "manifest.sig.json": _json(mark)}


async def collect(
    session: AsyncSession,
    parts: Parts,
    *,
    account_id: str | None = None,
    proof_id: str | None = None,
    reveal: bool = False,
) -> Bundle:
    """The evidence about an account's person, or about the person of one entry or receipt.

    Args:
        proof_id: the id of a ledger entry or of a receipt.
        reveal: also what was registered and asked, in clear, as long as the keys live.

    Raises NotFound.
    """
    account, platform_id, subject, asked_for = await _who(session, account_id, proof_id)
    rows = await _rows(session, platform_id, subject, account)
    entries = [json.loads(row.entry) for row in rows]
    texts = await _texts(session, entries)
    messages = await _messages(session, parts, entries)
    personal = await _personal(session, parts, account, rows) if reveal else None
    anchors, stamps, stamp_files = await _anchors(session, platform_id, rows)
    keys = parts.vault.keyring.public_keys()
    files = {
        "rows.json": _json([_row(row) for row in rows]),
        "neighbours.json": _json(await _neighbours(session, platform_id, rows)),
        "messages.json": _json(messages),
        "anchors.json": _json(anchors),
        "keys.json": _json(keys),
        **texts,
        **stamp_files,
        **(await _receipts(session, parts, account)),
        **({"personal.json": _json(personal)} if personal is not None else {}),
    }
    return Bundle(
        platform_id=platform_id,
        subject=subject,
        account_id=account.id if account is not None else None,
        asked_for=asked_for,
        made_at=parts.clock.now().isoformat(timespec="seconds"),
        rows=[(row.seq, row.hash) for row in rows],
        entries=entries,
        messages=messages,
        personal=personal,
        keys=keys,
        files=files,
        stamps=stamps,
        parts=parts,
    )


async def _who(
    session: AsyncSession, account_id: str | None, proof_id: str | None
) -> tuple[AccountRow | None, str, str, str | None]:
    """The account, the platform, the pseudonym in the ledger, and the entry that was named."""
    asked_for = None
    if proof_id is not None:
        receipt = await session.get(ReceiptRow, proof_id)
        if receipt is not None:
            account_id = receipt.account_id
        else:
            entry = await session.scalar(select(LedgerRow).where(LedgerRow.entry_id == proof_id))
            if entry is None:
                raise NotFound(f"there is no entry and no receipt {proof_id}")
            owner = await session.scalar(select(AccountRow).where(AccountRow.evidence_subject == entry.subject))
            return owner, entry.platform_id, entry.subject, proof_id
    account = await session.get(AccountRow, account_id or "")
    if account is None:
        raise NotFound(f"there is no account {account_id}")
    return account, account.platform_id, account.evidence_subject, asked_for


async def _rows(
    session: AsyncSession, platform_id: str, subject: str, account: AccountRow | None
) -> Sequence[LedgerRow]:
    """The person's rows, and those by which the texts they rest on were published."""
    own = LedgerRow.subject == subject
    if account is not None:
        # Entries are canonical JSON: a name and its text stand side by side, and no text holds a bare quote.
        own = or_(own, LedgerRow.entry.contains(f'"account":"{account.id}"', autoescape=True))
    found = list(
        await session.scalars(
            select(LedgerRow).where(LedgerRow.platform_id == platform_id, own).order_by(LedgerRow.seq)
        )
    )
    named = {_agreement(json.loads(row.entry)) for row in found} - {None}
    published = await session.scalars(
        select(LedgerRow).where(LedgerRow.platform_id == platform_id, LedgerRow.type == "version_published")
    )
    found += [row for row in published if _agreement(json.loads(row.entry)) in named]
    return sorted({row.seq: row for row in found}.values(), key=lambda row: row.seq)


def _agreement(entry: Mapping[str, Any]) -> str | None:
    return (entry.get("agreement") or {}).get("id")


def _row(row: LedgerRow) -> dict[str, Any]:
    return {"seq": row.seq, "entry": row.entry, "prev_hash": row.prev_hash, **_marked(row)}


def _marked(row: LedgerRow) -> dict[str, Any]:
    return {"hash": row.hash, "key": row.signed_with, "signature": base64.b64encode(row.signature).decode()}


async def _neighbours(session: AsyncSession, platform_id: str, rows: Sequence[LedgerRow]) -> dict[str, Any]:
    """Number -> hash and signature of the row before each of the person's, where that is somebody else's."""
    own = {row.seq for row in rows}
    before = {seq - 1 for seq in own} - own - {0}
    return {str(row.seq): _marked(row) for row in await _numbered(session, platform_id, before)}


async def _numbered(session: AsyncSession, platform_id: str, numbers: Iterable[int]) -> list[LedgerRow]:
    wanted = sorted(numbers)
    found: list[LedgerRow] = []
    for at in range(0, len(wanted), 500):
        found += await session.scalars(
            select(LedgerRow).where(LedgerRow.platform_id == platform_id, LedgerRow.seq.in_(wanted[at : at + 500]))
        )
    return sorted(found, key=lambda row: row.seq)


async def _texts(session: AsyncSession, entries: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """The bytes that came in and the clauses read from them, of every version an entry rests on."""
    files: dict[str, bytes] = {}
    for agreement_id in sorted({named for entry in entries if (named := _agreement(entry))}):
        found = (
            await session.execute(
                select(AgreementRow.raw, AgreementRow.tree, AgreementRow.file_name).where(
                    AgreementRow.id == agreement_id
                )
            )
        ).one_or_none()
        if found is not None:
            raw, tree, name = found
            files[f"texts/{agreement_id}/raw{PurePosixPath(name).suffix}"] = raw
            files[f"texts/{agreement_id}/clauses.json"] = _json(json.loads(tree))
    return files


async def _messages(
    session: AsyncSession, parts: Parts, entries: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Entry id -> the words that were on the screen; what was forgotten since, or erased, is left out."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        message_id, known = entry.get("message"), entry.get("rendered_sha256")
        row = await session.get(MessageRow, message_id) if isinstance(message_id, str) else None
        if row is None or known is None:
            continue
        conversation = await session.get_one(ConversationRow, row.conversation_id)
        try:
            body = await parts.vault.unseal_json(session, conversation.key_id, f"messages|{row.id}", row.sealed)
        except (KeyDestroyed, ValueError):
            continue
        words = visible_words(body)
        if hashlib.sha256(words.encode()).hexdigest() == known:
            shown = {"words": words, "message": row.id, "buttons": [each["label"] for each in body["buttons"]]}
            found[entry["id"]] = shown
    return found


async def _receipts(session: AsyncSession, parts: Parts, account: AccountRow | None) -> dict[str, bytes]:
    if account is None:
        return {}
    files: dict[str, bytes] = {}
    for row in await session.scalars(
        select(ReceiptRow).where(ReceiptRow.account_id == account.id).order_by(ReceiptRow.created_at)
    ):
        try:
            files[f"receipts/{row.id}.json"] = _json(await parts.consents.receipt(session, row.id))
        except KeyDestroyed:
            continue
    return files


async def _personal(
    session: AsyncSession, parts: Parts, account: AccountRow | None, rows: Sequence[LedgerRow]
) -> dict[str, Any]:
    """What was registered, and the words entries commit to, with the salt that shows they are the same."""
    registered: dict[str, str] = {}
    if account is not None:
        try:
            registered = await parts.accounts.data(session, account.id)
        except KeyDestroyed:
            registered = {}
    words: dict[str, Any] = {}
    for row in rows:
        detail = await session.get(LedgerDetailRow, row.entry_id)
        if detail is None:
            continue
        try:
            words[row.entry_id] = await parts.vault.unseal_json(
                session, detail.key_id, f"ledger_details|{row.entry_id}", detail.sealed
            )
        except (KeyDestroyed, ValueError):
            continue
    return {"registered": registered, "words": words}


async def _anchors(
    session: AsyncSession, platform_id: str, rows: Sequence[LedgerRow]
) -> tuple[list[dict[str, Any]], dict[int, tuple[str, str]], dict[str, bytes]]:
    """Every stamp that covers one of the rows, with the path of each; the earliest stamp of each; the files."""
    told: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    stamps: dict[int, tuple[str, str]] = {}
    anchors = await session.scalars(
        select(AnchorRow)
        .where(AnchorRow.platform_id == platform_id, AnchorRow.state == STAMPED)
        .order_by(AnchorRow.to_seq, AnchorRow.authority)
    )
    for anchor in anchors:
        own = [row.seq for row in rows if anchor.from_seq <= row.seq <= anchor.to_seq]
        if not own or anchor.token is None or anchor.stamped_at is None:
            continue
        hashes = await session.scalars(
            select(LedgerRow.hash)
            .where(LedgerRow.platform_id == platform_id, LedgerRow.seq.between(anchor.from_seq, anchor.to_seq))
            .order_by(LedgerRow.seq)
        )
        tree = Tree([bytes.fromhex(each) for each in hashes])
        name = f"timestamps/{anchor.to_seq}-{anchor.authority}"
        files[f"{name}.tsr"], files[f"{name}.pem"] = anchor.token, (anchor.certificates or "").encode()
        files[f"{name}.statement.json"] = anchor.statement.encode()
        told.append(
            {
                "authority": anchor.authority,
                "statement": anchor.statement,
                "nonce": anchor.nonce,
                "token": f"{name}.tsr",
                "certificates": f"{name}.pem",
                "roots": _roots_in(anchor.certificates or ""),
                "paths": {str(seq): [each.hex() for each in tree.path(seq - anchor.from_seq)] for seq in own},
            }
        )
        at = anchor.stamped_at.isoformat(timespec="seconds")
        for seq in own:
            stamps[seq] = min(stamps.get(seq, (at, anchor.authority)), (at, anchor.authority))
    return told, stamps, files


def _roots_in(certificates: str) -> int:
    """How many of the kept certificates are roots: the roots stand first, and issued themselves."""
    found = x509.load_pem_x509_certificates(certificates.encode())
    return max(1, next((at for at, each in enumerate(found) if each.issuer != each.subject), len(found)))


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
