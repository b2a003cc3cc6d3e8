import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.companies import find_companies, looks_like_company, parse_company_name
from domain.identifiers.problems import Problem, Refused


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("杭州明光物流有限公司", "杭州明光物流有限公司"),
        ("我们是深圳市华强劳务派遣有限公司", "深圳市华强劳务派遣有限公司"),
        ("公司名称：上海米未文化传媒有限公司。", "上海米未文化传媒有限公司"),
        ("北京小爱(上海)科技有限公司", "北京小爱（上海）科技有限公司"),
        ("老王饭店", "老王饭店"),
        ("张三丰五金店", "张三丰五金店"),
        ("大同会计师事务所（普通合伙）", "大同会计师事务所（普通合伙）"),
        ("我们是 青海 小禾 科技 有限公司", "青海小禾科技有限公司"),
        ("红旗村蔬菜专业合作社", "红旗村蔬菜专业合作社"),
        ("王记面馆个体工商户", "王记面馆个体工商户"),
    ],
)
def test_a_company_gives_its_name_in_its_own_words(text: str, name: str) -> None:
    assert parse_company_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉公司",
        "你们公司",
        "这个公司拖欠工资",
        "注册公司",
        "哪家公司好",
        "我想注册一家公司",
        "客服中心",
        "服务中心",
        "便利店",
        "个体工商户",
        "公司",
        "王芳",
        "为什么要公司名",
    ],
)
def test_talk_about_companies_is_not_a_companys_name(text: str) -> None:
    assert not looks_like_company(text)


@pytest.mark.parametrize(
    "text", ["杭州明光物流有限公司", "我们是上海贸易有限公司", "老王饭店", "公司名称：上海米未文化传媒有限公司"]
)
def test_a_bare_or_introduced_name_is_recognised(text: str) -> None:
    assert looks_like_company(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem.COMPANY_MISSING),
        ("我要投诉公司", Problem.COMPANY_SENTENCE),
        ("杭州明光物流", Problem.COMPANY_SUFFIX),
        ("个体工商户", Problem.COMPANY_SUFFIX),
        ("<b>有限公司", Problem.COMPANY_CHARACTERS),
        ("甲乙丙贸易有限公司和上海丁戊商贸有限公司", Problem.TWO_VALUES),
        ("好" * 70 + "有限公司", Problem.COMPANY_LENGTH),
        ("a\x00公司", Problem.COMPANY_CHARACTERS),
    ],
)
def test_what_is_no_company_name_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_company_name(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我在杭州明光物流有限公司上班", ["杭州明光物流有限公司"]),
        ("投诉深圳市华强劳务派遣有限公司拖欠工资", ["深圳市华强劳务派遣有限公司"]),
        ("不是上海甲乙贸易有限公司，是上海丙丁贸易有限公司", ["上海甲乙贸易有限公司", "上海丙丁贸易有限公司"]),
        ("找客服中心", []),
        ("小禾企服网是什么公司", []),
        ("我们厂叫东莞宏达电子厂", ["东莞宏达电子厂"]),
    ],
)
def test_company_names_are_found_in_sentences(text: str, names: list[str]) -> None:
    spans = find_companies(text)
    assert [span.value for span in spans] == names
    assert all(text[span.start : span.end] == span.value for span in spans)


@given(st.text(max_size=200))
def test_any_text_gives_a_name_or_a_reason(text: str) -> None:
    assert isinstance(parse_company_name(text), (str, Refused))
