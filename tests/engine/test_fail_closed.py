"""An action that did not do its work fails the turn: no cheerful next step, no trace of the turn, no text in a log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from tests.engine.running import Actions, Engine, Json, done

FAILED = {"error": "action_failed", "action": "action_start_registration"}


def _failed(status: int, body: Json) -> bool:
    return status == 502 and {key: body[key] for key in FAILED} == FAILED


BROKEN: dict[str, Callable[[Json], web.Response]] = {
    "the action raised": lambda call: web.json_response({"error": "boom", "request_body": call}, status=500),
    "no such action": lambda call: web.json_response({"error": "unknown", "action_name": "x"}, status=404),
    "the executor wants the domain": lambda call: web.json_response({"error": "domain"}, status=449),
    "a refusal": lambda call: web.json_response(
        {"error": "no", "action_name": "action_start_registration"}, status=400
    ),
    "a refusal that is not JSON": lambda call: web.Response(text="bad request", status=400),
    "the token was refused": lambda call: web.json_response({}, status=401),
    "a web page": lambda call: web.Response(text="<html>ok</html>", content_type="text/html"),
    "not JSON": lambda call: web.Response(body=b"{", content_type="application/json"),
    "nothing": lambda call: web.json_response(None),
    "someone else's answer": lambda call: web.json_response({"status": "ok"}),
    "events of a wrong shape": lambda call: web.json_response({"events": [{"event": "slot"}], "responses": []}),
    "an event this Rasa does not know": lambda call: done(events=[{"event": "session_ended"}]),
    "responses of a wrong shape": lambda call: web.json_response({"events": [], "responses": ["好了"]}),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_failed_action_is_a_502_and_nothing_of_the_turn_stays(engine: Engine, actions: Actions, reason: str) -> None:
    sender = f"failed:{reason}"
    engine.turn("我要投诉", sender)
    actions.behaviour = BROKEN[reason]
    answer = engine.turn("我要注册", sender)
    assert _failed(answer.status, answer.body)
    assert "messages" not in answer.body
    actions.behaviour = lambda call: done()
    assert engine.turn("转人工", sender).status == 200
    assert actions.said() == ["我要投诉", "转人工"]
    assert "action_start_registration" not in [event.get("name") for event in actions.calls[-1]["tracker"]["events"]]


def test_with_the_action_server_down_nobody_is_told_that_it_worked(engine: Engine, actions: Actions) -> None:
    actions.stop()
    answer = engine.turn("我要注册", "failed:down")
    assert _failed(answer.status, answer.body)
    assert "messages" not in answer.body
    actions.reset()
    assert engine.turn("我要注册", "failed:down").status == 200
    assert actions.said() == ["我要注册"]


def test_small_talk_goes_on_while_the_action_server_is_down(engine: Engine, actions: Actions) -> None:
    actions.stop()
    assert engine.turn("再见", "failed:bye").status == 200


def test_a_failed_turn_frees_its_conversation(engine: Engine, actions: Actions) -> None:
    actions.behaviour = BROKEN["the action raised"]
    for _ in range(3):
        assert engine.turn("我要注册", "failed:again").status == 502
    actions.behaviour = lambda call: done()
    assert engine.turn("我要注册", "failed:again").status == 200


def test_no_text_of_a_person_reaches_the_log(engine: Engine, actions: Actions) -> None:
    canary = "金丝雀"
    actions.behaviour = BROKEN["the action raised"]
    engine.turn(f"我要注册，我是{canary}", f"failed:{canary}:1")
    engine.turn(f"/{canary}", f"failed:{canary}:2")
    actions.behaviour = BROKEN["not JSON"]
    engine.turn(f"我要注册，{canary}", f"failed:{canary}:3")
    actions.stop()
    engine.turn(f"我要注册，还是{canary}", f"failed:{canary}:4")
    engine.call("POST", "/webhooks/door/turn", f'{{"text": "{canary}"'.encode())
    engine.call("POST", "/webhooks/door/turn", {"sender": 1, "turn": canary, "text": canary})
    engine.parse(f"{canary}不想注册了")
    log = engine.log.read_text()
    assert "action action_start_registration failed" in log
    assert canary not in log
    assert "Traceback" not in log
