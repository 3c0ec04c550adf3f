"""What 999 candidates owe and come to, from about 4,000 entries: read for one candidate, read for all, every total.

CPU time of this process, the best of five. A table, then JSON. Nothing is asserted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import process_time

from sessions.course.progress import Progress
from tests.support.course_results import Course, course, seat

CANDIDATES = 999
ROUNDS = 5


def day() -> Course:
    """Theory and yard of everybody, a quarter with the road passed before; every seventh fails the yard."""
    made = course(*(seat(number) for number in range(1, CANDIDATES + 1)))
    for number in range(1, CANDIDATES + 1):
        sbd = f"{number:03d}"
        made.sat(sbd, "theory", "passed", points_e1=280)
        if number % 4 == 0:
            made.prior(sbd, "road", "2026-10-01")
        failed = number % 7 == 0
        made.sat(sbd, "yard", "failed" if failed else "passed", points_e1=700 if failed else 900)
    return made


def best_ms(work: Callable[[], object]) -> float:
    """Return the best of some rounds in milliseconds of CPU."""
    found = []
    for _ in range(ROUNDS):
        begin = process_time()
        work()
        found.append(process_time() - begin)
    return round(min(found) * 1000, 2)


def totals(made: Course) -> None:
    """Every total of every component and class, from the entries."""
    progress = made.progress
    for component in (None, *made.session.components):
        for licence_class in (None, *progress.classes):
            progress.totals(component, licence_class)


def main() -> None:
    """Measure and print."""
    made = day()
    one = lambda: Progress.of(made.session, made.entries, only="001").require_may_take(  # noqa: E731
        "001", "road", made.session.day
    )
    rows = {
        "may one candidate take a component": best_ms(one),
        "read all entries": best_ms(lambda: made.progress),
        "every total, entries included": best_ms(lambda: totals(made)),
        "what does not agree, entries included": best_ms(lambda: made.progress.conflicts),
    }
    print(f"{CANDIDATES} candidates, {len(made.entries)} entries")
    for name, value in rows.items():
        print(f"  {name:<40} {value:>8} ms")
    print(json.dumps({"bench": "results", "entries": len(made.entries), "ms": rows}))


if __name__ == "__main__":
    main()
