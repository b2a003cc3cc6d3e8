"""An authority's answer is believed only when everything about it holds (RFC 3161)."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from domain.evidence.bundle.verify_bundle import Bad, check_token, root_by
from domain.evidence.merkle import Tree
from domain.evidence.stamps import Authority, BadStamp, request_for, stamp_in
from tests.fakes.authority import Tsa, asked_in
from tests.support.ambient import START

STATEMENT = b"what is stamped"
IMPRINT, NONCE = hashlib.sha256(STATEMENT).digest(), 0x1234_5678_9ABC_DEF0
_TSA = Tsa()
_ANSWER = _TSA.answer(IMPRINT, NONCE, START)
SHA1 = bytes.fromhex("300906052b0e03021a0500")


@pytest.fixture(scope="module")
def tsa() -> Tsa:
    return Tsa()


def _authority(tsa: Tsa) -> Authority:
    return Authority("tsa", tsa.roots)


def test_a_good_answer_gives_the_authoritys_time_and_its_certificates(tsa: Tsa) -> None:
    at = START + timedelta(minutes=3)
    stamp = stamp_in(tsa.answer(IMPRINT, NONCE, at), IMPRINT, NONCE, _authority(tsa), START)
    assert stamp.at == at
    assert x509.load_pem_x509_certificates(stamp.certificates.encode()) == [tsa.root, tsa.certificate]


BAD: dict[str, tuple[Callable[[Tsa], bytes], str]] = {
    "wrong nonce": (lambda tsa: tsa.answer(IMPRINT, NONCE + 1, START), "nonce"),
    "no nonce": (lambda tsa: tsa.answer(IMPRINT, None, START), "nonce"),
    "wrong imprint": (lambda tsa: tsa.answer(IMPRINT[::-1], NONCE, START), "something else"),
    "another hash": (lambda tsa: tsa.answer(IMPRINT, NONCE, START, algorithm=SHA1), "something else"),
    "refusal": (lambda tsa: tsa.answer(IMPRINT, NONCE, START, status=2), "refused"),
    "another clock": (lambda tsa: tsa.answer(IMPRINT, NONCE, START - timedelta(days=2)), "clock"),
    "garbage": (lambda _tsa: b"<html>sign in</html>", "no time stamp"),
    "nothing": (lambda _tsa: b"", "no time stamp"),
    "cut off": (lambda tsa: tsa.answer(IMPRINT, NONCE, START)[:-20], "no time stamp"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_refused_and_the_reason_is_ours(tsa: Tsa, name: str) -> None:
    answer, reason = BAD[name]
    with pytest.raises(BadStamp, match=reason):
        stamp_in(answer(tsa), IMPRINT, NONCE, _authority(tsa), START)


def test_a_signer_nobody_trusts_is_refused(tsa: Tsa) -> None:
    with pytest.raises(BadStamp, match="trusted"):
        stamp_in(Tsa().answer(IMPRINT, NONCE, START), IMPRINT, NONCE, _authority(tsa), START)


def test_a_certificate_that_has_ended_or_is_for_something_else_is_refused() -> None:
    ended = Tsa(valid=(timedelta(days=30), timedelta(days=-1)))
    with pytest.raises(BadStamp, match="not valid then"):
        stamp_in(ended.answer(IMPRINT, NONCE, START), IMPRINT, NONCE, _authority(ended), START)
    other = Tsa(purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    with pytest.raises(BadStamp, match="not for time stamps"):
        stamp_in(other.answer(IMPRINT, NONCE, START), IMPRINT, NONCE, _authority(other), START)


def test_a_byte_changed_in_what_is_signed_is_noticed(tsa: Tsa) -> None:
    answer = tsa.answer(IMPRINT, NONCE, START)
    at = answer.index(b"20260302020000Z")
    for place in (at + 3, at + 7, answer.index(IMPRINT), len(answer) - 1):
        changed = bytearray(answer)
        changed[place] ^= 1
        with pytest.raises(BadStamp):
            stamp_in(bytes(changed), IMPRINT, NONCE, _authority(tsa), START)


@given(imprint=st.binary(min_size=32, max_size=32), nonce=st.integers(0, 2**63 - 1))
def test_a_request_carries_the_imprint_and_the_nonce(imprint: bytes, nonce: int) -> None:
    assert asked_in(request_for(imprint, nonce)) == (imprint, nonce)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_reads_our_request_answers_it_and_its_answer_holds(tmp_path: Path) -> None:
    """An implementation that is not ours on the other side."""
    (tmp_path / "ca.cnf").write_text(
        "[req]\ndistinguished_name=d\nprompt=no\n[d]\nCN=Test TSA\n[root]\nbasicConstraints=critical,CA:true\n"
        "keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n[tsa]\nextendedKeyUsage=critical,timeStamping\n"
        "keyUsage=critical,digitalSignature\n[ts]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4.1\ndigests=sha256\ness_cert_id_alg=sha256\naccuracy=secs:1\nordering=yes\n"
    )
    (tmp_path / "serial").write_text("01\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
            "-config", "ca.cnf", "-extensions", "root", "-days", "30", "-subj", "/CN=Test Root")  # fmt: skip
    openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "ca.cnf"
    )
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-out", "tsa.pem", "-days", "30", "-extfile", "ca.cnf", "-extensions", "tsa")  # fmt: skip
    (tmp_path / "request.tsq").write_bytes(request_for(IMPRINT, NONCE))
    openssl("ts", "-reply", "-config", "ca.cnf", "-section", "t", "-queryfile", "request.tsq", "-signer", "tsa.pem",
            "-inkey", "tsa.key", "-out", "answer.tsr")  # fmt: skip
    answer = (tmp_path / "answer.tsr").read_bytes()
    authority = Authority("openssl", (tmp_path / "root.pem").read_bytes())
    assert "BEGIN CERTIFICATE" in stamp_in(answer, IMPRINT, NONCE, authority).certificates
    with pytest.raises(BadStamp, match="nonce"):
        stamp_in(answer, IMPRINT, NONCE + 1, authority)
    roots = x509.load_pem_x509_certificates(authority.roots)
    assert check_token(answer, STATEMENT, f"{NONCE:x}", roots, []) == stamp_in(answer, IMPRINT, NONCE, authority).at


# --- the same, by the program that goes out with a bundle ----------------------------------------------------


def test_the_bundles_program_agrees_on_a_good_answer(tsa: Tsa) -> None:
    answer = tsa.answer(IMPRINT, NONCE, START)
    assert check_token(answer, STATEMENT, f"{NONCE:x}", [tsa.root], []) == START


@pytest.mark.parametrize("name", [name for name in BAD if name != "another clock"])
def test_the_bundles_program_refuses_every_bad_answer(tsa: Tsa, name: str) -> None:
    with pytest.raises((Bad, ValueError, IndexError, KeyError)):
        check_token(BAD[name][0](tsa), STATEMENT, f"{NONCE:x}", [tsa.root], [])


def test_the_bundles_program_refuses_every_bad_signer(tsa: Tsa) -> None:
    ended = Tsa(valid=(timedelta(days=30), timedelta(days=-1)))
    other = Tsa(purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    for signer, root, reason in (
        (Tsa(), tsa.root, "no root that is trusted"),
        (ended, ended.root, "not valid then"),
        (other, other.root, "not for time stamps"),
    ):
        with pytest.raises(Bad, match=reason):
            check_token(signer.answer(IMPRINT, NONCE, START), STATEMENT, f"{NONCE:x}", [root], [])


@given(st.data())
def test_the_bundles_program_notices_a_changed_byte_or_says_the_same_time(data: st.DataObject) -> None:
    answer = bytearray(_ANSWER)
    at = data.draw(st.integers(0, len(answer) - 1))
    answer[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Bad, ValueError, IndexError, KeyError, TypeError, UnsupportedAlgorithm):
        assert check_token(bytes(answer), STATEMENT, f"{NONCE:x}", [_TSA.root], []) == START


# --- the tree ---------------------------------------------------------------------------------------------


def _by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + _by_the_book(leaves[:k]) + _by_the_book(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_the_tree_is_the_one_of_the_standard(leaves: list[bytes]) -> None:
    assert Tree(leaves).root == _by_the_book(leaves)


@given(st.integers(1, 70), st.data())
def test_every_path_leads_to_the_root_and_to_no_other(count: int, data: st.DataObject) -> None:
    leaves = [number.to_bytes(2) for number in range(count)]
    tree, index = Tree(leaves), data.draw(st.integers(0, count - 1))
    assert root_by(index, count, leaves[index], tree.path(index)) == tree.root
    other = data.draw(st.integers(0, count - 1).filter(lambda n: n != index)) if count > 1 else None
    if other is not None:
        assert root_by(other, count, leaves[index], tree.path(index)) != tree.root
        assert root_by(index, count, leaves[other], tree.path(index)) != tree.root
