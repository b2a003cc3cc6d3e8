"""Decisions as they stand, and receipts."""

from __future__ import annotations

from typing import Any

import pytest

from domain import Domain, KeyDestroyed, NotFound
from tests.support.ambient import FakeClock

FLOW = "f_1"


async def decide(domain: Domain, item: str, decision: Any, flow: str = FLOW) -> None:
    async with domain.transaction() as session:
        entry = await domain.parts.ledger.append(session, "xiaohe", "question", flow, {})
        await domain.parts.consents.decide(
            session,
            flow_id=flow,
            platform_id="xiaohe",
            item=item,
            decision=decision,
            agreement_id="g_1",
            entry_id=entry.id,
        )


async def standing(domain: Domain, flow: str = FLOW) -> dict[str, str]:
    async with domain.database.reading() as session:
        return {d.item: d.decision for d in await domain.parts.consents.of_flow(session, flow)}


async def test_the_latest_decision_about_an_item_stands(domain: Domain, clock: FakeClock) -> None:
    await decide(domain, "marketing", "given")
    clock.forward(minutes=1)
    await decide(domain, "marketing", "refused")
    await decide(domain, "sharing", "given")
    assert await standing(domain) == {"marketing": "refused", "sharing": "given"}


async def test_decisions_of_another_registration_are_its_own(domain: Domain) -> None:
    await decide(domain, "marketing", "given")
    await decide(domain, "marketing", "refused", "f_2")
    async with domain.transaction() as session:
        await domain.parts.consents.belong_to(session, FLOW, "a_1")
    assert [(d.item, d.decision) for d in await domain.consent.of("a_1")] == [("marketing", "given")]
    assert await domain.consent.of("a_2") == []


async def test_discarding_touches_one_registration_only(domain: Domain) -> None:
    await decide(domain, "marketing", "given")
    await decide(domain, "marketing", "given", "f_2")
    async with domain.transaction() as session:
        await domain.parts.consents.discard(session, FLOW)
    assert await standing(domain) == {}
    assert await standing(domain, "f_2") == {"marketing": "given"}


async def issue(domain: Domain) -> tuple[str, str]:
    async with domain.transaction() as session:
        key_id = await domain.parts.vault.new_key(session, "evidence")
        receipt_id, _sha256 = await domain.parts.consents.issue_receipt(
            session, account_id="a_1", platform_id="xiaohe", key_id=key_id, content={"pii_principal_id": "a_1"}
        )
    return receipt_id, key_id


async def test_a_receipt_is_read_by_an_id_nobody_can_guess(domain: Domain) -> None:
    (one, _), (other, _) = await issue(domain), await issue(domain)
    assert one != other and len(one) >= 20
    assert (await domain.consent.receipt(one))["receipt"]["receipt_id"] == one
    with pytest.raises(NotFound):
        await domain.consent.receipt(one[:-1] + ("0" if one[-1] != "0" else "1"))


async def test_a_receipt_is_gone_with_the_key_of_its_evidence(domain: Domain) -> None:
    receipt_id, key_id = await issue(domain)
    async with domain.transaction() as session:
        await domain.parts.vault.destroy(session, key_id)
    with pytest.raises(KeyDestroyed):
        await domain.consent.receipt(receipt_id)
