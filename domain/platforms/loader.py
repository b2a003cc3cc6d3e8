"""Read platforms from folders of data; a broken one is refused whole, with every reason at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.agreements import ParsedAgreement, parse
from domain.platforms.model import Card, Profile
from domain.platforms.yaml_file import Loc, UnreadableYaml, YamlFile

PROFILE = "profile.yml"
CARDS = "cards.yml"
SAMPLE = "agreement.md"

_BUILT_IN = Path(__file__).parent
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Problem:
    """One reason why a platform cannot be read. `line` counts from 1; None is the whole file."""

    file: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.reason}"


class BrokenPlatform(ValueError):
    """Platform data that cannot be used; `problems` holds every fault that was found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class UnknownPlatform(KeyError):
    """No platform has this id."""


@dataclass(frozen=True)
class LoadedPlatform:
    """A platform as its folder says: every clause the data name stands in `sample`."""

    profile: Profile
    cards: tuple[Card, ...]
    sample: ParsedAgreement
    sample_bytes: bytes
    folder: Path

    @property
    def id(self) -> str:
        return self.profile.id


class Platforms:
    """Every platform served, in the order of their ids."""

    def __init__(self, platforms: Sequence[LoadedPlatform]) -> None:
        self._by_id = {platform.id: platform for platform in sorted(platforms, key=lambda each: each.id)}
        self._by_name = {
            _normal(name): platform for platform in self._by_id.values() for name in _names(platform.profile)
        }

    def __iter__(self) -> Iterator[LoadedPlatform]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, platform_id: object) -> bool:
        return platform_id in self._by_id

    def get(self, platform_id: str) -> LoadedPlatform:
        """The platform with this id. Raises UnknownPlatform."""
        try:
            return self._by_id[platform_id]
        except KeyError:
            raise UnknownPlatform(platform_id) from None

    def by_name(self, text: str) -> LoadedPlatform | None:
        """The platform called so: its id, name or an alias; width, case, spaces and punctuation do not count."""
        return self._by_name.get(_normal(text))


def load_platforms(extra: Path | None = None) -> Platforms:
    """The built-in platforms and those in the folders inside `extra`.

    A folder in `extra` with a built-in id replaces that platform wholly. Names that begin with
    "." or "_" are passed over. Raises BrokenPlatform with every problem of every folder.
    """
    folders = {folder.name: folder for folder in _folders(_BUILT_IN)}
    if extra is not None:
        if not extra.is_dir():
            raise BrokenPlatform([Problem(extra, None, "not a folder")])
        folders.update({folder.name: folder for folder in _folders(extra)})
    platforms: list[LoadedPlatform] = []
    problems: list[Problem] = []
    for folder in folders.values():
        try:
            platforms.append(load_platform(folder))
        except BrokenPlatform as broken:
            problems.extend(broken.problems)
    problems.extend(_shared_names(platforms))
    if problems:
        raise BrokenPlatform(problems)
    return Platforms(platforms)


def load_platform(folder: Path) -> LoadedPlatform:
    """The platform in one folder. Raises BrokenPlatform with everything that is wrong in it."""
    reading = _Reading(folder)
    profile = reading.profile()
    cards = reading.cards()
    sample = reading.sample()
    if profile is not None and cards is not None and sample is not None:
        reading.look_up_clauses(profile, cards, sample[0])
    if profile is None or cards is None or sample is None or reading.problems:
        raise BrokenPlatform(reading.problems)
    return LoadedPlatform(profile, cards, *sample, folder)


def load_cards(folder: Path) -> tuple[Card, ...]:
    """The cards of a folder alone, not held against a text. Raises BrokenPlatform."""
    reading = _Reading(folder)
    cards = reading.cards()
    if cards is None or reading.problems:
        raise BrokenPlatform(reading.problems)
    return cards


def clauses_named(profile: Profile, cards: Sequence[Card]) -> Iterator[tuple[str, Loc, str]]:
    """Every clause the data name, as (file name, place in that file, uid)."""
    for place, uid in _clauses_in(profile, ()):
        yield PROFILE, place, uid
    for index, card in enumerate(cards):
        for place, uid in _clauses_in(card, (index,)):
            yield CARDS, place, uid


def _clauses_in(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name == "clauses":
                yield from (((*loc, name, index), uid) for index, uid in enumerate(inner))
            else:
                yield from _clauses_in(inner, (*loc, name))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _clauses_in(inner, (*loc, index))


class _Reading:
    """One folder being read: what could be read is returned, what could not is noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self._files: dict[str, YamlFile] = {}

    def profile(self) -> Profile | None:
        profile = self._validated(PROFILE, TypeAdapter(Profile))
        if profile is None:
            return None
        file = self._files[PROFILE]
        if profile.id != self.folder.name:
            reason = f"id is {profile.id}, but the folder is called {self.folder.name}"
            self._note(PROFILE, reason, file.line(("id",)))
        for index, document in enumerate(profile.documents):
            if document.file is not None:
                self._look_for_document(document.file, file.line(("documents", index, "file")))
        return profile

    def cards(self) -> tuple[Card, ...] | None:
        cards = self._validated(CARDS, TypeAdapter(tuple[Card, ...]))
        seen: set[str] = set()
        for index, card in enumerate(cards or ()):
            if card.id in seen:
                self._note(CARDS, f"card id {card.id} is taken already", self._files[CARDS].line((index, "id")))
            seen.add(card.id)
        return cards

    def sample(self) -> tuple[ParsedAgreement, bytes] | None:
        path = self.folder / SAMPLE
        try:
            data = path.read_bytes()
            parsed = parse(data, path.name)
        except OSError as error:
            self._note(SAMPLE, _why(error))
        except ValueError as error:
            self._note(SAMPLE, f"cannot be read as an agreement: {error}")
        else:
            if parsed.clauses:
                return parsed, data
            self._note(SAMPLE, "no numbered clause found")
        return None

    def look_up_clauses(self, profile: Profile, cards: Sequence[Card], sample: ParsedAgreement) -> None:
        there = {clause.uid for clause in sample.walk()}
        for name, place, uid in clauses_named(profile, cards):
            if uid not in there:
                self._note(name, f"clause {uid} is not in {SAMPLE}", self._files[name].line(place))

    def _validated(self, name: str, schema: TypeAdapter[_Read]) -> _Read | None:
        try:
            file = self._files[name] = YamlFile(self.folder / name)
            return schema.validate_python(file.data)
        except OSError as error:
            self._note(name, _why(error))
        except UnreadableYaml as error:
            self._note(name, error.reason, error.line)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                place = ".".join(str(step) for step in fault["loc"])
                reason = f"{place}: {fault['msg']}" if place else fault["msg"]
                self._note(name, reason, file.line(fault["loc"]))
        return None

    def _look_for_document(self, name: str, line: int) -> None:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            self._note(PROFILE, f"document {name} lies outside the folder", line)
        elif not path.is_file():
            self._note(PROFILE, f"document {name} is not in the folder", line)

    def _note(self, name: str, reason: str, line: int | None = None) -> None:
        self.problems.append(Problem(self.folder / name, line, reason))


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir() and path.name[0] not in "._")


def _why(error: OSError) -> str:
    return "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)


def _names(profile: Profile) -> tuple[str, ...]:
    return (profile.id, profile.name, *profile.aliases)


def _normal(name: str) -> str:
    """A name without width, case, spaces, punctuation and invisible characters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LN")


def _shared_names(platforms: Sequence[LoadedPlatform]) -> Iterator[Problem]:
    owners: dict[str, LoadedPlatform] = {}
    for platform in platforms:
        for name in _names(platform.profile):
            owner = owners.setdefault(_normal(name), platform)
            if owner is not platform:
                file = platform.folder / PROFILE
                line = YamlFile(file).line(("aliases",))
                yield Problem(file, line, f"the name {name} belongs to platform {owner.id} already")
