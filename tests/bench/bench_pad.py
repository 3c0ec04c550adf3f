"""Rendered attacks and candidates before the challenges: per species, who ends before a person. Asserts nothing.

    python -m tests.bench.bench_pad [--presentations N] [--split report|tuning] [--species a,b] [--light room,window]
                                    [--first SEED] [--portraits FOLDER] [--control] [--json FILE]

Report: the astronaut and variations of that portrait, odd seeds. Tuning: hopper, even seeds; no figure is from it.
Without --presentations 2 of each, so that `make bench` ends; the figures in docs/pad-species.md are from 30.
Rendered attacks are not laboratory attacks.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from biometrics.engine import FaceEngine
from biometrics.errors import BiometricsError
from biometrics.metrics import clopper_pearson
from biometrics.scenes.actors import SPECIES
from tests.support.scenes import CHALLENGES, Subject, attempt, subject, subject_of

CHECKS = (*CHALLENGES, "pad")
FACE = {"report": "astronaut", "tuning": "hopper"}
VARIATIONS = 6  # the portrait itself and five others


@dataclass(frozen=True)
class Row:
    """One presentation."""

    species: str
    who: str
    seed: int
    light: str
    match: str
    checks: dict[str, str]
    why: dict[str, str]
    cpu_s: float


def main(arguments: list[str] | None = None) -> None:
    """Run and print."""
    options = _options(arguments)
    rows: list[Row] = []
    with FaceEngine.load() as faces:
        for row in _rows(faces, options):
            rows.append(row)
            if options.json:
                with Path(options.json).open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(row)) + "\n")
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print_table(rows, f"rendered presentations, split {options.split}")


def print_table(rows: list[Row], title: str) -> None:
    """Print what each species came to. Counts of `matched`: the plain comparison took the face for the victim's."""
    print(f"\n{title}")
    print(
        f"{'species':<18}{'n':>4} {'matched':>8} {'referred':>9} {'95 % interval':>16}   not passed of each check"
    )
    by = defaultdict(list)
    for row in rows:
        by[row.species].append(row)
    for species, some in by.items():
        matched = [row for row in some if row.match == "passed"]
        referred = [row for row in matched if any(row.checks.get(name) != "passed" for name in CHECKS)]
        n, k = len(matched), len(referred)
        low, high = clopper_pearson(k, n) if n else (0.0, 1.0)
        parts = []
        for name in CHECKS:
            found = Counter(row.checks.get(name, "none") for row in matched)
            parts.append(f"{name} {found['failed']}+{found['unclear']}")
        interval = f"{100 * low:.1f} to {100 * high:.1f} %"
        print(f"{species:<18}{len(some):>4} {n:>8} {k:>9} {interval:>16}   {', '.join(parts)}")
    if bona := [row for row in by.get("bona-fide", ()) if row.match == "passed"]:
        passed = sum(all(row.checks.get(name) == "passed" for name in CHECKS) for row in bona)
        low, high = clopper_pearson(passed, len(bona))
        print(f"bona fide passed everything: {passed} of {len(bona)}, {100 * low:.1f} to {100 * high:.1f} %")
    print("failed+unclear of the matched; whatever is not passed leads to REFER. Rendered, not laboratory.")


def _rows(faces: FaceEngine, options: argparse.Namespace) -> Iterator[Row]:
    species = options.species.split(",") if options.species else list(SPECIES)
    lights = options.light.split(",")
    first = options.first if options.first is not None else 1 if options.split == "report" else 2
    people = _people(Path(options.portraits)) if options.portraits else None
    for number in range(options.presentations):
        seed = first + 2 * number
        try:
            who, person = _person(options.split, number, people)
        except BiometricsError:
            continue
        for name in species:
            light = lights[number % len(lights)]
            began = process_time()
            try:
                found = attempt(faces, name, person, seed=seed, light=light, challenges=options.challenges)
            except BiometricsError as error:
                yield Row(name, who, seed, light, error.code, {}, {}, 0.0)
                continue
            spent = round(process_time() - began, 1)
            yield Row(name, who, seed, light, found.match, dict(found.checks), dict(found.why), spent)


def _person(split: str, number: int, people: list[Path] | None) -> tuple[str, Subject]:
    if people is None:
        return f"{FACE[split]}-{number % VARIATIONS}", subject(FACE[split], number % VARIATIONS)
    image = cv2.imread(str(people[number % len(people)]))
    return f"portrait-{number % len(people)}", subject_of(np.asarray(image, np.uint8))


def _people(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not found:
        raise SystemExit(f"no pictures in {folder}")
    np.random.default_rng(7).shuffle(found)
    return found


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench_pad")
    parser.add_argument("--presentations", type=int, default=2)
    parser.add_argument("--first", type=int, help="first seed; odd for the report")
    parser.add_argument("--split", choices=("report", "tuning"), default="report")
    parser.add_argument("--species")
    parser.add_argument("--light", default="room")
    parser.add_argument("--portraits")
    parser.add_argument("--json")
    parser.add_argument(
        "--control", dest="challenges", action="store_const", const=(), default=CHALLENGES, help="match only"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
