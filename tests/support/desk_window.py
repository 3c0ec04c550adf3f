"""The whole window at work, driven by keys: a training session of many, software cards, a recorded camera, rules
without challenges. What it holds is counted, what each turn of its event loop takes is measured.
"""

import gc
import os
import threading
import time
import tkinter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import cv2
import psutil

from biometrics.recorded import vary
from proctor.config import Places
from proctor.desk.garbage import Garbage
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.going import Means, OpenDesk
from proctor.gui.station.real import means as real_means
from proctor.gui.station.rehearsal import Comer, Rehearsal
from proctor.gui.station.training_bar import Practice
from proctor.gui.station.window import StationWindow
from proctor.roots import ensure_training_root, open_training
from proctor.softcards import CardWorkshop, specimen_faces
from proctor.training import SCENARIOS, candidates, roster_csv
from sessions.roster.csv_roster import read_roster
from sessions.session import Session, create_session
from sessions.vietnam import today
from tests.support.kept_bugs import KeptBugs
from tests.support.plain_rules import plain_rules

NO_WAIT: Final = 2
IDLE_S: Final = 0.002
PROBE_MS: Final = 25
SPECIMENS: Final = ("hopper", "astronaut")
ANSWERS: Final = ("verdict", "deciding")


# -- what stands for the day -----------------------------------------------------------------------------


def make_films(folder: Path, *, frames: int = 6) -> dict[str, str]:
    """Return a recording for each specimen face: what a camera of 640×480 saw of it."""
    films = {}
    for name, (image, face) in specimen_faces(SPECIMENS).items():
        place = folder / name
        place.mkdir(parents=True)
        for number, frame in enumerate(vary(image, seed=3, face=face, frames=frames, size=(640, 480))):
            cv2.imwrite(str(place / f"{number:04d}.png"), frame)
        films[name] = str(place)
    return films


def make_session(places: Places, count: int, day: date | None = None) -> Session:
    """Open a training session of so many plainly invented candidates, under rules without challenges."""
    day = day or today()
    listed = tuple(
        replace(each, scenario=SCENARIOS[0])
        if each.scenario.name == "absent" or not each.scenario.listed
        else each
        for each in candidates(count, day)
    )
    with open_training(ensure_training_root(places.training)) as opened:
        return create_session(
            opened.store,
            root_kind="training",
            roster=read_roster(roster_csv(listed)),
            rules=plain_rules(),
            component="theory",
            components=(),
            place="Trung tâm Mẫu",
            day=day,
            operator=opened.require_login().operator,
        )


class Recorded(Rehearsal):
    """Training's candidates before a recorded camera; the cards of those who come as they should share their keys."""

    def __init__(self, session: Session, workshop: CardWorkshop, films: dict[str, str]) -> None:
        super().__init__(session, workshop)
        self._films = films

    def make(self, sbd: str, way: str) -> Comer:
        """Make the card of a candidate."""
        scenario = next(each for each in SCENARIOS if each.name == way)
        film = self._films[scenario.live_face or SPECIMENS[0]]
        if scenario is not SCENARIOS[0]:
            return replace(super().make(sbd, way), camera=film)
        return Comer(sbd=sbd, way=way, made=self._workshop.of_seat(self._seats[sbd]), camera=film)


def recorded_means(films: dict[str, str], **options: Any) -> Means:
    """Return the station's real parts, with recordings before the camera."""
    real = real_means(DeskOptions(sounds=False, **options))

    def open_desk(*given: Any, **more: Any) -> OpenDesk:
        desk = real.open_desk(*given, **more)
        driver: Any = desk.driver
        people = Recorded(desk.session, desk.practice.rehearsal._workshop, films)
        return replace(desk, practice=Practice(people, driver))

    return replace(real, open_desk=open_desk)


# -- the event loop ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spread:
    """How long something took, in bins of a millisecond: it holds no more after hours than after a minute."""

    bins: list[int] = field(default_factory=lambda: [0] * 2001)
    most_ms: float = 0.0

    def add(self, ms: float) -> None:
        """Count one."""
        self.bins[min(max(int(ms), 0), 2000)] += 1
        self.most_ms = max(self.most_ms, ms)

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.bins)

    def at(self, share: float) -> int:
        """Return the milliseconds that this share did not exceed."""
        left = share * self.count
        for ms, count in enumerate(self.bins):
            left -= count
            if left <= 0:
                return ms + 1
        return len(self.bins)

    def told(self) -> dict[str, float]:
        """Return the usual figures."""
        return {
            "count": self.count,
            "p50_ms": self.at(0.5),
            "p95_ms": self.at(0.95),
            "p99_ms": self.at(0.99),
            "max_ms": round(self.most_ms),
        }


class AtWork(KeptBugs, StationWindow):
    """The station's window, turned by hand; bugs of its callbacks are kept.

    `turns`: what one event took by the clock; `own`: in CPU time of the window's thread, which no other load changes;
    `late`: how late a timer came; `keys`: from a key to the finished picture.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.turns, self.own, self.late, self.keys = Spread(), Spread(), Spread(), Spread()
        self.slow: list[tuple[float, float, str]] = []
        self._due = 0.0
        super().__init__(*arguments, **options)

    def probe(self) -> None:
        """Begin to look how late timers come."""
        now = time.perf_counter()
        if self._due:
            self.late.add(1000 * (now - self._due))
        self._due = now + PROBE_MS / 1000
        self._probing = self.after(PROBE_MS, self.probe)

    def stop_probe(self) -> None:
        """End that."""
        if self._due:
            self.after_cancel(self._probing)
        self._due = 0.0

    def turn(self) -> None:
        """Let one event happen, or wait a moment."""
        wall, cpu = time.perf_counter(), time.thread_time()
        if not self.tk.dooneevent(NO_WAIT):
            time.sleep(IDLE_S)
            return
        took, used = 1000 * (time.perf_counter() - wall), 1000 * (time.thread_time() - cpu)
        self.turns.add(took)
        self.own.add(used)
        if used > 50 and len(self.slow) < 200:
            self.slow.append((round(took), round(used), f"{self.page} {self.phase}"))

    def pump(self, until: Callable[[], bool], seconds: float = 120.0) -> None:
        """Let the window work until something holds. Raises AssertionError when it does not in time."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise AssertionError(
                    f"not in {seconds:g} s: {self.page} {self.phase} {self.message.cget('text')}"
                )
            self.turn()

    def press(self, keys: str) -> float:
        """Press a key where the focus is; return how long it took until everything was drawn, in ms."""
        began = time.perf_counter()
        self.tk.call("event", "generate", str(self.tk.call("focus")) or ".", keys)
        self.update()
        self.winfo_pointerxy()  # an answer of the screen: it has drawn what was sent before
        took = 1000 * (time.perf_counter() - began)
        self.keys.add(took)
        return took

    @property
    def phase(self) -> str:
        """Where the desk stands; "" without one."""
        return "" if self.driver is None else str(self.driver.state.phase)

    @property
    def idle_desk(self) -> bool:
        """Whether the desk is open, empty, and nothing is done beside the window."""
        desk: Any = self.driver
        return bool(
            desk is not None
            and desk.runtime.ready
            and desk.state.phase == "waiting"
            and not desk.state.cards
            and not self.background.busy
        )


@contextmanager
def at_work(places: Places, films: dict[str, str], **options: Any) -> Iterator[AtWork]:
    """Open the window as `proctor station` does, go to the training session's desk by keys; leave it at the end."""
    garbage = Garbage()
    garbage.take_over()  # as `window.run`: the window collects by itself
    window = AtWork(places, language="vi", means=recorded_means(films), garbage=garbage, **options)
    try:
        window.focus_force()
        window.pump(lambda: str(window.tk.call("focus")) != "" and not window.background.busy)
        window.probe()
        _into_training(window)
        window.press("<Return>")
        window.pump(lambda: window.page == "checkin")
        window.pump(lambda: window.idle_desk)
        yield window
    finally:
        if window.alive:
            window.pump(lambda: window.phase != "working")
            window.pump(lambda: not window.background.busy)
            window.stop_probe()
            window.leave()
        garbage.give_back()


def _into_training(window: AtWork) -> None:
    """Go into training; a key is lost where the screen has not given the focus yet."""
    for _ in range(5):
        window.press("<Alt-u>")
        end = time.monotonic() + 2.0
        while time.monotonic() < end and window.page == "login" and not window.background.busy:
            window.turn()
        if window.page != "login" or window.background.busy:
            break
        window.focus_force()
    window.pump(lambda: window.page == "start" and not window.background.busy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One candidate who was checked in. `next_ms`: from Enter on the verdict until the desk is ready."""

    sbd: str
    verdict: str
    next_ms: float
    took_s: float


def check_in(window: AtWork, *, card_first: bool = False) -> Checked:
    """Check in whoever training's row names, by keys, and ask for the next one."""
    began = time.monotonic()
    desk: Any = window.driver
    page: Any = window.shown
    sbd = window.going.desk.practice.sbd if window.going.desk is not None else ""
    for key in ("<F2>", "<F3>") if card_first else ("<F3>", "<F2>"):
        window.pump(lambda: not window.background.busy)
        window.press(key)
        window.pump(lambda: not window.background.busy)
    window.pump(lambda: desk.state.phase in ANSWERS)
    verdict = desk.state.run.verdict.value
    if desk.state.phase == "deciding":
        window.pump(
            lambda: page.pane is not None and page.pane.attempt_id != "" and not window.background.busy
        )
        window.press("<F9>")
        window.pump(lambda: desk.state.phase == "verdict")
    window.pump(lambda: bool(page.buttons) and not window.background.busy)
    pressed = time.perf_counter()
    window.press("<Return>")
    window.pump(lambda: desk.state.phase == "waiting")
    window.update()
    next_ms = 1000 * (time.perf_counter() - pressed)
    window.press("<F2>")
    window.pump(lambda: window.idle_desk)
    window.press("<F1>")
    return Checked(sbd=sbd, verdict=verdict, next_ms=next_ms, took_s=time.monotonic() - began)


# -- what it holds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the station holds at one moment; memory in kB: what no other process shares, the window's process and its
    children's; `resident_kb`: of all of them, what is shared counted once.
    """

    own_kb: int
    children_kb: int
    resident_kb: int
    objects: int
    threads: int
    files: int
    children: int
    widgets: int
    images: int
    fonts: int
    commands: int
    bindings: int
    timers: int
    queued: int

    def grown(self, since: "Held") -> dict[str, int]:
        """Return what is more than it was, by name."""
        before, now = asdict(since), asdict(self)
        return {name: now[name] - before[name] for name in now if now[name] > before[name]}


THINGS: Final = (
    *(
        "threads",
        "files",
        "children",
        "widgets",
        "images",
        "fonts",
        "commands",
        "bindings",
        "timers",
        "queued",
    ),
)
"""What may not grow by a single one."""


def held(window: AtWork) -> Held:
    """Count what the station holds. Collects garbage first, in the window's thread."""
    window.update()
    gc.collect()
    me = psutil.Process()
    children = me.children(recursive=True)
    tk, runtime = window.tk, getattr(window.driver, "runtime", None)
    return Held(
        own_kb=private_kb(me),
        children_kb=sum(private_kb(child) for child in children),
        resident_kb=sum(
            told_kb(each, "Pss:", "SwapPss:") or each.memory_info().rss // 1024 for each in (me, *children)
        ),
        objects=len(gc.get_objects()),
        threads=threading.active_count(),
        files=me.num_fds() if os.name == "posix" else me.num_handles(),
        children=len(children),
        widgets=len(every(window)),
        images=len(tk.splitlist(tk.call("image", "names"))),
        fonts=len(tk.splitlist(tk.call("font", "names"))),
        commands=len(tk.splitlist(tk.call("info", "commands"))),
        bindings=_bound(window),
        timers=len(tk.splitlist(tk.call("after", "info"))),
        queued=_queued(window, runtime),
    )


def private_kb(process: psutil.Process) -> int:
    """Return what is this process's alone: kB of anonymous memory where the system tells, else its own set."""
    return told_kb(process, "Anonymous:", "SwapPss:") or int(process.memory_full_info().uss // 1024)


def told_kb(process: psutil.Process, *names: str) -> int:
    """Return the sum of these rows of a process's memory; 0 where the system tells nothing."""
    try:
        told = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    rows = (line.split() for line in told.splitlines() if ":" in line)
    return sum(int(row[1]) for row in rows if row[0] in names)


def every(widget: Any) -> list[str]:
    """Return the path of every widget, as Tk knows it."""
    found, waiting = [], ["."]
    while waiting:
        path = waiting.pop()
        found.append(path)
        waiting += map(str, widget.tk.splitlist(widget.tk.call("winfo", "children", path)))
    return found


def _bound(window: tkinter.Misc) -> int:
    """Return how many lines the scripts of all keys of the window have."""
    tk = window.tk
    return sum(
        len(str(tk.call("bind", tag, sequence)).splitlines())
        for tag in (".", "all")
        for sequence in tk.splitlist(tk.call("bind", tag))
    )


def _queued(window: AtWork, runtime: Any) -> int:
    queues = [window.background._queue, window._watch._queue]
    if runtime is not None:
        queues += [runtime._queue, runtime._attempts._orders]
    return sum(queue.qsize() for queue in queues)
