"""The description of the HTTP interface, as `/api/openapi.json` serves it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from domain import VERSION


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of openapi.yml with this software's version; callers must not change it."""
    document: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("openapi.yml"))
    document["info"]["version"] = VERSION
    return document
