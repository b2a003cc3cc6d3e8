"""Where a registration stands, and what it can see of the world around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from domain.consent.deck import Deck
from domain.flows.say import Decision
from domain.guardians.children import CHILDREN
from domain.guardians.rules import Requirement, requirement
from domain.guardians.state import Guarding, Ward
from domain.platforms.model import Document, FieldName, FieldSpec, Profile, SeparateConsent, Subject


class State(BaseModel):
    """Everything the flow remembers. It is stored sealed and destroyed when the person does not go on.

    `asking` is a question laid over the step: refuse, stop, correct or need:<item>.
    `reviewing` holds the consent panel open although everything on it was decided.
    `page_open`: a link to the one-time page was given; asking again must not take it away.
    `ward`: the registrant needs a guardian. `guarding`: this is that guardian, whose journey ends with a consent.
    `of_age`: the account whose person was a ward and now decides for itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    served: str = ""
    subject: Subject | None = None
    crossing: Decision | None = None
    leaf: int = 0
    every: int | None = None
    unfolded: tuple[str, ...] = ()
    decisions: dict[str, Decision] = Field(default_factory=dict)
    reviewing: bool = False
    decided: bool = False
    asking: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    displays: dict[str, str] = Field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    challenge: str | None = None
    phone_proven: bool = False
    page_open: bool = False
    ward: Ward | None = None
    guarding: Guarding | None = None
    of_age: str | None = None

    def but(self, **changes: object) -> State:
        return self.model_copy(update=changes)

    def without(self, *fields: str) -> State:
        """The same with these values forgotten."""
        keep = {k: v for k, v in self.values.items() if k not in fields}
        shown = {k: v for k, v in self.displays.items() if k not in fields}
        return self.but(values=keep, displays=shown, skipped=tuple(f for f in self.skipped if f not in fields))


@dataclass(frozen=True)
class Journey:
    """The world of one registration: its platform, the text in force, the channel.

    `authorised` is whether the platform lets this channel register people on this text.
    """

    profile: Profile
    decks: Mapping[Subject, Deck]
    agreement_id: str
    abroad: bool
    authorised: bool
    supplied: frozenset[str] = field(default_factory=frozenset)

    @property
    def title(self) -> str:
        """The agreement's title without 《》."""
        return self.profile.agreement_title.strip("《》")

    def deck(self, state: State) -> Deck:
        return self.decks[state.subject or self.profile.subjects[0]]

    def fields(self, state: State) -> tuple[FieldSpec, ...]:
        return getattr(self.profile.registration, state.subject or self.profile.subjects[0])  # type: ignore[no-any-return]

    def spec(self, state: State, name: FieldName | str) -> FieldSpec | None:
        return next((spec for spec in self.fields(state) if spec.field == name), None)

    def chat_fields(self, state: State) -> tuple[FieldSpec, ...]:
        return tuple(spec for spec in self.fields(state) if spec.where == "chat" and spec.field != "phone")

    def missing_fields(self, state: State) -> tuple[FieldSpec, ...]:
        """What is still to be given, the phone apart; the one-time page shows exactly these."""
        return tuple(
            spec
            for spec in self.fields(state)
            if spec.field != "phone" and spec.field not in state.values and spec.field not in state.skipped
        )

    def needs(self, state: State) -> Requirement:
        """What the law and the agreement want of a ward, or of whose guardian this is; nothing of anybody else."""
        part = state.ward or state.guarding
        if part is None or part.band is None:
            return Requirement(guardian=False, own_data=True)
        return requirement(self.profile.capacity, part.band)

    def reads(self, state: State) -> bool:
        """Whether the agreement is read and decided in this very flow; for most wards the guardian does that."""
        return state.ward is None or self.needs(state).own_data

    def consents(self, state: State) -> tuple[SeparateConsent, ...]:
        """The decisions to be asked for: never about a document whose text is not there.

        Who has reached 14 decides about the own data; before, the guardian does (PIPL 31).
        """
        needs = self.needs(state)
        if (state.guarding is not None and needs.own_data) or not self.reads(state):
            return ()
        own = tuple(
            consent
            for consent in self.profile.separate_consents
            if consent.item != "children"
            and (state.subject is None or state.subject in consent.subjects)
            and (consent.document is None or consent.document in self.supplied)
        )
        return (*self._for_children(), *own) if needs.child_rules else own

    def _for_children(self) -> tuple[SeparateConsent, ...]:
        """The platform's own consent for children's data, or the one the law wants in any case."""
        return tuple(c for c in self.profile.separate_consents if c.item == "children") or (CHILDREN,)

    def missing_documents(self) -> tuple[Document, ...]:
        return tuple(document for document in self.profile.documents if document.id not in self.supplied)
