"""The one-time page of a registration: what it shows, and what becomes of what is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts.passwords import hash_password
from domain.ambient import SHANGHAI
from domain.flows.events import PageFilled
from domain.flows.pages import PageForm, PageGone, PageOutcome, find_page, flow_of_page, spend_pages
from domain.flows.tables import FlowRow
from domain.guardians.rules import ADULT, WORKING
from domain.guardians.state import Ward
from domain.identifiers.fields import FieldContext, check_field
from domain.identifiers.id_numbers import IdNumber, parse_id_number
from domain.identifiers.passwords import PasswordContext
from domain.identifiers.phones import Phone
from domain.identifiers.problems import Refused
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.platforms import FieldSpec
from domain.registration.images import UnfitImage, Upload, check_image
from domain.registration.service import Registrations

UPLOADS = frozenset({"licence_image", "authority_letter"})


@dataclass(frozen=True)
class RegistrationForm(PageForm):
    """`personal` is what the password must not be made of."""

    fields: tuple[FieldSpec, ...]
    personal: PasswordContext = field(default_factory=PasswordContext, repr=False)
    flow_id: str = field(default="", repr=False)
    ward: Ward | None = field(default=None, repr=False)
    needs_guardian: bool = False


class RegistrationPages:
    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        self._parts = parts
        self._registrations = registrations

    async def show(self, token: str) -> RegistrationForm:
        """The form behind a link. Looking uses nothing up: messengers fetch links for previews. Raises PageGone."""
        async with self._parts.database.reading() as session:
            page = await find_page(session, self._parts, token)
            flow = await session.get(FlowRow, page.flow_id)
            if flow is None or flow.outcome is not None:
                raise PageGone()
            state = await self._registrations.state(session, flow)
            journey = await self._registrations.journey(session, flow, "web")
            return RegistrationForm(
                kind="registration",
                profile=journey.profile,
                fields=journey.missing_fields(state),
                expires_at=page.expires_at,
                personal=personal_words(state.values),
                flow_id=flow.id,
                ward=state.ward,
                needs_guardian=journey.needs(state).guardian,
            )

    async def send(self, token: str, texts: Mapping[str, str], uploads: Mapping[str, Upload]) -> PageOutcome:
        """Check everything that was sent; take it all, or nothing and say what is wrong with each field.

        Raises PageGone. The password is hashed outside the transaction and never stored or logged.
        """
        form = await self.show(token)
        errors: dict[str, tuple[str, str]] = {}
        values: dict[str, str] = {}
        displays: dict[str, str] = {}
        images: dict[str, tuple[str, bytes]] = {}
        today = self._parts.clock.now().astimezone(SHANGHAI).date()
        for spec in form.fields:
            name = spec.field
            if name in UPLOADS:
                upload = uploads.get(name)
                if upload is None or not upload.data:
                    if not spec.optional:
                        errors[name] = ("upload_missing", "")
                    continue
                checked = check_image(upload)
                if isinstance(checked, UnfitImage):
                    errors[name] = (checked.code, checked.hint)
                else:
                    images[name] = (checked, upload.data)
                continue
            text = texts.get(name, "")
            if spec.options:
                if text not in spec.options:
                    errors[name] = ("option_missing", "")
                elif spec.refused and text == spec.options[-1]:
                    errors[name] = ("option_refused", spec.refused)
                else:
                    values[name] = displays[name] = text
                continue
            if name != "password" and not text.strip():
                if not spec.optional:
                    errors[name] = ("field_missing", "")
                continue
            outcome = check_field(name, text, self._context(form, texts, today))
            if isinstance(outcome, Refused):
                errors[name] = (outcome.code, outcome.hint)
            else:
                values[name], displays[name] = outcome.value, outcome.display
        if "password" in values and texts.get("password_again", texts.get("password")) != texts.get("password"):
            errors["password"] = ("password_differs", "")
        if errors:
            return PageOutcome(errors)
        wrong = await self._not_the_ward(form.flow_id, values)
        if wrong:
            return PageOutcome(wrong)
        minor = "id_number" in values and self._too_young(form, IdNumber(values["id_number"]).age(today))
        if "password" in values:
            values["password"] = await hash_password(self._parts.vault.keyring, values["password"])
        return await self._take(token, form, values, displays, images, minor)

    def _too_young(self, form: RegistrationForm, age: int) -> bool:
        """Whether somebody of this age cannot register as it was begun. Wards have their guardian's consent."""
        if form.ward is None:
            return age < ADULT
        if form.needs_guardian:
            return False
        return age < WORKING

    async def _not_the_ward(self, flow_id: str, values: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """The identity card must be the one the guardian consented for."""
        if "id_number" not in values:
            return {}
        rows = self._registrations.guardians.rows
        async with self._parts.database.reading() as session:
            known = [row for row in await rows.of_ward_flow(session, flow_id) if row.state == "consented"]
        differs = bool(known) and not any(rows.is_ward(row, values["id_number"]) for row in known)
        return {"id_number": ("ward_differs", "")} if differs else {}

    async def _take(
        self,
        token: str,
        form: RegistrationForm,
        values: dict[str, str],
        displays: dict[str, str],
        images: Mapping[str, tuple[str, bytes]],
        minor: bool,
    ) -> PageOutcome:
        parts = self._parts

        async def take(session: AsyncSession) -> PageOutcome:
            conversation, flow = await flow_of_page(session, parts, token)
            for kind in ("login_name", "member_name", "email", "id_number", "credit_code"):
                if kind in values and await parts.accounts.is_taken(session, flow.platform_id, kind, values[kind]):
                    return PageOutcome({kind: ("field_taken", "")})
            await spend_pages(session, parts, flow.id)
            for name, (media_type, data) in images.items():
                values[name] = await parts.accounts.keep_upload(
                    session,
                    flow_id=flow.id,
                    key_id=flow.key_id,
                    field=name,
                    media_type=media_type,
                    sha256=hashlib.sha256(data).hexdigest(),
                    data=data,
                )
            skipped = {spec.field: "" for spec in form.fields if spec.optional and spec.field not in values}
            turn = Turn(session, conversation)
            shown = {name: text for name, text in displays.items() if name != "password"}
            await self._registrations.feed(turn, flow, PageFilled(values, shown, tuple(skipped), minor))
            return PageOutcome({}, conversation.id)

        return await parts.database.run(take)

    def _context(self, form: RegistrationForm, texts: Mapping[str, str], today: date) -> FieldContext:
        """What a password must not be made of: all that is known of the person, and the platforms' names."""
        names = tuple(alias for p in self._parts.platforms for alias in (p.profile.name, *p.profile.aliases))
        typed = tuple(v for k, v in texts.items() if k not in {"password", "password_again"} and v)
        number = parse_id_number(texts.get("id_number", ""), today)
        personal = replace(
            form.personal,
            name=form.personal.name or texts.get("real_name"),
            birth=form.personal.birth if isinstance(number, Refused) else number.birth,
            words=(*form.personal.words, *typed, *names),
        )
        return FieldContext(today, names, personal)


def personal_words(values: Mapping[str, str]) -> PasswordContext:
    """What others know about a person with these registered values: a password must not be made of it."""
    number = values.get("id_number")
    return PasswordContext(
        phone=Phone(values["phone"]).national if "phone" in values else None,
        name=values.get("real_name"),
        birth=IdNumber(number).birth if number else None,
        words=tuple(v for k, v in values.items() if k not in {"phone", "real_name", "id_number", "password"}),
    )
