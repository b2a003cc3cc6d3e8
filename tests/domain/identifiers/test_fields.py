import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.fields import Checked, FieldContext, UnsupportedField, check_field, claims
from domain.identifiers.passwords import PasswordContext
from domain.identifiers.problems import Problem, Refused
from domain.platforms.model import FieldName
from tests.domain.identifiers.strategies import TODAY

CONTEXT = FieldContext(TODAY, ("微工宝",), PasswordContext("13800138000", "王芳"))
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


@pytest.mark.parametrize(
    ("field", "text", "value", "display"),
    [
        ("phone", "我的号码是138 0013 8000", "+8613800138000", "138****8000"),
        ("real_name", "我叫王芳", "王芳", "王芳"),
        ("legal_representative", "张三・李四", "张三·李四", "张三·李四"),
        ("email", "Wang@QQ.com", "wang@qq.com", "w***@qq.com"),
        ("login_name", "Wang88", "wang88", "wang88"),
        ("member_name", "快乐小鱼", "快乐小鱼", "快乐小鱼"),
        ("position", "我是人事经理", "人事经理", "人事经理"),
        ("address", "地址是北京市朝阳区建国路88号", "北京市朝阳区建国路88号", "北京市朝阳区建国路88号"),
        ("company_name", "我们是老王饭店", "老王饭店", "老王饭店"),
        ("id_number", "11010519491231002x", "11010519491231002X", "110***********002X"),
        ("credit_code", "91350100m000100y43", "91350100M000100Y43", "9135**********0Y43"),
        ("password", " 春眠不觉晓abc ", " 春眠不觉晓abc ", "********"),
    ],
)
def test_every_field_gives_a_canonical_value_and_a_safe_display(
    field: FieldName, text: str, value: str, display: str
) -> None:
    assert check_field(field, text, CONTEXT) == Checked(value, display)


def test_a_checked_value_never_prints_itself() -> None:
    assert "13800138000" not in repr(check_field("phone", "13800138000", CONTEXT))
    assert "13800138000" not in repr(CONTEXT)


def test_fields_that_are_buttons_or_uploads_have_no_text() -> None:
    with pytest.raises(UnsupportedField):
        check_field("licence_image", "x", CONTEXT)


def test_the_context_reaches_the_checks() -> None:
    assert check_field("member_name", "微工宝小王", CONTEXT) == Refused(
        Problem.MEMBER_NAME_BANNED, "official|第二条/1(9)|第八条"
    )
    assert check_field("password", "13800138000", CONTEXT) == Refused(Problem.PASSWORD_PERSONAL, "phone")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "13800138000"),
        ("phone", "我的手机号是一三八零零一三八零零零"),
        ("phone", "1380013800"),
        ("phone", "就用138O0138000吧"),
        ("phone", "13800138000 13900139000"),
        ("real_name", "王芳"),
        ("real_name", "我叫王芳"),
        ("email", "邮箱是a@qq.com。"),
        ("company_name", "杭州明光物流有限公司"),
        ("login_name", "wang_88"),
        ("member_name", "会员名叫小鱼"),
        ("address", "浙江省杭州市西湖区文三路1号"),
        ("position", "人事经理"),
        ("id_number", "身份证号110105 19491231 002X"),
        ("credit_code", "91350100M000100Y43"),
        ("credit_code", "91350100M000100Y44"),
    ],
)
def test_an_answer_claims_its_question(field: FieldName, text: str) -> None:
    assert claims(field, text)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "为什么要手机号"),
        ("phone", "13800138000收不到验证码"),
        ("phone", "可以不填吗"),
        ("phone", "打12345有用吗"),
        ("phone", "13800138000?"),
        ("phone", "12345"),
        ("real_name", "我要投诉"),
        ("real_name", "为什么要实名"),
        ("real_name", "高兴"),
        ("email", "没有邮箱"),
        ("email", "a@qq.com收不到"),
        ("company_name", "我要投诉公司"),
        ("login_name", "hello"),
        ("member_name", "快乐小鱼"),
        ("member_name", "会员名叫什么"),
        ("address", "为什么要地址"),
        ("position", "找客服"),
        ("id_number", "为什么要身份证"),
        ("credit_code", "什么是信用代码"),
        ("password", "abc12345"),
    ],
)
def test_a_question_or_another_wish_does_not(field: FieldName, text: str) -> None:
    assert not claims(field, text)


@given(st.sampled_from(FIELDS), st.text(max_size=200))
def test_any_text_to_any_field_gives_a_value_or_a_reason(field: FieldName, text: str) -> None:
    assert isinstance(check_field(field, text, CONTEXT), (Checked, Refused))
    assert isinstance(claims(field, text), bool)


@given(st.sampled_from(FIELDS), st.text(max_size=100))
def test_an_accepted_value_is_accepted_again_unchanged(field: FieldName, text: str) -> None:
    first = check_field(field, text, CONTEXT)
    if isinstance(first, Checked):
        again = check_field(field, first.value, CONTEXT)
        assert isinstance(again, Checked)
        assert again.value == first.value
