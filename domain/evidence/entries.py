"""Fields that many entries of the ledger share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.agreements.versions import Version
from domain.messaging.turn import Turn


def agreement_of(version: Version) -> dict[str, Any]:
    """Which text an entry rests on."""
    return {
        "id": version.id,
        "version": version.version,
        "label": version.label,
        "source": version.source,
        "sha256": version.sha256,
        "text_sha256": version.text_sha256,
    }


def channel_of(turn: Turn) -> dict[str, Any]:
    """Where it happened: the channel, the conversation, and the channel's own number of the update."""
    return {"kind": turn.conversation.channel, "conversation": turn.conversation.id, "update": turn.update_id}


def pressed_of(turn: Turn, now: datetime) -> dict[str, Any]:
    """The button that did it, if one did, and how long it had been on the screen."""
    if turn.press is None:
        return {}
    dwell = int((now - turn.press.shown_at) / timedelta(milliseconds=1))
    return {"pressed": {"message": turn.press.message_id, "label": turn.press.label, "dwell_ms": dwell}}
