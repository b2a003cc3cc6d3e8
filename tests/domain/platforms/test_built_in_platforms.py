"""The five built-in platforms say all that their agreements demand, and nothing of the official texts is copied."""

import re
import unicodedata
from pathlib import Path

import pytest

from domain.agreements import ParsedAgreement, clause_hash, parse_file
from domain.platforms import LoadedPlatform, Stipulation, check, load_platform, load_platforms

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
# Matters of an account's later life that no clause speaks of.
SILENT = {
    "rencai": {"recovery"},
    "xiaohe": set(),
    "renrenbao": {"cancellation"},
    "weigongbao": set(),
    "zhiyonggong": {"recovery", "cancellation"},
}
# Every period an account rule may tell: the agreement's own, and the one set by rule where it has none.
PERIODS = {
    "rencai": {"5个工作日"},
    "xiaohe": set(),
    "renrenbao": {"15个工作日"},
    "weigongbao": {"六个月", "两年"},
    "zhiyonggong": {"15个工作日"},
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


def _rules(platform: LoadedPlatform) -> dict[str, Stipulation]:
    """What the agreement says about an account's later life, by matter; what it has no rule for is left out."""
    account = platform.profile.account
    rules = {matter: getattr(account, matter) for matter in type(account).model_fields}
    return {matter: rule for matter, rule in rules.items() if rule is not None}


def _words(rule: Stipulation) -> str:
    return " ".join(value for value in rule.model_dump().values() if isinstance(value, str))


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
    shown += [_words(rule) for rule in _rules(platform).values()]
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


def test_the_account_rules_name_clauses_that_the_official_text_has_too(platform: LoadedPlatform) -> None:
    official = set(_uids(parse_file(_official(platform))))
    named = {uid for rule in _rules(platform).values() for uid in rule.clauses}
    assert named and named - official == set()


def test_where_the_agreement_is_silent_the_person_is_told_so(platform: LoadedPlatform) -> None:
    silent = {matter: rule.explain for matter, rule in _rules(platform).items() if not rule.clauses}
    assert set(silent) == SILENT[platform.id]
    assert all("协议没有写明" in explain for explain in silent.values())


def test_a_clause_number_that_is_told_is_one_the_rule_names(platform: LoadedPlatform) -> None:
    for matter, rule in _rules(platform).items():
        named = " ".join(rule.clauses)
        told = re.findall(r"(?<![\d.])\d+\.\d+(?:\.\d+)?(?![\d.])", _words(rule))
        told += ["/".join(pair) for pair in re.findall(r"第(.条)第(\d)项", _words(rule))]
        told += [f"{chapter}/({item})" for chapter, item in re.findall(r"([一-十])（([一-十])）", _words(rule))]
        assert [number for number in told if number not in named] == [], matter


def test_no_account_rule_has_a_telephone_number_or_a_period_that_the_agreement_lacks(platform: LoadedPlatform) -> None:
    profile = platform.profile
    words = " ".join(_words(rule) for rule in _rules(platform).values())
    assert set(re.findall(r"\d{3,}(?:-\d{3,})*", words)) <= ({profile.hotline.number} if profile.hotline else set())
    periods = set(re.findall(r"[\d一二两三四五六七八九十]+个?(?:工作日|小时|天|周|个?月|年)", words))
    assert periods == PERIODS[platform.id]


def test_only_renrenbao_demands_that_the_police_be_told_as_well() -> None:
    demands = {
        each.id: each.profile.account.security for each in load_platforms() if each.profile.account.security.police
    }
    assert list(demands) == ["renrenbao"]
    assert "报案" in demands["renrenbao"].explain and "第3条/3.3" in demands["renrenbao"].clauses
    assert not [
        each.id
        for each in load_platforms()
        if each.id not in demands and "报案" in each.profile.account.security.explain
    ]


def test_an_account_is_closed_the_way_each_agreement_says() -> None:
    ways = {each.id: each.profile.account.cancellation for each in load_platforms()}
    assert {platform: (way.mode, way.days) for platform, way in ways.items()} == {
        "rencai": ("application", None),
        "renrenbao": ("statutory", 15),
        "weigongbao": ("review", None),
        "xiaohe": ("at_once", None),
        "zhiyonggong": ("statutory", 15),
    }
    for platform in ("renrenbao", "zhiyonggong"):
        assert "不是协议写的，也不是平台答应的" in ways[platform].explain, "the rule's period is nobody's promise"
    assert "审核同意" in ways["weigongbao"].explain and "两年" in ways["weigongbao"].kept
    for way in ways.values():
        assert "没有写明" in way.kept, "no agreement says for how long everything is kept"


def test_only_xiaohe_has_a_rule_for_a_forgotten_password_and_its_exclusion_is_put_in_its_place() -> None:
    recoveries = {each.id: each.profile.account.recovery for each in load_platforms()}
    assert [platform for platform, rule in recoveries.items() if "没有写明忘了密码" not in rule.explain] == ["xiaohe"]
    assert recoveries["xiaohe"].clauses == ("三/(四)",)
    assert "冒名" in recoveries["xiaohe"].explain and "不影响您依法享有的权利" in recoveries["xiaohe"].explain
    assert "任何时候都不会主动问您要密码" in recoveries["weigongbao"].explain


def test_where_the_platform_says_it_is_not_liable_statutory_rights_are_said_to_stay(platform: LoadedPlatform) -> None:
    for matter, rule in _rules(platform).items():
        for told in (value for value in rule.model_dump().values() if isinstance(value, str)):
            if re.search("(平台|智用工)(对这样处理)?不担责", told):
                assert "不影响您依法享有的权利" in told, matter


def test_an_account_can_be_handed_over_at_weigongbao_only() -> None:
    transfers = {each.id: each.profile.account.transfer for each in load_platforms()}
    assert [platform for platform, rule in transfers.items() if rule.allowed] == ["weigongbao"]
    assert "平台同意" in transfers["weigongbao"].explain
    assert all(rule.clauses for rule in transfers.values())


def test_real_names_cannot_be_changed_at_weigongbao_only() -> None:
    fixed = {each.id: each.profile.account.changes.fixed for each in load_platforms()}
    assert {platform for platform, fields in fixed.items() if fields} == {"weigongbao"}
    assert set(fixed["weigongbao"]) == {"real_name", "company_name", "credit_code"}


def test_only_rencai_sets_companies_that_end_a_deadline_and_only_weigongbao_takes_unused_accounts_back() -> None:
    accounts = {each.id: each.profile.account for each in load_platforms()}
    ended = {platform: rules.dissolution for platform, rules in accounts.items() if rules.dissolution}
    unused = {platform: rules.inactivity for platform, rules in accounts.items() if rules.inactivity}
    assert {platform: rule.working_days for platform, rule in ended.items()} == {"rencai": 5}
    assert {platform: (rule.months, rule.fed) for platform, rule in unused.items()} == {"weigongbao": (6, False)}
    assert "没法提醒" in unused["weigongbao"].explain and "聊天不算登录" in unused["weigongbao"].explain
