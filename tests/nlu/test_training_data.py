"""What the classifier learns from is whole, clean, free of personal data, and apart from what it is measured on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = Path(__file__).with_name("held_out.yml")

_INTENTS = """
greet goodbye thank affirm deny choose_platform start_register read_agreement explain_clause ask_clause_question
accept_agreement reject_agreement withdraw_consent reset_password report_stolen_account file_complaint
check_complaint_status supplement_complaint contact_human guardian_help enterprise_register cancel_account
update_profile check_status resend_code not_received_code correct_previous go_back stop_flow repeat ask_why_needed
ask_what_can_you_do ask_fee ask_hotline ask_privacy provide_value chitchat abuse out_of_scope
"""
INTENTS = frozenset(_INTENTS.split())
_PERSONAS = """
elderly hr_clerk rider parent cantonese voice_input traditional_characters young_netizen student migrant_worker
business_owner agency_clerk office_worker
"""
PERSONAS = frozenset(_PERSONAS.split())
DIFFICULTIES = frozenset({"easy", "medium", "hard"})
PLACEHOLDERS = frozenset({"«PHONE»", "«SMS_CODE»", "«ID_NUMBER»", "«CREDIT_CODE»", "«EMAIL»"})

EXAMPLES_PER_INTENT = 40
HELD_OUT_PER_INTENT = 12
# Above this share of common character pairs two lines are one line with a word changed: nothing new to learn from.
# Short lines may share most of their pairs and still be different things to say (好的, 好吧), hence the length.
NEAR_DUPLICATE = 0.75
NEAR_DUPLICATE_FROM = 4  # characters after normalising

# What masking replaces before the engine sees a text. Short service numbers (12333) and case numbers stay as typed.
_RAW_VALUES = {
    "mobile number": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "400 or landline number": re.compile(r"(?<!\d)(?:[48]00[- ]?\d{3}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)"),
    "identity card number": re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"),
    "credit code": re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Z])"),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "bank card number": re.compile(r"(?<!\d)\d{16,19}(?!\d)"),
}


def normalised(text: str) -> str:
    """`text` in one width and case, without spaces and punctuation; a text of nothing else stays as it is."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]+", "", text) or text


def pairs(text: str) -> frozenset[str]:
    """The character pairs of a normalised text, its two ends included."""
    marked = f"^{normalised(text)}$"
    return frozenset(marked[i : i + 2] for i in range(len(marked) - 1))


def similarity(left: frozenset[str], right: frozenset[str]) -> float:
    """Jaccard index of two sets of pairs."""
    common = len(left & right)
    return common / (len(left) + len(right) - common)


@lru_cache(maxsize=1)
def examples() -> dict[str, list[str]]:
    """The training lines by intent, in file order."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "nlu").glob("*.yml")):
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        assert document["version"] == "3.1", path.name
        for entry in document["nlu"]:
            found[entry["intent"]] += [line.removeprefix("- ") for line in entry["examples"].splitlines()]
    return dict(found)


@lru_cache(maxsize=1)
def held_out() -> list[dict[str, str]]:
    """The utterances kept apart."""
    loaded: list[dict[str, str]] = YAML(typ="safe", pure=True).load(HELD_OUT.read_text(encoding="utf-8"))
    return loaded


def test_every_intent_is_taught_and_no_other() -> None:
    assert set(examples()) == INTENTS


@pytest.mark.parametrize("intent", sorted(INTENTS))
def test_an_intent_is_taught_by_enough_different_lines(intent: str) -> None:
    assert len({normalised(line) for line in examples()[intent]}) >= EXAMPLES_PER_INTENT


def test_an_intent_stands_in_one_file_only() -> None:
    places: Counter[str] = Counter()
    for path in (ROOT / "nlu").glob("*.yml"):
        places.update(re.findall(r"^- intent: (\w+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert [intent for intent, count in places.items() if count != 1] == []


def test_no_text_is_taught_twice_or_under_two_intents() -> None:
    intents: dict[str, list[str]] = defaultdict(list)
    for intent, lines in examples().items():
        for line in lines:
            intents[normalised(line)].append(intent)
    assert {text: names for text, names in intents.items() if len(names) > 1} == {}


@pytest.mark.parametrize("intent", sorted(INTENTS))
def test_no_line_is_another_with_a_word_changed(intent: str) -> None:
    lines = [(line, pairs(line)) for line in examples()[intent] if len(normalised(line)) >= NEAR_DUPLICATE_FROM]
    lines.sort(key=lambda item: len(item[1]))
    near = []
    for position, (line, its_pairs) in enumerate(lines):
        for other, other_pairs in lines[position + 1 :]:
            if len(its_pairs) < NEAR_DUPLICATE * len(other_pairs):
                break  # sorted by size: no longer line can be close enough
            if similarity(its_pairs, other_pairs) > NEAR_DUPLICATE:
                near.append((line, other))
    assert near == []


def _every_text() -> list[str]:
    return [line for lines in examples().values() for line in lines] + [item["text"] for item in held_out()]


@pytest.mark.parametrize("kind", sorted(_RAW_VALUES))
def test_no_value_that_masking_replaces_stands_in_clear(kind: str) -> None:
    pattern = _RAW_VALUES[kind]
    texts = (unicodedata.normalize("NFKC", text) for text in _every_text())
    assert [text for text in texts if pattern.search(text)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mobile number", "电话１３８００１３８０００谢谢"),
        ("400 or landline number", "打400-123-4567吧"),
        ("400 or landline number", "座机020-87654321"),
        ("identity card number", "我的是11010519491231002X"),
        ("credit code", "代码91350100M000100Y43"),
        ("e-mail address", "发到a.b@example.com吧"),
        ("bank card number", "卡号6222020000000000000"),
    ],
)
def test_a_value_in_clear_would_be_noticed(kind: str, text: str) -> None:
    assert _RAW_VALUES[kind].search(unicodedata.normalize("NFKC", text))


def test_placeholders_are_those_of_the_masking() -> None:
    marked = re.compile(r"«[^»]*»?|»")
    assert {found for text in _every_text() for found in marked.findall(text)} <= PLACEHOLDERS


def test_no_line_is_an_engine_command_or_carries_an_annotation() -> None:
    odd = re.compile(r"^\s*/|[\[\]{}]")
    assert [text for text in _every_text() if odd.search(unicodedata.normalize("NFKC", text))] == []


def test_no_line_is_blank_or_padded() -> None:
    assert [text for text in _every_text() if not text.strip() or text != text.strip()] == []


@pytest.mark.parametrize(
    "text",
    [
        "我没同意过",
        "我妈同意了",
        "等下再同意",
        "不同意会怎样",
        "同意了会有啥后果",
        "谁同意的",
        "我不同意这条但想继续看",
    ],
)
def test_talk_about_consent_is_not_taught_as_consent(text: str) -> None:
    consents = {normalised(line) for line in examples()["accept_agreement"]}
    assert normalised(text) not in consents


def test_lines_that_mention_consent_mostly_belong_to_other_intents() -> None:
    mentions = {intent: sum("同意" in line for line in lines) for intent, lines in examples().items()}
    others = sum(count for intent, count in mentions.items() if intent != "accept_agreement")
    assert others > mentions["accept_agreement"]
    for intent in ("reject_agreement", "withdraw_consent", "ask_clause_question", "guardian_help"):
        assert mentions[intent] >= 10, intent


def test_consent_lines_neither_refuse_nor_ask() -> None:
    # A question or a condition is no consent: 同意会怎样吗, 删掉这条我就签. A doubt overcome (不看了，同意) is one.
    refusing = re.compile(r"[吗?？]$|不同意$|才签|才同意|我就签|如果|要是|除非")
    assert [line for line in examples()["accept_agreement"] if refusing.search(line)] == []


def test_held_out_utterances_cover_every_intent_alike() -> None:
    assert Counter(item["intent"] for item in held_out()) == dict.fromkeys(INTENTS, HELD_OUT_PER_INTENT)


def test_held_out_utterances_are_described_by_known_words() -> None:
    for item in held_out():
        assert set(item) == {"id", "text", "intent", "persona", "difficulty"}, item
        assert re.fullmatch(rf"{item['intent']}-\d\d", item["id"]), item
        assert item["persona"] in PERSONAS, item
        assert item["difficulty"] in DIFFICULTIES, item
    assert {item["persona"] for item in held_out()} == PERSONAS


def test_held_out_utterances_are_different_from_each_other() -> None:
    for values in (Counter(item["id"] for item in held_out()), Counter(normalised(i["text"]) for i in held_out())):
        assert [value for value, count in values.items() if count > 1] == []


def test_no_held_out_utterance_is_trained_on() -> None:
    trained = [(normalised(line), pairs(line)) for lines in examples().values() for line in lines]
    texts = {text for text, _ in trained}
    leaked = []
    for item in held_out():
        if normalised(item["text"]) in texts:
            leaked.append(item["id"])
        elif len(normalised(item["text"])) >= NEAR_DUPLICATE_FROM:
            its_pairs = pairs(item["text"])
            if any(similarity(its_pairs, other) > NEAR_DUPLICATE for _, other in trained):
                leaked.append(item["id"])
    assert leaked == []
