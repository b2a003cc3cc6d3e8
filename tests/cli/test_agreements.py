"""`mingshi agreements`: the JSON others build on, and what bad input is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import AGREEMENT, Run
from tests.domain.agreements.official import NAMES, official

_CLAUSE = {"number", "heading", "text", "marks", "path", "uid", "children"}
_VERSION = {
    "id", "platform_id", "version", "label", "source", "sha256", "text_sha256",
    "effective_at", "imported_at", "published_at",
}  # fmt: skip


def _walk(clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for clause in clauses for each in (clause, *_walk(clause["children"]))]


def test_parse_prints_the_clauses_as_the_contract_says(mingshi: Run, agreement: Path) -> None:
    parsed = mingshi("agreements", "parse", agreement, "--json").json
    assert set(parsed) == {"title", "preamble", "clauses", "annotations", "warnings"}
    assert parsed["title"] == "邻里帮用户协议"
    assert parsed["preamble"] == ["欢迎使用邻里帮。"]
    assert [c["uid"] for c in _walk(parsed["clauses"])] == [
        "1",
        "1/1.1",
        "1/1.2",
        "1/1.2/(1)",
        "1/1.2/(2)",
        "2",
        "2/2.1",
    ]
    fee = _walk(parsed["clauses"])[-1]
    assert set(fee) == _CLAUSE
    assert (fee["number"], fee["heading"], fee["path"]) == ("2.1", None, ["2", "2.1"])
    (bold,) = fee["marks"]
    assert bold["kind"] == "bold"
    assert fee["text"][bold["start"] : bold["end"]] == "已经交的费用概不退还"


def test_parse_shows_a_person_every_clause(mingshi: Run, agreement: Path) -> None:
    shown = mingshi("agreements", "parse", agreement).out
    assert "把您的手机号交给合作方" in shown
    assert "2.1" in shown


def test_words_that_look_like_markup_are_only_shown(mingshi: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("# 协议\n\n1、甲方[/bold]同意[red]一切[/nothing]。\n\n2、乙方也同意。\n", "utf-8")
    assert "[/bold]同意[red]一切[/nothing]" in mingshi("agreements", "parse", file).out


def test_words_that_would_steer_the_terminal_are_shown_without_that(mingshi: Run, agreement: Path) -> None:
    question = "\x1b[2J退钱\x1b]0;t\x07\u202e吗".encode()
    shown = mingshi("agreements", "ask", "--file", agreement, "--lines", stdin=question).out
    assert "[2J退钱]0;t吗" in shown


@pytest.mark.parametrize("name", NAMES)
def test_the_official_texts_are_read_without_a_running_app(mingshi: Run, name: str) -> None:
    file = official(name)
    parsed = mingshi("agreements", "parse", file, "--json").json
    uids = [clause["uid"] for clause in _walk(parsed["clauses"])]
    assert len(uids) > 20
    assert len(set(uids)) == len(uids)
    found = mingshi("agreements", "key", file, "--json").json
    assert {clause["uid"] for clause in found} <= {*uids, "preamble"}
    assert any(clause["tier"] == 1 for clause in found)


def test_key_names_labels_tier_and_cues(mingshi: Run, agreement: Path) -> None:
    found = {clause["uid"]: clause for clause in mingshi("agreements", "key", agreement, "--json").json}
    assert all(set(clause) == {"uid", "labels", "tier", "cues"} for clause in found.values())
    assert "MONEY" in found["2/2.1"]["labels"]
    assert found["2/2.1"]["tier"] in {1, 2, 3}
    assert found["2/2.1"]["cues"]
    assert "2/2.1" in mingshi("agreements", "key", agreement).out


def test_ask_quotes_the_clause_that_answers(mingshi: Run, agreement: Path) -> None:
    answer = mingshi("agreements", "ask", "--file", agreement, "--json", "交的钱能退吗").json
    assert set(answer) == {"abstained", "answers", "say"}
    assert answer["abstained"] is False
    best = answer["answers"][0]
    assert set(best) == {"uid", "quote", "score"}
    assert best["uid"] == "2/2.1"
    assert best["quote"] in AGREEMENT.replace("**", "")


def test_ask_abstains_where_the_agreement_is_silent(mingshi: Run, agreement: Path) -> None:
    answer = mingshi("agreements", "ask", "--file", agreement, "--json", "客服电话是多少").json
    assert answer["abstained"] is True
    assert "没有写明" in answer["say"]


def test_ask_reads_one_question_a_line_and_answers_each(mingshi: Run, agreement: Path) -> None:
    questions = "交的钱能退吗\r\n\n客服电话是多少".encode()
    answers = mingshi("agreements", "ask", "--file", agreement, "--lines", "--json", stdin=questions).lines
    assert [answer["abstained"] for answer in answers] == [False, True, True]
    shown = mingshi("agreements", "ask", "--file", agreement, "--lines", stdin=questions).out
    assert "? 交的钱能退吗" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "--lines", "一个问题", "--platform", "xiaohe"),
        ("ask", "--platform", "xiaohe"),
        ("ask", "一个问题"),
        ("ask", "一个问题", "--platform", "xiaohe", "--file", "x.md"),
        ("key",),
        ("key", "x.md", "--platform", "xiaohe"),
        ("diff", "1", "zwei", "--platform", "xiaohe"),
        ("import", "x.md"),
        ("publish", "--platform", "xiaohe", "--version", "0"),
        ("nonsense",),
    ],
)
def test_a_command_used_wrongly_ends_with_2(mingshi: Run, arguments: tuple[str, ...]) -> None:
    outcome = mingshi("agreements", *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "Error" in outcome.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04"),
        ("a.txt", b""),
        ("a.txt", b"\x00\x01\x02\xff" * 300),
        ("a.docx", b"not a zip"),
        ("a.pdf", b"%PDF-1.4 broken"),
    ],
)
def test_a_file_that_is_no_agreement_is_refused_in_one_line(
    mingshi: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    outcome = mingshi("agreements", "parse", file, "--json")
    assert outcome.code == 1
    assert outcome.out == ""
    assert len(outcome.err.splitlines()) == 1


def test_a_file_that_is_not_there_is_named(mingshi: Run, tmp_path: Path) -> None:
    outcome = mingshi("agreements", "parse", tmp_path / "gone.txt")
    assert outcome.code == 1
    assert outcome.err == f"mingshi: {tmp_path / 'gone.txt'}: No such file or directory\n"


def test_an_unknown_platform_is_refused_everywhere(mingshi: Run, agreement: Path) -> None:
    for arguments in (
        ("key", "--platform", "nope"),
        ("ask", "--platform", "nope", "问"),
        ("import", agreement, "--platform", "nope"),
        ("publish", "--platform", "nope"),
        ("list", "--platform", "nope"),
        ("diff", "1", "2", "--platform", "nope"),
    ):
        outcome = mingshi("agreements", *arguments)
        assert outcome.code == 1
        assert "no platform nope" in outcome.err


def test_a_platform_without_a_database_is_judged_by_its_sample_and_makes_none(mingshi: Run, home: Path) -> None:
    found = mingshi("agreements", "key", "--platform", "xiaohe", "--json")
    assert found.code == 0
    assert found.json
    assert not home.exists()


def test_import_keeps_a_version_and_publish_puts_it_in_force(mingshi: Run, agreement: Path) -> None:
    arguments = ("agreements", "import", agreement, "--platform", "xiaohe", "--label", "2026-01")
    imported = mingshi(*arguments, "--effective", "2026-02-01", "--json").json
    assert set(imported) == _VERSION | {"warnings"}
    assert (imported["version"], imported["label"], imported["source"]) == (2, "2026-01", "official")
    assert imported["published_at"] is None
    assert imported["effective_at"] == "2026-02-01T00:00:00+08:00"

    before = mingshi("agreements", "ask", "--platform", "xiaohe", "--json", "会员费每年多少钱").json
    assert "30 元" not in before["say"]

    published = mingshi("agreements", "publish", "--platform", "xiaohe", "--json").json
    assert set(published) == _VERSION | {"warnings"}
    assert published["version"] == 2
    assert published["published_at"] is not None

    after = mingshi("agreements", "ask", "--platform", "xiaohe", "--json", "会员费每年多少钱").json
    assert "30 元" in after["say"]


def test_a_version_is_not_in_force_before_its_day(mingshi: Run, agreement: Path) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe", "--effective", "2999-01-01")
    mingshi("agreements", "publish", "--platform", "xiaohe")
    records = mingshi("agreements", "list", "--platform", "xiaohe", "--json").json
    assert [(record["version"], record["in_force"]) for record in records] == [(1, True), (2, False)]


def test_publish_says_what_the_text_lacks(mingshi: Run, agreement: Path) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    warnings = "\n".join(mingshi("agreements", "publish", "--platform", "xiaohe", "--json").json["warnings"])
    assert "draft" in warnings
    assert "the text of 《小禾企服网用户隐私政策》 is not supplied" in warnings
    assert "not authorised" in warnings


def test_publish_shows_its_warnings_to_a_person_too(mingshi: Run, agreement: Path) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    assert (
        "warning: profile.yml channel: not authorised" in mingshi("agreements", "publish", "--platform", "xiaohe").out
    )


def test_the_same_file_twice_is_a_conflict(mingshi: Run, agreement: Path) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    again = mingshi("agreements", "import", agreement, "--platform", "xiaohe", "--json")
    assert (again.code, again.out) == (1, "")
    assert "version 2 of xiaohe already" in again.err


@pytest.mark.parametrize("day", ["2026-02-30", "1.2.2026", "tomorrow"])
def test_a_day_that_is_none_is_refused(mingshi: Run, agreement: Path, day: str) -> None:
    assert mingshi("agreements", "import", agreement, "--platform", "xiaohe", "--effective", day).code == 2


@pytest.mark.parametrize("label", ["", " ", "x" * 81])
def test_a_label_nobody_could_read_is_refused(mingshi: Run, agreement: Path, label: str) -> None:
    assert mingshi("agreements", "import", agreement, "--platform", "xiaohe", "--label", label).code == 2


def test_publishing_what_is_not_there_is_refused(mingshi: Run) -> None:
    outcome = mingshi("agreements", "publish", "--platform", "xiaohe", "--version", "7")
    assert outcome.code == 1
    assert "no version 7" in outcome.err


def test_list_names_every_platform_and_what_is_in_force(mingshi: Run) -> None:
    records = mingshi("agreements", "list", "--json").json
    assert {record["platform_id"] for record in records} == set(NAMES)
    assert all(set(record) == _VERSION | {"in_force"} and record["in_force"] for record in records)
    assert "in force" in mingshi("agreements", "list", "--platform", "xiaohe").out


def test_diff_of_two_files_tells_what_changed(mingshi: Run, agreement: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.md"
    newer.write_text(AGREEMENT.replace("30 元", "90 元") + "\n2.2 退出要提前三十天书面通知平台。\n", "utf-8")
    changes = mingshi("agreements", "diff", agreement, newer, "--json").json
    assert changes == {
        "added": ["2/2.2"],
        "removed": [],
        "moved": [],
        "changed": [{"from": "2/2.1", "to": "2/2.1", "substantive": True}],
    }
    assert "2/2.2" in mingshi("agreements", "diff", agreement, newer).out
    assert "nothing changed" in mingshi("agreements", "diff", agreement, agreement).out


def test_diff_of_two_versions_of_a_platform(mingshi: Run, agreement: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.md"
    newer.write_text(AGREEMENT.replace("。\n", " 。\n").replace("30 元", "３０ 元"), "utf-8")
    for file in (agreement, newer):
        mingshi("agreements", "import", file, "--platform", "xiaohe")
    changes = mingshi("agreements", "diff", "2", "3", "--platform", "xiaohe", "--json").json
    assert not any(change["substantive"] for change in changes["changed"])
    assert changes["added"] == changes["removed"] == []
    assert mingshi("agreements", "diff", "2", "9", "--platform", "xiaohe").code == 1
