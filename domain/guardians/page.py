"""The guardian's one-time page: who both are and how they are related, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from domain.ambient import SHANGHAI
from domain.flows.events import PageFilled
from domain.flows.pages import Asked, PageForm, PageGone, PageOutcome, find_page, flow_of_page, spend_pages
from domain.flows.tables import FlowRow
from domain.guardians.effects import NotBound
from domain.guardians.rules import RELATIONS, Identity, Relation, band_of, refusal, reviews
from domain.guardians.steps.acting import PAGE_FIELDS
from domain.guardians.tables import GuardianshipRow
from domain.identifiers.fields import FieldContext, check_field
from domain.identifiers.id_numbers import IdNumber
from domain.identifiers.passwords import PasswordContext
from domain.identifiers.problems import Refused
from domain.messaging.turn import Turn
from domain.parts import Parts
from domain.registration.service import Registrations

_KINDS = {
    "guardian_name": "real_name",
    "ward_name": "real_name",
    "guardian_id_number": "id_number",
    "ward_id_number": "id_number",
}
# At which field a refusal is shown.
_AT = {
    "guardian_is_ward": "guardian_id_number",
    "guardian_same_phone": "guardian_id_number",
    "guardian_minor": "guardian_id_number",
    "guardian_younger": "guardian_id_number",
    "ward_adult": "ward_id_number",
}


@dataclass(frozen=True)
class GuardianForm(PageForm):
    guardianship: str = field(default="", repr=False)


class GuardianPages:
    def __init__(self, parts: Parts, registrations: Registrations) -> None:
        self._parts = parts
        self._registrations = registrations

    async def show(self, token: str) -> GuardianForm:
        """The form behind a link. Looking uses nothing up. Raises PageGone."""
        async with self._parts.database.reading() as session:
            page = await find_page(session, self._parts, token)
            flow = await session.get(FlowRow, page.flow_id)
            if flow is None or flow.outcome is not None:
                raise PageGone()
            state = await self._registrations.state(session, flow)
            if state.guarding is None or state.guarding.stage != "who":
                raise PageGone()
            return GuardianForm(
                kind="guardian",
                profile=self._parts.platforms.get(flow.platform_id).profile,
                fields=tuple(Asked(name, options=RELATIONS if name == "relation" else ()) for name in PAGE_FIELDS),
                expires_at=page.expires_at,
                guardianship=state.guarding.guardianship,
            )

    async def send(self, token: str, texts: Mapping[str, str]) -> PageOutcome:
        """Take everything that was sent, or nothing and say what is wrong with each field. Raises PageGone."""
        await self.show(token)
        today = self._parts.clock.now().astimezone(SHANGHAI).date()
        context = FieldContext(today, (), PasswordContext())
        errors: dict[str, tuple[str, str]] = {}
        values: dict[str, str] = {}
        for name, kind in _KINDS.items():
            if not texts.get(name, "").strip():
                errors[name] = ("field_missing", "")
                continue
            checked = check_field(kind, texts[name], context)  # type: ignore[arg-type]
            if isinstance(checked, Refused):
                errors[name] = (checked.code, checked.hint)
            else:
                values[name] = checked.value
        relation = next((r for r in RELATIONS if r == texts.get("relation")), None)
        if relation is None:
            errors["relation"] = ("option_missing", "")
        if errors or relation is None:
            return PageOutcome(errors)
        return await self._take(token, values, relation)

    async def _take(self, token: str, values: Mapping[str, str], relation: Relation) -> PageOutcome:
        parts, rows = self._parts, self._registrations.guardians.rows

        async def take(session: AsyncSession) -> PageOutcome:
            conversation, flow = await flow_of_page(session, parts, token)
            state = await self._registrations.state(session, flow)
            if state.guarding is None:
                raise PageGone()
            row = await rows.get(session, state.guarding.guardianship)
            if row.state != "bound":
                await spend_pages(session, parts, flow.id)
                await self._registrations.feed(Turn(session, conversation), flow, NotBound())
                return PageOutcome({}, conversation.id)
            today = parts.clock.now().astimezone(SHANGHAI).date()
            guardian = _identity(values["guardian_id_number"], state.values.get("phone"))
            ward = _identity(values["ward_id_number"], None)
            band = band_of(ward.birth, today, row.band)  # type: ignore[arg-type]
            wrong = refusal(guardian, ward, band, today)
            if wrong is not None or band is None:
                code = wrong or "ward_adult"
                return PageOutcome({_AT[code]: (code, "")})
            if await self._asked_lately(session, row, guardian, ward):
                return PageOutcome({"ward_id_number": ("guardian_asked_lately", "")})
            why = reviews(guardian, ward, relation, band, await rows.wards_of(session, row, guardian.number))
            names = {name: values[name] for name in ("guardian_name", "ward_name")}
            await rows.identify(session, row, guardian, ward, names, relation, band)
            await parts.ledger.append(
                session,
                row.platform_id,
                "guardian_identified",
                row.ward_flow_id,
                {"guardianship": row.id, "relation": relation, "band": band, "reviews": list(why)},
                private={**names, "guardian_number": guardian.number, "ward_number": ward.number},
                key_id=row.key_id,
            )
            await spend_pages(session, parts, flow.id)
            filled = PageFilled({"band": band, "relation": relation, "reviews": ",".join(why)})
            await self._registrations.feed(Turn(session, conversation), flow, filled)
            return PageOutcome({}, conversation.id)

        return await parts.database.run(take)

    async def _asked_lately(
        self, session: AsyncSession, row: GuardianshipRow, guardian: Identity, ward: Identity
    ) -> bool:
        """The same two people again, by another conversation, while a refusal stands."""
        flow = await session.get_one(FlowRow, row.ward_flow_id)
        rows = self._registrations.guardians.rows
        return guardian.phone is not None and await rows.said_no_lately(session, flow, guardian.phone, ward.number)


def _identity(number: str, phone: str | None) -> Identity:
    return Identity(number, IdNumber(number).birth, phone)
