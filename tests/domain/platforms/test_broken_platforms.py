"""A broken platform is refused, and whoever wrote it reads file, line and reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.platforms import BrokenPlatform, load_platform, load_platforms

from .conftest import CARDS, INACTIVITY, PROFILE, write_platform

Edit = Callable[[str], str]


def _line(text: str, words: str) -> int:
    """The line on which the words stand, from 1."""
    return text[: text.index(words)].count("\n") + 1


def _swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return edit


@pytest.mark.parametrize(
    ("name", "edit", "at", "reason"),
    [
        pytest.param("profile.yml", _swap("operator:", "colour: red\noperator:"), "colour:", "colour", id="unknown key"),
        pytest.param("cards.yml", _swap("disputable:", "disputible:"), "disputible:", "disputible", id="unknown key on a card"),
        pytest.param("cards.yml", _swap("tier: 2", "tier: 3"), "tier: 3", "tier", id="a tier there is not"),
        pytest.param("cards.yml", _swap("category: ACCT", "category: [ACCT]"), "category: [", "category", id="wrong type"),
        pytest.param("cards.yml", _swap('["1/1.2"]', '["1/1.2", 1.1]'), "1.1]", "string", id="a clause number not quoted"),
        pytest.param("cards.yml", _swap('["1/1.2"]', "[]"), "clauses: []", "clauses", id="a card of no clause"),
        pytest.param("cards.yml", _swap("'账号归平台'", "账" * 31), "账" * 31, "30", id="a line too long"),
        pytest.param("cards.yml", _swap("id: account", "id: no-refund"), "id: no-refund\n  tier: 2", "taken", id="card id twice"),
        pytest.param("cards.yml", _swap("1/1.2", "1/1.3"), "1/1.3", "clause 1/1.3 is not in", id="a uid not in the text"),
        pytest.param("profile.yml", _swap("2/2.2/(1)", "2/2.2/(9)"), "2/2.2/(9)", "2/2.2/(9)", id="a consent's uid not in the text"),
        pytest.param("profile.yml", _swap("name: 邻里帮", "id: other"), "id: other", "duplicate key", id="duplicate key"),
        pytest.param("cards.yml", _swap("  theme: 账号与责任", "   theme: 账号与责任"), "theme: 账号与责任", "", id="bad indentation"),
        pytest.param("cards.yml", _swap("  theme: 账号与责任", "\ttheme: 账号与责任"), "\ttheme", "", id="a tab"),
        pytest.param("profile.yml", _swap("id: linlibang", "id: langlibang"), "id: langlibang", "linlibang", id="id and folder"),
        pytest.param("profile.yml", _swap("file: privacy.md", "file: none.md"), "none.md", "not in the folder", id="no such document file"),
        pytest.param("profile.yml", _swap("file: privacy.md", "file: ../x.md"), "../x.md", "outside", id="a file outside the folder"),
        pytest.param("profile.yml", _swap("leave: 说一声注销账号就行。\n", ""), "id: linlibang", "leave", id="a key missing"),
        pytest.param("profile.yml", _swap("field: phone", "field: shoe_size"), "shoe_size", "field", id="a field there is not"),
        pytest.param("profile.yml", _swap("1/1.2", "1/1.7"), "1/1.7", "clause 1/1.7 is not in", id="an account rule's uid not in the text"),
        pytest.param("profile.yml", _swap("mode: statutory", "mode: maybe"), "mode: maybe", "account.cancellation.mode", id="a way out there is not"),
        pytest.param("profile.yml", _swap("  changes: {explain: 协议没有写明资料怎么改。}\n", ""), "account:", "account.changes", id="an account rule missing"),
        pytest.param("profile.yml", _swap("    kept: 协议没有写明会留什么、留多久。\n", ""), "  cancellation:", "account.cancellation.kept", id="what is kept not said"),
    ],
)  # fmt: skip
def test_each_fault_names_file_line_and_reason(sixth: Path, name: str, edit: Edit, at: str, reason: str) -> None:
    file = sixth / name
    text = edit(file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    with pytest.raises(BrokenPlatform) as broken:
        load_platform(sixth)
    (problem,) = broken.value.problems
    assert problem.file == file
    # A missing key has no line of its own: the file's first line, or the card's, stands for it.
    assert problem.line == _line(text, at)
    assert reason in problem.reason
    assert str(problem) == f"{file}:{problem.line}: {problem.reason}"
    assert str(problem) in str(broken.value)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("document: privacy_policy", "document: privacy", "marketing names privacy, which is not in documents"),
        ("subjects: [person]", "subjects: [person, organisation]", "registration.organisation asks for nothing"),
        ("authorised: false", "authorised: true", "authorised: true needs the document"),
        ("协议没有写明忘了密码怎么办，按", "忘了密码，按", "account.recovery: Value error, no clause is named"),
        ("协议没有写明资料怎么改。", "资料随时可以改。", "explain must say 没有写明"),
        ("mode: statutory", "mode: review", "mode review needs the clause it stands in"),
        ("mode: statutory", 'mode: statutory\n    clauses: ["2/2.1"]', "silent, but clauses are named"),
        ("days: 15", "days: 16", "mode statutory needs days, at most 15"),
        ("    days: 15\n", "", "mode statutory needs days, at most 15"),
        ("days: 15", "days: 0", "account.cancellation.days: Input should be greater than or equal to 1"),
        ("security: {", "security: {police: true, ", "police: true needs the clause"),
        ("changes: {", "changes: {fixed: [phone], ", "fixed needs the clause"),
        ("changes: {", 'changes: {clauses: ["2/2.1"], fixed: [phone, phone], ', "given more than once: phone"),
        ("changes: {", 'changes: {clauses: ["2/2.1"], fixed: [email], ', "fixed names email, which registration never"),
        (
            'false, explain: 账号归平台，不能转给别人。, clauses: ["1/1.2"]',
            "true, explain: 协议没有写明。",
            "allowed: true needs the clause",
        ),
        (
            "withdraw:",
            '  dissolution: {working_days: 5, explain: 5个工作日内告诉平台。, clauses: ["2/2.1"]}\nwithdraw:',
            "account.dissolution is for organisations, but subjects takes none",
        ),
        (
            "withdraw:",
            INACTIVITY.replace('["1/1.2"]', "[]") + "withdraw:",
            "account.inactivity.clauses: Tuple should have at least 1 item",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(sixth: Path, old: str, new: str, reason: str) -> None:
    file = sixth / "profile.yml"
    file.write_text(_swap(old, new)(file.read_text("utf-8")), "utf-8")
    with pytest.raises(BrokenPlatform) as broken:
        load_platform(sixth)
    (problem,) = broken.value.problems
    assert problem.file == file and problem.line is not None
    assert reason in problem.reason


@pytest.mark.parametrize("name", ["profile.yml", "cards.yml", "agreement.md"])
def test_a_missing_file_is_named(sixth: Path, name: str) -> None:
    (sixth / name).unlink()
    with pytest.raises(BrokenPlatform) as broken:
        load_platform(sixth)
    assert [(problem.file, problem.reason) for problem in broken.value.problems] == [(sixth / name, "missing")]


@pytest.mark.parametrize("name", ["profile.yml", "cards.yml", "agreement.md"])
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00\xd8", b"\x00\x01\x02"], ids=["empty", "broken", "binary"])
def test_a_file_that_is_no_text_is_refused(sixth: Path, name: str, data: bytes) -> None:
    (sixth / name).write_bytes(data)
    with pytest.raises(BrokenPlatform) as broken:
        load_platform(sixth)
    assert {problem.file for problem in broken.value.problems} == {sixth / name}


def test_a_sample_without_clauses_is_refused(sixth: Path) -> None:
    (sixth / "agreement.md").write_text("今天天气很好。\n", "utf-8")
    with pytest.raises(BrokenPlatform) as broken:
        load_platform(sixth)
    assert {problem.file.name for problem in broken.value.problems} == {"agreement.md"}


def test_all_faults_of_all_folders_are_listed_at_once(tmp_path: Path) -> None:
    one, two = write_platform(tmp_path, "one"), write_platform(tmp_path, "two")
    (one / "cards.yml").write_text(
        CARDS.replace("tier: 1", "tier: x").replace("theme: 账号与责任", "theme: 别的"), "utf-8"
    )
    (one / "agreement.md").unlink()
    (two / "profile.yml").write_text(PROFILE.replace("name: 邻里帮", "name: [", 1), "utf-8")
    with pytest.raises(BrokenPlatform) as broken:
        load_platforms(tmp_path)
    found = [(problem.file.parent.name, problem.file.name) for problem in broken.value.problems]
    assert found == [("one", "cards.yml"), ("one", "cards.yml"), ("one", "agreement.md"), ("two", "profile.yml")]
