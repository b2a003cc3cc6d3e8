"""A platform as validated data: who runs it, what its agreement demands, which cards explain it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Theme = Literal["您的信息", "账号与责任", "平台可以做什么", "钱和争议", "变更与退出"]
Subject = Literal["person", "organisation"]
Category = Literal[
    "CONSENT", "GUARD", "ID", "ACCT", "EXEMPT", "RESTRICT", "DATA", "IP", "CHANGE",
    "MKT", "CANCEL", "FEE", "COMPL", "NOTICE", "DISPUTE", "INTERP",
]  # fmt: skip
FieldName = Literal[
    "phone", "real_name", "email", "login_name", "member_name", "address", "role",
    "company_name", "legal_representative", "position", "sanctions_free", "not_competitor",
    "purpose", "authority", "legal_personality", "is_legal_representative",
    "id_number", "credit_code", "licence_image", "authority_letter", "password",
]  # fmt: skip
Uid = Annotated[str, Field(min_length=1)]
Sentence = Annotated[str, Field(min_length=4, max_length=400)]
ConsentItem = Literal[
    "privacy", "sensitive", "sharing", "marketing", "partner_marketing",
    "location", "profiling", "publicity", "content", "children",
]  # fmt: skip
SILENT = "没有写明"
"""What a person is told where the agreement is silent."""
MOST_STATUTORY_DAYS = 15
"""Working days to carry out a deletion when none were promised (App违法违规收集使用个人信息行为认定方法, 六/3)."""
LoginKind = Literal["login_name", "member_name", "phone", "email", "id_number", "credit_code", "account_id"]


def _no_repeats(what: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} given more than once: {', '.join(repeated)}")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Card(_Data):
    """A clause (or a few that say one thing) in plain words.

    Tier 1 is shown alone and acknowledged alone; tier 2 is one line on a themed card.
    `reviewed_for` pins the words to texts: uid -> SHA-256 of each text of that clause they were
    reviewed for. On any other text the card is a draft and only the verbatim clause is shown.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    tier: Literal[1, 2]
    clauses: tuple[Uid, ...] = Field(min_length=1)
    category: Category
    theme: Theme
    line: Annotated[str, Field(min_length=4, max_length=30)]
    what: Sentence
    means: Sentence
    consequence: Sentence
    disputable: bool = False
    subjects: tuple[Subject, ...] = ("person", "organisation")
    reviewed_for: dict[Uid, tuple[str, ...]] = Field(default_factory=dict)


class Document(_Data):
    """Another text the agreement refers to. Nobody is asked to consent to one that is not here."""

    id: str
    title: str
    kind: Literal["privacy", "rules"]
    clauses: tuple[Uid, ...]
    file: str | None = None


class SeparateConsent(_Data):
    """One decision of its own on the consent panel; nothing is ticked beforehand.

    `indispensable`: without it this channel cannot go on (a no is explained, with another way).
    `demanded`: the text wants no refusal; a no is recorded and told to the operator.
    """

    item: ConsentItem
    title: Annotated[str, Field(max_length=24)]
    body: Sentence
    if_refused: Sentence
    clauses: tuple[Uid, ...]
    indispensable: bool = False
    demanded: bool = False
    document: str | None = None
    subjects: tuple[Subject, ...] = ("person", "organisation")


class FieldSpec(_Data):
    """One thing registration asks for, where, and why (said when the person asks).

    A field with `options` is a choice. `refused` says why registration cannot go on here, and what
    can be done instead, when the person will not give the field; of a choice with `refused` the
    last option (没有, 都不是, 我不能确认 …) is the one that ends the registration.
    """

    field: FieldName
    where: Literal["chat", "page"]
    why: Sentence
    clauses: tuple[Uid, ...] = ()
    optional: bool = False
    options: tuple[str, ...] = ()
    refused: Sentence | None = None

    @model_validator(mode="after")
    def _choice(self) -> FieldSpec:
        if len(self.options) == 1:
            raise ValueError(f"field {self.field}: a choice needs two options or more")
        _no_repeats(f"field {self.field}: option", self.options)
        return self


class Registration(_Data):
    person: tuple[FieldSpec, ...] = ()
    organisation: tuple[FieldSpec, ...] = ()
    login_with: tuple[LoginKind, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> Registration:
        _no_repeats("registration.person: field", [spec.field for spec in self.person])
        _no_repeats("registration.organisation: field", [spec.field for spec in self.organisation])
        return self


class Capacity(_Data):
    """Who needs a guardian here. `statutory`: the agreement is silent and the law's rule applies.

    `own_income`: whether somebody of 16 or 17 who lives on own income acts alone (民法典 18/2) or needs a guardian all
    the same, because the agreement draws its line at 18 for everybody.
    """

    rule: Literal["accompanied", "consent", "statutory", "companies_only"]
    clauses: tuple[Uid, ...] = ()
    explain: Sentence
    own_income: Literal["self", "guardian"] = "guardian"


class Consent(_Data):
    """The platform's own act of consent: one label, and when the agreement is formed by it."""

    label: Annotated[str, Field(max_length=12)]
    formed: Literal["decision", "registration"]
    clauses: tuple[Uid, ...]
    refused: Sentence


class ChannelAuthorisation(_Data):
    """The platform's written authorisation of this channel for its official text."""

    authorised: bool = False
    document: str | None = None
    clauses: tuple[Uid, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> ChannelAuthorisation:
        if self.authorised and not self.document:
            raise ValueError("authorised: true needs the document that says so")
        return self


class Hotline(_Data):
    number: str
    clauses: tuple[Uid, ...]


class Stipulation(_Data):
    """What the agreement says about one matter of an account's life, in words for the person.

    `clauses` names where it stands. Without a clause the agreement is silent, and `explain` says so
    (协议没有写明 …): a silent agreement is never filled in with a promise.
    """

    explain: Sentence
    clauses: tuple[Uid, ...] = ()

    @model_validator(mode="after")
    def _silence_is_said(self) -> Self:
        if not self.clauses and SILENT not in self.explain:
            raise ValueError(f"no clause is named, so explain must say {SILENT}")
        return self


class Security(Stipulation):
    """A stolen or misused account. `police`: the agreement wants the police to be told as well."""

    police: bool = False

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.police and not self.clauses:
            raise ValueError("police: true needs the clause that demands it")
        return self


class Cancellation(Stipulation):
    """How an account is closed, and what becomes of what is stored.

    `at_once`: the person asks and it is done; `application`: the agreement wants an application;
    `review`: the platform has to agree; `statutory`: the agreement is silent and the person's right
    to deletion applies (个人信息保护法 47).
    `ends` is what stops or is deleted, `kept` what is kept or anonymised and for how long.
    `days` is the most working days until an answer; None when nobody set a number. Where the
    agreement is silent it is what the rule sets (MOST_STATUTORY_DAYS), no promise of the platform.
    """

    mode: Literal["at_once", "application", "review", "statutory"]
    ends: Sentence
    kept: Sentence
    days: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.mode != "statutory" and not self.clauses:
            raise ValueError(f"mode {self.mode} needs the clause it stands in; without one the mode is statutory")
        if self.mode == "statutory" and self.clauses:
            raise ValueError("mode statutory is for an agreement that is silent, but clauses are named")
        if self.mode == "statutory" and (self.days is None or self.days > MOST_STATUTORY_DAYS):
            raise ValueError(f"mode statutory needs days, at most {MOST_STATUTORY_DAYS}")
        return self


class Changes(Stipulation):
    """Correcting one's own data. `fixed` are the fields that may not be changed through this channel."""

    fixed: tuple[FieldName, ...] = ()

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.fixed and not self.clauses:
            raise ValueError("fixed needs the clause that forbids the change")
        _no_repeats("fixed: field", self.fixed)
        return self


class Transfer(Stipulation):
    """Handing the account to somebody else; `allowed` is by application only, never by the two alone."""

    allowed: bool

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if self.allowed and not self.clauses:
            raise ValueError("allowed: true needs the clause that allows it")
        return self


class Dissolution(Stipulation):
    """A company that ends must say so within `working_days`, counted from the event."""

    clauses: tuple[Uid, ...] = Field(min_length=1)
    working_days: Annotated[int, Field(ge=1, le=60)]


class Inactivity(Stipulation):
    """An account unused for `months` may be taken back.

    `fed`: the platform reports its log-ins through the domain interface. Without it nobody here knows
    when the person last logged in, no reminder can be given, and `explain` says so.
    """

    clauses: tuple[Uid, ...] = Field(min_length=1)
    months: Annotated[int, Field(ge=1, le=120)]
    fed: bool = False


class AccountRules(_Data):
    """An account's later life. `dissolution` and `inactivity` are None when the agreement has no such rule."""

    recovery: Stipulation
    security: Security
    cancellation: Cancellation
    changes: Changes
    transfer: Transfer
    dissolution: Dissolution | None = None
    inactivity: Inactivity | None = None


class Profile(_Data):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name: str
    operator: str | None
    operator_note: str | None = None
    what_it_is: Sentence
    aliases: tuple[str, ...]
    agreement_title: str
    subjects: tuple[Subject, ...] = Field(min_length=1)
    capacity: Capacity
    consent: Consent
    channel: ChannelAuthorisation
    documents: tuple[Document, ...] = ()
    separate_consents: tuple[SeparateConsent, ...] = ()
    registration: Registration
    account: AccountRules
    hotline: Hotline | None = None
    withdraw: Sentence
    leave: Sentence
    legal_review: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Profile:
        _no_repeats("document", [document.id for document in self.documents])
        _no_repeats("separate consent", [consent.item for consent in self.separate_consents])
        known = {document.id for document in self.documents}
        for consent in self.separate_consents:
            if consent.document is not None and consent.document not in known:
                raise ValueError(f"separate consent {consent.item} names {consent.document}, which is not in documents")
        for subject in self.subjects:
            if not getattr(self.registration, subject):
                raise ValueError(f"subject {subject} is allowed but registration.{subject} asks for nothing")
        asked = {spec.field for spec in (*self.registration.person, *self.registration.organisation)}
        unknown = [field for field in self.account.changes.fixed if field not in asked]
        if unknown:
            raise ValueError(f"account.changes.fixed names {', '.join(unknown)}, which registration never asks for")
        if self.account.dissolution is not None and "organisation" not in self.subjects:
            raise ValueError("account.dissolution is for organisations, but subjects takes none")
        return self
