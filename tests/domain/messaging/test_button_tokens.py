"""Button tokens: one conversation's, signed, short; a forged one is nobody's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.ambient import new_id
from domain.messaging.buttons import make_token, read_token
from domain.vault import Keyring
from tests.support.ambient import SeededChance

KEYS = Keyring.create(SeededChance("keys"))
CONVERSATION, MESSAGE = new_id("c", SeededChance("c")), new_id("m", SeededChance("m"))

indices = st.integers(0, 255)


@given(index=indices)
def test_a_token_leads_back_to_its_message_and_button(index: int) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, index)
    assert read_token(KEYS, CONVERSATION, token) == (MESSAGE, index)


@given(index=indices)
def test_a_token_fits_telegram_and_a_url(index: int) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, index)
    assert len(token.encode()) <= 64
    assert all(c.isascii() and (c.isalnum() or c in "._-=") for c in token)


@given(index=indices)
def test_a_token_of_another_conversation_is_refused(index: int) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, index)
    assert read_token(KEYS, new_id("c", SeededChance("another")), token) is None


@given(index=indices, data=st.data())
def test_a_token_with_any_one_character_changed_is_refused(index: int, data: st.DataObject) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, index)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda c: c != token[at]))
    assert read_token(KEYS, CONVERSATION, token[:at] + other + token[at + 1 :]) is None


@given(index=indices, data=st.data())
def test_a_token_with_something_put_in_or_left_out_is_refused(index: int, data: st.DataObject) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, index)
    at = data.draw(st.integers(0, len(token)))
    put_in = data.draw(st.text(alphabet="Aa0=-_.!\n 好", max_size=3))
    left_out = data.draw(st.integers(0, 4))
    changed = token[:at] + put_in + token[at + left_out :]
    assert changed == token or read_token(KEYS, CONVERSATION, changed) is None


@given(keep=st.integers(0, 41))
def test_a_truncated_token_is_refused(keep: int) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, 3)
    assert read_token(KEYS, CONVERSATION, token[: min(keep, len(token) - 1)]) is None


@given(st.text(max_size=200))
@example("")
@example(".")
@example("a.b")
@example("00.")
@example("x" * 65 + ".")
@example("\ud800.\ud800")
@example("一二三.四五六")
@example("%s%n\0")
def test_any_other_text_is_refused_without_a_fall(text: str) -> None:
    assert read_token(KEYS, CONVERSATION, text) is None


def test_another_writing_of_the_same_index_is_refused() -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, 10)
    head, _, tag = token.partition(".")
    for index in ("0A", " a", "+a", "_a"):
        assert read_token(KEYS, CONVERSATION, f"{head[:-2]}{index}.{tag}") is None


@pytest.mark.parametrize("junk", ["!", "\n", " ", "%", "=", "."])
@pytest.mark.parametrize("at", [24, 30, 40])
def test_characters_a_lax_decoder_would_pass_over_are_refused(junk: str, at: int) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, 3)
    assert read_token(KEYS, CONVERSATION, token[:at] + junk + token[at:]) is None


def test_a_negative_index_is_refused() -> None:
    head, _, tag = make_token(KEYS, CONVERSATION, MESSAGE, 3).partition(".")
    assert read_token(KEYS, CONVERSATION, f"{head[:-2]}-3.{tag}") is None


def test_a_signature_for_one_button_does_not_fit_another() -> None:
    one, other = (make_token(KEYS, CONVERSATION, MESSAGE, n) for n in (0, 1))
    assert read_token(KEYS, CONVERSATION, one.partition(".")[0] + "." + other.partition(".")[2]) is None


@pytest.mark.parametrize("rotated", [True, False])
def test_tokens_outlive_a_rotation_of_their_key_but_not_its_removal(rotated: bool) -> None:
    token = make_token(KEYS, CONVERSATION, MESSAGE, 1)
    keys = {p: dict(k) for p, k in KEYS._keys.items()}
    keys["buttons"] = {"newer": SeededChance("newer").token(32), **(keys["buttons"] if rotated else {})}
    assert (read_token(Keyring(keys), CONVERSATION, token) == (MESSAGE, 1)) is rotated
