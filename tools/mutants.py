"""Changes the code a little, thousands of times, and tells which changes no test notices.

`make mutants` runs it; it is no part of the checks. It works on copies under build/mutants, so that sources and
tests may be edited meanwhile, and remembers what it found: stopped, it goes on where it was.

    python tools/mutants.py                       every mutant of the three packages
    python tools/mutants.py --sample 300          a seeded sample of each package
    python tools/mutants.py --survivors           once more what survived, after new tests
    python tools/mutants.py --report              what is known so far
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
BUILD = HOME / "build" / "mutants"
# The tests a mutant of each package meets: those that need no other process, so that one costs seconds.
TESTS = {
    "verification": ("tests/domain/verification", "tests/abuse/test_codes.py", "tests/abuse/test_sms_budgets.py"),
    "identifiers": ("tests/domain/identifiers",),
    "evidence": ("tests/domain/evidence",),
}
PACKAGES = tuple(TESTS)
# mutmut's words for what became of a mutant, by exit code of the tests; everything else is a fault of the run itself.
KILLED, SURVIVED, UNTESTED = {1, 3}, {0}, {5, 33}
TIMED_OUT = {36, -24, 24, 152, 255}
_CHUNK = 150
# The first run makes the mutants; which there are is not known before.
NONE = ("no.such.mutant",)
# A busy machine must not look like a test that failed, and every mutant meets the same examples.
PROFILE = """from hypothesis import settings

settings.register_profile("mutants", deadline=None, max_examples=60, derandomize=True)
"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--sample", type=int, metavar="N", help="so many mutants of each package, always the same ones"
    )
    options.add_argument("--seed", type=int, default=2026, help="of the sample")
    options.add_argument("--packages", nargs="+", choices=PACKAGES, default=PACKAGES)
    options.add_argument("--survivors", action="store_true", help="try again what survived or was not tested")
    options.add_argument("--report", action="store_true", help="only tell what is known")
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    for package in () if given.report else given.packages:
        copy_sources(package)
        if not results(package):
            mutmut(package, *NONE, processes=1)
        chosen = choose(package, given.sample, given.seed, given.survivors)
        for at in range(0, len(chosen), _CHUNK):
            print(f"{package}: {at} of {len(chosen)} mutants", flush=True)
            mutmut(package, *chosen[at : at + _CHUNK], processes=given.processes)
    return report(given.packages, given.sample, given.seed)


def copy_sources(package: str) -> None:
    """Bring the copy up to date; what mutmut remembers stays."""
    place = BUILD / package
    for name in ("bot", "domain", "nlu", "stories", "tests"):
        update(HOME / name, place / name)
    for path in (place / "mutants").iterdir() if (place / "mutants").exists() else ():
        # mutmut copies these only when they are not there: a newer test would not be seen.
        if path.name in {"bot", "nlu", "stories", "tests"}:
            shutil.rmtree(path)
        elif path.suffix in {".toml", ".py"}:
            path.unlink()
    (place / "mutants_profile.py").write_text(PROFILE)
    settings = {
        "source_paths": ["domain"],
        "only_mutate": [f"domain/{package}/*"],
        "also_copy": ["bot", "nlu", "stories", "mutants_profile.py"],
        # The password hasher has threads, which a process forked in the middle of the tests would not have.
        "process_isolation": "forkserver",
        "pytest_add_cli_args": [
            *("-k", "not postgresql and not redos", "-x", "-q", "-p", "no:cacheprovider"),
            *("-p", "mutants_profile", "--hypothesis-profile", "mutants"),
        ],
        "pytest_add_cli_args_test_selection": list(TESTS[package]),
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    project = (HOME / "pyproject.toml").read_text() + "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"
    (place / "pyproject.toml").write_text(project)


def update(source: Path, copy: Path) -> None:
    """Make the copy equal. Only what has changed is written, with the time of now: mutmut goes by it."""
    files = {
        path.relative_to(source) for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    for gone in [path for path in copy.rglob("*") if path.is_file() and path.relative_to(copy) not in files]:
        gone.unlink()
    for file in files:
        target = copy / file
        if not target.exists() or target.read_bytes() != (source / file).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, target)


def mutmut(package: str, *names: str, processes: int) -> None:
    """Try these mutants. Raises SystemExit when the tests fail without any mutant, or cannot be run at all."""
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(processes), *names]
    log = BUILD / package / "mutmut.log"
    with log.open("wb") as out:
        failed = subprocess.run(command, cwd=BUILD / package, stdout=out, stderr=out, check=False).returncode
    if failed and names != NONE:
        lines = log.read_text(errors="replace").replace("\r", "\n").splitlines()
        raise SystemExit("\n".join([line for line in lines if line.strip() and line[:1] not in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"][-60:]))


def results(package: str) -> dict[str, int | None]:
    """Mutant -> exit code of its tests; None while it was not tried."""
    found: dict[str, int | None] = {}
    for meta in sorted((BUILD / package / "mutants" / "domain" / package).glob("*.meta")):
        found |= json.loads(meta.read_text())["exit_code_by_key"]
    return found


def choose(package: str, sample: int | None, seed: int, survivors: bool) -> list[str]:
    """The mutants to try now."""
    known = results(package)
    wanted = chosen_sample(known, sample, seed)
    if survivors:
        return [name for name in wanted if known[name] in SURVIVED | UNTESTED]
    return [name for name in wanted if known[name] is None]


def chosen_sample(known: dict[str, int | None], sample: int | None, seed: int) -> list[str]:
    """A mutant's place in the draw hangs on its name alone: other code, changed meanwhile, moves nothing."""
    drawn = sorted(known, key=lambda name: hashlib.sha256(f"{seed}|{name}".encode()).digest())
    return sorted(drawn[:sample])


def report(packages: tuple[str, ...], sample: int | None, seed: int) -> int:
    """Print a line a package and the survivors; how many packages are below nine in ten."""
    below, left = 0, []
    for package in packages:
        known = results(package)
        wanted = chosen_sample(known, sample, seed)
        codes = Counter(known[name] for name in wanted)
        killed, timed_out = (sum(codes[code] for code in group) for group in (KILLED, TIMED_OUT))
        alive = sum(codes[code] for code in SURVIVED | UNTESTED)
        odd = {code: n for code, n in codes.items() if code not in KILLED | TIMED_OUT | SURVIVED | UNTESTED | {None}}
        tried = killed + timed_out + alive
        share = 100 * (killed + timed_out) / tried if tried else 0.0
        below += share < 90
        print(
            f"{package:13} {len(known):5} mutants, {tried:4} tried: {killed} killed, {timed_out} too slow, "
            f"{alive} survived ({share:.1f} % found)" + (f", faults {odd}" if odd else "")
        )
        left += [name for name in wanted if known[name] in SURVIVED | UNTESTED]
    print(*left, sep="\n")
    return below


if __name__ == "__main__":
    raise SystemExit(main())
