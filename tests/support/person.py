"""Drives a conversation as a person does: types, presses buttons by what stands on them, reads what comes.

No HTTP and no dialogue engine: `wish` says what the engine would have understood, and without it a
sentence the domain cannot place itself meets an engine that is down.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from bot.turns.updates import open_update
from domain import Domain, KeyDestroyed
from domain.flows.tables import FlowRow
from domain.identifiers.masking import mask
from domain.messaging.tables import ConversationRow, ShortMessageRow
from domain.registration.images import Upload
from domain.registration.page import PageOutcome
from domain.registration.state import State

Message = dict[str, Any]

PASSWORD = "correct horse 电池"
ADULT_ID = "11010519491231002X"
CREDIT_CODE = "91350100M000100Y43"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x0a\x00\x00\x00\x0a\x08\x02\x00\x00\x00\x00\x00\x00\x00"

# What people say for each errand, and what the engine makes of it.
ERRAND_TEXTS = {
    "reset_password": ("我忘记密码了", "reset_password"),
    "report_stolen": ("我的账号被盗了", "report_stolen_account"),
    "change": ("我要改资料", "update_profile"),
    "cancel": ("我要注销账号", "cancel_account"),
    "access": ("看看我的资料，你们存了我什么", "question"),
    "transfer": ("我想转让账号", "question"),
    "dissolution": ("我们公司注销了，要报告单位情况", "question"),
}

_numbers = itertools.count(1)


class NoSuchButton(AssertionError):
    pass


class Person:
    """One person in one conversation.

    Args:
        messages: everything the bot has said so far, oldest first.
    """

    def __init__(self, domain: Domain, conversation_id: str) -> None:
        self.domain = domain
        self.conversation_id = conversation_id
        self.messages: list[Message] = []

    @classmethod
    async def arrives(
        cls, domain: Domain, platform: str | None = None, *, channel: str = "web", address: str | None = None
    ) -> Person:
        """Someone opens a conversation and is greeted."""
        if channel == "telegram" and address is None:
            address = f"tg-{next(_numbers)}"
        async with domain.transaction() as session:
            row, _token = await domain.conversations.open(
                session, channel=channel, address=address, platform_id=platform
            )
            conversation_id = row.id
        person = cls(domain, conversation_id)
        await person.receives({"open": True})
        return person

    async def says(self, text: str, *, wish: str | None = None) -> list[Message]:
        """Type a sentence. `wish` is what the engine makes of it, if it is asked at all."""
        return await self.receives({"text": text}, wish=wish)

    async def presses(self, label: str) -> list[Message]:
        """Press the newest button with this label."""
        return await self.receives({"button": self.button(label)})

    async def presses_token(self, token: str) -> list[Message]:
        return await self.receives({"button": token})

    async def decides(self, item: str, answer: str) -> list[Message]:
        """Press yes or no beside one item of the newest consent panel."""
        entry = next(i for i in self.card["items"] if i["id"] == item)
        return await self.presses_token(entry[answer]["token"])

    async def receives(
        self, payload: Mapping[str, Any], *, wish: str | None = None, update_id: str | None = None
    ) -> list[Message]:
        """One update from the channel, and what was said to it."""
        domain = self.domain
        async with domain.transaction() as session:
            conversation = await session.get_one(ConversationRow, self.conversation_id)
            update_id = update_id or f"u-{next(_numbers)}"
            received = await domain.parts.inbox.receive(session, conversation, update_id, payload)
        await self._handle(received.inbox_id, wish)
        async with domain.database.reading() as session:
            conversation = await session.get_one(ConversationRow, self.conversation_id)
            said = await domain.parts.outbox.of_turn(session, conversation, received.inbox_id)
        known = {message["id"] for message in self.messages}
        self.messages += [message for message in said if message["id"] not in known]
        return said

    async def _handle(self, inbox_id: int, wish: str | None) -> None:
        domain, conversations = self.domain, self.domain.conversations
        async with domain.transaction() as session:
            opened = await open_update(domain, session, inbox_id)
            if opened is None:
                return
            turn, payload = opened
            if "open" in payload:
                if not (payload.get("resume") and await conversations.take_up(turn, payload["resume"])):
                    await conversations.greet(turn)
            elif "button" in payload:
                await conversations.press(turn, payload["button"])
            elif "misfit" in payload:
                await conversations.misfit(turn, payload["misfit"])
            elif "tell" in payload:
                await conversations.tell(turn, payload["tell"], payload["words"], payload["buttons"])
            elif "exposed" in payload:
                await conversations.code_exposed(turn)
            elif "guardian" in payload:
                await conversations.guardian_said(turn, payload["guardian"], payload["outcome"])
            elif "looked" in payload:
                await conversations.guardian_looked_at(turn, payload["looked"], payload["granted"])
            else:
                text = payload["text"]
                await domain.parts.outbox.hear(turn, mask(text).text)
                if await conversations.hear(turn, text) == "ask_engine":
                    if wish is None:
                        await conversations.without_engine(turn, text)
                    else:
                        await conversations.wish(turn, wish, text)
            await domain.parts.inbox.finish(session, inbox_id)

    # --- what is on the screen ---------------------------------------------------------------

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def card(self) -> dict[str, Any]:
        """The newest card."""
        return next(m["card"] for m in reversed(self.messages) if m["card"] is not None)

    def labels(self) -> list[str]:
        """What stands on the buttons of the newest message that has any."""
        return [b["label"] for m in reversed(self.messages) if (bs := list(buttons_of(m))) for b in bs]

    def offers(self) -> list[str]:
        """What stands on the buttons of the newest message, and of no other."""
        return [button["label"] for button in buttons_of(self.last)]

    def button(self, label: str) -> str:
        """The token of the newest button with this label."""
        for message in reversed(self.messages):
            for button in buttons_of(message):
                if button["label"] == label:
                    return str(button["token"])
        raise NoSuchButton(f"{label!r} is on none of {self.labels()}")

    def transcript(self) -> str:
        return "\n".join(everything_in(message) for message in self.messages)

    # --- the way through a registration --------------------------------------------------------

    async def begins(self, who: str = "本人已满18岁") -> None:
        await self.presses("我想注册")
        if "同意" in self.labels() and "换网页办理" in self.labels():
            await self.presses("同意")
        await self.presses(who)

    async def reads(self) -> None:
        """Acknowledge every card."""
        while self.card["kind"] in {"clause", "theme"}:
            await self.presses("我已了解")

    async def answers_consents(self, answer: str = "yes") -> None:
        """Give the same answer to every separate consent; what is indispensable is given in any case."""
        while self.last["card"] is not None and self.last["card"]["kind"] == "consents":
            undecided = [i for i in self.last["card"]["items"] if i["decision"] is None]
            needed = undecided[0]["tag"] == "必需"
            await self.decides(undecided[0]["id"], "yes" if needed else answer)

    async def reaches_decision(self, who: str = "本人已满18岁", *, consents: str = "yes") -> None:
        await self.begins(who)
        await self.reads()
        await self.answers_consents(consents)

    async def agrees(self) -> None:
        await self.presses(self.agree_label)

    @property
    def agree_label(self) -> str:
        return str(
            next(m for m in reversed(self.messages) if m["card"] and m["card"]["kind"] == "summary")["buttons"][0][
                "label"
            ]
        )

    async def proves(self, phone: str) -> list[Message]:
        """Give a phone and the code that was sent to it."""
        await self.says(phone)
        return await self.says(await sms_code(self.domain, phone))

    async def fills_chat(self, **answers: str) -> None:
        """Answer the questions asked in chat, until the one-time page is offered."""
        while self.last["card"] is None or self.last["card"]["kind"] != "link":
            field = self.last["expects"]
            if field is not None:
                given = {**chat_answers(self.conversation_id), **answers}[field]
                await self.says(given)
                assert self.last["expects"] != field, f"{field}: {self.last['text']}"
            else:
                await self.presses(self.last["buttons"][0]["label"])

    @property
    def page(self) -> str:
        """The token of the newest one-time page."""
        url = next(m["card"]["url"] for m in reversed(self.messages) if m["card"] and m["card"]["kind"] == "link")
        return str(url.rpartition("/")[2])

    async def sends_page(
        self, *, without: tuple[str, ...] = (), uploads: Mapping[str, Upload] | None = None, **texts: str
    ) -> PageOutcome:
        """Fill in the newest one-time page and send it; what it answers in chat is read too."""
        form = await self.domain.pages.show(self.page)
        names = {spec.field for spec in form.fields}
        every = {
            "password": PASSWORD,
            "password_again": PASSWORD,
            "id_number": ADULT_ID,
            "credit_code": CREDIT_CODE,
            **texts,
        }
        given = {k: v for k, v in every.items() if k.removesuffix("_again") in names | set(texts) and k not in without}
        files = {
            k: Upload("photo.png", PNG)
            for k in ("licence_image", "authority_letter")
            if k in names and k not in without
        }
        outcome = await self.domain.pages.send(self.page, given, {**files, **(uploads or {})})
        await self.catches_up()
        return outcome

    async def registers(self, phone: str, who: str = "本人已满18岁", **answers: str) -> None:
        """The whole way, straight through."""
        await self.reaches_decision(who)
        await self.agrees()
        await self.proves(phone)
        await self.fills_chat(**answers)
        page = {k: v for k, v in answers.items() if k in {"id_number", "credit_code"}}
        outcome = await self.sends_page(**page)
        assert not outcome.errors, outcome.errors

    async def catches_up(self) -> None:
        """Read what arrived without having been asked for."""
        async with self.domain.database.reading() as session:
            conversation = await session.get_one(ConversationRow, self.conversation_id)
            lines = await self.domain.parts.outbox.since(
                session, conversation, self.messages[-1]["seq"] if self.messages else 0
            )
        self.messages += [line for line in lines if line["from"] == "bot"]

    # --- the errands of an account's owner ---------------------------------------------------------

    async def wants(self, errand: str) -> list[Message]:
        """Say what is wanted, as the engine or the words of the domain understand it."""
        text, wish = ERRAND_TEXTS[errand]
        return await self.says(text, wish=wish)

    async def names(self, account: str) -> list[Message]:
        """Say which account is meant: by a phone, a name, an address or its id."""
        return await self.says(account)

    async def names_on_page(self, **identifier: str) -> PageOutcome:
        """The same on the one-time page, where documents' numbers go."""
        await self.presses("到网页上填")
        return await self.sends(**identifier)

    async def proves_account(self, phone: str) -> list[Message]:
        """Give the code that was sent to the registered phone."""
        return await self.says(await sms_code(self.domain, phone))

    async def gets_to(self, errand: str, account: str, phone: str | None = None) -> list[Message]:
        """Begin an errand and prove the account."""
        await self.wants(errand)
        if "发验证码" in self.offers():
            await self.presses("发验证码")
        else:
            await self.names(account)
        return await self.proves_account(phone or account)

    async def sends(self, **texts: str) -> PageOutcome:
        """Send the newest one-time page with exactly these values; what it answers in chat is read too."""
        outcome = await self.domain.pages.send(self.page, texts, {})
        await self.catches_up()
        return outcome

    async def is_told(self) -> list[Message]:
        """Hear what happened elsewhere: the news that wait for this conversation are handled in order."""
        domain, known = self.domain, {message["id"] for message in self.messages}
        while True:
            async with domain.transaction() as session:
                row = await domain.parts.inbox.next(session, self.conversation_id)
            if row is None:
                break
            await self._handle(row.id, None)
        await self.catches_up()
        return [message for message in self.messages if message["id"] not in known]

    # --- what the database says ----------------------------------------------------------------

    async def conversation(self) -> ConversationRow:
        async with self.domain.database.reading() as session:
            return await session.get_one(ConversationRow, self.conversation_id)

    async def flow(self) -> FlowRow | None:
        """The open flow of this conversation."""
        flow_id = (await self.conversation()).flow_id
        return await flow_row(self.domain, flow_id) if flow_id else None

    async def state(self) -> State:
        async with self.domain.database.reading() as session:
            conversation = await session.get_one(ConversationRow, self.conversation_id)
            flow = await session.get_one(FlowRow, conversation.flow_id)
            return await self.domain.registration.state(session, flow)


def chat_answers(seed: str) -> dict[str, str]:
    """Answers to every field that is asked in chat, with identifiers nobody else has."""
    tail = "".join(c for c in seed if c.isalnum())[-8:].lower()
    return {
        "real_name": "王芳",
        "email": f"wf.{tail}@example.com",
        "login_name": f"wf_{tail}",
        "member_name": f"小芳{tail}",
        "address": "浙江省杭州市西湖区文三路 100 号",
        "company_name": "杭州测试科技有限公司",
        "legal_representative": "李雷",
        "position": "人事经理",
    }


async def flow_row(domain: Domain, flow_id: str) -> FlowRow:
    async with domain.database.reading() as session:
        return await session.get_one(FlowRow, flow_id)


async def sms_codes(domain: Domain, phone: str) -> list[str]:
    """Every code that was sent to a phone, oldest first, as the courier reads it."""
    async with domain.database.reading() as session:
        codes = []
        sent = select(ShortMessageRow).where(
            ShortMessageRow.state != "withheld", ShortMessageRow.template.like("code%")
        )
        for row in await session.scalars(sent.order_by(ShortMessageRow.id)):
            context = f"short_messages|{row.id}"
            # What belonged to a registration that is over opens no more.
            with contextlib.suppress(KeyDestroyed):
                words = await domain.parts.vault.unseal_json(session, row.key_id, context, row.sealed or b"")
                codes += [words["code"]] if words["phone"].endswith(phone) else []
        return codes


async def sms_code(domain: Domain, phone: str) -> str:
    return (await sms_codes(domain, phone))[-1]


def buttons_of(message: Message) -> Iterator[dict[str, Any]]:
    """The buttons of a message and of its card that a person can see."""
    yield from message["buttons"]
    yield from (button for button in _buttons_in(message["card"]) if button["label"])


def _buttons_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "token" in value:
            yield value
        else:
            for part in value.values():
                yield from _buttons_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _buttons_in(part)


def everything_in(message: Message) -> str:
    """All words of a message: its text, its card and its buttons, without ids and tokens."""
    return "\n".join([message["text"], *_words_in(message["card"]), *(b["label"] for b in message["buttons"])])


def _words_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if "token" in value:
            yield value["label"]
        else:
            for key, part in value.items():
                if key not in {"url", "json_url", "read_url", "expires_at"}:
                    yield from _words_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _words_in(part)
