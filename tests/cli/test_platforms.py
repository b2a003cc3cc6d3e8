"""`mingshi platforms`: what is wrong with a platform's data, and pinning its cards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import domain.platforms
from tests.cli.conftest import Run

BUILT_IN = Path(domain.platforms.__file__).parent


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    """A folder of more platforms that holds a copy of one that is built in."""
    shutil.copytree(BUILT_IN / "xiaohe", tmp_path / "extra" / "xiaohe")
    return tmp_path / "extra"


def test_the_built_in_platforms_have_no_error(mingshi: Run) -> None:
    outcome = mingshi("platforms", "check", "--json")
    assert outcome.code == 0
    assert outcome.json["ok"] is True
    ids = [part["platform"] for part in outcome.json["platforms"]]
    assert ids == ["rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong"]
    assert {f["level"] for part in outcome.json["platforms"] for f in part["findings"]} <= {"warning", "lawyer"}


def test_only_the_platforms_asked_for_are_told(mingshi: Run) -> None:
    told = mingshi("platforms", "check", "xiaohe", "rencai", "--json").json["platforms"]
    assert [part["platform"] for part in told] == ["rencai", "xiaohe"]
    assert "xiaohe: ok" in mingshi("platforms", "check", "xiaohe").out


def test_an_unknown_platform_is_refused_with_those_there_are(mingshi: Run) -> None:
    outcome = mingshi("platforms", "check", "nope", "--json")
    assert (outcome.code, outcome.out) == (1, "")
    assert "no platform nope" in outcome.err
    assert "xiaohe" in outcome.err


def test_broken_data_are_told_with_file_and_line(mingshi: Run, extra: Path) -> None:
    profile = extra / "xiaohe" / "profile.yml"
    profile.write_text(profile.read_text("utf-8").replace("name: 小禾企服网\n", "nmae: 小禾企服网\n", 1), "utf-8")
    outcome = mingshi("platforms", "check", "--json", PLATFORMS=extra)
    assert outcome.code == 1
    (part,) = outcome.json["platforms"]
    assert (part["platform"], part["ok"]) == ("xiaohe", False)
    assert any(f"{profile}:2" in finding["where"] and "nmae" in finding["message"] for finding in part["findings"])
    assert "xiaohe: wrong" in mingshi("platforms", "check", PLATFORMS=extra).out


def test_a_folder_of_platforms_that_is_not_there_is_named(mingshi: Run, tmp_path: Path) -> None:
    outcome = mingshi("platforms", "check", "--json", PLATFORMS=tmp_path / "gone")
    assert outcome.code == 1
    (part,) = outcome.json["platforms"]
    assert part["platform"] == "gone"
    assert part["findings"][0]["message"] == "not a folder"


def test_other_commands_tell_broken_data_without_a_traceback(mingshi: Run, extra: Path) -> None:
    (extra / "xiaohe" / "cards.yml").write_text("- id: [", "utf-8")
    outcome = mingshi("agreements", "key", "--platform", "rencai", PLATFORMS=extra)
    assert outcome.code == 1
    assert "cards.yml" in outcome.err
    assert "Traceback" not in outcome.err


def test_pin_approves_the_cards_for_the_sample_and_the_texts_given(mingshi: Run, extra: Path, tmp_path: Path) -> None:
    official = tmp_path / "official.md"
    sample = extra / "xiaohe" / "agreement.md"
    official.write_text(sample.read_text("utf-8").replace("，", "，并且", 40), "utf-8")
    mingshi("agreements", "import", official, "--platform", "xiaohe", PLATFORMS=extra)

    pinned = mingshi("platforms", "pin", "xiaohe", "--text", official, "--json", PLATFORMS=extra)
    assert pinned.code == 0
    assert pinned.json["texts"] == 2
    assert pinned.json["cards"] > 10

    warnings = mingshi("agreements", "publish", "--platform", "xiaohe", "--json", PLATFORMS=extra).json["warnings"]
    assert not any("draft" in warning for warning in warnings)
    checked = mingshi("platforms", "check", "xiaohe", "--json", PLATFORMS=extra).json["platforms"][0]
    assert not any("draft" in finding["message"] for finding in checked["findings"])


def test_pin_refuses_what_it_cannot_read(mingshi: Run, extra: Path, tmp_path: Path) -> None:
    before = (extra / "xiaohe" / "cards.yml").read_bytes()
    assert mingshi("platforms", "pin", "nope", PLATFORMS=extra).code == 1
    assert mingshi("platforms", "pin", "xiaohe", "--text", tmp_path / "gone.md", PLATFORMS=extra).code == 1
    assert mingshi("platforms", "pin", PLATFORMS=extra).code == 2
    assert (extra / "xiaohe" / "cards.yml").read_bytes() == before
