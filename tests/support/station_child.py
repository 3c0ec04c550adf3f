"""The station's window in a process of its own, brought to a phase and left there until somebody kills it:
`python -m tests.support.station_child training PHASE` or `… real SESSION`. Says "at PHASE" on standard output.

The real root has no devices here: its desk stands for one that has begun an attempt and has no end of it yet.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proctor.config import Places
from proctor.desk.events import Scanned
from proctor.desk.state import State
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.going import Means, OpenDesk
from proctor.gui.station.real import means as real_means
from proctor.gui.station.window import StationWindow

WAYS = {"deciding": "unknown-signer"}
SEED = "7d5f3b0a-0d0e-4f0a-8a52-1f2a3b4c5d6e"


def until(window: StationWindow, holds: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the window work until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not reached: {window.page} {window.message.cget('text')}")
        window.update()
        time.sleep(0.005)


def stay(window: StationWindow, phase: str) -> None:
    """Say where it is, and work on until the end comes from outside."""
    print(f"at {phase}", flush=True)
    until(window, lambda: False, 600.0)


def to_desk(window: StationWindow) -> None:
    """Go into training, make a session, and open its desk."""
    until(window, lambda: not window.background.busy)
    window.train()
    until(window, lambda: window.page == "start" and not window.background.busy)
    window.open_desk()
    until(window, lambda: bool(window.lines) and not window.background.busy)
    window.open_desk()
    until(window, lambda: window.page == "checkin" and not window.background.busy)


def train(phase: str) -> None:
    """A training desk with the second candidate, in a phase."""
    window = StationWindow(Places.of(None), language="vi", means=real_means(DeskOptions(sounds=False)))
    to_desk(window)
    desk = window.going.desk
    assert desk is not None
    driver: Any = desk.driver
    until(window, lambda: bool(driver.runtime.ready))
    practice = desk.practice
    practice.choose(practice.rehearsal.candidates[1])
    practice.way = WAYS.get(phase, "altered-chip")
    comer = practice.comer()
    driver.send(Scanned(text=comer.made.access_text, source="serial"))
    if phase != "waiting":
        practice.lay(comer)
    until(
        window, lambda: driver.state.phase == phase and (phase != "waiting" or driver.state.claim is not None)
    )
    if phase == "working":
        until(window, lambda: driver.state.run is not None and bool(driver.state.run.checks))
    stay(window, phase)


class Standing:
    """A desk of the real root at which an attempt began."""

    def __init__(self) -> None:
        self.state = replace(State.first(SEED), phase="working")
        self.busy = True

    def send(self, _event: object) -> None:
        """Nothing."""

    def poll(self) -> bool:
        return False

    def asked(self) -> tuple[Any, ...]:
        return ()

    def rows(self, _texts: object) -> tuple[Any, ...]:
        return ()

    def close(self) -> None:
        """Nothing."""


def serve(session_id: str) -> None:
    """A real desk at which candidate 002's attempt began."""

    def open_desk(opened: Any, session: Any, **_more: Any) -> OpenDesk:
        operator = opened.require_login().operator
        opened.store.begin_attempt(
            "c0ffee00-0000-4000-8000-000000000001",
            session=session.session_id,
            component=session.component,
            operator=operator,
            sbd="002",
        )
        return OpenDesk(session=session, room="", driver=Standing())

    plain = real_means(DeskOptions(sounds=False))
    means = Means(
        open_desk=open_desk,
        make_page=lambda parent, _window, _driver: plain_page(parent),
        make_bar=plain.make_bar,
        examine=lambda *_given: (),
    )
    window = StationWindow(Places.of(None), language="vi", means=means)
    until(window, lambda: not window.background.busy)
    window.variables["user"].set("nd")
    window.variables["password"].set(os.environ["SECRET"])
    window.log_in()
    until(window, lambda: window.page == "start" and not window.background.busy)
    window.variables["session"].set(session_id)
    window.open_desk()
    until(window, lambda: window.page == "checkin")
    stay(window, "working")


def plain_page(parent: Any) -> Any:
    """Nothing to see."""
    from tkinter import ttk

    return ttk.Frame(parent)


if __name__ == "__main__":
    {"training": train, "real": serve}[sys.argv[1]](sys.argv[2])
