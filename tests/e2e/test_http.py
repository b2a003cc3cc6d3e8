"""The HTTP interface against whoever is careless or hostile."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.client import Person
from tests.e2e.fragile import Fragile
from tests.e2e.product import MINGSHI, ROOT, environment, free_port

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    running = Fragile(tmp_path_factory.mktemp("http") / "home").start()
    yield running
    running.kill()


async def problem(response: aiohttp.ClientResponse) -> int:
    """The status of a refusal that is well-formed and says something to the person."""
    assert response.content_type == "application/problem+json"
    body = await response.json(content_type=None)
    assert body["status"] == response.status
    assert body["detail"]
    assert all("一" <= char <= "鿿" for char in body["detail"][:2])
    return response.status


@pytest.mark.parametrize(
    "authorization", [None, "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "bearer {token}x"]
)
async def test_without_the_conversations_token_nothing_is_said_and_nothing_read(
    authorization: str | None, app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, "xiaohe")
    headers = {"Authorization": authorization.format(token=person.token)} if authorization else {}
    address = f"{app.url}/api/conversations/{person.id}/messages"
    async with http.post(address, json={"text": "我想注册"}, headers=headers) as response:
        assert await problem(response) == 401
    async with http.get(address, headers=headers) as response:
        assert await problem(response) == 401
    assert [message["from"] for message in await person.transcript()] == ["bot"]


async def test_the_token_of_one_conversation_opens_no_other(app: Fragile, http: aiohttp.ClientSession) -> None:
    one, other = [await Person.arrives(http, app.url, "xiaohe") for _ in range(2)]
    headers = {"Authorization": f"Bearer {one.token}"}
    async with http.get(f"{app.url}/api/conversations/{other.id}/messages", headers=headers) as response:
        assert await problem(response) == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{app.url}/api/conversations/{other.id}/events", protocols=("mingshi", one.token))
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b"[" * 50_000, 400),
        (b"{}", 400),
        (b'{"text": 5}', 400),
        (b'{"text": "  "}', 400),
        (b'{"button": ""}', 400),
        (b'{"text": "a", "button": "b"}', 400),
        (json.dumps({"button": "x" * 65}).encode(), 400),
        (json.dumps({"text": "字" * 5000}).encode(), 413),
        (b'{"text": "' + b"a" * 200_000 + b'"}', 413),
        (b" " * 100_000 + b'{"text": "x"}', 413),
    ],
)
async def test_a_malformed_message_is_refused_and_changes_nothing(
    body: bytes, status: int, app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, "xiaohe")
    headers = {**JSON, "Authorization": f"Bearer {person.token}"}
    address = f"{app.url}/api/conversations/{person.id}/messages"
    async with http.post(address, data=body, headers=headers) as response:
        assert await problem(response) == status
    assert len(await person.transcript()) == 1


async def test_a_message_that_is_no_json_is_refused(app: Fragile, http: aiohttp.ClientSession) -> None:
    person = await Person.arrives(http, app.url, "xiaohe")
    headers = {"Authorization": f"Bearer {person.token}"}
    # A form of another site can be sent without asking first; JSON cannot.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        async with http.post(
            f"{app.url}/api/conversations/{person.id}/messages",
            data=b'{"text": "x"}',
            headers={**headers, "Content-Type": kind},
        ) as response:
            assert await problem(response) == 415
    async with http.post(
        f"{app.url}/api/conversations", data=b"{}", headers={"Content-Type": "text/plain"}
    ) as response:
        assert await problem(response) == 415


async def test_strange_bytes_in_a_message_are_answered_and_kept_from_the_engine(
    app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, "xiaohe")
    for text in (
        "\x00\x01\x02",
        "\u200b\u200b",
        "\u202e反过来",
        "🏳️‍🌈" * 50,
        "a" * 4000,
        "' OR 1=1 --",
        "{platform}",
        "${jndi:x}",
    ):
        answer = await person.post({"text": text})
        assert answer.status == 200, text
        assert answer.messages, text


async def test_whoever_sends_too_fast_is_asked_to_wait_and_the_others_are_not(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    app = Fragile(tmp_path / "home", MESSAGES_A_MINUTE=5, CONVERSATIONS_A_MINUTE=3).start()
    try:
        hasty, other = [await Person.arrives(http, app.url, "xiaohe") for _ in range(2)]
        statuses = [(await hasty.post({"text": "重复一遍"})).status for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        refused = await hasty.post({"text": "重复一遍"})
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert refused.headers["Content-Type"].startswith("application/problem+json")
        assert (await other.post({"text": "重复一遍"})).status == 200
        app.forward(seconds=61)
        assert (await hasty.post({"text": "重复一遍"})).status == 200

        for expected in (201, 201, 201, 429):
            async with http.post(f"{app.url}/api/conversations", json={}) as response:
                assert response.status == expected
        assert int(response.headers["Retry-After"]) >= 1
    finally:
        app.kill()


async def test_sms_codes_are_shown_only_in_development_on_this_machine(
    http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    app = Fragile(tmp_path / "home", DEV=0).start()
    try:
        async with http.get(f"{app.url}/dev/sms?phone=13800000001") as response:
            assert await problem(response) == 404
        async with http.get(f"{app.url}/api/dev") as response:
            assert await response.json() == {"dev": False}
    finally:
        app.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_development_mode_is_refused_on_an_address_others_can_reach(host: str, tmp_path: Path) -> None:
    settings = {"HOME": tmp_path, "DEV": 1, "HOST": host, "PORT": free_port()}
    ended = subprocess.run(
        [MINGSHI, "run"], env=environment(settings), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "MINGSHI_DEV" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer ", "Bearer \u00e9"])
async def test_only_the_engine_may_call_an_action(
    authorization: str | None, app: Fragile, http: aiohttp.ClientSession
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    call = {"next_action": "action_start_registration", "sender_id": "x", "tracker": {}, "domain": {}}
    async with http.post(f"{app.url}/engine/actions", json=call, headers=headers) as response:
        assert response.status == 401


async def test_every_answer_carries_the_headers_that_keep_a_browser_safe(
    app: Fragile, http: aiohttp.ClientSession
) -> None:
    for path in ("/", "/api/platforms", "/a/xiaohe", "/s/nothing", "/r/r_nothing", "/nowhere", "/static/web/chat.js"):
        async with http.get(f"{app.url}{path}") as response:
            headers = response.headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"], path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
    for path in ("/api/platforms", "/s/nothing", "/r/r_nothing"):
        async with http.get(f"{app.url}{path}") as response:
            assert response.headers["Cache-Control"] == "no-store", path


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api/nowhere", "/static/web/../../settings.py", "/static/web/%2e%2e/%2e%2e/api.py", "/r/r_x.json"],
)
async def test_an_unknown_address_is_a_problem_in_plain_words(
    path: str, app: Fragile, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{app.url}{path}") as response:
        assert await problem(response) == 404


async def test_an_unknown_platform_and_a_wrong_method_are_refused(app: Fragile, http: aiohttp.ClientSession) -> None:
    for body in ({"platform": "nobody"}, {"platform": 5}, {"platform": ["xiaohe"]}, {"channel": {"a": 1}}):
        async with http.post(f"{app.url}/api/conversations", json=body) as response:
            assert await problem(response) in {400, 404}, body
    async with http.post(f"{app.url}/api/conversations", json={"resume": 5}) as response:
        assert await problem(response) == 400
    async with http.delete(f"{app.url}/api/platforms") as response:
        assert await problem(response) == 405


async def test_what_is_said_arrives_on_the_stream_too_and_again_for_whoever_reconnects(
    app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, app.url, "xiaohe")
    events = f"{app.url}/api/conversations/{person.id}/events?after=0"
    async with http.ws_connect(events, protocols=("mingshi", person.token)) as stream:
        assert stream.protocol == "mingshi"
        told = await person.press("我想注册")
        arrived = [(await asyncio.wait_for(stream.receive_json(), 10))["id"] for _ in range(2)]
    assert arrived == [person.messages[0]["id"], told[0]["id"]]
    async with http.ws_connect(events, protocols=("mingshi", person.token)) as stream:
        again = [(await asyncio.wait_for(stream.receive_json(), 10))["id"] for _ in range(2)]
    assert again == arrived


async def test_a_sentence_that_arrives_in_pieces_is_heard_whole(app: Fragile, http: aiohttp.ClientSession) -> None:
    """A slow line delivers a body in several packets."""
    person = await Person.arrives(http, app.url, "xiaohe")

    async def pieces() -> AsyncIterator[bytes]:
        whole = json.dumps({"text": "我想注册"}, ensure_ascii=False).encode()
        for at in range(0, len(whole), 7):
            yield whole[at : at + 7]
            await asyncio.sleep(0.02)

    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    url = f"{app.url}/api/conversations/{person.id}/messages"
    async with person.http.post(url, data=pieces(), headers=headers) as answer:
        assert answer.status == 200
        assert (await answer.json())["messages"]
