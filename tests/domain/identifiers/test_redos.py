"""Long hostile texts must finish: the time limit is the test runner's, for a backtracking regex takes hours."""

import pytest

from domain.identifiers.companies import looks_like_company, parse_company_name
from domain.identifiers.entities import recognise
from domain.identifiers.fields import FieldContext, check_field, claims
from domain.identifiers.masking import looks_like_password, mask, neutralise
from domain.platforms.model import FieldName
from tests.domain.identifiers.strategies import TODAY

SIZE = 100_000
UNITS = [
    "1-",
    "1 ",
    "1",
    "a1-",
    "一",
    "三个",
    "1.",
    "a.",
    "a@",
    "@",
    "密码是",
    "第1",
    "(一)",
    "我叫",
    "有限公司",
    "公司",
    "是王",
    "1,000",
    "«",
    "\u200b1",
    "五月",
    "元",
    "+86 ",
    "x",
    " ",
    "O0",
    "是",
    "投诉",
]
FIELDS: tuple[FieldName, ...] = (
    "phone",
    "real_name",
    "email",
    "login_name",
    "member_name",
    "address",
    "company_name",
    "legal_representative",
    "position",
    "id_number",
    "credit_code",
    "password",
)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_text_of_100_kb_is_finished_with(unit: str) -> None:
    text = (unit * SIZE)[:SIZE]
    assert mask(text).text
    neutralise(text)
    looks_like_password(text)
    recognise(text, {"weigongbao": ("微工宝",)}, TODAY)
    looks_like_company(text)
    parse_company_name(text)
    for field in FIELDS:
        check_field(field, text, FieldContext(TODAY))
        assert not claims(field, text)
