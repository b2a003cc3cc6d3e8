"""What the trained model makes of messages, above all of those that must not pass for a consent or a yes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.engine.running import Engine, Json

# The same sentences that the rule is checked with, here through the whole engine.
NO_CONSENT: tuple[str, ...] = next(
    ast.literal_eval(node.value)
    for node in ast.parse(Path(__file__).with_name("inside.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NO_CONSENT"
)
NO_YES = (
    "不是", "不对", "不行", "没有", "不可以", "不用了", "没有问题才怪", "对吗", "可以吗？", "行不行", "不好", "唔係",
    "唔好", "不要", "别", "不是的", "不不不", "嗯不对", "好像不对", "不太对", "没有没有", "才不是", "reject", "quit",
    "nah",     "not ok", "布是", "有误", "行是行，可是第九条得改",
)  # fmt: skip


def _names(result: Json) -> list[str]:
    return [result["intent"]["name"], *(entry["name"] for entry in result["ranking"])]


def test_what_is_no_consent_is_not_even_offered_as_one(engine: Engine) -> None:
    read = dict(zip(NO_CONSENT, engine.parse(*NO_CONSENT), strict=True))
    assert {text: result["intent"] for text, result in read.items() if "accept_agreement" in _names(result)} == {}


def test_a_negated_yes_is_not_even_offered_as_one(engine: Engine) -> None:
    read = dict(zip(NO_YES, engine.parse(*NO_YES), strict=True))
    assert {text: result["intent"] for text, result in read.items() if "affirm" in _names(result)} == {}


@pytest.mark.parametrize("text", ["嘿嘿嘿", "👌", "嗯", "好", "行", "可以", "ok", "知道了", "👍"])
def test_a_casual_yes_is_not_consent_wording(engine: Engine, text: str) -> None:
    (result,) = engine.parse(text)
    assert result["intent"]["name"] != "accept_agreement"


@pytest.mark.parametrize("text", ["同意", "我同意", "我同意以上条款", "同意並繼續", "接受协议"])
def test_plain_consent_wording_brings_the_card_back(engine: Engine, text: str) -> None:
    (result,) = engine.parse(text)
    assert result["intent"]["name"] == "accept_agreement"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我要注册", "start_register"),
        ("mm忘了怎么办", "reset_password"),
        ("收唔到驗證碼", "not_received_code"),
        ("我要投诉", "file_complaint"),
        ("轉人工", "contact_human"),
        ("不同意", "reject_agreement"),
        ("为什么要我的身份证", "ask_why_needed"),
        ("公司怎么注册", "enterprise_register"),
        ("孩子15岁能注册吗", "guardian_help"),
        ("不是要注册，是密码忘了", "reset_password"),
        ("我要注销账号", "cancel_account"),
    ],
)
def test_everyday_wishes_are_understood(engine: Engine, text: str, intent: str) -> None:
    (result,) = engine.parse(text)
    assert result["intent"]["name"] == intent
