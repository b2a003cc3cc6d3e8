"""`mingshi requests` and `mingshi accounts`: the platform's people decide, and the person hears of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.app import open_domain
from bot.settings import Settings
from tests.cli.conftest import Run
from tests.support.ambient import FakeClock
from tests.support.person import Person, sms_code

PHONE = "13800138000"


async def _ask_to_close(settings: Settings) -> tuple[str, str]:
    """Somebody registers and asks to close the account; its id and the conversation's."""
    clock = FakeClock(datetime.now(UTC) - timedelta(hours=1))
    async with open_domain(settings, clock=clock) as domain:
        person = await Person.arrives(domain, "rencai")
        await person.registers(PHONE)
        account = await domain.accounts.find("rencai", "phone", f"+86{PHONE}")
        assert account is not None
        await person.says("我要注销账号", wish="cancel_account")
        clock.forward(minutes=5)
        await person.presses("发验证码")
        await person.says(await sms_code(domain, PHONE))
        await person.presses("申请注销")
        return account.id, person.conversation_id


async def _status(settings: Settings, account_id: str) -> str:
    async with open_domain(settings) as domain:
        return (await domain.accounts.get(account_id)).status


def test_a_request_is_listed_decided_once_and_carried_out(mingshi: Run, settings: Settings) -> None:
    account, _ = asyncio.run(_ask_to_close(settings))
    (request,) = mingshi("requests", "list", "--json").json
    assert (request["kind"], request["account_id"], request["state"]) == ("cancel", account, "open")
    assert request["id"] in mingshi("requests", "list", "--platform", "rencai").out
    assert mingshi("requests", "list", "--platform", "xiaohe", "--json").json == []
    assert mingshi("requests", "decide", request["id"], "--grant", "--answer", " ").code == 1
    words = ("--grant", "--answer", "已经核实", "--by", "李")
    decided = mingshi("requests", "decide", request["id"], *words, "--json").json
    assert decided["state"] == "granted"
    again = mingshi("requests", "decide", request["id"], "--refuse", "--answer", "不行")
    assert again.code == 1
    assert "granted already" in again.err
    assert mingshi("requests", "list", "--json").json == []
    assert len(mingshi("requests", "list", "--all", "--json").json) == 1
    assert asyncio.run(_status(settings, account)) == "closed"


def test_an_account_is_frozen_and_unfrozen_with_a_reason(mingshi: Run, settings: Settings) -> None:
    account, _ = asyncio.run(_ask_to_close(settings))
    assert mingshi("accounts", "freeze", account).code == 0
    assert asyncio.run(_status(settings, account)) == "frozen"
    assert mingshi("accounts", "unfreeze", account, "--reason", "").code == 1
    assert mingshi("accounts", "unfreeze", account, "--reason", "本人到柜台核实").code == 0
    assert asyncio.run(_status(settings, account)) == "active"
    assert mingshi("accounts", "unfreeze", account, "--reason", "再来").code == 1
    assert mingshi("accounts", "freeze", "a_nobody").code == 1
