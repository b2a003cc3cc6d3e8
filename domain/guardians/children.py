"""The consent for a child's data that the law wants in any case (PIPL 28, 31; 未成年人保护法 72)."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from domain.platforms.model import SeparateConsent

CHILDREN = SeparateConsent.model_validate(YAML(typ="safe").load(Path(__file__).with_name("children.yml")))
