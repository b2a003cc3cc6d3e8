"""The five built-in platforms say all that their agreements demand, and nothing of the official texts is copied."""

import re
import unicodedata
from pathlib import Path

import pytest

from domain.agreements import ParsedAgreement, clause_hash, parse_file
from domain.platforms import LoadedPlatform, check, load_platform, load_platforms

FOLDERS = Path(__file__).parents[3] / "domain" / "platforms"
OFFICIAL = Path(__file__).parents[4] / "shared" / "agreements"
COPIED = 28
"""As many characters in a row, white space apart, are a copy."""

# Clauses of major interest to the user: each must stand on a card.
STARRED = {
    "rencai": """
        preamble 十/10.3 十三/13.1 三/3.2/3.2.5 五/5.1 三/3.1/3.1.1 三/3.1/3.1.3 三/3.1/3.1.2 三/3.2/3.2.3
        三/3.1/3.1.4 三/3.1/3.1.5 三/3.2/3.2.2 五/5.5 三/3.3 四/4.1 五/5.6 八/8.2 八/8.3 八/8.4 八/8.5
        九/9.2 九/9.3 十/10.1 十/10.2 十一/11.1 十一/11.2 十二/12.1 十二/12.4
    """,
    "xiaohe": """
        二/(二) 十五/(五) 十五/(六) 七/(一) 七/(二) 三/(一) 七/(三) 三/(二) 三/(三) 三/(四) 三/(五) 八/(二)
        五/(一) 五/(四) 五/(五)/1 五/(五)/2 二/(三) 二/(四) 六/(二) 十/(一) 十/(三) 十一 十/(五) 十二/(二)
        十三/(二) 十四/(一) 十四/(四)
    """,
    "renrenbao": """
        preamble 第10条/10.4 第1条/1.1 第1条/1.2 第1条/1.3 第3条/3.1 第5条 第3条/3.2 第3条/3.4 第3条/3.5
        第3条/3.6 第3条/3.7 第6条/6.1 第6条/6.2 第6条/6.3 第6条/6.4 第8条 第7条/7.1 第7条/7.2 第7条/7.3
        第7条/7.5 第7条/7.6 第9条
    """,
    "weigongbao": """
        preamble 第十三条 第一条/1/A 第一条/1/B 第一条/1/C 第一条/3 第二条/2 第二条/3 第二条/4 第二条/5
        第二条/6 第三条/11 第三条/8 第四条/10 第四条/8 第四条/6 第四条/7 第四条/9 第四条#2/1 第四条#2/2
        第四条#2/3/C 第六条/4 第六条/1 第六条/2 第六条/3 第六条/5 第六条/6 第八条/2 第九条/1 第九条/2
        第九条/3 第十二条/2 第十二条/3
    """,
    "zhiyonggong": """
        1/1.1 1/1.2 3/3.4 1/1.3 2/2.2 6/6.2 2/2.4 2/2.5 3/3.7 2/2.6 3/3.1 3/3.3 2/2.8 3/3.8 8/8.1 8/8.2
        4/4.1 4/4.2 4/4.3 6/6.1 6/6.4 6/6.5 6/6.3 6/6.6 6/6.7 6/6.8 7 8/8.3 9/9.1 10/10.2
    """,
}
# Exclusions and caps of liability that a court may not uphold: the card says that statutory rights stay.
DISPUTABLE = {
    "rencai": "八/8.2 八/8.3 九/9.3",
    "xiaohe": "三/(三) 三/(四) 十/(一) 十/(三) 十一 十三/(二)",
    "renrenbao": "第7条/7.1 第7条/7.2 第7条/7.3 第7条/7.5 第7条/7.6",
    "weigongbao": "第六条/4",
    "zhiyonggong": "6/6.1 6/6.2 6/6.4 6/6.5 7",
}
STATUTES = re.compile("民法典|个人信息保护法|消费者权益|电子商务法|广告法|著作权法|仲裁法|法释|司法解释|PIPL")


@pytest.fixture(params=sorted(STARRED))
def platform(request: pytest.FixtureRequest) -> LoadedPlatform:
    return load_platform(FOLDERS / request.param)


def _official(platform: LoadedPlatform) -> Path:
    path = OFFICIAL / f"{platform.id}.txt"
    if not path.is_file():
        pytest.skip(f"the official text of {platform.id} is not here")
    return path


def _uids(text: ParsedAgreement) -> list[str]:
    return [clause.uid for clause in text.walk()]


def _on_a_card(uid: str, named: set[str], text: ParsedAgreement) -> bool:
    """A card names the clause, one it stands in, or every one that stands in it."""
    parts = uid.split("/")
    if any("/".join(parts[:depth]) in named for depth in range(1, len(parts) + 1)):
        return True
    clause = text.find(uid)
    return clause is not None and bool(clause.children) and all(child.uid in named for child in clause.children)


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def test_every_clause_of_major_interest_is_on_a_card(platform: LoadedPlatform) -> None:
    named = {uid for card in platform.cards for uid in card.clauses}
    starred = STARRED[platform.id].split()
    assert [uid for uid in starred if not _on_a_card(uid, named, platform.sample)] == []


def test_cards_on_disputable_exclusions_are_marked_so(platform: LoadedPlatform) -> None:
    wanted = set(DISPUTABLE[platform.id].split())
    marked = {uid for card in platform.cards if card.disputable for uid in card.clauses}
    assert wanted - marked == set()


def test_the_data_are_without_error(platform: LoadedPlatform) -> None:
    assert [finding for finding in check(platform) if finding.level == "error"] == []


def test_every_card_was_reviewed_for_the_text_that_ships(platform: LoadedPlatform) -> None:
    drafts = [
        (card.id, clause.uid)
        for card in platform.cards
        for clause in platform.sample.walk()
        if clause.uid in card.clauses and clause_hash(clause) not in card.reviewed_for.get(clause.uid, ())
    ]
    assert drafts == []


def test_no_card_leans_on_a_statute_or_calls_a_clause_void(platform: LoadedPlatform) -> None:
    profile = platform.profile
    shown = [getattr(card, part) for card in platform.cards for part in ("line", "what", "means", "consequence")]
    shown += [
        part for consent in profile.separate_consents for part in (consent.title, consent.body, consent.if_refused)
    ]
    shown += [spec.why for specs in (profile.registration.person, profile.registration.organisation) for spec in specs]
    assert [text for text in shown if STATUTES.search(text) or re.search("(条款?|约定|规定)(是|属于)?无效", text)] == []


def test_an_optional_decision_never_stops_a_registration(platform: LoadedPlatform) -> None:
    stops = {consent.item for consent in platform.profile.separate_consents if consent.indispensable}
    assert stops <= {"privacy", "sensitive"}


def test_secrets_are_asked_for_on_the_page_only(platform: LoadedPlatform) -> None:
    registration = platform.profile.registration
    in_chat = {spec.field for spec in (*registration.person, *registration.organisation) if spec.where == "chat"}
    assert in_chat & {"password", "id_number", "licence_image", "authority_letter"} == set()


def test_no_channel_is_authorised_before_somebody_says_so(platform: LoadedPlatform) -> None:
    assert platform.profile.channel.authorised is False


def test_the_sample_has_every_clause_of_the_official_text_and_no_other(platform: LoadedPlatform) -> None:
    official = parse_file(_official(platform))
    assert _uids(platform.sample) == _uids(official)


def test_every_card_was_reviewed_for_the_official_text_too(platform: LoadedPlatform) -> None:
    official = parse_file(_official(platform))
    findings = check(platform, official)
    assert [finding for finding in findings if finding.level == "error" or "draft" in finding.message] == []


def test_nothing_in_the_folder_is_copied_from_the_official_text(platform: LoadedPlatform) -> None:
    official = _bare(_official(platform).read_text("utf-8"))
    runs = {official[start : start + COPIED] for start in range(len(official) - COPIED + 1)}
    for file in sorted(platform.folder.iterdir()):
        own = _bare(file.read_text("utf-8"))
        copied = [start for start in range(len(own) - COPIED + 1) if own[start : start + COPIED] in runs]
        assert copied == [], f"{file.name} shares a run of {COPIED} characters with the official text"


def test_reviewers_remarks_are_no_part_of_a_sample(platform: LoadedPlatform) -> None:
    assert platform.sample.annotations == ()
    assert "批注" not in platform.sample_bytes.decode()


def test_zhiyonggong_takes_companies_only_and_never_reads_another_log_in_as_consent() -> None:
    profile = load_platforms().get("zhiyonggong").profile
    assert profile.subjects == ("organisation",) and profile.registration.person == ()
    assert profile.capacity.rule == "companies_only"
    assert (profile.consent.label, profile.consent.formed) == ("同意", "decision")
    assert "优学乐业" in profile.consent.refused
    demanded = {consent.item for consent in profile.separate_consents if consent.demanded}
    assert demanded == {"location", "marketing"}
    asked = {spec.field: spec for spec in profile.registration.organisation}
    for field, last in (("purpose", "都不是"), ("not_competitor", "我不能确认"), ("authority", "没有")):
        assert asked[field].options[-1] == last and asked[field].refused
