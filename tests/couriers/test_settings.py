"""What is refused before anything starts, and `mingshi courier` beside an app that does not send."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import open_domain
from bot.cli import checks
from bot.couriers import choice
from bot.engine_process import free_port
from bot.settings import Settings
from bot.wording.catalogue import Catalogue
from domain.messaging.tables import ShortMessageRow
from tests.cli.conftest import Run
from tests.cli.serving import serving, without_engine
from tests.couriers.messages import RECEIPT_SECRET, queued, row_of, sms_settings, states
from tests.fakes import sms_aliyun
from tests.fakes.sms_aliyun import AliyunServer

ROOT = Path(__file__).resolve().parents[2]
ALIYUN = {
    "SMS__PROVIDER": "aliyun",
    "SMS__ALIYUN__ACCESS_KEY_ID": sms_aliyun.KEY_ID,
    "SMS__ALIYUN__ACCESS_KEY_SECRET": sms_aliyun.KEY_SECRET,
    "SMS__ALIYUN__SIGN_NAME": "明示科技",
    "SMS__ALIYUN__TEMPLATES__CODE": "SMS_1",
}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"SMS__PROVIDER": "aliyun"}, "MINGSHI_SMS__ALIYUN__ACCESS_KEY_SECRET"),
        ({"SMS__PROVIDER": "aliyun"}, "MINGSHI_SMS__ALIYUN__TEMPLATES__CODE"),
        ({"SMS__PROVIDER": "tencent"}, "MINGSHI_SMS__TENCENT__APP_ID"),
        ({**ALIYUN, "SMS__ALIYUN__SIGN_NAME": " "}, "MINGSHI_SMS__ALIYUN__SIGN_NAME"),
        ({**ALIYUN, "SMS__FALLBACK": "tencent"}, "MINGSHI_SMS__TENCENT__SECRET_KEY"),
        ({**ALIYUN, "SMS__FALLBACK": "aliyun"}, "MINGSHI_SMS__FALLBACK"),
        ({"SMS__FALLBACK": "aliyun"}, "MINGSHI_SMS__FALLBACK"),
        ({**ALIYUN, "SMS__ALIYUN__ENDPOINT": "http://sms.example"}, "MINGSHI_SMS__ALIYUN__ENDPOINT"),
        ({**ALIYUN, "SMS__ALIYUN__ENDPOINT": "http://127.0.0.1.evil.example"}, "MINGSHI_SMS__ALIYUN__ENDPOINT"),
        ({**ALIYUN, "SMS__ALIYUN__ENDPOINT": "https://a.example/path"}, "MINGSHI_SMS__ALIYUN__ENDPOINT"),
        ({**ALIYUN, "SMS__ALIYUN__RECEIPT_SECRET": "canary-short"}, "MINGSHI_SMS__ALIYUN__RECEIPT_SECRET"),
        ({**ALIYUN, "SMS__ALIYUN__RECEIPT_ADDRESSES": '["everywhere"]'}, "MINGSHI_SMS__ALIYUN__RECEIPT_ADDRESSES"),
        ({"SMS__PROVIDER": "pigeon"}, "MINGSHI_SMS__PROVIDER"),
    ],
)
def test_a_courier_that_could_not_send_is_refused_by_the_name_of_the_setting(
    mingshi: Run, settings: dict[str, str], named: str
) -> None:
    outcome = mingshi("config", **settings)
    assert (outcome.code, outcome.out) == (2, "")
    assert named in outcome.err
    assert "canary" not in outcome.err


def test_an_app_that_does_not_send_needs_no_keys(mingshi: Run) -> None:
    assert mingshi("config", SMS__PROVIDER="aliyun", SMS__ELSEWHERE="true").code == 0


def test_config_shows_the_courier_and_hides_its_secrets(mingshi: Run) -> None:
    secrets = {"SMS__ALIYUN__ACCESS_KEY_SECRET": "canary1", "SMS__ALIYUN__ACCESS_KEY_ID": "canary2"}
    shown = mingshi("config", "--json", **{**ALIYUN, **secrets, "SMS__ALIYUN__RECEIPT_SECRET": "canary3" * 5})
    assert shown.json["MINGSHI_SMS__PROVIDER"] == "aliyun"
    assert "canary" not in shown.out


@pytest.mark.parametrize("command", ["run", "courier"])
def test_a_provider_whose_package_is_not_there_is_refused_with_the_mend(
    mingshi: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(choice, "_installed", lambda package: False)
    outcome = mingshi(command, **ALIYUN)
    assert outcome.code == 1
    assert "pip install 'mingshi[aliyun]'" in outcome.err


def test_the_courier_alone_does_not_start_without_a_provider(mingshi: Run) -> None:
    outcome = mingshi("courier")
    assert outcome.code == 1
    assert "MINGSHI_SMS__PROVIDER" in outcome.err
    outcome = mingshi("courier", SMS__PROVIDER="aliyun", SMS__ELSEWHERE="true")
    assert outcome.code == 1
    assert "MINGSHI_SMS__ALIYUN__ACCESS_KEY_ID" in outcome.err


def test_doctor_looks_at_the_courier(mingshi: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def sms(**settings: str) -> dict[str, Any]:
        told = mingshi("doctor", "--json", PORT=free_port(), **settings).json
        return next(part for part in told["parts"] if part["part"] in {"sms", "settings"})

    ids = Catalogue.read("sms.yml").ids()
    whole = {**ALIYUN, **{f"SMS__ALIYUN__TEMPLATES__{id.upper()}": f"SMS_{n}" for n, id in enumerate(ids)}}
    assert sms(**whole)["ok"]
    assert "ACCESS_KEY_ID" in sms(SMS__PROVIDER="aliyun")["state"]
    assert "mingshi courier" in sms(SMS__PROVIDER="aliyun", SMS__ELSEWHERE="true")["state"]
    monkeypatch.setattr(choice, "_installed", lambda package: False)
    assert "mingshi[aliyun]" in sms(**whole)["mend"]


def test_doctor_names_a_template_that_the_provider_does_not_have(mingshi: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class More:
        @staticmethod
        def read(_name: str) -> Any:
            class Words:
                @staticmethod
                def ids() -> frozenset[str]:
                    return frozenset({"code", "something_new"})

            return Words

    monkeypatch.setattr(checks, "Catalogue", More)
    told = mingshi("doctor", "--json", PORT=free_port(), **ALIYUN).json
    part = next(part for part in told["parts"] if part["part"] == "sms")
    assert not part["ok"]
    assert "MINGSHI_SMS__ALIYUN__TEMPLATES__SOMETHING_NEW" in part["mend"]


@contextmanager
def _courier(home: Path, port: int, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`mingshi courier` in a process of its own."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MINGSHI_")}
    mine |= {f"MINGSHI_{name}": value for name, value in {"HOME": str(home), "PORT": str(port), **settings}.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "courier", *arguments], cwd=ROOT, env=mine, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _until(domain: Any, wanted: list[str]) -> None:
    for _ in range(600):
        if await states(domain) == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain: {await states(domain)}")


async def test_the_courier_alone_sends_what_the_app_left_and_takes_the_reports(
    tmp_path: Path, aliyun: AliyunServer
) -> None:
    """H01: also what was left while no courier ran."""
    port, home = free_port(), tmp_path / "home"
    settings = Settings(home=home)
    async with open_domain(settings) as domain:
        (first,) = await queued(domain)
        extra = {"SMS__ALIYUN__ENDPOINT": aliyun.url, "SMS__ALIYUN__RECEIPT_SECRET": RECEIPT_SECRET}
        with _courier(home, port, "--serve", **ALIYUN, **extra) as process:
            await _until(domain, ["sent"])
            await queued(domain)
            await _until(domain, ["sent", "sent"])

            def fetch(path: str, body: object = None) -> int:
                data = None if body is None else json.dumps(body).encode()
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=10) as response:
                        return int(response.status)
                except urllib.error.HTTPError as error:
                    return error.code

            report = [{"success": True, "out_id": (await row_of(domain, first)).ticket}]
            assert await asyncio.to_thread(fetch, "/healthz") == 200
            assert await asyncio.to_thread(fetch, "/metrics") == 200
            assert await asyncio.to_thread(fetch, "/api/platforms") == 404
            assert await asyncio.to_thread(fetch, "/sms/receipts/aliyun/wrong", report) == 401
            assert await asyncio.to_thread(fetch, f"/sms/receipts/aliyun/{RECEIPT_SECRET}", report) == 200
            assert await states(domain) == ["delivered", "sent"]
            process.send_signal(signal.SIGTERM)
            _out, err = await asyncio.to_thread(process.communicate, None, 30)
            assert process.returncode == 0
            assert b"canary" not in err
            assert b"13800138000" not in err


async def test_an_app_that_does_not_send_leaves_the_messages_alone_and_takes_the_reports(
    tmp_path: Path, aliyun: AliyunServer
) -> None:
    sms = sms_settings(aliyun.url, "http://127.0.0.1:1", fallback=None, elsewhere=True)
    settings = without_engine(tmp_path / "home", sms=sms)
    async with serving(settings) as app:
        (message,) = await queued(app.domain)
        await asyncio.sleep(1.5)
        assert await states(app.domain) == ["new"]
        assert aliyun.calls == 0
        async with app.domain.transaction() as session:
            row = await session.get_one(ShortMessageRow, message)
            row.state, row.ticket = "sent", "t_ticket"
        async with aiohttp.ClientSession() as http:
            report = [{"success": True, "out_id": "t_ticket"}]
            async with http.post(f"{settings.public}/sms/receipts/aliyun/{RECEIPT_SECRET}", json=report) as response:
                assert response.status == 200
            async with http.get(f"{settings.public}/dev/sms") as response:
                assert await response.json() == {"messages": []}
        assert await states(app.domain) == ["delivered"]


async def test_an_app_with_a_provider_sends_by_itself(tmp_path: Path, aliyun: AliyunServer) -> None:
    sms = sms_settings(aliyun.url, "http://127.0.0.1:1", fallback=None)
    async with serving(without_engine(tmp_path / "home", sms=sms)) as app:
        await queued(app.domain, lifetime=timedelta(minutes=5))
        await _until(app.domain, ["sent"])
    assert len(aliyun.taken) == 1
