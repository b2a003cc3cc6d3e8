import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.clause_numbers import clause_path, find_clause_numbers, match_clause, match_clauses

UIDS = [
    "preamble",
    "三",
    "三/3.1",
    "三/3.1/3.1.1",
    "三/(四)",
    "第三条",
    "第三条/1",
    "第四条",
    "第四条#2",
    "第四条#2/3",
    "第四条#2/3/C",
    "第十二条",
    "第十二条/3",
    "5",
    "5/5.1",
    "十三",
    "3/3.5/(13)",
    "第6条",
    "第6条/6.1",
]


@pytest.mark.parametrize(
    ("text", "value", "raw"),
    [
        ("第三条什么意思", "3", "第三条"),
        ("第3条", "3", "第3条"),
        ("第 3 条", "3", "第 3 条"),
        ("3.2.1说的啥", "3.2.1", "3.2.1"),
        ("第十二条第三款", "12/3", "第十二条第三款"),
        ("第十二条的第三款", "12/3", "第十二条的第三款"),
        ("三（四）", "3/4", "三（四）"),
        ("三(四)", "3/4", "三(四)"),
        ("6.1那条", "6.1", "6.1"),
        ("第３．２条", "3.2", "第３．２条"),
        ("第三条第(二)项", "3/2", "第三条第(二)项"),
        ("要是删掉第三条我就签", "3", "第三条"),
        ("第十章", "10", "第十章"),
    ],
)
def test_references_are_found_with_their_unit_words(text: str, value: str, raw: str) -> None:
    (span,) = find_clause_numbers(text)
    assert (span.value, text[span.start : span.end]) == (value, raw)


@pytest.mark.parametrize(
    "text", ["第一次", "第二天", "3.5元", "1.5倍", "2026.5.1", "13800138000", "一条短信", "v3.2.1", "10.5%", "第三方"]
)
def test_other_numbers_are_not_clauses(text: str) -> None:
    assert find_clause_numbers(text) == []


@pytest.mark.parametrize(
    ("reference", "best"),
    [
        ("第三条", "第三条"),
        ("第3条", "第三条"),
        ("3.1.1", "三/3.1/3.1.1"),
        ("三(四)", "三/(四)"),
        ("第十二条第三款", "第十二条/3"),
        ("5.1", "5/5.1"),
        ("第四条第3项C", "第四条#2/3/C"),
        ("3.5(13)", "3/3.5/(13)"),
        ("第三条第1款", "第三条/1"),
        ("十三", "十三"),
        ("第六条", "第6条"),
        ("6.1", "第6条/6.1"),
    ],
)
def test_a_reference_leads_to_the_clause_it_means(reference: str, best: str) -> None:
    assert match_clauses(reference, UIDS)[0] == best


def test_a_number_used_twice_yields_both_clauses() -> None:
    assert match_clauses("第四条", UIDS)[:2] == ["第四条", "第四条#2"]


def test_a_sentence_leads_to_its_clause_and_other_talk_to_none() -> None:
    assert match_clause("第十二条第三款是啥意思", UIDS) == "第十二条/3"
    assert match_clause("第九十九条呢", UIDS) is None
    assert match_clause("密码怎么改", UIDS) is None


@given(st.text(max_size=100))
def test_any_text_can_be_asked_for_clauses(text: str) -> None:
    assert all(0 <= span.start < span.end <= len(text) for span in find_clause_numbers(text))
    assert all(uid in UIDS for uid in match_clauses(text, UIDS))
    assert isinstance(clause_path(text), tuple)
