"""Settings from the environment (prefix MINGSHI_), each with an embedded default."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.verification import Limits


class Telegram(BaseModel):
    """The Telegram channel; off without a token."""

    token: SecretStr | None = None
    api_base: str = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _closed(self) -> Telegram:
        if (
            self.mode == "webhook"
            and self.token
            and not (self.webhook_secret and self.webhook_secret.get_secret_value())
        ):
            raise ValueError(
                "MINGSHI_TELEGRAM__WEBHOOK_SECRET is required in webhook mode: without it anyone could post updates"
            )
        return self


class Sms(BaseModel):
    provider: Literal["console"] = "console"


class Engine(BaseModel):
    """Where the dialogue engine answers. Without a URL the process that runs everything starts one itself."""

    url: str | None = None
    token: SecretStr | None = None
    port: int = Field(default=0, description="port of the engine this process starts; 0 takes a free one")
    timeout: float = Field(default=4.0, gt=0, description="seconds a sentence may take before the person is told")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MINGSHI_", env_nested_delimiter="__", extra="ignore")

    home: Path = Path("var")
    database_url: str | None = None
    platforms: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    dev: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    telegram: Telegram = Telegram()
    sms: Sms = Sms()
    engine: Engine = Engine()
    limits: Limits = Limits()
    messages_a_minute: int = 60
    conversations_a_minute: int = 60
    page_minutes: int = 15
    trusted_proxies: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        if self.dev and not is_loopback(self.host):
            raise ValueError("MINGSHI_DEV shows SMS codes: it is allowed on a loopback address only")
        return self

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'mingshi.db').absolute()}"

    @property
    def keys_file(self) -> Path:
        return self.home / "keys.json"

    @property
    def heads_file(self) -> Path:
        return self.home / "heads.jsonl"

    @property
    def public(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def page_lifetime(self) -> timedelta:
        return timedelta(minutes=self.page_minutes)


def is_specific(host: str) -> bool:
    """Whether this is an address one can connect to, not the word for all of them."""
    return host not in {"", "0.0.0.0", "::", "localhost"}


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
