"""Whole talks, as test stories of Rasa: which action follows which words."""

from __future__ import annotations

from pathlib import Path

from tests.engine.running import ROOT, environment, free_port, run_in_engine

STORIES = ROOT / "tests" / "conversations_core"


def test_every_test_story_goes_as_written(model: Path, tmp_path: Path) -> None:
    assert list(STORIES.glob("test_*.yml"))
    ran = run_in_engine(
        "-m", "rasa", "test", "core", "--stories", str(STORIES), "--model", str(model), "--out", str(tmp_path),
        "--endpoints", str(ROOT / "endpoints.yml"), "--fail-on-prediction-errors", "--no-plot",
        env={**environment(free_port()), "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=ROOT,
    )  # fmt: skip
    failed = tmp_path / "failed_test_stories.yml"
    details = failed.read_text(encoding="utf-8") if failed.exists() else ran.stderr[-3000:]
    assert ran.returncode == 0, details
