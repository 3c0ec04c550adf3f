"""How long the session page of 999 candidates in three components takes: from its key to the figures, looked at again,
each tab; and the longest turn of the window's event loop meanwhile. Nothing is asserted.

Real Tk on the display there is, or under Xvfb; a whole day's entries in the log.
"""

import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import Any, Final

from sessions.course.day import pause_session, resume_session
from tests.bench.bench_board import CANDIDATES, fill, session_of
from tests.bench.bench_roster_page import display

ROUNDS: Final = 7
TABS: Final = ("overview", "lists", "rooms", "rules")


@dataclass(frozen=True)
class Took:
    """Milliseconds: until it was begun and drawn, of it the window's own work; until the figures were there; and the
    longest turn of the event loop meanwhile, in the window's own work."""

    page: float
    own: float
    figures: float
    turn: float


def press(window: Any, key: str) -> None:
    """Press a key where the focus is; what it leads to later is not waited for."""
    window.tk.call("event", "generate", str(window.tk.call("focus")) or ".", key)


def take(window: Any, begin: Callable[[], Any], until: Callable[[], bool]) -> Took:
    """Do something, and wait until something holds."""
    window.own.bins, window.own.most_ms = [0] * 2001, 0.0
    began, worked = perf_counter(), thread_time()
    begin()
    window.update_idletasks()
    window.winfo_pointerxy()  # an answer of the screen: it has drawn what was sent before
    page, own = 1000 * (perf_counter() - began), 1000 * (thread_time() - worked)
    window.pump(until)
    window.update()
    return Took(page, own, 1000 * (perf_counter() - began), window.own.most_ms)


def told(name: str, rows: list[Took], goal: str = "") -> None:
    """Print one line: medians, and the most in brackets."""
    page, own, figures = ([getattr(row, each) for row in rows] for each in ("page", "own", "figures"))
    turn = max(row.turn for row in rows)
    print(
        f"{name:18} page {median(page):5.0f} ({max(page):4.0f}) ms, own work {median(own):4.0f} ({max(own):4.0f})"
        f"   figures {median(figures):5.0f} ({max(figures):4.0f})   longest turn {turn:3.0f} {goal}"
    )


def main() -> None:
    """Print the figures."""
    with display() as there, tempfile.TemporaryDirectory() as work:
        if not there:
            print("no display, no Xvfb: not measured")
            return
        os.environ["PROCTOR_HOME"] = str(Path(work) / "home")
        from proctor.config import Places
        from proctor.desk.garbage import Garbage
        from proctor.roots import ensure_training_root, open_training
        from tests.gui.test_station_start import Bench
        from tests.support.desk_window import AtWork, _into_training

        places = Places.of(None)
        with open_training(ensure_training_root(places.training)) as opened:
            fill(opened.store, session_of(opened.store))
        garbage = Garbage()
        garbage.take_over()  # as in the station: the window collects by itself
        window = AtWork(places, language="vi", means=Bench().means(), garbage=garbage)
        window.focus_force()
        window.pump(lambda: str(window.tk.call("focus")) != "" and not window.background.busy)
        _into_training(window)
        window.pump(
            lambda: all(each.name != "pages" for each in threading.enumerate())
        )  # as a person reads on
        measure(window)
        window.leave()
        garbage.give_back()


def measure(window: Any) -> None:
    """Show the page and leave it, look again, and open each tab, several times."""

    def seen() -> bool:
        page = window._page
        idle = not window.background.busy and window.page == "session"
        return bool(idle and page.fresh and page.pane is not None)

    def back() -> None:
        window.press("<Escape>")
        window.press("<Escape>")
        window.pump(lambda: window.page == "start" and not window.background.busy)

    first = [take(window, partial(press, window, "<Control-Key-3>"), seen)]
    back()
    shows, looks, news = [], [], []
    tabs: dict[str, list[Took]] = {name: [] for name in TABS}
    for _ in range(ROUNDS):
        shows.append(take(window, partial(press, window, "<Control-Key-3>"), seen))
        looks.append(take(window, partial(press, window, "<F5>"), seen))
        page = window._page
        for name in TABS:
            tabs[name].append(take(window, partial(page.open_tab, name), seen))
        news.append(others_enter(window, page))
        back()
    print(
        f"{CANDIDATES} candidates, {window.opened.store.head().size} entries, load {os.getloadavg()[0]:.1f}"
    )
    told("shown, the first", first, "(goal: page 150, turn 100)")
    told("shown again", shows, "(goal: page 150, turn 100)")
    told("looked at again", looks, "(goal: turn 100)")
    told("others entered", news, "(goal: turn 100)")
    for name, rows in tabs.items():
        told(f"tab {name}", rows, "(goal: page 150, turn 100)")


def others_enter(window: Any, page: Any) -> Took:
    """Somebody pauses or resumes elsewhere; until the page shows it."""
    before = page.known
    if before.state == "paused":
        resume_session(window.opened.store, before.session, operator=window.operator)
    else:
        pause_session(window.opened.store, before.session, operator=window.operator, reason="break")
    return take(window, lambda: None, lambda: page.known is not before)


if __name__ == "__main__":
    main()
