"""The world of one example: a platform with a few people, whose clock steps and whose process dies.

Everything goes through the real services on an SQLite file of its own. Registered people are made once a platform and
copied: an example begins where self-service begins.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import Domain, KeyDestroyed
from domain.flows.pages import PageGone, PageOutcome
from domain.flows.tables import FlowRow
from domain.messaging.tables import ShortMessageRow
from domain.registration.images import Upload
from domain.storage.base import Base
from domain.verification.tables import ChallengeRow
from tests.support.ambient import START, FakeClock
from tests.support.databases import Databases, Place, open_domain
from tests.support.papers import id_number
from tests.support.person import PASSWORD, PNG, Message, NoSuchButton, Person, buttons_of

T = TypeVar("T")

PLATFORMS = ("renrenbao", "xiaohe", "weigongbao")
OWNER_PHONE, SLEEPER_PHONE, SECOND_PHONE, NEW_PHONE = "13812345678", "15911112222", "15933334444", "13987654321"
UNKNOWN_PHONE = "15855556666"
UNKNOWN_ACCOUNT = "a_q3n7w0zk5t8rd2fxm6hv"
# Whoever holds these phones reads their SMS. The second person got the owner's number as well: it was given out anew.
HOLDS = {
    "owner": (OWNER_PHONE, NEW_PHONE),
    "second": (OWNER_PHONE, SECOND_PHONE),
    "attacker": (),
}
# They see no SMS at all. The twins do the same things, one with what the sleeper registered, one with what nobody has.
STRANGERS = ("attacker", "left", "right", "left reg", "right reg")
PASSWORDS = ("tea garden 2077 山", "seven rivers 1402 月", "quiet harbour 9316 竹")
OWNER_ID, SECOND_ID, SLEEPER_ID = (
    id_number(date(1949, 12, 31)),
    id_number(date(1988, 3, 7)),
    id_number(date(1990, 1, 1)),
)
MINOR_ID = id_number(date(2012, 5, 5))
_LINK = re.compile(r"/s/([A-Za-z0-9_=-]{20,})")
_ID = re.compile(r"\b[a-z]_[0-9a-z]{20}\b")


class Crash(Exception):
    """The process dies before it commits."""


@dataclass
class Left:
    """Somebody as the template left them: their conversation and what stands on their screen."""

    conversation_id: str
    messages: list[Message]

    def in_(self, domain: Domain) -> Person:
        person = Person(domain, self.conversation_id)
        person.messages = list(self.messages)
        return person


@dataclass
class Template:
    """A database in which people have registered two days ago."""

    place: Place
    people: dict[str, Left]
    accounts: dict[str, str]
    names: dict[str, str]


@dataclass(frozen=True)
class ShortMessage:
    """A code on its way: to whose phone, and which conversation asked for it."""

    phone: str
    code: str
    conversation_id: str


@dataclass
class Sent:
    """A code that went out: to which phone's index, and when it truly was."""

    phone_index: bytes
    at: timedelta


@dataclass
class Memory:
    """What the invariants remember of the steps before: time as it truly passed, not as the clock tells it."""

    passed: timedelta = timedelta(0)
    closed: dict[str, str | None] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    ledger: list[dict[str, Any]] = field(default_factory=list)


class World:
    """Args:
    folder: for the database of this example.
    template: what it is a copy of.
    """

    def __init__(self, folder: Path, template: Template, platform: str) -> None:
        self.platform = platform
        self.template = template
        self.place = _copy(template.place, folder)
        self.clock = FakeClock(START + timedelta(days=2))
        self.memory = Memory()
        self.runner = asyncio.Runner()
        self.secrets: set[str] = {OWNER_PHONE, SLEEPER_PHONE, SECOND_PHONE, NEW_PHONE, UNKNOWN_PHONE, PASSWORD}
        self.secrets |= {OWNER_ID, SECOND_ID, SLEEPER_ID, MINOR_ID}
        self.codes: set[str] = set()
        self.used_links: set[str] = set()
        self.links: dict[str, datetime] = {}
        self._opened: AbstractAsyncContextManager[Domain] | None = None
        self._openings = itertools.count(1)
        self.domain = self.run(self._open())
        self.people: dict[str, Person] = {name: left.in_(self.domain) for name, left in template.people.items()}
        self.memory.closed = self.run(self._challenges())
        self.strangers = {self.people[name].conversation_id for name in STRANGERS}
        for name in ("owner", "sleeper"):
            self.used_links |= {token for message in self.people[name].messages for token in links_in(message)}

    async def _challenges(self) -> dict[str, str | None]:
        async with self.domain.database.reading() as session:
            return {row.id: row.closed for row in await session.scalars(select(ChallengeRow))}

    async def watches_codes(self) -> int:
        """Note which codes went out since the last look, as time truly is; how many were used up since then."""
        memory, used = self.memory, 0
        async with self.domain.database.reading() as session:
            rows = await session.execute(select(ChallengeRow.id, ChallengeRow.phone_index, ChallengeRow.closed))
            for challenge_id, phone_index, closed in rows:
                before = memory.closed.get(challenge_id)
                assert before is None or closed == before, f"I4: a code that was {before} became {closed}"
                if challenge_id not in memory.closed and phone_index is not None:
                    memory.sent.append(Sent(phone_index, memory.passed))
                used += closed == "proven" and before is None
                memory.closed[challenge_id] = closed
        return used

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        try:
            self.run(self._close())
        finally:
            self.runner.close()

    async def _open(self) -> Domain:
        self._opened = open_domain(self.place, clock=self.clock, seed=f"life {next(self._openings)}")
        return await self._opened.__aenter__()

    async def _close(self, error: BaseException | None = None) -> None:
        assert self._opened is not None
        with suppress(Crash):
            await self._opened.__aexit__(type(error) if error else None, error, None)

    # --- the process -----------------------------------------------------------------------------------

    async def dies(self) -> None:
        """The process is gone and another one opens the same file."""
        await self._close(Crash())
        self.domain = await self._open()
        for person in self.people.values():
            person.domain = self.domain

    async def loses(self, work: Callable[[], Awaitable[object]], transaction: int) -> None:
        """A transaction fails at its very end, after everything in it was done; the process dies with it.

        Args:
            transaction: which one of those that `work` begins.
        """
        database, began = self.domain.database, itertools.count()
        real, before = database.transaction, {}

        @asynccontextmanager
        async def fragile() -> AsyncIterator[AsyncSession]:
            fails = next(began) == transaction
            if fails:
                before.update(await self.contents())
            async with real() as session:
                yield session
                if fails:
                    raise Crash

        database.transaction = fragile  # type: ignore[method-assign]
        try:
            with suppress(Crash):
                await work()
        finally:
            del database.transaction
        if before:
            assert await self.contents() == before, "a transaction that failed left something behind"
        await self.dies()

    async def contents(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        async with self.domain.database.reading() as session:
            found = {}
            for table in Base.metadata.sorted_tables:
                rows = await session.execute(select(table).order_by(*table.primary_key.columns))
                found[table.name] = [tuple(row) for row in rows]
            return found

    def passes(self, span: timedelta) -> None:
        self.clock.set(self.clock.now() + span)
        if span > timedelta(0):
            self.memory.passed += span

    # --- people ------------------------------------------------------------------------------------------

    async def does(self, name: str, payload: Mapping[str, Any], wish: str | None = None) -> list[Message]:
        """One update of somebody."""
        said = await self.people[name].receives(payload, wish=wish)
        assert await self.watches_codes() <= 1, "I4: one update used up two codes"
        self.notices_links(said)
        return said

    def notices_links(self, messages: Sequence[Message]) -> None:
        for message in messages:
            for token in links_in(message):
                self.links.setdefault(token, self.clock.now())

    def old_links(self) -> list[str]:
        """Links that were used, or are older than a page lives."""
        before = self.clock.now() - self.domain.parts.policy.page_lifetime
        return sorted(self.used_links | {token for token, shown_at in self.links.items() if shown_at <= before})

    async def codes_of(self, name: str) -> list[str]:
        """The codes somebody has received, oldest first."""
        return [sms.code for sms in await self.short_messages() if sms.phone in HOLDS[name]]

    async def codes_for_others(self, name: str) -> list[str]:
        """The codes that were sent for what other conversations asked."""
        here = self.people[name].conversation_id
        return [sms.code for sms in await self.short_messages() if sms.conversation_id != here]

    async def short_messages(self) -> list[ShortMessage]:
        """Every SMS with a code that still opens, as a courier takes them."""
        async with self.domain.database.reading() as session:
            found = []
            rows = await session.execute(
                select(ShortMessageRow, FlowRow.conversation_id)
                .join(FlowRow, FlowRow.key_id == ShortMessageRow.key_id)
                .where(ShortMessageRow.state != "withheld", ShortMessageRow.template.like("code%"))
                .order_by(ShortMessageRow.id)
            )
            for row, conversation_id in rows:
                with suppress(KeyDestroyed):
                    words = await self.domain.parts.vault.unseal_json(
                        session, row.key_id, f"short_messages|{row.id}", row.sealed or b""
                    )
                    found.append(ShortMessage(words["phone"].removeprefix("+86"), words["code"], conversation_id))
            return found

    async def sends_page(self, name: str, texts: Mapping[str, str], *, wrong: bool = False) -> PageOutcome | None:
        """Somebody fills in the newest page on their screen; None when it is gone."""
        person = self.people[name]
        token = next((t for m in reversed(person.messages) for t in links_in(m)), None)
        if token is None:
            return None
        try:
            form = await self.domain.pages.show(token)
            given = {f.field: texts[f.field] for f in form.fields if f.field in texts}
            if form.kind == "name":
                given = dict(list(given.items())[:1])
            if "password" in given:
                given["password_again"] = "not the same" if wrong else given["password"]
            files = {
                f.field: Upload("photo.png", PNG)
                for f in form.fields
                if f.field in {"licence_image", "authority_letter"}
            }
            self.secrets |= {v for k, v in given.items() if k in {"password", "id_number"}}
            outcome = await self.domain.pages.send(token, given, files)
        except PageGone:
            return None
        if not outcome.errors:
            self.used_links.add(token)
        known = len(person.messages)
        await person.catches_up()
        self.notices_links(person.messages[known:])
        return outcome

    def first_token(self, name: str) -> str | None:
        """The first button of the newest message that has any."""
        shown = (list(buttons_of(message)) for message in reversed(self.people[name].messages))
        return next((str(buttons[0]["token"]) for buttons in shown if buttons), None)

    def token(self, name: str, at: int) -> str | None:
        """A button of somebody's newest messages, by number."""
        tokens = [b["token"] for m in self.people[name].messages[-3:] for b in buttons_of(m)]
        return str(tokens[at % len(tokens)]) if tokens else None

    def old_token(self, name: str, at: int) -> str | None:
        """A button of any message somebody ever got."""
        tokens = [b["token"] for m in self.people[name].messages for b in buttons_of(m)]
        return str(tokens[at % len(tokens)]) if tokens else None

    def label_token(self, name: str, label: str) -> str | None:
        with suppress(NoSuchButton):
            return self.people[name].button(label)
        return None


def links_in(message: Message) -> Iterator[str]:
    """Tokens of one-time pages in a message."""
    yield from _LINK.findall(str(message["card"] or ""))


def visible(messages: Sequence[Message], *own: str) -> list[Any]:
    """What a person sees of messages: text, buttons, card and what is awaited; without tokens, links and `own` words."""
    return [_stripped({k: m[k] for k in ("text", "buttons", "card", "expects")}, own) for m in messages]


def _stripped(value: Any, own: Sequence[str]) -> Any:
    if isinstance(value, dict):
        hidden = {"token", "url", "json_url", "read_url"}
        return {k: "…" if k in hidden else _stripped(v, own) for k, v in value.items()}
    if isinstance(value, list):
        return [_stripped(part, own) for part in value]
    if isinstance(value, str):
        for word in own:
            value = value.replace(word, "…")
        return _ID.sub("…", value)
    return value


def _copy(place: Place, folder: Path) -> Place:
    copied = replace(place, url=f"sqlite:///{folder / 'mingshi.db'}", heads=folder / "heads.jsonl")
    shutil.copyfile(place.file, copied.file)
    shutil.copyfile(place.heads, copied.heads)
    return copied


def make_template(databases: Databases, folder: Path, platform: str) -> Template:
    """An owner and a sleeper who registered, a second person before the question for the phone, and strangers."""
    place = databases.fresh(folder)

    async def make() -> Template:
        clock = FakeClock()
        async with open_domain(place, clock=clock, seed=f"template {platform}") as domain:
            people: dict[str, Person] = {}
            for name, phone in (("owner", OWNER_PHONE), ("sleeper", SLEEPER_PHONE)):
                people[name] = person = await Person.arrives(domain, platform)
                await person.registers(phone, id_number=OWNER_ID if name == "owner" else SLEEPER_ID)
            for name in ("second", "left reg", "right reg"):
                people[name] = person = await Person.arrives(domain, platform)
                await person.reaches_decision()
                await person.agrees()
            for name in ("attacker", "left", "right"):
                people[name] = await Person.arrives(domain, platform)
            accounts, names = {}, {}
            for name, phone in (("owner", OWNER_PHONE), ("sleeper", SLEEPER_PHONE)):
                account = await domain.accounts.find(platform, "phone", f"+86{phone}")
                assert account is not None
                accounts[name] = account.id
                data = await domain.accounts.data(account.id)
                names[name] = next(data[k] for k in ("login_name", "email", "member_name") if k in data)
            async with domain.database.reading() as session:
                assert await session.scalar(select(func.count()).select_from(ChallengeRow)) == 2
            await domain.database.checkpoint()
            left = {name: Left(person.conversation_id, person.messages) for name, person in people.items()}
            return Template(place, left, accounts, names)

    with asyncio.Runner() as runner:
        return runner.run(make())
