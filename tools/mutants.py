"""Changes the code a little, thousands of times, and tells which changes no test notices.

`make mutants` runs it; it is no part of the checks. It works on a copy under build/mutants, so that sources and tests
may be edited meanwhile, and remembers what it found: stopped, it goes on where it was.

    python tools/mutants.py                       every mutant of the three packages
    python tools/mutants.py --sample 300          a seeded sample of each package
    python tools/mutants.py --survivors           once more what survived, after new tests
    python tools/mutants.py --report              what is known so far
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PLACE = HOME / "build" / "mutants"
PACKAGES = ("verification", "identifiers", "evidence")
SEED = 2026
# mutmut's words for what became of a mutant, by exit code of the tests; everything else is a fault of the run itself.
KILLED, SURVIVED, UNTESTED = {1, 3}, {0}, {5, 33}
TIMED_OUT = {36, -24, 24, 152, 255}
_CHUNK = 150
# The first run makes the mutants; which there are is not known before.
NONE = ("no.such.mutant",)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sample", type=int, metavar="N", help="so many mutants of each package, always the same ones")
    options.add_argument("--packages", nargs="+", choices=PACKAGES, default=PACKAGES)
    options.add_argument("--survivors", action="store_true", help="try again what survived or was not tested")
    options.add_argument("--report", action="store_true", help="only tell what is known")
    options.add_argument("--processes", type=int, default=2)
    given = options.parse_args()
    if not given.report:
        copy_sources()
        if not results(given.packages):
            mutmut(*NONE, processes=1)
        chosen = [name for package in given.packages for name in choose(package, given.sample, given.survivors)]
        for at in range(0, len(chosen), _CHUNK):
            print(f"{at} of {len(chosen)} mutants", flush=True)
            mutmut(*chosen[at : at + _CHUNK], processes=given.processes)
    return report(given.packages, given.sample)


def copy_sources() -> None:
    """Bring the copy up to date; what mutmut remembers stays."""
    for name in ("bot", "domain", "nlu", "stories", "tests"):
        update(HOME / name, PLACE / name)
        # mutmut copies these only when they are not there: a newer test would not be seen.
        if name != "domain":
            shutil.rmtree(PLACE / "mutants" / name, ignore_errors=True)
    shutil.copyfile(HOME / "pyproject.toml", PLACE / "pyproject.toml")
    (PLACE / "mutants" / "pyproject.toml").unlink(missing_ok=True)


def update(source: Path, copy: Path) -> None:
    """Make the copy equal. Only what has changed is written, with the time of now: mutmut goes by it."""
    files = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    for gone in [path for path in copy.rglob("*") if path.is_file() and path.relative_to(copy) not in files]:
        gone.unlink()
    for file in files:
        target = copy / file
        if not target.exists() or target.read_bytes() != (source / file).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, target)


def mutmut(*names: str, processes: int) -> None:
    """Try these mutants. Raises SystemExit when the tests fail without any mutant, or cannot be run at all."""
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(processes), *names]
    log = PLACE / "mutmut.log"
    with log.open("wb") as out:
        failed = subprocess.run(command, cwd=PLACE, stdout=out, stderr=out, check=False).returncode
    if failed and names != NONE:
        raise SystemExit(log.read_bytes().decode(errors="replace").replace("\r", "\n")[-4000:])


def results(packages: tuple[str, ...]) -> dict[str, int | None]:
    """Mutant -> exit code of its tests; None while it was not tried."""
    found: dict[str, int | None] = {}
    for package in packages:
        for meta in sorted((PLACE / "mutants" / "domain" / package).glob("*.meta")):
            found |= json.loads(meta.read_text())["exit_code_by_key"]
    return found


def choose(package: str, sample: int | None, survivors: bool) -> list[str]:
    """The mutants to try now."""
    known = results((package,))
    wanted = chosen_sample(known, sample)
    if survivors:
        return [name for name in wanted if known[name] in SURVIVED | UNTESTED]
    return [name for name in wanted if known[name] is None]


def chosen_sample(known: dict[str, int | None], sample: int | None) -> list[str]:
    names = sorted(known)
    return names if sample is None or sample >= len(names) else sorted(random.Random(SEED).sample(names, sample))


def report(packages: tuple[str, ...], sample: int | None) -> int:
    """Print a line a package and the survivors; how many packages are below nine in ten."""
    below, left = 0, []
    for package in packages:
        known = results((package,))
        wanted = chosen_sample(known, sample)
        codes = Counter(known[name] for name in wanted)
        killed, timed_out = (sum(codes[code] for code in group) for group in (KILLED, TIMED_OUT))
        alive = sum(codes[code] for code in SURVIVED | UNTESTED)
        odd = {code: n for code, n in codes.items() if code not in KILLED | TIMED_OUT | SURVIVED | UNTESTED | {None}}
        tried = killed + timed_out + alive
        share = 100 * (killed + timed_out) / tried if tried else 0.0
        below += share < 90
        print(
            f"{package:13} {len(known):5} mutants, {tried:4} tried: {killed} killed, {timed_out} ran into the time limit, "
            f"{alive} survived ({share:.1f} % found)" + (f", faults {odd}" if odd else "")
        )
        left += [name for name in wanted if known[name] in SURVIVED | UNTESTED]
    print(*left, sep="\n")
    return below


if __name__ == "__main__":
    raise SystemExit(main())
