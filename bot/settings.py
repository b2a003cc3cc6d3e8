"""Settings from the environment (prefix MINGSHI_), each with an embedded default."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal

from cryptography.x509 import load_pem_x509_certificates
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.couriers.endpoints import endpoint
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


_SECRET_CHARACTERS = 24


class SmsProvider(BaseModel):
    """What every provider of SMS needs.

    Args:
        sign_name: the registered signature, without 【】.
        templates: the provider's own number of each template, by our id (wording/sms.yml).
        endpoint: where its interface answers; http for loopback only.
        receipt_secret: ends the address its delivery reports are posted to; without it there is no such address.
        receipt_addresses: addresses and networks those reports may come from; empty takes them from everywhere.
        needed: the fields without which nothing can be sent.
    """

    sign_name: str | None = None
    templates: dict[str, str] = {}
    endpoint: str
    receipt_secret: SecretStr | None = None
    receipt_addresses: tuple[str, ...] = ()

    needed: ClassVar[tuple[str, ...]] = ("sign_name",)

    @field_validator("endpoint")
    @classmethod
    def _reached_in_safety(cls, url: str) -> str:
        endpoint(url)
        return url

    @field_validator("receipt_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr | None) -> SecretStr | None:
        text = secret.get_secret_value() if secret else ""
        if secret is not None and (len(text) < _SECRET_CHARACTERS or not text.isascii() or not text.isalnum()):
            raise ValueError(f"has to be at least {_SECRET_CHARACTERS} random letters and digits")
        return secret

    @field_validator("receipt_addresses")
    @classmethod
    def _networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            ipaddress.ip_network(address, strict=False)
        return addresses

    def missing(self) -> list[str]:
        """What is not set, by the ends of the names of the environment."""
        absent = [name.upper() for name in self.needed if not _filled(getattr(self, name))]
        return absent if self.templates.get("code") else [*absent, "TEMPLATES__CODE"]


class AliyunSms(SmsProvider):
    access_key_id: SecretStr | None = None
    access_key_secret: SecretStr | None = None
    endpoint: str = "https://dysmsapi.aliyuncs.com"

    needed = ("access_key_id", "access_key_secret", "sign_name")


class TencentSms(SmsProvider):
    """`app_id` is the SmsSdkAppId of the SMS console, not the account's."""

    secret_id: SecretStr | None = None
    secret_key: SecretStr | None = None
    app_id: str | None = None
    region: str = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"

    needed = ("secret_id", "secret_key", "app_id", "sign_name")


class Sms(BaseModel):
    """Who sends SMS, and how fast.

    Args:
        fallback: asked when the provider cannot be reached or refuses to work at all.
        elsewhere: another process sends (`mingshi courier`); this one only writes what is to be sent.
        a_second: how many SMS all processes of one database may start in a second.
        at_once: how many SMS one process has in hand at a time.
        timeout: seconds a provider may take; two providers have to fit into the lease of a message (60 s).
    """

    provider: Literal["console", "aliyun", "tencent"] = "console"
    fallback: Literal["aliyun", "tencent"] | None = None
    elsewhere: bool = False
    a_second: int = Field(default=20, ge=1)
    at_once: int = Field(default=8, ge=1, le=16)
    timeout: float = Field(default=10.0, gt=0, le=20)
    aliyun: AliyunSms = AliyunSms()
    tencent: TencentSms = TencentSms()

    @property
    def chosen(self) -> tuple[Literal["console", "aliyun", "tencent"], ...]:
        """The providers in the order they are asked."""
        return (self.provider, self.fallback) if self.fallback else (self.provider,)

    def of(self, provider: Literal["aliyun", "tencent"]) -> AliyunSms | TencentSms:
        return self.aliyun if provider == "aliyun" else self.tencent

    def missing(self) -> list[str]:
        """The variables without which the chosen providers cannot work."""
        return [
            f"MINGSHI_SMS__{provider.upper()}__{name}"
            for provider in self.chosen
            if provider != "console"
            for name in self.of(provider).missing()
        ]

    @model_validator(mode="after")
    def _whole(self) -> Sms:
        if self.fallback and self.provider in {"console", self.fallback}:
            raise ValueError("MINGSHI_SMS__FALLBACK has to be another provider than MINGSHI_SMS__PROVIDER")
        missing = [] if self.elsewhere else self.missing()
        if missing:
            raise ValueError(f"MINGSHI_SMS__PROVIDER needs {', '.join(missing)}")
        return self


def _filled(value: str | SecretStr | None) -> bool:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return bool(text and text.strip())


class Engine(BaseModel):
    """Where the dialogue engine answers. Without a URL the process that runs everything starts one itself."""

    url: str | None = None
    token: SecretStr | None = None
    port: int = Field(default=0, description="port of the engine this process starts; 0 takes a free one")
    timeout: float = Field(default=4.0, gt=0, description="seconds a sentence may take before the person is told")


class TimeStampAuthority(BaseModel):
    """Who stamps the ledger (RFC 3161).

    Args:
        name: stored with its stamps; keep it when the address changes.
        url: where it answers; its answers are signed, so http does.
        root: the file with the root certificates (PEM) its answers are checked against.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    url: str = Field(pattern=r"^https?://[^/\s]+")
    root: Path

    @field_validator("root")
    @classmethod
    def _certificates(cls, root: Path) -> Path:
        try:
            load_pem_x509_certificates(root.read_bytes())
        except (OSError, ValueError):
            raise ValueError(f"{root} holds no certificates in PEM") from None
        return root


class Evidence(BaseModel):
    """Time stamps by others; none without authorities.

    Args:
        authorities: as JSON: [{"name": …, "url": …, "root": …}]; each stamps every chain.
        hours: how long after one stamp the next is asked for.
        timeout: seconds an authority may take.
    """

    authorities: tuple[TimeStampAuthority, ...] = ()
    hours: float = Field(default=24.0, gt=0)
    timeout: float = Field(default=20.0, gt=0, le=120)

    @property
    def every(self) -> timedelta:
        return timedelta(hours=self.hours)

    @model_validator(mode="after")
    def _told_apart(self) -> Evidence:
        names = [each.name for each in self.authorities]
        if len(set(names)) != len(names):
            raise ValueError("MINGSHI_EVIDENCE__AUTHORITIES: two authorities have the same name")
        return self


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
    evidence: Evidence = Evidence()
    messages_a_minute: int = 60
    conversations_a_minute: int = 60
    renewal_notice_days: int = Field(default=7, ge=7, description="days a changed agreement is published beforehand")
    renewals_a_minute: int = Field(default=300, ge=1, le=10_000, description="people told of a new version a minute")
    page_minutes: int = Field(default=10, ge=1, le=60, description="minutes a one-time page works")
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

    @property
    def renewal_notice(self) -> timedelta:
        return timedelta(days=self.renewal_notice_days)


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
