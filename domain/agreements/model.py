"""What a parsed agreement is: a tree of clauses, each with its own words once."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MarkKind = Literal["bold", "underline"]

PREAMBLE_UID = "preamble"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mark(_Frozen):
    """Emphasis the printed text carries; offsets count characters of the clause's own text."""

    start: int
    end: int
    kind: MarkKind


class Annotation(_Frozen):
    """A reviewer's remark found in the file. It is never a term and never shown to a user."""

    text: str
    author: str | None
    near: str


class Clause(_Frozen):
    """One clause.

    `number` is as printed, without a closing 、 or . and without 【】. `text` is the clause's own
    text with broken lines joined; the text of its children is not repeated in it. `uid` is the
    path joined by "/", NFKC-normalised; a repeated sibling gets "#2", "#3" and so on.
    """

    number: str
    heading: str | None = None
    text: str = ""
    marks: tuple[Mark, ...] = ()
    path: tuple[str, ...] = ()
    uid: str
    children: tuple[Clause, ...] = ()

    def walk(self) -> Iterator[Clause]:
        """This clause and everything below it, in printed order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def full_text(self) -> str:
        """The clause with its heading and all that stands below it, as a person reads it."""
        return "\n".join(part for clause in self.walk() for part in (clause.heading, clause.text) if part)


class ParsedAgreement(_Frozen):
    title: str
    preamble: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    warnings: tuple[str, ...] = Field(default=())

    def walk(self) -> Iterator[Clause]:
        """Every clause in printed order, the opening text first as the clause "preamble"."""
        if self.preamble:
            yield Clause(number="", text="\n".join(self.preamble), path=(PREAMBLE_UID,), uid=PREAMBLE_UID)
        for clause in self.clauses:
            yield from clause.walk()

    def find(self, uid: str) -> Clause | None:
        """The clause with this uid, or None."""
        wanted = unicodedata.normalize("NFKC", uid)
        return next((clause for clause in self.walk() if clause.uid == wanted), None)


def clause_hash(clause: Clause) -> str:
    """SHA-256 (hex) over what a clause says: headings and texts of it and everything below.

    White space and the width of characters do not count, so a cosmetic edit or a newer parser
    does not make a clause a different one.
    """
    said = "".join(unicodedata.normalize("NFKC", clause.full_text()).split())
    return hashlib.sha256(said.encode()).hexdigest()
