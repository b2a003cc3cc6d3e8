"""Where a talk happens: a terminal somebody sits at, or lines from a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

try:
    import readline
except ImportError:  # a Python built without it: then lines cannot be edited, everything else works
    readline = None  # type: ignore[assignment]

T = TypeVar("T")

_PROMPT = "› "
_NUMBER = re.compile(r"(?m)^\s*\[\d+\]")
_CLEAR_LINE = "\r\x1b[K"


class Screen:
    """Shows blocks of lines and reads the person's; what arrives while a line is typed stands above it."""

    def __init__(self, *, interactive: bool) -> None:
        self.interactive = interactive
        self._console = Console(highlight=False, soft_wrap=True)
        self._typing = False

    def write(self, block: str) -> None:
        """Show a block; called from any thread."""
        if self._typing:
            sys.stdout.write(_CLEAR_LINE)
        shown = Text(block)
        shown.highlight_regex(_NUMBER, "bold cyan")
        self._console.print(shown)
        if self._typing:
            sys.stdout.write(_PROMPT + (readline.get_line_buffer() if readline else ""))
        sys.stdout.flush()

    def lines(self) -> Iterator[str]:
        """What the person types, line by line, until the end of input, /quit or Ctrl-C."""
        while True:
            try:
                line = self._typed() if self.interactive else self._piped()
            except (EOFError, KeyboardInterrupt):
                return
            if line.strip() == "/quit":
                return
            yield line

    def _typed(self) -> str:
        self._typing = True
        try:
            return input(_PROMPT)
        finally:
            self._typing = False

    @staticmethod
    def _piped() -> str:
        raw = sys.stdin.buffer.readline()
        if not raw:
            raise EOFError
        return raw.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n")


class Background:
    """An event loop in a thread of its own, so that the person's thread can wait for the keyboard."""

    def __enter__(self) -> Background:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="talk")
        self._thread.start()
        return self

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there and wait for its result; Ctrl-C stops it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        with contextlib.suppress(RuntimeError):
            self._loop.close()
