"""Agreements: read a file, see its clauses, find what matters in it, compare versions, answer from it."""

from .diff import Change, Diff, Move, diff
from .errors import UnreadableAgreement
from .labels import KeyClause, key
from .model import Annotation, Clause, Mark, ParsedAgreement, clause_hash
from .parser import parse, parse_file
from .search import Answer, Quote, Searcher

__all__ = [
    "Annotation",
    "Answer",
    "Change",
    "Clause",
    "Diff",
    "KeyClause",
    "Mark",
    "Move",
    "ParsedAgreement",
    "Quote",
    "Searcher",
    "UnreadableAgreement",
    "clause_hash",
    "diff",
    "key",
    "parse",
    "parse_file",
]
