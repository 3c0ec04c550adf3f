"""Looks at every phase of every page at the moment when its picture is taken: what is cut, what is not reached by Tab,
whose focus is not seen, which text is a key. Pages are opened by the areas' own modules.
"""

import os
import re
import tempfile
import time
import tkinter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from PIL import Image, ImageChops, ImageGrab

from proctor.config import Places
from tests.gui import (
    admin_phases,
    incident_phases,
    roster_phases,
    session_phases,
    sheets_pictures,
    station_pictures,
)
from tests.gui.operator_day import words_on
from tests.gui.test_station_admin import enter, make
from tests.gui.test_station_start import Bench, Watched

CONTROLS: Final = frozenset(
    {"TButton", "TEntry", "TCombobox", "TCheckbutton", "TRadiobutton", "Toolbutton", "Treeview", "Text"}
)
WORDED: Final = frozenset({"TLabel", "TButton", "TCheckbutton", "TRadiobutton"})
KEY: Final = re.compile(r"^[a-z]+(?:-[a-z]+)*(?:\.[a-z][a-z-]*)+$")
AROUND: Final = 4
SETTLES_S: Final = 0.5
"""A page brings what has the focus into view within this time."""
ADMIN: Final = (*admin_phases.FIRST, *admin_phases.PHASES)


def admin(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase of the administration, and of the page that makes a station."""
    with tempfile.TemporaryDirectory() as work:
        home, new = Path(work) / "home", Path(work) / "new"
        make(home)
        for name in names or ADMIN:
            begins = name in admin_phases.FIRST
            with mock.patch.dict(os.environ, PROCTOR_HOME=str(new if begins else home)):
                window = Watched(Places.of(None), language=language, scale=scale, means=Bench().means())
                window.focus_force()
                window.free()
                if not begins:
                    enter(window)
                    assert window.at("start"), window.said
                {**admin_phases.FIRST, **admin_phases.PHASES}[name](window)
                window.pump(seconds=0.3)
                seen = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB")
                size = f"{window.winfo_screenwidth()}x{window.winfo_screenheight()}"
                seen.save(folder / f"{name}-{language}-{size}-{round(scale * 100)}.png")
                if window.bugs:
                    raise window.bugs[0]
                window.free()
                window.leave()


Area = Callable[[Path, str, float, list[str]], None]
AREAS: Final[Mapping[str, tuple[Area, tuple[str, ...]]]] = {
    "desk": (station_pictures.main, tuple(station_pictures.PHASES)),
    "roster": (roster_phases.main, tuple(roster_phases.PHASES)),
    "session": (session_phases.main, tuple(session_phases.PHASES)),
    "incidents": (incident_phases.main, tuple(incident_phases.PHASES)),
    "sheets": (sheets_pictures.main, tuple(sheets_pictures.PHASES)),
    "admin": (admin, ADMIN),
}
"""What opens the pages of an area, and the names of its phases."""
MODULES: Final = (
    "screenshot",
    "session_phases",
    "looking",
)


@contextmanager
def instead_of_pictures(look: Callable[[Any], None]) -> Iterator[Path]:
    """Where an area would take a picture, look at its window; gives a folder for its files, which are blank."""

    class Looks:
        """Stands for PIL's ImageGrab."""

        @staticmethod
        def grab(**_options: Any) -> Image.Image:
            root = tkinter._default_root  # type: ignore[attr-defined]  # the window that is up
            assert root is not None
            look(root)
            return Image.new("RGB", (1, 1))

    with tempfile.TemporaryDirectory() as work, mock.patch.dict(os.environ):
        patches = [mock.patch(f"tests.gui.{name}.ImageGrab", Looks) for name in MODULES]
        for patch in patches:
            patch.start()
        try:
            yield Path(work)
        finally:
            for patch in patches:
                patch.stop()


def seen_widgets(window: Any) -> Iterator[str]:
    """Every widget that can be seen, by path."""
    tk, waiting = window.tk, ["."]
    while waiting:
        path = waiting.pop(0)
        waiting += map(str, tk.splitlist(tk.call("winfo", "children", path)))
        if path != "." and int(tk.call("winfo", "viewable", path)):
            yield path


def cut(window: Any) -> list[str]:
    """Return the words that have less room than they need."""
    tk, found = window.tk, []
    for path in seen_widgets(window):
        if str(tk.call("winfo", "class", path)) not in WORDED or not str(tk.call(path, "cget", "-text")):
            continue
        wanted, given = (int(tk.call("winfo", name, path)) for name in ("reqwidth", "width"))
        if wanted > given + 1:
            found.append(f"{tk.call(path, 'cget', '-text')!s}: {wanted} > {given}")
    return found


def keys_shown(window: Any) -> list[str]:
    """Return what looks like a key of a text."""
    return [line for line in words_on(window).splitlines() if KEY.fullmatch(line.strip())]


def controls(window: Any) -> list[str]:
    """Return everything that somebody may want to use now."""
    tk, found = window.tk, []
    for path in seen_widgets(window):
        if (
            str(tk.call("winfo", "class", path)) in CONTROLS
            and str(tk.call(path, "cget", "-takefocus")) != "0"
        ):
            state = str(tk.call(path, "cget", "-state")) if "-state" in _options(tk, path) else ""
            if state != "disabled" and not _disabled(tk, path):
                found.append(path)
    return found


def _options(tk: Any, path: str) -> str:
    return str(tk.call(path, "configure"))


def _disabled(tk: Any, path: str) -> bool:
    try:
        return bool(tk.call(path, "instate", "disabled"))
    except tkinter.TclError:
        return False


def by_tab(window: Any) -> list[str]:
    """Return what Tab goes through, in order."""
    tk = window.tk
    at, found = str(tk.call("focus")) or ".", list[str]()
    while True:
        at = str(tk.call("tk_focusNext", at))
        if not at or at in found:
            return found
        found.append(at)


def unseen_focus(window: Any, paths: list[str]) -> list[str]:
    """Return those that look the same with the focus and without."""
    return [
        f"{path} {window.tk.call('winfo', 'class', path)}"
        for path in paths
        if not _seen_focus(window, path) and not _seen_focus(window, path, settled=True)
    ]


def _seen_focus(window: Any, path: str, *, settled: bool = False) -> bool:
    """Whether something looks another with the focus; `settled`: once the page brought it into view."""
    tk = window.tk
    tk.call("focus", ".")
    window.update()
    tk.call("focus", path)
    end = time.monotonic() + (SETTLES_S if settled else 0)
    window.update()
    while time.monotonic() < end:
        window.update()
    if str(tk.call("focus")) != path:
        return True  # it hands the focus on
    box = _box(tk, path)
    with_it = _grab(window, box)
    tk.call("focus", ".")
    window.update()
    return ImageChops.difference(with_it, _grab(window, box)).getbbox() is not None


def _box(tk: Any, path: str) -> tuple[int, int, int, int]:
    left, top, wide, high = (
        int(tk.call("winfo", name, path)) for name in ("rootx", "rooty", "width", "height")
    )
    right, bottom = (int(tk.call("winfo", f"screen{name}", ".")) for name in ("width", "height"))
    return (
        max(0, left - AROUND),
        max(0, top - AROUND),
        min(right, left + wide + AROUND),
        min(bottom, top + high + AROUND),
    )


def _grab(window: Any, box: tuple[int, int, int, int]) -> Image.Image:
    window.update()
    window.winfo_pointerxy()  # the screen has drawn what was sent before
    return ImageGrab_grab(bbox=box, xdisplay=os.environ["DISPLAY"]).convert("RGB")


ImageGrab_grab: Final = ImageGrab.grab
"""The real one: `instead_of_pictures` takes the module's name away."""
