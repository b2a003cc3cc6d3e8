"""A Bot API server on loopback that is as strict as Telegram's own about what a bot sends it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.fakes.bot_api_html import BadMarkup, Entity, parse_html, utf16

TOKEN = "1234567890:AAErJ2n6yQv0Fqk8rWq3b1xT5zLmNcUoPdE"
USERNAME = "mingshi_test_bot"
_DEFAULT_UPDATES = {
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_RETRY_SECONDS = 0.05


class Refusal(Exception):
    """What Telegram answers to a request it does not carry out."""

    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after


@dataclass
class Call:
    """A request as it came in: `method` by its name, `params` with JSON read."""

    method: str
    params: dict[str, Any]


@dataclass
class Sent:
    """A message of a chat as its people see it. `changed` counts up with every change in any chat."""

    id: int
    chat_id: int
    from_bot: bool
    text: str
    date: int
    changed: int
    html: str = ""
    entities: list[Entity] = field(default_factory=list)
    markup: dict[str, Any] | None = None
    protected: bool = False
    edits: int = 0
    deleted: bool = False
    thread_id: int | None = None

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        return (self.markup or {}).get("inline_keyboard", [])  # type: ignore[no-any-return]

    @property
    def buttons(self) -> list[dict[str, Any]]:
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button["text"] for button in self.buttons]

    def folded(self) -> list[str]:
        """The parts that stay folded until they are tapped."""
        raw = self.text.encode("utf-16-le")
        return [
            raw[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le")
            for e in self.entities
            if e.type == "expandable_blockquote"
        ]


@dataclass
class _Fault:
    refusal: Refusal | None
    times: int
    after: int
    chat_id: int | None


class BotApi:
    """`async with BotApi() as api:` serves at `api.base`; people are made with `FakeUser(api)`.

    Args:
        local: a server of one's own, which also takes webhooks without https.
    """

    def __init__(self, token: str = TOKEN, username: str = USERNAME, *, local: bool = False) -> None:
        self.token = token
        self.id = int(token.partition(":")[0])
        self.username = username
        self.local = local
        self.base = ""
        self.calls: list[Call] = []
        self.chats: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[Sent]] = {}
        self.blocked: set[int] = set()
        self.answers: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, Any] | None = None
        self.webhook_answers: list[int] = []
        self.changes = 0
        # Seconds that calls of a method take.
        self.delays: dict[str, float] = {}
        self._faults: dict[str, deque[_Fault]] = {}
        self._updates: deque[dict[str, Any]] = deque()
        self._allowed = set(_DEFAULT_UPDATES)
        self._next_update = 700_000_001
        self._next_message = 100
        self._poll = 0
        self._news: set[asyncio.Event] = set()
        self._open_callbacks: set[str] = set()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        self._session = aiohttp.ClientSession()
        self._poster = asyncio.create_task(self._post_updates())
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._poster.cancel()
        await asyncio.gather(self._poster, return_exceptions=True)
        await self._session.close()
        await self._runner.cleanup()

    # --- what tests do with it ---------------------------------------------------------------

    def fail(
        self,
        method: str,
        status: int = 500,
        description: str = "Internal Server Error",
        *,
        retry_after: int | None = None,
        times: int = 1,
        after: int = 0,
        chat_id: int | None = None,
    ) -> None:
        """Refuse the next calls of a method (of one chat), but for the first `after` ones."""
        refusal = Refusal(status, description, retry_after)
        self._faults.setdefault(method, deque()).append(_Fault(refusal, times, after, chat_id))

    def recover(self) -> None:
        """Carry out every call again."""
        self._faults.clear()

    def flood(self, method: str, retry_after: int, *, times: int = 1, chat_id: int | None = None) -> None:
        self.fail(
            method,
            429,
            f"Too Many Requests: retry after {retry_after}",
            retry_after=retry_after,
            times=times,
            chat_id=chat_id,
        )

    def hang_up(self, method: str, *, times: int = 1) -> None:
        """Cut the connection instead of answering the next calls of a method; nothing is carried out."""
        self._faults.setdefault(method, deque()).append(_Fault(None, times, 0, None))

    def called(self, method: str) -> list[dict[str, Any]]:
        return [call.params for call in self.calls if call.method == method]

    def push(self, kind: str, body: dict[str, Any]) -> int | None:
        """An update for the bot; None when it asked not to be told of this kind."""
        if kind not in self._allowed:
            return None
        update_id, self._next_update = self._next_update, self._next_update + 1
        self.push_raw({"update_id": update_id, kind: body})
        return update_id

    def push_raw(self, update: dict[str, Any]) -> None:
        """Any JSON as an update, also the same one again."""
        self._updates.append(update)
        self._signal()

    def pending(self) -> int:
        return len(self._updates)

    def new_message_id(self) -> int:
        self._next_message += 1
        return self._next_message

    def say(self, chat: dict[str, Any], text: str) -> Sent:
        """A person's own line in a chat."""
        self.chats[chat["id"]] = chat
        return self._add(chat["id"], from_bot=False, text=text)

    def open_callback(self, callback_id: str) -> None:
        self._open_callbacks.add(callback_id)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something is so; looked at whenever something happens here."""
        event = asyncio.Event()
        self._news.add(event)
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await event.wait()
                    event.clear()
        finally:
            self._news.discard(event)

    # --- serving -----------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        params = await _params(request)
        if request.match_info["token"] != self.token:
            return _answer(Refusal(401, "Unauthorized"))
        self.calls.append(Call(method, params))
        self._signal()
        handler: Callable[[dict[str, Any]], Awaitable[Any]] | None = getattr(self, f"_do_{method}", None)
        try:
            await asyncio.sleep(self.delays.get(method, 0))
            self._perhaps_fail(method, params)
            if handler is None:
                raise Refusal(404, "Not Found: method not found")
            result = await handler(params)
        except Refusal as refusal:
            return _answer(refusal)
        except ConnectionAbortedError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        self._signal()
        return web.json_response({"ok": True, "result": result})

    def _perhaps_fail(self, method: str, params: dict[str, Any]) -> None:
        for fault in self._faults.get(method, ()):
            if fault.times > 0 and fault.chat_id in (None, params.get("chat_id")):
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.refusal is None:
                    raise ConnectionAbortedError
                raise fault.refusal

    async def _do_getMe(self, _params: dict[str, Any]) -> dict[str, Any]:
        return self._me()

    async def _do_getUpdates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook is not None:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if "allowed_updates" in params:
            self._allowed = set(params["allowed_updates"]) or set(_DEFAULT_UPDATES)
        self._poll += 1
        mine, self._updates = self._poll, deque(u for u in self._updates if u["update_id"] >= params.get("offset", 0))
        self._signal()

        def other() -> bool:
            return self._poll != mine

        if not self._updates and params.get("timeout"):
            try:
                await self.until(lambda: bool(self._updates) or other(), params["timeout"])
            except TimeoutError:
                return []
        if other():
            raise Refusal(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        return list(self._updates)[: params.get("limit", 100)]

    async def _do_setWebhook(self, params: dict[str, Any]) -> bool:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        parts = urlsplit(url)
        if not self.local and (parts.scheme != "https" or (parts.port or 443) not in {443, 80, 88, 8443}):
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = {"url": url, "secret": secret}
        if "allowed_updates" in params:
            self._allowed = set(params["allowed_updates"]) or set(_DEFAULT_UPDATES)
        return True

    async def _do_deleteWebhook(self, params: dict[str, Any]) -> bool:
        self.webhook = None
        if params.get("drop_pending_updates"):
            self._updates.clear()
        return True

    async def _do_setMyCommands(self, params: dict[str, Any]) -> bool:
        for command in params["commands"]:
            if not _COMMAND.fullmatch(command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        self.commands = params["commands"]
        return True

    async def _do_answerCallbackQuery(self, params: dict[str, Any]) -> bool:
        callback_id = str(params["callback_query_id"])
        if len(params.get("text", "")) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        if callback_id not in self._open_callbacks:
            raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._open_callbacks.discard(callback_id)
        self.answers[callback_id] = params
        return True

    async def _do_sendMessage(self, params: dict[str, Any]) -> dict[str, Any]:
        chat_id = self._reachable(params)
        text, entities = _text(params)
        message = self._add(chat_id, from_bot=True, text=text)
        message.html, message.entities = params["text"], entities
        message.markup = _checked_markup(params.get("reply_markup"), chat_id)
        message.protected = bool(params.get("protect_content"))
        message.thread_id = params.get("message_thread_id")
        return self._shown(message)

    async def _do_editMessageText(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._editable(params)
        text, entities = _text(params)
        markup = _checked_markup(params.get("reply_markup"), message.chat_id)
        if (text, entities, markup) == (message.text, message.entities, message.markup):
            raise _unchanged()
        message.text, message.html, message.entities, message.markup = text, params["text"], entities, markup
        return self._edited(message)

    async def _do_editMessageReplyMarkup(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._editable(params)
        markup = _checked_markup(params.get("reply_markup"), message.chat_id)
        if markup == message.markup:
            raise _unchanged()
        message.markup = markup
        return self._edited(message)

    async def _do_deleteMessage(self, params: dict[str, Any]) -> bool:
        message = self._find(params)
        if message is None:
            raise Refusal(400, "Bad Request: message to delete not found")
        message.deleted = True
        self._changed(message)
        return True

    # --- inside ------------------------------------------------------------------------------

    def _me(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": True, "first_name": "明示", "username": self.username}

    def _reachable(self, params: dict[str, Any]) -> int:
        chat_id = params.get("chat_id")
        if not isinstance(chat_id, int) or chat_id not in self.chats:
            raise Refusal(400, "Bad Request: chat not found")
        if chat_id in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat_id

    def _find(self, params: dict[str, Any]) -> Sent | None:
        found = (m for m in self.messages.get(self._reachable(params), ()) if m.id == params.get("message_id"))
        return next((m for m in found if not m.deleted), None)

    def _editable(self, params: dict[str, Any]) -> Sent:
        message = self._find(params)
        if message is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        if not message.from_bot or (message.markup and "inline_keyboard" not in message.markup):
            raise Refusal(400, "Bad Request: message can't be edited")
        return message

    def _add(self, chat_id: int, *, from_bot: bool, text: str) -> Sent:
        message_id = self.new_message_id()
        message = Sent(message_id, chat_id, from_bot, text, 1_780_000_000 + message_id, 0)
        self.messages.setdefault(chat_id, []).append(message)
        self._changed(message)
        return message

    def _edited(self, message: Sent) -> dict[str, Any]:
        message.edits += 1
        self._changed(message)
        return self._shown(message)

    def _changed(self, message: Sent) -> None:
        self.changes += 1
        message.changed = self.changes
        self._signal()

    def _shown(self, message: Sent) -> dict[str, Any]:
        shown = {
            "message_id": message.id,
            "from": self._me(),
            "chat": self.chats[message.chat_id],
            "date": message.date,
            "text": message.text,
        }
        if message.rows:
            shown["reply_markup"] = message.markup
        return shown

    def shown(self, message: Sent) -> dict[str, Any]:
        """The message as updates carry it."""
        return self._shown(message)

    def _signal(self) -> None:
        for event in self._news:
            event.set()

    async def _post_updates(self) -> None:
        """With a webhook set: post updates one after another, each again until it is accepted."""
        while True:
            try:
                await self.until(lambda: self.webhook is not None and bool(self._updates), 3600)
            except TimeoutError:
                continue
            assert self.webhook is not None
            update, headers = self._updates[0], {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret"]}
            try:
                async with self._session.post(self.webhook["url"], json=update, headers=headers) as response:
                    status = response.status
            except aiohttp.ClientError:
                status = 0
            self.webhook_answers.append(status)
            if 200 <= status < 300 and self._updates and self._updates[0] is update:
                self._updates.popleft()
                self._signal()
            else:
                await asyncio.sleep(_RETRY_SECONDS)


async def _params(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    params: dict[str, Any] = dict(request.query)
    for name, value in (await request.post()).items():
        try:
            params[name] = value if name == "text" else json.loads(str(value))
        except ValueError:
            params[name] = value
    return params


def _answer(refusal: Refusal) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.retry_after is not None:
        body["parameters"] = {"retry_after": refusal.retry_after}
    return web.json_response(body, status=refusal.status)


def _unchanged() -> Refusal:
    return Refusal(
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message",
    )


def _text(params: dict[str, Any]) -> tuple[str, list[Entity]]:
    source = str(params.get("text", ""))
    try:
        text, entities = parse_html(source) if params.get("parse_mode") == "HTML" else (source, [])
    except BadMarkup as error:
        raise Refusal(400, f"Bad Request: can't parse entities: {error}") from None
    text = text.rstrip()
    if not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if utf16(text) > 4096:
        raise Refusal(400, "Bad Request: message is too long")
    return text, entities[:100]


def _checked_markup(markup: dict[str, Any] | None, chat_id: int) -> dict[str, Any] | None:
    if markup is None:
        return None
    for button in (button for row in markup.get("inline_keyboard", []) for button in row):
        _check_inline(button)
    for button in (button for row in markup.get("keyboard", []) for button in row):
        if not button.get("text"):
            raise Refusal(400, "Bad Request: keyboard button text must be non-empty")
        if button.get("request_contact") and chat_id < 0:
            raise Refusal(400, "Bad Request: phone number can be requested in private chats only")
    return markup


def _check_inline(button: dict[str, Any]) -> None:
    if not str(button.get("text", "")).strip():
        raise Refusal(400, "Bad Request: inline keyboard button text must be non-empty")
    actions = {"url", "callback_data", "web_app", "copy_text", "switch_inline_query"} & set(button)
    if len(actions) != 1:
        raise Refusal(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    if "url" in button:
        parts = urlsplit(str(button["url"]))
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https", "tg"} or "." not in host or host.replace(".", "").isdigit():
            raise Refusal(400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
