"""The one door into the engine: text in, replies out, an error as an error."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections import OrderedDict
from dataclasses import dataclass
from functools import wraps
from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional
from weakref import WeakValueDictionary

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from nlu.inside_rasa import rasa_patches
from nlu.inside_rasa.normalise import visible
from nlu.inside_rasa.rasa_patches import ActionFailed, Answer

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_TEXT = 4096  # a Telegram message has no more
MAX_TEXTS = 64
MAX_NAME = 200
RANKED = 3
# Trackers of conversations nobody closed; the domain remembers what matters, so the oldest may go.
MAX_TRACKERS = 5000
MIN_TOKEN = 16
# Intents that Rasa adds to every domain.
_BUILT_IN = {"restart", "back", "session_start", DEFAULT_NLU_FALLBACK_INTENT_NAME}

Handler = Callable[[Request], Awaitable[HTTPResponse]]


class BadRequest(Exception):
    """The body is not what the route takes; the text says what is wrong and never quotes it."""


@dataclass(frozen=True)
class Turn:
    """One message of one conversation."""

    sender: str
    turn: str
    text: str
    expects: Optional[str]
    flow: Optional[str]

    @classmethod
    def from_body(cls, body: Dict[str, Any]) -> "Turn":
        """Check a request's body.

        Raises:
            BadRequest: a field is missing, of a wrong type or too long.
        """
        context = body.get("context")
        if context is None:
            context = {}
        if not isinstance(context, dict):
            raise BadRequest("context has to be an object")
        return cls(
            sender=_name(body, "sender"),
            turn=_name(body, "turn"),
            text=_spoken(body.get("text")),
            expects=_name(context, "expects", optional=True) or None,
            flow=_name(context, "flow", optional=True) or None,
        )


def _name(body: Dict[str, Any], field: str, optional: bool = False) -> str:
    value = body.get(field)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise BadRequest(f"{field} has to be a text of 1 to {MAX_NAME} printable characters")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise BadRequest(f"a text has to be a string of at most {MAX_TEXT} characters")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise BadRequest("a text has to be valid Unicode")
    return value


def _spoken(value: Any) -> str:
    if not visible(_text(value)):
        raise BadRequest("text has to hold something visible")
    return str(value)


def _problem(status: int, title: str, **more: Any) -> HTTPResponse:
    body = {"type": "about:blank", "title": title, "status": status, **more}
    return json_response(body, status, content_type="application/problem+json")


def _reading(parsed: Dict[str, Any]) -> Dict[str, Any]:
    """What a parse says about the wish: the intent acted on, and the best real ones."""
    ranking = [_intent(entry) for entry in parsed.get("intent_ranking", [])]
    return {
        "intent": _intent(parsed["intent"]),
        "ranking": [entry for entry in ranking if entry["name"] != DEFAULT_NLU_FALLBACK_INTENT_NAME][:RANKED],
    }


def _intent(entry: Dict[str, Any]) -> Dict[str, Any]:
    return {"name": entry["name"], "confidence": round(float(entry["confidence"]), 4)}


class Door(InputChannel):
    """Rasa's input channel for the app, and for nobody else."""

    def __init__(self, token: str) -> None:
        rasa_patches.install()
        self._token = token.encode()
        # Messages of one conversation wait here, first come first served; Rasa's own lock polls once a second.
        self._locks: MutableMapping[str, asyncio.Lock] = WeakValueDictionary()
        self._recent: "OrderedDict[str, None]" = OrderedDict()

    @classmethod
    def name(cls) -> str:
        """The last part of the routes' prefix."""
        return "door"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "Door":
        """Build the door from credentials.yml.

        Raises:
            RasaException: there is no token, or one that could be guessed.
        """
        token = (credentials or {}).get("token")
        # An unfilled ${VARIABLE} would be a token that everybody can read.
        if not isinstance(token, str) or len(token) < MIN_TOKEN or "${" in token:
            raise RasaException(f"the door needs a token of at least {MIN_TOKEN} characters (MINGSHI_ENGINE_TOKEN)")
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes. Rasa's own handler is not used: it drops what the agent returns."""
        routes = Blueprint("door")
        routes.add_route(self._guarded(self.ready), "/ready", methods=["GET"])
        routes.add_route(self._guarded(self.turn), "/turn", methods=["POST"])
        routes.add_route(self._guarded(self.parse), "/parse", methods=["POST"])
        routes.add_route(self._guarded(self.forget), "/forget", methods=["POST"])

        @routes.listener("before_server_start")
        async def bound(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES

        return routes

    def _guarded(self, handler: Handler) -> Handler:
        """`handler` behind the bearer check, with every failure as a status and without a text of the person."""

        @wraps(handler)
        async def guarded(request: Request) -> HTTPResponse:
            # Bytes: comparing texts raises on a non-ASCII header.
            given = (request.headers.get("authorization") or "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, b"Bearer " + self._token):
                return _problem(401, "Unauthorized")
            try:
                return await handler(request)
            except BadRequest as error:
                return _problem(400, "Bad Request", detail=str(error))
            except ActionFailed as failure:
                logger.error("action %s failed: %s", failure.action, failure.cause)
                return _problem(502, "Bad Gateway", error="action_failed", action=failure.action)
            except Exception as error:
                # Neither the message nor the trace: both may quote what the person wrote.
                logger.error("%s failed: %s", handler.__name__, type(error).__name__)
                return _problem(500, "Internal Server Error", error="engine_failed")

        return guarded

    async def ready(self, request: Request) -> HTTPResponse:
        """200 once a model is loaded, 503 before."""
        agent = _agent(request)
        if agent is None:
            return json_response({"ready": False}, 503)
        intents = [intent for intent in agent.domain.intents if intent not in _BUILT_IN]
        return json_response({"ready": True, "intents": len(intents)})

    async def turn(self, request: Request) -> HTTPResponse:
        """One message of one conversation: what it means, what the engine says, which actions ran."""
        turn = Turn.from_body(_body(request))
        agent = _agent(request)
        if agent is None:
            return _problem(503, "Service Unavailable", error="not_ready")
        answer = Answer()
        message = UserMessage(
            turn.text,
            answer,
            turn.sender,
            input_channel=self.name(),
            message_id=turn.turn,
            metadata={"turn": turn.turn, "expects": turn.expects, "flow": turn.flow},
        )
        async with self._locks.setdefault(turn.sender, asyncio.Lock()):
            message.parse_data = await agent.processor.parse_message(message)
            await agent.handle_message(message)
            self._remember(agent, turn.sender)
        if not answer.messages and not answer.acted:
            logger.error("a turn said nothing and ran no action")
            return _problem(500, "Internal Server Error", error="no_answer")
        return json_response({**_reading(message.parse_data), "messages": answer.messages, "actions": answer.actions})

    async def parse(self, request: Request) -> HTTPResponse:
        """What each of some texts means, without any conversation."""
        texts = _body(request).get("texts")
        if not isinstance(texts, list) or len(texts) > MAX_TEXTS:
            raise BadRequest(f"texts has to be a list of at most {MAX_TEXTS} texts")
        checked = [_text(text) for text in texts]
        agent = _agent(request)
        if agent is None:
            return _problem(503, "Service Unavailable", error="not_ready")
        results: List[Dict[str, Any]] = []
        for text in checked:
            results.append(_reading(await agent.processor.parse_message(UserMessage(text))))
            await asyncio.sleep(0)  # a long list does not hold up the conversations
        return json_response({"results": results})

    async def forget(self, request: Request) -> HTTPResponse:
        """Drop a conversation's tracker from memory; one that is not there is forgotten already."""
        sender = _name(_body(request), "sender")
        agent = _agent(request)
        if agent is None:
            return _problem(503, "Service Unavailable", error="not_ready")
        async with self._locks.setdefault(sender, asyncio.Lock()):
            self._recent.pop(sender, None)
            _trackers(agent).pop(sender, None)
        return json_response({"forgotten": True})

    def _remember(self, agent: Agent, sender: str) -> None:
        """Note that `sender` was here, and drop the trackers of those who have not been for longest."""
        self._recent[sender] = None
        self._recent.move_to_end(sender)
        while len(self._recent) > MAX_TRACKERS:
            oldest, _ = self._recent.popitem(last=False)
            _trackers(agent).pop(oldest, None)


def _agent(request: Request) -> Optional[Agent]:
    """The agent, if it has a model: one without answers None to everything, silently."""
    agent: Optional[Agent] = getattr(request.app.ctx, "agent", None)
    return agent if agent is not None and agent.is_ready() else None


def _body(request: Request) -> Dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadRequest("the body has to be JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body has to be a JSON object")
    return body


def _trackers(agent: Agent) -> Dict[str, Any]:
    """The in-memory trackers by sender; Rasa wraps its store to survive a database that fails."""
    store = getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)
    if not isinstance(store, InMemoryTrackerStore):
        raise RasaException("the door forgets trackers in memory only; see tracker_store in endpoints.yml")
    return store.store
