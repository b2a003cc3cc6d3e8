import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.entities import recognise
from tests.domain.identifiers.strategies import TODAY, credit_codes, id_numbers, mobiles, typed

ALIASES = {"weigongbao": ("微工宝",), "xiaohe": ("小禾企服",), "renrenbao": ("人人保",)}


def entities(text: str) -> list[tuple[str, str, str]]:
    return [(entity.entity, entity.value, entity.raw) for entity in recognise(text, ALIASES, TODAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "我叫王芳，今年十五岁，手机号一三八零零一三八零零零",
            [
                ("person_name", "王芳", "王芳"),
                ("age", "15", "十五岁"),
                ("phone", "+8613800138000", "一三八零零一三八零零零"),
            ],
        ),
        (
            "不是13800138000，是幺三九零零幺三九零零零",
            [("phone", "+8613800138000", "13800138000"), ("phone", "+8613900139000", "幺三九零零幺三九零零零")],
        ),
        (
            "微公宝拖欠工资三千五百块，去年5月1号开始",
            [
                ("platform", "weigongbao", "微公宝"),
                ("complaint_category", "wage_arrears", "拖欠工资"),
                ("amount", "3500", "三千五百块"),
                ("date", "2025-05-01", "去年5月1号"),
            ],
        ),
        (
            "打010-62345678和400-123-4567没人接，又打12345",
            [("phone", "01062345678", "010-62345678"), ("phone", "4001234567", "400-123-4567")],
        ),
        ("验证码１２３４５６", [("sms_code", "123456", "１２３４５６")]),
        (
            "邮箱Ａ@qq.com，代码91350100m000100y43",
            [("email", "a@qq.com", "Ａ@qq.com"), ("credit_code", "91350100M000100Y43", "91350100m000100y43")],
        ),
        ("我的编号是TS20240512001", [("case_number", "TS20240512001", "TS20240512001")]),
        ("我在杭州明光物流有限公司上班", [("company_name", "杭州明光物流有限公司", "杭州明光物流有限公司")]),
        ("第十二条第三款不行", [("clause_number", "12/3", "第十二条第三款")]),
        ("我是张伟的监护人", [("person_name", "张伟", "张伟")]),
        ("投诉张伟骗人", [("person_name", "张伟", "张伟")]),
        ("王芳", [("person_name", "王芳", "王芳")]),
        (
            "他们泄露信息还乱收费",
            [("complaint_category", "information_leak", "泄露信息"), ("complaint_category", "wrong_charge", "乱收费")],
        ),
        ("今天昨晚都没收到", []),
        ("我是农民工", []),
        ("我要投诉", []),
        ("一万个不同意", []),
    ],
)
def test_every_mention_is_marked_as_typed_with_a_canonical_value(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert entities(text) == expected


@given(st.text(max_size=300))
def test_offsets_are_those_of_the_text_as_typed_and_never_overlap(text: str) -> None:
    at = 0
    for entity in recognise(text, ALIASES, TODAY):
        assert at <= entity.start < entity.end
        assert text[entity.start : entity.end] == entity.raw
        at = entity.end


@given(typed(mobiles), st.sampled_from(["我的电话", "㈠ﬁ①号：", "\u200b𠮷"]))
def test_a_phone_is_marked_exactly_even_behind_characters_that_change_length(
    case: tuple[str, str], before: str
) -> None:
    number, text = case
    (found,) = [
        entity for entity in recognise(before + "，" + text + "，谢谢", ALIASES, TODAY) if entity.entity == "phone"
    ]
    assert found.value == "+86" + number
    assert found.raw == text.strip("\u200b\ufeff\u3000 ")


@given(id_numbers)
def test_an_id_number_is_never_marked_as_anything_else(number: str) -> None:
    assert [(entity.entity, entity.checked) for entity in recognise(f"身份证{number}", ALIASES, TODAY)] == [
        ("id_number", True)
    ]


@given(credit_codes)
def test_a_credit_code_is_marked_once(code: str) -> None:
    (found,) = recognise(f"信用代码：{code}", ALIASES, TODAY)
    assert found.raw == code
    assert found.entity == "credit_code" or re.fullmatch("[0-9]{17}[0-9X]", code)


def test_a_number_that_fails_its_check_is_marked_as_unchecked_only_where_it_is_surely_meant() -> None:
    (found,) = recognise("身份证号110105194912310021", ALIASES, TODAY)
    assert (found.entity, found.checked) == ("id_number", False)
    assert recognise("流水110105194912310021", ALIASES, TODAY) == []


def test_an_entity_never_prints_its_value() -> None:
    assert "13800138000" not in repr(recognise("13800138000", ALIASES, TODAY))
