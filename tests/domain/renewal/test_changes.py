"""What changed is read clause by clause, with the words that differ marked, and a typo is no change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreements import ParsedAgreement, parse
from domain.consent.deck import build_deck
from domain.renewal.changes import ALONE, Changes, asks_again, changes, marks, same_words
from tests.support.databases import platforms

OLD = """# 示例协议

第一条 服务

1.1 平台为您提供代办服务，每月收费 30 元。
1.2 您应当如实填写资料，不得冒用他人身份。
1.3 平台可以在页面上发布广告，您可以随时关闭。

第二条 退出

2.1 您可以随时申请退出，平台应当在三日内办理。
2.2 退出以后，平台删除您的资料，法律另有规定的除外。
"""


def read(text: str) -> ParsedAgreement:
    return parse(text.encode(), "a.md")


def between(old: str, new: str) -> Changes:
    after = read(new)
    return changes(read(old), after, build_deck((), after, None))


def test_a_reworded_an_added_and_a_removed_clause_are_told_apart() -> None:
    new = OLD.replace("30 元", "90 元").replace("1.3 平台可以在页面上发布广告，您可以随时关闭。\n", "")
    new += "2.3 因平台原因停止服务的，平台应当退还未使用的费用。\n"
    found = between(OLD, new)
    kinds = {change.kind: change for change in found.substantive}
    assert set(kinds) == {"reworded", "added", "removed"}
    assert kinds["added"].before is None and kinds["added"].number == "2.3"
    assert kinds["removed"].after is None and kinds["removed"].number == "1.3"
    reworded = kinds["reworded"]
    assert reworded.before is not None and reworded.after is not None
    ((a, b),), ((c, d),) = reworded.before_marks, reworded.after_marks
    assert (reworded.before.text[a:b], reworded.after.text[c:d]) == ("30", "90")
    assert found.substantive[-1].kind == "removed", "what there is to be read comes first"


@pytest.mark.parametrize(
    "new",
    [
        OLD.replace("，", ",").replace("。", " 。"),
        OLD.replace("30", "３０"),
        OLD.replace("2.1", "3.1").replace("2.2", "3.2").replace("第二条", "第三条"),
        OLD.replace("\n1.2", "\n\n\n1.2"),
    ],
    ids=["signs", "width", "renumbered", "blank lines"],
)
def test_signs_width_numbers_and_lines_ask_nobody(new: str) -> None:
    assert not asks_again(read(OLD), read(new))
    assert between(OLD, new).substantive == ()


@pytest.mark.parametrize(
    ("was", "now"),
    [("30 元", "300 元"), ("可以随时关闭", "不可以关闭"), ("三日内", "三十日内"), ("应当", "可以")],
)
def test_a_changed_figure_or_a_single_word_asks_again(was: str, now: str) -> None:
    assert was in OLD
    assert asks_again(read(OLD), read(OLD.replace(was, now, 1)))


def test_the_same_words_cut_into_clauses_otherwise_are_the_same_agreement() -> None:
    """A newer parser may see clauses where an older one saw a paragraph."""
    whole = read(OLD)
    paragraphs = tuple(f"{c.number}{c.heading or ''}{c.text}" for c in whole.walk())
    other = ParsedAgreement(title=whole.title, preamble=paragraphs)
    assert same_words(whole, other)
    assert not asks_again(whole, other)
    deck = build_deck((), other, None)
    assert changes(whole, other, deck).substantive == ()


def test_a_clause_that_only_stands_elsewhere_is_named_as_cosmetic() -> None:
    one, two = "1.1 平台为您提供代办服务，每月收费 30 元。", "1.2 您应当如实填写资料，不得冒用他人身份。"
    swapped = OLD.replace(one, "X").replace(two, one.replace("1.1", "1.2")).replace("X", two.replace("1.2", "1.1"))
    found = between(OLD, swapped)
    assert found.substantive == () and found.cosmetic


def test_many_changes_make_few_cards() -> None:
    numbered = "\n".join(f"1.{at} 第 {at} 项服务由平台在每月 {at} 日前办理完毕，并通知您结果。" for at in range(1, 81))
    old = f"# 协议\n\n第一条 服务\n\n{numbered}\n"
    leaves = between(old, old.replace("办理完毕，并通知您结果", "办理，您自己查询")).leaves()
    assert sum(len(leaf) for leaf in leaves) == 80
    assert len(leaves) <= ALONE + 10
    few = between(OLD, OLD.replace("30 元", "90 元").replace("三日", "五日")).leaves()
    assert [len(leaf) for leaf in few] == [1, 1]


@pytest.mark.parametrize("platform", ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"])
def test_what_it_means_is_said_only_where_a_card_was_reviewed_for_the_new_words(platform: str) -> None:
    loaded = platforms().get(platform)
    raw = loaded.sample_bytes.decode().replace("。", "，另有规定的除外。", 12)
    after = parse(raw.encode(), "a.md")
    found = changes(loaded.sample, after, build_deck(loaded.cards, after, None))
    assert found.substantive
    for change in found.substantive:
        if change.card is not None:
            known = [hash for hashes in change.card.card.reviewed_for.values() for hash in hashes]
            assert all(clause.sha256 in known for clause in change.card.clauses)


@given(st.text("平台您用户可以不得3元０。，\n", max_size=60), st.text("平台您用户可以不得3元０。，\n", max_size=60))
def test_marks_lie_inside_the_texts_in_order_and_what_is_not_marked_is_the_same(before: str, after: str) -> None:
    old, new = marks(before, after)
    rests = []
    for text, spans in ((before, old), (after, new)):
        at, rest = 0, ""
        for start, end in spans:
            assert at <= start <= end <= len(text)
            rest += text[at:start]
            at = end
        rests.append((rest + text[at:], spans))
    if before == after:
        assert (old, new) == ((), ())
    # A stretch between two marks may be taken in by them: then the rest of one side is shorter.
    assert len(rests[0][0]) <= len(before) and len(rests[1][0]) <= len(after)
    if before != after:
        assert old or new
