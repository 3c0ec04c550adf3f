"""The desk's window: from the command to the page one logs in on, cold and warm; keys; change-over; stalls; preview
while a chip is read and faces are worked on; memory. Tables, then JSON; nothing is asserted. Needs Xvfb or a display.

Cold means that the system was asked to forget the program's files; what other programs use of them it keeps.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final
from unittest import mock

import psutil
from PIL import Image, ImageChops, ImageGrab

from proctor.config import Places
from proctor.station_process import environment
from tests.bench.bench_preview import display
from tests.support.cli import PASSWORD, proctor
from tests.support.desk_window import AtWork, Spread, at_work, check_in, held, make_films, make_session

STARTS: Final = 5
CHECK_INS: Final = 24
WARM: Final = 9
STILL_S: Final = 3.0
CURSOR_PX: Final = 3
LOOK_S: Final = 0.06
"""A look takes a third of that from a processor: closer ones slow down what they look at."""
LIMIT_S: Final = 60.0
GOALS: Final = {
    "cold start to log-in": "≤ 2.0 s",
    "warm start to log-in": "≤ 1.2 s",
    "key to screen": "p95 ≤ 50 ms",
    "change-over": "≤ 200 ms",
    "a turn of the window's thread": "p99 ≤ 100 ms",
    "preview": "≥ 25 fps",
    "memory": "≤ 500 MB",
}


# -- starting ------------------------------------------------------------------------------------------------


def forget_files() -> None:
    """Ask the system to let go of what it has read of Python, its packages and this program."""
    if not hasattr(os, "posix_fadvise"):
        return
    paths = sysconfig.get_paths()
    for top in {
        paths["stdlib"],
        paths["purelib"],
        paths["platlib"],
        str(Path(__file__).parents[2] / "proctor"),
    }:
        for file in Path(top).rglob("*"):
            if file.suffix in {".py", ".pyc", ".so", ".toml"} and file.is_file():
                with file.open("rb") as opened:
                    os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def looks() -> Image.Image:
    """Return what is on the screen."""
    return ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("L")


def change(now: Image.Image, before: Image.Image) -> tuple[bool, bool]:
    """Return whether the page changed, and whether its upper third did, where one logs in. A text cursor blinks."""
    box = ImageChops.difference(now, before).getbbox()
    if box is None or box[2] - box[0] <= CURSOR_PX:
        return False, False
    form = ImageChops.difference(*(each.crop((0, 0, each.width, each.height // 3)) for each in (now, before)))
    inside = form.getbbox()
    return True, inside is not None and inside[2] - inside[0] > CURSOR_PX


def start(home: Path) -> dict[str, float]:
    """Start `proctor station` as its user does; return seconds until something was there, until the part one logs in on
    stood as it stayed, and until the equipment was told of too; and all its processes' CPU time until the second."""
    before = looks()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    command = [sys.executable, "-m", "proctor", "station", "--quiet"]
    process = subprocess.Popen(command, env=kept | {"PROCTOR_HOME": str(home)})
    first = login = whole = used = 0.0
    try:
        while not first or time.perf_counter() - whole < STILL_S:
            now = looks()
            at = time.perf_counter()
            changed, form = change(now, before)
            if changed:
                before, whole, first = now, at, first or at
            if form:
                login, used = at, cpu_s(process.pid)
            if at - began > LIMIT_S:
                break
            time.sleep(LOOK_S)
    finally:
        process.terminate()
        process.wait(30)
    return {
        "first_s": first - began,
        "login_s": login - began,
        "cpu_s": used,
        "equipment_s": whole - began,
    }


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and its children."""
    try:
        parent = psutil.Process(pid)
        return sum(sum(each.cpu_times()[:2]) for each in (parent, *parent.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0.0


def add_user(home: Path) -> None:
    """Make a station with one user there."""
    with mock.patch.dict(os.environ, {"PROCTOR_HOME": str(home)}):
        made = proctor("user", "add", "mau", "--first", "--name", "Người Mẫu", secrets={"mau": PASSWORD})
    if made.status != 0:
        raise RuntimeError(made.err)


def starts(home: Path) -> dict[str, dict[str, float]]:
    """Start often, cold and warm: a station with one user."""
    add_user(home)
    found = {}
    for name, before in (("cold start to log-in", forget_files), ("warm start to log-in", lambda: None)):
        runs = []
        for _ in range(STARTS):
            before()
            runs.append(start(home))
        found[name] = {key: round(median(run[key] for run in runs), 2) for key in runs[0]}
        found[name]["slowest_s"] = round(max(run["login_s"] for run in runs), 2)
    return found


# -- at work ---------------------------------------------------------------------------------------------------


class Shown:
    """Counts the frames that reach the page while an attempt runs."""

    def __init__(self, window: AtWork) -> None:
        self.frames, self.seconds = 0, 0.0
        self.gaps = Spread()
        self._window, self._last, self._since = window, None, 0.0

    def look(self) -> None:
        """Look whether another frame is shown."""
        frame = getattr(self._window.shown, "_frame", None)
        now = time.perf_counter()
        if frame is None or self._window.phase != "working":
            self._last = None
            return
        if frame is self._last:
            return
        if self._last is not None:
            self.frames += 1
            self.seconds += now - self._since
            self.gaps.add(1000 * (now - self._since))
        self._last, self._since = frame, now


def watched(window: AtWork, look: Callable[[], None]) -> Callable[[], None]:
    """Have something looked at after each turn of the window; return what ends that."""
    turn = window.turn

    def both() -> None:
        turn()
        look()

    window.turn = both  # type: ignore[method-assign]
    return lambda: setattr(window, "turn", turn)


def keys_of(window: AtWork) -> Spread:
    """Press the keys of an empty desk, thirty times each; return what they took."""
    window.keys = Spread()
    for _ in range(30):
        for key in ("<Key-0>", "<Key-1>", "<Escape>", "<F10>", "<Down>", "<Escape>"):
            window.press(key)
    return window.keys


def pages_of(window: AtWork) -> dict[str, float]:
    """Show each page of work and come back; return the median of what the key took, in ms."""
    found: dict[str, list[float]] = {}
    for _ in range(5):
        for key in ("<Control-Key-2>", "<Control-Key-3>", "<Control-Key-4>", "<Control-Key-5>"):
            took = window.press(key)
            page = window.page
            window.pump(lambda: not window.background.busy)
            if page != "checkin":
                found.setdefault(page, []).append(took)
                found.setdefault("back to the desk", []).append(window.press("<Control-Key-1>"))
    return {name: round(median(times)) for name, times in found.items()}


def day(folder: Path) -> dict[str, Any]:
    """Check candidates in; return what the window did meanwhile."""
    places = Places.of(None)
    make_session(places, CHECK_INS)
    with at_work(places, make_films(folder / "films", frames=40)) as window:
        nexts = []
        shown = Shown(window)
        for at in range(CHECK_INS):
            if at == WARM:
                window.turns, window.own, window.late = Spread(), Spread(), Spread()
                end = watched(window, shown.look)
            done = check_in(window, card_first=at % 2 == 0)
            if at >= WARM:
                nexts.append(done.next_ms)
        end()
        holds = held(window)
        return {
            "change-over": {"p50_ms": round(median(nexts)), "max_ms": round(max(nexts))},
            "a turn of the window's thread": window.own.told(),
            "… by the clock": window.turns.told(),
            "how late a timer comes": window.late.told(),
            "preview": {
                "fps": round(shown.frames / shown.seconds, 1) if shown.seconds else 0.0,
                "frames": shown.frames,
                **{f"gap_{name}": value for name, value in shown.gaps.told().items() if name != "count"},
            },
            "memory": {
                "resident_mb": holds.resident_kb // 1024,
                "own_mb": holds.own_kb // 1024,
                "children_mb": holds.children_kb // 1024,
            },
            "key to screen": keys_of(window).told(),
            "key to another page, whole": pages_of(window),
        }


def measure() -> Iterator[tuple[str, dict[str, float]]]:
    """Yield each figure by name."""
    with tempfile.TemporaryDirectory(prefix="proctor-bench-desk-") as name:
        folder = Path(name)
        yield from starts(folder / "empty").items()
        order = [sys.executable, "-m", "tests.bench.bench_desk", str(folder)]
        home = {"PROCTOR_HOME": str(folder / "home")}
        ran = subprocess.run(order, env=environment() | home, stdout=subprocess.PIPE, check=True)
        yield from json.loads(ran.stdout.splitlines()[-1]).items()


def main() -> None:
    """Print the table and the JSON."""
    result: dict[str, Any] = {}
    with display() as there:
        for name, figures in measure() if there else ():
            result[name] = figures
            goal = f"  goal {GOALS[name]}" if name in GOALS else ""
            print(
                f"  {name:32}{goal:20}" + "".join(f"  {key} {value}" for key, value in figures.items()),
                flush=True,
            )
    if not result:
        print("  no display and no Xvfb: not measured")
    print(f"  load {os.getloadavg()[0]:.1f}")
    print(json.dumps({"bench": "desk", "load": round(os.getloadavg()[0], 1), **result}, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1:]:  # the day, in a process like the window's own
        print(json.dumps(day(Path(sys.argv[1]))))
    else:
        main()
