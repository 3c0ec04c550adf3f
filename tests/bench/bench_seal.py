"""How often the page seal is read from a picture of the page, by how the picture was taken, and how long it takes.

Trials with chosen chance, so that every run is the same; the densest page that the layout makes, and an ordinary one. A
table, then JSON. Nothing is asserted. `python -m tests.bench.bench_seal TRIALS` for another number of trials.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import cv2
import numpy as np

from proctor.picture_search import find_seals
from reports.layout import lay_out
from reports.pdf import render
from reports.seal import read_seal
from reports.sheet import Sheet
from sessions.course.states import State
from tests.support.photographs import Look, drawn, photograph
from tests.support.reports_sheets import mixed_roll, roll_row, seat, sheet_of, signer

TRIALS = 20
SECONDS = 20.0
OVER = 3
Chance = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a sheet: its PDF, and how many rows its seal carries."""

    name: str
    pdf: bytes
    rows: int


def ordinary() -> Sheet:
    """Rows that people sign in, numbers of three digits."""
    return sheet_of(mixed_roll(30))


def densest() -> Sheet:
    """Rows of one line, upright, numbers that share nothing: as many as the seal has room for."""
    numbers = [
        f"{chr(65 + number * 7 % 26)}{number * 37 % 100}.{number * 7919 % 10**9:09d}" for number in range(60)
    ]
    roll = [
        roll_row(number, State.ADMITTED, seat=seat(number, sbd=sbd)) for number, sbd in enumerate(numbers, 1)
    ]
    return replace(sheet_of(tuple(roll)), row_mm=1.0, portrait=True)


def page_of(name: str, sheet: Sheet) -> tuple[Page, int]:
    """A sheet drawn, and its page (from 0) with the most rows."""
    counts = [len(rows) for rows in lay_out(sheet).pages]
    at = counts.index(max(counts))
    return Page(name=name, pdf=render(sheet, signer()), rows=counts[at]), at


def looks(chance: Chance) -> dict[str, Callable[[], Look]]:
    """Ways a page is photographed or scanned, by name."""

    def some(low: float, high: float) -> float:
        return float(chance.uniform(low, high))

    def turned(dpi: float) -> Look:
        return Look(dpi=dpi, turn=some(0, 360))

    def tilted(dpi: float) -> Look:
        return replace(turned(dpi), tilt=some(-20, 20), pan=some(-20, 20), quality=70)

    def phone(dpi: float) -> Look:
        look = replace(tilted(dpi), blur=0.5 * dpi / 100, light=0.5, shadow=True)
        return replace(look, noise=5, stains=6, quality=60)

    return {
        "72 dpi, turned": lambda: turned(72),
        "100 dpi, turned": lambda: turned(100),
        "150 dpi, turned": lambda: turned(150),
        "200 dpi, turned": lambda: turned(200),
        "100 dpi, perspective to 20°": lambda: tilted(100),
        "100 dpi, stains": lambda: replace(turned(100), stains=8),
        "100 dpi, noise": lambda: replace(turned(100), noise=20),
        "100 dpi, pale and uneven": lambda: replace(turned(100), contrast=0.25, light=0.5, noise=3),
        "100 dpi, out of focus": lambda: replace(turned(100), blur=0.9),
        "100 dpi, JPEG quality 25": lambda: replace(turned(100), quality=25),
        "100 dpi, all at once": lambda: phone(100),
        "150 dpi, all at once": lambda: phone(150),
        "200 dpi, all at once": lambda: phone(200),
    }


def trial(paper: np.ndarray, look: Look, chance: Chance) -> tuple[bool, float]:
    """Whether the seal was read and is good, and the seconds it took."""
    taken = np.frombuffer(photograph(paper, look, chance, over=OVER), np.uint8)
    grey = np.asarray(cv2.imdecode(taken, cv2.IMREAD_GRAYSCALE), np.uint8)
    began = monotonic()
    found = find_seals(grey, seconds_left=lambda: began + SECONDS - monotonic())
    seconds = monotonic() - began
    return bool(found) and bool(read_seal(found[0], signer().key)), seconds


def main() -> None:
    """Measure and print."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else TRIALS
    results = []
    for name, sheet in (("ordinary", ordinary()), ("densest", densest())):
        page, at = page_of(name, sheet)
        chance = np.random.default_rng(20261122)
        papers: dict[float, np.ndarray] = {}
        print(f"{page.name}: {page.rows} rows in the seal")
        for how, make in looks(chance).items():
            read, seconds = 0, []
            for _ in range(trials):
                look = make()
                paper = papers.setdefault(look.dpi, drawn(page.pdf, at, look.dpi * OVER))
                good, took = trial(paper, look, chance)
                read, seconds = read + good, [*seconds, took]
            print(f"  {how:<28} {read:>3} of {trials}   longest {max(seconds):5.2f} s", flush=True)
            results.append({"page": name, "rows": page.rows, "how": how, "read": read, "trials": trials})
    print(json.dumps({"seals": results}))


if __name__ == "__main__":
    main()
