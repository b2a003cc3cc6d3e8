"""Whether every stored agreement still is the text that was imported and published: looked at before anybody is served.

A file changed on disk cannot change a version: its bytes come in as the next one, published with an entry of its own.
What could be changed is what is stored, behind the service's back.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreements import ParsedAgreement
from domain.agreements.tables import AgreementRow
from domain.agreements.versions import text_hash
from domain.errors import DomainError
from domain.evidence.tables import LedgerRow


class ChangedText(DomainError):
    """A stored agreement is not what was imported, or not what the ledger says was published."""

    code = "changed_text"


async def check_texts(session: AsyncSession) -> None:
    """Raises ChangedText, naming the platform and the version."""
    published = await _published(session)
    columns = (
        AgreementRow.id, AgreementRow.platform_id, AgreementRow.version, AgreementRow.raw, AgreementRow.tree,
        AgreementRow.sha256, AgreementRow.text_sha256, AgreementRow.published_at,
    )  # fmt: skip
    query = select(*columns).order_by(AgreementRow.platform_id, AgreementRow.version)
    for row in await session.execute(query):
        try:
            words = text_hash(ParsedAgreement.model_validate_json(row.tree))
        except ValueError:
            words = ""
        # SQLite keeps whatever type was written.
        raw = row.raw if isinstance(row.raw, bytes) else b""
        as_imported = (hashlib.sha256(raw).hexdigest(), words) == (row.sha256, row.text_sha256)
        as_published = published.get(row.id) in (None, (row.sha256, row.text_sha256))
        if not as_imported or not as_published:
            raise ChangedText(
                f"the text of {row.platform_id}, version {row.version}, was changed after it was "
                f"{'imported' if not as_imported else 'published'}: put back the database's backup; a new text comes "
                "in as a new version (mingshi agreements import)"
            )
        if row.published_at is not None and row.id not in published:
            raise ChangedText(f"the ledger knows nothing of {row.platform_id}, version {row.version}, being published")


async def _published(session: AsyncSession) -> dict[str, tuple[str, str]]:
    """Agreement id -> the hashes its publication was recorded with."""
    entries = await session.scalars(select(LedgerRow.entry).where(LedgerRow.type == "version_published"))
    named = [json.loads(entry)["agreement"] for entry in entries]
    return {each["id"]: (each["sha256"], each["text_sha256"]) for each in named}
