"""The door: who may enter, what may be said, what comes back."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.running import TOKEN, Actions, Engine, done

DOOR = "/webhooks/door"
ROUTES = [("GET", "/ready"), ("POST", "/turn"), ("POST", "/parse"), ("POST", "/forget")]


def test_a_ready_engine_says_how_many_wishes_it_knows(engine: Engine) -> None:
    answer = engine.call("GET", f"{DOOR}/ready")
    assert (answer.status, answer.body) == (200, {"ready": True, "intents": 39})


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize(
    "authorization",
    [None, "", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"bearer {TOKEN}", f"Basic {TOKEN}", "Bearer 明示"],
)
def test_nobody_enters_without_the_exact_token(
    engine: Engine, method: str, route: str, authorization: str | None
) -> None:
    body = None if method == "GET" else {"sender": "door:1", "turn": "t", "text": "你好", "texts": ["你好"]}
    assert engine.call(method, DOOR + route, body, authorization=authorization).status == 401


def test_a_stranger_learns_nothing_from_a_malformed_body(engine: Engine) -> None:
    assert engine.call("POST", f"{DOOR}/turn", b"{", authorization="Bearer wrong").status == 401


@pytest.mark.parametrize(
    "path",
    [
        f"{DOOR}/nothing",
        "/webhooks/rest/webhook",
        "/webhooks/callback/webhook",
        "/status",
        "/domain",
        "/model/parse",
        "/conversations/door:1/tracker",
        "/conversations/door:1/execute",
    ],
)
def test_there_is_nothing_beside_the_door(engine: Engine, path: str) -> None:
    assert engine.call("GET", path).status in (404, 405)
    assert engine.call("POST", path, {"sender": "door:1", "message": "你好", "text": "你好"}).status in (404, 405)


def test_the_engine_listens_on_loopback_only(engine: Engine) -> None:
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rsplit(":", 1)[1], 16) == engine.port:
                listening.append(address.rsplit(":", 1)[0])
    assert listening == ["0100007F"]


def test_a_turn_tells_wish_messages_and_actions(engine: Engine, actions: Actions) -> None:
    answer = engine.turn("我要注册", "door:turn")
    assert answer.status == 200
    assert answer.body["intent"]["name"] == "start_register"
    assert answer.body["intent"]["confidence"] > 0.5
    assert answer.body["ranking"][0]["name"] == "start_register"
    assert 1 <= len(answer.body["ranking"]) <= 3
    assert answer.body["messages"] == []
    assert answer.body["actions"] == ["action_start_registration"]
    assert actions.names == ["action_start_registration"]


def test_small_talk_is_answered_without_any_action(engine: Engine, actions: Actions) -> None:
    answer = engine.turn("谢谢你啊", "door:thanks")
    assert answer.body["intent"]["name"] == "thank"
    assert answer.body["actions"] == ["utter_thank"]
    assert actions.calls == []
    assert len(answer.body["messages"]) == 1
    assert answer.body["messages"][0]["text"]


def test_what_an_action_says_comes_back_whole(engine: Engine, actions: Actions) -> None:
    actions.behaviour = lambda call: done(responses=[{"text": "第一段\n\n第二段"}, {"custom": {"card": "clause"}}])
    answer = engine.turn("我要注册", "door:says")
    assert answer.body["messages"] == [{"text": "第一段\n\n第二段"}, {"custom": {"card": "clause"}}]


def test_turn_and_context_reach_the_action(engine: Engine, actions: Actions) -> None:
    engine.turn("为什么要我的手机号", "door:context", turn="turn-77", expects="phone", flow="registration")
    message = actions.calls[0]["tracker"]["latest_message"]
    assert message["metadata"] == {"turn": "turn-77", "expects": "phone", "flow": "registration"}
    assert message["message_id"] == "turn-77"
    assert actions.calls[0]["sender_id"] == "door:context"


def test_actions_are_called_with_the_token_and_the_whole_domain(engine: Engine, actions: Actions) -> None:
    engine.turn("我要注册", "door:domain")
    assert actions.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert "action_start_registration" in actions.calls[0]["domain"]["actions"]


GOOD: dict[str, Any] = {"sender": "door:bad", "turn": "t", "text": "你好", "context": {"expects": None, "flow": None}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        {**GOOD, "sender": None},
        {**GOOD, "sender": ""},
        {**GOOD, "sender": 7},
        {**GOOD, "sender": "x" * 201},
        {**GOOD, "sender": "a\nb"},
        {**GOOD, "turn": None},
        {**GOOD, "turn": ["t"]},
        {**GOOD, "text": None},
        {**GOOD, "text": 5},
        {**GOOD, "text": ["你好"]},
        {**GOOD, "text": ""},
        {**GOOD, "text": "   \n"},
        {**GOOD, "text": "\u200b\u3164\ufeff"},
        {**GOOD, "text": "长" * 4097},
        {**GOOD, "text": "\ud800"},
        {**GOOD, "context": "phone"},
        {**GOOD, "context": []},
        {**GOOD, "context": {"expects": 3}},
        {**GOOD, "context": {"flow": {}}},
    ],
)
def test_a_bad_turn_is_a_400_and_reaches_nobody(engine: Engine, actions: Actions, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = engine.call("POST", f"{DOOR}/turn", raw)
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.body["detail"]
    assert actions.calls == []


def test_context_may_be_left_out(engine: Engine, actions: Actions) -> None:
    answer = engine.call("POST", f"{DOOR}/turn", {"sender": "door:plain", "turn": "t", "text": "我要注册"})
    assert answer.status == 200
    assert actions.calls[0]["tracker"]["latest_message"]["metadata"] == {"turn": "t", "expects": None, "flow": None}


def test_ten_megabytes_are_refused_and_the_engine_lives_on(engine: Engine, actions: Actions) -> None:
    with contextlib.suppress(OSError):  # the engine may close the connection before it has read everything
        assert engine.call("POST", f"{DOOR}/turn", b" " * 10_000_000).status in (400, 413)
    assert engine.turn("我要注册", "door:alive").status == 200


@pytest.mark.parametrize(
    "text",
    [
        "/affirm",
        " /affirm",
        "/affirm@1.0",
        ' /affirm@1.0{"phone": "13800138000"}',
        "／affirm",
        "\u200b/affirm",
        "\ufeff \u2060/affirm",
        "/accept_agreement",
        "/restart",
        "／restart",
        "\u200b/restart",
        "/back",
        "/session_start",
        "//restart",
        "/",
    ],
)
def test_a_typed_slash_is_never_a_command(engine: Engine, actions: Actions, text: str) -> None:
    sender = f"door:slash:{text.encode().hex()}"
    engine.turn("我要注册", sender)
    answer = engine.turn(text, sender)
    assert answer.status == 200
    assert answer.body["intent"]["name"] not in ("affirm", "accept_agreement", "restart", "back", "session_start")
    assert answer.body["intent"]["confidence"] < 1.0
    # Still the same talk: a restart would have emptied it.
    assert actions.said() == ["我要注册", text.strip()]
    assert actions.calls[-1]["tracker"]["latest_message"]["entities"] == []


def test_parsing_leaves_no_trace_of_a_conversation(engine: Engine, actions: Actions) -> None:
    engine.turn("我要注册", "default")
    assert next(result["intent"]["name"] for result in engine.parse("我要投诉", "/restart", "")) == "file_complaint"
    engine.turn("我要注册", "default")
    assert actions.said() == ["我要注册", "我要注册"]


def test_parsing_ranks_the_likeliest_wishes(engine: Engine) -> None:
    (result,) = engine.parse("验证码没收到")
    ranking = [entry["confidence"] for entry in result["ranking"]]
    assert result["intent"]["name"] == "not_received_code"
    assert ranking == sorted(ranking, reverse=True)
    assert len(ranking) <= 3


def test_what_cannot_be_read_is_not_guessed(engine: Engine) -> None:
    for result in engine.parse("", "👾👾👾", "ⴰⴱⴲ"):
        assert result["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize("texts", [None, "你好", ["好"] * 65, [1], ["长" * 4097]])
def test_a_bad_list_of_texts_is_a_400(engine: Engine, texts: Any) -> None:
    assert engine.call("POST", f"{DOOR}/parse", {"texts": texts}).status == 400


def test_a_forgotten_conversation_starts_anew(engine: Engine, actions: Actions) -> None:
    engine.turn("我要注册", "door:forget")
    assert engine.call("POST", f"{DOOR}/forget", {"sender": "door:forget"}).status == 200
    engine.turn("我要投诉", "door:forget")
    assert actions.said() == ["我要投诉"]


def test_forgetting_someone_unknown_is_no_error(engine: Engine) -> None:
    assert engine.call("POST", f"{DOOR}/forget", {"sender": "door:nobody"}).status == 200
    assert engine.call("POST", f"{DOOR}/forget", {"sender": None}).status == 400


def test_messages_of_one_conversation_are_taken_in_order_one_at_a_time(engine: Engine, actions: Actions) -> None:
    actions.delay = 0.3
    texts = ["我要注册", "我要投诉", "转人工", "重新发验证码", "我要注册"]
    threads = []
    for text in texts:
        threads.append(threading.Thread(target=engine.turn, args=(text, "door:order")))
        threads[-1].start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert actions.most_at_once == 1
    assert actions.said() == texts


def test_one_slow_conversation_does_not_hold_up_another(engine: Engine, actions: Actions) -> None:
    slow = threading.Thread(target=engine.turn, args=("我要注册", "door:slow"))
    actions.delay = 3.0
    slow.start()
    while not actions.calls:
        time.sleep(0.01)
    assert engine.turn("谢谢你啊", "door:fast").status == 200
    assert slow.is_alive()
    slow.join()
