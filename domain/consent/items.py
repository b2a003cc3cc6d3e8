"""What the items a person decides about are called."""

from __future__ import annotations

import functools
from pathlib import Path

from ruamel.yaml import YAML

from domain.platforms.model import Profile

CONTRACT = "contract"
CROSS_BORDER = "cross_border"
ASSENT = "assent"
"""A ward's own yes beside the guardian's consent."""


@functools.cache
def _common() -> dict[str, str]:
    names: dict[str, str] = YAML(typ="safe").load(Path(__file__).with_name("items.yml"))
    return names


def item_title(profile: Profile, item: str) -> str:
    """The name of an item as the person saw it: the agreement's title, a separate consent's, or a common one."""
    if item == CONTRACT:
        return f"《{profile.agreement_title.strip('《》')}》"
    named: dict[str, str] = {consent.item: consent.title for consent in profile.separate_consents}
    return named.get(item) or _common().get(item, item)
