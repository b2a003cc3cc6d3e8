from pathlib import Path

import pytest

from domain.agreements import parse
from domain.platforms import Finding, check, load_platform, pin

from .conftest import AGREEMENT, CARDS, INACTIVITY


def _findings(folder: Path, level: str) -> list[str]:
    return [f"{finding.where}: {finding.message}" for finding in check(load_platform(folder)) if finding.level == level]


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def _card(number: int, tier: int, theme: str) -> str:
    card = CARDS.split("\n\n")[1]
    return (
        card.replace("no-refund", f"card-{number}").replace("tier: 1", f"tier: {tier}").replace("钱和争议", theme)
        + "\n"
    )


def test_a_whole_reviewed_platform_has_no_error_and_is_no_draft(sixth: Path) -> None:
    pin(sixth, [load_platform(sixth).sample])
    assert _findings(sixth, "error") == []
    assert not any("draft" in finding for finding in _findings(sixth, "warning"))


def test_cards_that_nobody_reviewed_are_drafts(sixth: Path) -> None:
    drafts = [finding for finding in _findings(sixth, "warning") if "draft" in finding]
    assert [draft.split(":")[0] for draft in drafts] == ["cards.yml no-refund", "cards.yml account"]


def test_a_changed_clause_makes_only_its_card_a_draft_again(sixth: Path) -> None:
    pin(sixth, [load_platform(sixth).sample])
    _edit(sixth / "agreement.md", "交过的钱不退", "交过的钱可以退一半")
    drafts = [finding for finding in _findings(sixth, "warning") if "draft" in finding]
    assert len(drafts) == 1 and "no-refund" in drafts[0] and "2/2.1" in drafts[0]


def test_white_space_and_width_do_not_make_a_draft(sixth: Path) -> None:
    pin(sixth, [load_platform(sixth).sample])
    _edit(sixth / "agreement.md", "交过的钱不退。", "交过的　钱不退。")
    assert not any("draft" in finding for finding in _findings(sixth, "warning"))


def test_an_official_text_is_held_against_the_same_data(sixth: Path) -> None:
    platform = load_platform(sixth)
    official = parse(AGREEMENT.replace("1.2 账号", "1.9 账号").encode(), "official.md")
    errors = [finding for finding in check(platform, official) if finding.level == "error"]
    assert errors == [
        Finding("error", "profile.yml account.transfer.clauses.0", "clause 1/1.2 is not in the text"),
        Finding("error", "cards.yml 1.clauses.0", "clause 1/1.2 is not in the text"),
    ]
    assert not [finding for finding in check(platform) if finding.level == "error"]


@pytest.mark.parametrize(("number", "allowed"), [(5, True), (6, False)])
def test_at_most_five_cards_are_shown_alone(sixth: Path, number: int, allowed: bool) -> None:
    (sixth / "cards.yml").write_text("\n".join(_card(each, 1, "钱和争议") for each in range(number)), "utf-8")
    assert (_findings(sixth, "error") == []) is allowed


def test_five_cards_and_five_themes_are_the_most_there_can_be(sixth: Path) -> None:
    themes = ["您的信息", "账号与责任", "平台可以做什么", "钱和争议", "变更与退出"]
    cards = [_card(each, 1, "钱和争议") for each in range(5)]
    cards += [_card(10 + each, 2, theme) for each, theme in enumerate(themes)]
    (sixth / "cards.yml").write_text("\n".join(cards), "utf-8")
    assert _findings(sixth, "error") == []
    (sixth / "cards.yml").write_text("\n".join([*cards, _card(20, 1, "您的信息")]), "utf-8")
    assert _findings(sixth, "error") == [
        "cards.yml: person: 6 cards shown alone, at most 5",
        "cards.yml: person: 6 cards and 5 themes, at most 10",
    ]


def test_cards_of_other_subjects_do_not_count(sixth: Path) -> None:
    others = [_card(each, 1, "钱和争议") + "  subjects: [organisation]\n" for each in range(9)]
    (sixth / "cards.yml").write_text("\n".join([_card(9, 1, "钱和争议"), *others]), "utf-8")
    assert _findings(sixth, "error") == []
    nobody = [finding for finding in _findings(sixth, "warning") if "shown to nobody" in finding]
    assert len(nobody) == 9


def test_a_platform_that_shows_nothing_alone_is_wrong(sixth: Path) -> None:
    _edit(sixth / "cards.yml", "tier: 1", "tier: 2")
    assert _findings(sixth, "error") == ["cards.yml: person: no clause is shown alone"]


def test_a_document_without_its_text_is_reported(sixth: Path) -> None:
    assert not any("privacy_policy" in finding for finding in _findings(sixth, "warning"))
    _edit(sixth / "profile.yml", ", file: privacy.md", "")
    assert any("privacy_policy" in finding and "not supplied" in finding for finding in _findings(sixth, "warning"))


def test_nobody_can_be_held_to_consent_to_a_text_that_is_not_there(sixth: Path) -> None:
    _edit(
        sixth / "profile.yml", "    document: privacy_policy", "    document: privacy_policy\n    indispensable: true"
    )
    assert _findings(sixth, "error") == []
    _edit(sixth / "profile.yml", ", file: privacy.md", "")
    (error,) = _findings(sixth, "error")
    assert "marketing" in error and "privacy_policy" in error


def test_an_unknown_operator_and_a_missing_authorisation_are_reported(sixth: Path) -> None:
    assert any("channel is not authorised" in finding for finding in _findings(sixth, "warning"))
    assert not any("operator" in finding for finding in _findings(sixth, "warning"))
    _edit(sixth / "profile.yml", "authorised: false", "authorised: true, document: 授权书 2026-01")
    _edit(sixth / "profile.yml", "operator: 邻里帮有限公司", "operator: null")
    warnings = _findings(sixth, "warning")
    assert not any("channel" in finding for finding in warnings)
    assert any("operator" in finding for finding in warnings)


def test_where_log_ins_are_not_reported_nobody_is_left_waiting_for_a_reminder(sixth: Path) -> None:
    _edit(sixth / "profile.yml", "withdraw:", f"{INACTIVITY}withdraw:")
    assert _findings(sixth, "error") == []
    _edit(sixth / "profile.yml", "，没法提醒您", "，到时候我们提醒您")
    (error,) = _findings(sixth, "error")
    assert error.startswith("profile.yml account.inactivity: fed: false") and "没法提醒" in error
    _edit(sixth / "profile.yml", "    months: 6", "    months: 6\n    fed: true")
    assert _findings(sixth, "error") == []


@pytest.mark.parametrize("days", [5, 10])
def test_the_days_a_person_reads_are_the_days_that_count(sixth: Path, days: int) -> None:
    _edit(sixth / "profile.yml", "days: 15", f"days: {days}")
    (error,) = _findings(sixth, "error")
    assert error == f"profile.yml account.cancellation: days: {days}, but explain does not say {days}个工作日"
    _edit(sixth / "profile.yml", "15个工作日", f"{days} 个工作日")
    assert _findings(sixth, "error") == []


def test_the_days_a_company_has_to_give_notice_are_told(sixth: Path) -> None:
    rule = 'dissolution: {working_days: 5, explain: 单位没了要书面告诉平台。, clauses: ["2/2.1"]}'
    _edit(sixth / "profile.yml", "subjects: [person]", "subjects: [person, organisation]")
    _edit(
        sixth / "profile.yml",
        "  person:\n",
        "  organisation: [{field: phone, where: chat, why: 用来收验证码。}]\n  person:\n",
    )
    _edit(sixth / "profile.yml", "withdraw:", f"  {rule}\nwithdraw:")
    assert _findings(sixth, "error") == [
        "profile.yml account.dissolution: working_days: 5, but explain does not say 5个工作日"
    ]
    _edit(sixth / "profile.yml", "单位没了要", "单位没了要在5个工作日内")
    assert _findings(sixth, "error") == []


def test_who_must_go_to_the_police_is_told_so(sixth: Path) -> None:
    _edit(sixth / "profile.yml", "security: {", 'security: {police: true, clauses: ["2/2.1"], ')
    (error,) = _findings(sixth, "error")
    assert error.startswith("profile.yml account.security: police: true") and "报案" in error
    _edit(sixth / "profile.yml", "告诉我们，我们转给平台", "告诉平台，也要向公安机关报案")
    assert _findings(sixth, "error") == []


def test_a_file_that_nothing_uses_is_reported(sixth: Path) -> None:
    (sixth / "card.yml").write_text("[]", "utf-8")
    assert [finding for finding in _findings(sixth, "warning") if "card.yml" in finding]


def test_what_a_lawyer_must_see_is_handed_on_word_for_word(sixth: Path) -> None:
    assert _findings(sixth, "lawyer") == ["profile.yml: 2.1 不退费，请复核。"]
