from pathlib import Path

import pytest

from domain.agreements import parse
from domain.platforms import BrokenPlatform, UnknownPlatform, load_platform, load_platforms

from .conftest import AGREEMENT, write_platform

BUILT_IN = ["rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong"]


def test_the_five_built_in_platforms_are_there_in_a_fixed_order() -> None:
    platforms = load_platforms()
    assert [platform.id for platform in platforms] == BUILT_IN
    assert len(platforms) == 5
    assert "xiaohe" in platforms and "linlibang" not in platforms


def test_a_sixth_platform_is_a_folder_of_data(sixth: Path) -> None:
    platforms = load_platforms(sixth.parent)
    assert [platform.id for platform in platforms] == sorted([*BUILT_IN, "linlibang"])
    loaded = platforms.get("linlibang")
    assert loaded.profile.operator == "邻里帮有限公司"
    assert [card.id for card in loaded.cards] == ["no-refund", "account"]
    assert loaded.folder == sixth


def test_the_sample_is_the_parsed_agreement_and_its_bytes(sixth: Path) -> None:
    loaded = load_platform(sixth)
    assert loaded.sample_bytes == AGREEMENT.encode()
    assert loaded.sample == parse(loaded.sample_bytes, "agreement.md")
    assert [clause.uid for clause in loaded.sample.walk()] == [
        "1", "1/1.1", "1/1.2", "2", "2/2.1", "2/2.2", "2/2.2/(1)", "2/2.2/(2)",
    ]  # fmt: skip


def test_a_folder_with_a_built_in_id_replaces_that_platform_wholly(tmp_path: Path) -> None:
    write_platform(tmp_path, "zhiyonggong")
    platforms = load_platforms(tmp_path)
    assert [platform.id for platform in platforms] == BUILT_IN
    replaced = platforms.get("zhiyonggong")
    assert replaced.profile.name == "邻里帮"
    assert [card.id for card in replaced.cards] == ["no-refund", "account"]
    assert platforms.by_name("智用工") is None


def test_hidden_and_private_folders_and_loose_files_are_passed_over(sixth: Path) -> None:
    (sixth.parent / ".git").mkdir()
    (sixth.parent / "__pycache__").mkdir()
    (sixth.parent / "README.md").write_text("notes", "utf-8")
    assert "linlibang" in load_platforms(sixth.parent)


def test_a_platforms_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenPlatform) as broken:
        load_platforms(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in str(broken.value)


@pytest.mark.parametrize(
    "said",
    ["linlibang", "邻里帮", "邻里帮平台", "ＬｉｎＬｉＢａｎｇ", " 邻里 帮 ", "「邻里帮」", "邻里帮。", "邻\u200b里帮"],
)
def test_a_platform_is_found_by_any_of_its_names_however_it_is_typed(sixth: Path, said: str) -> None:
    found = load_platforms(sixth.parent).by_name(said)
    assert found is not None and found.id == "linlibang"


@pytest.mark.parametrize("said", ["", "。", "邻里", "邻里帮我注册"])
def test_what_is_no_platforms_name_finds_none(sixth: Path, said: str) -> None:
    assert load_platforms(sixth.parent).by_name(said) is None


def test_an_unknown_id_is_a_typed_error() -> None:
    with pytest.raises(UnknownPlatform):
        load_platforms().get("nobody")


def test_two_platforms_cannot_answer_to_one_name(sixth: Path) -> None:
    profile = sixth / "profile.yml"
    profile.write_text(profile.read_text("utf-8").replace("邻里帮平台", "智 用 工"), "utf-8")
    with pytest.raises(BrokenPlatform) as broken:
        load_platforms(sixth.parent)
    (problem,) = broken.value.problems
    assert "智" in problem.reason and "already" in problem.reason
