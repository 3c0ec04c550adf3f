"""How long the roster page's table of 999 rows takes: to fill, and to filter while somebody types. Nothing is asserted.

Real Tk on the display there is, or under Xvfb: from the key to the table as it is drawn.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

ROWS = 999
ROUNDS = 5
TYPED = (
    "n",
    "ng",
    "ngu",
    "nguyen",
    "nguyen v",
    "nguyen van",
    "",
    "1",
    "10",
    "0001",
    "0999",
    "duc anh",
    "Ân",
    "",
)


@contextmanager
def display() -> Iterator[bool]:
    """A screen to draw on; False where there is none."""
    program = shutil.which("Xvfb")
    if program is None:
        yield bool(os.environ.get("DISPLAY"))
        return
    reading, writing = os.pipe()
    options = ("-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-dpi", "96")
    server = subprocess.Popen([program, *options], pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    try:
        yield True
    finally:
        server.terminate()
        server.wait(timeout=10)


def once(page: Any, text: str) -> tuple[float, float]:
    """Type one search; return the milliseconds until the table is drawn, and those of this process alone."""
    began, worked = perf_counter(), process_time()
    page.search.set(text)
    page.update_idletasks()
    return 1000 * (perf_counter() - began), 1000 * (process_time() - worked)


def main() -> None:
    """Print the figures."""
    with display() as there, tempfile.TemporaryDirectory() as work:
        if not there:
            print("no display, no Xvfb: not measured")
            return
        os.environ["PROCTOR_HOME"] = str(Path(work) / "home")
        from proctor.config import Places
        from tests.gui.roster_phases import settle, shown

        window = shown(Places.of(None), "vi", 1.0, count=ROWS)
        settle(window)
        page = window.shown
        rows = page.roll.rows
        filled = []
        for _ in range(ROUNDS):
            page.table.fill(())
            began = perf_counter()
            page.table.fill(rows)
            page.update_idletasks()
            filled.append(1000 * (perf_counter() - began))
        page.table.filter(range(len(rows)))
        measured = [once(page, text) for _ in range(ROUNDS) for text in TYPED]
        window.leave()
    taken, worked = sorted(wall for wall, _ in measured), sorted(cpu for _, cpu in measured)
    print(f"{len(rows)} rows, {len(taken)} searches, load {os.getloadavg()[0]:.1f}")
    print(f"fill    median {median(filled):6.1f} ms   most {max(filled):6.1f} ms   (goal 100)")
    p95 = taken[int(0.95 * len(taken))]
    print(
        f"filter  median {median(taken):6.1f} ms   p95 {p95:6.1f} ms   most {taken[-1]:6.1f} ms   (goal 30)"
    )
    p95 = worked[int(0.95 * len(worked))]
    print(
        f"of it our own work: median {median(worked):6.1f} ms   p95 {p95:6.1f} ms   most {worked[-1]:6.1f} ms"
    )


if __name__ == "__main__":
    main()
