import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.phones import Phone, find_phones, parse_phone
from domain.identifiers.problems import Problem, Refused
from tests.domain.identifiers.strategies import mobiles, typed

ONE = "+8613800138000"


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138—0013—8000",
        "+86 138 0013 8000",
        "+8613800138000",
        "0086-13800138000",
        "8613800138000",
        "１３８００１３８０００",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "①③⑧00138000",
        "1️⃣3️⃣8️⃣00138000",
        "一三八零零一三八零零零",
        "幺三八〇〇幺三八〇〇〇",
        "么三八零零么三八零零零",
        "壹叁捌零零壹叁捌零零零",
        "13八 零零1三八 000",
        "一三八零零一三八三个零",
        "我的号码是13800138000",
        "我的手机号13800138000请注册",
        "13800138000。",
        "13800138000，就是13800138000",
        "138\u200b0013\u202e80\u00ad00",
        "\ufeff13800138000\u3164",
        "138\u034f00138000",
        "138\ufe0f00138000",
        "138\u20650013\u180b8000",
        "138\U000e010000138000",
    ],
)
def test_every_way_of_typing_a_number_gives_the_same_canonical_form(text: str) -> None:
    assert parse_phone(text) == Phone(ONE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("138O0138OOO", Problem.PHONE_LETTERS),
        ("l3800138000", Problem.PHONE_LETTERS),
        ("I38OOI38OOO", Problem.PHONE_LETTERS),
        ("138ОО138ООО".replace("О", "\u041e"), Problem.PHONE_LETTERS),
        ("1-800-FLOWERS", Problem.PHONE_LETTERS),
        ("13800138000x", Problem.PHONE_LETTERS),
        ("a13800138000", Problem.PHONE_LETTERS),
        ("13800138000 13900139000", Problem.TWO_VALUES),
        ("13800138000或者13900139000", Problem.TWO_VALUES),
        ("13800138000 1390013900", Problem.TWO_VALUES),
        ("1380013800", Problem.PHONE_TOO_SHORT),
        ("138001380001", Problem.PHONE_TOO_LONG),
        ("12345678901", Problem.PHONE_NOT_MOBILE),
        ("010-62345678", Problem.PHONE_LANDLINE),
        ("62345678", Problem.PHONE_LANDLINE),
        ("(0755)88886666", Problem.PHONE_LANDLINE),
        ("400-123-4567", Problem.PHONE_SERVICE_NUMBER),
        ("8008208820", Problem.PHONE_SERVICE_NUMBER),
        ("106575258192", Problem.PHONE_SMS_PORT),
        ("12345", Problem.PHONE_SHORT_CODE),
        ("+1 415 555 2671", Problem.PHONE_FOREIGN),
        ("+852 6123 4567", Problem.PHONE_FOREIGN),
        ("00886912345678", Problem.PHONE_FOREIGN),
        ("13800138000;ext=5", Problem.PHONE_EXTENSION),
        ("13800138000转5", Problem.PHONE_EXTENSION),
        ("14012345678", Problem.PHONE_UNASSIGNED),
        ("٠١٢٣٤٥٦٧٨٩٠", Problem.PHONE_MISSING),
        ("为什么要手机号", Problem.PHONE_MISSING),
        ("", Problem.PHONE_MISSING),
        ("11010519491231002X", Problem.PHONE_IS_ID_NUMBER),
    ],
)
def test_what_is_no_mainland_mobile_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_phone(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@given(typed(mobiles))
def test_script_and_spacing_never_change_the_number(case: tuple[str, str]) -> None:
    number, text = case
    assert parse_phone(text) == Phone("+86" + number)


@given(
    mobiles, st.sampled_from(["我的手机", "电话：", "我是王芳，", ""]), st.sampled_from(["", "请注册", "。", "，谢谢"])
)
def test_a_number_inside_a_sentence_is_found_where_it_stands(number: str, before: str, after: str) -> None:
    text = before + number + after
    (found,) = find_phones(text)
    assert text[found.start : found.end] == number


@given(mobiles)
def test_what_we_accept_the_numbering_plan_accepts_too(number: str) -> None:
    outcome = parse_phone(number)
    assert isinstance(outcome, Phone)
    assert phonenumbers.is_valid_number(phonenumbers.parse(outcome.e164))


@given(mobiles, st.integers(0, 10), st.sampled_from("OolI"))
def test_a_letter_in_place_of_a_digit_never_reaches_another_persons_phone(number: str, at: int, letter: str) -> None:
    assert isinstance(parse_phone(number[:at] + letter + number[at + 1 :]), Refused)


@given(st.text(max_size=200))
def test_any_text_gives_a_number_or_a_reason_but_no_exception(text: str) -> None:
    assert isinstance(parse_phone(text), (Phone, Refused))


@pytest.mark.parametrize("head", ["162", "165", "167", "170", "171"])
def test_virtual_operators_are_accepted_and_flagged(head: str) -> None:
    phone = parse_phone(head + "12345678")
    assert isinstance(phone, Phone)
    assert phone.virtual_operator


def test_ordinary_numbers_are_not_flagged_and_show_only_their_ends() -> None:
    assert not Phone(ONE).virtual_operator
    assert Phone(ONE).display == "138****8000"


def test_the_hint_of_two_numbers_shows_neither_in_full() -> None:
    outcome = parse_phone("13800138000 13900139000")
    assert isinstance(outcome, Refused)
    assert outcome.hint == "138****8000、139****9000"
