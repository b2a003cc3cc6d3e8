"""A ward and a guardian who talk to the bot at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import select
from stdnum.cn import ric

from domain import Domain
from domain.guardians.tables import GuardianshipRow
from domain.registration.page import PageOutcome
from tests.support.person import Person, sms_code

WARD_PHONE, GUARDIAN_PHONE = "13800138000", "13900139000"
BANDS = {
    "under_8": "不满 8 岁",
    "from_8": "8 到 13 岁",
    "from_14": "14 到 17 岁",
    "working": "16、17 岁，靠自己工作生活",
}
# Born so that the band is right on the day the tests begin (tests/support/ambient.py: March 2026).
BORN = {"under_8": "20200102", "from_8": "20140102", "from_14": "20110102", "working": "20090102", "ward": "19900102"}


def id_number(born: str, number: int = 1) -> str:
    """A resident's number with its check character. `born`: YYYYMMDD."""
    front = f"110105{born}{number:03d}"
    return front + str(ric.calc_check_digit(front + "0"))


@dataclass
class Family:
    """Args:
    band: of the ward, as it says itself; `ward` is an adult.
    """

    domain: Domain
    ward: Person
    guardian: Person
    band: str = "from_8"
    phone: str = GUARDIAN_PHONE
    page: dict[str, str] = field(default_factory=dict)

    guardians_channel: ClassVar[str] = "web"
    """Where guardians talk to the bot."""

    @classmethod
    async def of(cls, domain: Domain, platform: str = "xiaohe", band: str = "from_8") -> Family:
        ward = await Person.arrives(domain, platform)
        guardian = await Person.arrives(domain, channel=cls.guardians_channel)
        page = {
            "guardian_name": "王强",
            "guardian_id_number": id_number("19850102"),
            "relation": "parent",
            "ward_name": "王小明",
            "ward_id_number": id_number(BORN[band], 2),
        }
        return cls(domain, ward, guardian, band, page=page)

    # --- the ward ------------------------------------------------------------------------------------

    async def begins(self) -> None:
        await self.ward.begins("替家人办" if self.band == "ward" else "未满18岁")
        if self.band != "ward":
            await self.ward.presses(BANDS[self.band])

    async def invites(self, phone: str | None = None) -> str:
        """From the question how the guardian is reached. Returns the code as it is read out."""
        await self.ward.presses("给监护人发邀请" if "给监护人发邀请" in self.ward.offers() else "换一位监护人")
        await self.ward.says(phone or self.phone)
        return code_in(self.ward)

    # --- the guardian --------------------------------------------------------------------------------

    async def opens(self, code: str, who: Person | None = None) -> None:
        who = who or self.guardian
        await who.says(code)
        if "换网页办理" in who.labels() and "同意" in who.offers():
            await who.presses("同意")

    async def proves(self, who: Person | None = None, phone: str | None = None) -> None:
        """Say to be the guardian and prove the phone."""
        who, phone = who or self.guardian, phone or self.phone
        await who.presses("我是监护人，开始")
        await who.says(phone)
        await who.says(await sms_code(self.domain, phone))

    async def identifies(self, who: Person | None = None, **other: str) -> PageOutcome:
        return await (who or self.guardian).sends(**{**self.page, **other})

    async def reads(self, who: Person | None = None, consents: str = "yes") -> None:
        """To the last question."""
        who = who or self.guardian
        await who.reads()
        await who.answers_consents(consents)

    async def comes_to_decide(self) -> None:
        """Everything up to the guardian's last question."""
        await self.begins()
        await self.opens(await self.invites())
        await self.proves()
        outcome = await self.identifies()
        assert not outcome.errors, outcome.errors
        await self.reads()

    async def consents(self) -> None:
        await self.comes_to_decide()
        await self.guardian.agrees()
        await self.ward.is_told()

    async def registers(self) -> str:
        """The whole way. Returns the account's id."""
        await self.consents()
        who = self.ward
        if self.band == "under_8":
            who = self.guardian
            await who.is_told()
        elif self.band in {"from_14", "working"}:
            await who.reads()
            await who.answers_consents()
            await who.agrees()
        else:
            await who.presses("我愿意")
        await who.proves(WARD_PHONE)
        await who.fills_chat()
        outcome = await who.sends_page(id_number=self.page["ward_id_number"])
        assert not outcome.errors, outcome.errors
        await self.guardian.is_told()
        registered = [e for e in await self.domain.events.since(0) if e.type == "registered"]
        assert registered[-1].account_id
        return registered[-1].account_id

    async def guardianships(self) -> list[GuardianshipRow]:
        async with self.domain.database.reading() as session:
            rows = await session.scalars(
                select(GuardianshipRow).order_by(GuardianshipRow.created_at, GuardianshipRow.id)
            )
            return list(rows.all())

    async def nothing_was_made(self) -> bool:
        """No account, and no consent that stands."""
        events = await self.domain.events.since(0)
        return not any(e.type in {"registered", "consented"} for e in events)


def code_in(person: Person) -> str:
    return next(line for line in person.last["text"].splitlines() if len(line) == 9 and line[4] == "-")


def words(person: Person) -> str:
    return str(person.last["text"])


def decisions(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(who, item, decision) of every decided entry."""
    return [(e["actor"]["role"], e["item"], e["decision"]) for e in entries if e["type"] == "decided"]
