"""What every picture of a page takes: a window that is at rest, and the screen as it is then."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import ImageGrab

from proctor.config import Places
from tests.gui.test_station_start import Watched


def settled(window: Watched) -> None:
    """Wait for what is being done, and for the layout."""
    assert window.free(), window.said
    window.pump(seconds=0.15)
    assert window.free(), window.said


@contextmanager
def at_home(prepare: Callable[[Path], Any], **window: Any) -> Iterator[Watched]:
    """Open a window on a home that `prepare` made; both go at the end. `window`: as `Watched` takes it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["PROCTOR_HOME"] = folder
        prepare(home)
        shown = Watched(Places.of(None), **window)
        shown.focus_force()
        shown.free()
        yield shown
        shown.free()
        shown.leave()


def shoot(window: Any, folder: Path, name: str, language: str, scale: float) -> None:
    """Keep what the screen shows, under a name that says of what, in which language, on what screen and how large. What
    went wrong in a window that keeps it is raised."""
    size = f"{window.winfo_screenwidth()}x{window.winfo_screenheight()}"
    seen = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB")
    seen.save(folder / f"{name}-{language}-{size}-{round(scale * 100)}.png")
    for bug in getattr(window, "bugs", ()):
        raise bug
