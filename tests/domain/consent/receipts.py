"""What the tests of consents and receipts look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator

import domain.consent
from bot.http import Problems
from bot.pages.handlers import Pages
from bot.turns.hub import Hub
from bot.wording.render import Renderer
from domain import Domain
from domain.evidence.ledger import canonical
from domain.vault import signature_is_good
from tests.support.databases import PUBLIC_URL
from tests.support.person import Message, Person

SCHEMA: dict[str, Any] = json.loads(
    (Path(domain.consent.__file__ or "").parent / "receipt.schema.json").read_text("utf-8")
)


def problems(signed: Any) -> list[str]:
    """What the schema finds wrong with a signed receipt."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(signed)]


async def signed_receipt(domain: Domain, card: Any) -> dict[str, Any]:
    """The signed receipt a card leads to."""
    return await domain.consent.receipt(str(card["url"]).rpartition("/")[2])


def newest_receipt_card(person: Person) -> dict[str, Any]:
    return next(m["card"] for m in reversed(person.messages) if m["card"] and m["card"]["kind"] == "receipt")


async def newest_receipt(domain: Domain, person: Person) -> dict[str, Any]:
    """The content of the newest receipt this person was given, its signature and form checked."""
    signed = await signed_receipt(domain, newest_receipt_card(person))
    key = domain.parts.vault.keyring.public_keys()[signed["signature"]["key"]]
    assert signature_is_good(key, canonical(signed["receipt"]), bytes.fromhex(signed["signature"]["value"]))
    assert problems(signed) == []
    content: dict[str, Any] = signed["receipt"]
    return content


def digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


async def standing(domain: Domain, account: str) -> dict[str, str]:
    return {d.item: d.decision for d in await domain.consent.of(account)}


def rows(card: dict[str, Any]) -> dict[str, str]:
    return {row["label"]: row["value"] for row in card["rows"]}


def my_card(messages: list[Message]) -> dict[str, Any]:
    """The card of everything among these messages."""
    return next(m["card"] for m in messages if m["card"] and m["card"]["title"] == "我的同意")


@asynccontextmanager
async def pages(domain: Domain, public_url: str | None = None) -> AsyncIterator[TestClient[Any, Any]]:
    """The server-rendered pages, with the headers they have in the product."""
    application = web.Application(middlewares=[Problems().middleware])
    application.add_routes(Pages(domain, Renderer(PUBLIC_URL), Hub(), public_url).routes())
    async with TestClient(TestServer(application)) as client:
        yield client
