"""The couriers as the settings choose them."""

from __future__ import annotations

import importlib.util

from pydantic import SecretStr

from bot.couriers.console import ConsoleCourier
from bot.couriers.endpoints import endpoint
from bot.couriers.port import Courier
from bot.settings import AliyunSms, Sms, TencentSms
from domain.ambient import Clock

# What the adapters import: a provider's SDK is an optional extra.
_PACKAGES = {"aliyun": ("alibabacloud_dysmsapi20170525",), "tencent": ("tencentcloud.sms", "httpx")}


class NoCourier(Exception):
    """The chosen provider cannot work; the text says what to set or to install."""


def lacks(settings: Sms) -> list[str]:
    """Everything that keeps the chosen providers from working, a line each; empty when they can."""
    found = [f"set {name}" for name in settings.missing()]
    for provider in settings.chosen:
        if not all(_installed(package) for package in _PACKAGES.get(provider, ())):
            found.append(f"install the provider's package: pip install 'mingshi[{provider}]'")
    return found


def couriers(settings: Sms, clock: Clock) -> list[Courier]:
    """The chosen couriers in the order they are asked. Raises NoCourier."""
    lacking = lacks(settings)
    if lacking:
        raise NoCourier(f"SMS by {' and '.join(settings.chosen)}: {'; '.join(lacking)}")
    return [_courier(provider, settings, clock) for provider in settings.chosen]


def _courier(provider: str, settings: Sms, clock: Clock) -> Courier:
    # Imported late: who sends by one provider, or by none, need not have the other's SDK.
    if provider == "aliyun":
        return _aliyun(settings.aliyun, settings.timeout)
    if provider == "tencent":
        return _tencent(settings.tencent, settings.timeout, clock)
    return ConsoleCourier(clock)


def _aliyun(own: AliyunSms, timeout: float) -> Courier:
    from bot.couriers.aliyun import AliyunCourier

    return AliyunCourier(
        access_key_id=_open(own.access_key_id),
        access_key_secret=_open(own.access_key_secret),
        sign_name=own.sign_name or "",
        templates=own.templates,
        endpoint=endpoint(own.endpoint),
        timeout=timeout,
    )


def _tencent(own: TencentSms, timeout: float, clock: Clock) -> Courier:
    from bot.couriers.tencent import TencentCourier

    return TencentCourier(
        secret_id=_open(own.secret_id),
        secret_key=_open(own.secret_key),
        app_id=own.app_id or "",
        sign_name=own.sign_name or "",
        templates=own.templates,
        region=own.region,
        endpoint=endpoint(own.endpoint),
        timeout=timeout,
        clock=clock,
    )


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
