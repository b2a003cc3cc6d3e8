"""Checks one bundle of evidence, offline. Needs Python 3.9 or newer and the package `cryptography`, nothing of Mingshi.

    python verify.py [FOLDER or FILE.zip] [--keys FILE] [--root FILE] [--json]

--keys  the service's public keys as you got them elsewhere; else those in the bundle, which only prove that one key
        signed everything. Compare the fingerprints this prints with the ones the service publishes.
--root  the time-stamping authority's root certificate (PEM) as you got it elsewhere; may be given several times.

Exit code 0: everything fits. 1: something does not; the first bad ledger entry is named. 2: this is no bundle.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import json
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

# Entries of these types say what was shown or decided: each has to rest on a `served` entry before it.
NEEDS_SERVED = {"clause_shown", "clause_opened", "explained", "acknowledged", "decided", "formed", "declined"}


class Bad(Exception):
    """Something does not fit. `seq` is the ledger entry it is about, None when it is about another file."""

    def __init__(self, reason: str, seq: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seq = seq


class NoBundle(Exception):
    """What was given is not a bundle at all."""


# --- reading ------------------------------------------------------------------------------------------------


def read_files(place: Path) -> dict[str, bytes]:
    """Name inside the bundle -> bytes, of a folder or a zip file."""
    try:
        if place.is_dir():
            found = sorted(each for each in place.rglob("*") if each.is_file())
            return {each.relative_to(place).as_posix(): each.read_bytes() for each in found}
        with zipfile.ZipFile(place) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names):
                raise NoBundle("two files of the archive have one name")
            return {name: archive.read(name) for name in names if not name.endswith("/")}
    except (OSError, zipfile.BadZipFile) as error:
        raise NoBundle(str(error)) from None


def strict_json(content: bytes) -> Any:
    """JSON in which no name is given twice: of two values, another reader might take the other one."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name is given twice")
        return found

    return json.loads(content.decode("utf-8"), object_pairs_hook=once)


def read_json(files: dict[str, bytes], name: str) -> Any:
    try:
        return strict_json(files[name])
    except KeyError:
        raise Bad(f"{name} is missing") from None
    except (ValueError, RecursionError):
        raise Bad(f"{name} cannot be read") from None


def canonical(value: Any) -> bytes:
    """RFC 8785 for what receipts hold: texts, whole numbers, lists, and names in ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(keys: dict[str, str], key: Any, data: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[key])).verify(signature, data)
    except (KeyError, TypeError, ValueError, InvalidSignature):
        return False
    return True


# --- the manifest and the rows ------------------------------------------------------------------------------


def check_manifest(files: dict[str, bytes], keys: dict[str, str]) -> dict[str, Any]:
    """The signed list of everything that belongs to the bundle."""
    manifest, mark = read_json(files, "manifest.json"), read_json(files, "manifest.sig.json")
    if not isinstance(manifest, dict) or manifest.get("schema") != "mingshi-bundle-1":
        raise NoBundle("manifest.json is not that of a bundle this program knows")
    try:
        good = signed(keys, mark["key"], files["manifest.json"], base64.b64decode(mark["signature"]))
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise Bad("manifest.json is not signed by this service, or was changed")
    return manifest


def check_rows(files: dict[str, bytes], manifest: dict[str, Any], keys: dict[str, str]) -> list[dict[str, Any]]:
    """Every row as the manifest lists it: its number, its hash over the row before and its words, its signature.

    Returns the entries. Raises Bad for the first row that is missing, too many, moved or changed.
    """
    rows, listed = read_json(files, "rows.json"), manifest["rows"]
    neighbours = read_json(files, "neighbours.json")
    if not isinstance(rows, list) or not isinstance(neighbours, dict):
        raise Bad("rows.json cannot be read", listed[0][0] if listed else None)
    entries: list[dict[str, Any]] = []
    before: dict[int, str] = {0: "0" * 64}
    for at, (seq, known) in enumerate(listed):
        row = rows[at] if at < len(rows) else None
        if not isinstance(row, dict) or row.get("seq") != seq:
            raise Bad("missing, or in the wrong place", seq)
        entries.append(check_row(row, seq, known, manifest["platform"], keys))
        check_link(row, seq, before, neighbours, keys)
        before[seq] = row["hash"]
    if len(rows) > len(listed):
        extra = rows[len(listed)]
        number = extra.get("seq") if isinstance(extra, dict) else None
        raise Bad("one more than the service put into the bundle", number if isinstance(number, int) else None)
    return entries


def check_row(row: dict[str, Any], seq: int, known: str, platform: str, keys: dict[str, str]) -> dict[str, Any]:
    try:
        entry = strict_json(row["entry"].encode())
        counted = hashlib.sha256(bytes.fromhex(row["prev_hash"]) + row["entry"].encode()).hexdigest()
        told = (entry["platform"], entry["seq"])
        signature = base64.b64decode(row["signature"], validate=True)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Bad("changed", seq) from None
    # Base64 has several spellings of the same bytes; only one was written.
    spelled = base64.b64encode(signature).decode() == row["signature"]
    if counted != row["hash"] or row["hash"] != known or told != (platform, seq) or not spelled:
        raise Bad("changed", seq)
    if not signed(keys, row.get("key"), bytes.fromhex(row["hash"]), signature):
        raise Bad("not signed by this service", seq)
    found: dict[str, Any] = entry
    return found


def check_link(
    row: dict[str, Any], seq: int, before: dict[int, str], neighbours: dict[str, Any], keys: dict[str, str]
) -> None:
    """The row before is either in the bundle too, or its hash is here with the service's signature over it."""
    if seq - 1 in before:
        if before[seq - 1] != row["prev_hash"]:
            raise Bad("does not follow the row before it", seq)
        return
    other: Any = neighbours.get(str(seq - 1))
    try:
        fits = other["hash"] == row["prev_hash"] and signed(
            keys, other["key"], bytes.fromhex(other["hash"]), base64.b64decode(other["signature"], validate=True)
        )
    except (TypeError, KeyError, ValueError):
        fits = False
    if not fits:
        raise Bad("the hash of the row before it is missing or not signed", seq)


def check_references(entries: list[dict[str, Any]]) -> None:
    """What was shown or decided rests on a text served before it, a withdrawal on a decision before it."""
    earlier: dict[str, dict[str, Any]] = {}
    for entry in entries:
        seq, type = entry["seq"], entry["type"]
        if type in NEEDS_SERVED:
            rests_on = earlier.get(str(entry.get("served")))
            if rests_on is None or rests_on["type"] != "served" or agreement(rests_on) != agreement(entry):
                raise Bad("does not rest on a text of this version that was put before the person earlier", seq)
        if type == "withdrawn" and earlier.get(str(entry.get("withdraws")), {}).get("type") != "decided":
            raise Bad("takes back a decision that was not made before", seq)
        earlier[entry["id"]] = entry


def agreement(entry: dict[str, Any]) -> Any:
    return (entry.get("agreement") or {}).get("id")


# --- texts, messages, receipts, personal data ---------------------------------------------------------------


def check_texts(files: dict[str, bytes], entries: list[dict[str, Any]]) -> None:
    """Each text is, byte for byte, the one whose hash the entries name; each clause says what its hash says."""
    clauses: dict[str, dict[str, set[str]]] = {}
    for entry in entries:
        named = entry.get("agreement")
        if not isinstance(named, dict):
            continue
        folder = f"texts/{named['id']}"
        if named["id"] not in clauses:
            raw = next((files[name] for name in sorted(files) if name.startswith(f"{folder}/raw")), None)
            if raw is None:
                raise Bad("the text it rests on is missing", entry["seq"])
            clauses[named["id"]] = {"": {hashlib.sha256(raw).hexdigest()}}
            clauses[named["id"]].update(clause_hashes(read_json(files, f"{folder}/clauses.json")))
        known = clauses[named["id"]]
        if named["sha256"] not in known[""]:
            raise Bad("rests on another text than the one in the bundle", entry["seq"])
        for clause in entry.get("clauses") or []:
            if clause["sha256"] not in known.get(clause["uid"], set()):
                raise Bad(f"clause {clause['uid']} says something else in the bundle", entry["seq"])


def clause_hashes(tree: dict[str, Any]) -> dict[str, set[str]]:
    """Clause uid -> the hash of what it says, with everything below it; white space and width do not count."""
    found: dict[str, set[str]] = {}

    def said(parts: list[str]) -> str:
        return hashlib.sha256("".join(unicodedata.normalize("NFKC", "\n".join(parts)).split()).encode()).hexdigest()

    def walk(clause: dict[str, Any]) -> list[str]:
        whole = [part for part in (clause.get("heading"), clause.get("text")) if part]
        whole += [part for child in clause.get("children", ()) for part in walk(child)]
        found.setdefault(clause["uid"], set()).add(said(whole))
        return whole

    for clause in tree.get("clauses", ()):
        walk(clause)
    if tree.get("preamble"):
        walk({"uid": "preamble", "text": "\n".join(tree["preamble"])})
    return found


def check_messages(files: dict[str, bytes], entries: list[dict[str, Any]]) -> int:
    """What the person saw is what the entry's hash covers. Returns how many messages are still there to compare."""
    kept = read_json(files, "messages.json")
    for entry in entries:
        shown = kept.get(entry["id"])
        if shown is None:
            continue
        if hashlib.sha256(shown["words"].encode()).hexdigest() != entry.get("rendered_sha256"):
            raise Bad("the message in the bundle is not the one that was shown", entry["seq"])
    return len(kept)


def check_receipts(files: dict[str, bytes], entries: list[dict[str, Any]], keys: dict[str, str]) -> int:
    """Every receipt is signed and is the one the ledger says was issued. Returns how many there are."""
    issued = {entry.get("receipt"): entry for entry in entries if entry["type"] == "receipt_issued"}
    found = 0
    for name in sorted(each for each in files if each.startswith("receipts/")):
        document = read_json(files, name)
        try:
            body, mark = canonical(document["receipt"]), document["signature"]
            entry = issued[document["receipt"]["receipt_id"]]
            good = signed(keys, mark["key"], body, bytes.fromhex(mark["value"]))
        except (KeyError, TypeError, ValueError):
            raise Bad(f"{name} is not a receipt of this person") from None
        if not good or hashlib.sha256(body).hexdigest() != entry["receipt_sha256"]:
            raise Bad(f"{name} is not the receipt that was issued", entry["seq"])
        found += 1
    return found


def check_personal(files: dict[str, bytes], entries: list[dict[str, Any]]) -> None:
    """Words of the person that were revealed are those the entries commit to (salted SHA-256)."""
    if "personal.json" not in files:
        return
    revealed = read_json(files, "personal.json")["words"]
    for entry in entries:
        for name, detail in revealed.get(entry["id"], {}).items():
            counted = hashlib.sha256(bytes.fromhex(detail["salt"]) + detail["text"].encode()).hexdigest()
            if counted != entry["commitments"].get(name):
                raise Bad(f"the {name} in personal.json is not what was written down", entry["seq"])


def check_files(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    """Every file is the one the service put in, and there is no other."""
    signed_files = {"manifest.json", "manifest.sig.json"}
    for name, known in sorted(manifest["files"].items()):
        if name not in files:
            raise Bad(f"{name} is missing")
        if hashlib.sha256(files[name]).hexdigest() != known:
            raise Bad(f"{name} was changed")
    for name in sorted(set(files) - set(manifest["files"]) - signed_files):
        raise Bad(f"{name} does not belong to the bundle")


# --- time stamps --------------------------------------------------------------------------------------------


def check_anchors(files: dict[str, bytes], rows: list[Any], platform: str, roots: list[Any]) -> dict[str, Any]:
    """Rows that lie in a stretch an authority stamped: hash, Merkle path (RFC 6962) and stamp (RFC 3161).

    Returns entry number -> the earliest [time, authority] before which it existed.
    """
    stamped: dict[str, Any] = {}
    hash_of = {str(seq): known for seq, known in rows}
    for anchor in read_json(files, "anchors.json"):
        told = strict_json(anchor["statement"].encode())
        first = next(iter(sorted(map(int, anchor["paths"]))), told["from"])
        if told["platform"] != platform:
            raise Bad("its time stamp is for another platform", first)
        try:
            pem = files[anchor["certificates"]]
            trusted = roots or x509.load_pem_x509_certificates(pem)[: anchor["roots"]]
            between = x509.load_pem_x509_certificates(pem)
            at = check_token(files[anchor["token"]], anchor["statement"].encode(), anchor["nonce"], trusted, between)
        except Bad as bad:
            raise Bad(bad.reason, first) from None
        except (KeyError, IndexError, ValueError, TypeError, UnsupportedAlgorithm):
            raise Bad("its time stamp cannot be read", first) from None
        for seq, path in sorted(anchor["paths"].items(), key=lambda item: int(item[0])):
            count, index = told["to"] - told["from"] + 1, int(seq) - told["from"]
            if seq not in hash_of or not 0 <= index < count:
                raise Bad("is not in the stretch its time stamp is for", int(seq))
            leaf = bytes.fromhex(hash_of[seq])
            if root_by(index, count, leaf, [bytes.fromhex(each) for each in path]) != bytes.fromhex(told["root"]):
                raise Bad("is not among the rows that were stamped", int(seq))
            if int(seq) == told["to"] and hash_of[seq] != told["head"]:
                raise Bad("is not the row that was stamped", int(seq))
            known = stamped.get(seq)
            if known is None or at.isoformat() < known[0]:
                stamped[seq] = [at.isoformat(), anchor["authority"]]
    return stamped


def root_by(index: int, count: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 6962, 2.1.1; the algorithm of RFC 9162, 2.1.3.2)."""
    fn, sn, root = index, count - 1, hashlib.sha256(b"\0" + leaf).digest()
    for other in path:
        if sn == 0:
            return b""
        if fn & 1 or fn == sn:
            root = hashlib.sha256(b"\1" + other + root).digest()
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = hashlib.sha256(b"\1" + root + other).digest()
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else b""


def der(content: bytes) -> list[Any]:
    """The elements of a DER content, one after the other."""
    found, at = [], 0
    while at < len(content):
        start, tag, length = at, content[at], content[at + 1]
        at += 2
        if length & 0x80:
            octets = length & 0x7F
            if not 1 <= octets <= 4:
                raise ValueError("a length that is not DER")
            length, at = int.from_bytes(content[at : at + octets], "big"), at + octets
        if at + length > len(content):
            raise ValueError("cut off")
        found.append((tag, content[at : at + length], content[start : at + length]))
        at += length
    return found


def oid(content: bytes) -> str:
    numbers, value = [str(min(content[0] // 40, 2)), str(content[0] - 40 * min(content[0] // 40, 2))], 0
    for octet in content[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(str(value))
            value = 0
    return ".".join(numbers)


DIGESTS: dict[str, Any] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
SIGNATURES: dict[str, Any] = {
    "1.2.840.113549.1.1.1": None,
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}
TST_INFO = "1.2.840.113549.1.9.16.1.4"


def digest(algorithm: Any, data: bytes) -> bytes:
    made = hashes.Hash(algorithm())
    made.update(data)
    return made.finalize()


def check_token(
    response: bytes, statement: bytes, nonce: str, trusted: list[Any], between: list[Any]
) -> datetime.datetime:
    """The authority's time, when its answer is for this statement, whole, and signed by somebody trusted."""
    status, token = der(der(response)[0][1])
    if int.from_bytes(der(status[1])[0][1], "big") != 0:
        raise Bad("the authority refused to stamp it")
    data = der(der(der(token[1])[1][1])[0][1])
    content = der(data[2][1])
    told = der(content[1][1])[0][1]
    if oid(content[0][1]) != TST_INFO:
        raise Bad("its time stamp holds something else")
    carried = [x509.load_der_x509_certificate(each[2]) for tag in data[3:] if tag[0] == 0xA0 for each in der(tag[1])]
    signers = [tag for tag in data[3:] if tag[0] == 0x31]
    signer = der(der(signers[0][1])[0][1])
    at = check_told(told, statement, int(nonce, 16))
    leaf = signer_of(signer, [*carried, *between])
    check_signature(signer, told, leaf)
    check_certificates(leaf, [*carried, *between], trusted, at)
    return at


def check_told(told: bytes, statement: bytes, nonce: int) -> datetime.datetime:
    """What the authority says: this hash, at this time, in answer to this question."""
    fields = der(der(told)[0][1])
    imprint = der(fields[2][1])
    if oid(der(imprint[0][1])[0][1]) not in DIGESTS:
        raise Bad("its time stamp uses a hash that is not accepted")
    algorithm = DIGESTS[oid(der(imprint[0][1])[0][1])]
    if imprint[1][1] != digest(algorithm, statement):
        raise Bad("its time stamp is for something else")
    if nonce not in [int.from_bytes(field[1], "big") for field in fields[5:] if field[0] == 0x02]:
        raise Bad("its time stamp does not answer the question that was asked")
    time = fields[4][1].decode("ascii").rstrip("Z").partition(".")[0]
    return datetime.datetime.strptime(time, "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)  # noqa: UP017


def signer_of(signer: list[Any], certificates: list[Any]) -> Any:
    issuer, serial = der(signer[1][1])
    number = int.from_bytes(serial[1], "big")
    for each in certificates:
        if each.serial_number == number and each.issuer.public_bytes() == issuer[2]:
            return each
    raise Bad("the certificate of its time stamp's signer is missing")


def check_signature(signer: list[Any], told: bytes, leaf: Any) -> None:
    """CMS (RFC 5652, 5.4): the signed attributes hold the digest of the content, the signature covers them."""
    used = DIGESTS[oid(der(signer[2][1])[0][1])]
    marked = signer[3]
    if marked[0] != 0xA0:
        raise Bad("its time stamp has no signed attributes")
    attributes = {oid(der(each[1])[0][1]): der(der(each[1])[1][1]) for each in der(marked[1])}
    kind, known = attributes["1.2.840.113549.1.9.3"][0][1], attributes["1.2.840.113549.1.9.4"][0][1]
    if oid(kind) != TST_INFO or known != digest(used, told):
        raise Bad("its time stamp was changed")
    check_signer_named(attributes, leaf)
    algorithm = (SIGNATURES[oid(der(signer[4][1])[0][1])] or used)()
    data, key = b"\x31" + marked[2][1:], leaf.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signer[5][1], data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer[5][1], data, ec.ECDSA(algorithm))
        else:
            raise Bad("its time stamp is signed with a kind of key that is not known here")
    except InvalidSignature:
        raise Bad("its time stamp was changed") from None


def check_signer_named(attributes: dict[str, Any], leaf: Any) -> None:
    """RFC 5816: the signed attributes name the signer's certificate by its hash."""
    if "1.2.840.113549.1.9.16.2.47" in attributes:
        parts = der(der(der(attributes["1.2.840.113549.1.9.16.2.47"][0][1])[0][1])[0][1])
        algorithm = DIGESTS[oid(der(parts[0][1])[0][1])] if parts[0][0] == 0x30 else hashes.SHA256
        known = next(part[1] for part in parts if part[0] == 0x04)
    elif "1.2.840.113549.1.9.16.2.12" in attributes:
        parts = der(der(der(attributes["1.2.840.113549.1.9.16.2.12"][0][1])[0][1])[0][1])
        algorithm, known = hashes.SHA1, parts[0][1]  # RFC 3161 itself: a name, no proof
    else:
        raise Bad("its time stamp does not name its signer's certificate")
    if leaf.fingerprint(algorithm()) != known:
        raise Bad("its time stamp names another signer's certificate")


def check_certificates(leaf: Any, others: list[Any], trusted: list[Any], at: datetime.datetime) -> None:
    """From the signer up to a trusted root, each valid at that time; the signer's is for time stamps only."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Bad("its time stamp is signed with a certificate that is not for time stamps")
    current = leaf
    for _ in range(10):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise Bad("a certificate of its time stamp was not valid then")
        if current in trusted:
            return
        above = [each for each in [*trusted, *others] if each != current and issued(current, each)]
        if not above:
            break
        current = above[0]
    raise Bad("its time stamp leads to no root that is trusted")


def issued(certificate: Any, issuer: Any) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return bool(issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return False


# --- all together -------------------------------------------------------------------------------------------


def verify(files: dict[str, bytes], keys: dict[str, str] | None, roots: list[Any]) -> dict[str, Any]:
    """Everything, in the order in which one thing builds on the other; the first fault ends it."""
    outcome: dict[str, Any] = {"ok": False, "entries": 0, "first_bad": None}
    outcome.update(stamped={}, messages=0, receipts=0)
    platform = ""
    try:
        known: dict[str, str] = keys if keys is not None else read_json(files, "keys.json")
        manifest = check_manifest(files, known)
        platform = manifest["platform"]
        entries = check_rows(files, manifest, known)
        outcome["entries"] = len(entries)
        check_references(entries)
        check_texts(files, entries)
        outcome["messages"] = check_messages(files, entries)
        outcome["receipts"] = check_receipts(files, entries, known)
        check_personal(files, entries)
        outcome["stamped"] = check_anchors(files, manifest["rows"], platform, roots)
        check_files(files, manifest)
    except Bad as bad:
        outcome["first_bad"] = {"platform": platform, "seq": bad.seq, "reason": bad.reason}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        outcome["first_bad"] = {"platform": platform, "seq": None, "reason": f"unreadable ({type(error).__name__})"}
    outcome["ok"] = outcome["first_bad"] is None
    return outcome


def tell(outcome: dict[str, Any], files: dict[str, bytes], own_keys: bool, own_roots: bool) -> None:
    bad = outcome["first_bad"]
    if bad is not None:
        entry = f"entry {bad['seq']}: " if bad["seq"] is not None else ""
        print(f"wrong: {bad['platform']} {entry}{bad['reason']}")
        return
    print(f"ok: {outcome['entries']} entries, {outcome['messages']} messages, {outcome['receipts']} receipts")
    times = outcome["stamped"]
    print(f"under a time stamp: {len(times)} of {outcome['entries']} entries")
    for seq, (at, authority) in sorted(times.items(), key=lambda item: int(item[0])):
        print(f"  entry {seq} existed at {at} ({authority})")
    if not own_keys:
        print("keys: taken from the bundle itself. Compare with what the service publishes (or use --keys):")
        for key, value in read_json(files, "keys.json").items():
            print(f"  {key} SHA-256 {hashlib.sha256(base64.b64decode(value)).hexdigest()}")
    if times and not own_roots:
        print("roots: taken from the bundle itself. Compare with what the authority publishes (or use --root):")
        for name, count in sorted({(a["certificates"], a["roots"]) for a in read_json(files, "anchors.json")}):
            for root in x509.load_pem_x509_certificates(files[name])[:count]:
                print(f"  {root.subject.rfc4514_string()} SHA-256 {root.fingerprint(hashes.SHA256()).hex()}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks one bundle of evidence, offline.")
    parser.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--keys", type=Path, metavar="FILE")
    parser.add_argument("--root", type=Path, metavar="FILE", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        files = read_files(chosen.bundle)
        keys = strict_json(chosen.keys.read_bytes()) if chosen.keys else None
        roots = [each for file in chosen.root for each in x509.load_pem_x509_certificates(file.read_bytes())]
        if "manifest.json" not in files:
            raise NoBundle("manifest.json is missing")
        outcome = verify(files, keys, roots)
    except (NoBundle, OSError, ValueError) as error:
        print(f"this is no bundle: {error}", file=sys.stderr)
        return 2
    if chosen.json:
        print(json.dumps(outcome, ensure_ascii=False))
    else:
        tell(outcome, files, chosen.keys is not None, bool(chosen.root))
    return 0 if outcome["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
