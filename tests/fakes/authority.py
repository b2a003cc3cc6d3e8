"""A time-stamping authority on loopback (RFC 3161), with the ways in which one can be wrong."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.ambient import START

SHA256 = bytes.fromhex("300d06096086480165030402010500")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_POLICY = bytes.fromhex("06042a030401")


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    octets = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1))


@dataclass
class Tsa:
    """Signs what it is asked.

    Args:
        purpose: the extended key usage of the signer's certificate.
        valid: how long before and after START that certificate is valid.
    """

    name: str = "tsa"
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    valid: tuple[timedelta, timedelta] = (timedelta(days=365), timedelta(days=365))
    serial: int = 1
    _root_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.root = self._certificate("root", self._root_key, self._root_key, ca=True)
        self.certificate = self._certificate("signer", self._key, self._root_key, ca=False)

    @property
    def roots(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        before, after = (timedelta(days=3650), timedelta(days=3650)) if ca else self.valid

        def named(each: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {each}")])

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("root"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(START - before)
            .not_valid_after(START + after)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(not ca, not ca, False, False, False, ca, ca, False, False),
                critical=True,
            )
        )
        if not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=True)
        return builder.sign(by, hashes.SHA256())

    def answer(
        self, imprint: bytes, nonce: int | None, at: datetime, *, algorithm: bytes = SHA256, status: int = 0
    ) -> bytes:
        """The DER of a TimeStampResp."""
        if status:
            return der(0x30, der(0x30, number(status)))
        self.serial += 1
        told = der(
            0x30,
            number(1),
            _POLICY,
            der(0x30, algorithm, der(0x04, imprint)),
            number(self.serial),
            der(0x18, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()),
            number(nonce) if nonce is not None else b"",
        )
        encoded = self.certificate.public_bytes(Encoding.DER)
        id_v2 = der(0x30, der(0x30, der(0x30, der(0x04, hashlib.sha256(encoded).digest()))))
        attributes = b"".join(
            sorted(
                (
                    der(0x30, _CONTENT_TYPE, der(0x31, _TST_INFO)),
                    der(0x30, _MESSAGE_DIGEST, der(0x31, der(0x04, hashlib.sha256(told).digest()))),
                    der(0x30, _CERTIFICATE_V2, der(0x31, id_v2)),
                )
            )
        )
        signature = self._key.sign(der(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        signer = der(
            0x30,
            number(1),
            der(0x30, self.certificate.issuer.public_bytes(), number(self.certificate.serial_number)),
            SHA256,
            der(0xA0, attributes),
            _ECDSA_SHA256,
            der(0x04, signature),
        )
        signed = der(
            0x30,
            number(3),
            der(0x31, SHA256),
            der(0x30, _TST_INFO, der(0xA0, der(0x04, told))),
            der(0xA0, encoded),
            der(0x31, signer),
        )
        return der(0x30, der(0x30, number(0)), der(0x30, _SIGNED_DATA, der(0xA0, signed)))


def asked_in(request: bytes) -> tuple[bytes, int]:
    """The imprint and the nonce of a request of ours, read by its fixed layout."""
    at = request.index(SHA256) + len(SHA256)
    imprint = request[at + 2 : at + 2 + request[at + 1]]
    at += 2 + request[at + 1]
    return imprint, int.from_bytes(request[at + 2 : at + 2 + request[at + 1]])


Answer = Callable[[Tsa, bytes, int], bytes | int | None]


@dataclass
class AuthorityServer:
    """One authority that answers over HTTP as `manner` says: bytes, a status, or None for silence."""

    tsa: Tsa
    manner: Answer
    url: str = ""
    asked: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(body)
        assert request.content_type == "application/timestamp-query"
        answer = self.manner(self.tsa, *asked_in(body))
        if answer is None:
            await asyncio.sleep(30)
            raise web.HTTPGatewayTimeout
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(body=answer, content_type="application/timestamp-reply")


def honest(at: datetime | Callable[[], datetime] = START) -> Answer:
    """Stamps what it is asked, at this time."""
    return lambda tsa, imprint, nonce: tsa.answer(imprint, nonce, at() if callable(at) else at)


@asynccontextmanager
async def authority(manner: Answer | None = None, tsa: Tsa | None = None) -> AsyncIterator[AuthorityServer]:
    server = AuthorityServer(tsa or Tsa(), manner or honest())
    application = web.Application()
    application.router.add_post("/tsr", server.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tsr"
    try:
        yield server
    finally:
        await runner.cleanup()


def root_file(tsa: Tsa, folder: Path) -> Path:
    """The root certificate in a file, as an operator gets it."""
    file = folder / f"{tsa.name}.pem"
    file.write_bytes(tsa.roots)
    return file
