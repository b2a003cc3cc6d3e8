"""Train the engine's model when its sources changed: ``python -m nlu.inside_rasa.build --models DIR``.

Prints the model's path and nothing else on stdout. A model is named by the content it was trained from, so a build
with nothing to do takes no time.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import DefaultDict, List, Optional, Set

from nlu.inside_rasa.quiet import configure_logging, hush

ROOT = Path(__file__).resolve().parents[2]


class InvalidSources(Exception):
    """The training data, rules and domain do not fit together; the text says where."""


def sources(root: Path) -> List[Path]:
    """Every file that a model depends on, in a fixed order."""
    found = [root / "config.yml"]
    for folder in ("nlu", "stories"):
        found += [path for path in (root / folder).rglob("*") if path.suffix in (".yml", ".py") and path.is_file()]
    return sorted(found)


def fingerprint(root: Path) -> str:
    """Twelve hexadecimal digits that change with any source, its name, or the version of Rasa."""
    digest = hashlib.sha256(version("rasa").encode())
    for path in sources(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def build(root: Path, models: Path) -> Path:
    """The model for the sources under `root`, trained if it is not in `models` yet; other models are removed.

    Raises:
        InvalidSources: the sources contradict each other.
    """
    models.mkdir(parents=True, exist_ok=True)
    with (models / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second build waits and finds the first one's model
        model = models / f"engine-{fingerprint(root)}.tar.gz"
        if not model.is_file():
            with tempfile.TemporaryDirectory(prefix=".training-", dir=models) as folder:
                os.replace(_train(root, Path(folder)), model)
        for old in models.glob("engine-*.tar.gz"):
            if old != model:
                old.unlink()
    return model


def _train(root: Path, folder: Path) -> Path:
    hush(show_warnings=True)
    from rasa.model_training import train
    from rasa.shared.exceptions import RasaException
    from rasa.shared.importers.importer import TrainingDataImporter

    configure_logging()
    config, domain = str(root / "config.yml"), str(root / "stories" / "domain")
    data = [str(path) for path in sources(root) if path.suffix == ".yml" and path.parent.name != "inside_rasa"]
    data = [path for path in data if path != config and not path.startswith(domain)]
    try:
        _validate(TrainingDataImporter.load_from_config(config, domain, data))
        result = train(domain, config, data, str(folder), force_training=True, fixed_model_name="engine")
    except RasaException as error:  # a contradiction between rules and stories is found while training
        raise InvalidSources(str(error)) from None
    if not result.model or result.code:
        raise InvalidSources("training gave no model; see the messages above")
    return Path(result.model)


def _validate(importer: object) -> None:
    """What ``rasa data validate`` checks, with every warning that matters here as an error."""
    from rasa.validator import Validator

    validator = Validator.from_importer(importer)  # type: ignore[arg-type]
    checks = {
        "the domain is not valid": validator.verify_domain_validity(),
        "a rule or story uses an action that the domain does not have": validator.verify_actions_in_stories_rules(),
        "a slot mapping is not valid": validator.verify_slot_mappings(),
        "intents of the domain and of the examples differ": validator.verify_intents(ignore_warnings=False),
        "an example stands under two intents": validator.verify_example_repetition_in_intents(ignore_warnings=False),
        "intents of the domain and of the rules differ": validator.verify_intents_in_stories(ignore_warnings=False),
        "a response is missing or unused": validator.verify_utterances_in_stories(ignore_warnings=False),
        "stories contradict each other": validator.verify_story_structure(ignore_warnings=False),
    }
    broken = [what for what, holds in checks.items() if not holds] + _same_spelling(validator.intents)
    if broken:
        raise InvalidSources("; ".join(broken))


def _same_spelling(training_data: object) -> List[str]:
    """Examples of different intents that the classifier cannot tell apart, since it reads them as the same."""
    from nlu.inside_rasa.contrast import wanted
    from nlu.inside_rasa.normalise import normalise

    intents: DefaultDict[str, Set[str]] = defaultdict(set)
    for example in training_data.intent_examples:  # type: ignore[attr-defined]
        intents[wanted(normalise(example.get("text")))].add(example.get("intent"))
    return [
        f"read alike: {text!r} in {sorted(names)}"
        for text, names in sorted(intents.items())
        if len(names) > 1 and "0" not in text  # different numbers read alike on purpose
    ]


def main(arguments: Optional[List[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.inside_rasa.build", description="Train the engine's model.")
    parser.add_argument("--models", type=Path, required=True, help="folder of trained models")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with config.yml, nlu/ and stories/")
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            model = build(options.root.resolve(), options.models.resolve())
    except InvalidSources as error:
        print(f"the engine was not built: {error}", file=sys.stderr)
        return 1
    print(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
