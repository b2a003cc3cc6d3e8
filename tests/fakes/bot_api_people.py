"""People who talk to the bot in a private chat, as their Telegram app would let them."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from tests.fakes.bot_api import BotApi, Sent

_ids = count(7_100_001)
_callbacks = count(1)


class FakeUser:
    """Args:
    phone: the number of the account, as a shared card carries it.
    """

    def __init__(self, api: BotApi, name: str = "小明", phone: str = "8613800138000", id: int | None = None) -> None:
        self.api = api
        self.id = id or next(_ids)
        self.phone = phone
        self.person = {"id": self.id, "is_bot": False, "first_name": name, "language_code": "zh-hans"}
        self.chat = {"id": self.id, "type": "private", "first_name": name}
        self._since = 0

    # --- what a person does --------------------------------------------------------------------

    async def start(self, payload: str = "") -> None:
        """Open the chat by its start button or by a link t.me/bot?start=payload."""
        assert re.fullmatch(r"[A-Za-z0-9_-]{0,64}", payload), "no link can carry this"
        await self.send(f"/start {payload}".strip())

    async def send(self, text: str, **fields: Any) -> Sent:
        """Type something. `fields` make it a forwarded message, an inline bot's and so on."""
        self._act()
        said = self.api.say(self.chat, text)
        body = {**self._envelope(said), "text": text, **fields}
        command = re.match(r"/\w+(@\w+)?", text)
        if command:
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        self.api.push("message", body)
        return said

    async def send_thing(self, **fields: Any) -> Sent:
        """Send something that is no text: `voice={...}`, `sticker={...}` …"""
        self._act()
        said = self.api.say(self.chat, "")
        self.api.push("message", {**self._envelope(said), **fields})
        return said

    async def edit(self, said: Sent, text: str) -> None:
        self._act()
        said.text = text
        self.api.push("edited_message", {**self._envelope(said), "edit_date": said.date + 9, "text": text})

    async def share_contact(self, own: bool = True, *, phone: str | None = None, **fields: Any) -> None:
        """Send a card: the own one, as the key for it does, or another person's."""
        contact: dict[str, Any] = {"phone_number": phone or self.phone, "first_name": self.person["first_name"]}
        contact["user_id"] = self.id if own else self.id + 900_000
        await self.send_thing(contact=contact, **fields)

    async def press(self, label: str) -> str:
        """Press the newest button with this label (or beginning so); the id of the press.

        The key that shares the own number shares it. Raises LookupError when there is no such button.
        """
        message, button = self._button(label)
        if button.get("request_contact"):
            await self.share_contact()
            return ""
        if "callback_data" not in button:
            raise LookupError(f"{label} leads to {button.get('url')}: open it")
        return await self.press_data(button["callback_data"], message)

    async def press_data(self, data: str, message: Sent | None = None, body: dict[str, Any] | None = None) -> str:
        """Press with any data, also such as no button has. `body` replaces parts of the update."""
        self._act()
        target = message or self.last()
        callback_id = f"cb{next(_callbacks)}"
        self.api.open_callback(callback_id)
        press = {
            "id": callback_id,
            "from": self.person,
            "message": self.api.shown(target),
            "chat_instance": str(self.id),
            "data": data,
            **(body or {}),
        }
        self.api.push("callback_query", press)
        return callback_id

    def url(self, label: str) -> str:
        """Where the newest button with this label leads."""
        return str(self._button(label)[1]["url"])

    def block(self) -> None:
        self.api.blocked.add(self.id)
        self._member("member", "kicked")

    def unblock(self) -> None:
        self.api.blocked.discard(self.id)
        self._member("kicked", "member")

    # --- what a person sees --------------------------------------------------------------------

    def messages(self) -> list[Sent]:
        """The bot's messages that stand in the chat, the oldest first."""
        return [m for m in self.api.messages.get(self.id, ()) if m.from_bot and not m.deleted]

    def last(self) -> Sent:
        """The bot's newest message."""
        return self.messages()[-1]

    def screen(self) -> str:
        """The chat as it looks: every line with its buttons."""
        lines = []
        for message in self.api.messages.get(self.id, ()):
            if message.deleted:
                continue
            lines.append(f"{'bot' if message.from_bot else ' me'}: {message.text}")
            lines += ["     " + " ".join(f"[{button['text']}]" for button in row) for row in message.rows]
        return "\n".join(lines)

    def reply_keyboard(self) -> list[str]:
        """The labels of the keys below the input line."""
        for message in reversed(self.messages()):
            markup = message.markup or {}
            if "keyboard" in markup:
                return [key["text"] for row in markup["keyboard"] for key in row]
            if "remove_keyboard" in markup:
                return []
        return []

    async def hears(self, part: str, seconds: float = 10.0) -> Sent:
        """Wait for words of the bot that came, or came into place, since this person's last act."""

        def found() -> list[Sent]:
            return [m for m in self.messages() if m.changed > self._since and part in m.text]

        try:
            await self.api.until(lambda: bool(found()), seconds)
        except TimeoutError:
            raise AssertionError(f"{part!r} was never said\n{self.screen()}") from None
        return found()[-1]

    async def answered(self, callback_id: str, seconds: float = 10.0) -> dict[str, Any]:
        """Wait until the press is acknowledged; with what."""
        await self.api.until(lambda: callback_id in self.api.answers, seconds)
        return self.api.answers[callback_id]

    # --- inside --------------------------------------------------------------------------------

    def _act(self) -> None:
        self.api.chats[self.id] = self.chat
        self._since = self.api.changes

    def _envelope(self, said: Sent) -> dict[str, Any]:
        return {"message_id": said.id, "from": self.person, "chat": self.chat, "date": said.date}

    def _member(self, old: str, new: str) -> None:
        bot = {"id": self.api.id, "is_bot": True, "first_name": "明示"}

        def member(status: str) -> dict[str, Any]:
            return {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}

        body = {"chat": self.chat, "from": self.person, "date": 1_780_000_000}
        self.api.push("my_chat_member", {**body, "old_chat_member": member(old), "new_chat_member": member(new)})

    def _button(self, label: str) -> tuple[Sent, dict[str, Any]]:
        for exact in (True, False):
            for message in reversed(self.messages()):
                keys = [key for row in (message.markup or {}).get("keyboard", []) for key in row]
                for button in [*message.buttons, *keys]:
                    if button["text"] == label or (not exact and button["text"].startswith(label)):
                        return message, button
        raise LookupError(f"no button {label!r}\n{self.screen()}")
