"""The action server: a route of the app, open to the engine alone."""

from __future__ import annotations

import asyncio
import hmac
import inspect

import structlog
from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionMissingDomainException, ActionNotFoundException

from bot.actions import agreement, consent, registration, service
from bot.actions.base import DomainAction
from domain import Domain

log = structlog.get_logger()

PATH = "/engine/actions"
# Rasa itself would wait 300 s; a person does not.
_SECONDS = 10.0


def build_executor(domain: Domain) -> ActionExecutor:
    """All actions, registered as instances so that what they need is handed in."""
    executor = ActionExecutor()
    for module in (agreement, consent, registration, service):
        for _name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, DomainAction) and cls is not DomainAction and cls.__module__ == module.__name__:
                executor.register_action(cls(domain))
    return executor


class ActionRoute:
    def __init__(self, domain: Domain, token: str) -> None:
        self._executor = build_executor(domain)
        self._token = f"Bearer {token}".encode()

    async def handle(self, request: web.Request) -> web.Response:
        """Run one action. 400 is Rasa's word for a rejection, so nothing else may answer it."""
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._token):
            return web.json_response({"error": "unauthorised"}, status=401)
        call = await request.json()
        name = call.get("next_action")
        try:
            async with asyncio.timeout(_SECONDS):
                result = await self._executor.run(call)
        except ActionExecutionRejection as error:
            return web.json_response({"error": "rejected", "action_name": error.action_name}, status=400)
        except ActionNotFoundException as error:
            return web.json_response({"error": "no such action", "action_name": error.action_name}, status=404)
        except ActionMissingDomainException as error:
            return web.json_response({"error": "domain missing", "action_name": error.action_name}, status=449)
        except Exception as error:
            log.error("action failed", action=name, exc=error)
            return web.json_response({"error": "failed", "action_name": name}, status=500)
        return web.json_response(result.model_dump() if result is not None else {"events": [], "responses": []})
