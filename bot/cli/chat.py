"""`mingshi chat`: a talk with a running app, in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import aiohttp
import typer

from bot.channels.terminal.client import Client, Offline, Refusal
from bot.channels.terminal.plain import words
from bot.channels.terminal.screen import Background, Screen
from bot.channels.terminal.talk import Talk
from bot.channels.terminal.tickets import Tickets
from bot.cli.refusals import CannotDo
from bot.cli.settings import settings


def chat(
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="P", help="The platform; chosen in the talk when left out.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The app's address; this machine's when left out.")] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start a new talk instead of taking the last one up again.")
    ] = False,
) -> None:
    """Talk with a running app. A number presses the button that has it; /new starts again, /quit leaves.

    Lines can be piped in: the transcript is printed, and the end of input ends the talk.
    """
    chosen = settings()
    address = (url or chosen.public).rstrip("/")
    screen = Screen(interactive=sys.stdin.isatty())
    tickets = Tickets(chosen.home / "terminal.json")

    async def start() -> tuple[aiohttp.ClientSession, Talk]:
        session = aiohttp.ClientSession()
        talk = Talk(Client(session, address), tickets, address, platform, screen.write, echo=not screen.interactive)
        try:
            await talk.begin(fresh=new)
        except BaseException:
            await session.close()
            raise
        return session, talk

    with Background() as loop:
        try:
            session, talk = loop.call(start())
        except Offline:
            raise CannotDo(f"no app answers at {address}: start it with `mingshi run`, or give its --url") from None
        except Refusal as refusal:
            raise CannotDo(f"{address} refuses to talk: {refusal}") from None
        try:
            _talk(screen, loop, talk, address)
            loop.call(talk.catch_up())
        finally:
            loop.call(talk.end())
            loop.call(session.close())


def _talk(screen: Screen, loop: Background, talk: Talk, address: str) -> None:
    if screen.interactive:
        screen.write(words().text("hint"))
    for line in screen.lines():
        try:
            loop.call(talk.say(line))
        except Refusal as refusal:
            screen.write(str(refusal))
        except Offline:
            if not screen.interactive:
                raise CannotDo(f"the app at {address} does not answer any more") from None
        except KeyboardInterrupt:
            return
