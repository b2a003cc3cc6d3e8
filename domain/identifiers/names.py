"""Person names: what may be registered, and what certainly is one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from domain.identifiers.lexicon import load, ordinary_words
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.text import HAN, invisible, read, simplified, valid_unicode

DOT = "\u00b7"
_DOTS = re.compile("[\u2022\u30fb\uff0e\uff65\u2027\u2219\u22c5\u2024\u0387\u25cf\u25e6\u318d.]")
_SHORTEST, _LONGEST, _LONGEST_LATIN = 2, 25, 60
_HAN_NAME = re.compile(rf"[{HAN}]+(?:{DOT}[{HAN}]+)*")
_LATIN_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_LATIN_NAME = re.compile(rf"[{_LATIN_LETTER}]+(?:[ '{DOT}-]{{1,2}}[{_LATIN_LETTER}]+)*[{DOT}]?")
_INTRODUCTION = re.compile(
    r"^(?:你好|您好|嗯|好的|哦|那个|[,， ])*"
    r"(?:(?:我|本人|俺)的?(?:真实)?(?:姓名|名字|大名)?(?:就?是|叫做?|为|:|：)|"
    r"(?:真实)?(?:姓名|名字)(?:是|叫|为|填|写|:|：|\s)|(?:就|填|写|你可以)?叫我?|本人)\s*"
)
_NAMED = re.compile("(?:我叫|俺叫|姓名|名字|大名|叫做)")  # whoever says so gives a name; 我是 may give a trade
_SENTENCE = re.compile("[我你您吗]|什么|怎么|谁|投诉|注册|为何")
_LINK = re.compile(r"https?:|www\.|\.(?:com|cn|net|org|top|xyz|vip)(?![a-z])|@|t\.me/", re.IGNORECASE)
# 互联网用户账号信息管理规定 第八条、第十条: names that pass for an authority or an operator.
_OFFICIAL = re.compile(
    "管理员|管理員|官方|客服|系统|系統|平台|政府|公安|法院|检察院|派出所|委员会|人民日报|新华社|中央|国务院"
    "|机器人|工作人员"
)
_TITLED = re.compile("^.{1,2}(?:先生|女士|小姐|老师|师傅|经理|老板)$")
_TRAILING = re.compile(r"(?<=.{2})(?:啊|哦|呀|哈|呢|吧|哟|喔)$")


def strip_introduction(text: str) -> str:
    """我叫王芳。 -> 王芳: without the words around a name, characters as typed."""
    inner = text.strip(" \t\r\n\u3000,.;:!?，。；：！？、~…\"'“”‘’「」")
    return _INTRODUCTION.sub("", inner, count=1)


def parse_person_name(text: str) -> str | Refused:
    """The canonical name in an answer: 2-25 汉字 with · as U+00B7, or a foreigner's Latin name.

    Rare and compatibility characters stay as typed (see `comparison_key`). Refuses with NAME_*.
    """
    if not valid_unicode(text):
        return Refused(Problem.NAME_INVISIBLE)
    whole = _refused_or_name(text.strip())
    if isinstance(whole, Refused) or len(whole) <= _SHORTEST:
        inner = strip_introduction(text)
        return _refused_or_name(inner) if inner else Refused(Problem.NAME_MISSING)
    inner = strip_introduction(text)
    return _refused_or_name(inner) if inner != whole and len(inner) >= _SHORTEST else whole


def comparison_key(name: str) -> str:
    """What two spellings of one name share: compatibility forms, case, spaces and dots folded."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(rf"[\s{DOT}'-]", "", folded)


def display_name(name: str) -> str:
    """王*, 张*明: enough for its owner to know it."""
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * min(len(name) - 2, 3) + name[-1]


def looks_like_name(text: str) -> bool:
    """Whether a message is surely a person's name and nothing else (王芳, 我叫王芳, 欧阳娜娜).

    Strict: a doubtful one (我要投诉, 高兴, 等一下) is not; better asked again than registered.
    """
    if len(text) > 60:
        return False
    name = parse_person_name(_TRAILING.sub("", text.strip(" 。.!！")))
    if isinstance(name, Refused):
        return False
    introduced = strip_introduction(text) != text.strip(" \t\r\n\u3000,.;:!?，。；：！？、~…\"'“”‘’「」")
    if DOT in name:
        return bool(_HAN_NAME.fullmatch(name)) and all(len(part) >= 2 for part in name.split(DOT))
    if _LATIN_NAME.fullmatch(name):
        return introduced and name[0].isupper()
    name = simplified(unicodedata.normalize("NFKC", name))
    if introduced and _NAMED.search(text) and len(name) <= 4 and not any(char in _never_given() for char in name[1:]):
        return True
    return _is_han_name(name)


def _is_han_name(name: str) -> bool:
    surname = next((two for two in _compound() if name.startswith(two)), None)
    if surname is None:
        surname = name[0] if name[0] in _single() else None
    if surname is None:
        return False
    given = name[len(surname) :]
    if not 1 <= len(given) <= 3 or any(char in _never_given() for char in given):
        return False
    if len(surname) == 1 and len(given) == 3 and given[0] not in _single():
        return False  # four characters with one surname are a phrase far more often than 张李思雨
    data, words = load("surnames"), ordinary_words()
    if given in data["titles"] or any(name.startswith(word) for word in data["not_names"]):
        return False
    tag = words.get(name, "nr")
    if not tag.startswith("nr"):
        return False
    pairs = [first + second for first, second in pairwise(name)]
    head_is_phrase = len(name) > 2 and len(surname) == 1 and words.get(pairs[0], "nr")[0] in "vdrcpamtuiz"
    tail_is_phrase = len(name) > 2 and words.get(pairs[-1], "nr")[0] in "rcpqumty"
    return not head_is_phrase and not tail_is_phrase


def _refused_or_name(raw: str) -> str | Refused:
    if not raw:
        return Refused(Problem.NAME_MISSING)
    if any(invisible(char) or unicodedata.category(char) == "Cc" for char in raw):
        return Refused(Problem.NAME_INVISIBLE)
    if _LINK.search(read(raw).text):
        return Refused(Problem.NAME_LINK)
    name = "".join(read(char).text if "\uff01" <= char <= "\uff5e" else char for char in _DOTS.sub(DOT, raw))
    name = re.sub("[\u2018\u2019\u02bc`]", "'", name)
    if re.search("[0-9]", read(name).text):
        return Refused(Problem.NAME_DIGITS)
    if any(unicodedata.category(char) in ("So", "Sk", "Cn", "Co") for char in name):
        return Refused(Problem.NAME_EMOJI)
    if _OFFICIAL.search(name):
        return Refused(Problem.NAME_OFFICIAL)
    if re.search(f"[{HAN}]", name):
        return _han_name(re.sub(r"\s+", "", name))
    return _latin_name(re.sub(r"\s+", " ", name))


def _han_name(name: str) -> str | Refused:
    if len(name) < _SHORTEST:
        return Refused(Problem.NAME_TOO_SHORT)
    if len(name) > _LONGEST:
        return Refused(Problem.NAME_TOO_LONG)
    if not _HAN_NAME.fullmatch(name):
        return Refused(Problem.NAME_CHARACTERS)
    if _SENTENCE.search(name):
        return Refused(Problem.NAME_SENTENCE)
    if name[:2] in ("中国", "中华", "全国", "国家") and len(name) > 4:
        return Refused(Problem.NAME_OFFICIAL)
    if len(name) <= 4 and _TITLED.search(name):
        return Refused(Problem.NAME_TITLE)
    return name


def _latin_name(name: str) -> str | Refused:
    letters = sum(char.isalpha() for char in name)
    if letters < _SHORTEST:
        return Refused(Problem.NAME_TOO_SHORT if letters else Problem.NAME_CHARACTERS)
    if len(name) > _LONGEST_LATIN:
        return Refused(Problem.NAME_TOO_LONG)
    return name if _LATIN_NAME.fullmatch(name) else Refused(Problem.NAME_CHARACTERS)


@lru_cache(maxsize=1)
def _single() -> frozenset[str]:
    data = load("surnames")
    return frozenset("".join(data["single"].split())) - frozenset(data["exclude"])


@lru_cache(maxsize=1)
def _compound() -> tuple[str, ...]:
    return tuple(sorted(load("surnames")["compound"], key=len, reverse=True))


@lru_cache(maxsize=1)
def _never_given() -> frozenset[str]:
    return frozenset(load("surnames")["never_given"])
