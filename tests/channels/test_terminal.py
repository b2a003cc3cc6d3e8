"""The terminal client: what is shown, what a number presses, and a talk that is taken up again."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.channels.terminal.client import Client, Offline
from bot.channels.terminal.plain import printable, show, words
from bot.channels.terminal.talk import Talk
from bot.channels.terminal.tickets import Tickets
from bot.settings import Settings
from tests.cli.serving import serving, serving_beside, without_engine
from tests.e2e.client import Person

ROOT = Path(__file__).resolve().parents[2]


class Sitting:
    """Somebody at a terminal: `shown` holds every block of lines since the last look."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, platform: str | None = "xiaohe") -> None:
        self.shown: list[str] = []
        self.tickets = Tickets(settings.home / "terminal.json")
        self.client = Client(session, settings.public)
        self.talk = Talk(self.client, self.tickets, settings.public, platform, self.shown.append, echo=True)

    async def says(self, line: str) -> str:
        """Type a line; returns what was shown since."""
        self.shown.clear()
        await self.talk.say(line)
        return "\n".join(self.shown)

    async def presses(self, label: str) -> str:
        """Press a button by the newest number that stands before its label."""
        return await self.says(number_of(label, "\n".join(self.shown)))

    async def until(self, wanted: str) -> str:
        """Wait for words that arrive by themselves."""
        for _ in range(400):
            if wanted in "\n".join(self.shown):
                return "\n".join(self.shown)
            await asyncio.sleep(0.02)
        raise AssertionError(f"{wanted} did not arrive: {self.shown}")


def number_of(label: str, shown: str) -> str:
    found = re.findall(rf"(?m)^\s*\[(\d+)\] {re.escape(label)}", shown)
    assert found, f"{label} has no number in {shown}"
    return str(found[-1])


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    settings = without_engine(tmp_path / "home")
    async with serving(settings):
        yield settings


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def sit(settings: Settings, session: aiohttp.ClientSession) -> AsyncIterator[Callable[..., Sitting]]:
    sittings: list[Sitting] = []

    def one(platform: str | None = "xiaohe") -> Sitting:
        sittings.append(Sitting(settings, session, platform))
        return sittings[-1]

    yield one
    for each in sittings:
        await each.talk.end()


async def test_a_person_registers_at_the_terminal(
    settings: Settings, session: aiohttp.ClientSession, sit: Callable[..., Sitting]
) -> None:
    """The same talk as on the web: cards, consents, code, page, and the receipt arrives by itself."""
    here = sit()
    await here.talk.begin()
    shown = await here.presses("我想注册")
    assert "您：[1] 我想注册" in shown
    shown = await here.presses("本人已满18岁")
    while re.search(r"\(\d+/\d+\)", shown):
        shown = await here.presses("我已了解")
    while "未决定" in shown:
        yes = re.search(r"\[(\d+)\] 同意", shown[shown.index("未决定") :])
        assert yes is not None
        shown = await here.says(yes[1])
    await here.presses("同意")
    ticket = here.tickets.find(settings.public, "xiaohe")
    assert ticket is not None
    # From here on the rest of the way is taken over HTTP, by the same conversation.
    person = Person(session, settings.public, ticket.id, ticket.token, list(await here.client.since(ticket, 0)))
    await person.proves_the_phone()
    await person.answers()
    here.shown.clear()
    assert (await person.fill_page()).status == 200
    arrived = await here.until("/r/r_")
    assert ".json" in arrived


async def test_what_arrives_both_ways_is_shown_once(sit: Callable[..., Sitting]) -> None:
    here = sit()
    await here.talk.begin()
    await here.says("1")
    await here.talk.catch_up()
    await asyncio.sleep(0.3)
    everything = "\n".join(here.shown)
    assert everything.count("这次是给谁注册") == 1


async def test_a_talk_is_taken_up_again_where_it_stood(sit: Callable[..., Sitting]) -> None:
    first = sit()
    await first.talk.begin()
    await first.says("1")
    await first.talk.end()

    again = sit()
    await again.talk.begin()
    shown = "\n".join(again.shown)
    assert "接着上次的对话" in shown
    assert "[1] 我想注册 （已选）" in shown
    await again.presses("本人已满18岁")
    assert "(1/" in "\n".join(again.shown)


async def test_new_starts_again_and_forgets_the_old_numbers(sit: Callable[..., Sitting]) -> None:
    here = sit()
    await here.talk.begin()
    before = here.tickets.find(here.talk._url, "xiaohe")
    await here.says("1")
    shown = await here.says("/new")
    assert "新的对话" in shown
    assert "我想注册" in shown
    assert here.tickets.find(here.talk._url, "xiaohe") != before


async def test_a_token_that_no_longer_counts_opens_a_new_talk(settings: Settings, sit: Callable[..., Sitting]) -> None:
    here = sit()
    await here.talk.begin()
    kept = json.loads((settings.home / "terminal.json").read_text())
    for entry in kept.values():
        entry["token"] = "0" * 48
    (settings.home / "terminal.json").write_text(json.dumps(kept))
    again = sit()
    await again.talk.begin()
    assert "接着上次的对话" not in "\n".join(again.shown)
    assert "我想注册" in "\n".join(again.shown)


async def test_the_token_lies_where_its_owner_alone_can_read(settings: Settings, sit: Callable[..., Sitting]) -> None:
    await sit().talk.begin()
    assert (settings.home / "terminal.json").stat().st_mode & 0o077 == 0


async def test_a_broken_file_of_tokens_is_no_hindrance(settings: Settings, sit: Callable[..., Sitting]) -> None:
    for content in (b"{", b"[]", b'{"a": 1}', b"\xff"):
        (settings.home / "terminal.json").write_bytes(content)
        here = sit()
        await here.talk.begin()
        assert "我想注册" in "\n".join(here.shown)


async def test_a_number_without_a_button_is_said_as_it_is(sit: Callable[..., Sitting]) -> None:
    here = sit()
    await here.talk.begin()
    for line in ("0", "99", "13800138000"):
        shown = await here.says(line)
        assert f"您：{line}" in shown
    assert "您：[" in await here.says("１")


async def test_nothing_typed_is_nothing_said(sit: Callable[..., Sitting]) -> None:
    here = sit()
    await here.talk.begin()
    assert await here.says("   ") == ""


async def test_too_fast_is_told_and_sent_again_later(
    tmp_path: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = without_engine(tmp_path / "home", messages_a_minute=1)
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    async with serving(settings):
        here = Sitting(settings, session)
        await here.talk.begin()
        await here.says("1")
        monkeypatch.setattr("bot.channels.terminal.talk.asyncio.sleep", wait)
        shown = await here.says("1")
        monkeypatch.undo()
        await here.talk.end()
    assert "您发得太快了" in shown
    assert [seconds for seconds in waited if seconds > 2]


async def test_nobody_there_is_offline(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, port=1)
    with pytest.raises(Offline):
        await Sitting(settings, session).talk.begin()


async def test_something_else_there_is_offline_too(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with server:
        settings = Settings(home=tmp_path, port=server.sockets[0].getsockname()[1])
        with pytest.raises(Offline):
            await Sitting(settings, session).talk.begin()


# --- what a message looks like ---------------------------------------------------------------


def _message(**more: Any) -> dict[str, Any]:
    base = {"id": "m", "seq": 1, "from": "bot", "text": "请看", "buttons": [], "card": None, "chosen": None}
    return {**base, **more}


def _button(label: str, token: str = "t") -> dict[str, str]:
    return {"label": label, "token": token, "style": "default"}


def test_buttons_of_the_card_and_of_the_message_share_one_numbering() -> None:
    item = {"id": "marketing", "title": "营销", "body": "给您发广告", "tag": "可选", "decision": None}
    card = {
        "kind": "consents",
        "title": "请逐项决定",
        "items": [{**item, "yes": _button("同意", "y"), "no": _button("不同意", "n")}],
        "missing": [{"title": "《隐私政策》", "line": "没有提供"}],
    }
    shown = show(_message(card=card, buttons=[_button("继续", "c")]), words())
    assert [choice.token for choice in shown.choices] == ["y", "n", "c"]
    for line in ("[1] 同意", "[2] 不同意", "[3] 继续", "营销（可选，未决定）", "《隐私政策》：没有提供"):
        assert line in shown.text


def test_a_button_without_a_label_gets_no_number() -> None:
    card = {
        "kind": "clause", "title": "主题", "progress": {"at": 1, "of": 3}, "number": "三", "line": "不退",
        "quote": "概不退还", "quote_label": "原文", "sections": [{"heading": "说的是什么", "body": "钱"}],
        "note": None, "draft": False, "read_url": "https://x/a/p#三", "opened": _button("", "o"),
    }  # fmt: skip
    shown = show(_message(card=card, buttons=[_button("我已了解")]), words())
    assert [choice.label for choice in shown.choices] == ["我已了解"]
    for line in ("主题 (1/3)", "三 不退", "说的是什么：钱", "原文：概不退还", "https://x/a/p#三"):
        assert line in shown.text


def test_an_item_of_a_theme_is_explained_once_it_is_unfolded() -> None:
    item = {
        "number": "三", "line": "不退", "quote": "概不退还", "quote_label": "原文", "note": "不影响您的权利",
        "sections": [{"heading": "说的是什么", "body": "钱"}], "opened": _button(""), "unfold": _button("三"),
    }  # fmt: skip
    card = {"kind": "theme", "title": "钱", "progress": {"at": 2, "of": 3}, "read_url": "https://x"}
    folded = show(_message(card={**card, "items": [{**item, "unfolded": False}]}), words())
    assert "概不退还" not in folded.text
    assert [choice.label for choice in folded.choices] == ["三"]
    unfolded = show(_message(card={**card, "items": [{**item, "unfolded": True}]}), words())
    assert "概不退还" in unfolded.text
    assert "不影响您的权利" in unfolded.text
    assert unfolded.choices == []


def test_a_card_of_a_later_version_still_shows_its_buttons() -> None:
    card = {
        "kind": "calendar",
        "title": "选一天",
        "days": [{"pick": _button("周一", "mon")}, {"pick": _button("周二")}],
    }
    shown = show(_message(card=card), words())
    assert "选一天" in shown.text
    assert [choice.label for choice in shown.choices] == ["周一", "周二"]


def test_words_that_would_steer_the_terminal_do_not() -> None:
    shown = show(_message(text="你好\x1b]0;x\x07\x9b2J\u202e\r世界\n第二行", buttons=[_button("好\x1b[0m")]), words())
    assert not set(shown.text) & set("\x1b\x07\x9b\u202e\r")
    assert shown.text.splitlines()[1] == "第二行"
    assert shown.choices[0].label == "好[0m"
    assert printable("a\tb\r\nc") == "a\tb\nc"


# --- the command -----------------------------------------------------------------------------


def _command(settings: Settings, *more: str) -> tuple[list[str], dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINGSHI_")}
    environment |= {"MINGSHI_HOME": str(settings.home), "MINGSHI_PORT": str(settings.port)}
    return [sys.executable, "-m", "bot", "chat", "--platform", "xiaohe", *more], environment


def test_lines_can_be_piped_in_and_the_end_of_input_ends_the_talk(tmp_path: Path) -> None:
    settings = without_engine(tmp_path / "home")

    def piped(text: str, *more: str) -> subprocess.CompletedProcess[bytes]:
        command, environment = _command(settings, *more)
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=text.encode(), capture_output=True, timeout=60, check=False
        )

    with serving_beside(settings):
        done = piped("1\n本人已满18岁\n/quit\n说了也没人听")
        transcript = done.stdout.decode()
        assert (done.returncode, done.stderr) == (0, b"")
        assert transcript.index("您：[1] 我想注册") < transcript.index("这次是给谁注册")
        assert transcript.index("您：本人已满18岁") < transcript.index("(1/")
        assert "没人听" not in transcript
        assert "\x1b" not in transcript

        again = piped("")
        assert again.returncode == 0
        assert "接着上次的对话" in again.stdout.decode()
        assert "接着上次的对话" not in piped("", "--new").stdout.decode()

    gone = piped("1\n")
    assert gone.returncode == 1
    assert gone.stdout == b""
    assert "mingshi run" in gone.stderr.decode()
    assert len(gone.stderr.splitlines()) == 1


def test_at_a_terminal_a_number_is_typed_and_what_it_pressed_is_shown(tmp_path: Path) -> None:
    settings = without_engine(tmp_path / "home")
    command, environment = _command(settings)
    master, slave = pty.openpty()
    with serving_beside(settings), subprocess.Popen(
        command, cwd=ROOT, env={**environment, "TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave, close_fds=True
    ) as process:  # fmt: skip
        os.close(slave)
        seen = _read_until(master, "›")
        assert "/quit" in seen
        os.write(master, b"1\n")
        assert "您：[1] 我想注册" in _read_until(master, "这次是给谁注册")
        os.write(master, b"/quit\n")
        assert process.wait(30) == 0
    os.close(master)


def _read_until(terminal: int, wanted: str) -> str:
    """What the terminal shows, without colours, until it shows `wanted`."""
    seen, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536)
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))
        if wanted in plain:
            return plain
    raise AssertionError(f"{wanted} was not shown: {seen.decode(errors='replace')}")
