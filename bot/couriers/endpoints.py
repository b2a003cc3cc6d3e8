"""Where a provider's interface answers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """Args:
    host: with its port where it is not the usual one.
    """

    scheme: Literal["http", "https"]
    host: str


def endpoint(url: str) -> Endpoint:
    """An endpoint from a setting. Raises ValueError; http is for loopback alone, for the code travels in the call."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("has to be https://host or https://host:port")
    if parts.path not in {"", "/"}:
        raise ValueError("has no path")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("has to be https: the code would travel in clear")
    return Endpoint("http" if parts.scheme == "http" else "https", parts.netloc)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
