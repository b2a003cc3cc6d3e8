"""The decks of each version, built once."""

from __future__ import annotations

from collections import OrderedDict

from domain.agreements.model import ParsedAgreement
from domain.agreements.versions import Version
from domain.consent.deck import Deck, build_deck
from domain.platforms import Platforms
from domain.platforms.model import Subject

_KEPT = 64


class Decks:
    """A version never changes, and cards are read at the start: what was built for it stays good."""

    def __init__(self, platforms: Platforms) -> None:
        self._platforms = platforms
        self._built: OrderedDict[tuple[str, Subject | None], Deck] = OrderedDict()

    def of(self, version: Version, agreement: ParsedAgreement, subject: Subject | None) -> Deck:
        """The deck of a version (`agreement` is its text) for one kind of subject, or for everybody."""
        wanted = version.id, subject
        if wanted not in self._built:
            self._built[wanted] = build_deck(self._platforms.get(version.platform_id).cards, agreement, subject)
            if len(self._built) > _KEPT:
                self._built.popitem(last=False)
        return self._built[wanted]
