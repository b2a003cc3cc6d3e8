"""The five official texts: every number as printed, every word once, remarks kept apart."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest

from domain.agreements import Clause, ParsedAgreement, parse_file

from .official import NAMES, official


def load(name: str) -> ParsedAgreement:
    return parse_file(official(name))


def clause(parsed: ParsedAgreement, uid: str) -> Clause:
    found = parsed.find(uid)
    assert found is not None, uid
    return found


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("name", "clauses"), [("rencai", 88), ("xiaohe", 94), ("renrenbao", 61), ("weigongbao", 111), ("zhiyonggong", 81)]
)
def test_every_clause_of_an_official_text_is_found(name: str, clauses: int) -> None:
    parsed = load(name)
    assert sum(1 for each in parsed.walk() if each.uid != "preamble") == clauses


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_character_stands_in_exactly_one_place(name: str) -> None:
    source = official(name).read_text("utf-8")
    source = re.sub(r"^[-#] |\*\*", "", source, flags=re.MULTILINE)
    parsed = load(name)
    parts = [parsed.title, *parsed.preamble, *(f"{note.author}{note.text}" for note in parsed.annotations)]
    for top in parsed.clauses:
        parts += [part for each in top.walk() for part in (each.number, each.heading or "", each.text)]
    printed, kept = Counter(squeezed(source)), Counter(squeezed("".join(parts)))
    assert not kept - printed
    left = printed - kept
    # Only what closes a number, a heading's 【】 and bullets are not text.
    assert set(left) <= set("、.．【】-")


@pytest.mark.parametrize("name", NAMES)
def test_a_clause_text_is_printed_so_in_the_source(name: str) -> None:
    source = squeezed(official(name).read_text("utf-8").replace("**", ""))
    parsed = load(name)
    for note in parsed.annotations:
        source = source.replace(squeezed(f"{note.author}{note.text}"), "", 1)
    for each in parsed.walk():
        for sentence in re.findall(r"[^。；\n]+[。；]", each.text):
            joined = squeezed(sentence)
            assert joined in source or any(part in source for part in joined.split("：")), each.uid


@pytest.mark.parametrize("name", NAMES)
def test_no_warning_speaks_of_anything_but_a_flaw_of_the_print(name: str) -> None:
    flaws = {
        "renrenbao": ("第5条/5.8: 5.6 is followed by 5.8: one number is missing",),
        "weigongbao": (
            "第四条#2: 第四条 stands twice",
            "第六条: 第四条 is followed by 第六条: one number is missing",
        ),
    }
    assert load(name).warnings == flaws.get(name, ())


def test_headings_stand_without_brackets_and_numbers_without_their_signs() -> None:
    parsed = load("xiaohe")
    assert (parsed.clauses[0].number, parsed.clauses[0].heading) == ("一", "定义")
    assert clause(parsed, "五/(三)/1").number == "1"
    assert clause(parsed, "一/(六)").number == "(六)"
    assert clause(parsed, "一/(一)").number == "（一）"
    assert not any("【" in (each.heading or "") for each in parsed.walk())


def test_third_level_decimals_hang_below_their_clause() -> None:
    parsed = load("rencai")
    assert clause(parsed, "三/3.1/3.1.1").path == ("三", "3.1", "3.1.1")
    assert clause(parsed, "三/3.3").heading == "账号注销"
    assert clause(parsed, "三/3.3").text.endswith("承担任何责任。")


def test_a_word_broken_by_a_page_is_joined() -> None:
    assert "法定代表人姓名等" in clause(load("rencai"), "三/3.1/3.1.1").text
    assert "手机号" in clause(load("xiaohe"), "五/(二)").text
    assert clause(load("xiaohe"), "七/(二)").heading is None


def test_the_article_printed_twice_is_kept_twice() -> None:
    parsed = load("weigongbao")
    assert [each.uid for each in parsed.clauses][3:6] == ["第四条", "第四条#2", "第六条"]
    assert clause(parsed, "第四条#2/3/C").number == "C"


def test_paragraphs_behind_a_list_belong_to_the_clause_that_owns_the_list() -> None:
    weigongbao, renrenbao = load("weigongbao"), load("renrenbao")
    assert clause(weigongbao, "第八条/2").text.endswith("使用承诺等内容。")
    assert clause(weigongbao, "第八条/2/H").text.endswith("披露。")
    assert clause(weigongbao, "第九条/1").text.endswith("认定为违约。")
    assert clause(renrenbao, "第5条/5.8").text.endswith("内容；")
    assert clause(renrenbao, "第5条").text.endswith("法律责任。")


def test_a_text_in_one_line_comes_apart_at_its_numbers_only() -> None:
    parsed = load("renrenbao")
    assert [each.number for each in parsed.clauses] == [f"第{number}条" for number in range(1, 11)]
    assert clause(parsed, "第5条").heading == "用户依法言行义务"
    assert clause(parsed, "第2条").heading == "本站服务"
    assert "第二十五条" in clause(parsed, "第6条/6.2").text
    assert [each.number for each in clause(parsed, "第7条/7.6").children] == ["a)", "b)", "c)", "d)", "e)"]
    assert parsed.title == "用户协议和隐私政策"
    assert "400-862-0588" in clause(parsed, "第10条/10.4").text


def test_an_article_whose_body_stands_on_its_number_line_has_no_heading() -> None:
    article = clause(load("weigongbao"), "第十四条")
    assert article.heading is None
    assert article.text.endswith("最终解释权。")


def test_bold_of_the_print_is_kept_as_marks() -> None:
    parsed = load("weigongbao")
    first = clause(parsed, "第一条/3")
    assert [first.text[mark.start : mark.end] for mark in first.marks] == ["【信息真实】"]
    whole = clause(parsed, "第六条/4")
    assert [(mark.start, mark.end, mark.kind) for mark in whole.marks] == [(0, len(whole.text), "bold")]
    assert not any("**" in each.text for each in parsed.walk())


def test_remarks_of_reviewers_are_kept_apart_with_author_and_place() -> None:
    parsed = load("zhiyonggong")
    assert Counter(note.author for note in parsed.annotations) == {"秦语谦": 7, "Administration": 7, "郑子睿": 1}
    assert all(note.text.startswith("【第") for note in parsed.annotations)
    assert parsed.annotations[7].near == "4/4.1"
    assert not any("批注" in each.full_text() or "秦语谦" in each.full_text() for each in parsed.walk())


def test_a_sentence_goes_on_behind_a_remark() -> None:
    parsed = load("zhiyonggong")
    assert "本协议对隐私保护的规定" in clause(parsed, "4/4.1").text
    assert "准确性也都不作担保" in clause(parsed, "6/6.2").text
    assert clause(parsed, "7").text.startswith("用户因使用智用工")


def test_look_alike_radicals_stay_as_printed() -> None:
    text = clause(load("zhiyonggong"), "3/3.2").text
    assert "⽹" in text
    assert all(each.uid == unicodedata.normalize("NFKC", each.uid) for each in load("zhiyonggong").walk())
