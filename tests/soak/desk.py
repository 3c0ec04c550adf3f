"""Many check-ins in a row with the whole window, and what is more at the end than it was after the first ones.

usage: python -m tests.soak.desk [--count 500] [--warm-up 30] [--every 20] [--json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from proctor.config import Places
from proctor.station_process import environment
from tests.bench.bench_preview import display
from tests.support.desk_window import THINGS, Held, at_work, check_in, held, make_films, make_session

MOST_GROWTH_KB: Final = 20 * 1024
WARM_UP: Final = 30
LOOKS: Final = 5
EVERY: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one run came to. `looks`: after how many check-ins what was held; `things`: names of what was more in every
    later look than in every early one; `admitted`: the SBDs of whom the machine let in."""

    count: int
    seconds: float
    verdicts: dict[str, int]
    looks: tuple[tuple[int, Held], ...]
    grown_kb: int
    things: tuple[str, ...]
    next_ms: dict[str, float]
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    bugs: int = 0
    entries: int = 0
    admitted: frozenset[str] = frozenset()

    @property
    def good(self) -> bool:
        """Whether nothing grew that may not, every candidate has an entry, and nothing broke."""
        return (
            not (self.bugs or self.things) and self.grown_kb <= MOST_GROWTH_KB and self.entries == self.count
        )


def run(
    folder: Path, count: int, *, warm_up: int, every: int, tell: Callable[[int], None] = lambda _at: None
) -> Row:
    """Check `count` candidates in. Needs a display; the user's files are under PROCTOR_HOME."""
    places = Places.of(None)
    session = make_session(places, count)
    began = time.monotonic()
    looks: list[tuple[int, Held]] = []
    nexts: list[float] = []
    verdicts: Counter[str] = Counter()
    admitted: set[str] = set()
    with at_work(places, make_films(folder / "films")) as window:
        for at in range(count):
            if at >= warm_up and (at - warm_up) % every == 0:
                looks.append((at, held(window)))
                tell(at)
            done = check_in(window, card_first=at % 3 == 0)
            nexts.append(done.next_ms)
            verdicts[done.verdict] += 1
            if done.verdict == "ADMIT":
                admitted.add(done.sbd)
        looks.append((count, held(window)))
        opened: Any = window.opened
        entries = len(
            {entry.body["attempt"] for entry in opened.store.entries("attempt", session.session_id)}
        )
        figures = {name: getattr(window, name).told() for name in ("turns", "own", "late", "keys")}
        bugs = len(window.bugs)
    grown_kb, things = growth([each for _, each in looks])
    return Row(
        count=count,
        seconds=time.monotonic() - began,
        verdicts=dict(verdicts),
        looks=tuple(looks),
        grown_kb=grown_kb,
        things=things,
        next_ms={"p50_ms": round(median(nexts)), "max_ms": round(max(nexts))},
        figures=figures,
        bugs=bugs,
        entries=entries,
        admitted=frozenset(admitted),
    )


def growth(looks: Sequence[Held]) -> tuple[int, tuple[str, ...]]:
    """Return by how many kB memory grew, and what else did: what comes and goes by one or two is no growth, what is
    never again as little as it once was is."""
    some = max(1, min(LOOKS, len(looks) // 2))
    first, last = looks[:some], looks[-some:]
    kb = [median(each.own_kb + each.children_kb for each in part) for part in (first, last)]
    more = tuple(
        name
        for name in THINGS
        if min(getattr(each, name) for each in last) > max(getattr(each, name) for each in first)
    )
    return round(kb[1] - kb[0]), more


def lines_of(row: Row) -> list[str]:
    """Return what a run came to, as lines of Markdown."""
    names = ("own_kb", "children_kb", "resident_kb", "objects", *THINGS)
    lines = [f"| check-ins | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    shown = row.looks[:: max(1, len(row.looks) // 8)]
    if shown[-1] != row.looks[-1]:
        shown = (*shown, row.looks[-1])
    lines += [f"| {at} | {' | '.join(str(getattr(look, name)) for name in names)} |" for at, look in shown]
    lines += [
        "",
        (
            f"{row.count} check-ins in {row.seconds:.0f} s ({', '.join(f'{n} {v}' for v, n in row.verdicts.items())}), "
            f"{row.entries} entries; memory grew by {row.grown_kb / 1024:.1f} MB (at most {MOST_GROWTH_KB // 1024}), "
            f"what else grew: {', '.join(row.things) or 'nothing'}; bugs {row.bugs}. Load {os.getloadavg()[0]:.1f}."
        ),
        "",
        f"From Enter on a verdict until the desk is ready: {row.next_ms}.",
    ]
    return [*lines, *(f"{name}: {figures}" for name, figures in row.figures.items())]


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, return 0 when nothing grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.desk", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--warm-up", type=int, default=WARM_UP)
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    if environment() != dict(os.environ):  # as the window's own process runs
        order = [sys.executable, "-m", "tests.soak.desk", *(sys.argv[1:] if argv is None else argv)]
        return subprocess.run(order, env=environment(), check=False).returncode
    with tempfile.TemporaryDirectory(prefix="proctor-desk-") as name, display() as there:
        if not there:
            print("no display and no Xvfb: not measured")
            return 1
        os.environ["PROCTOR_HOME"] = f"{name}/home"
        said = not asked.json and sys.stderr.isatty()
        row = run(
            Path(name),
            asked.count,
            warm_up=min(asked.warm_up, asked.count // 2),
            every=min(asked.every, max(1, asked.count // 8)),
            tell=lambda at: print(f"\r{at}", end="", file=sys.stderr) if said else None,
        )
    lines = lines_of(row)
    told = {"good": row.good, "lines": lines, "row": asdict(row) | {"admitted": sorted(row.admitted)}}
    print(json.dumps(told) if asked.json else "\n".join(lines))
    return 0 if row.good else 1


if __name__ == "__main__":
    sys.exit(main())
