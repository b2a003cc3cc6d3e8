"""Button tokens: opaque, signed, good in one conversation only, at most 64 bytes (Telegram's limit)."""

from __future__ import annotations

import base64
import binascii
import hmac

from domain.vault import Keyring

_TAG = 12


def make_token(keyring: Keyring, conversation_id: str, message_id: str, index: int) -> str:
    """The token of button `index` of a message. 42 bytes of ASCII."""
    raw = message_id.removeprefix("m_")
    tag = keyring.digest("buttons", conversation_id.encode(), raw.encode(), bytes([index]))[1][:_TAG]
    return f"{raw}{index:02x}.{base64.urlsafe_b64encode(tag).decode()}"


def read_token(keyring: Keyring, conversation_id: str, token: str) -> tuple[str, int] | None:
    """(message id, button index), or None when the token is not one of this conversation's."""
    head, dot, tag = token.partition(".")
    if not dot or len(token) > 64 or len(head) < 3 or not token.isascii():
        return None
    try:
        index, given = int(head[-2:], 16), base64.urlsafe_b64decode(tag)
    except (ValueError, binascii.Error):
        return None
    raw = head[:-2]
    parts = conversation_id.encode(), raw.encode(), bytes([index])
    if len(given) != _TAG:
        return None
    if not any(hmac.compare_digest(d[:_TAG], given) for d in keyring.digests("buttons", *parts)):
        return None
    return f"m_{raw}", index
