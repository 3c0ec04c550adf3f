"""Pictures of every phase of the check-in page: `python -m tests.gui.station_pictures DIR vi|en SCALE [PHASE …]`."""

import sys
import time
from pathlib import Path

from tests.gui.screenshot import shoot
from tests.gui.station_phases import PHASES, FakeDesk, Host, frame_of

__all__ = ["PHASES", "main"]


def main(folder: Path, language: str, scale: float, names: list[str]) -> None:
    """One picture for each phase, as the screen shows it."""
    for name in names or list(PHASES):
        desk = PHASES[name](FakeDesk(training=name == "claim"))
        if name in ("reading", "prompted"):
            desk.preview = frame_of(desk.attempt_id)
        window = Host(desk, language=language, scale=scale)
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
