"""A new version is told by what it says, not by how it is printed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agreements import Diff, diff, parse, parse_file

from .official import NAMES, official

TEXT = """# 试写平台用户协议

## 一、付款

1.1 用户应当在三日内付款，逾期按日加收千分之三。
1.2 平台不得向他人提供用户的信息。
1.3 争议由双方协商，协商不成的提交仲裁。

## 二、退出

2.1 用户可以随时注销账号，注销之后数据在三十日内删除。
2.2 平台调整收费应当提前七日公告，公告期满后生效。
2.3 本协议一式两份，具有同等效力。
"""


def compared(new: str, old: str = TEXT) -> Diff:
    return diff(parse(old.encode(), "old.md"), parse(new.encode(), "new.md"))


def without(number: str) -> str:
    return "\n".join(line for line in TEXT.split("\n") if not line.startswith(number))


def test_the_same_text_has_no_changes() -> None:
    assert compared(TEXT) == Diff()


@pytest.mark.parametrize(
    "edited",
    [
        TEXT.replace("，", ","),
        TEXT.replace("1.1 ", "１．１　"),
        TEXT.replace("。\n", "\n\n\n"),
        TEXT.replace("付款，逾期", "付款,\n逾期"),
        TEXT.replace("账号", "帐号"),
        TEXT.replace("## ", "**").replace("、付款", "、付款**").replace("、退出", "、退出**"),
    ],
    ids=["punctuation", "width", "full stops", "broken line", "spelling", "markup"],
)
def test_a_cosmetic_edit_is_not_substantive(edited: str) -> None:
    found = compared(edited)
    assert not found.substantive
    assert not found.added
    assert not found.removed
    assert not found.moved


@pytest.mark.parametrize(
    ("before", "after", "uid"),
    [
        ("不得向他人", "可以向他人", "一/1.2"),
        ("三日内", "五日内", "一/1.1"),
        ("千分之三", "千分之五", "一/1.1"),
        ("不得", "得", "一/1.2"),
        ("七日", "17日", "二/2.2"),
        ("可以随时", "不可以随时", "二/2.1"),
    ],
)
def test_one_word_of_polarity_or_number_is_substantive(before: str, after: str, uid: str) -> None:
    changed = compared(TEXT.replace(before, after, 1)).changed
    assert [(change.before, change.after, change.substantive) for change in changed] == [(uid, uid, True)]


def test_a_decimal_point_and_a_range_are_part_of_a_number() -> None:
    old = "1. 收取3.5%的费用。\n2. 期限为3-5日。\n"
    found = compared("1. 收取35%的费用。\n2. 期限为35日。\n", old)
    assert [change.substantive for change in found.changed] == [True, True]


def test_an_inserted_clause_is_added_and_its_followers_only_renumbered() -> None:
    new = TEXT.replace("1.3", "1.4").replace("1.2", "1.3").replace("1.3 平台", "1.2 节日另有活动安排。\n1.3 平台")
    found = compared(new)
    assert found.added == ("一/1.2",)
    assert [(change.before, change.after, change.substantive) for change in found.changed] == [
        ("一/1.2", "一/1.3", False),
        ("一/1.3", "一/1.4", False),
    ]


def test_a_deleted_clause_is_removed() -> None:
    found = compared(without("2.2").replace("2.3", "2.2"))
    assert found.removed == ("二/2.2",)
    assert [(change.before, change.after, change.substantive) for change in found.changed] == [
        ("二/2.3", "二/2.2", False)
    ]


def test_exchanged_clauses_are_moved_not_rewritten() -> None:
    lines = TEXT.split("\n")
    first, last = (
        lines.index(next(x for x in lines if x.startswith("2.1"))),
        lines.index(next(x for x in lines if x.startswith("2.3"))),
    )
    lines[first], lines[last] = lines[last].replace("2.3", "2.1"), lines[first].replace("2.1", "2.3")
    found = compared("\n".join(lines))
    assert {(move.before, move.after) for move in found.moved} == {("二/2.1", "二/2.3"), ("二/2.3", "二/2.1")}
    assert not found.substantive


def test_a_clause_split_in_two_is_no_new_clause() -> None:
    new = TEXT.replace("2.3", "2.4").replace("2.2", "2.3").replace("账号，注销之后", "账号。\n2.2 注销之后")
    found = compared(new)
    assert not found.added
    assert not found.removed
    assert not found.substantive
    assert [(change.before, change.after) for change in found.changed][:2] == [
        ("二/2.1", "二/2.1"),
        ("二/2.1", "二/2.2"),
    ]


def test_two_clauses_merged_into_one_are_not_lost() -> None:
    found = compared(TEXT.replace("\n2.3 ", ""))
    assert not found.removed
    assert not found.substantive
    assert ("二/2.3", "二/2.2") in {(change.before, change.after) for change in found.changed}


def test_a_split_that_also_changes_a_number_is_substantive() -> None:
    new = (
        TEXT.replace("2.3", "2.4")
        .replace("2.2", "2.3")
        .replace("账号，注销之后", "账号。\n2.2 注销之后")
        .replace("三十日", "九十日")
    )
    found = compared(new)
    assert found.substantive


def test_the_public_form_says_from_and_to() -> None:
    dumped = compared(TEXT.replace("三日内", "五日内")).model_dump(mode="json", by_alias=True)
    assert dumped["changed"] == [{"from": "一/1.1", "to": "一/1.1", "substantive": True}]
    assert set(dumped) == {"added", "removed", "moved", "changed"}


@pytest.mark.parametrize("name", NAMES)
def test_each_mutation_of_an_official_text_is_told_exactly(name: str) -> None:
    path = official(name)
    source = path.read_text("utf-8")
    old = parse_file(path)
    assert diff(old, parse(source.replace("，", ",").encode(), "a.txt")).substantive is False
    for before, after in (("不承担", "承担"), ("不得", "可以"), ("有权", "无权")):
        at = source.find(before, len(source) // 3)
        if at < 0:
            continue
        changed = diff(old, parse((source[:at] + after + source[at + len(before) :]).encode(), "a.txt"))
        assert [change.substantive for change in changed.changed] == [True]
        assert not changed.added
        assert not changed.removed


@given(st.permutations(["用户应当守时。", "平台应当守约，不得泄密。", "费用按月支付三十元。", "争议提交仲裁委员会。"]))
@settings(max_examples=24, deadline=None)
def test_any_order_of_the_same_clauses_says_the_same(order: list[str]) -> None:
    old = "\n".join(f"{number}. {text}" for number, text in enumerate(sorted(order), 1))
    new = "\n".join(f"{number}. {text}" for number, text in enumerate(order, 1))
    found = compared(new, old)
    assert not found.substantive
    assert bool(found.moved) == (order != sorted(order))
