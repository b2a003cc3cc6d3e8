"""Building and starting: the same sources give the same model, contradictions give none."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.running import PYTHON, ROOT, TOKEN, environment, free_port, run_in_engine

BUILD = ("-m", "nlu.inside_rasa.build", "--models")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what a model is trained from."""
    root = tmp_path / "sources"
    root.mkdir()
    shutil.copy(ROOT / "config.yml", root)
    for folder in ("nlu", "stories"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_an_unchanged_source_needs_no_training(model: Path) -> None:
    before = model.stat().st_mtime_ns
    again = run_in_engine(*BUILD, str(model.parent))
    assert again.stdout.strip() == str(model)
    assert model.stat().st_mtime_ns == before
    assert "rasa" not in again.stderr.lower()


def test_nothing_but_the_model_is_left_behind(model: Path) -> None:
    assert sorted(path.name for path in model.parent.iterdir()) == [".lock", model.name]
    assert not (ROOT / ".rasa").exists()


@pytest.mark.parametrize(
    ("file", "addition", "complaint"),
    [
        (
            "stories/rules/smalltalk.yml",
            "  - rule: a second opinion\n    steps:\n      - intent: greet\n      - action: utter_goodbye\n",
            "contradict",
        ),
        (
            "stories/rules/smalltalk.yml",
            "  - rule: unknown\n    steps:\n      - intent: thank\n      - action: action_nobody_has\n",
            "action",
        ),
        ("nlu/smalltalk.yml", "- intent: greet\n  examples: |\n    - 我要投诉你们\n", "two intents"),
        ("nlu/smalltalk.yml", "- intent: greet\n  examples: |\n    - 我 要 投訴 你們\n", "read alike"),
        ("nlu/smalltalk.yml", "- intent: nobody_knows\n  examples: |\n    - 甲乙丙\n    - 丁戊己\n", "intents"),
    ],
)
def test_contradicting_sources_give_no_model(sources: Path, file: str, addition: str, complaint: str) -> None:
    (sources / "nlu" / "zz_complaint.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: file_complaint\n  examples: |\n    - 我要投诉你们\n', encoding="utf-8"
    )
    with (sources / file).open("a", encoding="utf-8") as target:
        target.write(addition)
    models = sources / "models"
    built = run_in_engine(*BUILD, str(models), "--root", str(sources))
    assert built.returncode == 1
    assert built.stdout == ""
    assert complaint in built.stderr.lower()
    assert list(models.glob("*.tar.gz")) == []


def test_two_builds_at_once_give_one_whole_model_and_remove_older_ones(sources: Path) -> None:
    models = sources / "models"
    models.mkdir()
    (models / "engine-000000000000.tar.gz").write_bytes(b"old")
    command = [str(PYTHON), *BUILD, str(models), "--root", str(sources)]
    builds = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in "12"]
    paths = {build.communicate(timeout=300)[0] for build in builds}
    assert len(paths) == 1
    assert [str(path) for path in models.glob("*.tar.gz")] == [paths.pop().decode().strip()]


def test_a_changed_word_list_is_another_model(sources: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nlu.inside_rasa.build import fingerprint as of\n"
        "print(of(Path(sys.argv[1])))"
    )
    before = run_in_engine("-c", code, str(sources)).stdout
    with (sources / "nlu" / "inside_rasa" / "lexicon.yml").open("a", encoding="utf-8") as lexicon:
        lexicon.write("  新词: 旧词\n")
    assert run_in_engine("-c", code, str(sources)).stdout != before


def test_a_model_that_cannot_be_loaded_ends_the_engine(tmp_path: Path) -> None:
    broken = tmp_path / "engine-broken.tar.gz"
    broken.write_bytes(b"not an archive")
    started = run_in_engine(
        "-m", "nlu.inside_rasa.engine", "run", "--model", str(broken), "--port", str(free_port()),
        env=environment(free_port()),
    )  # fmt: skip
    assert started.returncode == 1
    assert "could not be loaded" in started.stderr


@pytest.mark.parametrize("missing", ["MINGSHI_ENGINE_TOKEN", "MINGSHI_ACTIONS_URL"])
def test_an_engine_without_its_settings_says_which(model: Path, missing: str) -> None:
    env = environment(free_port())
    env[missing] = ""
    started = run_in_engine(
        "-m", "nlu.inside_rasa.engine", "run", "--model", str(model), "--port", str(free_port()), env=env
    )  # fmt: skip
    assert started.returncode == 2
    assert missing in started.stderr


def test_the_token_never_stands_on_the_command_line_or_in_the_log(model: Path, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    with log.open("w") as output:
        engine = subprocess.Popen(
            [str(PYTHON), "-m", "nlu.inside_rasa.engine", "run", "--model", str(model), "--port", str(free_port())],
            cwd=ROOT, env={**environment(free_port()), "LOG_LEVEL": "DEBUG"}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while "ready" not in log.read_text() and time.monotonic() < deadline and engine.poll() is None:
            time.sleep(0.2)
        assert "ready" in log.read_text()
        assert TOKEN not in Path(f"/proc/{engine.pid}/cmdline").read_text()
    finally:
        engine.terminate()
        engine.wait(15)
    lines = log.read_text().splitlines()
    assert TOKEN not in log.read_text()
    assert len(lines) == 1, lines  # one line: ready


def test_the_selective_domain_stays_off() -> None:
    # A quoted or templated "false" is a true string to Rasa; so the key is not there at all.
    settings = [line for line in (ROOT / "endpoints.yml").read_text().splitlines() if not line.startswith("#")]
    assert not any("selective" in line for line in settings)


def test_variables_stand_without_quotes() -> None:
    # Between quotes Rasa does not fill them in, and ${MINGSHI_ENGINE_TOKEN} itself would be the token.
    for name in ("credentials.yml", "endpoints.yml"):
        for line in (ROOT / name).read_text().splitlines():
            assert not ("${" in line and ('"' in line or "'" in line)), (name, line)


def test_no_rule_has_a_step_after_an_action() -> None:
    from ruamel.yaml import YAML

    files = sorted((ROOT / "stories" / "rules").glob("*.yml"))
    rules = [rule for file in files for rule in YAML(typ="safe").load(file)["rules"]]
    assert len(rules) == 40
    for rule in rules:
        assert [list(step) for step in rule["steps"]] == [["intent"], ["action"]], rule["rule"]


def test_every_file_of_the_engine_is_readable_by_its_python() -> None:
    files = [str(path) for path in (ROOT / "nlu" / "inside_rasa").glob("*.py")]
    code = "import ast, sys\nfor path in sys.argv[1:]: ast.parse(open(path, encoding='utf-8').read())"
    assert run_in_engine("-c", code, *files, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).returncode == 0
