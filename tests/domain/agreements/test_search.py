"""Questions are answered with the agreement's own words, or not at all."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from domain.agreements import Answer, ParsedAgreement, Searcher, parse, parse_file

from .official import NAMES, official

QUESTIONS: dict[str, dict[str, list[str]]] = YAML(typ="safe").load(
    files("tests.domain.agreements").joinpath("questions.yml").read_text("utf-8")
)

TEXT = """# 试写租书平台用户协议

欢迎使用试写租书平台。

## 一、账号

1. 账号归平台所有，用户不得把账号出借给他人使用。
2. 连续十二个月没有登录的账号，平台可以回收。
3. 发现账号被他人非法使用的，用户应当立即通知平台。

## 二、费用

1. 租书按日收费，收费标准以页面公告为准。
2. 押金在还书后退还。

## 三、争议

1. 发生争议的，双方协商；协商不成的，向平台所在地人民法院起诉。
"""


def searcher() -> tuple[ParsedAgreement, Searcher]:
    parsed = parse(TEXT.encode(), "a.md")
    return parsed, Searcher(parsed)


def right(answer: Answer, expected: list[str]) -> list[bool]:
    return [any(one.uid == uid or one.uid.startswith(f"{uid}/") for uid in expected) for one in answer.answers]


def test_people_find_their_clause_in_the_official_texts() -> None:
    first = among = answerable = refused = silent = unanswerable = 0
    for name in NAMES:
        search = Searcher(parse_file(official(name)))
        for question, expected in QUESTIONS[name].items():
            answer = search.ask(question)
            if not expected:
                unanswerable += 1
                silent += answer.abstained
                continue
            hits = right(answer, expected)
            answerable += 1
            first += bool(hits and hits[0])
            among += any(hits)
            refused += answer.abstained
    assert first / answerable >= 0.8
    assert among / answerable >= 0.95
    assert silent / unanswerable >= 0.85
    assert refused / answerable <= 0.1


@pytest.mark.parametrize(
    ("question", "uid"),
    [
        ("号能借给我弟用吗", "一/1"),
        ("多久不登录会被回收", "一/2"),
        ("有人用我的号怎么办", "一/3"),
        ("打官司去哪", "三/1"),
        ("帳號可以借給別人嗎", "一/1"),
        ("  打官司 去 哪 里 ？？", "三/1"),
    ],
)
def test_a_question_in_plain_words_finds_the_clause(question: str, uid: str) -> None:
    _, search = searcher()
    answer = search.ask(question)
    assert not answer.abstained
    assert answer.answers[0].uid == uid


@pytest.mark.parametrize(
    "question",
    [
        "客服电话是多少",
        "租一天几块钱",
        "几天能处理完投诉",
        "支持刷脸登录吗",
        "周末几点开门",
        "今天天气怎么样",
        "",
        "？？？",
    ],
)
def test_what_the_agreement_does_not_say_is_not_answered(question: str) -> None:
    _, search = searcher()
    answer = search.ask(question)
    assert answer.abstained
    assert "协议没有写明" in answer.say


def test_an_abstention_names_the_nearest_clause() -> None:
    _, search = searcher()
    answer = search.ask("租一天几块钱")
    assert answer.answers[0].uid == "二/1"
    assert answer.answers[0].quote in answer.say
    assert "二（费用）" in answer.say


def test_an_answer_quotes_the_clause_and_offers_the_next_two() -> None:
    _, search = searcher()
    answer = search.ask("号能借给我弟用吗")
    assert f"“{answer.answers[0].quote}”" in answer.say
    assert len(answer.answers) <= 3
    assert [one.score for one in answer.answers] == sorted((one.score for one in answer.answers), reverse=True)


def test_the_second_article_of_the_same_number_is_named_as_such() -> None:
    text = "第一条 甲\n第二条 账号\n用户不得把账号出借给他人。\n第二条 仲裁\n争议提交仲裁委员会仲裁。\n第三条 丙\n"
    answer = Searcher(parse(text.encode(), "a.txt")).ask("在哪里仲裁")
    assert answer.answers[0].uid == "第二条#2"
    assert "第二个“第二条”" in answer.say


@pytest.mark.parametrize("name", NAMES)
def test_every_quote_is_printed_word_for_word_in_the_clause_it_names(name: str) -> None:
    parsed = parse_file(official(name))
    search = Searcher(parsed)
    for question in (question for asked in QUESTIONS.values() for question in asked):
        for one in search.ask(question).answers:
            clause = parsed.find(one.uid)
            assert clause is not None
            assert one.quote
            assert one.quote in clause.text
            assert 0 <= one.score <= 1


@given(st.text(alphabet="账号密码赔钱仲裁注销多少几天电话？ abc123（）％①\u200b\n/", max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_question_gets_a_sentence_and_only_printed_quotes(question: str) -> None:
    parsed, search = searcher()
    answer = search.ask(question)
    assert answer.say
    for one in answer.answers:
        clause = parsed.find(one.uid)
        assert clause is not None
        assert one.quote in clause.text


def test_an_agreement_without_clauses_answers_nothing() -> None:
    answer = Searcher(parse("你好".encode(), "a.txt")).ask("账号能借人吗")
    assert answer.abstained
