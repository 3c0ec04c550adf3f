"""The station's window shown until it is left, and again when it breaks."""

import gc
import tkinter
from threading import Event
from typing import Final

from proctor.config import Places
from proctor.desk.garbage import Garbage
from proctor.errors import CommandError
from proctor.gui.station.going import Going, Means
from proctor.gui.station.window import StationWindow

BREAKS: Final = 3
BREAKS_S: Final = 120.0


def run(
    places: Places, *, language: str, means: Means, restarted: str = "", ending: Event | None = None
) -> int:
    """Show the station until it is left; return 0, or 1 when its windows break again and again.

    A window that breaks is followed by one that goes on with what is open; a desk that breaks it again is closed.
    `restarted`: the diagnostics file of a process that died before. Raises CommandError "no-display".
    """
    going = Going(report=restarted)
    garbage = Garbage()
    garbage.take_over()  # only this thread may collect what belongs to Tk: the window does so, now and then
    try:
        while True:
            try:
                window = StationWindow(
                    places, language=language, means=means, going=going, ending=ending, garbage=garbage
                )
            except tkinter.TclError:
                raise CommandError("no-display") from None
            window.mainloop()
            if not window.broken:
                return 0
            going, language = window.going, window.texts.language
            del window
            gc.collect()
            if not _goes_on(going, means.clock()):
                return 1
    finally:
        garbage.give_back()


def _goes_on(going: Going, now: float) -> bool:
    """Whether another window is worth trying; the desk is closed before the last one."""
    going.breaks = [at for at in going.breaks if now - at < BREAKS_S]
    if len(going.breaks) >= BREAKS:
        if going.held is not None:
            going.held.close()
        return False
    if len(going.breaks) == BREAKS - 1 and going.desk is not None:
        going.desk.driver.close()
        going.desk, going.page = None, "start"
    return True
