"""Pictures of the desk and of the way to it: `python -m tests.gui.station_pictures DIR vi|en SCALE [PHASE …]`."""

import gc
import sys
import time
from pathlib import Path

from tests.gui import desk_phases, entrance_phases, station_phases
from tests.gui.screenshot import shoot
from tests.gui.station_phases import FakeDesk, Host, frame_of

DESK = {**station_phases.PHASES, **desk_phases.PHASES}
SEEN_ONLY = ("window-menu", *entrance_phases.CANDIDATE)
"""Pictures of what Tab does not go through: it stays in the menu, and the candidate's screen has one button."""
PHASES = {**DESK, **{name: each for name, each in entrance_phases.PHASES.items() if name not in SEEN_ONLY}}
"""Every phase in the station's window that a person goes through by Tab."""


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it. Garbage is collected here, not by a window's threads: only
    the thread of a window may."""
    gc.disable()
    for name in names or [*PHASES, *SEEN_ONLY]:
        gc.collect()
        if name in entrance_phases.CANDIDATE:
            entrance_phases.candidate(folder, language, scale, name)
            continue
        if name in entrance_phases.PHASES:
            entrance_phases.main(folder, language, scale, name)
            continue
        desk = DESK[name](FakeDesk(training=name == "claim"))
        if name in ("reading", "prompted"):
            desk.preview = frame_of(desk.attempt_id)
        decisions = desk_phases.DECISIONS.get(name)
        window = Host(desk, language=language, scale=scale, decisions=decisions)
        window.focus_force()
        window.update()
        window.shown.take_focus()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            window.update()
        shoot(window, folder, name, language, scale)
        window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
