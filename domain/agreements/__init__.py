"""Agreements: read a file, see its clauses, find what matters in it, compare versions, answer from it."""

from .diff import Change, Diff, Move, diff
from .errors import UnreadableAgreement
from .labels import KeyClause, key
from .model import Annotation, Clause, Mark, ParsedAgreement, clause_hash
from .parser import parse, parse_file

__all__ = [
    "Annotation",
    "Change",
    "Clause",
    "Diff",
    "KeyClause",
    "Mark",
    "Move",
    "ParsedAgreement",
    "UnreadableAgreement",
    "clause_hash",
    "diff",
    "key",
    "parse",
    "parse_file",
]
