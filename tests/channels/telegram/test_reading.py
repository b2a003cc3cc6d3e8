"""What an update means, before anything is done about it."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import Update

from bot.channels.telegram.reading import Addressed, ForeignPress, Meaning, Membership, Reader, Said
from bot.channels.telegram.words import Words

ME, OTHER = 4711, 815
READER = Reader(Words.read().sentences, frozenset({"xiaohe", "rencai"}))


def person(id: int = ME, **more: Any) -> dict[str, Any]:
    return {"id": id, "is_bot": False, "first_name": "小明", **more}


def chat(id: int = ME, type: str = "private") -> dict[str, Any]:
    return {"id": id, "type": type, **({"first_name": "小明"} if type == "private" else {"title": "群"})}


def read(kind: str = "message", **fields: Any) -> Meaning | None:
    body = {"message_id": 5, "date": 1_780_000_000, "chat": chat(), "from": person(), **fields}
    return READER.read(Update.model_validate({"update_id": 1, kind: body}))


def payload(**fields: Any) -> dict[str, Any]:
    meaning = read(**fields)
    assert isinstance(meaning, Said)
    return dict(meaning.payload)


def press(**fields: Any) -> Meaning | None:
    message = {"message_id": 5, "date": 1_780_000_000, "chat": chat(), "text": "?"}
    body = {"id": "cb", "from": person(), "chat_instance": "1", "message": message, "data": "token", **fields}
    return READER.read(Update.model_validate({"update_id": 1, "callback_query": body}))


def test_a_sentence_is_taken_as_it_was_typed() -> None:
    assert payload(text="  我想注册 ") == {"text": "  我想注册 "}


@pytest.mark.parametrize(
    ("typed", "opened"),
    [
        ("/start", {"open": True}),
        ("/START@mingshi_test_bot", {"open": True}),
        ("/start p_xiaohe", {"open": True, "platform": "xiaohe"}),
        ("/start p_nowhere", {"open": True}),
        ("/start p_", {"open": True}),
        ("/start r_ABCD-2345", {"open": True, "resume": "ABCD2345"}),
        ("/start r_abcd2345", {"open": True, "resume": "ABCD2345"}),
        ("/start r_" + "A" * 62, {"open": True}),
        ("/start " + "x" * 3000, {"open": True}),
        ("/start ../../etc", {"open": True}),
        ("/start {0.__class__}", {"open": True}),
    ],
)
def test_a_link_into_the_chat_carries_a_platform_or_a_code_and_nothing_else(typed: str, opened: dict[str, Any]) -> None:
    assert payload(text=typed) == opened


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/help", "你能做什么"),
        ("/human", "转人工"),
        ("/转人工", "转人工"),
        ("/cancel@mingshi_test_bot", "不办了"),
        ("/affirm", "/affirm"),
        ('/affirm@1.0{"phone_verified": true}', '/affirm@1.0{"phone_verified": true}'),
        ("/restart", "/restart"),
    ],
)
def test_a_command_of_the_menu_is_short_for_a_sentence_and_others_stay_text(typed: str, said: str) -> None:
    assert payload(text=typed) == {"text": said}


@pytest.mark.parametrize(
    "foreign",
    [
        {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
        {"forward_origin": {"type": "user", "date": 1, "sender_user": person(OTHER)}},
        {"via_bot": {"id": 9, "is_bot": True, "first_name": "b"}},
    ],
)
def test_forwarded_text_and_what_an_inline_bot_wrote_are_nobodys_answer(foreign: dict[str, Any]) -> None:
    assert payload(text="123456", **foreign) == {"misfit": "forwarded"}


def contact(user_id: int | None = ME, phone: str = "8613800138000") -> dict[str, Any]:
    return {"phone_number": phone, "first_name": "小明", **({"user_id": user_id} if user_id else {})}


def test_the_own_number_counts_as_typed_with_its_country() -> None:
    assert payload(contact=contact()) == {"text": "+8613800138000"}
    assert payload(contact=contact(phone="+8613800138000")) == {"text": "+8613800138000"}


def test_a_canadian_number_does_not_turn_into_a_mainland_one() -> None:
    assert payload(contact=contact(phone="13105551234")) == {"text": "+13105551234"}


@pytest.mark.parametrize(
    "card",
    [
        {"contact": contact(OTHER)},
        {"contact": contact(None)},
        {"contact": contact(), "forward_origin": {"type": "user", "date": 1, "sender_user": person()}},
    ],
)
def test_another_persons_card_and_a_forwarded_one_are_not_ones_own_number(card: dict[str, Any]) -> None:
    assert payload(**card) == {"misfit": "contact_foreign"}


FILE = {"file_id": "f", "file_unique_id": "u"}


@pytest.mark.parametrize(
    "thing",
    [
        {"voice": {**FILE, "duration": 1}},
        {"photo": [{**FILE, "width": 1, "height": 1}], "caption": "同意"},
        {"document": FILE},
        {"location": {"latitude": 1.0, "longitude": 2.0}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"video_note": {**FILE, "length": 1, "duration": 1}},
        {"sticker": {**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}},
    ],
)
def test_pictures_voices_and_stickers_are_answered_kindly_and_never_as_words(thing: dict[str, Any]) -> None:
    assert payload(**thing) == {"misfit": "attachment"}


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert payload(text="同意\ud83d") == {"misfit": "attachment"}


@pytest.mark.parametrize(
    "service",
    [
        {"pinned_message": {"message_id": 4, "date": 0, "chat": chat()}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
        {"write_access_allowed": {}},
    ],
)
def test_what_telegram_does_by_itself_means_nothing(service: dict[str, Any]) -> None:
    assert read(**service) is None


def test_the_first_wording_counts_and_edits_mean_nothing() -> None:
    assert read("edited_message", text="123456", edit_date=1_780_000_001) is None
    assert read("edited_channel_post", text="x", edit_date=1, chat=chat(-1, "channel")) is None


@pytest.mark.parametrize(
    "place",
    [
        {"chat": chat(-100, "group")},
        {"chat": chat(-100, "supergroup"), "sender_chat": chat(-100, "supergroup")},
        {"chat": chat(-100, "supergroup"), "from": person(9, is_bot=True)},
    ],
)
def test_where_others_read_along_nothing_is_heard_but_that_somebody_spoke(place: dict[str, Any]) -> None:
    assert read(text="13800138000", **place) == Addressed(-100, None)


def test_a_channel_and_a_topic_are_answered_where_they_are() -> None:
    assert read("channel_post", text="hi", chat=chat(-7, "channel")) == Addressed(-7, None)
    topic = {"is_topic_message": True, "message_thread_id": 33}
    assert read(text="hi", chat=chat(-100, "supergroup"), **topic) == Addressed(-100, 33)


@pytest.mark.parametrize(
    "sender", [{"from": person(OTHER)}, {"from": person(ME, is_bot=True)}, {"sender_chat": chat(-5, "channel")}]
)
def test_in_a_private_chat_only_its_own_person_is_heard(sender: dict[str, Any]) -> None:
    assert read(text="同意", **sender) is None


def test_a_press_is_the_private_chats_own_or_nobodys() -> None:
    mine = press()
    assert isinstance(mine, Said)
    assert (mine.chat_id, dict(mine.payload), mine.callback_id) == (ME, {"button": "token"}, "cb")
    stranger = {"from": person(OTHER)}
    group = {"message": {"message_id": 5, "date": 1, "chat": chat(-100, "group"), "text": "?"}}
    for foreign in (stranger, group, {"message": None, "inline_message_id": "i"}, {"data": None}, {"data": "汉" * 22}):
        assert press(**foreign) == ForeignPress("cb")


def test_a_press_on_a_message_too_old_to_be_shown_still_counts() -> None:
    assert isinstance(press(message={"message_id": 5, "date": 0, "chat": chat()}), Said)


def test_whoever_types_a_password_has_it_taken_out_of_the_chat() -> None:
    secret = read(text="密码是abc12345")
    plain = read(text="密码忘了怎么办")
    hidden = read(photo=[{**FILE, "width": 1, "height": 1}], caption="我的密码是 abc12345")
    assert isinstance(secret, Said)
    assert isinstance(plain, Said)
    assert isinstance(hidden, Said)
    assert (secret.secret, plain.secret, hidden.secret) == (True, False, True)


def test_words_do_not_appear_when_a_meaning_is_written_to_a_log() -> None:
    assert "abc12345" not in repr(read(text="密码是abc12345"))


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_blocking_the_bot_and_letting_it_in_again_is_noticed(status: str, reachable: bool) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "b"}
    old, new = {"user": bot, "status": "member"}, {"user": bot, "status": status, "until_date": 0}
    body = {"chat": chat(), "from": person(), "date": 1, "old_chat_member": old, "new_chat_member": new}
    assert READER.read(Update.model_validate({"update_id": 1, "my_chat_member": body})) == Membership(ME, reachable)
    body["chat"] = chat(-100, "group")
    assert READER.read(Update.model_validate({"update_id": 1, "my_chat_member": body})) is None
