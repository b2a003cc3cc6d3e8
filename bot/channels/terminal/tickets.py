"""The conversations this client can take up again, in a file that its owner alone can read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bot.channels.terminal.client import Ticket


class Tickets:
    """Args:
    file: where they are kept; made with its folder when first needed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, url: str, platform: str | None) -> Ticket | None:
        raw = self._read().get(_key(url, platform))
        return Ticket(raw["id"], raw["token"]) if raw else None

    def keep(self, url: str, platform: str | None, ticket: Ticket) -> None:
        self._write({**self._read(), _key(url, platform): {"id": ticket.id, "token": ticket.token}})

    def forget(self, url: str, platform: str | None) -> None:
        self._write({key: raw for key, raw in self._read().items() if key != _key(url, platform)})

    def _read(self) -> dict[str, dict[str, str]]:
        """What is kept; a file that cannot be understood holds nothing worth failing for."""
        try:
            found = json.loads(self._file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: raw for key, raw in found.items() if isinstance(raw, dict) and {"id", "token"} <= raw.keys()}

    def _write(self, tickets: dict[str, dict[str, str]]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(tickets, file, indent=1)
        draft.replace(self._file)


def _key(url: str, platform: str | None) -> str:
    return f"{url} {platform or '-'}"
