"""Providers on loopback, couriers that talk to them, and messages as the domain leaves them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.couriers.choice import couriers
from bot.couriers.port import Courier
from bot.couriers.worker import CourierWorker
from bot.settings import Sms
from bot.turns.hub import Hub
from domain import Domain
from tests.cli.conftest import home, mingshi
from tests.couriers.messages import sms_settings
from tests.fakes.sms_aliyun import AliyunServer
from tests.fakes.sms_tencent import TencentServer
from tests.support.ambient import FakeClock

# Fixtures of the command line, here too.
__all__ = ["home", "mingshi"]


@pytest.fixture
async def aliyun() -> AsyncIterator[AliyunServer]:
    server = AliyunServer()
    async with server.running():
        yield server


@pytest.fixture
async def tencent() -> AsyncIterator[TencentServer]:
    server = TencentServer()
    async with server.running():
        yield server


@pytest.fixture
def settings(aliyun: AliyunServer, tencent: TencentServer) -> Sms:
    """Aliyun first, Tencent behind it."""
    return sms_settings(aliyun.url, tencent.url)


@pytest.fixture
async def both(settings: Sms, clock: FakeClock) -> AsyncIterator[list[Courier]]:
    made = couriers(settings, clock)
    yield made
    for courier in made:
        await courier.close()


Workers = Callable[..., CourierWorker]


@pytest.fixture
def worker(domain: Domain, both: list[Courier]) -> Workers:
    """A worker with both providers, patient enough for loopback."""

    def make(chosen: Any = None, **changes: Any) -> CourierWorker:
        options = {"timeout": 0.5, **changes}
        return CourierWorker(domain, both if chosen is None else chosen, options.pop("hub", Hub()), **options)

    return make
