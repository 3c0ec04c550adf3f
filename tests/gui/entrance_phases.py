"""The way to the desk at the whole window, for pictures: first page, log-in, sessions, training, lock, menu; and what
the candidate sees. Each phase is what keys do.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import ImageGrab

from proctor.candidate_window import CandidateWindow
from proctor.desk.equipment import EquipmentRow
from proctor.gui.station.desk_options import DeskOptions
from proctor.gui.station.real import means as real_means
from proctor.texts import load_texts
from tests.gui.screenshot import at_home, shoot
from tests.gui.session_phases import HOA, people, session, start_session
from tests.gui.test_station_failures import Desk
from tests.gui.test_station_start import GOOD, Bench, Watched, into_training, row

FAULTS = (
    EquipmentRow(
        kind="reader",
        sign="cross",
        name="Đầu đọc thẻ",
        words="không thấy",
        fix="Cắm lại đầu đọc thẻ vào máy; nếu vẫn không thấy, đổi cổng USB.",
    ),
    *(row(kind) for kind in ("camera", "scanner", "printer", "disk", "clock", "collector")),
)


def nothing(window: Watched) -> None:
    """As it opens, once the equipment was looked at."""
    looked_at(window)
    if window._missing is None:
        window.shown.user.focus_set()  # as a window manager does, when it gives the window the focus


def looked_at(window: Watched) -> None:
    """The equipment was looked at."""
    window.pump(lambda: len(window.shown.devices._shown or ()) > 0, seconds=5)


def known(_home: Path) -> None:
    """A station with people and a session that runs."""
    people()
    with tempfile.TemporaryDirectory() as folder:
        start_session(session(Path(folder)))


def wrong(window: Watched) -> None:
    """A wrong password."""
    window.variables["user"].set("hoa")
    window._page.password.focus_set()
    window.type("sai")
    window.press("<Return>")
    assert window.free()
    assert window.page == "login"


def first(window: Watched) -> None:
    """The first administrator's page."""
    window.press("<Return>")
    assert window.at("first")


def first_errors(window: Watched) -> None:
    """The same, with nothing filled in."""
    first(window)
    window.press("<Return>")
    window.pump(seconds=0.2)


def entered(window: Watched) -> None:
    """The sessions of a real station."""
    window.variables["user"].set("hoa")
    window._page.password.focus_set()
    window.type(HOA["hoa"])
    window.press("<Return>")
    assert window.at("start"), window.said
    looked_at(window)


def menu(window: Watched) -> None:
    """What may be done here."""
    entered(window)
    window.press("<F10>")


def locked(window: Watched) -> None:
    """Locked, and a wrong password."""
    entered(window)
    window.press("<F12>")
    assert window.page == "locked"
    window.type("sai")
    window.press("<Return>")
    assert window.free()


def training(window: Watched) -> None:
    """Training, with no session yet."""
    window.press("<Alt-u>" if window.texts.language == "vi" else "<Alt-t>")
    assert window.at("start")


def trained(window: Watched) -> None:
    """Training with a session."""
    into_training(window)


def desk(window: Watched) -> None:
    """A training desk with its bar."""
    Desk(window)


def done(window: Watched) -> None:
    """A training desk after a candidate was let in."""
    opened = Desk(window)
    opened.comes(0, "right-person")
    opened.until("verdict", "deciding")


def lock_desk(window: Watched) -> None:
    """A training desk that is locked."""
    Desk(window)
    window.press("<F12>")


Phase = tuple[Callable[[Path], None] | None, Callable[[Watched], None], dict[str, Any]]
PHASES: Mapping[str, Phase] = {
    "window-login-none": (None, nothing, {}),
    "window-first": (None, first, {}),
    "window-first-errors": (None, first_errors, {}),
    "window-login": (known, nothing, {}),
    "window-login-wrong": (known, wrong, {}),
    "window-start": (known, entered, {}),
    "window-start-faults": (known, entered, {"rows": FAULTS}),
    "window-menu": (known, menu, {}),
    "window-locked": (known, locked, {}),
    "window-training": (None, training, {}),
    "window-training-session": (None, trained, {}),
    "window-desk": (None, desk, {"real": True}),
    "window-desk-done": (None, done, {"real": True}),
    "window-desk-locked": (None, lock_desk, {"real": True}),
}


CANDIDATE: Mapping[str, Callable[[CandidateWindow, str], None]] = {
    "candidate-idle": lambda screen, _language: screen.idle(),
    "candidate-notice": lambda screen, language: screen.notice("1", load_texts(language)["notice.text"]),
    "candidate-turn": lambda screen, _language: screen.prompt("turn-left"),
    "candidate-hint": lambda screen, _language: (screen.prompt("look-ahead"), screen.hint("face-too-small"))[
        0
    ],
    "candidate-eyes": lambda screen, _language: screen.prompt("close-eyes"),
    "candidate-colours": lambda screen, _language: screen.prompt("watch-colours"),
    "candidate-admitted": lambda screen, _language: screen.result(True),
    "candidate-wait": lambda screen, _language: screen.result(False),
}
"""What the candidate sees."""


def candidate(folder: Path, language: str, scale: float, name: str) -> None:
    """One picture of the candidate's screen, as large as the whole screen."""
    wide, high = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).size
    with CandidateWindow.start(f"{wide}x{high}+0+0", lambda _key, _facts: None, language=language) as screen:
        CANDIDATE[name](screen, language)
        seen = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB")
    seen.save(folder / f"{name}-{language}-{wide}x{high}-{round(scale * 100)}.png")


def main(folder: Path, language: str, scale: float, name: str) -> None:
    """One picture, as the screen shows it."""
    prepare, play, told = PHASES[name]
    means = (
        real_means(DeskOptions(sounds=False))
        if told.get("real")
        else Bench(rows=told.get("rows", GOOD)).means()
    )
    with at_home(prepare or (lambda _home: None), language=language, scale=scale, means=means) as window:
        play(window)
        window.pump(seconds=0.4)
        shoot(window, folder, name, language, scale)
