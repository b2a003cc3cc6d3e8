"""What is asked of a time-stamping authority, and whether its answer may be believed (RFC 3161)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SHA256_DER = bytes.fromhex("300d06096086480165030402010500")
# Further apart, one of the two clocks is wrong, and somebody has to look before a stamp is kept.
_CLOCKS_APART = timedelta(hours=24)


class BadStamp(Exception):
    """An authority's answer that must not be kept; the text says why, without anything from the answer."""


@dataclass(frozen=True)
class Authority:
    """Who stamps.

    Args:
        name: what it is called here; stored with its stamps.
        roots: the certificates that are trusted for it, as PEM; certificates in between come with the answer.
    """

    name: str
    roots: bytes


@dataclass(frozen=True)
class Stamp:
    """An answer that holds. `at` is the authority's time; `certificates` is PEM: the roots, then what came along."""

    at: datetime
    certificates: str


def request_for(imprint: bytes, nonce: int) -> bytes:
    """The DER of a TimeStampReq (RFC 3161, 2.4.1) that asks for the authority's certificate as well.

    Args:
        imprint: a SHA-256 digest.
        nonce: at least 0; the answer has to repeat it (2.4.2), so an old answer does not pass for a new one.
    """
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1)
    return _der(0x30, b"\x02\x01\x01" + imprint_der(imprint) + _der(0x02, number) + b"\x01\x01\xff")


def imprint_der(imprint: bytes) -> bytes:
    """The DER of a MessageImprint with SHA-256."""
    return _der(0x30, _SHA256_DER + _der(0x04, imprint))


def stamp_in(
    response: bytes, imprint: bytes, nonce: int | None, authority: Authority, now: datetime | None = None
) -> Stamp:
    """The stamp an answer holds, after every check: status, signature, certificates up to a trusted root and valid at
    that time, the purpose of the signer's certificate, nonce, hash algorithm and imprint.

    Args:
        response: the DER of a TimeStampResp.
        nonce: what was sent; None takes any.
        now: our own time, which must not be far from the authority's; None when an old answer is looked at again.

    Raises BadStamp.
    """
    try:
        roots = x509.load_pem_x509_certificates(authority.roots)
        answer = decode_timestamp_response(response)
        if answer.status != 0:
            raise BadStamp("the authority refused")
        _hold(answer, imprint, nonce, roots)
        at = answer.tst_info.gen_time
        between = [x509.load_der_x509_certificate(each) for each in answer.signed_data.certificates]
    except (ValueError, TypeError, OverflowError, VerificationError) as error:
        raise BadStamp(_reason(error)) from None
    if now is not None and abs(at - now) > _CLOCKS_APART:
        raise BadStamp("its clock and ours are more than a day apart")
    given = [*roots, *(each for each in between if each not in roots)]
    return Stamp(at, "".join(each.public_bytes(Encoding.PEM).decode() for each in given))


def _hold(answer: TimeStampResponse, imprint: bytes, nonce: int | None, roots: list[x509.Certificate]) -> None:
    told = answer.tst_info
    if told.message_imprint.hash_algorithm.dotted_string != _SHA256 or told.message_imprint.message != imprint:
        raise BadStamp("it stamps something else")
    if nonce is not None and told.nonce != nonce:
        raise BadStamp("it does not repeat the nonce")
    VerifierBuilder(nonce=nonce, roots=list(roots)).build().verify(answer, imprint)


def _reason(error: Exception) -> str:
    """Our own words for the library's: what an authority answers does not go into our log."""
    words = str(error)
    with contextlib.suppress(StopIteration):
        return next(ours for theirs, ours in _REASONS if theirs in words)
    return "it is no time stamp, or not a whole one"


_REASONS = (
    ("expired", "the signer's certificate was not valid then"),
    ("not yet valid", "the signer's certificate was not valid then"),
    ("certificate purpose", "the signer's certificate is not for time stamps"),
    ("verifying certificates", "it is not signed by anybody who is trusted"),
    ("EKU", "the signer's certificate is not for time stamps"),
    ("leaf", "the signer's certificate is not for time stamps"),
)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content
