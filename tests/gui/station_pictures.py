"""Pictures of every phase of the check-in page: `python -m tests.gui.station_pictures DIR vi|en SCALE [PHASE …]`."""

import os
import sys
import time
from pathlib import Path

from PIL import ImageGrab

from tests.gui.station_phases import PHASES, FakeDesk, Host, frame_of


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
        size = f"{window.winfo_screenwidth()}x{window.winfo_screenheight()}"
        seen = ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).convert("RGB")
        seen.save(folder / f"{name}-{language}-{size}-{round(scale * 100)}.png")
        if window.bugs:
            raise window.bugs[0]
        window.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4:])
