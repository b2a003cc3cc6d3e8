"""Platforms as an operator configures them: copies of the built-in folders with a line or two of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.product import ROOT

BUILT_IN = ROOT / "domain" / "platforms"
OFFICIAL = ROOT.parent / "shared" / "agreements"


def authorised(folder: Path, *platforms: str) -> Path:
    """A folder for MINGSHI_PLATFORMS with these platforms, whose operators let this channel register people."""
    for platform in platforms:
        shutil.copytree(BUILT_IN / platform, folder / platform)
        profile = folder / platform / "profile.yml"
        text = profile.read_text()
        assert text.count("authorised: false") == 1
        profile.write_text(text.replace("authorised: false", "authorised: true\n  document: 书面授权 2026-01-05"))
    return folder


def official(platform: str) -> Path:
    return OFFICIAL / f"{platform}.txt"
