"""Writes a bundle of evidence: the summary people read, the program that checks it, and the signed list of both."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import domain.evidence.bundle as bundle_package
from bot.wording.catalogue import Catalogue
from domain.ambient import SHANGHAI
from domain.consent.items import item_title
from domain.evidence.bundle import Bundle
from domain.platforms import Profile

_SUMMARY, _VERIFIER = "摘要.html", "verify.py"
_ID = re.compile(r"https?://\S+|[a-z][a-z0-9]*([_-][a-z0-9]+)*")
# The earliest moment a zip file can name: when the files were packed says nothing.
_PACKED = (1980, 1, 1, 0, 0, 0)


def write_bundle(bundle: Bundle, out: Path) -> None:
    """Write it as a zip file when the name ends so, otherwise as a folder. Raises OSError, also when it is there."""
    files = complete(bundle)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix.lower() != ".zip":
        out.mkdir()
        for name, content in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
        return
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _PACKED), content, zipfile.ZIP_DEFLATED)


def complete(bundle: Bundle) -> dict[str, bytes]:
    """Every file of the bundle, the signed list last."""
    verifier = Path(bundle_package.__file__).with_name("verify_bundle.py").read_bytes()
    return bundle.seal({_SUMMARY: summary(bundle).encode(), _VERIFIER: verifier})


def summary(bundle: Bundle) -> str:
    """The page a judge reads."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("evidence_templates")),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    profile = bundle.parts.platforms.get(bundle.platform_id).profile
    return environment.get_template("summary.html").render(
        platform=profile.name,
        made_at=_moment(bundle.made_at),
        subject=bundle.subject,
        account=bundle.account_id,
        personal=bundle.personal,
        registered=list(_registered(bundle)),
        rows=list(_rows(bundle, profile)),
        texts=list(_texts(bundle)),
        keys=[(key, hashlib.sha256(base64.b64decode(value)).hexdigest()) for key, value in bundle.keys.items()],
    )


def _registered(bundle: Bundle) -> Iterator[tuple[str, str]]:
    words = Catalogue.read("evidence.yml")
    for name, value in (bundle.personal or {}).get("registered", {}).items():
        known = f"field.{name}"
        yield words.text(known if known in words else "field.other", {"name": name}), value


def _readable(words: str) -> str:
    """Without addresses and the ids of cards, which stand among the words whose hash is kept."""
    return "\n".join(line for line in words.splitlines() if not _ID.fullmatch(line))


def _rows(bundle: Bundle, profile: Profile) -> Iterator[dict[str, Any]]:
    words = Catalogue.read("evidence.yml")
    revealed = (bundle.personal or {}).get("words", {})
    for entry in bundle.entries:
        shown = bundle.messages.get(entry["id"])
        more = list(_more(entry, words))
        if shown is None and entry.get("message"):
            more.append(words.text("unreadable"))
        stamp = bundle.stamps.get(entry["seq"])
        yield {
            "seq": entry["seq"],
            "at": _moment(entry["at"]),
            "happened": _happened(entry, profile, words),
            "more": more,
            "words": _readable(shown["words"]) if shown is not None else "",
            "said": "\n".join(detail["text"] for detail in revealed.get(entry["id"], {}).values()),
            "stamp": f"{_moment(stamp[0])}（{stamp[1]}）" if stamp else words.text("no_stamp"),
            "asked": entry["id"] == bundle.asked_for,
        }


def _happened(entry: Mapping[str, Any], profile: Profile, words: Catalogue) -> str:
    decision = entry.get("decision")
    known = f"decision.{decision}" if f"decision.{decision}" in words else "decision.other"
    told = {
        "title": profile.agreement_title.strip("《》"),
        "label": (entry.get("agreement") or {}).get("label", ""),
        "clauses": "、".join(clause["uid"] for clause in entry.get("clauses") or ()) or "–",
        "item": item_title(profile, entry["item"]) if entry.get("item") else "",
        "decision": words.text(known, {"decision": decision}),
        "receipt": entry.get("receipt", ""),
        "type": entry["type"],
    }
    kind = f"happened.{entry['type']}"
    return words.text(kind if kind in words else "happened.other", told)


def _more(entry: Mapping[str, Any], words: Catalogue) -> Iterator[str]:
    pressed = entry.get("pressed")
    if pressed:
        yield words.text("pressed", {"label": pressed["label"], "seconds": f"{pressed['dwell_ms'] / 1000:.1f}"})
    elif entry.get("button"):
        yield words.text("typed", {"label": entry["button"]})
    if (entry.get("actor") or {}).get("role") == "guardian":
        yield words.text("by_guardian")


def _texts(bundle: Bundle) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for entry in bundle.entries:
        agreement = entry.get("agreement") or {}
        name = next((each for each in bundle.files if each.startswith(f"texts/{agreement.get('id')}/raw")), None)
        if name is not None and name not in seen:
            seen.add(name)
            label = agreement.get("label") or str(agreement.get("version", ""))
            yield {"label": label, "file": name, "sha256": hashlib.sha256(bundle.files[name]).hexdigest()}


def _moment(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
