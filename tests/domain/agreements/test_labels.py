"""What a person must be shown is found, and a promise in their favour is not held against the platform."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
from ruamel.yaml import YAML

from domain.agreements import ParsedAgreement, key, parse, parse_file
from domain.agreements.labels import rules
from domain.agreements.units import units

from .official import NAMES, official

GOLD: dict[str, dict[str, str]] = YAML(typ="safe").load(
    files("tests.domain.agreements").joinpath("gold_labels.yml").read_text("utf-8")
)


def labels_of(text: str) -> set[str]:
    parsed = parse(f"# 试写平台用户协议\n\n1. {text}\n".encode(), "a.md")
    return {label for clause in key(parsed) for label in clause.labels}


def tier_of(text: str) -> int | None:
    parsed = parse(f"# 试写平台用户协议\n\n1. {text}\n".encode(), "a.md")
    return next((clause.tier for clause in key(parsed)), None)


def judged(parsed: ParsedAgreement, gold: dict[str, str]) -> Iterator[tuple[set[str], set[str], set[str]]]:
    """For each unit: labels it must have, labels it may have, labels found."""
    found = {clause.uid: set(clause.labels) for clause in key(parsed)}
    for unit in units(parsed):
        words = gold.get(unit.uid, "").split()
        must = {word for word in words if not word.startswith("(")}
        yield must, {word.strip("()") for word in words}, set(found.get(unit.uid, set()))


def test_the_clauses_that_matter_are_found_in_the_official_texts() -> None:
    hits = misses = alarms = right = wrong = lacking = 0
    for name in NAMES:
        for must, may, found in judged(parse_file(official(name)), GOLD[name]):
            hits += bool(must and found)
            misses += bool(must and not found)
            alarms += bool(found and not may)
            right += len(found & may)
            wrong += len(found - may)
            lacking += len(must - found)
    assert hits / (hits + misses) >= 0.97
    assert hits / (hits + alarms) >= 0.93
    assert right / (right + wrong) >= 0.9
    assert right / (right + lacking) >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_no_agreement_asks_for_more_than_twelve_cards_of_their_own(name: str) -> None:
    cards = [clause.uid for clause in key(parse_file(official(name))) if clause.tier == 1]
    assert 3 <= len(cards) <= rules().most_cards == 12


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("rencai", "九/9.3"), ("xiaohe", "十五/(七)"), ("xiaohe", "五/(五)"), ("renrenbao", "第6条/6.1"),
        ("renrenbao", "第7条/7.5"), ("weigongbao", "第十二条/3"), ("weigongbao", "第四条/8"),
        ("weigongbao", "第四条#2/2"), ("weigongbao", "第二条/6"), ("zhiyonggong", "7"), ("zhiyonggong", "4/4.3"),
        ("zhiyonggong", "3/3.7"),
    ],
)  # fmt: skip
def test_the_harshest_clauses_get_a_card_of_their_own(name: str, uid: str) -> None:
    tiers = {clause.uid: clause.tier for clause in key(parse_file(official(name)))}
    assert tiers[uid] == 1


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("平台的赔偿责任以用户最近一年支付的费用总额为限，不超过该数额。", "LIABCAP"),
        ("平台有权从用户余额中划扣违约金。", "MONEY"),
        ("会员费一经支付，概不退还。", "MONEY"),
        ("平台可以与合作伙伴共享您的个人信息。", "DATASHARE"),
        ("用户上传的作品，平台享有独家、不可撤销的使用权。", "RIGHTS"),
        ("争议提交上海仲裁委员会仲裁。", "DISPUTE"),
        ("本规则的最终解释权归平台。", "DISPUTE"),
        ("注销须经平台审核同意方可办理。", "EXIT"),
        ("平台有权随时终止向用户提供服务，无需事先通知。", "SUSPEND"),
        ("连续九十日未登录的账号，平台可以收回。", "SUSPEND"),
        ("平台有权修改本协议，修改后的条款一经公布即生效。", "CHANGE"),
        ("平台可将违规用户的名单予以公示。", "CONTENT"),
        ("因黑客攻击造成的损失，平台不承担任何责任。", "DISCLAIM"),
        ("用户应赔偿平台因此支出的律师费。", "USERLIAB"),
        ("用户点击同意即视为接受全部条款。", "ASSENT"),
        ("平台会收集您的身份证号码等个人信息。", "DATAUSE"),
        ("通知自发送之日视为已送达。", "NOTICE"),
    ],
)
def test_each_kind_of_clause_is_known_by_its_words(text: str, label: str) -> None:
    assert label in labels_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "平台不会向任何人出售或者出借用户的个人信息。",
        "平台承诺不会收集您的身份证号码等个人信息。",
        "平台绝不与第三方共享您的资料。",
        "我们不会自动扣款，也不会划扣您的余额。",
    ],
)
def test_a_promise_in_the_users_favour_is_no_reason_for_a_card(text: str) -> None:
    assert not labels_of(text) & {"DATASHARE", "DATAUSE", "MONEY", "RIGHTS"}


def test_a_promise_with_exceptions_is_shown_all_the_same() -> None:
    assert "DATASHARE" in labels_of("平台不会向第三方提供您的资料，但下列情况除外：依法需要。")


@pytest.mark.parametrize("text", ["平台成立于二零一零年。", "用户可以在页面上查看天气。", "本协议共十条。"])
def test_a_harmless_clause_gets_no_label(text: str) -> None:
    assert tier_of(text) is None


def test_the_tier_follows_the_wording() -> None:
    assert tier_of("争议提交上海仲裁委员会仲裁。") == 1
    assert tier_of("通知自发送之日视为已送达。") == 2
    assert tier_of("本协议适用中华人民共和国法律。") == 3


def test_more_than_twelve_harsh_clauses_leave_twelve_cards_and_lose_none() -> None:
    body = "\n\n".join(f"{number}. 平台有权从用户余额中划扣第{number}类违约金。" for number in range(1, 20))
    found = key(parse(f"# 试写平台用户协议\n\n{body}\n".encode(), "a.md"))
    assert [clause.tier for clause in found].count(1) == 12
    assert len(found) == 19


def test_a_cue_is_a_piece_of_what_is_printed() -> None:
    found = key(parse("# 试写平台用户协议\n\n1. 争议提交上海仲裁委员会仲裁。\n".encode(), "a.md"))
    assert found[0].cues
    assert all(cue in "争议提交上海仲裁委员会仲裁。" for cue in found[0].cues)
