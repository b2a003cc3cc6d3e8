"""One trained model and one running engine for all tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.running import ROOT, Actions, Engine, run_in_engine, running_engine


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of the sources as they are; trained once for each content."""
    built = run_in_engine("-m", "nlu.inside_rasa.build", "--models", str(ROOT / "models"), timeout=600)
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


@pytest.fixture(scope="session")
def action_server() -> Actions:
    actions = Actions()
    actions.start()
    return actions


@pytest.fixture
def actions(action_server: Actions) -> Actions:
    action_server.reset()
    return action_server


@pytest.fixture(scope="session")
def engine(model: Path, action_server: Actions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with running_engine(model, action_server, tmp_path_factory.mktemp("engine") / "engine.log") as engine:
        yield engine
