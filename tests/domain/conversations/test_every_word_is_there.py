"""Whatever can be said has words, and they want no variable that is not given.

The ids are read from the source, so that a new sentence without words fails here and not before a
person; that the variables fit is shown by saying things in every situation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import bot
import domain as domain_package
from bot.actions.wishes import WISH_OF_INTENT
from bot.wording.catalogue import Catalogue
from bot.wording.render import Renderer
from domain import Domain
from domain.guardians.rules import BANDS
from domain.platforms.model import FieldName
from domain.selfservice.flow import STEPS
from domain.selfservice.rules import CHANGEABLE
from domain.selfservice.steps.questions import Choice
from tests.support.databases import PUBLIC_URL
from tests.support.person import Person
from tests.support.problems import field_problems

DOMAIN, BOT = Path(domain_package.__file__).parent, Path(bot.__file__).parent
MESSAGES, LABELS = Catalogue.read("messages.yml"), Catalogue.read("labels.yml")
PAGE_PROBLEMS = {
    "field_missing", "field_taken", "option_missing", "option_refused", "password_differs",
    "upload_missing", "upload_too_large", "upload_type", "upload_broken", "upload_pixels",
    "name_one_field", "password_same", "tail_wrong", "tail_wait", "free_text_short", "account_name",
    "account_name_page", "date_format", "date_impossible", "date_in_future",
    "guardian_is_ward", "guardian_same_phone", "guardian_minor", "guardian_younger", "ward_adult",
    "guardian_asked_lately", "ward_differs",
}  # fmt: skip
FIELDS = set(get_args(FieldName))
TOPICS = {"file_complaint", "check_complaint_status", "supplement_complaint"}
OWNERS = {"reset_password", "report_stolen_account", "cancel_account", "update_profile"}
NOT_SENT = {"too_soon", "too_many", "too_many_phones", "service_paused"}
KINDS = {"registration", "guardian", "of_age", "selfservice", "renewal"}
QUESTIONS = {"contact", "story", "ground", "to_whom", "reason", "ending", "date"}
# What stands for the part of an id that is worked out when it is said.
SPOKEN = {
    "refused.{}": {*field_problems(), *PAGE_PROBLEMS},
    "guardian.{}": {"refused", "silent", "look_refused"},
    "guardian.ask.{}": set(BANDS),
    "guarding.done.{}": {"given", "held", "gone"},
    "wards.{}_ask": {"withdraw", "delete"},
    "why.{}": {"crossing", "who", "age", "guardian", "assent", "reading", "consents", "decision", "page"},
    "code.not_sent.{}": NOT_SENT,
    "self.not_sent.{}": NOT_SENT,
    "platforms.left_open.{}": KINDS,
    "resume.ask.{}": KINDS,
    "resume.moved.{}": KINDS,
    "self.ask.{}": QUESTIONS,
    "self.not_now.{}": {"frozen", "suspended"},
    "self.leave.{}": {"at_once", "application", "review", "statutory"},
    "self.{}.filed": {"transfer", "dissolution"},
    "self.{}.confirm": {"transfer", "dissolution"},
    "news.changed.{}": set(CHANGEABLE) - {"phone"},
    "news.request_{}": {"granted", "refused"},
    "decision.ask_{}": {"registration", "decision"},
    "field.{}": FIELDS - {"phone", "id_number", "credit_code", "licence_image", "authority_letter", "password"},
    "no_flow.{}": {"accept", "affirm", "deny", "go_back", "why", "stop", "refuse", "resend"},
    "clarify.{}": {"1", "2", "3"},
    "topic.{}": TOPICS,
    "misfit.{}": {"attachment", "contact_foreign", "forwarded", "group", "too_long", "too_fast", "failed"},
}


def _texts(value: ast.expr) -> Iterator[str]:
    """The ids an expression can be; what is worked out stands as {}."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case ast.BoolOp(values=values):
            for part in values:
                yield from _texts(part)


def _calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for file in sorted(DOMAIN.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield file, node


def _assigned(file: Path, name: str) -> Iterator[str]:
    """What a variable of this file is set to."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield from _texts(node.value)


def spoken() -> set[str]:
    """Every message id that the source of the domain can say."""
    ids: set[str] = set()
    for file, call in _calls("Say"):
        first = call.args[0]
        found = set(_texts(first)) or (set(_assigned(file, first.id)) if isinstance(first, ast.Name) else set())
        # A helper that is handed the id: its callers name it.
        ids |= found
    source = "\n".join(file.read_text() for file in sorted(DOMAIN.rglob("*.py")))
    ids |= set(re.findall(r"_ask_code\(\s*\"([a-z_.]+)\"", source))
    ids |= {f"{t}" for t in re.findall(r"platforms\(turn, \"([a-z_.]+)\"", source)}
    ids |= {re.sub(r"\{[^}]*\}", "{}", t) for t in re.findall(r"_question\(\s*f?\"([a-z_.{}]+)\"", source)}
    ids |= set(re.findall(r"\"(button\.[a-z_]+)\"", source))
    ids |= set(re.findall(r"\n    ask = \"([a-z_.]+)\"", source))
    # Whatever stands under these two is said, wherever the words are put together.
    ids |= {re.sub(r"\{[^}]*\}", "{}", t) for t in re.findall(r"\"((?:self|news)\.[a-z_.{}]+)\"", source)} - {"news."}
    return ids


def _expanded(ids: set[str]) -> set[str]:
    every = set()
    for id in ids:
        if "{}" not in id:
            every.add(id)
        else:
            assert id in SPOKEN, f"{id}: say in SPOKEN what can stand there"
            every |= {id.format(part) for part in SPOKEN[id]}
    return every


def test_the_scan_finds_what_is_known_to_be_said() -> None:
    known = {
        "phone.ask",
        "code.sent",
        "code.wrong",
        "field.{}",
        "refused.{}",
        "button.foreign",
        "greeting.choose",
        "consents.panel",
    }
    assert known <= spoken(), sorted(known - spoken())
    assert len(_expanded(spoken())) > 130


def test_every_message_that_can_be_said_has_words() -> None:
    assert sorted(id for id in _expanded(spoken()) if id not in MESSAGES) == []


def test_every_button_has_a_label() -> None:
    ids: set[str] = set()
    for _file, call in _calls("Button"):
        label = next((k.value for k in call.keywords if k.arg == "label"), call.args[1] if len(call.args) > 1 else None)
        if label is not None:
            ids |= set(_texts(label))
    parts = {
        "who_{}": {"person", "organisation"},
        "band_{}": set(BANDS) - {"ward"},
        "field_{}": FIELDS,
        "wish_{}": set(WISH_OF_INTENT.values()),
        "file_{}": {"transfer", "dissolution"},
        "{}_{}": {""},
    }
    choices = {
        f"{c.question}_{o}" for steps in STEPS.values() for c in steps if isinstance(c, Choice) for o in c.options
    }
    ids = (ids - {"{}_{}"}) | choices
    every = {id.format(part) for id in ids if "{}" in id for part in parts[id]} | {id for id in ids if "{}" not in id}
    assert len(every) > 70
    assert sorted(id for id in every if f"buttons.{id}" not in LABELS) == []


def test_every_row_of_a_summary_and_a_receipt_has_a_name() -> None:
    folders = ("registration", "selfservice", "conversations")
    source = "\n".join(file.read_text() for folder in folders for file in (DOMAIN / folder).rglob("*.py"))
    asked = {f"ask_{s.question}" for e in ("transfer", "dissolution") for s in STEPS[e] if hasattr(s, "question")}
    rows = asked | {"transfer_title", "dissolution_title", "dissolution_due"}
    rows |= set(re.findall(r"\"((?:receipt|summary|leave|status)_[a-z]+)\"", source)) - {
        "leave_every",
        "receipt_issued",
        "receipt_sha",
        "receipt_content",
    }
    values = set(re.findall(r"\"(value_[a-z]+)\"", source)) | {
        "value_person",
        "value_organisation",
        "value_given",
        "value_refused",
    }
    assert rows and values
    assert sorted(r for r in rows if f"rows.{r}" not in LABELS) == []
    assert sorted(v for v in values if f"values.{v}" not in LABELS) == []


@pytest.mark.parametrize("code", sorted({*field_problems(), *PAGE_PROBLEMS}))
def test_every_reason_for_a_refusal_can_be_said_on_a_page(code: str) -> None:
    assert Renderer(PUBLIC_URL).refusal(code, "提示").strip()
    assert Renderer(PUBLIC_URL).refusal(code).strip("。") or code == "option_refused"


def test_every_field_of_every_page_has_words() -> None:
    from ruamel.yaml import YAML

    words = YAML(typ="safe").load(BOT / "pages" / "words.yml")
    assert set(words["fields"]) >= FIELDS - {"phone"}
    used = set(re.findall(r"_words\.text\(\s*f?\"([a-z_.{}\[\]']+)\"", (BOT / "pages" / "handlers.py").read_text()))
    catalogue = Catalogue({k: v for k, v in words.items() if k != "fields"})
    assert used
    assert sorted(id for id in used if "{" not in id and id not in catalogue) == []


@pytest.mark.parametrize("catalogue", [MESSAGES, LABELS], ids=["messages", "labels"])
def test_no_words_hold_a_variable_with_a_mistake_in_it(catalogue: Catalogue) -> None:
    class Anything(dict[str, Any]):
        def __missing__(self, key: str) -> str:
            assert re.fullmatch(r"[a-z_]+", key), key
            return key

    for id in catalogue.ids():
        catalogue.text(id, Anything(any="thing"))


# --- every wish in every situation ------------------------------------------------------------

WISHES = sorted(
    {
        *WISH_OF_INTENT.values(),
        "accept",
        "affirm",
        "deny",
        "go_back",
        "repeat",
        "why",
        "stop",
        "refuse",
        "resend",
        "value",
        "menu",
        *TOPICS,
        *OWNERS,
    }
)


async def _nowhere(domain: Domain) -> Person:
    return await Person.arrives(domain)


async def _on_a_platform(domain: Domain) -> Person:
    return await Person.arrives(domain, "renrenbao")


async def _reading(domain: Domain) -> Person:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    return person


async def _deciding(domain: Domain) -> Person:
    person = await Person.arrives(domain, "renrenbao")
    await person.reaches_decision()
    return person


async def _proving(domain: Domain) -> Person:
    person = await _deciding(domain)
    await person.agrees()
    await person.says("13812345678")
    return person


async def _filling_in(domain: Domain) -> Person:
    person = await _deciding(domain)
    await person.agrees()
    await person.proves("13812345678")
    return person


async def _at_the_page(domain: Domain) -> Person:
    person = await _filling_in(domain)
    await person.fills_chat()
    return person


async def _registered(domain: Domain) -> Person:
    person = await _at_the_page(domain)
    await person.sends_page()
    return person


async def _naming_an_account(domain: Domain) -> Person:
    person = await Person.arrives(domain, "renrenbao")
    await person.says("忘记密码了", wish="reset_password")
    return person


async def _reporting_a_theft(domain: Domain) -> Person:
    person = await _registered(domain)
    await person.says("账号被盗了", wish="report_stolen_account")
    await person.presses("发验证码")
    return person


SITUATIONS = [
    _nowhere, _on_a_platform, _reading, _deciding, _proving, _filling_in, _at_the_page, _registered,
    _naming_an_account, _reporting_a_theft,
]  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.__name__.strip("_"))
async def test_whatever_a_person_wants_wherever_they_are_gets_an_answer_with_a_way_on(
    sqlite_domain: Domain, situation: Any
) -> None:
    person = await situation(sqlite_domain)
    for wish in WISHES:
        said = await person.says("这个和那个说说看吧好不好呀我想知道得清楚一点", wish=wish)
        assert said, wish
        assert all(m["text"].strip() for m in said), wish
        assert not any(re.search(r"[{}]|\b[a-z]+_[a-z]+\b", m["text"]) for m in said), wish
        assert any(m["buttons"] or m["card"] or m["expects"] for m in said), wish
        if wish in TOPICS | {"human"}:
            await person.says("转告一下，谢谢，请尽快和我联系，我很着急")
    for kind in sorted(SPOKEN["misfit.{}"]):
        assert await person.receives({"misfit": kind})
    for text in (
        "我的密码是 Abcd1234!",
        "11010519491231002X",
        "13812345678",
        "123456",
        "wangfang@example.com",
        "👌",
        "/start",
        "a" * 900,
    ):
        assert await person.says(text), text


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.__name__.strip("_"))
async def test_not_understanding_is_said_differently_each_time(sqlite_domain: Domain, situation: Any) -> None:
    person = await situation(sqlite_domain)
    from domain.messaging.tables import ConversationRow
    from domain.messaging.turn import Turn

    said = []
    for _ in range(3):
        async with sqlite_domain.transaction() as session:
            conversation = await session.get_one(ConversationRow, person.conversation_id)
            turn = Turn(session, conversation)
            await sqlite_domain.conversations.clarify(turn, "唔知讲咩？？？", ["start", "read", "question"])
        before = len(person.messages)
        await person.catches_up()
        said.append(person.messages[before]["text"])
    assert len(set(said)) == 3
    assert person.labels()


@pytest.mark.parametrize("platform", ["rencai", "xiaohe", "renrenbao", "weigongbao", "zhiyonggong"])
async def test_every_button_of_the_conversation_leads_somewhere(sqlite_domain: Domain, platform: str) -> None:
    """Press everything that ever was on the screen and belongs to the conversation."""
    person = await Person.arrives(sqlite_domain, platform)
    await person.says("想问问协议，注销以后我的信息会怎么样处理呢", wish="question")
    await person.says("能做什么", wish="menu")
    await person.says("监护人的事", wish="guardian")
    for label in ("看协议", "换个平台", "转人工", "不留了", "我想注册"):
        assert await person.presses(label), label
    assert await person.flow() is not None
