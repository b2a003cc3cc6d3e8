"""Receipts: what they say, that they fit the schema, when new ones are issued, and how they are checked."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.cli.receipts import look_at
from bot.pages.receipts import code_of, svg_of
from domain import Domain
from domain.consent.receipt_fields import SCHEMA as NAME
from domain.consent.receipts import consent_events, receipt_for
from domain.registration.page import UPLOADS
from tests.domain.consent.receipts import (
    SCHEMA,
    digest,
    newest_receipt,
    newest_receipt_card,
    pages,
    problems,
    signed_receipt,
)
from tests.domain.consent.test_withdrawal import MARKETING, withdraw
from tests.domain.messaging.test_presses import entries
from tests.domain.selfservice.owners import PHONE, account_id, account_row, owner
from tests.support.person import ADULT_ID, Person

PLATFORMS = ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"]


@pytest.fixture
async def person(sqlite_domain: Domain) -> Person:
    return await owner(sqlite_domain, "renrenbao")


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["receipt"]["properties"]["schema_version"] == {"const": NAME}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_the_receipt_of_every_platform_fits_the_schema(sqlite_domain: Domain, platform: str) -> None:
    person = await owner(sqlite_domain, platform)
    receipt = await newest_receipt(sqlite_domain, person)
    assert {p["purpose_id"] for p in receipt["purposes"]} == {d["item"] for d in receipt["decisions"]}
    assert all(len(d["events"]) == 1 and d["events"][0]["event_id"] == d["ledger_entry"] for d in receipt["decisions"])
    assert receipt["record_id"] == (await account_row(sqlite_domain, receipt["pii_principal_id"])).evidence_subject


@pytest.mark.parametrize("missing", ["record_id", "purposes", "parties", "jurisdiction", "withdrawal", "decisions"])
async def test_a_receipt_without_a_mandatory_field_does_not_fit(
    sqlite_domain: Domain, person: Person, missing: str
) -> None:
    signed = await signed_receipt(sqlite_domain, newest_receipt_card(person))
    signed["receipt"].pop(missing)
    assert missing in problems(signed)[0]


async def test_what_the_agreement_does_not_say_is_said_not_to_be_stated(sqlite_domain: Domain) -> None:
    person = await owner(sqlite_domain, "weigongbao")
    receipt = await newest_receipt(sqlite_domain, person)
    (controller,) = receipt["parties"]
    assert controller["party_name"] == {"stated": False}
    assert controller["party_address"] == {"stated": False}
    for purpose in receipt["purposes"]:
        assert purpose["storage_locations"] == {"stated": False}
        assert not purpose["recipients"]["stated"]
    sharing = next(p for p in receipt["purposes"] if p["purpose_id"] == "sharing")
    assert "没有写明" in sharing["recipients"]["said"]
    marketing = next(p for p in receipt["purposes"] if p["purpose_id"] == "marketing")
    assert marketing["pii_types"] == {"stated": False}


async def test_what_the_agreement_says_carries_its_clauses(sqlite_domain: Domain, person: Person) -> None:
    receipt = await newest_receipt(sqlite_domain, person)
    profile = sqlite_domain.platforms.get("renrenbao").profile
    (controller,) = receipt["parties"]
    assert controller["party_name"]["value"] == profile.operator
    assert profile.hotline is not None
    assert controller["party_contact"] == {
        "stated": True, "value": profile.hotline.number, "clauses": list(profile.hotline.clauses),
    }  # fmt: skip
    asked = [spec.field for spec in profile.registration.person if spec.field != "password"]
    contract = next(p for p in receipt["purposes"] if p["purpose_id"] == "contract")
    assert contract["pii_types"]["value"] == asked
    assert contract["lawful_basis"] == "contract"


async def test_a_clause_names_the_decisions_that_rest_on_it(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.reaches_decision(consents="no")
    await person.agrees()
    await person.proves(PHONE)
    await person.fills_chat()
    await person.sends_page()
    receipt = await newest_receipt(sqlite_domain, person)
    resting = {c["uid"]: c["decisions"] for c in receipt["clauses"]}
    assert resting["第3条/3.4"] == {"profiling": "refused", "marketing": "refused", "partner_marketing": "refused"}
    assert {"contract": "given"} in resting.values()
    assert all(c["shown_at"] and c["sha256"] and c["tier"] in {1, 2} for c in receipt["clauses"])


async def test_a_withdrawal_and_a_renewed_consent_each_bring_a_receipt_with_the_whole_history(
    domain: Domain,
) -> None:
    person = await owner(domain, "renrenbao")
    first = await newest_receipt(domain, person)
    await withdraw(person)
    second = await newest_receipt(domain, person)
    await person.says("我的同意")
    await person.presses(f"再次同意「{MARKETING}」")
    await person.presses("同意这一项")
    third = await newest_receipt(domain, person)
    assert [r["issued_for"]["occasion"] for r in (first, second, third)] == ["registered", "withdrawn", "given_again"]
    assert (second["previous_receipt"], third["previous_receipt"]) == (first["receipt_id"], second["receipt_id"])
    told = [next(d["decision"] for d in r["decisions"] if d["item"] == "marketing") for r in (first, second, third)]
    assert told == ["given", "withdrawn", "given"]
    history = next(d for d in third["decisions"] if d["item"] == "marketing")
    assert [e["event_state"] for e in history["events"]] == ["given", "withdrawn", "given"]
    assert third["issued_for"]["ledger_entry"] == history["ledger_entry"] == history["events"][-1]["event_id"]
    assert all(d["given_by"] == "self" for d in third["decisions"])
    issued = [(e["receipt"], e["receipt_sha256"]) for e in await entries(domain, "receipt_issued")]
    assert issued == [(r["receipt_id"], digest(r)) for r in (first, second, third)]
    assert all(c["shown_at"] for c in second["clauses"])


async def test_a_receipt_says_which_decisions_a_guardian_made(sqlite_domain: Domain, person: Person) -> None:
    account = await account_id(sqlite_domain, "renrenbao")
    row = await account_row(sqlite_domain, account)
    async with sqlite_domain.transaction() as session:
        parts = sqlite_domain.parts
        served = await parts.ledger.append(session, "renrenbao", "served", row.evidence_subject, {})
        body = {"served": served.id, "item": "marketing", "decision": "refused", "actor": {"role": "guardian"}}
        entry = await parts.ledger.append(session, "renrenbao", "decided", row.evidence_subject, body)
        await parts.consents.decide(
            session, flow_id=row.flow_id, platform_id="renrenbao", item="marketing", decision="refused",
            agreement_id=row.agreement_id, entry_id=entry.id, given_by="guardian",
        )  # fmt: skip
        issued = await receipt_for(session, parts, account)
    signed = await sqlite_domain.consent.receipt(issued.receipt_id)
    assert problems(signed) == []
    by = {d["item"]: d for d in signed["receipt"]["decisions"]}
    assert (by["marketing"]["given_by"], by["contract"]["given_by"]) == ("guardian", "self")
    assert by["marketing"]["events"][-1]["entity_id"] == "guardian"


def test_what_was_invalidated_never_counted_and_a_second_yes_renews() -> None:
    def entry(id: str, type: str, **more: Any) -> dict[str, Any]:
        return {"id": id, "type": type, "at": "2026-03-02T02:00:00.000+00:00", **more}

    given = {"item": "marketing", "decision": "given"}
    found = consent_events([
        entry("1", "decided", flow="f_1", item="sharing", decision="given"),
        entry("2", "invalidated", flow="f_1", reason="subject"),
        entry("3", "decided", flow="f_1", **given),
        entry("4", "decided", flow="f_2", item="marketing", decision="refused"),
        entry("5", "invalidated", flow="f_2", reason="declined", items=["marketing"]),
        entry("6", "decided", flow="f_3", **given),
    ])  # fmt: skip
    assert [(e.entry_id, e.state) for e in found] == [("3", "given"), ("6", "renewed")]


async def test_no_receipt_holds_personal_data(sqlite_domain: Domain) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    data = await sqlite_domain.accounts.data(await account_id(sqlite_domain, "xiaohe"))
    await withdraw(person, "接收平台推送的信息")
    text = json.dumps(await newest_receipt(sqlite_domain, person), ensure_ascii=False)
    for name, value in data.items():
        if name not in {"is_legal_representative", *UPLOADS}:
            assert value not in text, name
    assert ADULT_ID not in text and PHONE not in text


async def test_a_receipt_is_checked_offline_with_the_public_keys_alone(sqlite_domain: Domain, person: Person) -> None:
    keys = sqlite_domain.parts.vault.keyring.public_keys()
    signed = await signed_receipt(sqlite_domain, newest_receipt_card(person))
    look = look_at(json.dumps(signed, ensure_ascii=False).encode(), keys)
    assert look.verdict.ok
    assert (look.key, look.schema, look.receipt_id) == (
        signed["signature"]["key"], NAME, signed["receipt"]["receipt_id"],
    )  # fmt: skip
    changed = copy.deepcopy(signed)
    changed["receipt"]["decisions"][0]["given_by"] = "guardian"
    bad = look_at(json.dumps(changed).encode(), keys)
    assert bad.verdict.first_bad is not None and bad.verdict.first_bad.reason == "changed"
    stranger = look_at(json.dumps(signed).encode(), {"other": next(iter(keys.values()))})
    assert stranger.verdict.first_bad is not None
    assert (stranger.verdict.first_bad.reason, stranger.key) == ("not signed by this service", look.key)


FIRST_SCHEMA: dict[str, Any] = {
    "schema_version": "mingshi-receipt-1", "jurisdiction": "CN", "language": "zh-CN",
    "issued_at": "2026-01-05T08:00:00+00:00", "collection_method": "conversation", "pii_principal_id": "a_old",
    "pii_controllers": [{"name": ""}], "platform": "weigongbao", "formed_by": "decision",
    "agreement": {
        "title": "微工宝用户协议", "version": 1, "label": "第1版", "source": "sample", "sha256": "0" * 64,
        "text_sha256": "1" * 64,
    },
    "decisions": [
        {"item": "contract", "title": "《微工宝用户协议》", "decision": "given", "at": "2026-01-05T07:59:00+00:00",
         "ledger_entry": "e"},
    ],
    "clauses": [
        {"uid": "第一条", "number": "第一条", "sha256": "2" * 64, "tier": 1, "line": "要填真实信息", "shown_at": None,
         "opened_at": None, "explained_at": None, "acknowledged_at": None},
    ],
    "documents_missing": [], "withdrawal": "说“撤回同意”。",
}  # fmt: skip


async def test_receipts_of_the_first_schema_still_verify_and_can_be_read(sqlite_domain: Domain) -> None:
    async with sqlite_domain.transaction() as session:
        key_id = await sqlite_domain.parts.vault.new_key(session, "evidence")
        receipt_id, _ = await sqlite_domain.parts.consents.issue_receipt(
            session, account_id="a_old", platform_id="weigongbao", key_id=key_id, content=FIRST_SCHEMA
        )
    signed = await sqlite_domain.consent.receipt(receipt_id)
    look = look_at(json.dumps(signed).encode(), sqlite_domain.parts.vault.keyring.public_keys())
    assert (look.verdict.ok, look.schema) == (True, "mingshi-receipt-1")
    async with pages(sqlite_domain) as client:
        html = await (await client.get(f"/r/{receipt_id}")).text()
    assert "要填真实信息" in html and "协议没有写明" in html


async def test_the_page_shows_who_decided_on_which_version_and_what_is_not_stated(
    sqlite_domain: Domain, person: Person
) -> None:
    await withdraw(person)
    receipt = await newest_receipt(sqlite_domain, person)
    async with pages(sqlite_domain) as client:
        answer = await client.get(f"/r/{receipt['receipt_id']}")
        html = await answer.text()
        file = await client.get(f"/r/{receipt['receipt_id']}.json")
        document = await file.json()
    assert answer.status == 200
    for words in ("撤回了一项同意", "本人", "协议没有写明", receipt["agreement"]["label"], digest(receipt), "撤回"):
        assert words in html, words
    assert document["receipt"] == receipt
    assert "attachment" in file.headers["Content-Disposition"]


async def test_the_code_on_the_page_needs_no_third_party_and_no_exception_from_the_policy(
    sqlite_domain: Domain, person: Person
) -> None:
    receipt = await newest_receipt(sqlite_domain, person)
    async with pages(sqlite_domain, "https://shi.example") as client:
        answer = await client.get(f"/r/{receipt['receipt_id']}")
        html = await answer.text()
    (svg,) = re.findall(r"<svg[^>]*class=\"qr\".*?</svg>", html, re.S)
    assert svg == svg_of(f"https://shi.example/r/{receipt['receipt_id']}?sha256={digest(receipt)}")
    assert not re.search(r"style=|href|<script|url\(", svg)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "default-src 'none'" in policy


def test_without_an_address_the_code_says_what_the_receipt_is_and_points_nowhere() -> None:
    code = code_of("r_1", "ab" * 32, None)
    assert "r_1" in code and "ab" * 32 in code and "http" not in code


@pytest.mark.parametrize(("fits", "words"), [(True, "指纹一致"), (False, "不要相信")])
async def test_whoever_scans_a_print_learns_whether_it_fits(
    sqlite_domain: Domain, person: Person, fits: bool, words: str
) -> None:
    receipt = await newest_receipt(sqlite_domain, person)
    claimed = digest(receipt) if fits else "0" * 64
    async with pages(sqlite_domain) as client:
        html = await (await client.get(f"/r/{receipt['receipt_id']}", params={"sha256": claimed})).text()
    assert words in html
