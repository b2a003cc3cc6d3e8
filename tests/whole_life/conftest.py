from __future__ import annotations

import pytest

from tests.support.databases import Databases
from tests.whole_life.world import PLATFORMS, Template, make_template


@pytest.fixture(scope="session")
def templates(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """For each platform a database in which people have registered."""
    return {p: make_template(sqlite_databases, tmp_path_factory.mktemp(p), p) for p in PLATFORMS}
