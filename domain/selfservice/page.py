"""The one-time pages of an errand: a document's number, a new password, words that must not cross a border."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.passwords import hash_password, password_matches
from domain.accounts.sign_in import note_failure, waits
from domain.accounts.tables import AccountRow
from domain.ambient import SHANGHAI
from domain.flows.events import PageFilled
from domain.flows.pages import Asked, FormKind, PageForm, PageGone, PageOutcome, find_page, flow_of_page, spend_pages
from domain.flows.tables import FlowRow
from domain.identifiers.dates import parse_day
from domain.identifiers.fields import FieldContext, check_field
from domain.identifiers.free_texts import parse_free_text
from domain.identifiers.passwords import PasswordContext
from domain.identifiers.problems import Refused
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.registration.page import personal_words
from domain.selfservice.rules import ID_TAIL
from domain.selfservice.service import SelfService
from domain.selfservice.state import State
from domain.selfservice.steps.questions import FREE_TEXT

# So many characters of a registered number are the second proof.
TAIL = 6


@dataclass(frozen=True)
class _Form(PageForm):
    state: State
    account: AccountRow | None = field(repr=False)
    data: Mapping[str, str] = field(repr=False)


class SelfServicePages:
    def __init__(self, parts: Parts, selfservice: SelfService) -> None:
        self._parts = parts
        self._selfservice = selfservice

    async def show(self, token: str) -> _Form:
        """The form behind a link. Raises PageGone."""
        parts = self._parts
        async with parts.database.reading() as session:
            page = await find_page(session, parts, token)
            flow = await session.get(FlowRow, page.flow_id)
            if flow is None or flow.outcome is not None or page.account_id is not None:
                raise PageGone()
            state = await self._selfservice.state(session, flow)
            account = await self._selfservice.account_of(session, state)
            if state.proven and account is None:
                raise PageGone()
            data = await parts.accounts.data(session, account.id) if account else {}
            names = page.fields.split(",")
            kind = _kind(names, state)
            return _Form(
                kind=kind,
                profile=parts.platforms.get(flow.platform_id).profile,
                fields=tuple(Asked(name, optional=kind == "name") for name in names),
                expires_at=page.expires_at,
                state=state,
                account=account,
                data=data,
            )

    async def send(self, token: str, texts: Mapping[str, str]) -> PageOutcome:
        """Take everything that was sent, or nothing and say what is wrong with each field. Raises PageGone."""
        form = await self.show(token)
        if form.kind == "password":
            return await self._password(token, form, texts)
        if form.kind == "proof":
            return await self._second_proof(token, form, texts)
        if form.kind == "name":
            given = {f.field: texts[f.field] for f in form.fields if texts.get(f.field, "").strip()}
            if len(given) != 1:
                first = form.fields[0].field
                return PageOutcome({first: ("name_one_field", "")})
        else:
            given = {f.field: texts.get(f.field, "") for f in form.fields}
        values, displays = {}, {}
        for name, text in given.items():
            checked = self._check(name, text, form)
            if isinstance(checked, Refused):
                return PageOutcome({name: (checked.code, checked.hint)})
            values[name], displays[name] = checked
        return await self._take(token, PageFilled(values, displays))

    def _check(self, name: str, text: str, form: _Form) -> tuple[str, str] | Refused:
        today = self._parts.clock.now().astimezone(SHANGHAI).date()
        if name in FREE_TEXT:
            words = parse_free_text(text)
            return words if isinstance(words, Refused) else (words, words)
        if name == "date":
            day = parse_day(text, today)
            return day if isinstance(day, Refused) else (day.isoformat(), day.isoformat())
        context = FieldContext(today, self._names(), PasswordContext())
        checked = check_field(name, text.strip(), context)  # type: ignore[arg-type]
        return checked if isinstance(checked, Refused) else (checked.value, checked.display)

    async def _password(self, token: str, form: _Form, texts: Mapping[str, str]) -> PageOutcome:
        """A new password; with the last characters of a registered number where the phone alone is a weak proof."""
        parts, account = self._parts, form.account
        if account is None:
            raise PageGone()
        if ID_TAIL in {f.field for f in form.fields}:
            # First of all: why a password is refused tells of the person.
            wrong = await self._tail_is_wrong(account.id, form.data, texts.get(ID_TAIL, ""))
            if wrong is not None:
                return PageOutcome({ID_TAIL: wrong})
        typed = texts.get("password", "")
        today = parts.clock.now().astimezone(SHANGHAI).date()
        personal = personal_words(form.data)
        personal = PasswordContext(personal.phone, personal.name, personal.birth, (*personal.words, *self._names()))
        checked = check_field("password", typed, FieldContext(today, self._names(), personal))
        if isinstance(checked, Refused):
            return PageOutcome({"password": (checked.code, checked.hint)})
        if texts.get("password_again", typed) != typed:
            return PageOutcome({"password": ("password_differs", "")})
        keyring = parts.vault.keyring
        if await password_matches(keyring, account.password_hash, checked.value):
            return PageOutcome({"password": ("password_same", "")})
        return await self._take(token, PageFilled({"password": await hash_password(keyring, checked.value)}))

    async def _second_proof(self, token: str, form: _Form, texts: Mapping[str, str]) -> PageOutcome:
        if form.account is None:
            raise PageGone()
        wrong = await self._tail_is_wrong(form.account.id, form.data, texts.get(ID_TAIL, ""))
        # The flow is told that it was right, not what it was.
        return PageOutcome({ID_TAIL: wrong}) if wrong else await self._take(token, PageFilled({ID_TAIL: ""}))

    async def _tail_is_wrong(self, account_id: str, data: Mapping[str, str], typed: str) -> tuple[str, str] | None:
        """The code of what is wrong, and how long to wait. Guesses are counted on the account, not on the page."""
        parts = self._parts
        number = data.get("id_number") or data.get("credit_code") or ""
        right = hmac.compare_digest(typed.strip().upper().encode(), number[-TAIL:].upper().encode())

        async def count(session: AsyncSession) -> tuple[str, str] | None:
            row = await parts.accounts.row(session, account_id)
            wait = waits(row, parts.clock.now())
            if wait:
                return "tail_wait", str(-(-int(wait.total_seconds()) // 60))
            if right:
                return None
            note_failure(row, parts.clock.now())
            return "tail_wrong", ""

        return await parts.database.run(count)

    async def _take(self, token: str, event: PageFilled) -> PageOutcome:
        parts = self._parts

        async def take(session: AsyncSession) -> PageOutcome:
            conversation, flow = await flow_of_page(session, parts, token)
            await spend_pages(session, parts, flow.id)
            await self._selfservice.feed(Turn(session, conversation), flow, event)
            return PageOutcome({}, conversation.id)

        return await parts.database.run(take)

    def _names(self) -> tuple[str, ...]:
        return tuple(alias for p in self._parts.platforms for alias in (p.profile.name, *p.profile.aliases))


def _kind(names: list[str], state: State) -> FormKind:
    if "password" in names:
        return "password"
    if names == [ID_TAIL]:
        return "proof"
    if not state.proven and not state.lost_phone:
        return "name"
    return "words" if set(names) <= FREE_TEXT | {"date"} else "value"
