"""The description of the HTTP interface: whole, valid, and true of what the app really answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from bot.app import App
from bot.openapi import openapi_document
from bot.settings import Telegram
from tests.cli.serving import serving, without_engine
from tests.e2e.client import Person
from tests.e2e.people import COMPANY, PERSON

TOKEN = "123456789:token-of-the-tests-token-of-the-tests"


def _routes(app: App) -> set[tuple[str, str]]:
    """Every route that answers, but the files of the pages."""
    return {
        (route.resource.canonical, route.method.lower())
        for route in app.web.router.routes()
        if route.resource is not None
        and not isinstance(route.resource, web.StaticResource)
        and route.method not in {"HEAD", "OPTIONS"}
    }


def _described() -> set[tuple[str, str]]:
    paths = openapi_document()["paths"]
    return {(path, method) for path, item in paths.items() for method in item if method in {"get", "post"}}


def _fits(value: Any, schema: str) -> None:
    """Hold a value against one of the document's schemas, the first fault is told."""
    components = {"components": openapi_document()["components"]}
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **components})
    fault = next(validator.iter_errors(value), None)
    assert fault is None, f"{fault.json_path}: {fault.message}"


@pytest.fixture
async def http() -> Any:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_every_route_is_described_and_nothing_else(tmp_path: Path) -> None:
    telegram = Telegram.model_validate(
        {"token": TOKEN, "api_base": "http://127.0.0.1:1", "mode": "webhook", "webhook_secret": "s3cret"}
    )
    async with serving(without_engine(tmp_path / "home", telegram=telegram)) as app:
        assert _routes(app) == _described()


def test_it_is_valid_openapi_31() -> None:
    document = openapi_document()
    validate(document)
    assert document["openapi"].startswith("3.1")
    names = [item[m]["operationId"] for item in document["paths"].values() for m in ("get", "post") if m in item]
    assert len(names) == len(set(names))


def test_every_schema_is_used() -> None:
    text = repr(openapi_document())
    for kind, entries in openapi_document()["components"].items():
        for name in entries:
            assert f"#/components/{kind}/{name}" in text or f"'{name}': []" in text, name


async def test_it_is_served(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    settings = without_engine(tmp_path / "home")
    async with serving(settings), http.get(f"{settings.public}/api/openapi.json") as response:
        assert response.content_type == "application/json"
        assert await response.json() == openapi_document()


@pytest.mark.parametrize(("platform", "who"), [("xiaohe", PERSON), ("zhiyonggong", COMPANY)])
async def test_the_messages_of_a_registration_are_as_described(
    tmp_path: Path, http: aiohttp.ClientSession, platform: str, who: str
) -> None:
    settings = without_engine(tmp_path / "home")
    async with serving(settings):
        url = settings.public
        async with http.get(f"{url}/api/platforms") as response:
            for each in (await response.json())["platforms"]:
                _fits(each, "Platform")
        person = await Person.arrives(http, url)
        await person.press_in_card(platform, "choose")
        receipt = await person.registers(who)
        for message in await person.transcript():
            _fits(message, "Message")
        kinds = {message["card"]["kind"] for message in person.messages if message["card"]}
        assert {"platforms", "clause", "theme", "consents", "summary", "link", "receipt"} <= kinds
        async with http.get(receipt["json_url"]) as response:
            _fits(await response.json(), "SignedReceipt")


async def test_refusals_are_as_described(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    settings = without_engine(tmp_path / "home", conversations_a_minute=1)
    async with serving(settings):
        for status, body in ((404, {"platform": "nope"}), (429, {})):
            async with http.post(f"{settings.public}/api/conversations", json=body) as response:
                assert response.status == status
                assert response.content_type == "application/problem+json"
                _fits(await response.json(), "Problem")
                assert ("Retry-After" in response.headers) is (status == 429)
        async with http.get(f"{settings.public}/nowhere") as response:
            _fits(await response.json(), "Problem")
