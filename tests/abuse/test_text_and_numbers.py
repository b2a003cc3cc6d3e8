"""Text and numbers that are written to mislead (E01-E22). What is asserted elsewhere:

E01, E02, E05: tests/domain/identifiers/test_phones.py; where an account is named: below
E03: tests/domain/identifiers/test_names.py::test_a_character_that_shows_nothing_is_refused_inside_a_name,
     test_phones.py::test_script_and_spacing_never_change_the_number; where an account is named: below
E06: tests/domain/identifiers/test_names.py, test_member_names.py
E07-E10: tests/domain/identifiers/test_id_numbers.py
E11: tests/domain/identifiers/test_credit_codes.py
E12: tests/e2e/test_pages_and_minors.py::test_a_minor_found_by_the_id_number_is_not_registered_and_the_consents_are_void
E13: tests/domain/identifiers/test_ages.py, tests/domain/registration/test_page.py::test_adults_are_told_from_minors_by_…
E15: tests/channels/telegram/test_markup.py::test_whatever_is_written_is_shown_literally,
     tests/channels/telegram/test_screen.py::test_tags_and_braces_in_anything_written_are_shown_as_they_are; pages: below
E19: tests/channels/telegram/test_markup.py::test_no_piece_is_longer_than_telegram_takes_and_nothing_is_lost,
     tests/channels/telegram/test_hostile.py::test_a_flood_is_asked_to_slow_down_once_and_leaves_others_alone
E20: tests/domain/identifiers/test_redos.py; what the errands read: below
E22: tests/channels/telegram/test_hostile.py::test_anothers_card_a_forwarded_code_and_a_voice_are_no_answers,
     tests/domain/selfservice/test_other_errands.py::test_pictures_and_voices_at_a_question_change_nothing
E14 asks for a sex, which nobody is asked for here. E17 asks for a table that spreadsheets open; stored data are taken
along as JSON alone.
"""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from sqlalchemy import select

from bot import logs
from bot.pages.handlers import Pages
from bot.turns.hub import Hub
from bot.wording.catalogue import Catalogue
from bot.wording.render import Renderer
from domain import Domain
from domain.accounts.tables import AccountRow
from domain.conversations.words import named_field, wanted_errand
from domain.identifiers.account_names import claims_account_name, parse_account_name
from domain.identifiers.dates import parse_date
from domain.identifiers.free_texts import parse_free_text
from domain.identifiers.problems import Problem, Refused
from tests.domain.identifiers.test_redos import SIZE, UNITS
from tests.domain.selfservice.owners import PHONE, owner, sms
from tests.support.ambient import FakeClock
from tests.support.databases import PUBLIC_URL
from tests.support.person import Person

KINDS = ("login_name", "member_name", "email", "phone", "account_id")


@pytest.mark.parametrize(
    "typed",
    [
        "138 1234 5678",
        "138-1234-5678",
        "+86 13812345678",
        "008613812345678",
        "１３８１２３４５６７８",
        "①③⑧①②③④⑤⑥⑦⑧",
        "幺三八一二三四五六七八",
        "我的手机号是13812345678。",
        "138\u200b1234\u200b5678",
        "\ufeff13812345678",
        "138\u00ad12345678",
        "\u202e13812345678\u202c",
        "138\u2060123\u034f45678",
    ],
)
async def test_however_the_phone_is_written_the_same_account_gets_its_code(
    typed: str, sqlite_domain: Domain, clock: FakeClock
) -> None:
    """E01, E03"""
    await owner(sqlite_domain, "renrenbao")
    clock.forward(minutes=2)
    person = await Person.arrives(sqlite_domain, "renrenbao")
    await person.wants("reset_password")
    await person.names(typed)
    assert [sent for sent in await sms(sqlite_domain) if sent[0] == "code_account"] == [("code_account", PHONE)]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("138O2345678", Problem.PHONE_LETTERS),
        ("l3812345678", None),
        ("13812345678 或者 13987654321", Problem.TWO_VALUES),
        ("1381234567", Problem.PHONE_TOO_SHORT),
        ("138123456789", Problem.PHONE_TOO_LONG),
        ("12345678901", Problem.PHONE_NOT_MOBILE),
        ("010-62345678", Problem.PHONE_LANDLINE),
        ("11010519491231002X", Problem.ACCOUNT_NAME_PAGE),
    ],
)
def test_a_phone_that_is_none_names_nobody_and_the_reason_is_told(typed: str, reason: Problem | None) -> None:
    """E02, E04, E05: a letter is never read as the figure it looks like, and of two numbers none is picked."""
    named = parse_account_name(typed, ("phone", "account_id"))
    assert isinstance(named, Refused)
    if reason is not None:
        assert named.code == reason


def test_a_mistyped_phone_is_not_taken_for_a_members_name() -> None:
    """E02: or the person would wait for a code that goes to nobody."""
    for typed in ("138O2345678", "13812345678 13987654321"):
        assert isinstance(parse_account_name(typed, KINDS), Refused), typed
    for name in ("lol12345678", "O0O0O0O0", "小芳1380"):
        assert not isinstance(parse_account_name(name, KINDS), Refused), name


HOSTILE_NAMES = [
    "%",
    "_",
    "wf%",
    "%@example.com",
    "' OR '1'='1",
    "'; DROP TABLE accounts; --",
    'a" OR "a"="a',
    "\\",
    "wf_1\x00",
    "{0.__class__}",
    "{{7*7}}",
    "<b>wf</b>",
    "\u202ewf",
    "a_" + "0" * 20,
]


async def test_no_name_however_written_finds_anothers_account_or_harms_the_tables(
    domain: Domain, clock: FakeClock
) -> None:
    """E16: on both databases, with an account whose e-mail, member name and phone a pattern would match."""
    await owner(domain, "weigongbao")
    for typed in HOSTILE_NAMES:
        clock.forward(minutes=2)
        person = await Person.arrives(domain, "weigongbao")
        await person.wants("reset_password")
        await person.names(typed)
        assert await sms(domain) == [], typed
    async with domain.database.reading() as session:
        assert len((await session.scalars(select(AccountRow))).all()) == 1
    person = await Person.arrives(domain, "weigongbao")
    await person.wants("reset_password")
    await person.names(PHONE)
    assert await sms(domain) == [("code_account", PHONE)]


INJECTED = (
    "{0.__class__} {platform} {{7*7}} {% raw %} ${7*7} <script>alert(1)</script> &amp; </code> %s «request_cancel»"
)


async def test_what_looks_like_a_template_stays_as_it_was_written(domain: Domain, clock: FakeClock) -> None:
    """E21: in the summary of an application, in the record of it, and in the answer that comes back."""
    await owner(domain, "weigongbao")
    clock.forward(minutes=2)
    person = await Person.arrives(domain, "weigongbao")
    await person.gets_to("transfer", PHONE)
    await person.presses("法院裁定")
    await person.says("王小明，我弟弟", wish="value")
    await person.says(INJECTED, wish="value")
    rows = {row["value"] for row in person.card["rows"]}
    assert INJECTED in rows
    await person.presses("提交申请")
    (request,) = await domain.requests.list("weigongbao")
    assert request.words["reason"] == INJECTED
    await domain.requests.decide(request.id, granted=False, answer=INJECTED, by="staff-1")
    await person.is_told()
    assert INJECTED in person.last["text"]


async def test_the_page_with_ones_data_shows_tags_as_text(sqlite_domain: Domain, clock: FakeClock) -> None:
    """E15: the page shows what others may have chosen for themselves."""
    hostile = '杭州市<img src=x onerror=alert(1)> {{7*7}} "quoted" & 1 号'
    await owner(sqlite_domain, "weigongbao", address=hostile)
    clock.forward(minutes=2)
    person = await Person.arrives(sqlite_domain, "weigongbao")
    await person.gets_to("access", PHONE)
    link = str(person.card["url"]).removeprefix(PUBLIC_URL)
    application = web.Application()
    application.add_routes(Pages(sqlite_domain, Renderer(PUBLIC_URL), Hub()).routes())
    async with TestClient(TestServer(application)) as client:
        gate = await (await client.get(link)).text()
        form = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', gate)[0]}
        html = await (await client.post(link, data=form)).text()
        document = json.loads(await (await client.post(link, data={**form, "as": "json"})).text())
    assert "<img" not in html
    assert escape(hostile) in html
    assert document["registered"]["address"] == hostile


@given(words=st.text(max_size=60))
def test_no_variable_of_a_sentence_is_ever_read_as_a_template(words: str) -> None:
    """E21"""
    catalogue = Catalogue({"say": "您写的是：{words}。"})
    assert catalogue.text("say", {"words": words}) == f"您写的是：{words}。"


@pytest.mark.parametrize(
    "typed",
    [
        "a\nb",
        'x\r\n{"event": "forged", "level": "info"}',
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x00\x08\x7f",
        "\u2028",
    ],
)
def test_what_is_logged_is_one_line_whatever_it_holds(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """E18: no line of one's own, nothing that steers a terminal."""
    before = structlog.get_config()
    logs.configure("info")
    try:
        structlog.get_logger().warning("engine down", reason=typed)
    finally:
        structlog.configure(**before)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b" not in written
    assert json.loads(written)["reason"] == typed
    assert json.loads(written)["event"] == "engine down"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [*UNITS, "a_", "账号", "2026年", "转让账号", "?"])
def test_a_hostile_text_of_100_kb_is_finished_with_where_errands_read_it(unit: str) -> None:
    """E20: the time limit is the test runner's, for a backtracking regex takes hours."""
    text = (unit * SIZE)[:SIZE]
    parse_account_name(text, KINDS)
    claims_account_name(text[:60], KINDS)
    parse_date(text, date(2026, 3, 2))
    parse_free_text(text[:1000])
    wanted_errand(text, "question")
    named_field(text)
