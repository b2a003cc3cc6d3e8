"""Standard input as messages, one a line."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterable, Iterator


def lines_of(stream: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream, without their ends; bytes that are not UTF-8 become U+FFFD."""
    for number, raw in enumerate(stream):
        line = raw.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
        yield line.removeprefix("\ufeff") if number == 0 else line


async def batches(stream: Iterable[bytes], most: int) -> AsyncIterator[list[str]]:
    """Whatever lines have arrived, at most so many at once, and at least one as soon as it is there.

    A thread reads, so that whoever writes a line and waits for its answer gets it.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        with contextlib.suppress(RuntimeError, ValueError):  # loop or input is closed: nobody waits any longer
            for line in lines_of(stream):
                loop.call_soon_threadsafe(arrived.put_nowait, line)
            loop.call_soon_threadsafe(arrived.put_nowait, None)

    threading.Thread(target=read, daemon=True, name="standard input").start()
    while True:
        batch = [await arrived.get()]
        while len(batch) < most and batch[-1] is not None and not arrived.empty():
            batch.append(arrived.get_nowait())
        lines = [line for line in batch if line is not None]
        if lines:
            yield lines
        if batch[-1] is None:
            return
