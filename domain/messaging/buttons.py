"""Button tokens: opaque, signed, good in one conversation only, at most 64 bytes (Telegram's limit)."""

from __future__ import annotations

import base64
import hmac

from domain.vault import Keyring

_TAG = 12


def make_token(keyring: Keyring, conversation_id: str, message_id: str, index: int) -> str:
    """The token of button `index` of a message. 42 bytes of ASCII."""
    raw = message_id.removeprefix("m_")
    return _token(raw, index, keyring.digest("buttons", *_parts(conversation_id, raw, index))[1])


def read_token(keyring: Keyring, conversation_id: str, token: str) -> tuple[str, int] | None:
    """(message id, button index), or None when the token is not one of this conversation's.

    It must be the very token that was made: another writing of the same bytes is a forgery too.
    """
    head, dot, _tag = token.partition(".")
    if not dot or len(token) > 64 or len(head) < 3 or not token.isascii():
        return None
    raw = head[:-2]
    try:
        index = int(head[-2:], 16)
    except ValueError:
        return None
    if index < 0:
        return None
    known = (_token(raw, index, d) for d in keyring.digests("buttons", *_parts(conversation_id, raw, index)))
    return (f"m_{raw}", index) if any(hmac.compare_digest(k, token) for k in known) else None


def _parts(conversation_id: str, raw: str, index: int) -> tuple[bytes, ...]:
    return conversation_id.encode(), raw.encode(), bytes([index])


def _token(raw: str, index: int, digest: bytes) -> str:
    return f"{raw}{index:02x}.{base64.urlsafe_b64encode(digest[:_TAG]).decode()}"
