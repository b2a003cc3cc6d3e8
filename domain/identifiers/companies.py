"""Names of companies, shops and units: canonical form, extraction by suffix."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.identifiers.lexicon import load
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import HAN, Reading, read, valid_unicode

SHORTEST, LONGEST = 4, 60
_NAME_CHARS = rf"{HAN}A-Za-z0-9()&·.-"
_RUN = re.compile(rf"[{_NAME_CHARS}]{{2,200}}")
_WHOLE = re.compile(rf"[ {_NAME_CHARS}]+")


def parse_company_name(text: str) -> str | Refused:
    """The name in an answer (我们是XX有限公司 -> XX有限公司), brackets full width, no spaces in 汉字.

    Refuses with COMPANY_*; TWO_VALUES when two different names stand in it.
    """
    if not valid_unicode(text) or len(text) > 1000:
        return Refused(Problem.COMPANY_CHARACTERS)
    reading = read(text).text
    if not reading.strip(" .,;:!?。，；：！？"):
        return Refused(Problem.COMPANY_MISSING)
    names = {span.value for span in find_companies(text)}
    if len(names) > 1:
        return Refused(Problem.TWO_VALUES)
    name = names.pop() if names else _canonical(_after_cue(reading.strip(" \n\t.,;:!?。，；：！？")))
    if not _WHOLE.fullmatch(name.replace("（", "(").replace("）", ")")):
        return Refused(Problem.COMPANY_CHARACTERS)
    if not SHORTEST <= len(name) <= LONGEST:
        return Refused(Problem.COMPANY_LENGTH, str(len(name)))
    suffix = _suffix(name)
    if suffix is None or not _core(name, suffix):
        return Refused(Problem.COMPANY_SUFFIX)
    if suffix in load("companies")["weak"] and any(word in name for word in load("companies")["never"]):
        return Refused(Problem.COMPANY_SENTENCE)
    return name


def looks_like_company(text: str) -> bool:
    """Whether a message is surely the name of a company and nothing else. Strict."""
    reading = read(text).text.strip(" \n\t.,;:!?。，；：！？")
    if not SHORTEST <= len(reading) <= LONGEST + 10 or re.search("[?？]", text):
        return False
    name = _canonical(_after_cue(reading))
    suffix = _suffix(name)
    if suffix is None or any(word in name for word in load("companies")["never"]):
        return False
    return bool(_WHOLE.fullmatch(name.replace("（", "(").replace("）", ")"))) and _names_something(name, suffix)


def find_companies(typed: str | Reading) -> list[Span]:
    """Company names by their suffix, with offsets as typed."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    found = []
    for run in _RUN.finditer(reading.text):
        at = run.start()
        while match := _suffix_pattern().search(reading.text, at, run.end()):
            start = at + _last_cue(reading.text[at : match.end()], len(match[0]))
            end = match.end() + _closes(reading.text[start : match.end()], reading.text[match.end() :][:1])
            name = reading.text[start:end].strip(" .-")
            start += reading.text[start:end].find(name)
            if len(name) >= SHORTEST and _plausible(name, match[0]):
                found.append(Span(_canonical(name), *reading.span(start, end)))
            at = match.end()
    return found


def _closes(name: str, following: str) -> int:
    """1 when what follows closes a bracket of the name: 测试(集团)."""
    return int(following == ")" and name.count("(") > name.count(")"))


def _plausible(name: str, suffix: str) -> bool:
    return not any(word in name for word in load("companies")["never"]) and _names_something(name, suffix)


def _names_something(name: str, suffix: str) -> bool:
    core = _core(name, suffix)
    if suffix in load("companies")["strong"]:
        return len(core) >= 2 and core not in load("companies")["everyday"]
    return len(core) >= 2 and re.sub("|".join(_everyday()), "", core) != ""


def _core(name: str, suffix: str) -> str:
    """The name without its ending."""
    return name.rstrip("）)")[: -len(suffix)].strip("()（）")


def _last_cue(text: str, suffix_length: int) -> int:
    """Where the name starts: behind the last cue word that still leaves a name."""
    head = text[: len(text) - suffix_length - 1]
    start = 0
    for match in _cue_pattern().finditer(head):
        start = match.end()
    return start


def _after_cue(text: str) -> str:
    match = _cue_pattern().match(text)
    rest = text[match.end() :].lstrip(" :：") if match else text
    return rest if len(rest) >= SHORTEST else text


def _canonical(name: str) -> str:
    name = re.sub(rf"(?<=[{HAN}()]) +| +(?=[{HAN}()])", "", name.strip(" .-"))
    return name.replace("(", "（").replace(")", "）")


def _suffix(name: str) -> str | None:
    data = load("companies")
    bare = name.rstrip("）)")
    endings = sorted((*data["strong"], *data["weak"]), key=len, reverse=True)
    return next((ending for ending in endings if bare.endswith(ending)), None)


@lru_cache(maxsize=1)
def _suffix_pattern() -> re.Pattern[str]:
    strong, weak = ("|".join(sorted(load("companies")[kind], key=len, reverse=True)) for kind in ("strong", "weak"))
    # Not the end yet where a branch or a legal form follows: 有限公司北京分公司, 面馆个体工商户.
    branch = rf"(?![{HAN}()]{{0,8}}(?:分公司|事务所|合作社|个体工商户))"
    form = rf"(?!(?:(?![和与跟是在])[{HAN}()]){{0,8}}(?:有限公司|有限责任公司|个体工商户))"
    legal = rf"(?!\)[{HAN}]{{0,4}}(?:有限公司|有限责任公司|股份公司))"  # 测试(集团)股份有限公司
    return re.compile(rf"(?:(?:{strong})(?:\((?:普通|有限)合伙\))?{branch}{legal}|(?:{weak}){branch}{form})")


@lru_cache(maxsize=1)
def _cue_pattern() -> re.Pattern[str]:
    words = sorted(load("companies")["before"], key=len, reverse=True)
    return re.compile("|".join(words) + "|[，,。:：\\s]")


@lru_cache(maxsize=1)
def _everyday() -> tuple[str, ...]:
    return tuple(sorted(load("companies")["everyday"], key=len, reverse=True))
