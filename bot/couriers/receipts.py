"""Delivery reports, which the providers post when an operator tells them what became of an SMS.

Neither provider signs them: Aliyun's SmsReport by HTTP batch push and Tencent's 下发状态通知 are plain JSON. What
proves where they come from is a long secret in the address that was given to the provider, and, if the operator wants,
the addresses they may come from.

https://help.aliyun.com/zh/sms/developer-reference/smsreport-2, https://cloud.tencent.com/document/product/382/37809
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.couriers.port import Report, plain_code
from bot.couriers.queue import Queue
from bot.http import Problem, bounded_body, client_address
from bot.settings import Sms, SmsProvider
from domain import Domain

log = structlog.get_logger()

# Some hundred reports; a provider that has more posts again.
_MAX_BODY = 256 * 1024
_MAX_REPORTS = 2000

Read = Callable[[Mapping[str, Any]], Report | None]


def _of_aliyun(item: Mapping[str, Any]) -> Report | None:
    success = item.get("success")
    if not isinstance(success, bool):
        return None
    return Report(_text(item.get("out_id")), _text(item.get("biz_id")), success, plain_code(item.get("err_code")))


def _of_tencent(item: Mapping[str, Any]) -> Report | None:
    status = item.get("report_status")
    if status not in ("SUCCESS", "FAIL"):
        return None
    return Report(None, _text(item.get("sid")), status == "SUCCESS", plain_code(item.get("errmsg")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable() else None


_READERS: Mapping[str, Read] = {"aliyun": _of_aliyun, "tencent": _of_tencent}
# What each provider takes for "received"; after anything else it posts the same again.
_THANKS: Mapping[str, Mapping[str, Any]] = {
    "aliyun": {"code": 0, "msg": "OK"},
    "tencent": {"result": 0, "errmsg": "OK"},
}


class Receipts:
    """The addresses delivery reports are posted to, one a provider that has a secret.

    Args:
        trusted_proxies: whose X-Forwarded-For is believed.
    """

    def __init__(self, domain: Domain, settings: Sms, trusted_proxies: tuple[str, ...] = ()) -> None:
        self._queue = Queue(domain, settings.a_second)
        self._providers: dict[str, SmsProvider] = {
            name: provider
            for name, provider in (("aliyun", settings.aliyun), ("tencent", settings.tencent))
            if provider.receipt_secret is not None
        }
        self._trusted_proxies = trusted_proxies

    def routes(self) -> list[web.RouteDef]:
        """None at all while no provider has a secret: an address that anybody can post to must not be there."""
        if not self._providers:
            return []
        # Some consoles cut the query off an address, some do not take a long path: both forms are there.
        return [
            web.post("/sms/receipts/{provider}", self.handle),
            web.post("/sms/receipts/{provider}/{secret}", self.handle),
        ]

    async def handle(self, request: web.Request) -> web.Response:
        """Take in a batch of reports. 401 and nothing changed when it is not from the provider."""
        provider = request.match_info["provider"]
        self._prove(provider, request)
        items = await _items(request)
        read = _READERS[provider]
        reports = [report for item in items if isinstance(item, dict) and (report := read(item)) is not None]
        changed = await self._queue.report(provider, reports)
        log.info("sms reports", provider=provider, posted=len(items), changed=changed)
        return web.json_response(_THANKS[provider])

    def _prove(self, provider: str, request: web.Request) -> None:
        settings = self._providers.get(provider)
        given = request.match_info.get("secret") or request.query.get("secret", "")
        # An unknown provider is answered like a wrong secret: who guesses learns nothing.
        expected = settings.receipt_secret.get_secret_value() if settings and settings.receipt_secret else ""
        right = hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())
        if settings is None or not right:
            raise Problem(401, "unauthorised")
        if settings.receipt_addresses and not self._is_allowed(request, settings.receipt_addresses):
            log.warning("sms reports from a strange address", provider=provider)
            raise Problem(401, "unauthorised")

    def _is_allowed(self, request: web.Request, allowed: tuple[str, ...]) -> bool:
        try:
            address = ipaddress.ip_address(client_address(request, self._trusted_proxies))
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(each, strict=False) for each in allowed)


async def _items(request: web.Request) -> list[Any]:
    """The posted array. Raises Problem."""
    raw = await bounded_body(request, _MAX_BODY)
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "not_json") from None
    if not isinstance(items, list):
        raise Problem(400, "bad_request")
    if len(items) > _MAX_REPORTS:
        raise Problem(413, "too_large")
    return items
