"""What `mingshi doctor` looks at, one function a part."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.cli.evidence import ledger_verdict, stamps_in_words
from bot.cli.platforms import look_over
from bot.cli.refusals import explain
from bot.cli.stored import database_file, stored
from bot.couriers.choice import lacks
from bot.engine_process import ROOT, NoEngine, engine_python
from bot.settings import Settings, is_loopback
from bot.turns.engine import Engine
from bot.wording.catalogue import Catalogue
from domain import Keyring
from domain.storage.migrate import config

_OLDEST_PYTHON = (3, 11)
_ENGINE_PYTHON = "3.10"
_ENGINE_RASA = "3.6.21"
_SECONDS = 5.0
_BOT_TOKEN = re.compile(r"[0-9]+:[^\s/]+")
_ABOUT_ENGINE = (
    "import sys; from importlib.metadata import version; from pathlib import Path; "
    "from nlu.inside_rasa.build import fingerprint; "
    "print('.'.join(map(str, sys.version_info[:2])), version('rasa'), fingerprint(Path.cwd()))"
)


@dataclass(frozen=True)
class Part:
    """One part: how it is, and the mend when it is wrong."""

    part: str
    ok: bool
    state: str
    mend: str | None = None


def fine(part: str, state: str) -> Part:
    return Part(part, True, state)


def wrong(part: str, state: str, mend: str) -> Part:
    return Part(part, False, state, mend)


async def examine(settings: Settings) -> list[Part]:
    """Every part in the order in which they build on each other."""
    checks: tuple[tuple[str, Callable[[Settings], Awaitable[list[Part]]]], ...] = (
        ("python", _python),
        ("engine environment", _engine_environment),
        ("platforms", _platforms),
        ("keys", _keys),
        ("database", _database),
        ("ledger", _ledger),
        ("engine", _engine),
        ("sms", _sms),
        ("telegram", _telegram),
        ("public address", _public_address),
        ("port", _port),
    )
    parts: list[Part] = []
    for name, check in checks:
        try:
            parts += await check(settings)
        except Exception as error:
            reason = explain(error)
            if reason is None:
                raise
            parts.append(wrong(name, reason, "see the message"))
    return parts


async def _python(_settings: Settings) -> list[Part]:
    here = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return [wrong("python", f"Python {here} is too old", "run `make setup`, which installs a newer one")]
    return [fine("python", f"Python {here}")]


async def _engine_environment(_settings: Settings) -> list[Part]:
    """The engine's Python and rasa, and whether its model was trained from the files as they are."""
    try:
        python = engine_python()
    except NoEngine as error:
        return [wrong("engine environment", str(error).split(":")[0], "run `make setup`")]
    process = await asyncio.create_subprocess_exec(
        str(python), "-c", _ABOUT_ENGINE, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    told = (await process.communicate())[0].decode().split()
    if process.returncode or len(told) != 3:
        return [wrong("engine environment", ".engine is incomplete", "delete .engine and run `make setup`")]
    version, rasa, fingerprint = told
    parts = [fine("engine environment", f"Python {version}, rasa {rasa}")]
    if (version, rasa) != (_ENGINE_PYTHON, _ENGINE_RASA):
        needed = f"Python {_ENGINE_PYTHON} and rasa {_ENGINE_RASA} are needed"
        parts = [
            wrong(
                "engine environment", f"Python {version}, rasa {rasa}: {needed}", "delete .engine and run `make setup`"
            )
        ]
    model = ROOT / "models" / f"engine-{fingerprint}.tar.gz"
    if model.exists():
        parts.append(fine("model", model.name))
    elif any(model.parent.glob("engine-*.tar.gz")):
        parts.append(
            wrong("model", "older than nlu/, stories/ or config.yml", "run `make setup`, which trains it again")
        )
    else:
        parts.append(wrong("model", "not trained", "run `make setup`"))
    return parts


async def _platforms(settings: Settings) -> list[Part]:
    found = look_over(settings.platforms)
    errors = [
        f"{id}: {each.where}: {each.message}"
        for id, findings in found.items()
        for each in findings
        if each.level == "error"
    ]
    if errors:
        return [
            wrong("platforms", error, "mend the file; `mingshi platforms check` tells everything") for error in errors
        ]
    return [fine("platforms", ", ".join(found))]


async def _keys(settings: Settings) -> list[Part]:
    file = settings.keys_file
    if file.exists():
        Keyring.load(file)
        return [fine("keys", f"{file}, readable by its owner alone")]
    async with stored(settings) as database:
        if database is not None:
            return [
                wrong("keys", f"{file} is missing, but there are data sealed with it", "restore it from its backup")
            ]
    return [fine("keys", f"none yet; the first start makes {file}")]


async def _database(settings: Settings) -> list[Part]:
    file = database_file(settings)
    async with stored(settings) as database:
        if database is None:
            return [fine("database", f"none yet; the first start makes {file or 'its tables'}")]
        newest = ScriptDirectory.from_config(config()).get_current_head()
        async with database.engine.connect() as connection:
            now = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    if now != newest:
        return [
            wrong(
                "database",
                f"its schema is {now or 'unknown'}, this software needs {newest}",
                "start `mingshi run`: it migrates",
            )
        ]
    return [fine("database", f"{file or 'PostgreSQL'}, schema {now}")]


async def _ledger(settings: Settings) -> list[Part]:
    verdict = await ledger_verdict(settings)
    if verdict.first_bad is not None:
        bad = verdict.first_bad
        mend = "rows were changed outside of Mingshi: keep the database as it is and compare it with a backup"
        return [wrong("ledger", f"{bad.platform} entry {bad.seq}: {bad.reason}", mend)]
    waits = any(each.trouble for each in verdict.anchored.waiting) if verdict.anchored else False
    told = [fine("ledger", f"{verdict.entries} entries verified")]
    stamps = "; ".join(stamps_in_words(verdict.anchored, settings)) or "time stamps: none yet"
    if waits:
        mend = "see whether the authority can be reached, and its root certificate is the right one"
        return [*told, wrong("time stamps", stamps, mend)]
    return [*told, fine("time stamps", stamps)]


async def _engine(settings: Settings) -> list[Part]:
    if settings.engine.url is None:
        return [fine("engine", "started by `mingshi run`")]
    if settings.engine.token is None:
        return [
            wrong("engine", "MINGSHI_ENGINE__URL is set without a token", "set MINGSHI_ENGINE__TOKEN to the engine's")
        ]
    async with aiohttp.ClientSession() as session:
        door = Engine(session, settings.engine.url, settings.engine.token.get_secret_value(), _SECONDS)
        if await door.ready():
            return [fine("engine", f"{settings.engine.url} is ready")]
    return [
        wrong(
            "engine",
            f"{settings.engine.url} is not ready",
            "start it, and compare MINGSHI_ENGINE__TOKEN with its token",
        )
    ]


async def _sms(settings: Settings) -> list[Part]:
    provider = settings.sms.provider
    if provider == "console" and not is_loopback(_public_host(settings)):
        return [
            wrong(
                "sms",
                "the console courier sends nothing: nobody gets a code",
                "set MINGSHI_SMS__PROVIDER to a real one",
            )
        ]
    if provider == "console":
        return [fine("sms", "console: codes stay on this machine")]
    lacking = [] if settings.sms.elsewhere else lacks(settings.sms)
    if lacking:
        return [wrong("sms", f"{provider} cannot send", "; ".join(lacking))]
    unregistered = sorted(
        f"MINGSHI_SMS__{chosen.upper()}__TEMPLATES__{template.upper()}"
        for chosen in settings.sms.chosen
        if chosen != "console"
        for template in Catalogue.read("sms.yml").ids() - settings.sms.of(chosen).templates.keys()
    )
    if unregistered and not settings.sms.elsewhere:
        mend = f"register the text of each in the provider's console and set {', '.join(unregistered)}"
        return [wrong("sms", "templates without a number at the provider are never sent", mend)]
    sender = "`mingshi courier` sends" if settings.sms.elsewhere else " then ".join(settings.sms.chosen)
    return [fine("sms", sender)]


def is_bot_token(text: str) -> bool:
    """Whether it has the form of a Telegram bot's token."""
    return _BOT_TOKEN.fullmatch(text) is not None


async def _telegram(settings: Settings) -> list[Part]:
    telegram = settings.telegram
    if telegram.token is None:
        return [fine("telegram", "off: no MINGSHI_TELEGRAM__TOKEN")]
    token = telegram.token.get_secret_value()
    if not is_bot_token(token):
        return [
            wrong("telegram", "the token does not look like one", "copy it from @BotFather: digits, a colon, letters")
        ]
    if telegram.mode == "webhook" and not settings.public.startswith("https://"):
        return [
            wrong("telegram", "a webhook needs https", "set MINGSHI_PUBLIC_URL to an https address, or use polling")
        ]
    try:
        status, _ = await _get(f"{telegram.api_base}/bot{token}/getMe")
    except (aiohttp.ClientError, TimeoutError):
        return [
            wrong(
                "telegram", f"{telegram.api_base} cannot be reached", "see the network and MINGSHI_TELEGRAM__API_BASE"
            )
        ]
    if status != 200:
        return [wrong("telegram", f"the token was refused ({status})", "ask @BotFather for the token of this bot")]
    return [fine("telegram", f"the bot answers, mode {telegram.mode}")]


async def _public_address(settings: Settings) -> list[Part]:
    address = urlsplit(settings.public)
    if address.scheme != "https" and not is_loopback(_public_host(settings)):
        state = f"{settings.public} is not https: passwords and ID numbers would travel in clear"
        return [
            wrong(
                "public address",
                state,
                "put a TLS proxy before the app and set MINGSHI_PUBLIC_URL to its https address",
            )
        ]
    return [fine("public address", settings.public)]


async def _port(settings: Settings) -> list[Part]:
    """The port is free, or this product answers there already."""
    own = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
    if _is_free(settings.host, settings.port):
        return [fine("port", f"{own} is free")]
    if await _answers(f"http://{own}/healthz"):
        return [fine("port", f"{own}: the app is running")]
    return [wrong("port", f"{own} is taken by something else", "end it, or set MINGSHI_PORT to a free one")]


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


async def _answers(url: str) -> bool:
    try:
        return await _get(url) == (200, '{"ok": true}')
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _get(url: str) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        return response.status, await response.text()


def _public_host(settings: Settings) -> str:
    return urlsplit(settings.public).hostname or ""
